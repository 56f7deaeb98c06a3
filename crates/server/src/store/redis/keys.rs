//! What is called how on the server.

/// All events in order, beside the list of each session.
pub(super) const LOG: &str = "ilrec:log";
/// How many events of the log were forgotten: positions go on counting.
pub(super) const TRIMMED: &str = "ilrec:log:trimmed";
/// Written to see whether the server writes.
pub(super) const ALIVE: &str = "ilrec:alive";

/// The events of a session.
pub(super) fn session(id: &str) -> String {
    format!("ilrec:session:{id}")
}

/// The start and the answers of a session, without its slates.
pub(super) fn told(id: &str) -> String {
    format!("ilrec:told:{id}")
}

/// The list of the sessions of a user.
pub(super) fn user(user: &str) -> String {
    format!("ilrec:user:{user}")
}
