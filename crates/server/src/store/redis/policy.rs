//! Whether a server keeps what it was given.

use super::super::StoreError;
use super::Terms;
use super::line::Line;
use redis::cmd;
use std::time::Instant;

/// Refuses a server that may evict what is kept: withdrawn items would be shown again, and answers be gone. What never
/// expires is safe where only keys that expire are evicted.
///
/// # Errors
/// When it may, or cannot be reached.
pub(super) fn check(line: &mut Line, terms: Terms, until: Instant) -> Result<(), StoreError> {
    let Some(policy) = read(line, until)? else {
        tracing::warn!(
            "Redis at {} does not say whether it evicts keys (INFO and CONFIG are refused): it has to have \
             `maxmemory-policy noeviction`",
            line.addr()
        );
        return Ok(());
    };
    if is_safe(&policy, terms) { Ok(()) } else { Err(StoreError::Evicts { addr: line.addr(), policy }) }
}

/// Whether nothing that was acknowledged is evicted under this policy.
pub(super) fn is_safe(policy: &str, terms: Terms) -> bool {
    terms.accepts_eviction
        || policy == "noeviction"
        || (policy.starts_with("volatile-") && terms.keep.is_none())
}

/// The policy; `None` where the server may not say it to us.
fn read(line: &mut Line, until: Instant) -> Result<Option<String>, StoreError> {
    let about: Result<String, _> = line.ask(cmd("INFO").arg("memory"), until);
    let said = about.ok().and_then(|about| field(&about, "maxmemory_policy").map(str::to_owned));
    if said.is_some() {
        return Ok(said);
    }
    let asked: Result<Vec<String>, _> = line.ask(cmd("CONFIG").arg("GET").arg("maxmemory-policy"), until);
    if let Ok(pair) = asked {
        return Ok(pair.into_iter().nth(1));
    }
    let _: String = line.ask(&cmd("PING"), until)?;
    Ok(None)
}

/// One line of what INFO says.
pub(super) fn field<'a>(about: &'a str, name: &str) -> Option<&'a str> {
    let pairs = about.lines().filter_map(|line| line.split_once(':'));
    pairs.into_iter().find(|(own, _)| *own == name).map(|(_, value)| value.trim())
}
