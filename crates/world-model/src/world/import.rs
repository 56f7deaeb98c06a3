//! A world out of somebody else's matrices.

use super::fit::{check_users, popularity};
use super::matrix::{MAX_WHOLE, MatrixSide};
use super::{FitReport, Judge, Train, World, WorldConfig};
use crate::{DenseMatrix, Feedback, WorldError};
use data::split::UserSplit;
use data::{Dataset, Shown};
use mdp::UserIdx;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of BiLLP and IL-Rec: users x items rewards and items x items distances of two splits, as `.npy` or
/// as pickled arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatrixSources {
    /// Rewards to train in.
    pub train: PathBuf,
    /// Rewards to judge with; it may have more rows.
    pub test: PathBuf,
    /// Distances of the train split; left out, those of its columns.
    pub distance_train: Option<PathBuf>,
    /// Distances of the test split; left out, those of its columns.
    pub distance_test: Option<PathBuf>,
}

impl World {
    /// Puts a world together from matrices. A dataset's user and item ids are the matrices' row and column
    /// numbers. Users without a row in the judge's matrix are not validated or tested on; a train user without a
    /// row in the train matrix has the mean of its rows.
    ///
    /// # Errors
    /// When a file is not a matrix of finite numbers, an item has no column, or no user has a row.
    pub fn import_matrix(
        dataset: &Dataset,
        sources: &MatrixSources,
        config: &WorldConfig,
        seed: u64,
    ) -> Result<Self, WorldError> {
        config.check()?;
        let train = side(dataset, &sources.train, sources.distance_train.as_deref())?;
        let judge = side(dataset, &sources.test, sources.distance_test.as_deref())?;
        let mut split = UserSplit::draw(dataset.n_users(), config.users, seed);
        for part in [&mut split.validation, &mut split.test] {
            let (kept, moved): (Vec<UserIdx>, Vec<UserIdx>) =
                part.iter().partition(|user| judge.1[user.index()]);
            *part = kept;
            split.train.extend(moved);
        }
        split.train.sort_unstable();
        // The matrices are all that users answer with.
        let config = WorldConfig { feedback: Feedback::Ratings, ..config.under_protocol() };
        let split = config.users_of(split, seed);
        let log = config.log_of(dataset, &split, &Shown::default(), seed);
        Ok(Self {
            config,
            seed,
            dataset_hash: dataset.hash(),
            catalogue: dataset.catalogue.clone(),
            n_users: dataset.n_users(),
            item_counts: popularity(&log, &split, dataset.n_items()),
            check_users: check_users(&log, &split),
            split,
            shown: Shown::default(),
            fit: FitReport::default(),
            train: Train::Matrix(Arc::new(train.0)),
            judge: Judge::Matrix(Arc::new(judge.0)),
            engagement: None,
            validity: None,
        })
    }
}

/// One side, and which users have a row in it.
fn side(
    dataset: &Dataset,
    path: &Path,
    distances: Option<&Path>,
) -> Result<(MatrixSide, Vec<bool>), WorldError> {
    let mismatch = |what: String| WorldError::MatrixMismatch { what, path: path.to_owned() };
    let matrix = DenseMatrix::open(path)?;
    let distances = distances.map(DenseMatrix::open).transpose()?;
    let (n_rows, n_columns) = (matrix.n_rows(), matrix.n_columns());
    if n_rows.max(n_columns) >= MAX_WHOLE as usize {
        return Err(mismatch(format!("a matrix of {n_rows} x {n_columns}")));
    }
    let number = |id: &String, limit: usize| id.parse::<u32>().ok().filter(|&at| (at as usize) < limit);
    let rows: Vec<Option<u32>> = dataset.users.iter().map(|id| number(id, n_rows)).collect();
    if rows.iter().all(Option::is_none) {
        return Err(mismatch(format!("no user id of the dataset is a row number below {n_rows}")));
    }
    let column = |item: &catalogue::Item| {
        let absent = || mismatch(format!("item id `{}` is not a column number below {n_columns}", item.id));
        number(&item.id, n_columns).ok_or_else(absent)
    };
    let columns = dataset.catalogue.items().iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let has_row = rows.iter().map(Option::is_some).collect();
    let side = MatrixSide::new(matrix, distances, rows, columns).map_err(mismatch)?;
    Ok((side, has_row))
}
