//! Values of a rating column that mean "not rated".

use serde::{Deserialize, Serialize};

/// Values that mean "not rated", such as 99, NaN or NULL. In settings one value, or a list of them. A number means every
/// way to write it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Missing(Vec<String>);

impl Missing {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a rating's text is one of them.
    pub(crate) fn has_text(&self, text: &str) -> bool {
        self.0.iter().any(|value| {
            value == text || number(value).is_some_and(|x| number(text).is_some_and(|y| same(x, y)))
        })
    }

    /// Whether a rating is one of them.
    pub(crate) fn has_number(&self, rating: f64) -> bool {
        self.0.iter().filter_map(|value| number(value)).any(|value| same(value, rating as f32))
    }
}

impl<T: Into<String>> FromIterator<T> for Missing {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().map(|value| value.into().trim().to_owned()).collect())
    }
}

/// Ratings are kept as `f32`; not-a-number is like itself here.
fn same(a: f32, b: f32) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn number(text: &str) -> Option<f32> {
    text.parse().ok()
}

/// As settings have it: numbers stay numbers, and what JSON cannot write as one is text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    None(()),
    One(Value),
    Many(Vec<Value>),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Number(f64),
    Text(String),
}

impl From<Written> for Missing {
    fn from(written: Written) -> Self {
        let values = match written {
            Written::None(()) => Vec::new(),
            Written::One(value) => vec![value],
            Written::Many(values) => values,
        };
        let text = |value| match value {
            Value::Number(number) => number.to_string(),
            Value::Text(text) => text,
        };
        values.into_iter().map(text).collect()
    }
}

impl From<Missing> for Written {
    fn from(Missing(values): Missing) -> Self {
        let value = |text: String| match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number.to_string() == text => Value::Number(number),
            _ => Value::Text(text),
        };
        let mut values: Vec<Value> = values.into_iter().map(value).collect();
        match values.len() {
            0 => Self::None(()),
            1 => Self::One(values.remove(0)),
            _ => Self::Many(values),
        }
    }
}
