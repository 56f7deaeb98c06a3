//! Demonstrations as explanations: which of them showed this item, in a situation most like the present one.

use crate::{Served, Session};
use mdp::ItemIdx;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A demonstrated session, as far as explanations need it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServedSession {
    /// Where it comes from.
    pub id: String,
    /// Titles of the end of the user's history, oldest first.
    pub history: Vec<String>,
    /// What was shown.
    pub steps: Vec<ServedStep>,
    /// The lesson that the expert drew.
    pub lesson: Option<String>,
}

/// One demonstrated step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServedStep {
    /// What was shown.
    pub item: ItemIdx,
    /// What it earned in the train world.
    pub reward: f32,
    /// Whether the user left at it.
    pub left: bool,
    /// What the expert said that it was thinking.
    pub thought: Option<String>,
    /// What it meant to do.
    pub plan: Option<String>,
    /// The critic's value of the state after the step.
    pub critic_value: Option<f32>,
    /// What the step was worth above what was expected.
    pub advantage: Option<f32>,
    /// How much the policy's training imitated the step at its end, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f32>,
    /// What the critic of that training expected of the session before the step, in units of discounted rewards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned_value: Option<f32>,
}

/// A demonstrated step that speaks for a recommendation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precedent {
    /// Position of the demonstration among [`Served::demonstrations`].
    pub demonstration: usize,
    /// Position of the step in it.
    pub step: usize,
    /// Whether it showed the very item, or one of the same categories.
    pub is_same_item: bool,
    /// How many of the steps before it share categories with what this user was shown or has liked last: with none, its
    /// situation is not like the present one.
    pub n_alike: usize,
}

/// Where items and groups of categories were demonstrated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    by_item: HashMap<ItemIdx, Vec<(usize, usize)>>,
    by_group: HashMap<u32, Vec<(usize, usize)>>,
}

/// How many steps of a group are looked through, evenly spread over all demonstrations.
const MOST_OF_A_GROUP: usize = 200;
/// How far back a situation goes.
const RECENT: usize = 4;

impl Index {
    pub(crate) fn of(sessions: &[ServedSession], group_of: &[u32]) -> Self {
        let mut index = Self::default();
        for (at, session) in sessions.iter().enumerate() {
            for (number, step) in session.steps.iter().enumerate().filter(|(_, step)| !step.left) {
                index.by_item.entry(step.item).or_default().push((at, number));
                let Some(&group) = group_of.get(step.item.index()) else { continue };
                index.by_group.entry(group).or_default().push((at, number));
            }
        }
        index.by_group.values_mut().for_each(thin);
        index
    }
}

/// Keeps [`MOST_OF_A_GROUP`] steps at most, evenly spread.
fn thin(steps: &mut Vec<(usize, usize)>) {
    let n = steps.len();
    if n > MOST_OF_A_GROUP {
        *steps = (0..MOST_OF_A_GROUP).filter_map(|at| steps.get(at * n / MOST_OF_A_GROUP).copied()).collect();
    }
}

impl Served {
    /// The demonstrated step that is nearest: of this item, else of its categories; among those the one whose steps
    /// before share most with what was just shown, then the one that earned most.
    pub(crate) fn precedent(&self, session: &Session, item: ItemIdx) -> Option<Precedent> {
        let index = self.index();
        let of_item = index.by_item.get(&item);
        let group = self.ranker().items.group_of.get(item.index());
        let found = of_item.or_else(|| index.by_group.get(group?))?;
        let recent: Vec<&[u16]> = session.recent.iter().rev().take(RECENT).map(|&i| self.labels(i)).collect();
        let likeness = |&&(at, number): &&(usize, usize)| {
            let steps = self.demonstrations().get(at).map_or(&[][..], |demo| &demo.steps);
            let reward = steps.get(number).map_or(0.0, |step| step.reward);
            (self.n_alike(steps, number, &recent), (reward * 100.0) as i32, std::cmp::Reverse(at))
        };
        let &(demonstration, step) = found.iter().max_by_key(likeness)?;
        let steps = self.demonstrations().get(demonstration).map_or(&[][..], |demo| &demo.steps);
        let n_alike = self.n_alike(steps, step, &recent);
        Some(Precedent { demonstration, step, is_same_item: of_item.is_some(), n_alike })
    }

    /// How many of the steps before one share a category with the recent item in the same place.
    fn n_alike(&self, steps: &[ServedStep], number: usize, recent: &[&[u16]]) -> usize {
        let before = steps.get(number.saturating_sub(RECENT)..number).unwrap_or_default();
        let pairs = before.iter().rev().zip(recent);
        pairs.filter(|(step, own)| self.labels(step.item).iter().any(|label| own.contains(label))).count()
    }

    fn labels(&self, item: ItemIdx) -> &[u16] {
        self.catalogue().items().get(item.index()).map_or(&[], |item| &item.categories)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_through_is_spread_over_all_demonstrations() {
        let mut few: Vec<(usize, usize)> = (0..MOST_OF_A_GROUP).map(|at| (at, 1)).collect();
        let all = few.clone();
        thin(&mut few);
        assert_eq!(few, all);
        let mut many: Vec<(usize, usize)> = (0..1_001).map(|at| (at, 0)).collect();
        thin(&mut many);
        assert_eq!((many.len(), many[0], many[100]), (MOST_OF_A_GROUP, (0, 0), (500, 0)));
        assert!(many[MOST_OF_A_GROUP - 1].0 > 990, "the last are among them");
    }
}
