//! Which column plays which role, by the user's word or by the names that such columns have.

use super::names::{self, plain_name};
use crate::{DataError, Problem};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::str::FromStr;

/// The user's word on column names; what is not named is recognised by its usual names. An empty name says that there
/// is no such column, whatever the header has: `time=` leaves the times out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnMap {
    /// The user's id.
    pub user: Option<String>,
    /// The item's id, in the log and in the items file (there, if it is not found, by its usual names).
    pub item: Option<String>,
    /// The rating or amount.
    pub rating: Option<String>,
    /// The time.
    pub time: Option<String>,
    /// The item's title, or its text.
    pub title: Option<String>,
    /// The item's categories.
    pub genres: Option<String>,
    /// With which probability whoever showed the item had chosen it: above 0, up to 1, or empty where nobody had. Only
    /// a column that is named here is read so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propensity: Option<String>,
}

impl FromStr for ColumnMap {
    type Err = Problem;

    /// Reads `user=..,item=..,rating=..,time=..,title=..,genres=..,propensity=..`, each part optional.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let mut map = Self::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (role, column) = part
                .split_once('=')
                .ok_or_else(|| Problem::Option(format!("`{part}` in the column map is not role=column")))?;
            let slot = match role.trim() {
                "user" => &mut map.user,
                "item" => &mut map.item,
                "rating" => &mut map.rating,
                "time" => &mut map.time,
                "title" => &mut map.title,
                "genres" => &mut map.genres,
                "propensity" => &mut map.propensity,
                other => {
                    let text =
                        format!("no role `{other}`: user, item, rating, time, title, genres, propensity");
                    return Err(Problem::Option(text));
                }
            };
            if slot.replace(column.trim().to_owned()).is_some() {
                return Err(Problem::Option(format!(
                    "role `{}` is named twice in the column map",
                    role.trim()
                )));
            }
        }
        Ok(map)
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    User,
    Item,
    /// The item by an id, not by what it is called.
    ItemId,
    Rating,
    Time,
    Title,
    Genres,
    Propensity,
    Sequence,
    /// Any column that a selection names.
    Selected,
}

impl Role {
    /// The role in messages.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::User => "the user id",
            Self::Item | Self::ItemId => "the item id",
            Self::Rating => "the rating",
            Self::Time => "the time",
            Self::Title => "the title",
            Self::Genres => "the categories",
            Self::Propensity => "the propensity",
            Self::Sequence => "the sequence of items",
            Self::Selected => "the selection",
        }
    }

    /// The usual names, plain (see [`names::plain_name`]), the most telling first.
    fn usual(self) -> Box<dyn Iterator<Item = &'static str>> {
        let names = match self {
            Self::Rating => return Box::new(names::ratings()),
            Self::Item => return Box::new(words(names::ITEMS).chain(words(names::THINGS))),
            Self::ItemId => names::ITEMS,
            Self::User => names::USERS,
            Self::Time => names::TIMES,
            Self::Title => names::TITLES,
            Self::Genres => names::GENRES,
            Self::Sequence => names::SEQUENCES,
            // Many things are called so that are no probability of a choice: the user has to name it.
            Self::Propensity | Self::Selected => "",
        };
        Box::new(words(names))
    }
}

fn words(names: &'static str) -> impl Iterator<Item = &'static str> {
    names.split_whitespace()
}

/// Finds the column of a role. A column the user named must exist; an empty name means that there is none.
pub(crate) fn find_column<'n>(
    header: impl Iterator<Item = &'n str>,
    role: Role,
    named: Option<&str>,
    file: &Path,
) -> Result<Option<usize>, DataError> {
    let header: Vec<&str> = header.collect();
    if let Some(named) = named {
        if named.is_empty() {
            return Ok(None);
        }
        let exact = header.iter().position(|name| *name == named);
        let found = exact.or_else(|| header.iter().position(|name| plain_name(name) == plain_name(named)));
        return match found {
            Some(column) => Ok(Some(column)),
            None => Err(missing(role, &header, file).in_field(named)),
        };
    }
    let plain: Vec<String> = header.iter().map(|name| plain_name(name)).collect();
    Ok(role.usual().find_map(|usual| plain.iter().position(|name| name == usual)))
}

/// The error for a role without a column.
pub(crate) fn missing(role: Role, header: &[&str], file: &Path) -> DataError {
    let mut present = header.join(", ");
    if present.len() > 200 {
        present = header.iter().take(10).copied().collect::<Vec<_>>().join(", ") + ", ...";
    }
    let looks_like_data = header.iter().filter(|name| name.parse::<f64>().is_ok()).count() > 1;
    let problem = match header.len() {
        2.. if looks_like_data => Problem::NoHeader { role: role.word(), present },
        _ => Problem::MissingColumn { role: role.word(), present },
    };
    DataError::new(problem, file).at_line(1)
}
