//! How well the models of a world predict ratings that they were not fitted on.

use super::ranking::RankingReport;
use super::shown::ShownReport;
use crate::{
    EngagementReport, Factorisation, FactorisationConfig, ItemCategories, Rating, RatingTable, WorldError,
};
use mdp::MeanModel;
use serde::{Deserialize, Serialize};

/// Errors of one model on held-out ratings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitRow {
    /// Which model.
    pub model: String,
    /// Root mean squared error, in rating units.
    pub rmse: f64,
    /// Mean absolute error, in rating units.
    pub mae: f64,
}

/// What `world train` prints about the fit. The held-out ratings of the first table decided nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FitReport {
    /// Ratings that the compared models were fitted on.
    pub n_fitted: usize,
    /// Ratings that decided when DeepFM stops before it was fitted on them too (with as many sampled negatives
    /// where the log has none). The baselines choose their regularisation on a slice of their own.
    pub n_validation: usize,
    /// Ratings that the errors were measured on (with as many sampled negatives where the log has none).
    pub n_held_out: usize,
    /// Whether the log grades: less than 99 % of its ratings are its best one.
    pub is_graded: bool,
    /// Global mean, user and item bias, matrix factorisation, DeepFM.
    pub rows: Vec<FitRow>,
    /// Whether DeepFM has the least squared error of them.
    pub deepfm_is_best: bool,
    /// Mean of squared error over predicted variance on the held-out ratings: 1 is calibrated.
    pub variance_ratio: f64,
    /// Passes over the data that each member took.
    pub n_epochs: Vec<usize>,
    /// Users never seen in fitting, their rows found from part of their ratings, errors on the rest.
    pub folded_in: Vec<FitRow>,
    /// The judge on held-out ratings of its own part: global mean, user and item bias, the judge.
    pub judge: Vec<FitRow>,
    /// Where cells were sampled to stand in for low ratings: how many, and how well the models rank.
    #[serde(default)]
    pub ranking: Option<RankingReport>,
    /// Where feedback has two parts: the train world's engagement, the judge's, and those of the judge's other families.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub engagement: Vec<EngagementReport>,
    /// Where prompts showed ratings of the log: how many, and from which parts they were taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<ShownReport>,
}

/// Errors of a model given as a function of a cell.
pub(crate) fn row(model: &str, cells: &[Rating], predict: impl Fn(&Rating) -> f32) -> FitRow {
    let (mut squares, mut absolutes) = (0.0, 0.0);
    for cell in cells {
        let error = f64::from(predict(cell) - cell.value);
        squares += error * error;
        absolutes += error.abs();
    }
    let n = cells.len().max(1) as f64;
    FitRow { model: model.to_owned(), rmse: rounded((squares / n).sqrt()), mae: rounded(absolutes / n) }
}

/// The rows of the baselines that are fitted on `table`, each regularised on a slice of it.
pub(crate) fn baselines(
    table: &RatingTable,
    cells: &[Rating],
    content: &ItemCategories,
    (dim, seed): (usize, u64),
) -> Result<Vec<FitRow>, WorldError> {
    let mean = table.mean();
    let plain = FactorisationConfig::biases();
    let biases = Factorisation::fit(table, content, &plain, seed)?;
    let mut rows = vec![
        row("global mean", cells, |_| mean),
        row("user and item bias", cells, |c| biases.mean(c.user, c.item)),
    ];
    if dim > 0 {
        let factors = Factorisation::fit(table, content, &FactorisationConfig { dim, ..plain }, seed)?;
        rows.push(row("matrix factorisation", cells, |c| factors.mean(c.user, c.item)));
    }
    Ok(rows)
}

/// Mean of squared error over predicted variance.
pub(crate) fn variance_ratio(model: &dyn MeanModel, cells: &[Rating]) -> f64 {
    let ratio = |cell: &Rating| {
        let (mean, variance) = model.predict(cell.user, cell.item);
        f64::from((mean - cell.value).powi(2) / variance)
    };
    rounded(cells.iter().map(ratio).sum::<f64>() / cells.len().max(1) as f64)
}

/// To six decimals: short enough for JSON to give back the same number.
fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}
