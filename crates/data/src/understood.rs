//! What was understood of a log or an items file, in one line.

use crate::input::names::{RatingKind, rating_kind};
use crate::report::{ItemsReport, SourceReport};
use crate::scale::RatingScale;
use crate::{Clock, ColumnMap};

/// What a reader found in a header.
#[derive(Clone, Debug, Default)]
pub(crate) struct Understood {
    pub(crate) columns: ColumnMap,
    pub(crate) ignored: Vec<String>,
    pub(crate) clock: Clock,
}

impl Understood {
    /// Of a layout without names: what stands for the user, the item and the rating.
    pub(crate) fn of(user: &str, item: &str, rating: Option<&str>, clock: Clock) -> Self {
        let columns = ColumnMap {
            user: Some(user.to_owned()),
            item: Some(item.to_owned()),
            rating: rating.map(str::to_owned),
            ..ColumnMap::default()
        };
        Self { columns, ignored: Vec::new(), clock }
    }

    /// Of an items file: the columns of the id, the title and the categories.
    pub(crate) fn of_items<'h>(
        header: impl Iterator<Item = &'h str>,
        id: usize,
        title: Option<usize>,
        genres: Option<usize>,
    ) -> Self {
        let header: Vec<&str> = header.collect();
        let name = |column: Option<usize>| column.and_then(|c| header.get(c)).map(|name| (*name).to_owned());
        let columns = ColumnMap {
            item: name(Some(id)),
            title: name(title),
            genres: name(genres),
            ..ColumnMap::default()
        };
        let used = [Some(id), title, genres];
        let ignored = header.iter().enumerate().filter(|(column, _)| !used.contains(&Some(*column)));
        Self { columns, ignored: names(ignored.map(|(_, name)| *name)), clock: Clock::default() }
    }
}

/// Ignored names that are kept, without repetition.
pub(crate) fn names<'h>(ignored: impl Iterator<Item = &'h str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in ignored.filter(|name| !name.is_empty()) {
        if names.len() < MOST_NAMES && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

const MOST_NAMES: usize = 200;
/// Ignored names that are shown.
const MOST_SHOWN: usize = 12;

impl SourceReport {
    /// `user=customer item=product rating=stars (1..5) time=date; ignored: tags`.
    pub fn understood(&self) -> String {
        let columns = &self.columns;
        let name = |column: &Option<String>| column.clone().unwrap_or_else(|| "none".to_owned());
        let mut line = format!(
            "user={} item={} rating={} ({}) time={}",
            name(&columns.user),
            name(&columns.item),
            name(&columns.rating),
            self.meaning(),
            name(&columns.time),
        );
        if let Some(propensity) = &self.columns.propensity {
            line.push_str(" propensity=");
            line.push_str(propensity);
        }
        line.push_str(&shown(&self.ignored));
        line
    }

    /// What became of the ratings, in words.
    fn meaning(&self) -> String {
        let is_truth =
            self.columns.rating.as_deref().is_some_and(|name| rating_kind(name) == RatingKind::Truth);
        let [least, most] = self.values.unwrap_or([f32::NAN; 2]);
        match self.scale {
            RatingScale::PositiveOnly if self.columns.rating.is_none() => "every row counts as liked".into(),
            RatingScale::PositiveOnly if least == most => format!("all {least}: every row counts as liked"),
            RatingScale::PositiveOnly => "not used: every row counts as liked".into(),
            RatingScale::CountQuantile => format!("amounts {least}..{most}, by rank to 1..5"),
            RatingScale::Linear { lo, hi, .. } if is_truth && (lo, hi) == (0.0, 1.0) => {
                "no and yes, as 1 and 5".into()
            }
            RatingScale::Linear { lo, hi, declared } => {
                let is_guess = !declared && (lo, hi) != (least, most);
                let scale = if is_guess {
                    format!("guessed scale: {lo}..{hi} from the data, {least}..{most}")
                } else {
                    format!("{lo}..{hi}")
                };
                let is_common = (lo, hi) == (1.0, 5.0);
                if is_common { scale } else { format!("{scale}; rescaled to 1..5") }
            }
        }
    }
}

impl ItemsReport {
    /// `id=item_id title=title genres=genres; ignored: year`.
    pub fn understood(&self) -> String {
        let name = |column: &Option<String>| column.clone().unwrap_or_else(|| "none".to_owned());
        let (id, title, genres) =
            (name(&self.columns.item), name(&self.columns.title), name(&self.columns.genres));
        format!("id={id} title={title} genres={genres}{}", shown(&self.ignored))
    }
}

fn shown(ignored: &[String]) -> String {
    if ignored.is_empty() {
        return String::new();
    }
    let first = ignored.iter().take(MOST_SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match ignored.len().checked_sub(MOST_SHOWN) {
        None | Some(0) => format!("; ignored: {first}"),
        Some(more) => format!("; ignored: {first} and {more} more"),
    }
}
