//! A train world and a judge world with the users they are meant for.

mod columns;
mod config;
mod fit;
mod import;
mod matrix;
mod plan;
mod protocol;
mod ranking;
mod report;
mod shown;
mod store;

pub use columns::Columns;
pub use config::{JudgeConfig, WorldConfig};
pub use import::MatrixSources;
pub use protocol::Protocol;
pub use ranking::{RankingReport, RankingRow};
pub use report::{FitReport, FitRow};
pub use shown::{ColdReport, ShownReport};

use crate::complete::CompleteRows;
use crate::engagement::{Engagement, TwoPart, TwoPartTruth};
use crate::expectations::DrawnExpectations;
use crate::validity::Validity;
use crate::{DeepFmEnsemble, DrawnTruth, EngagementFamily, Factorisation, WorldError};
use catalogue::Catalogue;
use data::split::{LogSplit, UserSplit};
use data::{Dataset, Shown};
use environment::DistanceSource;
use evaluation::Expectations;
use matrix::MatrixSide;
use mdp::{Interaction, ItemIdx, ItemSet, MeanModel, RewardSource, UserIdx};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a policy trains in and what judges it.
#[derive(Clone, Debug)]
pub struct World {
    config: WorldConfig,
    seed: u64,
    dataset_hash: String,
    catalogue: Catalogue,
    n_users: usize,
    item_counts: Vec<u32>,
    check_users: Vec<CheckUser>,
    split: UserSplit,
    shown: Shown,
    fit: FitReport,
    validity: Option<Validity>,
    train: Train,
    judge: Judge,
    engagement: Option<BothSides>,
}

/// Who takes up what, where feedback has two parts.
#[derive(Clone, Debug)]
struct BothSides {
    train: Arc<Engagement>,
    /// The first one is the judge, the others say whether another family would judge alike.
    judges: Vec<(EngagementFamily, Arc<Engagement>)>,
}

/// A user whose sessions say whether a world is worth training in, with the logged history that policies are given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckUser {
    /// The user.
    pub user: UserIdx,
    /// The world part of the log.
    pub history: Vec<Interaction>,
}

/// Which world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one policies train in.
    Train,
    /// The one they are judged in.
    Judge,
}

#[derive(Clone, Debug)]
enum Train {
    DeepFm(Arc<DeepFmEnsemble>),
    Matrix(Arc<MatrixSide>),
}

#[derive(Clone, Debug)]
enum Judge {
    Factorisation(Arc<Factorisation>),
    /// The data where a user's row is complete, a draw elsewhere.
    Complete(Arc<Factorisation>, Arc<CompleteRows>),
    Matrix(Arc<MatrixSide>),
}

const TRAIN_TRUTH: u64 = 0x7472_7468;
const JUDGE_TRUTH: u64 = 0x6a64_7468;

impl World {
    /// How many users have a row: all of the dataset.
    pub fn n_users(&self) -> usize {
        self.n_users
    }

    /// How many items.
    pub fn n_items(&self) -> usize {
        self.catalogue.len()
    }

    /// Train, validation and test users.
    pub fn split(&self) -> &UserSplit {
        &self.split
    }

    /// The items.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// How often each item occurs in the train users' world part: what popularity means here.
    pub fn item_counts(&self) -> &[u32] {
        &self.item_counts
    }

    /// The first 300 test users (train users where there is no test user); none in a world directory that was
    /// written before worlds kept them.
    pub fn check_users(&self) -> &[CheckUser] {
        &self.check_users
    }

    /// The same out of the log.
    ///
    /// # Errors
    /// When `dataset` is another one than the world was made from.
    pub fn check_users_of(&self, dataset: &Dataset) -> Result<Vec<CheckUser>, WorldError> {
        Ok(fit::check_users(&self.log_split(dataset)?, &self.split))
    }

    /// How well the models predict held-out ratings.
    pub fn fit(&self) -> &FitReport {
        &self.fit
    }

    /// The settings it was made with.
    pub fn config(&self) -> &WorldConfig {
        &self.config
    }

