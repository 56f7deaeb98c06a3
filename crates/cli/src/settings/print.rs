//! Resolved settings as TOML that can be fed back.

use serde_json::Value;

/// TOML text; keys without a value are left out, as TOML has none.
pub(super) fn to_toml(value: &Value) -> String {
    let table = to_toml_value(value).unwrap_or_else(|| toml::Value::Table(toml::Table::new()));
    toml::to_string_pretty(&table).expect("plain values have a TOML form")
}

fn to_toml_value(value: &Value) -> Option<toml::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(answer) => toml::Value::Boolean(*answer),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => toml::Value::Integer(whole),
            None => toml::Value::Float(shortest(number.as_f64().unwrap_or_default())),
        },
        Value::String(text) => toml::Value::String(text.clone()),
        Value::Array(items) => toml::Value::Array(items.iter().filter_map(to_toml_value).collect()),
        Value::Object(map) => {
            let entries = map.iter().filter_map(|(key, value)| Some((key.clone(), to_toml_value(value)?)));
            toml::Value::Table(entries.collect())
        }
    })
}

/// A number that came from 32 bits reads as it was written: 0.1, not 0.10000000149011612.
fn shortest(number: f64) -> f64 {
    let narrow = number as f32;
    if f64::from(narrow) == number { narrow.to_string().parse().unwrap_or(number) } else { number }
}
