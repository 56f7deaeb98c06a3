//! Which columns of a log play which role, whatever the log is made of.

use super::unused::Unused;
use super::{Selection, Source};
use crate::collect::Collector;
use crate::input::{Role, find_column, missing};
use crate::understood::{Understood, names};
use crate::{Clock, ColumnMap, DataError, ScaleChoice};
use std::path::Path;

/// The columns of a log with one row per interaction.
pub(super) struct Layout {
    pub(super) user: usize,
    pub(super) item: usize,
    pub(super) rating: Option<usize>,
    pub(super) time: Option<usize>,
    pub(super) propensity: Option<usize>,
    pub(super) select: Vec<(usize, String)>,
    understood: Understood,
    header: Vec<String>,
}

impl Layout {
    /// Finds the columns by the user's word or by their names.
    pub(super) fn of(header: &[&str], source: &Source, file: &Path) -> Result<Self, DataError> {
        let map = &source.columns;
        let find = |role: Role, named: &Option<String>| {
            find_column(header.iter().copied(), role, named.as_deref(), file)
        };
        let need = |role: Role, named: &Option<String>| {
            find(role, named)?.ok_or_else(|| missing(role, header, file))
        };
        let (user, item) = (need(Role::User, &map.user)?, need(Role::Item, &map.item)?);
        let (rating, time) = (find(Role::Rating, &map.rating)?, find(Role::Time, &map.time)?);
        let propensity = find(Role::Propensity, &map.propensity)?;
        let select = selected(header, source, file)?;
        let name = |column: usize| header[column].to_owned();
        let is_used = |column: usize| {
            [Some(user), Some(item), rating, time, propensity].contains(&Some(column))
                || select.iter().any(|(selected, _)| *selected == column)
        };
        let ignored = (0..header.len()).filter(|&column| !is_used(column)).map(|column| header[column]);
        let understood = Understood {
            columns: ColumnMap {
                user: Some(name(user)),
                item: Some(name(item)),
                rating: rating.map(name),
                time: time.map(name),
                propensity: propensity.map(name),
                ..ColumnMap::default()
            },
            ignored: names(ignored),
            clock: if time.is_some() { Clock::Seconds } else { Clock::Unordered },
        };
        let header = header.iter().map(|name| (*name).to_owned()).collect();
        Ok(Self { user, item, rating, time, propensity, select, understood, header })
    }

    /// The same where the layout itself says what the times are.
    pub(super) fn with_clock(mut self, clock: Clock) -> Self {
        self.understood.clock = clock;
        self
    }

    /// Starts the log. Without a rating every row is a positive signal, which is said unless the user asked for it.
    pub(super) fn begin(
        &self,
        source: &Source,
        name: &str,
        collector: &mut Collector,
    ) -> Result<(), DataError> {
        collector.begin(source, name, self.understood.clone())?;
        if self.rating.is_none() {
            collector.set_scale(ScaleChoice::Positive);
            if source.columns.rating.is_none() && source.scale != ScaleChoice::Positive {
                collector.no_rating_column(&self.header);
            }
        }
        Ok(())
    }

    /// The columns that play no role, to be looked at.
    pub(super) fn unused(&self) -> Unused {
        let is_used = |column: usize| {
            [Some(self.user), Some(self.item), self.rating, self.time, self.propensity]
                .contains(&Some(column))
                || self.select.iter().any(|(selected, _)| *selected == column)
        };
        let columns =
            self.header.iter().enumerate().filter(|(column, name)| !is_used(*column) && !name.is_empty());
        Unused::of(
            columns.map(|(column, name)| (column, name.as_str())),
            self.rating.map(|c| self.header[c].as_str()),
        )
    }
}

/// The columns and values of the source's selections.
pub(super) fn selected(
    header: &[&str],
    source: &Source,
    file: &Path,
) -> Result<Vec<(usize, String)>, DataError> {
    let column = |selection: &Selection| {
        let named = Some(selection.column.as_str());
        let column = find_column(header.iter().copied(), Role::Selected, named, file)?;
        let column = column.ok_or_else(|| missing(Role::Selected, header, file))?;
        Ok((column, selection.value.clone()))
    };
    source.select.iter().map(column).collect()
}
