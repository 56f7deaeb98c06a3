//! What is known of items beside the catalogue, to filter by: a table that whoever runs the server keeps.

use crate::ServerError;
use crate::api::body::Object;
use crate::problem::Problem;
use mdp::ItemIdx;
use serde::Deserialize;
use serving::Served;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// A table of attributes, with a row for each item that has any.
#[derive(Debug, Default)]
pub struct Attributes {
    names: Vec<String>,
    /// Row by row, as many as there are names.
    cells: Vec<Cell>,
    row_of: HashMap<String, u32>,
    /// For each item of a policy's catalogue its row, by the policy's hash.
    by_policy: RwLock<HashMap<String, Arc<Vec<Option<u32>>>>>,
}

#[derive(Debug)]
struct Cell {
    text: Box<str>,
    number: Option<f64>,
}

/// What an attribute should be.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text, a list of texts, or an object with `from` or `to`")]
pub(crate) enum Condition {
    Is(String),
    OneOf(Vec<String>),
    Within(Object<Range>),
}

/// A number from here to there, both included.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    from: Option<f64>,
    to: Option<f64>,
}

/// Several values in one cell.
const BETWEEN_VALUES: char = '|';

impl Attributes {
    /// Reads a CSV file with a header: an item's id first, an attribute in every other column, several values with `|`
    /// between them.
    ///
    /// # Errors
    /// When it cannot be read, a row has more or fewer fields than the header, or an item has two rows.
    pub fn read(path: &Path) -> Result<Self, ServerError> {
        let fails = |why: String| ServerError::Attributes { path: path.to_owned(), why };
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_path(path)
            .map_err(|e| fails(e.to_string()))?;
        let header = reader.headers().map_err(|e| fails(e.to_string()))?;
        let names: Vec<String> = header.iter().skip(1).map(str::to_owned).collect();
        if names.is_empty() {
            return Err(fails("a column with ids and one with an attribute are needed".into()));
        }
        let mut table = Self { names, ..Self::default() };
        for (row, record) in (0u32..).zip(reader.records()) {
            let record = record.map_err(|e| fails(e.to_string()))?;
            let id = record.get(0).unwrap_or_default().to_owned();
            if let Some(before) = table.row_of.insert(id, row) {
                let line = record.position().map_or(0, csv::Position::line);
                let id = record.get(0).unwrap_or_default();
                return Err(fails(format!(
                    "line {line}: `{id}` is there already, as row {} after the header",
                    before + 1
                )));
            }
            table.cells.extend(record.iter().skip(1).map(|text| Cell {
                text: text.into(),
                number: text.parse().ok().filter(|number: &f64| number.is_finite()),
            }));
        }
        Ok(table)
    }

    /// Items that are not as they should be; an item without a row, or with an empty cell, is not.
    ///
    /// # Errors
    /// When there is no such attribute, or a range is none.
    pub(crate) fn without(
        &self,
        served: &Served,
        conditions: &BTreeMap<String, Condition>,
    ) -> Result<Vec<ItemIdx>, Problem> {
        if conditions.is_empty() {
            return Ok(Vec::new());
        }
        let columns = conditions.iter().map(|(name, condition)| self.column(name, condition));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let rows = self.rows(served);
        let fits = |row: u32| {
            let cells = &self.cells[row as usize * self.names.len()..][..self.names.len()];
            columns.iter().all(|(column, condition)| condition.holds(&cells[*column]))
        };
        let items = (0u32..).map(ItemIdx).zip(rows.iter());
        Ok(items.filter(|(_, row)| !row.is_some_and(fits)).map(|(item, _)| item).collect())
    }

    fn column<'a>(&self, name: &str, condition: &'a Condition) -> Result<(usize, &'a Condition), Problem> {
        let about = |why: String| Problem::field(format!("attributes.{name}"), why);
        if self.names.is_empty() {
            return Err(about("this server was given no attributes".into()));
        }
        let column = self.names.iter().position(|own| own.eq_ignore_ascii_case(name));
        let column = column.ok_or_else(|| about(format!("there are {}", self.names.join(", "))))?;
        match condition {
            Condition::Within(Object(Range { from: None, to: None })) => {
                Err(about("`from` or `to` has to be there".into()))
            }
            _ => Ok((column, condition)),
        }
    }

    fn rows(&self, served: &Served) -> Arc<Vec<Option<u32>>> {
        const MOST_POLICIES: usize = 8;
        let known = self.by_policy.read().unwrap_or_else(PoisonError::into_inner).get(served.hash()).cloned();
        known.unwrap_or_else(|| {
            let row = |item| self.row_of.get(&served.item(ItemIdx(item))?.id).copied();
            let rows: Arc<Vec<_>> = Arc::new((0..served.n_items() as u32).map(row).collect());
            let mut by_policy = self.by_policy.write().unwrap_or_else(PoisonError::into_inner);
            if by_policy.len() >= MOST_POLICIES {
                by_policy.clear();
            }
            by_policy.insert(served.hash().to_owned(), rows.clone());
            rows
        })
    }
}

impl Condition {
    fn holds(&self, cell: &Cell) -> bool {
        let is = |wanted: &String| {
            cell.text.split(BETWEEN_VALUES).any(|value| value.trim().eq_ignore_ascii_case(wanted.trim()))
        };
        match self {
            Self::Is(wanted) => is(wanted),
            Self::OneOf(wanted) => wanted.iter().any(is),
            Self::Within(Object(Range { from, to })) => cell.number.is_some_and(|number| {
                from.is_none_or(|from| from <= number) && to.is_none_or(|to| number <= to)
            }),
        }
    }
}
