//! What is said of the state itself, by name.

/// A feature of the state, which the actor and the critic read. The order is that of their inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateFeature {
    /// Logarithm of one more than the number of logged ratings, in fifths.
    HistoryLength,
    /// How far above the mean the user is believed to rate, in rating units.
    RatingLevel,
    /// Items shown so far, in hundreds.
    NShown,
    /// Items shown so far, in fives, 1 at most.
    Beginning,
    /// The last reward, 0 at a rating of 3 and 1 at 5; 0 before the first.
    LastReward,
    /// The mean reward of the session, on the same scale.
    MeanReward,
    /// Share of the available items at which the user is thought to stay.
    SafeShare,
    /// The best predicted reward among those, above the mean rating.
    BestSafe,
}

/// Features of a state.
pub const N_STATE: usize = StateFeature::ALL.len();

impl StateFeature {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::HistoryLength,
        Self::RatingLevel,
        Self::NShown,
        Self::Beginning,
        Self::LastReward,
        Self::MeanReward,
        Self::SafeShare,
        Self::BestSafe,
    ];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HistoryLength => "history_length",
            Self::RatingLevel => "rating_level",
            Self::NShown => "n_shown",
            Self::Beginning => "beginning",
            Self::LastReward => "last_reward",
            Self::MeanReward => "mean_reward",
            Self::SafeShare => "safe_share",
            Self::BestSafe => "best_safe",
        }
    }
}
