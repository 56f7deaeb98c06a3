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
    /// The threshold of a distance or similarity rule; without it, it is calibrated in each world.
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

    /// The rule of one of the worlds. What is drawn follows from the world's seed, and is the same in both. A threshold that nobody
    /// gave is calibrated on the items of that world, so that the hazard of a uniform policy is the same in both; no user's choices enter, and no policy sees the judge's.
    ///
    /// # Errors
    /// As [`EnvironmentSettings::check`], when the rule needs categories but no item has any, and when it is too soft to be
    /// calibrated.
    pub fn rule(&self, world: &World, side: Side) -> Result<ExitRule, ExperimentError> {
        let entry = self.entry()?;
        if entry.needs.contains(&Feature::Categories) && !has_categories(world) {
            return Err(ExperimentError::NoCategories { rule: entry.name });
        }
        let mut parameters = entry.parameters(&self.changes())?;
        if parameters.open().is_some() {
            parameters = entry.completed(parameters, &features(entry, world, side), world.seed())?;
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
    pub fn environment(&self, world: &World, side: Side) -> Result<Environment, ExperimentError> {
        self.under(self.rule(world, side)?, world, side)
    }

    /// The environments of both sides.
    ///
    /// # Errors
    /// As [`EnvironmentSettings::environment`].
    pub fn train_and_judge(&self, world: &World) -> Result<Environments, ExperimentError> {
        let of = |side| self.environment(world, side);
        Ok(Environments { train: of(Side::Train)?, judge: of(Side::Judge)? })
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

/// Both worlds under one exit rule, whose threshold may be another one in each.
#[derive(Clone, Debug)]
pub struct Environments {
    /// Where policies learn.
    pub train: Environment,
    /// Where they are judged.
    pub judge: Environment,
}

impl Environments {
    /// That of one side.
    pub fn of(&self, side: Side) -> &Environment {
        match side {
            Side::Train => &self.train,
            Side::Judge => &self.judge,
        }
    }

    /// What somebody who knows the world `known` plans with when `judged` in a world: a rule that is one and the same in both is
    /// the one of the sessions, with their items; else it is the rule of the known world.
    pub fn planned_with(&self, known: Side, judged: Side) -> &Environment {
        self.of(if self.train.rule() == self.judge.rule() { judged } else { known })
    }

    /// The train world's rule, where it is not the judge's.
    pub fn other_train_rule(&self) -> Option<&ExitRule> {
        Some(self.train.rule()).filter(|rule| *rule != self.judge.rule())
    }
}

/// The parameter that has a setting of its own.
const THRESHOLD: &str = "threshold";
/// Width of the text vectors that rules look at.
const TEXT_WIDTH: usize = 256;

fn has_categories(world: &World) -> bool {
    world.catalogue().items().iter().any(|item| !item.categories.is_empty())
}

/// What the rule looks at in one of the worlds. Texts and distances are there only for rules that need them.
fn features(entry: &RuleEntry, world: &World, side: Side) -> ItemFeatures {
    let wants = |feature| entry.needs.contains(&feature);
    let wants_texts = wants(Feature::Texts) || wants(Feature::Content) && !has_categories(world);
    let features = ItemFeatures::of(world.catalogue(), wants_texts.then_some(TEXT_WIDTH));
    if wants(Feature::Distances) { features.with_distances(world.distances(side)) } else { features }
}
