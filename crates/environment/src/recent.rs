//! The recent items of many sessions, for rules that look at their distance.

use crate::nearness::NearPairs;
use crate::{DistanceSource, ExitRule, NearWindow};
use mdp::{ExitReason, ItemIdx};

/// The last items of every session, and which of them the next ones are near to.
#[derive(Debug)]
pub(crate) struct RecentItems {
    near_window: NearWindow,
    /// `[sessions, window]`, newest first. Places that no item has come to yet hold any item of the catalogue; what
    /// is near to it is not looked at.
    items: Vec<ItemIdx>,
    /// `[sessions]`; bit `k` says that the next item is near the one shown `k + 1` steps ago.
    near: Vec<u32>,
}

const LONGEST_WINDOW: usize = 32;

/// The window, if the rule looks at the distances of a plain one that a mask has room for, and at nothing else.
pub(crate) fn plain_window(rule: &ExitRule) -> Option<NearWindow> {
    let near = rule.hard_near_distances()?;
    let is_plain = (1..=LONGEST_WINDOW).contains(&near.window.length) && !near.window.published_slices;
    is_plain.then_some(near)
}

impl RecentItems {
    /// For so many sessions.
    pub(crate) fn new(near_window: NearWindow, n_sessions: usize) -> Self {
        let items = vec![ItemIdx(0); n_sessions * near_window.window.length];
        Self { near_window, items, near: vec![0; n_sessions] }
    }

    /// Finds out which recent items a session's next one is near to.
    pub(crate) fn compare(
        &mut self,
        source: &dyn DistanceSource,
        pairs: &NearPairs,
        session: usize,
        item: ItemIdx,
    ) {
        let length = self.near_window.window.length;
        self.near[session] = pairs.mask(source, item, &self.items[session * length..][..length]);
    }

    /// Whether that ends a session that has shown so many items, and the recent item that did it: the newest with
    /// which the rule's count is reached.
    pub(crate) fn ends(&self, session: usize, n_shown: usize) -> Option<(ExitReason, Option<ItemIdx>)> {
        let filled = u32::MAX.checked_shl(n_shown as u32).map_or(u32::MAX, |unfilled| !unfilled);
        let mut near = self.near[session] & filled;
        for _ in 1..self.near_window.count.min(LONGEST_WINDOW + 1) {
            near &= near.wrapping_sub(1);
        }
        if near == 0 {
            return None;
        }
        let age = near.trailing_zeros() as usize;
        Some((ExitReason::Distance, Some(self.items[session * self.near_window.window.length + age])))
    }

    /// Takes in the item that a session has shown.
    pub(crate) fn push(&mut self, session: usize, item: ItemIdx) {
        let length = self.near_window.window.length;
        let recent = &mut self.items[session * length..(session + 1) * length];
        for age in (1..length).rev() {
            recent[age] = recent[age - 1];
        }
        recent[0] = item;
    }
}
