//! Settings come in layers, each checked against the defaults: preset file, then `--config`, then `--set`.

mod layer;
mod likeness;
mod print;

pub(crate) use likeness::{nearest, one_of};

use crate::failure::Failure;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;

/// Settings being resolved. The defaults are the schema: a key they do not have is an error.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    resolved: Value,
}

impl Layers {
    /// Starts from defaults; `Option`s that are `None` accept any value until [`Layers::resolve`].
    pub(crate) fn new(defaults: &impl Serialize) -> Self {
        Self { resolved: serde_json::to_value(defaults).expect("settings are plain data") }
    }

    /// Lays a TOML file over what is there.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or has an unknown key or a value of another kind.
    pub(crate) fn file(&mut self, path: &Path) -> Result<(), Failure> {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::reading(path, &e))?;
        self.text(&path.display().to_string(), &text)
    }

    /// Lays TOML text over what is there; `name` stands in messages.
    pub(crate) fn text(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let advice = "settings are TOML: `[section]`, then lines such as `key = 3` or `key = \"text\"`";
        let parsed = toml::de::DeTable::parse(text).map_err(|e| not_toml(name, text, &e, advice))?;
        layer::merge_table(&mut self.resolved, parsed.get_ref(), "")
            .map_err(|problem| problem.into_failure(name, text))
    }

    /// Lays one `section.key=value` over what is there. A value that is not TOML is taken as a string.
    pub(crate) fn set(&mut self, assignment: &str) -> Result<(), Failure> {
        let (key, value) = assignment.split_once('=').ok_or_else(|| {
            Failure::input(format!("expected section.key=value, got `{assignment}`"))
                .hint("for example --set evaluation.users=200")
        })?;
        let plain = format!("{} = {}", key.trim(), value.trim());
        let quoted = format!("{} = {}", key.trim(), Value::from(value.trim()));
        let text = if toml::de::DeTable::parse(&plain).is_ok() { plain } else { quoted };
        self.text("--set", &text)
    }

    /// The checked settings.
    pub(crate) fn resolve<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_value(self.resolved.clone()).map_err(|e| {
            Failure::input(format!("settings do not fit together: {e}"))
                .hint("--print-config shows the resolved settings")
        })
    }

    /// The resolved settings as plain values.
    pub(crate) fn values(&self) -> &Value {
        &self.resolved
    }

    /// The resolved settings as TOML.
    pub(crate) fn to_toml(&self) -> String {
        print::to_toml(&self.resolved)
    }
}

/// A text that is not TOML or does not have the expected keys, with its place and the known name that is meant, or
/// else with `advice`.
pub(crate) fn not_toml(name: &str, text: &str, error: &toml::de::Error, advice: &str) -> Failure {
    let failure = Failure::input(format!("cannot read the settings: {}: {name}", error.message()));
    let failure = failure.hint(self::advice(error.message(), advice));
    match error.span() {
        Some(span) => failure.at(name, text, span),
        None => failure,
    }
}

/// What to do about a message of serde: the known name that is meant, or else what is said `otherwise`.
pub(crate) fn advice(message: &str, otherwise: &str) -> String {
    meant(message).map_or_else(|| otherwise.to_owned(), |name| format!("did you mean `{name}`?"))
}

/// The known name that a message about an unknown one most likely means: serde names all of them, in backticks.
fn meant(message: &str) -> Option<&str> {
    let is_about_a_name = ["unknown field", "unknown variant"].iter().any(|start| message.starts_with(start));
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().filter(|_| is_about_a_name)?;
    nearest(unknown, quoted)
}

#[cfg(test)]
mod tests;
