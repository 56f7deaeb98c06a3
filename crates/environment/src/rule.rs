//! A rule of the registry with all its parameters: what an environment has, and what results record.

mod form;

use crate::{
    EnvironmentError, ExitModel, ItemFeatures, Leaving, LowReward, NearWindow, Parameter, Parameters,
    RuleEntry, RuleSettings, Setting, find_rule,
};
use mdp::{ExitReason, ItemIdx};
use std::sync::Arc;

/// When a user leaves. A clone shares its parts.
#[derive(Clone)]
pub struct ExitRule {
    entry: &'static RuleEntry,
    parameters: Arc<Parameters>,
    model: Arc<dyn ExitModel>,
    /// What the model says of these two, which every step asks.
    forbids_repeats: bool,
    low_reward: Option<LowReward>,
}

impl std::fmt::Debug for ExitRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.model.fmt(f)
    }
}

impl PartialEq for ExitRule {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.parameters == other.parameters
    }
}

impl ExitRule {
    /// The rule of these parameters.
    ///
    /// # Errors
    /// When one is still open.
    pub fn of(entry: &'static RuleEntry, parameters: Parameters) -> Result<Self, EnvironmentError> {
        if let Some(open) = parameters.open() {
            return Err(EnvironmentError::OpenParameter { rule: entry.name, name: open.name });
        }
        let model = (entry.build)(&parameters);
        let (forbids_repeats, low_reward) = (model.forbids_repeats(), model.low_reward());
        Ok(Self { entry, parameters: Arc::new(parameters), model, forbids_repeats, low_reward })
    }

    /// A rule of the registry with these settings over its defaults.
    ///
    /// # Errors
    /// When there is no such rule, it has no such parameter, a value is out of its range, or one is still open.
    pub fn new(name: &str, settings: &RuleSettings) -> Result<Self, EnvironmentError> {
        let entry = find_rule(name).ok_or_else(|| EnvironmentError::UnknownRule(name.to_owned()))?;
        Self::of(entry, entry.parameters(settings)?)
    }

    /// The same with another value of one parameter.
    ///
    /// # Errors
    /// When it has no such parameter, or the value is out of its range.
    pub fn with(&self, name: &str, value: impl Into<Setting>) -> Result<Self, EnvironmentError> {
        let mut parameters = Parameters::clone(&self.parameters);
        parameters.set(self.entry, name, &value.into())?;
        parameters.check_count(self.entry)?;
        Self::of(self.entry, parameters)
    }

    /// Nobody leaves before the horizon.
    pub fn none() -> Self {
        Self::at("none", &RuleSettings::default())
    }

    /// The default of our own worlds: window 4, count 2, low reward below 2, no repeats.
    pub fn category_window() -> Self {
        Self::at("category-window", &RuleSettings::default())
    }

    /// Text similarity of at least `threshold` to 2 of the last 4; no repeats.
    ///
    /// # Panics
    /// If the threshold is out of its range; so in the next two.
    pub fn similarity_window(threshold: f32) -> Self {
        Self::at("similarity-window", &RuleSettings::default().with("threshold", threshold))
    }

    /// The released rule; the published thresholds are 15 (Amazon) and 50 (Steam).
    pub fn ilrec(threshold: f32) -> Self {
        Self::at("ilrec", &RuleSettings::default().with("threshold", threshold))
    }

    /// BiLLP's rule.
    pub fn billp(threshold: f32) -> Self {
        Self::at("billp", &RuleSettings::default().with("threshold", threshold))
    }

    fn at(name: &str, settings: &RuleSettings) -> Self {
        Self::new(name, settings).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The name in every result.
    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// The name in tables: with the values of those parameters that are drawn for each world.
    pub fn label(&self) -> String {
        let drawn = self.parameters.each().filter(|(parameter, _)| parameter.drawn.is_some());
        let one = |(parameter, value): (&Parameter, Option<f64>)| {
            Some(format!("{}={}", parameter.name, parameter.word(value?)))
        };
        let values: Vec<String> = drawn.filter_map(one).collect();
        if values.is_empty() {
            self.name().to_owned()
        } else {
            format!("{} ({})", self.name(), values.join(", "))
        }
    }

    /// Its line of the registry.
    pub fn entry(&self) -> &'static RuleEntry {
        self.entry
    }

    /// Its parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Whether showing an item twice ends the session.
    pub fn forbids_repeats(&self) -> bool {
        self.forbids_repeats
    }

    /// The reward part, if the rule has one.
    pub fn low_reward(&self) -> Option<LowReward> {
        self.low_reward
    }

    /// How likely the content of `item` ends a session that has `shown` these items, oldest first; none where it cannot.
    pub fn by_content(&self, item: ItemIdx, shown: &[ItemIdx], features: &ItemFeatures) -> Option<Leaving> {
        if self.forbids_repeats && shown.contains(&item) {
            return Some(Leaving { reason: ExitReason::Repeat, matched: Some(item), probability: 1.0 });
        }
        self.model.by_content(item, shown, features)
    }

    /// The same rule, ready for the items of an environment.
    pub(crate) fn for_items(self, features: &ItemFeatures) -> Self {
        let model = self.model.for_items(features).unwrap_or(self.model);
        Self { model, ..self }
    }

    /// How many low rewards in a row there are with this one, after so many.
    pub(crate) fn low_in_a_row(&self, n_low: usize, reward: f32) -> usize {
        if self.low_reward.is_some_and(|low| reward < low.below) { n_low + 1 } else { 0 }
    }

    /// The window, where nothing but a hard limit on distances to recent items ends a session by content.
    pub(crate) fn hard_near_distances(&self) -> Option<NearWindow> {
        let window = self.model.near_distances()?;
        (window.softness == 0.0 && !self.forbids_repeats).then_some(window)
    }
}
