//! What feedback is worth, and histories as clients send them.

use super::body::{Id, Object};
use crate::problem::Problem;
use crate::store::Rated;
use serde::Deserialize;
use serving::Served;

/// What a user did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Feedback {
    /// It was liked.
    Like,
    /// It was passed over.
    Skip,
    /// It was disliked.
    Dislike,
    /// The user left at it.
    Leave,
}

impl Feedback {
    /// On the scale of ratings. Who leaves had enough, of this item or of the session: as much as a skip.
    pub(crate) fn reward(self) -> f32 {
        match self {
            Self::Like => 5.0,
            Self::Skip | Self::Leave => 2.0,
            Self::Dislike => 1.0,
        }
    }
}

/// One item of a history: its id or title alone, which counts as liked, or with feedback or a rating.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "an id (as text, or as a whole number of 64 bits at most), a title, or an object with `item` and what the user thought of it"
)]
pub(crate) enum HistoryRow {
    /// Its id or title.
    Name(Id),
    /// With what the user thought of it.
    Judged(Object<JudgedRow>),
}

/// An item with what the user thought of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JudgedRow {
    item: Id,
    rating: Option<f64>,
    feedback: Option<Feedback>,
}

/// The rating, where there is one; else what the feedback is worth. The range is checked of the number as it was sent:
/// 5.000000000000001 is none, though the nearest number of single precision is.
///
/// # Errors
/// When there is neither, or the rating is none; `place` is the object that has both fields.
pub(crate) fn worth(place: &str, rating: Option<f64>, feedback: Option<Feedback>) -> Result<f32, Problem> {
    match (rating, feedback) {
        (Some(rating), _) if (1.0..=5.0).contains(&rating) => Ok(rating as f32),
        (Some(_), _) => Err(Problem::field(format!("{place}rating"), "a rating is from 1 to 5")),
        (None, Some(feedback)) => Ok(feedback.reward()),
        (None, None) => {
            Err(Problem::field(format!("{place}feedback"), "`feedback` or `rating` has to be there"))
        }
    }
}

/// The id of an item that a client named.
///
/// # Errors
/// When there is no such item.
pub(crate) fn item_id(served: &Served, field: &str, name: &str) -> Result<String, Problem> {
    let found = served.find(name).and_then(|row| served.item(row));
    found.map(|item| item.id.clone()).ok_or_else(|| Problem::field(field, no_such_item(name)))
}

/// What is said of a name that no item has.
pub(crate) fn no_such_item(name: &str) -> String {
    format!("there is no item with the id or title `{}`", shortened(name))
}

fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}

/// A history as the policy's catalogue knows it, and what it does not know.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    /// In ids and ratings.
    pub(crate) rated: Vec<Rated>,
    /// Names of items that the catalogue does not have, as they were sent.
    pub(crate) unknown: Vec<String>,
}

/// Reads a history. An item that the catalogue does not have says nothing, and is named in the answer.
///
/// # Errors
/// When it is too long, an item has no name at all, or a rating is none: also of an item that the catalogue does not have.
pub(crate) fn history(served: &Served, rows: &[HistoryRow], most: usize) -> Result<History, Problem> {
    if rows.len() > most {
        return Err(Problem::field("history", format!("a history may have {most} items at most")));
    }
    let mut history = History::default();
    for (at, row) in rows.iter().enumerate() {
        let (part, name, rating) = match row {
            HistoryRow::Name(Id(name)) => ("", name, Feedback::Like.reward()),
            HistoryRow::Judged(Object(judged)) => {
                let feedback = judged.feedback.or(Some(Feedback::Like));
                let rating = worth(&format!("history[{at}]."), judged.rating, feedback)?;
                (".item", &judged.item.0, rating)
            }
        };
        // Nothing is called so: it is a mistake of the client, not an item of another catalogue.
        if name.is_empty() {
            let field = format!("history[{at}]{part}");
            return Err(Problem::field(field, "an id or title has at least one character"));
        }
        match served.find(name).and_then(|row| served.item(row)) {
            Some(item) => history.rated.push(Rated { item: item.id.clone(), rating }),
            None => history.unknown.push(shortened(name)),
        }
    }
    Ok(history)
}
