//! Cassettes as sorted lines of JSON, small enough to be kept beside the code.

use std::io::{BufRead, Read as _, Write};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::file::Cassette;
use super::key::{canonical, from_hex, to_hex};
use super::rows::{StoredRow, read_row};
use crate::{Capabilities, LlmError};

/// Longest line that is read; a longer one is no line of ours.
const LONGEST_LINE: u64 = 64 << 20;

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Call { answer: Value, checksum: String, key: String, kind: String, model: String, request: Value },
    Model { capabilities: Capabilities },
}

impl Cassette {
    /// Writes all calls as lines of JSON: first the models by name, then the calls by key. Equal cassettes give equal
    /// text. Returns the number of calls.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if a row is damaged or the text cannot be written.
    pub fn export(&self, out: &mut dyn Write) -> Result<u64, LlmError> {
        let unwritten = |error: std::io::Error| LlmError::Unavailable {
            reason: format!("the calls cannot be written: {error}"),
            hint: "look whether there is room".to_owned(),
        };
        for capabilities in self.models()? {
            let value = serde_json::json!({ "capabilities": capabilities });
            writeln!(out, "{}", canonical(&value)).map_err(unwritten)?;
        }
        let mut n_calls = 0;
        let result = self.with(|connection| {
            let mut query = connection
                .prepare("SELECT model, kind, request, answer, checksum, key FROM calls ORDER BY key")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let key: Vec<u8> = row.get(5)?;
                let Some(stored) = read_row(row).filter(|stored| stored.is_whole(&key)) else {
                    return Ok(Err(self.damaged("a row")));
                };
                if let Err(error) = writeln!(out, "{}", line_of(&key, &stored)) {
                    return Ok(Err(unwritten(error)));
                }
                n_calls += 1;
            }
            Ok(Ok(()))
        });
        result?.map(|()| n_calls)
    }

    /// Reads lines that [`Cassette::export`] wrote into a cassette without a file; `name` is what errors call it.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] at the first line that is not as it was written.
    pub fn from_lines(mut reader: impl BufRead, name: &Path) -> Result<Self, LlmError> {
        let cassette = Self::in_memory(name)?;
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
            if read.map_err(|_| cassette.damaged(&format!("line {number}")))? == 0 {
                break;
            }
            cassette.read_line(&line).ok_or_else(|| cassette.damaged(&format!("line {number}")))??;
        }
        Ok(cassette)
    }

    /// Nothing if the line is not as it was written.
    fn read_line(&self, line: &[u8]) -> Option<Result<(), LlmError>> {
        let (answer, checksum, key, kind, model, request) = match serde_json::from_slice(line).ok()? {
            Line::Model { capabilities } => return Some(self.note_model(&capabilities)),
            Line::Call { answer, checksum, key, kind, model, request } => {
                (answer, checksum, key, kind, model, request)
            }
        };
        let (request, answer) = (canonical(&request), canonical(&answer));
        let stored = StoredRow { model, kind, request, answer, checksum: from_hex(&checksum)? };
        let key = from_hex(&key).filter(|key| stored.is_whole(key))?;
        let kept = self.with(|connection| {
            let StoredRow { model, kind, request, answer, checksum } = &stored;
            let insert = "INSERT OR REPLACE INTO calls VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let row = rusqlite::params![key, model, kind, request, answer, checksum];
            connection.prepare_cached(insert)?.execute(row)
        });
        Some(kept.map(|_| ()))
    }
}

/// The texts of a row are JSON already: they stand in the line as they are.
fn line_of(key: &[u8], row: &StoredRow) -> String {
    let (key, checksum, kind) = (to_hex(key), to_hex(&row.checksum), &row.kind);
    let (model, request, answer) = (Value::String(row.model.clone()), &row.request, &row.answer);
    format!(
        r#"{{"answer":{answer},"checksum":"{checksum}","key":"{key}","kind":"{kind}","model":{model},"request":{request}}}"#
    )
}
