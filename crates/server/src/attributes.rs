//! What is known of items beside the catalogue, to filter by: a table that whoever runs the server keeps.
//!
//! Every column numbers its different values, so that a condition is looked at once a value and then costs an item a few
//! bits.

use crate::ServerError;
use crate::api::body::Object;
use crate::problem::Problem;
use mdp::ItemIdx;
use serde::Deserialize;
use serving::Served;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// A table of attributes, with a row for each item that has any.
#[derive(Debug, Default)]
pub struct Attributes {
    columns: Vec<Column>,
    /// Where a column is, by its name in lower case.
    column_of: HashMap<String, usize>,
    row_of: HashMap<String, u32>,
    /// For each item of a policy's catalogue its row, by the policy's hash.
    by_policy: RwLock<HashMap<String, Rows>>,
}

type Rows = Arc<Vec<Option<u32>>>;

#[derive(Debug, Default)]
struct Column {
    name: String,
    /// The different values, in lower case.
    number_of: HashMap<String, u32>,
    /// What each is as a quantity, where it is one.
    quantities: Vec<Option<f64>>,
    /// The values of each row, by their numbers, one row after the other, and where each row ends.
    cells: Vec<u32>,
    ends: Vec<u32>,
}

/// What an attribute should be.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a text, a number, a list of these, or an object with `from` or `to` and nothing else"
)]
pub(crate) enum Condition {
    Is(Value),
    OneOf(Vec<Value>),
    Within(Object<Range>),
}

/// One value.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Text(String),
    Number(f64),
}

/// A number from here to there, both included.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    from: Option<f64>,
    to: Option<f64>,
}

/// Conditions that were understood: for each column which of its values are right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter(Vec<(usize, Vec<bool>)>);

/// Several values in one cell.
const BETWEEN_VALUES: char = '|';
/// The most attributes, and the most bytes of their table.
const MOST_COLUMNS: usize = 10_000;
const MOST_BYTES: u64 = 512 << 20;
/// So many names are told to who asks for another one.
const MOST_NAMED: usize = 40;
/// The most conditions of a request.
const MOST_CONDITIONS: usize = 100;

impl Attributes {
    /// Reads a CSV file with a header: an item's id first, an attribute in every other column, several values with `|`
    /// between them.
    ///
    /// # Errors
    /// When it cannot be read, two attributes have one name, a row has more or fewer fields than the header, or an item has
    /// two rows.
    pub fn read(path: &Path) -> Result<Self, ServerError> {
        let fails = |why: String| ServerError::Attributes { path: path.to_owned(), why };
        let file = File::open(path).map_err(|e| fails(e.to_string()))?;
        let mut reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file.take(MOST_BYTES + 1));
        let mut table = Self::default();
        let header = reader.headers().map_err(|e| fails(e.to_string()))?;
        if header.len() > MOST_COLUMNS + 1 {
            let got = header.len() - 1;
            return Err(fails(format!("{got} attributes, where there may be {MOST_COLUMNS}")));
        }
        for (at, name) in header.iter().skip(1).enumerate() {
            if name.is_empty() || table.column_of.insert(name.to_lowercase(), at).is_some() {
                let shown: String = name.chars().take(80).collect();
                return Err(fails(format!("the header has no name, or the same one twice: `{shown}`")));
            }
            table.columns.push(Column { name: name.to_owned(), ..Column::default() });
        }
        if table.columns.is_empty() {
            return Err(fails("a column with ids and one with an attribute are needed".into()));
        }
        for (row, record) in (0u32..).zip(reader.records()) {
            let record = record.map_err(|e| fails(e.to_string()))?;
            let id = record.get(0).unwrap_or_default();
            if table.row_of.insert(id.to_owned(), row).is_some() {
                let line = record.position().map_or(0, csv::Position::line);
                return Err(fails(format!("line {line}: `{id}` has a row already")));
            }
            table.columns.iter_mut().zip(record.iter().skip(1)).for_each(|(column, cell)| column.push(cell));
        }
        if reader.position().byte() > MOST_BYTES {
            return Err(fails(format!("it has more than {} MB", MOST_BYTES >> 20)));
        }
        Ok(table)
    }

    /// How many items of a policy have a row, of how many rows.
    pub fn n_known(&self, served: &Served) -> (usize, usize) {
        (self.rows(served).iter().flatten().count(), self.row_of.len())
    }

    /// Understands what a request asks for; `most` is how many values it may name.
    ///
    /// # Errors
    /// When there is no such attribute, a range is none, or too much is asked for.
    pub(crate) fn filter(
        &self,
        conditions: &BTreeMap<String, Condition>,
        most: usize,
    ) -> Result<Filter, Problem> {
        let n_values: usize = conditions.values().map(Condition::n_values).sum();
        if conditions.len() > MOST_CONDITIONS || n_values > most {
            let why = format!("at most {MOST_CONDITIONS} attributes and {most} values");
            return Err(Problem::field("attributes", why));
        }
        let one = |(name, condition): (&String, &Condition)| {
            let about = |why: String| Problem::field(format!("attributes.{name}"), why);
            let column = self.find(name).ok_or_else(|| about(self.what_there_is()))?;
            let values = condition.right_ones(&self.columns[column]).map_err(|why| about(why.into()))?;
            Ok((column, values))
        };
        conditions.iter().map(one).collect::<Result<_, Problem>>().map(Filter)
    }

    /// Items that are not as a filter wants them; an item without a row, or with an empty cell, is not.
    pub(crate) fn without(&self, served: &Served, Filter(conditions): &Filter) -> Vec<ItemIdx> {
        if conditions.is_empty() {
            return Vec::new();
        }
        let fits = |row: u32| {
            conditions.iter().all(|(column, is_right)| {
                self.columns[*column].row(row).iter().any(|&value| is_right[value as usize])
            })
        };
        let rows = self.rows(served);
        let items = (0u32..).map(ItemIdx).zip(rows.iter());
        items.filter(|(_, row)| !row.is_some_and(fits)).map(|(item, _)| item).collect()
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.column_of.get(&name.to_lowercase()).copied()
    }

    fn what_there_is(&self) -> String {
        if self.columns.is_empty() {
            return "this server was given no attributes".to_owned();
        }
        let names: Vec<&str> =
            self.columns.iter().take(MOST_NAMED).map(|column| column.name.as_str()).collect();
        let more = if self.columns.len() > MOST_NAMED { ", and others" } else { "" };
        format!("there is no such attribute; there are {}{more}", names.join(", "))
    }

    fn rows(&self, served: &Served) -> Rows {
        const MOST_POLICIES: usize = 8;
        let known = self.by_policy.read().unwrap_or_else(PoisonError::into_inner).get(served.hash()).cloned();
        known.unwrap_or_else(|| {
            let row = |item| self.row_of.get(&served.item(ItemIdx(item))?.id).copied();
            let rows: Rows = Arc::new((0..served.n_items() as u32).map(row).collect());
            let mut by_policy = self.by_policy.write().unwrap_or_else(PoisonError::into_inner);
            if by_policy.len() >= MOST_POLICIES {
                by_policy.clear();
            }
            by_policy.insert(served.hash().to_owned(), rows.clone());
            rows
        })
    }
}

