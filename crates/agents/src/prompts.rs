//! What the agents are told: templates in our own words, each replaceable by a file of the user's.

mod context;

pub(crate) use context::{Refusal, Seen, Shown, Situation};

#[cfg(test)]
mod tests;

use crate::AgentError;
use llm::{Message, Speaker};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use std::path::Path;

/// The templates by name; a folder of the user's holds `NAME.jinja` for those that it replaces.
const TEMPLATES: [(&str, &str); 6] = [
    ("system", include_str!("prompts/templates/system.jinja")),
    ("situation", include_str!("prompts/templates/situation.jinja")),
    ("planner", include_str!("prompts/templates/planner.jinja")),
    ("actor", include_str!("prompts/templates/actor.jinja")),
    ("critic", include_str!("prompts/templates/critic.jinja")),
    ("reflector", include_str!("prompts/templates/reflector.jinja")),
];
const EXTENSION: &str = ".jinja";
/// What one rendering may spend: a template that would never end is stopped.
const FUEL: u64 = 1_000_000;
/// The largest template that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The templates, compiled.
#[derive(Debug)]
pub struct Prompts {
    environment: Environment<'static>,
    hash: String,
}

impl Prompts {
    /// The built-in templates.
    ///
    /// # Errors
    /// Never for the templates as they are; the type is that of [`Prompts::with`].
    pub fn builtin() -> Result<Self, AgentError> {
        Self::with(&[])
    }

    /// The built-in templates, some replaced by (name, text).
    ///
    /// # Errors
    /// When a name is unknown, or a text does not compile or asks for what prompts do not hold.
    pub fn with(replacements: &[(String, String)]) -> Result<Self, AgentError> {
        let mut environment = Environment::new();
        environment.set_syntax(line_blocks()?);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        if let Some((name, _)) = replacements.iter().find(|(name, _)| TEMPLATES.iter().all(|t| t.0 != name)) {
            let known: Vec<&str> = TEMPLATES.iter().map(|t| t.0).collect();
            return Err(template(name, &format!("unknown; there are {}", known.join(", "))));
        }
        let mut hasher = blake3::Hasher::new();
        for (name, builtin) in TEMPLATES {
            let replaced = replacements.iter().find(|(n, _)| n == name).map(|(_, text)| text.clone());
            let text = replaced.unwrap_or_else(|| builtin.to_owned());
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
            environment.add_template_owned(name, text).map_err(|e| broken(name, &e))?;
        }
        let prompts = Self { environment, hash: hasher.finalize().to_hex()[..16].to_owned() };
        for (name, _) in TEMPLATES {
            prompts.render(name, &Situation::sample(true))?;
            prompts.render(name, &Situation::sample(false))?;
        }
        Ok(prompts)
    }

    /// The built-in templates, with what a folder replaces.
    ///
    /// # Errors
    /// When the folder cannot be read or holds a template that cannot be used.
    pub fn read(folder: &Path) -> Result<Self, AgentError> {
        let io = |source| AgentError::Io { action: "read", path: folder.to_owned(), source };
        let mut replacements = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(name) = name.and_then(|name| name.strip_suffix(EXTENSION)) else { continue };
            let too_long = std::fs::metadata(&path).map_err(io)?.len() > MAX_BYTES;
            if too_long {
                return Err(template(name, &format!("longer than {MAX_BYTES} bytes")));
            }
            replacements.push((name.to_owned(), std::fs::read_to_string(&path).map_err(io)?));
        }
        replacements.sort();
        if replacements.is_empty() {
            return Err(template("*", &format!("no file named *{EXTENSION} in {}", folder.display())));
        }
        Self::with(&replacements)
    }

    /// The hash of all texts.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The chat for one call: the standing instructions, then what the template says.
    pub(crate) fn chat(&self, name: &str, situation: &Situation<'_>) -> Result<Vec<Message>, AgentError> {
        let system = self.render("system", situation)?;
        let user = self.render(name, situation)?;
        Ok(vec![
            Message { role: Speaker::System, content: system },
            Message { role: Speaker::User, content: user },
        ])
    }

    fn render(&self, name: &str, situation: &Situation<'_>) -> Result<String, AgentError> {
        let text = self.environment.get_template(name).and_then(|template| template.render(Serde(situation)));
        Ok(text.map_err(|e| broken(name, &e))?.trim().to_owned())
    }
}

/// A line that holds nothing but a block leaves nothing behind.
fn line_blocks() -> Result<SyntaxConfig, AgentError> {
    SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(|e| broken("system", &e))
}

fn template(name: &str, why: &str) -> AgentError {
    AgentError::Template { name: name.to_owned(), why: why.to_owned() }
}

/// The innermost reason, with the line of the template it stands in.
fn broken(name: &str, error: &minijinja::Error) -> AgentError {
    let place = error.name().unwrap_or(name);
    let line = error.line().map_or(String::new(), |line| format!(", line {line}"));
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    template(place, &format!("{detail}{line}"))
}
