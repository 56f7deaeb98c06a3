//! Which column plays which role, by the user's word or by the names that such columns have.

use crate::{DataError, Problem};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::str::FromStr;

/// The user's word on column names; what is not named is recognised by its usual names.
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
}

impl FromStr for ColumnMap {
    type Err = Problem;

    /// Reads `user=..,item=..,rating=..,time=..,title=..,genres=..`, each part optional.
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
                other => {
                    let text = format!("no role `{other}`: user, item, rating, time, title, genres");
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
    Rating,
    Time,
    Title,
    Genres,
    Sequence,
    /// Any column that a selection names.
    Selected,
}

impl Role {
    /// The role in messages.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::User => "the user id",
            Self::Item => "the item id",
            Self::Rating => "the rating",
            Self::Time => "the time",
            Self::Title => "the title",
            Self::Genres => "the categories",
            Self::Sequence => "the sequence of items",
            Self::Selected => "the selection",
        }
    }

    /// The usual names, plain (see [`plain_name`]), the most telling first.
    fn usual(self) -> impl Iterator<Item = &'static str> {
        let names = match self {
            Self::User => {
                "userid user uid useridencoded useridx agentid reviewerid customerid visitorid username steamid \
                 accountid"
            }
            Self::Item => {
                "itemid item iid itemidx movieid gameid artistid jokeid bookid productid parentasin asin appid \
                 songid trackid animeid videoid businessid newsid articleid isbn sku"
            }
            Self::Rating => "rating ratings score stars overall reward ratingvalue",
            Self::Time => "timestamp time ts unixreviewtime datetime date createdat ratedat eventtime",
            Self::Title => {
                "title movietitle itemtitle booktitle name itemname productname appname artist artistname text"
            }
            Self::Genres => "genres genre categories category class toptags tags tag features",
            Self::Sequence => "itemids itemidlist items sequence seq historyids history trainitemids",
            Self::Selected => "",
        };
        let amounts = if self == Self::Rating { AMOUNTS } else { "" };
        names.split_whitespace().chain(amounts.split_whitespace())
    }
}

/// Names of rating columns that hold unbounded amounts.
const AMOUNTS: &str = "hours hoursplayed playtime playtimeforever minutes listens listencount plays playcount \
                       weight count clicks views";

/// Whether a column's name says that it holds unbounded amounts.
pub(crate) fn is_count_name(name: &str) -> bool {
    AMOUNTS.split_whitespace().any(|usual| usual == plain_name(name))
}

/// A name without case, separators and RecBole's type (`user_id:token` is `userid`).
pub(crate) fn plain_name(name: &str) -> String {
    let name = name.split(':').next().unwrap_or(name);
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Finds the column of a role. A column the user named must exist.
pub(crate) fn find_column<'n>(
    header: impl Iterator<Item = &'n str>,
    role: Role,
    named: Option<&str>,
    file: &Path,
) -> Result<Option<usize>, DataError> {
    let header: Vec<&str> = header.collect();
    if let Some(named) = named {
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
    DataError::new(Problem::MissingColumn { role: role.word(), present }, file).at_line(1)
}
