//! Dense Adam over a table of rows, done when somebody looks.

use crate::AdamConfig;
use crate::adam::{Correction, row_step};
use rayon::prelude::*;
use std::collections::{HashMap, hash_map::Entry};

/// Into how many parts a table is cut for the threads that bring it up to date.
const N_PARTS: usize = 32;

/// A table whose every row moves at every step, as dense Adam moves it, although only the rows with a gradient are
/// touched: a row without gradient is brought up to date when it is next read. The result equals the dense one bit
/// for bit.
///
/// # Source
/// Adam with the usual decays. A row without gradient keeps moving by its momentum, by steps that shrink at least
/// tenfold in 25; once a step no longer changes any value of the row, no later one does (rounding is monotone), so
/// from there on only the moments decay.
#[derive(Clone, Debug, PartialEq)]
pub struct RowAdam {
    config: AdamConfig,
    width: usize,
    values: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    steps_taken: Vec<u32>,
    n_steps: u32,
    corrections: Vec<Correction>,
    absence: Absence,
}

/// What a row does in a step that has no gradient for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absence {
    /// It moves by its momentum, as dense Adam moves it; done when somebody looks.
    #[default]
    Moves,
    /// It rests, and so do its moments: lazy Adam.
    Rests,
}

/// Everything a table is made of, for checkpoints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowAdamParts {
    /// Values, `[rows, width]`, each row as it was after the steps it has taken.
    pub values: Vec<f32>,
    /// First moments, `[rows, width]`.
    pub first: Vec<f32>,
    /// Second moments, `[rows, width]`.
    pub second: Vec<f32>,
    /// How many of the steps each row has taken.
    pub steps_taken: Vec<u32>,
    /// How many steps there were.
    pub n_steps: u32,
}

impl RowAdam {
    /// A table at its initial values `[rows, width]`.
    ///
    /// # Panics
    /// If the values are not whole rows.
    pub fn new(learning_rate: f32, width: usize, values: Vec<f32>) -> Self {
        let (n_values, n_rows) = (values.len(), values.len() / width.max(1));
        let moments = vec![0.0; n_values];
        let steps_taken = vec![0; n_rows];
        let parts = RowAdamParts { values, first: moments.clone(), second: moments, steps_taken, n_steps: 0 };
        Self::from_parts(learning_rate, width, parts)
    }

    /// A table as a checkpoint has it.
    ///
    /// # Panics
    /// If the parts do not fit each other.
    pub fn from_parts(learning_rate: f32, width: usize, parts: RowAdamParts) -> Self {
        let RowAdamParts { values, first, second, steps_taken, n_steps } = parts;
        let n_values = steps_taken.len() * width;
        assert!([values.len(), first.len(), second.len()] == [n_values; 3], "whole rows");
        assert!(steps_taken.iter().all(|&taken| taken <= n_steps), "no row is ahead of the table");
        let config = AdamConfig::with_learning_rate(learning_rate);
        let mut table = Self {
            config,
            width,
            values,
            first,
            second,
            steps_taken,
            n_steps,
            corrections: Vec::new(),
            absence: Absence::Moves,
        };
        for step in 1..=n_steps {
            table.remember_correction(step);
        }
        table
    }

    /// The same table with another answer to steps without gradient. [`Absence::Rests`] is another algorithm, not a
    /// faster way to the same result: rows that are rarely named move less, and results differ from dense Adam's.
    ///
    /// # Source
    /// PyTorch's `SparseAdam`: the bias corrections count the steps of the table, not those of the row.
    pub fn with_absence(mut self, absence: Absence) -> Self {
        self.rows();
        self.absence = absence;
        self
    }

    /// Everything the table is made of.
    pub fn to_parts(&self) -> RowAdamParts {
        RowAdamParts {
            values: self.values.clone(),
            first: self.first.clone(),
            second: self.second.clone(),
            steps_taken: self.steps_taken.clone(),
            n_steps: self.n_steps,
        }
    }

    /// How many rows.
    pub fn n_rows(&self) -> usize {
        self.steps_taken.len()
    }

    /// The length of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// One row as dense Adam has it now.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&mut self, row: usize) -> &[f32] {
        self.catch_up(row);
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// All rows as dense Adam has them now, `[rows, width]`.
    pub fn rows(&mut self) -> &[f32] {
        self.in_parts(|part, _| (0..part.steps_taken.len()).for_each(|row| part.catch_up(row)));
        &self.values
    }

    /// One step of the whole table: the rows of `gradients` move by theirs, all others by none.
    ///
    /// # Panics
    /// If a row is named twice or does not exist.
    pub fn step(&mut self, gradients: &RowGradients) {
        assert_eq!(gradients.width, self.width, "width of the gradients");
        for (&row, _) in gradients.iter() {
            self.catch_up(row as usize);
        }
        self.n_steps += 1;
        self.remember_correction(self.n_steps);
        for (&row, gradient) in gradients.iter() {
            let row = row as usize;
            assert!(self.steps_taken[row] < self.n_steps, "one gradient per row");
            self.as_rows().move_row(row, gradient);
        }
    }

