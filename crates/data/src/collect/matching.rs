//! Whether the ids of the log are those of the items file.

use super::Collector;
use crate::{DropReason, Warning};
use std::collections::HashMap;
use std::path::Path;

/// Ids that are compared to find a pair that is written in two ways.
const N_COMPARED: usize = 10_000;

impl Collector {
    /// Says so where next to no item of the log is in the items file, with an example of both sides. `counts` has the
    /// interactions of every item.
    pub(super) fn notice_strangers(&mut self, counts: &[u32]) {
        let n_listed = self.listed.len();
        let n_unlisted = counts.len() - n_listed;
        let n_known = counts[..n_listed].iter().filter(|&&count| count > 0).count();
        let n_rows_left_out = self.report.n_dropped(DropReason::UnlistedItem);
        let (known, strange) = if self.only_listed_items {
            let kept = counts.iter().map(|&count| u64::from(count)).sum::<u64>();
            (kept, n_rows_left_out)
        } else {
            (n_known as u64, n_unlisted as u64)
        };
        if n_listed == 0 || strange == 0 || known * 50 >= known + strange {
            return;
        }
        let Some(sentence) = self.strangers(n_known) else { return };
        self.report.say(Warning::IdsDoNotMatch, "", sentence);
    }

    /// Says so where an items file has no items.
    pub(crate) fn notice_no_items(&mut self, path: &Path) {
        if self.report.items_listed == 0 {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let sentence =
                "the items file has no items: titles are ids, and there are no categories".to_owned();
            self.report.say(Warning::EmptyItemsFile, &name, sentence);
        }
    }

    /// `no id of the log is in the items file: e.g. `0000100` and `100``.
    pub(super) fn strangers(&self, n_known: usize) -> Option<String> {
        let n_listed = self.listed.len();
        let (ours, theirs) = self.alike().or_else(|| {
            let stranger = match &self.unlisted {
                Some(id) => id.as_str(),
                None if self.items.len() > n_listed => self.items.get(n_listed as u32),
                None => return None,
            };
            (n_listed > 0).then(|| (stranger, self.items.get(0)))
        })?;
        let what = match n_known {
            0 => "no id of the log is".to_owned(),
            1 => "one id of the log alone is".to_owned(),
            n => format!("only {n} ids of the log are"),
        };
        Some(format!("{what} in the items file: e.g. `{ours}` and `{theirs}`; --item-ids translates them"))
    }

    /// An id of the log and one of the items file that differ in zeros, case or separators alone.
    fn alike(&self) -> Option<(&str, &str)> {
        let n_listed = self.listed.len();
        let id = |row: usize| self.items.get(row as u32);
        let listed: HashMap<String, &str> =
            (0..n_listed.min(N_COMPARED)).map(|row| (bare(id(row)), id(row))).collect();
        let strangers = (n_listed..self.items.len()).take(N_COMPARED).map(id);
        let mut strangers = self.unlisted.as_deref().into_iter().chain(strangers);
        strangers.find_map(|stranger| listed.get(&bare(stranger)).map(|&known| (stranger, known)))
    }
}

/// An id without what tends to get lost: case, separators, leading zeros, a fraction of zeros.
fn bare(id: &str) -> String {
    let whole = id.split_once('.').filter(|(_, rest)| rest.bytes().all(|byte| byte == b'0'));
    let id = whole.map_or(id, |(whole, _)| whole);
    let plain: String = id.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    plain.trim_start_matches('0').to_owned()
}
