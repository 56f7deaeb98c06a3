//! Environments: a truth of the world, an exit rule by name, a horizon.

use crate::failure::Failure;
use catalogue::TextVectors;
use environment::{Environment, ExitRule, ItemFeatures};
use serde::Serialize;
use std::sync::Arc;
use world_model::{Side, World};

/// When users leave, as asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct EnvironmentSettings {
    /// The rule's name.
    pub(crate) exit_rule: String,
    /// The most steps of a session.
    pub(crate) horizon: usize,
    /// Threshold of a distance or similarity rule; calibrated on the train world where it is not given.
    pub(crate) threshold: Option<f32>,
}

/// The names of the rules, the default first.
pub(crate) const EXIT_RULES: [&str; 5] = ["category-window", "similarity-window", "ilrec", "billp", "none"];

/// Width of the text vectors that the similarity rule looks at.
const TEXT_WIDTH: usize = 256;

/// Builds environments of one world under one rule; both sides share the rule with its threshold.
#[derive(Debug)]
pub(crate) struct Simulation {
    rule: ExitRule,
    horizon: usize,
}

impl Simulation {
    /// Resolves the rule.
    pub(crate) fn new(world: &World, settings: &EnvironmentSettings, seed: u64) -> Result<Self, Failure> {
        let name = settings.exit_rule.as_str();
        if name == "category-window" {
            require_categories(world)?;
        }
        let rule = match (name, settings.threshold) {
            ("ilrec", Some(threshold)) => ExitRule::ilrec(threshold),
            ("billp", Some(threshold)) => ExitRule::billp(threshold),
            ("similarity-window", Some(threshold)) => ExitRule::similarity_window(threshold),
            (_, Some(_)) => {
                return Err(Failure::input(format!("the exit rule {name} has no threshold"))
                    .hint("leave --threshold out, or choose ilrec, billp or similarity-window"));
            }
            (_, None) => pipeline::rule_by_name(name, world, seed)?,
        };
        Ok(Self::of(rule, settings.horizon))
    }

    /// A rule that was resolved before.
    pub(crate) fn of(rule: ExitRule, horizon: usize) -> Self {
        Self { rule, horizon }
    }

    /// The environment of one side.
    pub(crate) fn environment(&self, world: &World, side: Side) -> Result<Environment, Failure> {
        let rewards = match side {
            Side::Train => world.train_truth(),
            Side::Judge => world.judge_truth(),
        };
        let catalogue = world.catalogue();
        let features = ItemFeatures::of(catalogue, None);
        let features = match self.rule {
            ExitRule::SimilarityWindow(_) => {
                ItemFeatures { texts: Some(Arc::new(TextVectors::embed(catalogue, TEXT_WIDTH))), ..features }
            }
            ExitRule::Ilrec(_) | ExitRule::Billp(_) => features.with_distances(world.distances(side)),
            _ => features,
        };
        Ok(Environment::new(rewards, features, self.rule, self.horizon)?)
    }
}

fn require_categories(world: &World) -> Result<(), Failure> {
    if world.catalogue().items().iter().any(|item| !item.categories.is_empty()) {
        return Ok(());
    }
    Err(Failure::input("the exit rule category-window needs categories, and no item has any")
        .hint("use `--exit-rule similarity-window`, or import the categories (--map genres=COLUMN)"))
}
