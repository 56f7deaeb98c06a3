//! Worlds fitted to logs: one to train in, one to judge in.

mod complete;
mod deepfm;
mod engagement;
mod error;
mod expectations;
mod factorisation;
mod linear;
mod lists;
mod matrix;
mod negatives;
mod ratings;
mod truth;
mod validity;
mod world;

pub use complete::CompleteRows;
pub use deepfm::{
    DeepFmConfig, DeepFmEnsemble, DeepFmParameters, DeepFmSteps, FittedEnsemble, ItemCategories, ItemContent,
    Loss, RowUpdate,
};
pub use engagement::{
    Beside, BesideEase, EngagementConfig, EngagementFamily, EngagementReport, Feedback, ReliabilityBin,
};
pub use error::WorldError;
pub use factorisation::{Factorisation, FactorisationConfig};
pub use matrix::{DenseMatrix, MatrixError};
pub use negatives::{NegativeRule, NegativeUsers, Negatives};
pub use ratings::{Rating, RatingTable};
pub use truth::DrawnTruth;
pub use validity::{Agreement, PanelRow, Validity};
pub use world::{
    CheckUser, ColdReport, Columns, FitReport, FitRow, JudgeConfig, MatrixSources, Protocol, RankingReport,
    RankingRow, ShownReport, Side, World, WorldConfig,
};

#[cfg(test)]
mod testing;
