//! How far a collection is.

/// What a person who waits wants to know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Finished sessions.
    pub sessions: usize,
    /// Sessions in all.
    pub of_sessions: usize,
    /// Users of finished sessions and of those in progress.
    pub users: usize,
    /// Steps, those of sessions in progress included.
    pub steps: u64,
    /// Mean return of finished sessions, the exit step included.
    pub mean_return: f64,
    /// Answers by what they became: exact, normalised, fuzzy, embedding, rejected.
    pub grounding: [u64; 5],
    /// Tokens sent.
    pub tokens_in: u64,
    /// Tokens received.
    pub tokens_out: u64,
    /// Calls that are still to be made, about; those that a run's directory answers are among them.
    pub calls_left: u64,
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let total: u64 = self.grounding.iter().sum::<u64>().max(1);
        let names = ["exact", "normalised", "fuzzy", "embedding", "rejected"];
        let shares = self.grounding.iter().zip(names).filter(|(n, _)| **n > 0);
        let shares: Vec<String> = shares.map(|(n, name)| format!("{} % {name}", n * 100 / total)).collect();
        let shares = if shares.is_empty() { "none".to_owned() } else { shares.join(" ") };
        let Self { sessions, of_sessions, users, steps, mean_return, tokens_in, tokens_out, .. } = self;
        write!(
            f,
            "{sessions}/{of_sessions} sessions of {users} users, {steps} steps, mean return {mean_return:.1}, \
             titles {shares}, tokens {tokens_in} in {tokens_out} out"
        )
    }
}
