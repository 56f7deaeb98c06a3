//! How far a collection is.

/// What a person who waits wants to know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Finished sessions.
    pub sessions: usize,
    /// Sessions in all.
    pub of_sessions: usize,
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
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let total: u64 = self.grounding.iter().sum::<u64>().max(1);
        let [exact, normalised, _, _, rejected] = self.grounding.map(|n| n * 100 / total);
        write!(
            f,
            "{}/{} sessions, {} steps, mean return {:.1}, titles {exact} % exact {normalised} % normalised \
             {rejected} % rejected, tokens {} in {} out",
            self.sessions, self.of_sessions, self.steps, self.mean_return, self.tokens_in, self.tokens_out
        )
    }
}
