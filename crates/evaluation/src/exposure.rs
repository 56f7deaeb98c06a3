//! What was shown, over all sessions: how many items, how often again, how unevenly.

use mdp::{ItemSet, Trajectory};
use serde::{Deserialize, Serialize};

/// How a policy spreads its recommendations over the catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// Distinct items shown in one evaluation (one pair of seeds), averaged over evaluations.
    pub distinct_items: f64,
    /// `distinct_items` as a share of the catalogue.
    pub coverage: f64,
    /// Among all steps but the first of a session, the share whose item the session had shown before.
    pub repeat_rate: f64,
    /// Gini coefficient of how often each item of the whole catalogue was shown, pooled: 0 if all equally
    /// often, near 1 if a few items take all. Compare only between evaluations with similar numbers of steps.
    pub gini: f64,
}

impl Exposure {
    /// `evaluations` holds the sessions of each pair of seeds.
    pub fn of(evaluations: &[&[Trajectory]], n_items: usize) -> Self {
        let mut shown_count = vec![0u64; n_items];
        let (mut n_distinct, mut n_repeats, mut n_later) = (0usize, 0usize, 0usize);
        for sessions in evaluations {
            let mut distinct = ItemSet::empty(n_items);
            for session in *sessions {
                let mut seen = ItemSet::empty(n_items);
                for step in session.steps.iter().filter(|step| step.item.index() < n_items) {
                    shown_count[step.item.index()] += 1;
                    distinct.insert(step.item);
                    n_repeats += usize::from(!seen.insert(step.item));
                }
                n_later += session.steps.len().saturating_sub(1);
            }
            n_distinct += distinct.len();
        }
        let distinct_items = n_distinct as f64 / evaluations.len().max(1) as f64;
        Self {
            distinct_items,
            coverage: distinct_items / n_items.max(1) as f64,
            repeat_rate: n_repeats as f64 / n_later.max(1) as f64,
            gini: gini(shown_count),
        }
    }
}

/// G = (2 sum_i i x_i) / (n sum x) - (n + 1) / n over ascending x, i from 1; 0 where nothing was shown.
pub(crate) fn gini(mut counts: Vec<u64>) -> f64 {
    counts.sort_unstable();
    let n = counts.len() as f64;
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return 0.0;
    }
    let ranked: f64 = counts.iter().enumerate().map(|(i, &x)| (i + 1) as f64 * x as f64).sum();
    2.0 * ranked / (n * total as f64) - (n + 1.0) / n
}
