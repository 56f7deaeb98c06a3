//! Columns that play no role, looked at in case one should: what looks like a rating, and what tells events apart.

use crate::Warning;
use crate::collect::Collector;
use crate::input::names::{
    is_event_name, is_event_word, plain_name, sounds_like_another_thing, sounds_like_rating,
};
use crate::input::truth;

/// Values that are looked at to learn what a column holds.
const N_LOOKED_AT: usize = 1_000;
/// Different values of a column that are kept: more are no rating.
const MOST_VALUES: usize = 21;
/// Columns that are looked at; wider tables hold features.
const MOST_COLUMNS: usize = 64;
/// A value of more bytes is neither a rating nor a sort of event.
const LONG: usize = 40;
/// Sorts of events that are named.
const MOST_SHOWN: usize = 6;

/// The columns of one log that play no role.
pub(super) struct Unused {
    columns: Vec<Sample>,
    rating: Option<String>,
}

/// What was seen of one column.
struct Sample {
    column: usize,
    name: String,
    is_event: bool,
    n_seen: usize,
    n_numbers: usize,
    has_long: bool,
    /// Different values, in order of appearance; one more than [`MOST_VALUES`] where there are more.
    values: Vec<String>,
}

impl Unused {
    /// Takes those that could be worth a word by their names: all where the log has no rating column.
    pub(super) fn of<'h>(columns: impl Iterator<Item = (usize, &'h str)>, rating: Option<&str>) -> Self {
        let sample = |(column, name): (usize, &str)| Sample {
            column,
            name: name.to_owned(),
            is_event: is_event_name(name) || plain_name(name) == "type",
            n_seen: 0,
            n_numbers: 0,
            has_long: false,
            values: Vec::new(),
        };
        let is_worth_it = |(_, name): &(usize, &str)| {
            rating.is_none() || is_event_name(name) || plain_name(name) == "type" || sounds_like_rating(name)
        };
        let columns = columns.filter(is_worth_it).take(MOST_COLUMNS).map(sample).collect();
        Self { columns, rating: rating.map(str::to_owned) }
    }

    /// The columns of which another value can tell something.
    pub(super) fn wanted(&self) -> Vec<usize> {
        self.columns.iter().filter(|sample| sample.is_open()).map(|sample| sample.column).collect()
    }

    /// Looks at the fields of one row.
    pub(super) fn see<'r>(&mut self, field: impl Fn(usize) -> &'r str) {
        for sample in self.columns.iter_mut().filter(|sample| sample.is_open()) {
            sample.see(field(sample.column));
        }
    }

    /// Looks at one value of a column.
    pub(super) fn see_value(&mut self, column: usize, value: &str) {
        let sample = self.columns.iter_mut().find(|sample| sample.column == column);
        if let Some(sample) = sample.filter(|sample| sample.is_open()) {
            sample.see(value);
        }
    }

    /// Says what was noticed.
    pub(super) fn report(&self, collector: &mut Collector) {
        for sample in &self.columns {
            if let Some(values) = sample.events() {
                collector.say(Warning::SeveralEvents, several_events(&sample.name, values));
            } else if sample.looks_like_rating(self.rating.is_some()) {
                let instead = self.rating.as_ref().map(|rating| format!(" instead of `{rating}`"));
                let sentence = format!(
                    "`{}` looks like a rating and is left aside: --map {} uses it{}",
                    sample.name,
                    quoted(&format!("rating={}", sample.name)),
                    instead.unwrap_or_default()
                );
                collector.say(Warning::LooksLikeRating, sentence);
            }
        }
    }
}

fn several_events(name: &str, values: &[String]) -> String {
    let first = values.iter().take(MOST_SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if values.len() > MOST_SHOWN { ", .." } else { "" };
    let one = values.last().map_or("", String::as_str);
    format!(
        "`{name}` tells {first}{more} apart, and rows of every sort count alike: --select {} keeps one sort",
        quoted(&format!("{name}={one}"))
    )
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let is_plain = argument.chars().all(|c| c.is_alphanumeric() || "=_-.:/".contains(c));
    if is_plain { argument.to_owned() } else { format!("'{}'", argument.replace('\'', r"'\''")) }
}

impl Sample {
    /// Whether another value can still tell something.
    fn is_open(&self) -> bool {
        self.n_seen < N_LOOKED_AT || (self.is_event && !self.has_long && self.values.len() <= MOST_VALUES)
    }

    fn see(&mut self, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        self.n_seen += 1;
        self.has_long |= value.len() > LONG;
        if self.has_long {
            return;
        }
        self.n_numbers +=
            usize::from(value.parse::<f32>().is_ok_and(f32::is_finite) || truth(value).is_some());
        if self.values.len() <= MOST_VALUES && !self.values.iter().any(|known| known == value) {
            self.values.push(value.to_owned());
        }
    }

    /// The sorts of events of the column, if it tells some apart.
    fn events(&self) -> Option<&[String]> {
        let is_few = (2..=MOST_VALUES).contains(&self.values.len());
        let is_text = self.n_numbers == 0;
        let is_known = is_event_name(&self.name) || self.values.iter().any(|value| is_event_word(value));
        (self.is_event && is_few && is_text && is_known && !self.has_long).then_some(&self.values)
    }

    /// Where the log has a rating, another one must have the name, too; where it has none, the values are enough.
    fn looks_like_rating(&self, has_rating: bool) -> bool {
        let are_numbers = self.n_seen > 0 && 10 * self.n_numbers >= 9 * self.n_seen;
        let are_few = (2..=MOST_VALUES).contains(&self.values.len()) && self.n_seen >= 4 * self.values.len();
        let sounds = sounds_like_rating(&self.name);
        !self.has_long
            && are_numbers
            && (sounds || (!has_rating && are_few && !sounds_like_another_thing(&self.name)))
    }
}
