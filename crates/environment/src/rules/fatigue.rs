//! A user gets tired of what is near to recent items, and runs out of patience with what is not liked. Its parameters are drawn
//! for each world, so that no learner can have the rule written into it.

use crate::window::{BELOW, COUNT, LENGTH, SOFTNESS, logistic};
use crate::{
    Drawn, ExitModel, Feature, ItemFeatures, Kind, Leaving, LowReward, Parameter, RuleEntry, UniformHazard,
};
use mdp::{ExitReason, ItemIdx};
use std::sync::Arc;

const WINDOW: Parameter = Parameter { default: None, drawn: Some(Drawn { least: 3.0, most: 6.0 }), ..LENGTH };
const BORNE: Parameter = Parameter {
    about: "how much nearness is borne, where one recent item adds at most 1",
    kind: Kind::Number,
    default: None,
    drawn: Some(Drawn { least: 2.0, most: 3.0 }),
    least: 0.0,
    ..COUNT
};
const DECAY: Parameter = Parameter {
    name: "decay",
    about: "how much of an item's weight is left with every later one",
    drawn: Some(Drawn { least: 0.7, most: 0.95 }),
    default: None,
    most: 1.0,
    is_later: false,
    ..SOFTNESS
};
const PATIENCE: Parameter = Parameter {
    name: "patience",
    about: "how many low rewards in a row end the session",
    default: None,
    drawn: Some(Drawn { least: 4.0, most: 6.0 }),
    most: 1e3,
    ..COUNT
};
const SOFT: Parameter = Parameter { default: None, drawn: Some(Drawn { least: 0.3, most: 0.6 }), ..SOFTNESS };

pub(crate) const ENTRY: RuleEntry = RuleEntry {
    name: "fatigue",
    about: "a user tires of what is near to recent items, the rarer the category the more, and leaves after several low \
            ratings in a row; how fast is drawn for each world; nothing is shown twice",
    source: "ours",
    needs: &[Feature::Content],
    parameters: &[WINDOW, BORNE, DECAY, BELOW, PATIENCE, SOFT],
    build: |parameters| {
        Arc::new(Fatigue {
            window: parameters.count(WINDOW.name),
            borne: parameters.number(BORNE.name),
            decay: parameters.number(DECAY.name),
            softness: parameters.number(SOFT.name),
            low_reward: LowReward {
                below: parameters.number(BELOW.name),
                on_first_step: true,
                patience: parameters.count(PATIENCE.name),
            },
            nearness: None,
        })
    },
    calibrate: None,
};

#[derive(Clone, Debug)]
struct Fatigue {
    window: usize,
    borne: f32,
    decay: f32,
    softness: f32,
    low_reward: LowReward,
    /// Of the items of an environment, once it is known.
    nearness: Option<Arc<Nearness>>,
}

impl ExitModel for Fatigue {
    fn forbids_repeats(&self) -> bool {
        true
    }

    fn low_reward(&self) -> Option<LowReward> {
        Some(self.low_reward)
    }

    fn by_content(&self, item: ItemIdx, shown: &[ItemIdx], features: &ItemFeatures) -> Option<Leaving> {
        let nearness = match &self.nearness {
            Some(nearness) => Arc::clone(nearness),
            None => Arc::new(Nearness::of(features)?),
        };
        let (mut weight, mut sum, mut nearest) = (1.0, 0.0, (0.0, None));
        for &other in shown.iter().rev().take(self.window) {
            let near = weight * nearness.between(item, other, features);
            if near > nearest.0 {
                nearest = (near, Some(other));
            }
            sum += near;
            weight *= self.decay;
        }
        let (_, matched @ Some(_)) = nearest else { return None };
        let probability = match self.softness {
            0.0 if sum < self.borne => return None,
            0.0 => 1.0,
            softness => logistic((sum - self.borne) / softness),
        };
        Some(Leaving { reason: nearness.reason(), matched, probability })
    }

    fn for_items(&self, features: &ItemFeatures) -> Option<Arc<dyn ExitModel>> {
        let nearness = Some(Arc::new(Nearness::of(features)?));
        Some(Arc::new(Self { nearness, ..self.clone() }))
    }
}

/// The share of pairs of items whose texts are near.
const NEAR_SHARE: f64 = 0.1;

/// When items are near: a property of the catalogue alone, and so the same in every world over it.
#[derive(Debug)]
enum Nearness {
    /// How rare every category is: the share of items that do not have it.
    Rarities(Vec<f32>),
    /// The similarity of texts above which they are near; for catalogues without categories.
    Similarity(f32),
}

impl Nearness {
    /// Of these items; nothing where they have neither categories nor texts.
    fn of(features: &ItemFeatures) -> Option<Self> {
        if let Some(categories) = features.used_categories() {
            let n_categories = categories.iter().flatten().max().map_or(0, |&most| usize::from(most) + 1);
            let mut rarities = vec![1.0; n_categories];
            let share = 1.0 / categories.len() as f32;
            categories.iter().flatten().for_each(|&category| rarities[usize::from(category)] -= share);
            return Some(Self::Rarities(rarities));
        }
        let pairs = UniformHazard { window: 1, count: 1, softness: 0.0, hazard: NEAR_SHARE, seed: 0 };
        Some(Self::Similarity(pairs.similarity(features.texts.as_deref()?).max(0.0)))
    }

    /// How near two items are, from 0 to 1: by the rarest category that they share, or by their texts.
    fn between(&self, a: ItemIdx, b: ItemIdx, features: &ItemFeatures) -> f32 {
        match (self, &features.categories, &features.texts) {
            (Self::Rarities(rarities), Some(categories), _) => {
                let shared = categories[a.index()].iter().filter(|&&of| features.shares_category(of, b));
                shared.map(|&category| rarities[usize::from(category)]).fold(0.0, f32::max)
            }
            (Self::Similarity(limit), _, Some(texts)) => f32::from(u8::from(texts.similarity(a, b) > *limit)),
            _ => 0.0,
        }
    }

    fn reason(&self) -> ExitReason {
        match self {
            Self::Rarities(_) => ExitReason::Category,
            Self::Similarity(_) => ExitReason::Similarity,
        }
    }
}
