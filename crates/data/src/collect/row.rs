//! One row of a log, from what its source gives to what it means.

use crate::Problem;
use crate::input::{parse_rating, parse_time, time_of_number};
use crate::scale::{BEST, ScaleChoice};

/// One value of a row as its source gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    /// The source has no such column.
    NoColumn,
    /// Text to be read.
    Text(&'a str),
    /// A number already.
    Number(f64),
}

/// One row of a log before it is understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawRow<'a> {
    pub(crate) user: &'a str,
    pub(crate) item: &'a str,
    pub(crate) rating: Cell<'a>,
    pub(crate) time: Cell<'a>,
}

/// The rating on the source's own scale; `None` where there is none.
pub(super) fn understood_rating(
    cell: Cell<'_>,
    choice: ScaleChoice,
    missing: Option<f32>,
) -> Result<Option<f32>, Problem> {
    let rating = match cell {
        _ if choice == ScaleChoice::Positive => BEST,
        Cell::NoColumn => BEST,
        Cell::Text("") => return Ok(None),
        Cell::Text(text) => parse_rating(text)?,
        Cell::Number(number) if (number as f32).is_finite() => number as f32,
        Cell::Number(number) => return Err(Problem::NotFinite { value: number.to_string() }),
    };
    if missing == Some(rating) {
        return Ok(None);
    }
    match choice {
        ScaleChoice::Linear { lo, hi } if !(lo..=hi).contains(&rating) => {
            Err(Problem::OutsideScale { value: rating, lo, hi })
        }
        _ => Ok(Some(rating)),
    }
}

/// Unix seconds, and whether they were given in a finer unit.
pub(super) fn understood_time(cell: Cell<'_>) -> Result<(i64, bool), Problem> {
    match cell {
        Cell::NoColumn => Ok((0, false)),
        Cell::Text(text) => parse_time(text),
        Cell::Number(number) => {
            time_of_number(number).ok_or_else(|| Problem::BadTime { value: number.to_string() })
        }
    }
}
