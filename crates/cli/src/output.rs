//! Standard output: data only, one JSON object or one text for people.

use crate::failure::Failure;
use serde::Serialize;
use std::io::Write as _;

/// How a command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A table or a few lines.
    People,
    /// One JSON object.
    Json,
}

impl Format {
    /// Writes the answer. A reader that went away (`| head`) is no error.
    pub(crate) fn emit(self, value: &impl Serialize, for_people: &str) -> Result<(), Failure> {
        let text = match self {
            Self::Json => serde_json::to_string_pretty(value)
                .map_err(|e| Failure::machine(format!("cannot write the answer as JSON: {e}")))?,
            Self::People => for_people.trim_end().to_owned(),
        };
        // Titles and answers of models are other people's text; in JSON only strings can hold such characters.
        let text = match self {
            Self::Json => escaped(&text),
            Self::People => catalogue::visible(&text).into_owned(),
        };
        match writeln!(std::io::stdout().lock(), "{text}") {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failure::machine(format!("cannot write to standard output: {error}")))
            }
            _ => Ok(()),
        }
    }
}

/// JSON in which the characters after DEL are written as escapes, as those before the blank are.
fn escaped(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' => shown.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown
}
