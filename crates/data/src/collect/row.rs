//! One row of a log, from what its source gives to what it means.

use crate::Problem;
use crate::input::{Decimal, Missing, is_nothing, parse_rating, parse_time, time_of_number};
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
    pub(crate) propensity: Cell<'a>,
}

impl<'a> RawRow<'a> {
    /// Where the source says no more than who has what.
    pub(crate) fn without_rating(user: &'a str, item: &'a str) -> Self {
        let none = Cell::NoColumn;
        Self { user, item, rating: none, time: none, propensity: none }
    }
}

/// How the ratings and times of a source are read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) choice: ScaleChoice,
    pub(super) missing: Missing,
    pub(super) decimal: Decimal,
}

/// A rating on the source's own scale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rating {
    pub(super) value: f32,
    pub(super) has_comma: bool,
}

impl Reading {
    /// The rating on the source's own scale; `None` where there is none.
    pub(super) fn rating(&self, cell: Cell<'_>) -> Result<Option<Rating>, Problem> {
        let (value, has_comma) = match cell {
            _ if self.choice == ScaleChoice::Positive => (BEST, false),
            Cell::NoColumn => (BEST, false),
            Cell::Text("") => return Ok(None),
            Cell::Text(text) if self.missing.has_text(text) => return Ok(None),
            Cell::Number(number) if self.missing.has_number(number) => return Ok(None),
            Cell::Text(text) => parse_rating(text, self.decimal)?,
            Cell::Number(number) if (number as f32).is_finite() => (number as f32, false),
            Cell::Number(number) => return Err(Problem::NotFinite { value: number.to_string() }),
        };
        if has_comma && self.missing.has_number(f64::from(value)) {
            return Ok(None);
        }
        match self.choice {
            ScaleChoice::Linear { lo, hi } if !(lo..=hi).contains(&value) => {
                Err(Problem::OutsideScale { value, lo, hi })
            }
            _ => Ok(Some(Rating { value, has_comma })),
        }
    }

    /// With which probability the item was chosen; 0 where that is not known.
    pub(super) fn propensity(&self, cell: Cell<'_>) -> Result<f32, Problem> {
        let value = match cell {
            Cell::NoColumn => return Ok(0.0),
            Cell::Text(text) if is_nothing(text) => return Ok(0.0),
            Cell::Number(number) if number.is_nan() => return Ok(0.0),
            Cell::Text(text) => parse_rating(text, self.decimal)?.0,
            Cell::Number(number) => number as f32,
        };
        if value > 0.0 && value <= 1.0 { Ok(value) } else { Err(Problem::NotAProbability { value }) }
    }

    /// Unix seconds, and whether they were given in a finer unit; `None` where the source has times, but not here.
    pub(super) fn time(&self, cell: Cell<'_>) -> Result<Option<(i64, bool)>, Problem> {
        match cell {
            Cell::NoColumn => Ok(Some((0, false))),
            Cell::Text(text) if is_nothing(text) => Ok(None),
            Cell::Text(text) if self.decimal == Decimal::Comma => {
                parse_time(&text.replacen(',', ".", 1)).map(Some)
            }
            Cell::Text(text) => parse_time(text).map(Some),
            Cell::Number(number) if number.is_nan() => Ok(None),
            Cell::Number(number) => {
                time_of_number(number).map(Some).ok_or_else(|| Problem::BadTime { value: number.to_string() })
            }
        }
    }
}

/// A cell as its source wrote it.
pub(super) fn as_written(cell: Cell<'_>) -> String {
    match cell {
        Cell::NoColumn => String::new(),
        Cell::Text(text) => text.to_owned(),
        Cell::Number(number) => number.to_string(),
    }
}
