//! What a configuration says about the parameters of a rule, before anybody knows which rule.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A value as configuration files and result files have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// Any number.
    Number(f64),
    /// What is no value of any parameter; kept to be refused by name.
    Text(String),
    /// Values of a group.
    Group(RuleSettings),
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Whole(whole) => whole.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Group(_) => f.write_str("a table"),
        }
    }
}

impl From<f32> for Setting {
    fn from(number: f32) -> Self {
        Self::Number(f64::from(number))
    }
}

impl From<f64> for Setting {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for Setting {
    fn from(whole: i32) -> Self {
        Self::Whole(whole.into())
    }
}

impl From<bool> for Setting {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&str> for Setting {
    /// The value that a word of a command line stands for.
    fn from(word: &str) -> Self {
        let whole = || word.parse().map(Self::Whole);
        let number = || word.parse().map(Self::Number);
        let flag = word.parse().map(Self::Flag);
        flag.or_else(|_| whole()).or_else(|_| number()).unwrap_or_else(|_| Self::Text(word.to_owned()))
    }
}

/// Parameters that differ from a rule's defaults, by name; a group may be a table or have dotted names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleSettings(BTreeMap<String, Setting>);

impl FromIterator<(String, Setting)> for RuleSettings {
    fn from_iter<T: IntoIterator<Item = (String, Setting)>>(settings: T) -> Self {
        Self(settings.into_iter().collect())
    }
}

impl RuleSettings {
    /// Whether every parameter keeps its default.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a parameter is set.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The same with one more parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Setting>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Every value with its dotted name.
    pub(crate) fn flat(&self) -> Vec<(String, &Setting)> {
        let mut flat = Vec::new();
        for (name, setting) in &self.0 {
            match setting {
                Setting::Group(group) => {
                    flat.extend(
                        group.flat().into_iter().map(|(member, value)| (format!("{name}.{member}"), value)),
                    );
                }
                value => flat.push((name.clone(), value)),
            }
        }
        flat
    }
}
