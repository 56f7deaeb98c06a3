//! What a fit follows throughout: settings, seed, and whether cells are sampled beside the logged ratings.

use super::config::WorldConfig;
use super::ranking::{Questions, RankingReport};
use super::report::{FitReport, baselines, row};
use crate::deepfm::Loss;
use crate::negatives::{NegativeRule, NegativeUsers, share_at_best};
use crate::{
    DeepFmConfig, DeepFmEnsemble, Factorisation, FactorisationConfig, Feedback, ItemCategories, ItemContent,
    Rating, RatingTable, WorldError,
};
use data::Dataset;
use data::split::LogSplit;
use mdp::{Interaction, MeanModel as _, rng_for};
use std::borrow::Cow;

/// One fit.
pub(super) struct Plan<'a> {
    pub(super) config: &'a WorldConfig,
    /// The train world's settings with the loss decided.
    pub(super) deepfm: DeepFmConfig,
    pub(super) seed: u64,
    pub(super) share_at_best: f64,
    samples_negatives: bool,
    /// Everything that a world may know of anybody, where cells are sampled; else empty.
    log: RatingTable,
}

const TRAIN_NEGATIVES: u64 = 0x6e67_7472;
const JUDGE_NEGATIVES: u64 = 0x6e67_6a64;

impl<'a> Plan<'a> {
    pub(super) fn of(dataset: &Dataset, parts: &LogSplit, config: &'a WorldConfig, seed: u64) -> Self {
        let share_at_best = share_at_best(dataset);
        // Where feedback has two parts, what nobody took up is for engagement to say, not for ratings.
        let samples_negatives =
            config.feedback == Feedback::Ratings && config.negatives.are_sampled(share_at_best);
        let mut deepfm = config.deepfm.clone();
        let fitting = if samples_negatives { Loss::Pointneg } else { Loss::Point };
        deepfm.loss = deepfm.loss.or(Some(fitting));
        let log = if samples_negatives {
            // What is kept is for nobody to know, not even which cells are no low ratings.
            let keeps = parts.kept.iter().any(|part| !part.is_empty());
            let known = |user: usize| [&parts.world[user], &parts.judge[user]].concat();
            let known: Vec<Vec<Interaction>> =
                (0..if keeps { dataset.n_users() } else { 0 }).map(known).collect();
            let histories: Vec<&[Interaction]> = match keeps {
                true => known.iter().map(Vec::as_slice).collect(),
                false => dataset.histories().map(|(_, history)| history).collect(),
            };
            RatingTable::of(&histories, dataset.n_items())
        } else {
            RatingTable::default()
        };
        Self { config, deepfm, seed, share_at_best, samples_negatives, log }
    }

    /// The cells with one sampled for each, none of which is a positive of `known`; the cells alone for a log
    /// that grades. Neither the judge's part of the log nor its stream is looked at.
    pub(super) fn with_train_negatives<'t>(
        &self,
        cells: &'t RatingTable,
        known: &RatingTable,
        stream: u64,
    ) -> Cow<'t, RatingTable> {
        if !self.samples_negatives {
            return Cow::Borrowed(cells);
        }
        Cow::Owned(cells.with_negatives(
            known,
            self.deepfm.negative_rule(1),
            &mut rng_for(self.seed, &[TRAIN_NEGATIVES, stream]),
        ))
    }

    fn with_judge_negatives<'t>(
        &self,
        cells: &'t RatingTable,
        n_each: usize,
        stream: u64,
    ) -> Cow<'t, RatingTable> {
        if !self.samples_negatives {
            return Cow::Borrowed(cells);
        }
        let target = self.deepfm.negative_target;
        let rule = NegativeRule { users: NegativeUsers::Own, n_each, target };
        Cow::Owned(cells.with_negatives(&self.log, rule, &mut rng_for(self.seed, &[JUDGE_NEGATIVES, stream])))
    }

    /// The questions that rank models, where a log of positives has nothing else to measure on.
    pub(super) fn asks(&self, held_out: &[Rating], stream: u64) -> Option<Questions> {
        self.samples_negatives.then(|| Questions::of(held_out, &self.log, self.seed, stream))
    }

    /// DeepFM beside popularity and a factorisation of the same size that was given as many negatives as the
    /// judge is.
    pub(super) fn rank_train_world(
        &self,
        deepfm: &DeepFmEnsemble,
        (fitted, held_out): (&RatingTable, &[Rating]),
        content: &ItemCategories,
    ) -> Result<Option<RankingReport>, WorldError> {
        let Some(questions) = self.asks(held_out, 0) else { return Ok(None) };
        let n_judge = self.config.factorisation.n_negatives;
        let rule = NegativeRule { n_each: n_judge, ..self.deepfm.negative_rule(1) };
        let rng = &mut rng_for(self.seed, &[TRAIN_NEGATIVES, 4]);
        let plain =
            FactorisationConfig { dim: self.deepfm.embedding_dim, max_categories: 0, ..Default::default() };
        let factors =
            Factorisation::fit(&fitted.with_negatives(fitted, rule, rng), content, &plain, self.seed)?;
        let counts = fitted.item_counts();
        let train = vec![
            questions.row("popularity", |_, item| counts[item.index()] as f32),
            questions.row("matrix factorisation", |user, item| factors.mean(user, item)),
            questions.row("deepfm", |user, item| deepfm.predict(user, item).0),
        ];
        Ok(Some(RankingReport {
            share_at_best: self.share_at_best,
            negative_target: self.deepfm.negative_target,
            train_negatives: self.deepfm.n_negatives,
            judge_negatives: n_judge,
            deepfm_ranks_best: train[..2].iter().all(|other| other.auc < train[2].auc),
            train,
            folded_in: Vec::new(),
            judge: Vec::new(),
        }))
    }

    /// Fits the judge on everybody's judge part and adds what held-out ratings say about it to the report.
    pub(super) fn fit_judge(
        &self,
        dataset: &Dataset,
        log: &LogSplit,
        report: &mut FitReport,
    ) -> Result<Factorisation, WorldError> {
        let (config, seed) = (self.config, self.seed);
        let n_each = config.factorisation.n_negatives;
        let parts: Vec<&[Interaction]> = log.judge.iter().collect();
        let table = || RatingTable::of(&parts, dataset.n_items());
        let (rest, liked) = table().sliced(config.held_out_share, seed.wrapping_add(5));
        let given = self.with_judge_negatives(&rest, n_each, 0);
        let held_out = rest.with_cells(liked.clone());
        let held_out = &self.with_judge_negatives(&held_out, n_each, 1).cells;
        let content = ItemCategories::of(&dataset.catalogue, ItemContent::Categories);
        let judge = Factorisation::fit(&given, &content, &config.factorisation, seed)?;
        report.judge = baselines(&given, held_out, &content, (0, seed))?;
        report.judge.push(row("judge", held_out, |c| judge.mean(c.user, c.item)));
        if let (Some(ranking), Some(questions)) = (&mut report.ranking, self.asks(&liked, 1)) {
            let counts = rest.item_counts();
            ranking.judge = vec![
                questions.row("popularity", |_, item| counts[item.index()] as f32),
                questions.row("judge", |user, item| judge.mean(user, item)),
            ];
        }
        drop(given);
        drop(rest);
        let table = table();
        let given = self.with_judge_negatives(&table, n_each, 2);
        Factorisation::fit(&given, &content, &config.factorisation, seed)
    }
}
