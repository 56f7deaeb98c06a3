//! Terms that can be chosen by name: a file and a preset for each, and a line of [`TERMS`].
//!
//! In settings they stand under `term`: `[term.entropy]`, `--set term.entropy.coefficient=0.1`. An algorithm learns with its
//! own term first and with these after it, in alphabetical order.

mod entropy;
mod popularity;

use crate::registry::{Entry, merge};
use learning::{Hook, Hooks, LearningError, Scores, Term};
use serde_json::{Map, Value};

/// The terms, in the order of lists. To add one: a file and its preset here, its module, and a line.
pub static TERMS: &[TermEntry] = &[KNOWLEDGE, entropy::ENTRY, popularity::ENTRY];

/// A term that can be chosen, or that is a part of an algorithm.
#[derive(Clone, Copy, Debug)]
pub struct TermEntry {
    /// Its name in settings, metrics and checkpoints.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Where it acts, by its preset.
    pub hooks: Hooks,
    /// Settings with a comment for each, as TOML.
    pub preset: &'static str,
    /// How it is made.
    pub build: Build,
}

/// How a term is made.
#[derive(Clone, Copy, Debug)]
pub enum Build {
    /// Of its settings.
    Own(fn(Value) -> Result<Box<dyn Term>, LearningError>),
    /// It comes with this algorithm, whose settings are its own.
    PartOf(&'static str),
}

const KNOWLEDGE: TermEntry = TermEntry {
    name: "il-rec",
    about: "weighs demonstrated steps by advantage and discriminator, and adds the reward that the discriminator learns",
    source: "IL-Rec, arXiv 2510.13229",
    hooks: Hooks::of(&[Hook::Learn, Hook::Weights, Hook::Reward]),
    preset: "# A part of il-rec: `imitation`, `learned_reward` and `switches` of its settings are this term's.\n",
    build: Build::PartOf("il-rec"),
};

impl TermEntry {
    /// Whether an algorithm asks everything that it has to say, by the presets of both.
    pub fn is_heard_by(&self, algorithm: &Entry) -> bool {
        self.hooks.iter().all(|hook| algorithm.needs.asks.has(hook))
    }

    /// The preset as plain data.
    pub fn defaults(&self) -> Value {
        toml::from_str(self.preset).expect("presets are tested")
    }

    /// The term of these settings.
    ///
    /// # Errors
    /// When a key is unknown or missing, a value is of another type or out of its range, or the term is a part of an
    /// algorithm.
    pub fn term(&self, settings: Value) -> Result<Box<dyn Term>, LearningError> {
        match self.build {
            Build::Own(build) => build(settings),
            Build::PartOf(algorithm) => Err(LearningError::Settings {
                algorithm: "term",
                why: format!("{} is a part of {algorithm}, and comes with it", self.name),
            }),
        }
    }
}

/// The term of a name.
///
/// # Errors
/// The sentence that says which there are, where none has it.
pub fn find_term(name: &str) -> Result<&'static TermEntry, String> {
    let names = || TERMS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    let found = TERMS.iter().find(|entry| entry.name == name);
    found.ok_or_else(|| format!("no term is called {name}; there are {}", names()))
}

/// Settings of terms, by name, each on its preset.
///
/// # Errors
/// When there is no term of a name.
pub(crate) fn laid_out(chosen: Value) -> Result<Vec<(&'static TermEntry, Value)>, LearningError> {
    let refused = |why: String| LearningError::Settings { algorithm: "term", why };
    let Value::Object(chosen) = chosen else { return Err(refused("expected a table".into())) };
    let one = |(name, changes): (String, Value)| {
        let entry = find_term(&name).map_err(refused)?;
        let mut settings = entry.defaults();
        merge(&mut settings, changes);
        Ok((entry, settings))
    };
    let mut terms = chosen.into_iter().map(one).collect::<Result<Vec<_>, LearningError>>()?;
    terms.sort_by_key(|(entry, _)| entry.name);
    Ok(terms)
}

/// Reads `NAME` or `NAME:key=value,...`: the name and the changes over its preset.
///
/// # Errors
/// What is expected in its place.
pub fn parse_term(text: &str) -> Result<(&'static TermEntry, Value), String> {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let entry = find_term(name)?;
    let mut changes = Map::new();
    for assignment in rest.split(',').filter(|part| !part.is_empty()) {
        let (key, value) = assignment
            .split_once('=')
            .ok_or_else(|| format!("expected NAME:key=value,..., got `{assignment}` after {name}"))?;
        let read: Result<toml::Table, _> = toml::from_str(&format!("x = {}", value.trim()));
        let value = read.ok().and_then(|table| serde_json::to_value(&table["x"]).ok());
        let value = value.unwrap_or_else(|| Value::from(assignment.split_once('=').map_or("", |x| x.1)));
        changes.insert(key.trim().to_owned(), value);
    }
    Ok((entry, Value::Object(changes)))
}

/// Takes `loss` over the log-probabilities of each step that `scores` holds: it is given the step's place, its log-probabilities
/// and the gradient to add to, and only the items that could be shown count. The sum over steps.
fn over_steps(
    scores: Scores<'_>,
    gradient: &mut [f32],
    mut loss: impl FnMut(usize, &[f32], &mut [f32]) -> f32,
) -> f32 {
    let rows = gradient.chunks_exact_mut(scores.n_items);
    let steps = scores.steps.clone().enumerate().zip(rows);
    steps.map(|((at, step), gradient)| loss(step, scores.row(at), gradient)).sum()
}

#[cfg(test)]
mod tests;
