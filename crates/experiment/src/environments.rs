//! Environments over the two worlds of a domain, by the name of an exit rule.

use crate::ExperimentError;
use environment::{
    EXIT_RULES, Environment, ExitRule, Feature, ItemFeatures, RULES, RuleEntry, RuleSettings, find_rule,
};
use serde::{Deserialize, Serialize};
use world_model::{Side, World};

/// When users leave, and when time is up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnvironmentSettings {
    /// The rule's name, one of [`environment::EXIT_RULES`].
    pub exit_rule: String,
    /// The most steps of a session.
    pub horizon: usize,
    /// The threshold of a distance or similarity rule; without it, it is calibrated on the train world.
    pub threshold: Option<f32>,
    /// Parameters of the rule that differ from its defaults.
    #[serde(skip_serializing_if = "RuleSettings::is_empty")]
    pub rule: RuleSettings,
}

impl Default for EnvironmentSettings {
    fn default() -> Self {
        Self { exit_rule: EXIT_RULES[0].into(), horizon: 100, threshold: None, rule: RuleSettings::default() }
    }
}

impl EnvironmentSettings {
    /// Refuses what cannot work in any world.
    ///
    /// # Errors
    /// When there is no rule of that name, or it has no such parameter, or not of that value.
    pub fn check(&self) -> Result<(), ExperimentError> {
        self.entry()?.parameters(&self.changes()).map(drop).map_err(Into::into)
    }

    /// The rule of both worlds. Its threshold is calibrated on the train world, so that nothing of the judge enters.
    ///
    /// # Errors
    /// As [`EnvironmentSettings::check`], and when the rule needs categories but no item has any.
    pub fn rule(&self, world: &World, seed: u64) -> Result<ExitRule, ExperimentError> {
        let entry = self.entry()?;
        let has_categories = || world.catalogue().items().iter().any(|item| !item.categories.is_empty());
        if entry.needs.contains(&Feature::Categories) && !has_categories() {
            return Err(ExperimentError::NoCategories { rule: entry.name });
        }
        let mut parameters = entry.parameters(&self.changes())?;
        if parameters.open().is_some() {
            parameters = entry.calibrated(parameters, &features(entry, world, Side::Train), seed)?;
        }
        Ok(ExitRule::of(entry, parameters)?)
    }

    fn entry(&self) -> Result<&'static RuleEntry, ExperimentError> {
        let unknown = || ExperimentError::UnknownExitRule { name: self.exit_rule.clone() };
        let entry = find_rule(&self.exit_rule).ok_or_else(unknown)?;
        if self.threshold.is_some() && self.rule.has(THRESHOLD) {
            return Err(ExperimentError::ThresholdTwice);
        }
        if self.threshold.is_none() || entry.has(THRESHOLD) {
            return Ok(entry);
        }
        let others = RULES.iter().filter(|other| other.has(THRESHOLD)).map(|other| other.name).collect();
        Err(ExperimentError::NoThreshold { rule: entry.name, others })
    }

    /// The rule's parameters that differ from its defaults, the threshold among them.
    fn changes(&self) -> RuleSettings {
        match self.threshold {
            Some(threshold) => self.rule.clone().with(THRESHOLD, threshold),
            None => self.rule.clone(),
        }
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
        Ok((self.under(rule.clone(), world, Side::Train)?, self.under(rule, world, Side::Judge)?))
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
        let features = features(rule.entry(), world, side);
        Ok(Environment::new(rewards, features, rule, self.horizon)?)
    }
}

/// The parameter that has a setting of its own.
const THRESHOLD: &str = "threshold";
/// Width of the text vectors that rules look at.
const TEXT_WIDTH: usize = 256;

/// What the rule looks at in one of the worlds. Texts and distances are there only for rules that need them.
fn features(entry: &RuleEntry, world: &World, side: Side) -> ItemFeatures {
    let wants = |feature| entry.needs.contains(&feature);
    let features = ItemFeatures::of(world.catalogue(), wants(Feature::Texts).then_some(TEXT_WIDTH));
    if wants(Feature::Distances) { features.with_distances(world.distances(side)) } else { features }
}
