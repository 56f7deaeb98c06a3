//! Everything that can be trained by name: one line each, and whoever runs, judges or serves asks here.

use crate::terms::TermEntry;
use artefact::Tensors;
use catalogue::Catalogue;
use learning::{Inputs, LearningError, Needs, Run, Terms, TrainedPolicy};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The registry, in the order of tables. To add an algorithm: its module and folder, `mod` in `lib.rs`, and a line here
/// (ARCHITECTURE.md, Recipes).
pub static REGISTRY: &[Entry] = &[
    crate::il_rec::ENTRY,
    crate::bc::ENTRY,
    crate::a2c::ENTRY,
    crate::planner::ENTRY,
    crate::untrained::ENTRY,
    crate::ease::ENTRY,
    crate::item_knn::ENTRY,
    crate::bpr_mf::ENTRY,
    crate::lookahead::ENTRY,
    crate::released::ENTRY,
    crate::vectorised::ENTRY,
    crate::paper::ENTRY,
];

/// What an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It learns what earns reward; the ladder of tests asks for that.
    Algorithm,
    /// A point of comparison: what remains when something is left out, or what a learner that never looks at ratings knows.
    Control,
}

impl Kind {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm",
            Self::Control => "control",
        }
    }
}

/// An algorithm, or a control that is trained.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name in commands, files and tables.
    pub name: &'static str,
    /// What it is for.
    pub kind: Kind,
    /// What it does, in one line.
    pub about: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Whether it does what its source does, up to differences of no consequence that its page names; else it is an adaptation.
    pub faithful: bool,
    /// What it cannot do without, by its preset.
    pub needs: Needs,
    /// Settings with a comment for each, as TOML.
    pub preset: &'static str,
    /// Settings that make it what it is, as TOML: they win over the preset and over what users set.
    pub fixed: &'static str,
    /// Settings with which it trains in a moment, as TOML: for tests of every entry.
    pub small: &'static str,
    /// Its page: source, equations, where we differ, what it earned where.
    pub readme: &'static str,
    /// Who reads its settings and its parameters.
    pub code: &'static Code,
}

