//! Answers as a row keeps them.

use serde::{Deserialize, Serialize};

use super::key::{Kind, canonical, from_hex, to_hex};
use super::rows::StoredRow;
use crate::counted::usage_of;
use crate::{AgentRole, Completion, Continuation, Usage};

/// What can be kept in a row.
pub(crate) trait Answer: Clone + PartialEq {
    /// The text of the row.
    fn to_row(&self) -> Option<String>;

    /// The answer, if the text is one.
    fn from_row(text: &str) -> Option<Self>;

    /// What it cost.
    fn usage(&self) -> Usage;

    /// Whether it is none, so that it is asked for again where another answer may come.
    fn says_nothing(&self) -> bool {
        false
    }

    /// The text of the row if the very same answer can be read from it, which a number that is not finite prevents.
    fn faithful_row(&self) -> Option<String> {
        self.to_row().filter(|row| Self::from_row(row).as_ref() == Some(self))
    }
}

impl Answer for Completion {
    fn says_nothing(&self) -> bool {
        Self::says_nothing(self)
    }

    fn usage(&self) -> Usage {
        self.usage
    }

    fn to_row(&self) -> Option<String> {
        to_row(self)
    }

    fn from_row(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl Answer for Vec<Continuation> {
    fn usage(&self) -> Usage {
        usage_of(self)
    }

    fn to_row(&self) -> Option<String> {
        to_row(self)
    }

    fn from_row(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// The vector of one text and its share of the cost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vector {
    pub(crate) coordinates: Vec<f32>,
    pub(crate) usage: Usage,
}

/// Little-endian bytes in hexadecimal: shorter than decimal digits, and exact.
#[derive(Serialize, Deserialize)]
struct VectorRow {
    f32: String,
    usage: Usage,
}

impl Answer for Vector {
    fn usage(&self) -> Usage {
        self.usage
    }

    fn to_row(&self) -> Option<String> {
        let bytes: Vec<u8> = self.coordinates.iter().flat_map(|x| x.to_le_bytes()).collect();
        to_row(&VectorRow { f32: to_hex(&bytes), usage: self.usage })
    }

    fn from_row(text: &str) -> Option<Self> {
        let row: VectorRow = serde_json::from_str(text).ok()?;
        let bytes = from_hex(&row.f32)?;
        let (words, rest) = bytes.as_chunks::<4>();
        let coordinates = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        rest.is_empty().then_some(Self { coordinates, usage: row.usage })
    }
}

impl Answer for usize {
    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn to_row(&self) -> Option<String> {
        to_row(self)
    }

    fn from_row(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// The canonical JSON of a value.
pub(crate) fn to_row(value: &impl Serialize) -> Option<String> {
    serde_json::to_value(value).ok().as_ref().map(canonical)
}

/// Who asked, as the request says, if it does.
pub(crate) fn asked_by(request: &str) -> Option<AgentRole> {
    #[derive(Deserialize)]
    struct Asked {
        agent: AgentRole,
    }
    serde_json::from_str::<Asked>(request).ok().map(|asked| asked.agent)
}

/// Who asked, and what it cost, as a row says.
pub(crate) fn cost_of(row: &StoredRow) -> Option<(AgentRole, Usage)> {
    let asked = || asked_by(&row.request);
    match Kind::of(&row.kind)? {
        Kind::Generate => Some((asked()?, Completion::from_row(&row.answer)?.usage)),
        Kind::Score => Some((asked()?, usage_of(&Vec::from_row(&row.answer)?))),
        Kind::Embed => Some((AgentRole::Other, Vector::from_row(&row.answer)?.usage)),
        Kind::Count => None,
    }
}
