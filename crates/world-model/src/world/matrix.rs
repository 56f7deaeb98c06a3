//! One side of an imported world: a matrix that stays in its file.

use super::Columns;
use crate::{DenseMatrix, WorldError};
use artefact::{Artefact, Draft, Tensors};
use environment::DistanceSource;
use mdp::{ItemIdx, MeanModel, RewardSource, UserIdx};
use std::path::Path;
use std::sync::Arc;

/// Rewards as they are in a matrix. A user without a row has the mean of all rows.
#[derive(Clone, Debug)]
pub(super) struct MatrixSide {
    matrix: DenseMatrix,
    /// The matrix row of every user, if there is one.
    rows: Vec<Option<u32>>,
    /// The matrix column of every item.
    columns: Vec<u32>,
    mean_row: Vec<f32>,
    distances: Option<DenseMatrix>,
}

/// Cells up to which whole columns are kept for distances; beyond, users are sampled.
const MAX_COLUMN_CELLS: usize = 1 << 26;

impl MatrixSide {
    /// Puts a side together.
    ///
    /// # Errors
    /// When a row or column lies outside, or a cell is not a finite number.
    pub(super) fn new(
        matrix: DenseMatrix,
        distances: Option<DenseMatrix>,
        rows: Vec<Option<u32>>,
        columns: Vec<u32>,
    ) -> Result<Self, String> {
        if rows.iter().flatten().any(|&row| row as usize >= matrix.n_rows()) {
            return Err(format!("a user's row beyond the {} of the matrix", matrix.n_rows()));
        }
        if columns.iter().any(|&column| column as usize >= matrix.n_columns()) {
            return Err(format!("an item's column beyond the {} of the matrix", matrix.n_columns()));
        }
        if let Some(d) = &distances
            && (d.n_rows() != matrix.n_columns() || d.n_columns() != matrix.n_columns())
        {
            let n = matrix.n_columns();
            return Err(format!("a distance matrix of {} x {} for {n} items", d.n_rows(), d.n_columns()));
        }
        for checked in [Some(&matrix), distances.as_ref()].into_iter().flatten() {
            if let Some((row, column)) = checked.find_not_finite() {
                return Err(format!("the cell in row {row}, column {column} is not a finite number"));
            }
        }
        let mut sums = vec![0.0f64; matrix.n_columns()];
        for row in 0..matrix.n_rows() {
            sums.iter_mut().enumerate().for_each(|(column, sum)| *sum += f64::from(matrix.get(row, column)));
        }
        let mean = |&column: &u32| (sums[column as usize] / matrix.n_rows() as f64) as f32;
        let mean_row = columns.iter().map(mean).collect();
        Ok(Self { matrix, rows, columns, mean_row, distances })
    }

    /// Distances as given, or those of the columns of the users that have a row.
    pub(super) fn distances(&self, seed: u64) -> Arc<dyn DistanceSource> {
        if let Some(matrix) = &self.distances {
            return Arc::new(GivenDistances { matrix: matrix.clone(), columns: self.columns.clone() });
        }
        let n_rows = self.matrix.n_rows();
        if self.columns.len() * n_rows > MAX_COLUMN_CELLS {
            let users: Vec<UserIdx> = (0..self.rows.len() as u32).map(UserIdx).collect();
            let with_row: Vec<UserIdx> =
                users.into_iter().filter(|user| self.rows[user.index()].is_some()).collect();
            return Arc::new(Columns::sampled(self, &with_row, n_rows, seed));
        }
        let column = |&column: &u32| (0..n_rows).map(move |row| self.matrix.get(row, column as usize));
        Arc::new(Columns::new(n_rows, self.columns.iter().flat_map(column).collect()))
    }

    /// Writes the matrices as files and the maps as tensors.
    pub(super) fn store(&self, name: &str, draft: &Draft, tensors: &mut Tensors) -> Result<(), WorldError> {
        let write = |matrix: &DenseMatrix, file: String| {
            let path = draft.file(&file);
            matrix.write_npy(&path).map_err(artefact::ArtefactError::io("write", &path))
        };
        write(&self.matrix, format!("{name}.npy"))?;
        if let Some(distances) = &self.distances {
            write(distances, format!("{name}-distances.npy"))?;
        }
        let rows = self.rows.iter().map(|row| row.map_or(-1.0, |row| row as f32)).collect();
        tensors.insert(&format!("{name}.rows"), &[self.rows.len()], rows);
        let columns = self.columns.iter().map(|&column| column as f32).collect();
        tensors.insert(&format!("{name}.columns"), &[self.columns.len()], columns);
        Ok(())
    }

    /// Back from an artefact; the error names what does not fit.
    pub(super) fn load(
        name: &str,
        artefact: &Artefact,
        tensors: &mut Tensors,
        (n_users, n_items): (usize, usize),
    ) -> Result<Self, String> {
        let open = |path: &Path| DenseMatrix::open(path).map_err(|e| e.to_string());
        let file = |name: &str| artefact.file(name).map_err(|e| e.to_string());
        let matrix = open(&file(&format!("{name}.npy"))?)?;
        let distances = format!("{name}-distances.npy");
        let distances = if artefact.has(&distances) { Some(open(&file(&distances)?)?) } else { None };
        let mut take = |part: &str, n: usize| {
            let name = format!("{name}.{part}");
            tensors.take(&name, &[n]).ok_or_else(|| format!("tensor {name} is not [{n}]"))
        };
        let whole = |x: &f32| (*x >= 0.0 && x.fract() == 0.0 && *x < MAX_WHOLE).then_some(*x as u32);
        let rows = take("rows", n_users)?
            .iter()
            .map(|x| if *x == -1.0 { None } else { whole(x).or(Some(u32::MAX)) })
            .collect();
        let columns = take("columns", n_items)?.iter().map(|x| whole(x).unwrap_or(u32::MAX)).collect();
        Self::new(matrix, distances, rows, columns)
    }
}

/// Below this every whole number has an f32 of its own; imports refuse larger matrices.
pub(super) const MAX_WHOLE: f32 = 16_777_216.0;

impl RewardSource for MatrixSide {
    fn n_users(&self) -> usize {
        self.rows.len()
    }

    fn n_items(&self) -> usize {
        self.columns.len()
    }

    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        match self.rows[user.index()] {
            Some(row) => self.matrix.get(row as usize, self.columns[item.index()] as usize),
            None => self.mean_row[item.index()],
        }
    }
}

impl MeanModel for MatrixSide {
    fn n_users(&self) -> usize {
        self.rows.len()
    }

    fn n_items(&self) -> usize {
        self.columns.len()
    }

    fn predict(&self, user: UserIdx, item: ItemIdx) -> (f32, f32) {
        (self.reward(user, item), 0.0)
    }
}

/// A distance matrix from a file.
#[derive(Debug)]
struct GivenDistances {
    matrix: DenseMatrix,
    columns: Vec<u32>,
}

impl DistanceSource for GivenDistances {
    fn n_items(&self) -> usize {
        self.columns.len()
    }

    fn distance(&self, a: ItemIdx, b: ItemIdx) -> f32 {
        self.matrix.get(self.columns[a.index()] as usize, self.columns[b.index()] as usize)
    }
}
