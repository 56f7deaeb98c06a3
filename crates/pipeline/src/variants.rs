//! What a run trains: algorithms of the registry, and some of them with one ingredient changed.

use crate::{PipelineError, RunConfig};
use algorithms::{Entry, Settings, merge};
use experiment::Transform;
use serde_json::Value;
use world_model::Side;

/// Share of the demonstrated steps that are replaced where some are corrupted.
const CORRUPTED_SHARE: f64 = 0.2;

/// One thing that is trained.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// Its name in tables and files.
    pub name: &'static str,
    /// The algorithm.
    pub entry: &'static Entry,
    /// What is done to its demonstrations.
    pub transform: Transform,
    /// The world that it is trained in: the train world, but for the control that asks what is lost between the worlds.
    pub side: Side,
    /// Settings as TOML that win over all others.
    fixed: &'static str,
}

/// An ingredient of an algorithm that can be taken away or changed.
struct Ablation {
    name: &'static str,
    /// The algorithm.
    of: &'static str,
    fixed: &'static str,
    transform: Transform,
    side: Side,
}

const IL_REC: &str = "il-rec";
const LOOKAHEAD: &str = "lookahead";

const fn without(name: &'static str, of: &'static str, fixed: &'static str) -> Ablation {
    Ablation { name, of, fixed, transform: Transform::Unchanged, side: Side::Train }
}

const fn with_demonstrations(name: &'static str, of: &'static str, transform: Transform) -> Ablation {
    Ablation { name, of, fixed: "", transform, side: Side::Train }
}

/// The ablations, in the order of the table.
const ABLATIONS: [Ablation; 16] = [
    without("no-demonstrations", IL_REC, "switches.demonstrations = false"),
    with_demonstrations("shuffled-demonstrations", IL_REC, Transform::ShuffledItems),
    with_demonstrations("permuted-users", IL_REC, Transform::PermutedUsers),
    with_demonstrations("popularity-lists", IL_REC, Transform::PopularItems),
    with_demonstrations(
        "corrupted-demonstrations",
        IL_REC,
        Transform::CorruptedSteps { share: CORRUPTED_SHARE },
    ),
    without("no-weights", IL_REC, "switches.weights = false"),
    without("no-learned-reward", IL_REC, "switches.learned_reward = false"),
    without("no-hazard", IL_REC, "switches.hazard = false"),
    without("no-actor-critic", IL_REC, "switches.actor_critic = false"),
    without("no-session-feedback", IL_REC, "switches.session_feedback = false"),
    without("neutral-first-weights", IL_REC, "training.first_weights = \"neutral\""),
    Ablation { side: Side::Judge, ..without(evaluation::TRAINED_IN_JUDGE, IL_REC, "") },
    without("ease-with-demonstrations", "ease", "switches.demonstrations = true"),
    without("lookahead-no-demonstrations", LOOKAHEAD, "switches.demonstrations = false"),
    with_demonstrations("lookahead-shuffled", LOOKAHEAD, Transform::ShuffledItems),
    with_demonstrations("lookahead-popularity-lists", LOOKAHEAD, Transform::PopularItems),
];

/// The names of the ablations, in the order of the table.
pub fn ablation_names() -> impl Iterator<Item = &'static str> {
    ABLATIONS.iter().map(|ablation| ablation.name)
}

/// A term that a run's file names.
pub(crate) fn term_of(name: &str) -> Result<&'static algorithms::TermEntry, PipelineError> {
    algorithms::find_term(name).map_err(|why| PipelineError::Setting { setting: "term", why })
}

impl Variant {
    /// An algorithm as the registry has it.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn of_algorithm(name: &str) -> Result<Self, PipelineError> {
        let entry = algorithms::find(name).ok_or_else(|| {
            let known: Vec<&str> = algorithms::REGISTRY.iter().map(|entry| entry.name).collect();
            let why = format!("no algorithm is called {name}; there are {}", known.join(", "));
            PipelineError::Setting { setting: "algorithms", why }
        })?;
        Ok(Self { name: entry.name, entry, transform: Transform::Unchanged, side: Side::Train, fixed: "" })
    }

    /// An algorithm with one ingredient changed.
    ///
    /// # Errors
    /// When there is no such ablation.
    pub fn of_ablation(name: &str) -> Result<Self, PipelineError> {
        let found = ABLATIONS.iter().find(|ablation| ablation.name == name).ok_or_else(|| {
            let known: Vec<&str> = ablation_names().collect();
            let why = format!("no ablation is called {name}; there are {}", known.join(", "));
            PipelineError::Setting { setting: "ablations", why }
        })?;
        let Ablation { name, of, fixed, transform, side } = *found;
        let full = Self::of_algorithm(of)?;
        Ok(Self { name, fixed, transform, side, ..full })
    }

    /// The run's terms that it would ask everything they have to say.
    fn heard<'a>(&self, run: &'a RunConfig) -> Result<Vec<(&'a String, &'a toml::Table)>, PipelineError> {
        let mut heard = Vec::new();
        for (name, settings) in &run.term {
            if term_of(name)?.is_heard_by(self.entry) {
                heard.push((name, settings));
            }
        }
        Ok(heard)
    }

    /// Its settings in a run: the preset, `[learner]` where the preset is IL-Rec's (as far as it is not fixed what makes it
    /// this variant), `[algorithm.NAME]`, `[term.NAME]` where it would be heard, and what makes it this variant.
    ///
    /// # Errors
    /// When a key is unknown, or a value is of another type or out of its range.
    pub fn settings(&self, run: &RunConfig) -> Result<Box<dyn Settings>, PipelineError> {
        let mut changes = Value::Object(serde_json::Map::new());
        let plain = |table: &toml::Table| serde_json::to_value(table).expect("TOML is plain data");
        if self.entry.preset == algorithms::il_rec::PRESET {
            merge(&mut changes, plain(&run.learner));
        }
        if let Some(own) = run.algorithm.get(self.entry.name) {
            let own = plain(own);
            if let Some(key) = self.entry.overruled(&own).first() {
                let why = format!("{key} is what makes it {}, and cannot be changed", self.entry.name);
                return Err(PipelineError::Setting { setting: "algorithm", why });
            }
            merge(&mut changes, own);
        }
        for (name, settings) in self.heard(run)? {
            merge(&mut changes, serde_json::json!({ "term": { name: plain(settings) } }));
        }
        merge(&mut changes, toml::from_str(self.fixed).expect("ablations are tested"));
        Ok(self.entry.settings(&changes)?)
    }
}

/// What a run trains under its main rule, in the order of the stages; `ablations` are named.
///
/// # Errors
/// When there is no algorithm or ablation of a name.
pub(crate) fn variants(run: &RunConfig, ablations: &[String]) -> Result<Vec<Variant>, PipelineError> {
    let algorithms = run.algorithms.iter().map(|name| Variant::of_algorithm(name));
    algorithms.chain(ablations.iter().map(|name| Variant::of_ablation(name))).collect()
}
