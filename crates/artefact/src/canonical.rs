//! One order for the keys of settings, whatever order a build of this program happens to keep them in.

use serde_json::Value;

/// The value with the keys of every object in it in the order of their bytes: what is hashed, and what manifests hold. Whether
/// `serde_json` sorts keys by itself depends on the features that other crates ask of it (`preserve_order`).
pub fn canonical(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(fields.into_iter().map(|(key, value)| (key, canonical(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(canonical).collect()),
        other => other,
    }
}
