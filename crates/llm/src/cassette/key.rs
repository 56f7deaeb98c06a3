//! Which call a row answers.

use std::collections::HashMap;

use serde_json::Value;

use crate::{AgentRole, Choices, Generate, LlmError, Score};

/// Bytes of a key and of a checksum.
pub(crate) const HASH_BYTES: usize = 32;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text.
    Generate,
    /// Likelihoods.
    Score,
    /// The vector of one text.
    Embed,
    /// The number of tokens of a text, where it is not the usual estimate.
    Count,
}

impl Kind {
    /// The kind that stands in the file under this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::Generate, Self::Score, Self::Embed, Self::Count].into_iter().find(|kind| kind.name() == name)
    }

    /// As it stands in the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::Score => "score",
            Self::Embed => "embed",
            Self::Count => "count",
        }
    }
}

/// One call as the cassette knows it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) key: [u8; HASH_BYTES],
    pub(crate) kind: &'static str,
    pub(crate) request: String,
}

impl Call {
    fn new(model: &str, kind: Kind, request: &Value) -> Self {
        let request = canonical(request);
        Self {
            key: hash(&[model.as_bytes(), kind.name().as_bytes(), request.as_bytes()]),
            kind: kind.name(),
            request,
        }
    }

    /// The key as text.
    pub(crate) fn key_text(&self) -> String {
        to_hex(&self.key)
    }

    /// One call per request. The texts of the choices, often a whole catalogue, enter as their hash.
    pub(crate) fn of_generate(model: &str, requests: &[Generate]) -> Result<Vec<Self>, LlmError> {
        let mut digests: HashMap<*const Choices, Value> = HashMap::new();
        let calls = requests.iter().map(|request| {
            let choices = request.choices.as_ref().map(|choices| {
                let digest = digests.entry(std::sync::Arc::as_ptr(choices));
                digest.or_insert_with(|| Value::String(digest_of(choices))).clone()
            });
            let mut value = to_value(&Generate { choices: None, ..request.clone() })?;
            if let (Some(choices), Value::Object(fields)) = (choices, &mut value) {
                fields.insert("choices".to_owned(), choices);
            }
            Ok(Self::new(model, Kind::Generate, &value))
        });
        calls.collect()
    }

    /// One call per request.
    pub(crate) fn of_score(model: &str, requests: &[Score]) -> Result<Vec<Self>, LlmError> {
        requests.iter().map(|request| Ok(Self::new(model, Kind::Score, &to_value(request)?))).collect()
    }

    /// One continuation by itself. Of the prefix, which all of a slate share, only the hash is kept.
    pub(crate) fn of_single(model: &str, prefix: &str, agent: AgentRole, continuation: &str) -> Self {
        let request = serde_json::json!({ "agent": agent, "prefix": prefix, "continuation": continuation });
        Self::new(model, Kind::Score, &request)
    }

    /// The hash of a shared prefix.
    pub(crate) fn digest_of_prefix(request: &Score) -> Result<String, LlmError> {
        Ok(to_hex(&hash(&[canonical(&to_value(&request.messages)?).as_bytes()])))
    }

    /// One call per text.
    pub(crate) fn of_texts(model: &str, texts: &[String]) -> Vec<Self> {
        texts.iter().map(|text| Self::new(model, Kind::Embed, &Value::String(text.clone()))).collect()
    }

    /// The count of a text, which itself is not kept.
    pub(crate) fn of_count(model: &str, text: &str) -> Self {
        Self::new(model, Kind::Count, &Value::String(to_hex(&hash(&[text.as_bytes()]))))
    }

    /// The checksum of a row with this key.
    pub(crate) fn checksum(key: &[u8], parts: [&str; 4]) -> [u8; HASH_BYTES] {
        let [model, kind, request, answer] = parts.map(str::as_bytes);
        hash(&[key, model, kind, request, answer])
    }
}

fn to_value(request: &(impl serde::Serialize + ?Sized)) -> Result<Value, LlmError> {
    serde_json::to_value(request)
        .map_err(|e| LlmError::Failed { reason: format!("the request cannot be written as JSON: {e}") })
}

fn digest_of(choices: &Choices) -> String {
    let texts: Vec<&[u8]> = choices.texts.iter().map(String::as_bytes).collect();
    to_hex(&hash(&texts))
}

/// Hash of parts, each with its length, so that they cannot run into each other.
pub(crate) fn hash(parts: &[&[u8]]) -> [u8; HASH_BYTES] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    *hasher.finalize().as_bytes()
}

/// Lower-case hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits, if that is what they are.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).map(|value| value as u8);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect()
}

/// JSON with sorted keys and without spaces: equal values have equal texts.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            let mut separator = '{';
            for (name, value) in &fields {
                text.push(separator);
                write_canonical(&Value::String((*name).clone()), text);
                text.push(':');
                write_canonical(value, text);
                separator = ',';
            }
            text.push_str(if fields.is_empty() { "{}" } else { "}" });
        }
        Value::Array(elements) => {
            text.push('[');
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_canonical(element, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}