    /// What results say of the protocol: its name, with the number of users where they are few, and what became of the ratings that
    /// prompts showed.
    pub fn protocol_label(&self) -> String {
        let name = match self.config.protocol {
            Protocol::FewUsers => format!("few-users ({})", self.config.few_users),
            other => other.name().to_owned(),
        };
        self.fit.shown.as_ref().map_or(name.clone(), |shown| format!("{name}, {shown}"))
    }

    /// The seed it was made with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The hash of the log it was made from.
    pub fn dataset_hash(&self) -> &str {
        &self.dataset_hash
    }

    /// The log in its parts, as this world was fitted on them.
    ///
    /// # Errors
    /// When `dataset` is another one.
    pub fn log_split(&self, dataset: &Dataset) -> Result<LogSplit, WorldError> {
        self.check_dataset(dataset)?;
        Ok(self.config.log_of(dataset, &self.split, &self.shown, self.seed))
    }

    /// The items that learners know nothing of from the log, where the protocol is one of cold items.
    pub fn cold_items(&self) -> Option<ItemSet> {
        self.config.cold_items(self.n_items(), &self.shown, self.seed)
    }

    /// Refuses a dataset that this world was not made from.
    ///
    /// # Errors
    /// When the hashes differ.
    pub fn check_dataset(&self, dataset: &Dataset) -> Result<(), WorldError> {
        let got = dataset.hash();
        if got == self.dataset_hash {
            return Ok(());
        }
        Err(WorldError::OtherInput { what: "dataset", expected: self.dataset_hash.clone(), got })
    }

    /// How far the judge agrees with what people chose; nothing where no part of the log was kept for it.
    pub fn validity(&self) -> Option<&Validity> {
        self.validity.as_ref()
    }

    /// The families of judges, the one that judges first; none where ratings are all that users answer with.
    pub fn judge_families(&self) -> impl Iterator<Item = EngagementFamily> {
        self.engagement.iter().flat_map(|both| both.judges.iter().map(|(family, _)| *family))
    }

    /// The truth that policies train in: whole ratings drawn once from the train world's predictions (of what is taken up,
    /// where feedback has two parts), or the imported matrix as it is.
    pub fn train_truth(&self) -> Arc<dyn RewardSource> {
        let seed = self.seed ^ TRAIN_TRUTH;
        let ratings: Arc<dyn RewardSource> = match &self.train {
            Train::DeepFm(ensemble) => Arc::new(DrawnTruth::new(ensemble.clone(), seed)),
            Train::Matrix(matrix) => matrix.clone(),
        };
        self.taken_up(ratings, self.engagement.as_ref().map(|both| &both.train), seed)
    }

    /// The truth that judges: drawn from the judge's predictions, the data where they are complete, or the
    /// imported matrix.
    pub fn judge_truth(&self) -> Arc<dyn RewardSource> {
        self.judged(self.engagement.as_ref().map(|both| &both.judges[0].1), 0)
    }

    /// The truth of a judge of this family; nothing where there is none ([`World::judge_families`]).
    pub fn judge_truth_of(&self, family: EngagementFamily) -> Option<Arc<dyn RewardSource>> {
        let is_first = self.judge_families().next() == Some(family);
        // Another judge has luck of its own.
        let luck = if is_first { 0 } else { 1 + family as u64 };
        Some(self.judged(Some(self.judge_of(family)?), luck))
    }

    fn judge_of(&self, family: EngagementFamily) -> Option<&Arc<Engagement>> {
        let judges = &self.engagement.as_ref()?.judges;
        judges.iter().find(|(other, _)| *other == family).map(|(_, engagement)| engagement)
    }

    fn judged(&self, engagement: Option<&Arc<Engagement>>, luck: u64) -> Arc<dyn RewardSource> {
        let seed = self.seed ^ JUDGE_TRUTH ^ (luck << 32);
        let drawn = |model: &Arc<Factorisation>| DrawnTruth::new(model.clone(), seed);
        let ratings: Arc<dyn RewardSource> = match &self.judge {
            Judge::Factorisation(model) => Arc::new(drawn(model)),
            Judge::Complete(model, rows) => {
                Arc::new(KnownOrDrawn { rows: rows.clone(), drawn: drawn(model) })
            }
            Judge::Matrix(matrix) => matrix.clone(),
        };
        self.taken_up(ratings, engagement, seed)
    }