/// Reads and checks settings; the name is for errors.
pub type ReadSettings = fn(&'static str, Value) -> Result<Box<dyn Settings>, LearningError>;
/// Reads parameters.
pub type OpenPolicy = fn(Tensors, &Catalogue) -> Result<Box<dyn TrainedPolicy>, LearningError>;

/// The code behind one or more entries.
#[derive(Debug)]
pub struct Code {
    /// The word in a policy's `training.json` that says who reads the parameters.
    pub network: &'static str,
    /// Reads its settings.
    pub settings: ReadSettings,
    /// Reads its parameters.
    pub open: OpenPolicy,
}

/// Checked settings of an algorithm.
pub trait Settings: std::fmt::Debug + Send + Sync {
    /// All of them, as plain data.
    fn value(&self) -> Value;

    /// A run from its start.
    ///
    /// # Errors
    /// When the inputs cannot work.
    fn start<'a>(&self, inputs: &'a Inputs<'a>, seed: u64) -> Result<Run<'a>, LearningError>;
}

impl Entry {
    /// The preset with the fixed settings over it, as plain data.
    pub fn defaults(&self) -> Value {
        let preset = toml::from_str(self.preset).expect("presets are tested");
        self.fix(preset)
    }

    /// Puts the fixed settings over others.
    pub fn fix(&self, mut settings: Value) -> Value {
        merge(&mut settings, toml::from_str(self.fixed).expect("presets are tested"));
        settings
    }

    /// The fixed settings that others contradict, by their keys.
    pub fn overruled(&self, settings: &Value) -> Vec<String> {
        let fixed: Value = toml::from_str(self.fixed).expect("presets are tested");
        contradicted("", &fixed, settings)
    }

    /// Reads settings: the preset, the changes over it, the fixed ones over both. Under `term` stand terms of
    /// [`TERMS`](crate::TERMS) to learn with, by name, each with the changes over its own preset.
    ///
    /// # Errors
    /// When a key is unknown, a value is of another type or out of its range, or a term would not be heard.
    pub fn settings(&self, changes: &Value) -> Result<Box<dyn Settings>, LearningError> {
        let mut value = self.defaults();
        merge(&mut value, changes.clone());
        let chosen = value.as_object_mut().and_then(|table| table.remove("term"));
        let terms = chosen.map_or_else(|| Ok(Vec::new()), crate::terms::laid_out)?;
        for (entry, settings) in &terms {
            let made = Terms::new(vec![entry.term(settings.clone())?]);
            made.check(self.name, self.needs.asks)?;
        }
        let settings = (self.code.settings)(self.name, self.fix(value))?;
        Ok(Box::new(Chosen { name: self.name, settings, terms }))
    }
}

/// Settings of an entry with the terms that are chosen beside them.
#[derive(Debug)]
struct Chosen {
    name: &'static str,
    settings: Box<dyn Settings>,
    terms: Vec<(&'static TermEntry, Value)>,
}

impl Settings for Chosen {
    fn value(&self) -> Value {
        let mut value = self.settings.value();
        if let (false, Some(table)) = (self.terms.is_empty(), value.as_object_mut()) {
            let terms = self.terms.iter().map(|(entry, settings)| (entry.name.to_owned(), settings.clone()));
            table.insert("term".into(), terms.collect());
        }
        value
    }

    fn start<'a>(&self, inputs: &'a Inputs<'a>, seed: u64) -> Result<Run<'a>, LearningError> {
        let mut run = self.settings.start(inputs, seed)?;
        run.name = self.name;
        for (entry, settings) in &self.terms {
            run.terms.push(entry.term(settings.clone())?);
        }
        Ok(run)
    }
}

/// The entry of a name.
pub fn find(name: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.name == name)
}

/// Opens a policy's parameters; `network` says who reads them.
///
/// # Errors
/// When nobody does, or they are damaged or belong to another catalogue.
pub fn open(
    network: &str,
    tensors: Tensors,
    catalogue: &Catalogue,
) -> Result<Box<dyn TrainedPolicy>, LearningError> {
    let code = REGISTRY.iter().map(|entry| entry.code).find(|code| code.network == network);
    let unknown = || LearningError::Mismatch {
        what: "policy",
        why: format!("this version of ilrec has no network `{network}`"),
    };
    (code.ok_or_else(unknown)?.open)(tensors, catalogue)
}

/// Reads settings as a type that refuses unknown keys.
pub(crate) fn read<T: DeserializeOwned>(algorithm: &'static str, value: Value) -> Result<T, LearningError> {
    serde_json::from_value(value)
        .map_err(|error| LearningError::Settings { algorithm, why: error.to_string() })
}

/// Refuses the first setting that is not within its range, smallest and largest value included.
///
/// # Errors
/// Which one it is.
pub(crate) fn within(ranges: &[(&'static str, f64, f64, f64)]) -> Result<(), LearningError> {
    match ranges.iter().find(|(_, got, low, high)| !(low..=high).contains(&got)) {
        None => Ok(()),
        Some(&(setting, got, low, high)) => {
            let expected = format!("{low} to {high}");
            Err(LearningError::Setting { setting, got: got.to_string(), expected })
        }
    }
}

/// Keys of `fixed` that `settings` has with another value.
fn contradicted(above: &str, fixed: &Value, settings: &Value) -> Vec<String> {
    match (fixed, settings) {
        (Value::Object(fixed), Value::Object(settings)) => {
            let both = fixed.iter().filter_map(|(key, value)| Some((key, value, settings.get(key)?)));
            both.flat_map(|(key, value, other)| contradicted(&format!("{above}.{key}"), value, other))
                .collect()
        }
        (fixed, settings) if fixed == settings => Vec::new(),
        _ => vec![above.trim_start_matches('.').to_owned()],
    }
}

/// Puts the values of `changes` over those of `base`, table by table.
pub fn merge(base: &mut Value, changes: Value) {
    match (base, changes) {
        (Value::Object(base), Value::Object(changes)) => {
            for (key, change) in changes {
                merge(base.entry(key).or_insert(Value::Null), change);
            }
        }
        (base, change) => *base = change,
    }
}
