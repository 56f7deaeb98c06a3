//! Named numbers about a round of learning.

use std::collections::BTreeMap;

/// Values by name, as metrics files and TensorBoard show them: `loss/critic`, `train/entropy`, `term/il-rec/loss`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Puts a value; the latest of a name counts.
    pub fn put(&mut self, name: impl Into<String>, value: impl Into<f64>) {
        self.0.insert(name.into(), value.into());
    }

    /// One value.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Takes in others under a common beginning.
    pub fn extend(&mut self, beginning: &str, others: &Self) {
        for (name, value) in others.iter() {
            self.put(format!("{beginning}{name}"), value);
        }
    }
}
