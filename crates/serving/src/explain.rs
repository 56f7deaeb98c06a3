//! Why an item is recommended: what counted for it, and the demonstration that is nearest to the situation.

use crate::{Precedent, Served, Session};
use mdp::ItemIdx;
use ranking::ScoringPass;
use representation::{Feature, N_FEATURES};

/// What speaks for an item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reason {
    /// What moved the score most against a typical available item, largest first.
    pub contributions: Vec<Contribution>,
    /// What the user is expected to give it, on the scale of ratings.
    pub expected_rating: f32,
    /// The learned probability that the user leaves at it; `None` where no hazard was learned.
    pub leaves: Option<f32>,
    /// The demonstrated step that is nearest; of another user, as a rule.
    pub precedent: Option<Precedent>,
    /// Whether anything is known of this user: a history, or an answer in the session.
    pub is_user_known: bool,
}

/// How much one feature of an item moved its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// The feature.
    pub feature: &'static str,
    /// Logits above (or below) a typical available item.
    pub logits: f32,
}

/// How many contributions a reason has.
const N_CONTRIBUTIONS: usize = 3;

impl Served {
    /// Why this item.
    pub(crate) fn reason(
        &self,
        session: &Session,
        pass: &ScoringPass<'_>,
        typical: &[f32; N_FEATURES],
        item: ItemIdx,
    ) -> Reason {
        let ranker = self.ranker();
        let own = pass.features(item);
        let contribution = |feature: Feature| {
            let logits = feature.of(&pass.weights) * (feature.of(&own) - feature.of(typical));
            Contribution { feature: feature.name(), logits }
        };
        let mut contributions = Feature::ALL.map(contribution).to_vec();
        contributions.sort_by(|a, b| b.logits.total_cmp(&a.logits));
        contributions.truncate(N_CONTRIBUTIONS);
        Reason {
            contributions,
            expected_rating: Feature::PredictedReward.of(&own) + ranker.items.taste.mean,
            leaves: ranker.hazard.as_ref().map(|_| 1.0 - Feature::LogStay.of(&own).exp()),
            precedent: self.precedent(session, item),
            is_user_known: !session.recent.is_empty(),
        }
    }
}