    fn taken_up(
        &self,
        ratings: Arc<dyn RewardSource>,
        engagement: Option<&Arc<Engagement>>,
        seed: u64,
    ) -> Arc<dyn RewardSource> {
        match engagement {
            Some(engagement) => {
                let skipped = self.config.engagement.skipped;
                Arc::new(TwoPartTruth::new(engagement.clone(), ratings, skipped, seed))
            }
            None => ratings,
        }
    }

    /// What the train world believes; an imported matrix believes itself, without variance.
    pub fn train_means(&self) -> Arc<dyn MeanModel> {
        self.believed(self.train_ratings(), self.engagement.as_ref().map(|both| &both.train))
    }

    /// What the judge believes (not what it knows: a drawn truth is this plus its noise).
    pub fn judge_means(&self) -> Arc<dyn MeanModel> {
        self.believed(self.judge_ratings(), self.engagement.as_ref().map(|both| &both.judges[0].1))
    }

    /// What a side gives on average, without the luck of the draw.
    pub fn expectations(&self, side: Side) -> Arc<dyn Expectations> {
        let ratings = match side {
            Side::Train => self.train_ratings(),
            Side::Judge => self.judge_ratings(),
        };
        let engagement = self.engagement.as_ref().map(|both| match side {
            Side::Train => both.train.clone(),
            Side::Judge => both.judges[0].1.clone(),
        });
        Arc::new(DrawnExpectations { ratings, engagement, skipped: self.config.engagement.skipped })
    }

    fn train_ratings(&self) -> Arc<dyn MeanModel> {
        match &self.train {
            Train::DeepFm(ensemble) => ensemble.clone(),
            Train::Matrix(matrix) => matrix.clone(),
        }
    }

    /// What a judge of this family believes; nothing where there is none.
    pub fn judge_means_of(&self, family: EngagementFamily) -> Option<Arc<dyn MeanModel>> {
        Some(self.believed(self.judge_ratings(), Some(self.judge_of(family)?)))
    }

    /// The judge's ratings of what is taken up.
    pub(crate) fn judge_ratings(&self) -> Arc<dyn MeanModel> {
        match &self.judge {
            Judge::Factorisation(model) | Judge::Complete(model, _) => model.clone(),
            Judge::Matrix(matrix) => matrix.clone(),
        }
    }

    fn believed(
        &self,
        ratings: Arc<dyn MeanModel>,
        engagement: Option<&Arc<Engagement>>,
    ) -> Arc<dyn MeanModel> {
        match engagement {
            Some(engagement) => {
                Arc::new(TwoPart::new(engagement.clone(), ratings, self.config.engagement.skipped))
            }
            None => ratings,
        }
    }

    /// Distances between the rating columns of one side, for rules that look at them: the given distance matrix
    /// of an imported world; else those of the columns of means, since noise would only add a constant to all.
    /// The judge's factorisation is exact; elsewhere users are sampled where there are many.
    pub fn distances(&self, side: Side) -> Arc<dyn DistanceSource> {
        match (side, &self.train, &self.judge) {
            (Side::Train, Train::DeepFm(ensemble), _) => {
                Arc::new(Columns::sampled(ensemble.as_ref(), &self.split.train, self.n_users, self.seed))
            }
            (Side::Judge, _, Judge::Factorisation(model) | Judge::Complete(model, _)) => {
                Arc::new(Columns::new(model.dim + 1, model.item_columns()))
            }
            (Side::Train, Train::Matrix(matrix), _) | (Side::Judge, _, Judge::Matrix(matrix)) => {
                matrix.distances(self.seed)
            }
        }
    }
}

/// The data where a user's row is complete, a draw elsewhere.
#[derive(Debug)]
struct KnownOrDrawn {
    rows: Arc<CompleteRows>,
    drawn: DrawnTruth,
}

impl RewardSource for KnownOrDrawn {
    fn n_users(&self) -> usize {
        self.drawn.n_users()
    }

    fn n_items(&self) -> usize {
        self.drawn.n_items()
    }

    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        self.rows.get(user, item).unwrap_or_else(|| self.drawn.reward(user, item))
    }
}

#[cfg(test)]
mod real;
#[cfg(test)]
mod tests;
