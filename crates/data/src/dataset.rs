//! The log in memory: who interacted with what, by user and time.

use crate::{ImportReport, Problem};
use catalogue::Catalogue;
use mdp::{Histories, Interaction, ItemIdx, UserIdx};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// What the times of a log mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Nothing: the order of a user's rows is an accident of the file.
    #[default]
    Unordered,
    /// Positions in the user's sequence: earlier is known, how much earlier is not.
    Positions,
    /// Unix seconds.
    Seconds,
}

/// Bytes: enough for several blocks at a time, little enough for the nearest caches.
const HASHED_AT_ONCE: usize = 1 << 17;

/// A catalogue, users, and their interactions on the 1 to 5 scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The items; an `ItemIdx` is a row of it.
    pub catalogue: Catalogue,
    /// The outside ids of the users; a `UserIdx` is a row.
    pub users: Vec<String>,
    /// How the log came to be: sources, scales, what was dropped. Empty for a generated log.
    pub report: ImportReport,
    by_id: Vec<u32>,
    offsets: Vec<usize>,
    interactions: Arc<Vec<Interaction>>,
    /// With which probability each interaction's item was chosen, 0 where that is not known. Beside the log, not in it:
    /// few logs have any, and a field of its own would make every row of every log half as long again.
    propensities: Option<Arc<Vec<f32>>>,
    clock: Clock,
}

impl Dataset {
    /// A dataset from one history per user, in any order; each is sorted by time, stably.
    ///
    /// # Errors
    /// When a user id is empty or repeated, an item is beyond the catalogue or occurs twice in one history, or
    /// a rating is not within 1 to 5.
    pub fn new(
        catalogue: Catalogue,
        histories: Vec<(String, Vec<Interaction>)>,
        clock: Clock,
    ) -> Result<Self, Problem> {
        let mut users = Vec::with_capacity(histories.len());
        let mut offsets = vec![0];
        let mut interactions = Vec::new();
        for (user, mut history) in histories {
            history.sort_by_key(|row| row.time);
            interactions.append(&mut history);
            offsets.push(interactions.len());
            users.push(user);
        }
        Self::from_parts(catalogue, users, offsets, interactions, clock)
    }

    /// Checks every invariant. `offsets` has one entry more than `users`; the rows of user `u` are
    /// `interactions[offsets[u]..offsets[u + 1]]`, in time order.
    pub(crate) fn from_parts(
        catalogue: Catalogue,
        users: Vec<String>,
        offsets: Vec<usize>,
        interactions: Vec<Interaction>,
        clock: Clock,
    ) -> Result<Self, Problem> {
        let mut by_id: Vec<u32> = (0..users.len() as u32).collect();
        by_id.sort_unstable_by(|&a, &b| users[a as usize].cmp(&users[b as usize]));
        let is_repeated = |pair: &[u32]| users[pair[0] as usize] == users[pair[1] as usize];
        if by_id.windows(2).any(is_repeated) || users.iter().any(String::is_empty) {
            return Err(Problem::Damaged("a user id is empty or repeated".into()));
        }
        check_rows(catalogue.len(), &offsets, &interactions)?;
        let report = ImportReport::default();
        let interactions = Arc::new(interactions);
        Ok(Self { catalogue, users, report, by_id, offsets, interactions, propensities: None, clock })
    }

    /// The same log with the probability with which each interaction's item was chosen by whoever showed it, in the
    /// order of [`Dataset::histories`]; 0 says that it is not known.
    ///
    /// # Errors
    /// When there is not one per interaction, or one is no probability.
    pub fn with_propensities(self, propensities: Vec<f32>) -> Result<Self, Problem> {
        if propensities.len() != self.n_interactions() {
            return Err(damaged("not one propensity per interaction"));
        }
        if !propensities.iter().all(|p| (0.0..=1.0).contains(p)) {
            return Err(damaged("a propensity outside 0 to 1"));
        }
        let is_known = propensities.iter().any(|&p| p > 0.0);
        Ok(Self { propensities: is_known.then(|| Arc::new(propensities)), ..self })
    }

    /// How many users; every one has at least one interaction after an import.
    pub fn n_users(&self) -> usize {
        self.users.len()
    }

    /// How many items, with or without interactions.
    pub fn n_items(&self) -> usize {
        self.catalogue.len()
    }

    /// How many interactions.
    pub fn n_interactions(&self) -> usize {
        self.interactions.len()
    }

    /// The history of one user, oldest first.
    ///
    /// # Panics
    /// If the row is beyond the user table.
    pub fn interactions(&self, user: UserIdx) -> &[Interaction] {
        &self.interactions[self.offsets[user.index()]..self.offsets[user.index() + 1]]
    }