impl Column {
    fn push(&mut self, cell: &str) {
        for value in cell.split(BETWEEN_VALUES).map(str::trim).filter(|value| !value.is_empty()) {
            let next = self.quantities.len() as u32;
            let number = *self.number_of.entry(value.to_lowercase()).or_insert(next);
            if number == next {
                self.quantities.push(value.parse().ok());
            }
            self.cells.push(number);
        }
        self.ends.push(self.cells.len() as u32);
    }

    fn row(&self, row: u32) -> &[u32] {
        let row = row as usize;
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.cells[start..self.ends[row] as usize]
    }
}

impl Condition {
    fn n_values(&self) -> usize {
        match self {
            Self::OneOf(values) => values.len(),
            Self::Is(_) | Self::Within(_) => 1,
        }
    }

    /// Which of a column's values are right, by their numbers.
    fn right_ones(&self, column: &Column) -> Result<Vec<bool>, &'static str> {
        let mut right = Right { column, is_right: vec![false; column.quantities.len()] };
        match self {
            Self::Is(value) => right.add(value),
            Self::OneOf(values) => values.iter().for_each(|value| right.add(value)),
            Self::Within(Object(Range { from: None, to: None })) => {
                return Err("`from` or `to` has to be there");
            }
            Self::Within(Object(Range { from: Some(from), to: Some(to) })) if from > to => {
                return Err("`from` may not be above `to`");
            }
            Self::Within(Object(Range { from, to })) => {
                right.add_range(from.unwrap_or(f64::NEG_INFINITY), to.unwrap_or(f64::INFINITY));
            }
        }
        Ok(right.is_right)
    }
}

/// Values of a column that are right so far.
struct Right<'a> {
    column: &'a Column,
    is_right: Vec<bool>,
}

impl Right<'_> {
    fn add(&mut self, value: &Value) {
        match value {
            Value::Number(number) => self.add_range(*number, *number),
            Value::Text(text) => {
                if let Some(&at) = self.column.number_of.get(&text.trim().to_lowercase()) {
                    self.is_right[at as usize] = true;
                }
            }
        }
    }

    fn add_range(&mut self, from: f64, to: f64) {
        for (is_right, own) in self.is_right.iter_mut().zip(&self.column.quantities) {
            *is_right |= own.is_some_and(|own| (from..=to).contains(&own));
        }
    }
}
