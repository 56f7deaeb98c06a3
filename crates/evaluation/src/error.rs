//! What can be wrong with what is to be evaluated.

/// Why an evaluation cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The name of a scoring is not one of ours.
    #[error("unknown scoring `{got}`, expected raw, low0, billp or billp:CAP")]
    UnknownScoring {
        /// What was asked for.
        got: String,
    },
    /// Nothing to average over.
    #[error("no session to evaluate")]
    NoSessions,
    /// Training seeds were rolled out on different users, so they cannot be averaged user by user.
    #[error("training seed {training_seed:?} was evaluated on other users than the first one")]
    UsersDiffer {
        /// The seed that differs.
        training_seed: Option<u64>,
    },
    /// Two policies have no user in common.
    #[error("`{a}` and `{b}` were evaluated on no common user")]
    NoCommonUsers {
        /// The first policy.
        a: String,
        /// The second policy.
        b: String,
    },
    /// Intervals need resamples and a level between zero and one.
    #[error("bootstrap of {n_resamples} resamples at level {level} is not possible")]
    BadBootstrap {
        /// Resamples asked for.
        n_resamples: usize,
        /// Level asked for.
        level: String,
    },
    /// Draws are the sample: one of them says nothing about the next.
    #[error("an interval over draws needs two draws or more, got {got}")]
    TooFewDraws {
        /// Draws given.
        got: usize,
    },
    /// A draw that cannot be counted.
    #[error("the draw of {draw} {problem}")]
    BadDraw {
        /// Its world and seed.
        draw: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A draw that only one of two policies has; both need the same.
    #[error("`{a}` and `{b}` do not both have the draw of {draw}")]
    DrawsDiffer {
        /// The first policy.
        a: String,
        /// The second policy.
        b: String,
        /// World and seed of the draw.
        draw: String,
    },
    /// The name of a metric is not one of ours.
    #[error("unknown metric `{got}`, expected NAME@K with K from 1, where NAME is one of {known}")]
    UnknownMetric {
        /// What was asked for.
        got: String,
        /// The names that there are.
        known: String,
    },
    /// No table can show a metric of this name.
    #[error("tables have no metric `{got}`")]
    NotInTables {
        /// What was asked for.
        got: String,
        /// What tables can show.
        known: Vec<String>,
    },
    /// A metric that compares items, without a distance.
    #[error("`{metric}` needs distances between items")]
    NoDistances {
        /// The metric.
        metric: String,
    },
    /// A metric that does not look at what users took up has no value for a part of it.
    #[error("`{metric}` does not read held-out items, so it has no value by their popularity")]
    NoItemStrata {
        /// The metric.
        metric: String,
    },
}
