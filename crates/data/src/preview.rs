//! The first rows of an import as they are understood, for people to look at.

use crate::{Clock, Dataset};
use serde::{Deserialize, Serialize};

/// One of the first rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreviewRow {
    /// The user's id.
    pub user: String,
    /// The item's id.
    pub item: String,
    /// The rating as the log has it; empty where it has none.
    pub rating_read: String,
    /// The rating on the scale of 1 to 5.
    pub rating: f32,
    /// Unix seconds, where the log has times.
    pub time: Option<i64>,
    /// The same as a date (UTC).
    pub date: Option<String>,
    /// The item's title; its id where it has none.
    pub title: String,
    /// The item's categories.
    pub categories: Vec<String>,
}

/// An import that was only looked at.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The first rows that would be kept, in the order of the logs.
    pub rows: Vec<PreviewRow>,
    /// What the import would make.
    pub dataset: Dataset,
}

/// A row that was among the first, before the log is whole.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) row: usize,
    pub(crate) user: u32,
    pub(crate) item: u32,
    pub(crate) read: String,
}

/// `2017-07-14 02:40:00` of unix seconds.
pub(crate) fn date(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of a day counted from 1970-01-01. Years are counted from March of the year 0, in eras of 400
/// years, so that the leap day comes last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = if months_since_march < 10 { months_since_march + 3 } else { months_since_march - 9 };
    (era * 400 + year_of_era + i64::from(month < 3), month, day)
}

/// A time that stands in a log of this clock.
pub(crate) fn shown_time(clock: Clock, time: Option<i64>) -> Option<i64> {
    time.filter(|_| clock == Clock::Seconds)
}
