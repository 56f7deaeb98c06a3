//! What came of each policy's answers since the start, arm by arm.

use crate::experiment::Arm;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts of every arm and policy.
#[derive(Debug, Default)]
pub(crate) struct Arms {
    inner: Mutex<BTreeMap<(Arm, String), Counts>>,
}

/// What was counted for one policy in one arm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Counts {
    pub(crate) slates: u64,
    pub(crate) items: u64,
    /// Feedback to what it chose.
    pub(crate) answers: u64,
    /// Sum of what the answers were worth.
    pub(crate) reward: f64,
    /// Users who left at what it chose.
    pub(crate) leaves: u64,
    /// Slates that were ranked in the champion's shadow, and those that there was no time for.
    pub(crate) shadow_slates: u64,
    pub(crate) shadow_skipped: u64,
    /// Of the shadow's slates: those whose first item was the same, and the sum of shares of common items.
    pub(crate) shadow_same_first: u64,
    pub(crate) shadow_overlap: f64,
}

/// One line for a table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ArmAnswer {
    arm: Arm,
    policy: String,
    #[serde(flatten)]
    counts: Counts,
}

impl Arms {
    /// Counts a slate that was shown.
    pub(crate) fn show(&self, arm: Arm, policy: &str, n_items: usize) {
        self.change(arm, policy, |counts| {
            counts.slates += 1;
            counts.items += n_items as u64;
        });
    }

    /// Counts an answer to what a policy chose.
    pub(crate) fn answer(&self, arm: Arm, policy: &str, reward: f32, left: bool) {
        self.change(arm, policy, |counts| {
            counts.answers += 1;
            counts.reward += f64::from(reward);
            counts.leaves += u64::from(left);
        });
    }

    /// Compares what a shadow would have shown with what was shown.
    pub(crate) fn compare(&self, policy: &str, shown: &[String], shadow: &[String]) {
        let common = shadow.iter().filter(|item| shown.contains(item)).count();
        self.change(Arm::Challenger, policy, |counts| {
            counts.shadow_slates += 1;
            counts.shadow_same_first += u64::from(shown.first() == shadow.first());
            counts.shadow_overlap += common as f64 / shown.len().max(1) as f64;
        });
    }

    /// Counts a slate that a shadow was too late for.
    pub(crate) fn skip(&self, policy: &str) {
        self.change(Arm::Challenger, policy, |counts| counts.shadow_skipped += 1);
    }

    /// All counts, champions first.
    pub(crate) fn all(&self) -> Vec<ArmAnswer> {
        let inner = self.locked();
        let one = |((arm, policy), counts): (&(Arm, String), &Counts)| ArmAnswer {
            arm: *arm,
            policy: policy.clone(),
            counts: *counts,
        };
        inner.iter().map(one).collect()
    }

    /// The text that Prometheus reads. Writing into a string cannot fail.
    pub(crate) fn text(&self) -> String {
        let inner = self.locked();
        let mut out = String::new();
        for (name, help, value) in COLUMNS {
            let _ = writeln!(out, "# HELP ilrec_arm_{name} {help}\n# TYPE ilrec_arm_{name} counter");
            for ((arm, policy), counts) in inner.iter() {
                let labels = format!("arm=\"{}\",policy=\"{policy}\"", arm.word());
                let _ = writeln!(out, "ilrec_arm_{name}{{{labels}}} {}", value(counts));
            }
        }
        out
    }

    fn change(&self, arm: Arm, policy: &str, change: impl FnOnce(&mut Counts)) {
        change(self.locked().entry((arm, policy.to_owned())).or_default());
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<(Arm, String), Counts>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Column = (&'static str, &'static str, fn(&Counts) -> f64);

const COLUMNS: [Column; 9] = [
    ("slates_total", "Slates shown.", |counts| counts.slates as f64),
    ("items_total", "Items shown.", |counts| counts.items as f64),
    ("answers_total", "Feedback to what it chose.", |counts| counts.answers as f64),
    ("reward_total", "Sum of what the feedback was worth.", |counts| counts.reward),
    ("leaves_total", "Users who left at what it chose.", |counts| counts.leaves as f64),
    ("shadow_slates_total", "Slates ranked in the shadow.", |counts| counts.shadow_slates as f64),
    ("shadow_skipped_total", "Slates the shadow was too late for.", |counts| counts.shadow_skipped as f64),
    ("shadow_same_first_total", "Shadow slates with the same first item.", |counts| {
        counts.shadow_same_first as f64
    }),
    ("shadow_overlap_total", "Sum of shares of common items.", |counts| counts.shadow_overlap),
];
