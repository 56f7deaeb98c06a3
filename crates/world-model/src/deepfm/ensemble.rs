//! Several DeepFMs and what they believe together.

use super::config::{DeepFmConfig, Loss};
use super::learner::{Fitted, Stop, fit};
use super::network::{DeepFm, ItemCategories};
use super::scorer::Scorer;
use crate::{Rating, RatingTable, WorldError};
use mdp::{ItemIdx, MeanModel, UserIdx};
use rayon::prelude::*;

/// The fitted ensemble. Its predictive mean is the members' mean; its variance is their mean noise variance plus
/// the variance of their means.
#[derive(Clone, Debug)]
pub struct DeepFmEnsemble {
    pub(crate) members: Vec<Scorer>,
    /// Multiplies every variance, so that squared errors on held-out cells agree with it.
    pub(crate) variance_scale: f32,
    n_users: usize,
    n_items: usize,
}

/// A fitted ensemble and the passes that each member took.
#[derive(Clone, Debug)]
pub struct FittedEnsemble {
    /// The ensemble.
    pub ensemble: DeepFmEnsemble,
    /// Passes over the data, by member.
    pub n_epochs: Vec<usize>,
}

impl DeepFmConfig {
    /// The configured loss, or the one that fits the feedback: ratings that are nearly all alike say nothing without
    /// sampled negatives.
    pub fn loss_for(&self, table: &RatingTable) -> Loss {
        self.loss.unwrap_or(if table.is_graded() { Loss::Point } else { Loss::Pointneg })
    }
}

impl DeepFmEnsemble {
    /// Fits all members, one thread each, with early stopping on `validation`; the variance is then scaled to
    /// the squared errors there.
    ///
    /// # Errors
    /// When a setting has no meaning or there is nothing to fit on.
    pub fn fit(
        table: &RatingTable,
        validation: &[Rating],
        content: &ItemCategories,
        config: &DeepFmConfig,
        seed: u64,
    ) -> Result<FittedEnsemble, WorldError> {
        let stops = vec![Stop::Early(validation); config.n_members];
        let mut fitted = Self::fit_members(table, content, config, &stops, seed)?;
        fitted.ensemble.variance_scale = fitted.ensemble.calibrated_scale(validation);
        Ok(fitted)
    }

    /// Fits again on more data, each member for as many passes as it took before; the variance scale is kept.
    ///
    /// # Errors
    /// As [`DeepFmEnsemble::fit`].
    pub fn refit(
        before: &FittedEnsemble,
        table: &RatingTable,
        content: &ItemCategories,
        config: &DeepFmConfig,
        seed: u64,
    ) -> Result<FittedEnsemble, WorldError> {
        let stops: Vec<Stop<'_>> = before.n_epochs.iter().map(|&n| Stop::After(n)).collect();
        let mut fitted = Self::fit_members(table, content, config, &stops, seed)?;
        fitted.ensemble.variance_scale = before.ensemble.variance_scale;
        Ok(fitted)
    }

    fn fit_members(
        table: &RatingTable,
        content: &ItemCategories,
        config: &DeepFmConfig,
        stops: &[Stop<'_>],
        seed: u64,
    ) -> Result<FittedEnsemble, WorldError> {
        config.check()?;
        if table.cells.is_empty() {
            return Err(WorldError::TooLittleData { what: "the log has no ratings".into() });
        }
        let loss = config.loss_for(table);
        let members = stops.par_iter().enumerate();
        let fitted: Vec<Fitted> = members
            .map(|(member, &stop)| fit(table, content, config, loss, stop, (seed, member as u64)))
            .collect();
        let n_epochs = fitted.iter().map(|member| member.n_epochs).collect();
        let networks = fitted.into_iter().map(|member| member.network).collect();
        Ok(FittedEnsemble { ensemble: Self::of(networks, content, 1.0), n_epochs })
    }

    /// Puts members together.
    ///
    /// # Panics
    /// If there is no member.
    pub(crate) fn of(networks: Vec<DeepFm>, content: &ItemCategories, variance_scale: f32) -> Self {
        let n_users = networks[0].users.n_rows();
        let members = networks.into_par_iter().map(|network| Scorer::new(network, content)).collect();
        Self { members, variance_scale, n_users, n_items: content.n_items() }
    }

    /// The factor that makes the mean of squared error over variance one on `cells`.
    fn calibrated_scale(&self, cells: &[Rating]) -> f32 {
        let ratio = |cell: &Rating| {
            let (mean, variance) = self.predict(cell.user, cell.item);
            f64::from((mean - cell.value).powi(2) / variance)
        };
        let sum: f64 = cells.iter().map(ratio).sum();
        if cells.is_empty() { 1.0 } else { (sum / cells.len() as f64) as f32 }
    }

    /// Sums of means, squared means and noise variances of a range of items over the members.
    fn moments(&self, user: UserIdx, items: std::ops::Range<usize>) -> Vec<[f32; 3]> {
        let mut sums = vec![[0.0f32; 3]; items.len()];
        for member in &self.members {
            member.score(user, items.clone(), |at, mean, log_variance| {
                let cell = &mut sums[at];
                cell[0] += mean;
                cell[1] += mean * mean;
                cell[2] += log_variance.exp();
            });
        }
        sums
    }

    fn summarise(&self, [means, squares, variances]: [f32; 3]) -> (f32, f32) {
        let n = self.members.len() as f32;
        let mean = means / n;
        let spread = (squares / n - mean * mean).max(0.0);
        (mean, self.variance_scale * (variances / n + spread))
    }
}

impl MeanModel for DeepFmEnsemble {
    fn n_users(&self) -> usize {
        self.n_users
    }

    fn n_items(&self) -> usize {
        self.n_items
    }

    fn predict(&self, user: UserIdx, item: ItemIdx) -> (f32, f32) {
        self.summarise(self.moments(user, item.index()..item.index() + 1)[0])
    }

    fn predict_row(&self, user: UserIdx, means: &mut [f32], variances: &mut [f32]) {
        let sums = self.moments(user, 0..means.len());
        for (at, cell) in sums.into_iter().enumerate() {
            (means[at], variances[at]) = self.summarise(cell);
        }
    }
}
