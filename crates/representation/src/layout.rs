//! Which columns a file's parameters were learned over.

use crate::{Cause, Feature, StateFeature};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The names of all inputs of a policy's networks, in order; it stands beside their parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// What is said of an item: the outputs of the actor.
    pub item: Vec<String>,
    /// What is said of the state: its inputs.
    pub state: Vec<String>,
    /// What each cause of leaving looks at.
    pub causes: BTreeMap<String, Vec<String>>,
}

impl Layout {
    /// What this version computes.
    pub fn current() -> Self {
        let causes = Cause::ALL.map(|cause| (cause.name().to_owned(), cause.input_names()));
        Self {
            item: Feature::ALL.map(|feature| feature.name().to_owned()).to_vec(),
            state: StateFeature::ALL.map(|feature| feature.name().to_owned()).to_vec(),
            causes: causes.into(),
        }
    }

    /// Refuses parameters over other columns than this version computes.
    ///
    /// # Errors
    /// The first place where they differ, in words.
    pub fn check(&self) -> Result<(), String> {
        let current = Self::current();
        let parts = [("an item", &self.item, &current.item), ("the state", &self.state, &current.state)];
        let empty = Vec::new();
        let causes = current
            .causes
            .iter()
            .map(|(cause, names)| (cause.as_str(), self.causes.get(cause).unwrap_or(&empty), names));
        for (what, found, known) in parts.into_iter().chain(causes) {
            let differ = |(a, b): &(&String, &String)| a != b;
            if let Some((found, known)) = found.iter().zip(known).find(differ) {
                return Err(format!(
                    "of {what} it was given {found} where this version gives {known}; train it anew"
                ));
            }
            if found.len() != known.len() {
                let (found, known) = (found.len(), known.len());
                return Err(format!(
                    "of {what} it was given {found} numbers, this version gives {known}; train it anew"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_columns_are_refused_by_name() {
        Layout::current().check().unwrap();
        let mut other = Layout::current();
        other.item.swap(1, 2);
        let why = other.check().unwrap_err();
        assert_eq!(
            why,
            "of an item it was given log_stay where this version gives uncertainty; train it anew"
        );
        other = Layout::current();
        other.causes.remove("nearness");
        assert!(
            other
                .check()
                .unwrap_err()
                .starts_with("of nearness it was given 0 numbers, this version gives 4")
        );
    }
}
