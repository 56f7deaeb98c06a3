//! Environments over the two worlds of a domain, by the name of an exit rule.

use crate::ExperimentError;
use environment::{
    DEFAULT_SIMILARITY_HAZARD, Environment, ExitRule, ItemFeatures, PUBLISHED_DISTANCE_HAZARD,
    calibrated_distance, calibrated_similarity,
};
use serde::{Deserialize, Serialize};
use world_model::{Side, World};

/// When users leave, and when time is up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnvironmentSettings {
    /// The rule's name, one of [`EXIT_RULES`].
    pub exit_rule: String,
    /// The most steps of a session.
    pub horizon: usize,
    /// The threshold of a distance or similarity rule; without it, it is calibrated on the train world.
    pub threshold: Option<f32>,
}

impl Default for EnvironmentSettings {
    fn default() -> Self {
        Self { exit_rule: EXIT_RULES[0].into(), horizon: 100, threshold: None }
    }
}

impl EnvironmentSettings {
    /// Refuses what cannot work in any world.
    ///
    /// # Errors
    /// When there is no rule of that name, or it has no threshold but is given one.
    pub fn check(&self) -> Result<(), ExperimentError> {
        self.named().map(drop)
    }

    /// The rule of both worlds. Its threshold is calibrated on the train world, so that nothing of the judge enters.
    ///
    /// # Errors
    /// As [`EnvironmentSettings::check`], and when the rule needs categories but no item has any.
    pub fn rule(&self, world: &World, seed: u64) -> Result<ExitRule, ExperimentError> {
        let (rule, form) = self.named()?;
        let has_categories = || world.catalogue().items().iter().any(|item| !item.categories.is_empty());
        Ok(match form {
            Form::OfCategories(_) if !has_categories() => return Err(ExperimentError::NoCategories { rule }),
            Form::OfCategories(make) | Form::Fixed(make) => make(),
            Form::Threshold(make, calibrate) => {
                make(self.threshold.unwrap_or_else(|| calibrate(world, seed)))
            }
        })
    }

    fn named(&self) -> Result<(&'static str, Form), ExperimentError> {
        let unknown = || ExperimentError::UnknownExitRule { name: self.exit_rule.clone() };
        let (rule, form) = RULES.into_iter().find(|(name, _)| *name == self.exit_rule).ok_or_else(unknown)?;
        if self.threshold.is_none() || form.has_threshold() {
            return Ok((rule, form));
        }
        let others =
            RULES.into_iter().filter(|(_, form)| form.has_threshold()).map(|(name, _)| name).collect();
        Err(ExperimentError::NoThreshold { rule, others })
    }

    /// The environment that answers as one side of the world.
    ///
    /// # Errors
    /// As [`EnvironmentSettings::rule`], and when the horizon is 0.
    pub fn environment(&self, world: &World, side: Side, seed: u64) -> Result<Environment, ExperimentError> {
        self.under(self.rule(world, seed)?, world, side)
    }

    /// The environments of both sides, the train world's first. The threshold is calibrated once.
    ///
    /// # Errors
    /// As [`EnvironmentSettings::environment`].
    pub fn train_and_judge(
        &self,
        world: &World,
        seed: u64,
    ) -> Result<(Environment, Environment), ExperimentError> {
        let rule = self.rule(world, seed)?;
        Ok((self.under(rule, world, Side::Train)?, self.under(rule, world, Side::Judge)?))
    }

    /// The environment of a rule that was resolved before, its threshold included; only the horizon of these settings counts.
    ///
    /// # Errors
    /// When the horizon is 0.
    pub fn under(&self, rule: ExitRule, world: &World, side: Side) -> Result<Environment, ExperimentError> {
        let rewards = match side {
            Side::Train => world.train_truth(),
            Side::Judge => world.judge_truth(),
        };
        let wants_text = matches!(rule, ExitRule::SimilarityWindow(_));
        let features = ItemFeatures::of(world.catalogue(), wants_text.then_some(TEXT_WIDTH));
        let features = match rule {
            ExitRule::Ilrec(_) | ExitRule::Billp(_) => features.with_distances(world.distances(side)),
            _ => features,
        };
        Ok(Environment::new(rewards, features, rule, self.horizon)?)
    }
}

/// What becomes of a rule's name.
enum Form {
    /// A rule in which nothing is left open.
    Fixed(fn() -> ExitRule),
    /// One that looks at categories.
    OfCategories(fn() -> ExitRule),
    /// One with a threshold, and how that is calibrated where nobody gives it.
    Threshold(fn(f32) -> ExitRule, fn(&World, u64) -> f32),
}

impl Form {
    fn has_threshold(&self) -> bool {
        matches!(self, Self::Threshold(..))
    }
}

const RULES: [(&str, Form); 5] = [
    ("category-window", Form::OfCategories(ExitRule::category_window)),
    ("similarity-window", Form::Threshold(ExitRule::similarity_window, similarity_on_train_world)),
    ("ilrec", Form::Threshold(ExitRule::ilrec, distance_on_train_world)),
    ("billp", Form::Threshold(ExitRule::billp, distance_on_train_world)),
    ("none", Form::Fixed(|| ExitRule::None)),
];

/// The names of the rules, the default first.
pub const EXIT_RULES: [&str; RULES.len()] = {
    let mut names = [""; RULES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = RULES[at].0;
        at += 1;
    }
    names
};

/// Width of the text vectors that the similarity rule looks at.
const TEXT_WIDTH: usize = 256;
/// What the rules look back at while they are calibrated, and how many of it must be similar.
const WINDOW: usize = 4;
const SIMILAR: usize = 2;

fn distance_on_train_world(world: &World, seed: u64) -> f32 {
    calibrated_distance(world.distances(Side::Train).as_ref(), WINDOW, PUBLISHED_DISTANCE_HAZARD, seed)
}

fn similarity_on_train_world(world: &World, seed: u64) -> f32 {
    let features = ItemFeatures::of(world.catalogue(), Some(TEXT_WIDTH));
    let texts = features.texts.as_ref().expect("texts were asked for");
    let items = (texts.as_ref(), world.n_items());
    calibrated_similarity(items, (WINDOW, SIMILAR), DEFAULT_SIMILARITY_HAZARD, seed)
}
