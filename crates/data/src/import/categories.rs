//! The categories of items in the shapes that logs have for them.

use crate::error::shortened;
use crate::input::{Literal, Object};
use std::collections::{BTreeSet, HashMap};

/// What one item's field says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Categories {
    /// These, or none.
    Names(Vec<String>),
    /// A text with commas: one name, or several. The whole column decides.
    Commas(String),
    /// Something of a shape that is not understood: its beginning.
    NotUnderstood(String),
}

/// Keys under which an object has its name.
const NAME_KEYS: [&str; 7] = ["name", "title", "label", "genre", "category", "description", "tag"];

impl Categories {
    /// Reads one field: `a|b`, `a;b`, `a, b`, one name, or a list or object as JSON, Python or NumPy write it.
    pub(super) fn of_text(field: &str) -> Self {
        let field = field.trim();
        if is_missing(field) {
            return Self::Names(Vec::new());
        }
        if is_literal(field) {
            return match Literal::parse(field) {
                Ok(literal) => Self::of_literal(&literal),
                Err(_) => Self::of_bare_list(field),
            };
        }
        if field.contains('|') {
            return Self::named(field.split('|'));
        }
        let parts = split_at_semicolons(field);
        if parts.len() == 1 && field.contains(',') {
            return Self::Commas(field.to_owned());
        }
        Self::named(parts.into_iter())
    }

    /// Reads a value; lists in lists are one list.
    pub(super) fn of_literal(literal: &Literal<'_>) -> Self {
        if let Literal::Text(text) = literal {
            return Self::of_text(text);
        }
        let mut names = Vec::new();
        match gather(literal, &mut names) {
            Some(()) => Self::named(names.iter().map(String::as_str)),
            None => Self::NotUnderstood(shortened(&format!("{}", Shown(literal)))),
        }
    }

    /// Takes names as they are, without those that mean nothing.
    pub(super) fn named<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let names = names.map(str::trim).filter(|name| !is_missing(name));
        Self::Names(names.map(str::to_owned).collect())
    }

    /// Names between brackets without quotation marks: `[Action, Drama]`, `{Action,Drama}`.
    fn of_bare_list(field: &str) -> Self {
        let inner = [('[', ']'), ('{', '}')]
            .iter()
            .find_map(|&(open, close)| field.strip_prefix(open)?.strip_suffix(close));
        match inner {
            Some(inner) if !inner.contains(['"', '\'', '[', ']', '{', '}', ':']) && !has_call(inner) => {
                Self::named(inner.split(','))
            }
            None if field.starts_with('(') => Self::named(std::iter::once(field)),
            _ => Self::NotUnderstood(shortened(field)),
        }
    }
}

/// Decides a column: whether its texts with commas are lists. They are where most of them share a part with another
/// value of the column (`Food, Bars` and `Food, Cafes`); `Arts, Crafts & Sewing` shares none. Returns whether they
/// are.
pub(super) fn decide_commas<'c>(column: impl Iterator<Item = &'c Categories> + Clone) -> bool {
    let mut values: BTreeSet<&str> = BTreeSet::new();
    for categories in column {
        match categories {
            Categories::Commas(text) => values.insert(text),
            Categories::Names(names) if names.len() == 1 => values.insert(&names[0]),
            _ => false,
        };
    }
    let mut n_with: HashMap<&str, usize> = HashMap::new();
    for value in &values {
        let parts: BTreeSet<&str> = parts(value).collect();
        parts.into_iter().for_each(|part| *n_with.entry(part).or_default() += 1);
    }
    let with_commas = || values.iter().filter(|value| value.contains(','));
    let n_linked = with_commas().filter(|value| parts(value).any(|part| n_with[part] > 1)).count();
    n_linked > 0 && 2 * n_linked >= with_commas().count()
}

/// The names in a field, once it is known whether commas stand between them.
pub(super) fn names(categories: Categories, are_commas_separators: bool) -> Vec<String> {
    match categories {
        Categories::Names(names) => names,
        Categories::Commas(text) if are_commas_separators => {
            parts(&text).filter(|part| !is_missing(part)).map(str::to_owned).collect()
        }
        Categories::Commas(text) => vec![text],
        Categories::NotUnderstood(_) => Vec::new(),
    }
}

/// Whether a title or category says that there is none.
pub(super) fn is_missing(text: &str) -> bool {
    matches!(text, "" | "nan" | "NaN" | "None" | "null" | "NULL" | "<NA>" | "\\N" | "(no genres listed)")
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn is_literal(field: &str) -> bool {
    let calls = ["array(", "set(", "frozenset(", "list("];
    field.starts_with(['[', '{', '(']) || calls.iter().any(|call| field.starts_with(call))
}

/// Whether a text has a bracket directly behind a letter, as a call has.
fn has_call(text: &str) -> bool {
    text.split('(').rev().skip(1).any(|before| before.ends_with(char::is_alphanumeric))
}

/// Splits at semicolons, except those that end an HTML entity (`Arts &amp; Crafts`).
fn split_at_semicolons(field: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in field.match_indices(';') {
        let is_entity = field[start..at].rfind('&').is_some_and(|and| {
            let name = &field[start + and + 1..at];
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
        });
        if !is_entity {
            parts.push(&field[start..at]);
            start = at + 1;
        }
    }
    parts.push(&field[start..]);
    parts
}

/// Collects the names in a value; `None` where a part of it is not understood.
fn gather(literal: &Literal<'_>, names: &mut Vec<String>) -> Option<()> {
    match literal {
        Literal::Null => {}
        Literal::Text(text) => names.push(text.as_ref().to_owned()),
        Literal::Number(number) => names.push((*number).to_owned()),
        Literal::Truth(_) => return None,
        Literal::List(values) => values.iter().try_for_each(|value| gather(value, names))?,
        Literal::Object(object) => gather_object(object, names)?,
    }
    Some(())
}

/// An object has a name, or its keys are names and its values say how much they hold.
fn gather_object(object: &Object<'_>, names: &mut Vec<String>) -> Option<()> {
    let name = NAME_KEYS.iter().find_map(|key| match object.get(key) {
        Some(Literal::Text(text)) => Some(text.as_ref().to_owned()),
        _ => None,
    });
    if let Some(name) = name {
        names.push(name);
        return Some(());
    }
    for (key, value) in object.entries() {
        match value {
            Literal::Truth(false) | Literal::Number("0") => {}
            Literal::Truth(true) | Literal::Number(_) if key != "id" => names.push(key.to_owned()),
            _ => return None,
        }
    }
    Some(())
}

/// A value for messages.
struct Shown<'l, 'a>(&'l Literal<'a>);

impl std::fmt::Display for Shown<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Literal::Null => f.write_str("null"),
            Literal::Truth(truth) => write!(f, "{truth}"),
            Literal::Number(number) => f.write_str(number),
            Literal::Text(text) => write!(f, "{text:?}"),
            Literal::List(values) => {
                f.write_str("[")?;
                values.iter().take(3).try_for_each(|value| write!(f, "{}, ", Shown(value)))?;
                f.write_str("...]")
            }
            Literal::Object(object) => {
                f.write_str("{")?;
                object
                    .entries()
                    .take(3)
                    .try_for_each(|(key, value)| write!(f, "{key:?}: {}, ", Shown(value)))?;
                f.write_str("...}")
            }
        }
    }
}
