//! What is said of an item in a state: one column over the catalogue each, by name.

use crate::causes::{Cause, N_NEARNESS, N_SATURATION};

/// A feature of an item in a state, which the actor weighs.
///
/// The order is that of the columns of a view and of the actor's outputs; files carry the names ([`crate::Layout`]).
/// What makes a user stay is worked out from what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Predicted rating above the mean rating, in rating units.
    PredictedReward,
    /// Standard deviation of that prediction, in rating units.
    Uncertainty,
    /// Natural logarithm of the learned probability that the user stays; 0 where no hazard was learned.
    LogStay,
    /// The item's offset in ratings, in rating units.
    ItemOffset,
    /// Logarithm of the number of ratings, standardised over the catalogue.
    Popularity,
    /// Number of categories, in thirds.
    Breadth,
    /// Mean logarithm of the shares of the catalogue that its categories have, standardised.
    Crowding,
    /// How much its categories are liked, in rating units.
    ContentMatch,
    /// Distance to the nearest of the items shown last, in units of the catalogue's median distance.
    Distance,
    /// How many of the items shown last have the category of it that most of them have.
    Saturation,
    /// Cosine of its text to what the log likes.
    TextMatch,
}

/// Features of an item in a state.
pub const N_FEATURES: usize = Feature::ALL.len();

impl Feature {
    /// All of them, in order of the columns.
    pub const ALL: [Self; 11] = [
        Self::PredictedReward,
        Self::Uncertainty,
        Self::LogStay,
        Self::ItemOffset,
        Self::Popularity,
        Self::Breadth,
        Self::Crowding,
        Self::ContentMatch,
        Self::Distance,
        Self::Saturation,
        Self::TextMatch,
    ];
    /// Those that are known before any session starts, which an item table holds.
    pub const FIXED: [Self; 4] = [Self::ItemOffset, Self::Popularity, Self::Breadth, Self::Crowding];

    /// Its place among the columns.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its number among one for each feature.
    pub const fn of(self, values: &[f32; N_FEATURES]) -> f32 {
        values[self.index()]
    }

    /// Its name in files, metrics and explanations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PredictedReward => "predicted_reward",
            Self::Uncertainty => "uncertainty",
            Self::LogStay => "log_stay",
            Self::ItemOffset => "item_offset",
            Self::Popularity => "popularity",
            Self::Breadth => "breadth",
            Self::Crowding => "crowding",
            Self::ContentMatch => "content_match",
            Self::Distance => "distance",
            Self::Saturation => "saturation",
            Self::TextMatch => "text_match",
        }
    }
}

/// What the discriminator sees of a step: the item's features, what the hazard knows of content and nearness, and how
/// much the item's text is like what was liked, in the log and in this session.
pub const N_DISCRIMINATED: usize = N_FEATURES + N_SATURATION + N_NEARNESS + 1;

/// The names of the discriminator's inputs, in their order.
pub fn discriminated_names() -> Vec<String> {
    let features = Feature::ALL.into_iter().map(|feature| feature.name().to_owned());
    let causes = [Cause::Saturation, Cause::Nearness].into_iter().flat_map(Cause::input_names);
    features.chain(causes).chain(["liked_text".to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_stands_where_its_number_says_under_a_name_of_its_own() {
        let names: std::collections::BTreeSet<&str> = Feature::ALL.into_iter().map(Feature::name).collect();
        assert_eq!(names.len(), N_FEATURES);
        assert!(Feature::ALL.into_iter().enumerate().all(|(at, feature)| feature.index() == at));
        assert_eq!(discriminated_names().len(), N_DISCRIMINATED);
    }
}