    /// Whether the probability is known with which any item of the log was chosen: what off-policy estimates need.
    pub fn has_propensities(&self) -> bool {
        self.propensities.is_some()
    }

    /// With which probability each item of a user's history was chosen by whoever showed it, in the order of
    /// [`Dataset::interactions`]; `None` where that is not known.
    ///
    /// # Panics
    /// If the row is beyond the user table.
    pub fn propensities(&self, user: UserIdx) -> impl Iterator<Item = Option<f32>> + '_ {
        let rows = self.offsets[user.index()]..self.offsets[user.index() + 1];
        rows.map(move |row| self.propensities.as_ref().map(|all| all[row]).filter(|&p| p > 0.0))
    }

    /// The histories of all users, in row order.
    pub fn histories(&self) -> impl Iterator<Item = (UserIdx, &[Interaction])> {
        (0..self.n_users() as u32).map(|row| (UserIdx(row), self.interactions(UserIdx(row))))
    }

    /// A part of every user's history, as rows of it. The log is not copied.
    ///
    /// # Panics
    /// If a part does not lie within the history it is of.
    pub fn part_of_histories(&self, part: impl Fn(&[Interaction]) -> Range<usize>) -> Histories {
        let ranges = self.offsets.windows(2).map(|bounds| {
            let within = part(&self.interactions[bounds[0]..bounds[1]]);
            assert!(within.end <= bounds[1] - bounds[0], "a part beyond its history");
            bounds[0] + within.start..bounds[0] + within.end
        });
        Histories::new(self.interactions.clone(), ranges.collect())
    }

    /// Whether the order of a user's interactions is the order in which they happened.
    pub fn has_clock(&self) -> bool {
        self.clock != Clock::Unordered
    }

    /// What the times mean.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The row of an outside user id.
    pub fn user_index(&self, id: &str) -> Option<UserIdx> {
        let at = self.by_id.binary_search_by(|&row| self.users[row as usize].as_str().cmp(id)).ok()?;
        Some(UserIdx(self.by_id[at]))
    }

    /// How many interactions each item has. `[items]`
    pub fn item_counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.n_items()];
        self.interactions.iter().for_each(|row| counts[row.item.index()] += 1);
        counts
    }

    /// The hash of users, items, interactions and propensities: equal logs have equal hashes, whatever files they came from.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.catalogue.hash().as_bytes()).update(&[self.clock as u8]);
        // Long runs of bytes are hashed several blocks at a time.
        let mut bytes = Vec::with_capacity(2 * HASHED_AT_ONCE);
        for (user, history) in self.histories() {
            let id = &self.users[user.index()];
            bytes.extend((id.len() as u64).to_le_bytes());
            bytes.extend(id.as_bytes());
            bytes.extend((history.len() as u64).to_le_bytes());
            for row in history {
                bytes.extend(row.item.0.to_le_bytes());
                bytes.extend(row.rating.to_le_bytes());
                bytes.extend(row.time.to_le_bytes());
            }
            if bytes.len() >= HASHED_AT_ONCE {
                hasher.update(&bytes);
                bytes.clear();
            }
        }
        hasher.update(&bytes);
        // Without propensities a log has the hash that it had before there were any.
        for part in self.propensities.iter().flat_map(|all| all.chunks(HASHED_AT_ONCE)) {
            bytes.clear();
            part.iter().for_each(|p| bytes.extend(p.to_le_bytes()));
            hasher.update(&bytes);
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

fn check_rows(n_items: usize, offsets: &[usize], interactions: &[Interaction]) -> Result<(), Problem> {
    let mut last_user_with = vec![usize::MAX; n_items];
    for (user, bounds) in offsets.windows(2).enumerate() {
        let history =
            interactions.get(bounds[0]..bounds[1]).ok_or_else(|| damaged("offsets out of order"))?;
        if !history.is_sorted_by_key(|row| row.time) {
            return Err(damaged("a history out of time order"));
        }
        for &Interaction { item: ItemIdx(item), rating, .. } in history {
            let last = last_user_with
                .get_mut(item as usize)
                .ok_or_else(|| damaged("an item beyond the catalogue"))?;
            if std::mem::replace(last, user) == user {
                return Err(damaged("an item twice in one history"));
            }
            if !(1.0..=5.0).contains(&rating) {
                return Err(damaged("a rating outside 1 to 5"));
            }
        }
    }
    Ok(())
}

fn damaged(what: &str) -> Problem {
    Problem::Damaged(what.to_owned())
}
