//! What the prompts behind demonstrations showed of users' logs: pairs of ids in delimited files.

use crate::import::{Format, ImportOptions, Selection, Source, import};
use crate::input::ColumnMap;
use crate::{DataError, Dataset, Problem};
use mdp::{ItemIdx, ItemSet, UserIdx};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A delimited file with a row for each rating that a prompt showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownSource {
    /// The file, with a header.
    pub path: PathBuf,
    /// The rows wanted; all must hold.
    #[serde(default)]
    pub select: Vec<Selection>,
    /// Names of the columns of users and items, where they are not recognised.
    #[serde(default)]
    pub columns: ColumnMap,
}

impl FromStr for ShownSource {
    type Err = Problem;

    /// Reads `path` or `path:column=value`.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let (path, select) = match text.rsplit_once(':').filter(|(_, rest)| rest.contains('=')) {
            Some((path, selection)) => (path, vec![selection.parse()?]),
            None => (text, Vec::new()),
        };
        Ok(Self { path: path.into(), select, columns: ColumnMap::default() })
    }
}

/// Which items of a dataset prompts showed to whoever answered for a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shown {
    /// Ascending, each once; nobody at all where nothing was shown. `[users]`
    users: Vec<Vec<ItemIdx>>,
}

impl Shown {
    /// The pairs of some files whose user and item a dataset has.
    ///
    /// # Errors
    /// When a file cannot be read, or has no pair of the dataset.
    pub fn read(sources: &[ShownSource], dataset: &Dataset) -> Result<Self, DataError> {
        let mut out = Self::default();
        let user_of: HashMap<&str, usize> =
            dataset.users.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
        let items = dataset.catalogue.items();
        let item_of: HashMap<&str, u32> = (0..).zip(items).map(|(at, item)| (item.id.as_str(), at)).collect();
        for source in sources {
            let rows = source.rows()?;
            out.users.resize(dataset.n_users(), Vec::new());
            let mut has_any = false;
            for (user, row) in
                rows.histories().flat_map(|(user, rows)| rows.iter().map(move |row| (user, row)))
            {
                let id = rows.catalogue.items()[row.item.index()].id.as_str();
                let known = (user_of.get(rows.users[user.index()].as_str()), item_of.get(id));
                if let (Some(&user), Some(&item)) = known {
                    out.users[user].push(ItemIdx(item));
                    has_any = true;
                }
            }
            if !has_any {
                let text = "no row has a user and an item of the log".to_owned();
                return Err(DataError::new(Problem::Option(text), &source.path));
            }
        }
        for shown in &mut out.users {
            shown.sort_unstable();
            shown.dedup();
        }
        Ok(out)
    }

    /// Whether nothing was shown.
    pub fn is_empty(&self) -> bool {
        self.users.iter().all(Vec::is_empty)
    }

    /// Whether a user's prompt showed an item.
    pub fn has(&self, user: UserIdx, item: ItemIdx) -> bool {
        self.users.get(user.index()).is_some_and(|shown| shown.binary_search(&item).is_ok())
    }

    /// Whether a user's prompt showed anything.
    pub fn any_of(&self, user: UserIdx) -> bool {
        self.users.get(user.index()).is_some_and(|shown| !shown.is_empty())
    }

    /// What was shown of each user whose prompt showed something, ascending.
    pub fn by_user(&self) -> impl Iterator<Item = &[ItemIdx]> {
        self.users.iter().map(Vec::as_slice).filter(|shown| !shown.is_empty())
    }

    /// The items that any prompt showed.
    pub fn items(&self, n_items: usize) -> ItemSet {
        let mut out = ItemSet::empty(n_items);
        self.users.iter().flatten().for_each(|item| _ = out.insert(*item));
        out
    }

    /// Whether it is of a dataset of this size, and in order.
    pub fn fits(&self, n_users: usize, n_items: usize) -> bool {
        let fits = |items: &Vec<ItemIdx>| {
            items.is_sorted_by(|a, b| a < b) && items.last().is_none_or(|last| last.index() < n_items)
        };
        (self.users.is_empty() || self.users.len() == n_users) && self.users.iter().all(fits)
    }
}

impl ShownSource {
    /// The same with its path below `base`.
    #[must_use]
    pub fn below(&self, base: &Path) -> Self {
        Self { path: base.join(&self.path), ..self.clone() }
    }

    /// The rows wanted, read as any log is.
    fn rows(&self) -> Result<Dataset, DataError> {
        let mut source = Source::new(Format::Csv, &self.path);
        source.select.clone_from(&self.select);
        // An empty name: whatever the column holds is no rating and no time.
        let none = Some(String::new());
        source.columns = ColumnMap { rating: none.clone(), time: none, ..self.columns.clone() };
        Ok(import(&ImportOptions::of(vec![source]))?.0)
    }
}
