//! What is noticed of a whole log: its scale, and ratings that may mean something else.

use super::{Collector, NO_TIME};
use crate::input::names::{RatingKind, rating_kind};
use crate::input::read_dates_in_digits;
use crate::scale::{self, ScaleChoice, Values};
use crate::{RatingScale, SourceReport, Warning};

impl Collector {
    /// Ends the log that was begun: its ratings go to the common scale.
    pub(crate) fn end(&mut self) {
        let Some(current) = self.current.take() else {
            return;
        };
        let raw = &mut self.columns.rating[current.first_row..];
        let columns = current.understood.columns;
        let kind = columns.rating.as_deref().map_or(RatingKind::Graded, rating_kind);
        let choice = current.reading.choice;
        let values = if choice == ScaleChoice::Positive { None } else { Values::of(raw) };
        let scale = scale::decide(choice, kind, values);
        scale::apply(scale, raw);
        if let Some(values) = values {
            self.notice_values(&current.name, choice, kind, scale, values);
        }
        if read_dates_in_digits(&mut self.columns.time[current.first_row..], NO_TIME) {
            self.report.warn(Warning::DatesInDigits, 1, || Some(current.name.clone()));
        }
        let rows_read = self.report.rows_read - current.rows_read_before;
        self.report.sources.push(SourceReport {
            format: current.format,
            name: current.name,
            rows_read,
            scale,
            columns,
            ignored: current.understood.ignored,
            values: values.map(|values| [values.lo, values.hi]),
        });
    }

    fn notice_values(
        &mut self,
        name: &str,
        choice: ScaleChoice,
        kind: RatingKind,
        scale: RatingScale,
        values: Values,
    ) {
        let Values { lo, hi, n, usual, n_usual, .. } = values;
        if values.are_alike() {
            let how_many = if n_usual == n { format!("all {n}") } else { format!("{n_usual} of {n}") };
            let so = match scale {
                RatingScale::PositiveOnly => "every row counts as liked",
                _ => "there is next to nothing to tell apart",
            };
            self.report.say(Warning::RatingsAlike, name, format!("{how_many} ratings are {usual}: {so}"));
        }
        if choice != ScaleChoice::Auto || kind == RatingKind::Amount {
            return;
        }
        if let Some(value) = values.not_rated().filter(|_| kind == RatingKind::Graded) {
            let (from, to) = if value == lo { (values.next_lo, hi) } else { (lo, values.next_hi) };
            let sentence = format!(
                "rating {value} lies apart from {from}..{to} and may mean \"not rated\": --missing {value} leaves such \
                 rows out"
            );
            self.report.say(Warning::LooksLikeNotRated, name, sentence);
        }
        self.notice_guess(name, kind, scale, values);
    }

    /// A guess is told unless the values fill the range from end to end.
    fn notice_guess(&mut self, name: &str, kind: RatingKind, scale: RatingScale, values: Values) {
        let Values { lo, hi, .. } = values;
        let guess = match scale {
            RatingScale::Linear { lo: 0.0, hi: 1.0, .. } if kind == RatingKind::Truth => return,
            RatingScale::Linear { lo: least, hi: most, .. } if (least, most) == (lo, hi) => return,
            RatingScale::Linear { lo: least, hi: most, .. } => format!("{least}..{most}"),
            RatingScale::CountQuantile => "counts".to_owned(),
            RatingScale::PositiveOnly => return self.guessed_alike(name),
        };
        let sentence = format!(
            "guessed scale: {guess} from the data, which are {lo}..{hi}; --scale LO..HI, counts or positive declares it"
        );
        self.report.say(Warning::GuessedScale, name, sentence);
    }

    fn guessed_alike(&mut self, name: &str) {
        let sentence =
            "guessed scale: positive from the data, which are all the same; --scale LO..HI declares another";
        self.report.say(Warning::GuessedScale, name, sentence.to_owned());
    }

    /// Says that the log has no rating column, and which columns it has.
    pub(crate) fn no_rating_column(&mut self, header: &[String]) {
        let mut names = header.join(", ");
        if names.len() > 200 {
            let first: Vec<&str> = header.iter().take(10).map(String::as_str).collect();
            names = format!("{} and {} more", first.join(", "), header.len().saturating_sub(first.len()));
        }
        self.say(
            Warning::NoRatingColumn,
            format!("no rating column among {names}: every row counts as liked (--map rating=NAME, or rating= for none)"),
        );
    }

    /// Says something about the log that was begun.
    pub(crate) fn say(&mut self, warning: Warning, sentence: String) {
        let name = self.current.as_ref().map_or("", |current| current.name.as_str());
        self.report.say(warning, name, sentence);
    }
}
