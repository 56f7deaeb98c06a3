//! What makes two collections the same, and in what two differ.

use crate::{AgentSettings, Collection, Expected};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The most differences that are told.
const N_TOLD: usize = 5;
/// The longest value that is told, in characters.
const LONGEST: usize = 80;

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name: `model`, `seed`, `settings.batch`.
    pub name: String,
    /// What it was.
    pub then: String,
    /// What it is.
    pub now: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} instead of {}", self.name, self.then, self.now)
    }
}

impl Collection<'_> {
    /// What makes two collections the same, as a hash: everything but how many sessions there are. `inputs` are
    /// the hashes of data and world.
    pub fn identity(&self, inputs: &[&str]) -> String {
        let environment = self.scene.environment;
        let said = json!([
            inputs,
            self.users,
            self.model.capabilities().model,
            self.embedder.map(|embedder| &embedder.capabilities().model),
            self.prompts.hash(),
            self.lasting_settings(),
            self.seed,
            environment.rule(),
            environment.horizon(),
            self.scene.catalogue.hash(),
        ]);
        hash(&said)
    }

    /// The same, part by part, so that another run can say in what it differs.
    pub fn described(&self, inputs: &[&str]) -> Value {
        let environment = self.scene.environment;
        let mut described = json!({
            "users": format!("{} ({})", self.users.len(), hash(&json!(self.users))),
            "model": self.model.capabilities().model,
            "embedder": self.embedder.map(|embedder| &embedder.capabilities().model),
            "prompts": self.prompts.hash(),
            "settings": self.lasting_settings(),
            "seed": self.seed,
            "exit_rule": environment.rule(),
            "environment_horizon": environment.horizon(),
            "catalogue": self.scene.catalogue.hash(),
        });
        for (name, input) in ["data", "world"].iter().zip(inputs) {
            described[*name] = json!(input);
        }
        described
    }

    /// The settings that change what is demonstrated. One that came later counts where it is not at its default, so that
    /// runs that were begun before it go on.
    fn lasting_settings(&self) -> Value {
        let settings =
            AgentSettings { n_episodes: 0, expected: Expected::default(), ..self.settings.clone() };
        let mut said = json!(settings);
        if settings.sampling.critic_temperature == 0.0
            && let Some(sampling) = said["sampling"].as_object_mut()
        {
            sampling.remove("critic_temperature");
        }
        said
    }
}

/// What is not the same in two descriptions, the first of it.
pub(crate) fn differences(then: &Value, now: &Value) -> Vec<Difference> {
    let (then, now) = (flat(then), flat(now));
    let names: std::collections::BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let word = |values: &BTreeMap<String, String>, name: &String| {
        values.get(name).map_or("unset".to_owned(), |value| value.chars().take(LONGEST).collect())
    };
    let differing = names.into_iter().filter(|name| then.get(*name) != now.get(*name));
    let told =
        |name: &String| Difference { name: name.clone(), then: word(&then, name), now: word(&now, name) };
    differing.take(N_TOLD).map(told).collect()
}

/// Every value by its path.
fn flat(value: &Value) -> BTreeMap<String, String> {
    fn walk(path: &str, fields: &Map<String, Value>, found: &mut BTreeMap<String, String>) {
        for (name, value) in fields {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match value {
                Value::Object(fields) => walk(&path, fields, found),
                Value::String(text) => drop(found.insert(path, text.clone())),
                other => drop(found.insert(path, other.to_string())),
            }
        }
    }
    let mut found = BTreeMap::new();
    if let Value::Object(fields) = value {
        walk("", fields, &mut found);
    }
    found
}

fn hash(said: &Value) -> String {
    let said = artefact::canonical(said.clone());
    blake3::hash(said.to_string().as_bytes()).to_hex()[..32].to_owned()
}
