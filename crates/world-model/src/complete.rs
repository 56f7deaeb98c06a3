//! Truth that is the data: users who rated every item.

use crate::WorldError;
use data::Dataset;
use data::split::{UserShares, UserSplit};
use mdp::{ItemIdx, UserIdx};

/// The rows of users who rated every item, rounded to whole ratings 1 to 5.
#[derive(Clone, Debug, PartialEq)]
pub struct CompleteRows {
    n_items: usize,
    /// The place of every user's row in `cells`, where there is one.
    places: Vec<Option<u32>>,
    /// `[complete users, items]`
    cells: Vec<u8>,
}

impl CompleteRows {
    /// Collects the complete rows of a log.
    ///
    /// # Errors
    /// When no user rated every item.
    pub fn of(dataset: &Dataset) -> Result<Self, WorldError> {
        let n_items = dataset.n_items();
        let mut out = Self { n_items, places: vec![None; dataset.n_users()], cells: Vec::new() };
        for (user, history) in dataset.histories() {
            if history.len() < n_items || n_items == 0 {
                continue;
            }
            let place = out.cells.len() / n_items;
            out.places[user.index()] = Some(place as u32);
            out.cells.resize((place + 1) * n_items, 0);
            for row in history {
                out.cells[place * n_items + row.item.index()] = row.rating.round().clamp(1.0, 5.0) as u8;
            }
        }
        if out.cells.is_empty() {
            let what = "the judge `complete` needs users who rated every item, and there are none".into();
            return Err(WorldError::TooLittleData { what });
        }
        Ok(out)
    }

    /// The rows as they lie in an artefact: places (-1 for none) and cells.
    pub(crate) fn parts(&self) -> (Vec<f32>, Vec<f32>) {
        let places = self.places.iter().map(|place| place.map_or(-1.0, |p| p as f32)).collect();
        (places, self.cells.iter().map(|&cell| f32::from(cell)).collect())
    }

    /// Back from an artefact.
    ///
    /// # Errors
    /// Names what does not fit.
    pub(crate) fn from_parts(n_items: usize, places: &[f32], cells: &[f32]) -> Result<Self, String> {
        let n_rows = cells.len().checked_div(n_items).unwrap_or(0);
        let place = |&place: &f32| match place {
            -1.0 => Ok(None),
            p if p >= 0.0 && p.fract() == 0.0 && (p as usize) < n_rows => Ok(Some(p as u32)),
            other => Err(format!("row {other} of {n_rows} complete rows")),
        };
        let places = places.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        if cells.iter().any(|c| ![1.0, 2.0, 3.0, 4.0, 5.0].contains(c)) {
            return Err("a complete row with a value that is not 1 to 5".into());
        }
        Ok(Self { n_items, places, cells: cells.iter().map(|&c| c as u8).collect() })
    }

    /// Validation and test users out of those with complete rows, in the given shares of all users as far as they
    /// reach; everybody else trains.
    pub(crate) fn split(&self, n_users: usize, shares: UserShares, seed: u64) -> UserSplit {
        let complete: Vec<UserIdx> =
            (0..n_users as u32).map(UserIdx).filter(|user| self.places[user.index()].is_some()).collect();
        let test_share = (1.0 - shares.train - shares.validation).max(0.0);
        let wanted = (shares.validation + test_share) * n_users as f64;
        let within = (complete.len() as f64 / wanted.max(1.0)).min(1.0);
        let of_complete = n_users as f64 * within / complete.len().max(1) as f64;
        let validation = shares.validation * of_complete;
        let inner = UserShares { train: 1.0 - validation - test_share * of_complete, validation };
        let dealt = UserSplit::draw(complete.len(), inner, seed);
        let outer = |part: &[UserIdx]| part.iter().map(|at| complete[at.index()]).collect::<Vec<_>>();
        let (validation, test) = (outer(&dealt.validation), outer(&dealt.test));
        let is_held =
            |user: &UserIdx| validation.binary_search(user).is_ok() || test.binary_search(user).is_ok();
        let train = (0..n_users as u32).map(UserIdx).filter(|user| !is_held(user)).collect();
        UserSplit { train, validation, test, withheld: Vec::new() }
    }

    /// One cell, if the user rated everything.
    pub fn get(&self, user: UserIdx, item: ItemIdx) -> Option<f32> {
        let place = self.places[user.index()]? as usize;
        Some(f32::from(self.cells[place * self.n_items + item.index()]))
    }

    /// How many users have a row.
    pub fn n_complete(&self) -> usize {
        self.cells.len() / self.n_items.max(1)
    }
}
