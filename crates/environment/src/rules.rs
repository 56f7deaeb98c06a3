//! The registry of exit rules: a file for each in `rules/`, and a line of [`RULES`].

mod billp;
mod category_window;
mod coat;
mod coat_sliced;
mod fatigue;
mod ilrec;
mod none;
mod similarity_window;

use crate::{
    Calibration, EnvironmentError, ExitModel, ItemFeatures, Parameter, Parameters, RuleSettings,
    UniformHazard,
};
use std::sync::Arc;

/// The rules, the default first. To add one: a file with its `ENTRY`, its `mod` above, and a line here.
#[rustfmt::skip]
pub const RULES: &[RuleEntry] = &[
    fatigue::ENTRY,
    category_window::ENTRY,
    similarity_window::ENTRY,
    ilrec::ENTRY,
    billp::ENTRY,
    coat::ENTRY,
    coat_sliced::ENTRY,
    none::ENTRY,
];

/// The names of the rules, the default first.
pub const EXIT_RULES: [&str; RULES.len()] = {
    let mut names = [""; RULES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = RULES[at].name;
        at += 1;
    }
    names
};

/// A rule by its name.
pub fn find_rule(name: &str) -> Option<&'static RuleEntry> {
    RULES.iter().find(|entry| entry.name == name)
}

/// Something that rules look at in an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// [`ItemFeatures::categories`].
    Categories,
    /// [`ItemFeatures::texts`].
    Texts,
    /// [`ItemFeatures::distances`].
    Distances,
    /// Categories that some items have, else texts.
    Content,
}

impl Feature {
    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Categories => "item categories",
            Self::Texts => "item texts",
            Self::Distances => "rating-column distances",
            Self::Content => "item categories or texts",
        }
    }

    fn is_in(self, features: &ItemFeatures) -> bool {
        match self {
            Self::Categories => features.categories.is_some(),
            Self::Texts => features.texts.is_some(),
            Self::Distances => features.distances.is_some(),
            Self::Content => features.used_categories().is_some() || features.texts.is_some(),
        }
    }
}

/// A line of the registry.
#[derive(Clone, Copy, Debug)]
pub struct RuleEntry {
    /// Its name in commands, files and results.
    pub name: &'static str,
    /// When users leave, in one line.
    pub about: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// What it looks at.
    pub needs: &'static [Feature],
    /// Its parameters, in the order of results.
    pub parameters: &'static [Parameter],
    /// Makes the rule of its parameters.
    pub build: fn(&Parameters) -> Arc<dyn ExitModel>,
    /// How a parameter gets its value that has no default and is not drawn.
    pub calibrate: Option<Calibration>,
}

impl RuleEntry {
    /// The defaults with these settings over them.
    ///
    /// # Errors
    /// When one is no parameter of the rule, or out of its range.
    pub fn parameters(&self, settings: &RuleSettings) -> Result<Parameters, EnvironmentError> {
        let mut parameters = Parameters::defaults(self);
        for (name, setting) in settings.flat() {
            parameters.set(self, &name, setting)?;
        }
        parameters.check_count(self)?;
        Ok(parameters)
    }

    /// Fills what is still open: by draws that follow from the seed alone, then by calibration on these features, which are those
    /// of one world.
    ///
    /// # Errors
    /// When the features lack what the rule looks at, the rule is too soft for the hazard to be had, or a count was drawn that a
    /// given window has no room for.
    pub fn completed(
        &self,
        mut parameters: Parameters,
        features: &ItemFeatures,
        seed: u64,
    ) -> Result<Parameters, EnvironmentError> {
        self.check(features)?;
        parameters.draw(seed);
        parameters.check_count(self)?;
        if let (Some(open), Some(Calibration { hazard, fit })) = (parameters.open(), self.calibrate) {
            let value = fit(&UniformHazard::of_parameters(&parameters, hazard, seed), features);
            let (rule, name) = (self.name, open.name);
            let too_soft = |_| EnvironmentError::TooSoft { rule, name, hazard, range: open.range() };
            parameters.set(self, name, &value.into()).map_err(too_soft)?;
        }
        Ok(parameters)
    }

    /// Whether the rule finds what it looks at.
    ///
    /// # Errors
    /// When the features lack it.
    pub fn check(&self, features: &ItemFeatures) -> Result<(), EnvironmentError> {
        match self.needs.iter().find(|feature| !feature.is_in(features)) {
            Some(missing) => {
                Err(EnvironmentError::MissingFeatures { rule: self.name, missing: missing.word() })
            }
            None => Ok(()),
        }
    }

    /// Whether it has a parameter of this name.
    pub fn has(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|declared| declared.name == parameter)
    }

    /// Its parameters with their ranges, for whoever has to choose.
    pub fn known_parameters(&self) -> String {
        let one = |parameter: &Parameter| format!("{} ({})", parameter.name, parameter.range());
        let all: Vec<String> = self.parameters.iter().map(one).collect();
        if all.is_empty() { format!("{} has none", self.name) } else { all.join(", ") }
    }
}
