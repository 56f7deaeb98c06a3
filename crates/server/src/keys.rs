//! Who may call.

use crate::ServerError;
use std::path::Path;

/// What a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Recommendations, sessions, feedback, items, metrics.
    Api,
    /// All of that, and the console with its figures.
    Console,
    /// All of that, and changing the policy.
    Admin,
}

/// The keys that are known, as hashes: comparing hashes takes the same time whatever was sent.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<(blake3::Hash, Scope)>);

const SHORTEST: usize = 16;

impl Keys {
    /// Reads one key a line: `api KEY`, `console KEY` or `admin KEY`; empty lines and those that start with `#` say nothing.
    ///
    /// # Errors
    /// When the file cannot be read, a line is none of these, or there is no key: whoever names a file wants one asked for.
    pub fn read(path: &Path) -> Result<Self, ServerError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ServerError::Keys { path: path.to_owned(), source })?;
        let mut keys = Vec::new();
        for (at, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let read = line.split_once(' ').and_then(|(word, key)| Some((scope(word)?, key.trim())));
            let Some((scope, key)) = read.filter(|(_, key)| key.len() >= SHORTEST) else {
                return Err(ServerError::KeyLine { path: path.to_owned(), line: at + 1 });
            };
            keys.push((blake3::hash(key.as_bytes()), scope));
        }
        if keys.is_empty() {
            return Err(ServerError::NoKey { path: path.to_owned() });
        }
        Ok(Self(keys))
    }

    /// Whether everybody may call.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a key opens; every known key is compared, so that time says nothing about which one was near.
    pub fn scope(&self, key: &str) -> Option<Scope> {
        let sent = blake3::hash(key.as_bytes());
        let mut found = None;
        for (known, scope) in &self.0 {
            if *known == sent {
                found = Some(*scope);
            }
        }
        found
    }
}

fn scope(word: &str) -> Option<Scope> {
    match word {
        "api" => Some(Scope::Api),
        "console" => Some(Scope::Console),
        "admin" => Some(Scope::Admin),
        _ => None,
    }
}
