//! Laying one TOML table over the settings below it, key by key, with the place of every mistake.

use super::nearest;
use crate::failure::Failure;
use serde_json::{Map, Value};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A key or value that does not fit, and where it stands in its text.
#[derive(Debug)]
pub(super) struct Problem {
    message: String,
    hint: String,
    span: Range<usize>,
}

impl Problem {
    pub(super) fn into_failure(self, name: &str, text: &str) -> Failure {
        Failure::input(format!("{}: {name}", self.message)).hint(self.hint).at(name, text, self.span)
    }
}

/// Lays `table` over `below`, whose keys are the only ones allowed.
pub(super) fn merge_table(below: &mut Value, table: &DeTable<'_>, path: &str) -> Result<(), Problem> {
    let Value::Object(known) = below else {
        return Ok(());
    };
    let is_free_map = known.is_empty();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let full = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        if is_free_map {
            known.insert(name.to_owned(), plain(value));
            continue;
        }
        if !known.contains_key(name) {
            return Err(unknown_key(&full, name, known, key.span()));
        }
        if let Some(slot) = known.get_mut(name) {
            merge_value(slot, value, &full)?;
        }
    }
    Ok(())
}

fn merge_value(slot: &mut Value, value: &Spanned<DeValue<'_>>, path: &str) -> Result<(), Problem> {
    if let (Value::Object(_), DeValue::Table(table)) = (&*slot, value.get_ref()) {
        return merge_table(slot, table, path);
    }
    let new = plain(value);
    *slot = match (&*slot, new) {
        (Value::Null, new) => new,
        (Value::Number(old), Value::Number(new)) if old.is_f64() => Value::from(new.as_f64()),
        (Value::Number(_), Value::Number(new)) if !new.is_f64() => Value::Number(new),
        (Value::String(_), new @ Value::String(_))
        | (Value::Bool(_), new @ Value::Bool(_))
        | (Value::Array(_), new @ Value::Array(_)) => new,
        (old, new) => {
            let message = format!("`{path}` is {}, got {}", kind(old), kind(&new));
            return Err(Problem { message, hint: format!("its value now is {old}"), span: value.span() });
        }
    };
    Ok(())
}

fn unknown_key(path: &str, name: &str, known: &Map<String, Value>, span: Range<usize>) -> Problem {
    let hint = match nearest(name, known.keys().map(String::as_str)) {
        Some(key) => format!("did you mean `{key}`?"),
        None => {
            let keys: Vec<&str> = known.keys().map(String::as_str).collect();
            format!("known here: {}", keys.join(", "))
        }
    };
    Problem { message: format!("unknown key `{path}`"), hint, span }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

/// The value without its places. Dates stay as they were written.
fn plain(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::from(number.as_str()), Value::from),
        // JSON has no nan: it stays text.
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => Value::from(number),
            _ => Value::from(number.as_str()),
        },
        DeValue::Boolean(answer) => Value::from(*answer),
        DeValue::Datetime(date) => Value::from(date.to_string()),
        DeValue::Array(items) => items.iter().map(plain).collect(),
        DeValue::Table(table) => {
            table.iter().map(|(key, value)| (key.get_ref().to_string(), plain(value))).collect()
        }
    }
}