    /// Brings rows up to date, on the threads of the caller's pool; what is named twice is done once, and leaves the list
    /// sorted.
    ///
    /// # Panics
    /// If a row does not exist.
    pub fn catch_up_rows(&mut self, rows: &mut Vec<u32>) {
        rows.sort_unstable();
        rows.dedup();
        assert!(rows.last().is_none_or(|&row| (row as usize) < self.n_rows()), "rows of the table");
        self.in_parts(|part, first| {
            let start = rows.partition_point(|&row| (row as usize) < first);
            let end = rows.partition_point(|&row| (row as usize) < first + part.steps_taken.len());
            rows[start..end].iter().for_each(|&row| part.catch_up(row as usize - first));
        });
    }

    /// Works on consecutive parts, each with the number of its first row.
    fn in_parts(&mut self, work: impl Fn(&mut Rows<'_>, usize) + Sync) {
        let (size, width) = (self.n_rows().div_ceil(N_PARTS).max(1), self.width);
        let (n_steps, config, corrections) = (self.n_steps, &self.config, &self.corrections[..]);
        let absence = self.absence;
        let moments = self.first.par_chunks_mut(size * width).zip(self.second.par_chunks_mut(size * width));
        let parts = self.values.par_chunks_mut(size * width).zip(moments);
        parts.zip(self.steps_taken.par_chunks_mut(size)).enumerate().for_each(
            |(index, (tables, steps_taken))| {
                let (values, (first, second)) = tables;
                let mut part =
                    Rows { config, corrections, absence, width, n_steps, values, first, second, steps_taken };
                work(&mut part, index * size);
            },
        );
    }

    /// Takes the steps that `row` has not taken yet.
    fn catch_up(&mut self, row: usize) {
        self.as_rows().catch_up(row);
    }

    fn as_rows(&mut self) -> Rows<'_> {
        Rows {
            config: &self.config,
            corrections: &self.corrections,
            absence: self.absence,
            width: self.width,
            n_steps: self.n_steps,
            values: &mut self.values,
            first: &mut self.first,
            second: &mut self.second,
            steps_taken: &mut self.steps_taken,
        }
    }

    /// Keeps the bias correction of a step; once it no longer changes, the last one stands for all later steps.
    fn remember_correction(&mut self, step: u32) {
        let has_settled = self.corrections.last().is_some_and(Correction::has_settled);
        if !has_settled {
            self.corrections.push(Correction::at(&self.config, u64::from(step)));
        }
    }
}

/// Consecutive rows of a table.
struct Rows<'a> {
    config: &'a AdamConfig,
    corrections: &'a [Correction],
    absence: Absence,
    width: usize,
    n_steps: u32,
    values: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    steps_taken: &'a mut [u32],
}

impl Rows<'_> {
    /// Takes the steps that `row` has not taken yet.
    fn catch_up(&mut self, row: usize) {
        const NO_GRADIENT: [f32; 64] = [0.0; 64];
        if self.absence == Absence::Rests {
            self.steps_taken[row] = self.n_steps;
        }
        let missing = self.n_steps - self.steps_taken[row];
        let mut still_moves = true;
        for _ in 0..missing {
            if !still_moves {
                break;
            }
            still_moves = match NO_GRADIENT.get(..self.width) {
                Some(gradient) => self.move_row(row, gradient),
                None => self.move_row(row, &vec![0.0; self.width]),
            };
        }
        let rest = self.n_steps - self.steps_taken[row];
        if rest > 0 {
            let range = row * self.width..(row + 1) * self.width;
            crate::adam::decay(self.config, rest, &mut self.first[range.clone()], &mut self.second[range]);
            self.steps_taken[row] = self.n_steps;
        }
    }

    /// Takes the row's next step and says whether a value changed.
    fn move_row(&mut self, row: usize, gradient: &[f32]) -> bool {
        self.steps_taken[row] += 1;
        let index = (self.steps_taken[row] as usize).min(self.corrections.len()) - 1;
        let range = row * self.width..(row + 1) * self.width;
        row_step(
            self.config,
            self.corrections[index],
            &mut self.values[range.clone()],
            gradient,
            &mut self.first[range.clone()],
            &mut self.second[range],
        )
    }
}

/// Gradients of a few rows of a table; what is added to the same row twice is summed.
#[derive(Clone, Debug, PartialEq)]
pub struct RowGradients {
    width: usize,
    rows: Vec<u32>,
    values: Vec<f32>,
    /// Where each row's gradient is.
    places: HashMap<u32, usize>,
}

impl RowGradients {
    /// No gradients of rows of length `width`.
    pub fn new(width: usize) -> Self {
        Self { width, rows: Vec::new(), values: Vec::new(), places: HashMap::new() }
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.values.clear();
        self.places.clear();
    }

    /// Adds `gradient: [width]` to a row.
    ///
    /// # Panics
    /// If the length is another.
    pub fn add(&mut self, row: u32, gradient: &[f32]) {
        assert_eq!(gradient.len(), self.width, "width of the gradient");
        match self.places.entry(row) {
            Entry::Occupied(place) => {
                let at = place.get() * self.width;
                crate::add_scaled(&mut self.values[at..at + self.width], 1.0, gradient);
            }
            Entry::Vacant(place) => {
                place.insert(self.rows.len());
                self.rows.push(row);
                self.values.extend_from_slice(gradient);
            }
        }
    }

    /// Rows and their gradients, in the order of first mention.
    pub fn iter(&self) -> impl Iterator<Item = (&u32, &[f32])> {
        self.rows.iter().zip(self.values.chunks_exact(self.width))
    }
}
