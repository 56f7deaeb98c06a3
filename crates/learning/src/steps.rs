//! Steps of sessions in columns: what algorithms hand to terms.

use mdp::{ItemIdx, StepEnd};
use std::ops::Range;

/// Steps of whole sessions, laid end to end: what a server would know of them, never the environment.
///
/// All columns have one entry a step, but for those that may be empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    /// Which steps each session has.
    pub sessions: Vec<Range<usize>>,
    /// What was shown.
    pub items: Vec<ItemIdx>,
    /// What came of it in the train world.
    pub rewards: Vec<f32>,
    /// How each step ended.
    pub ends: Vec<StepEnd>,
    /// Natural logarithm of the probability with which whoever acted chose the item; of demonstrated steps that with
    /// which the *current policy* would have.
    pub log_probs: Vec<f32>,
    /// Which step of which demonstration it is; `None` for the policy's own steps.
    pub demonstrated: Vec<Option<DemonstratedStep>>,
    /// Advantages in the environment, standardised over the batch; empty where the algorithm has none.
    pub advantages: Vec<f32>,
    /// What the algorithm's representation says of state and item; of width 0 where it says nothing.
    pub features: Rows,
    /// The same for a random item that could have been shown in the place of a demonstrated one: what the choice alone
    /// makes of the features. One row for each step that has one.
    pub alternatives: Rows,
}

/// A step of a demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemonstratedStep {
    /// The demonstration's place in [`Inputs::demonstrations`](crate::Inputs::demonstrations).
    pub demonstration: u32,
    /// The step's place in it.
    pub step: u32,
}

impl Steps {
    /// How many.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// Rows of equal width.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    width: usize,
    values: Vec<f32>,
}

impl Rows {
    /// No rows yet.
    pub fn of_width(width: usize) -> Self {
        Self { width, values: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If it has another width.
    pub fn push(&mut self, row: &[f32]) {
        assert_eq!(row.len(), self.width, "rows have one width");
        self.values.extend_from_slice(row);
    }

    /// Numbers in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// One row.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.width..(index + 1) * self.width]
    }

    /// All of them, `[rows, width]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// The policy's scores of every item at some steps.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'a> {
    /// Which steps of the batch.
    pub steps: &'a Range<usize>,
    /// Size of the catalogue.
    pub n_items: usize,
    /// Log-probabilities of the policy, `[steps, items]`; minus infinity for what could not be shown.
    pub log_probs: &'a [f32],
}

impl<'a> Scores<'a> {
    /// Log-probabilities at the `index`-th of these steps, `[items]`.
    pub fn row(&self, index: usize) -> &'a [f32] {
        &self.log_probs[index * self.n_items..(index + 1) * self.n_items]
    }
}
