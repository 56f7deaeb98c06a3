//! A world from a log.

use super::config::{JudgeConfig, WorldConfig};
use super::report::{FitReport, baselines, row, variance_ratio, with_negatives_unless_graded};
use super::{Judge, Train, World};
use crate::complete::CompleteRows;
use crate::{
    DeepFmConfig, DeepFmEnsemble, Factorisation, ItemCategories, ItemContent, Rating, RatingTable, WorldError,
};
use data::Dataset;
use data::split::{LogSplit, UserSplit};
use mdp::{Interaction, MeanModel as _, UserIdx};
use std::sync::Arc;

impl World {
    /// Fits the train world on the world part of train and validation users, folds test users in, fits the judge
    /// on everybody's judge part, and measures both. Same dataset, settings and seed give the same bits, whatever
    /// the number of threads.
    ///
    /// # Errors
    /// When a setting has no meaning, or the log has nothing to fit on or no user who rated everything where the
    /// judge needs one.
    pub fn train(dataset: &Dataset, config: &WorldConfig, seed: u64) -> Result<Self, WorldError> {
        config.check()?;
        let log = LogSplit::draw(dataset, config.world_share, seed);
        let complete =
            (config.judge == JudgeConfig::Complete).then(|| CompleteRows::of(dataset)).transpose()?;
        let split = match &complete {
            Some(rows) => rows.split(dataset.n_users(), config.users, seed),
            None => UserSplit::draw(dataset.n_users(), config.users, seed),
        };
        let (ensemble, mut fit) = fit_train_world(dataset, config, &log, &split, seed)?;
        let factorisation = Arc::new(fit_judge(dataset, config, &log, seed, &mut fit)?);
        Ok(Self {
            config: config.clone(),
            seed,
            dataset_hash: dataset.hash(),
            catalogue: dataset.catalogue.clone(),
            n_users: dataset.n_users(),
            item_counts: popularity(&log, &split, dataset.n_items()),
            split,
            fit,
            train: Train::DeepFm(Arc::new(ensemble)),
            judge: match complete {
                Some(rows) => Judge::Complete(factorisation, Arc::new(rows)),
                None => Judge::Factorisation(factorisation),
            },
        })
    }
}

/// How often each item occurs in the train users' world part.
pub(super) fn popularity(log: &LogSplit, split: &UserSplit, n_items: usize) -> Vec<u32> {
    RatingTable::of(&only(&log.world, &[&split.train]), n_items).item_counts()
}

/// The parts of the log of some users, empty for all others.
fn only(parts: &[Vec<Interaction>], users: &[&[UserIdx]]) -> Vec<Vec<Interaction>> {
    let mut out = vec![Vec::new(); parts.len()];
    for user in users.iter().flat_map(|users| users.iter()) {
        out[user.index()].clone_from(&parts[user.index()]);
    }
    out
}

fn fit_train_world(
    dataset: &Dataset,
    config: &WorldConfig,
    log: &LogSplit,
    split: &UserSplit,
    seed: u64,
) -> Result<(DeepFmEnsemble, FitReport), WorldError> {
    let content = ItemCategories::of(&dataset.catalogue, config.deepfm.item_content);
    let seen = only(&log.world, &[&split.train, &split.validation]);
    let table = RatingTable::of(&seen, dataset.n_items());
    let is_graded = table.is_graded();
    let negatives = |table: &RatingTable, stream: u64| {
        with_negatives_unless_graded(table, is_graded, &config.deepfm, seed.wrapping_add(stream))
    };
    let (rest, held_out) = table.sliced(config.held_out_share, seed);
    let (fitted, validation) = rest.sliced(config.validation_share / (1.0 - config.held_out_share), seed);
    let held_out = negatives(&table.with_cells(held_out), 1).cells;
    let validation = negatives(&table.with_cells(validation), 2).cells;
    let first = DeepFmEnsemble::fit(&fitted, &validation, &content, &config.deepfm, seed)?;

    let all_but_reported = negatives(&rest, 3);
    let mut rows = baselines(&all_but_reported, &held_out, &content, (config.deepfm.embedding_dim, seed))?;
    let reported = DeepFmEnsemble::refit(&first, &rest, &content, &config.deepfm, seed)?.ensemble;
    let ours = row("deepfm", &held_out, |c| reported.predict(c.user, c.item).0);
    let deepfm_is_best = rows.iter().all(|other| ours.rmse < other.rmse);
    rows.push(ours);
    let last = DeepFmEnsemble::refit(&first, &table, &content, &config.deepfm, seed)?;
    let mut ensemble = last.ensemble;
    let mut report = FitReport {
        n_fitted: rest.cells.len(),
        n_validation: validation.len(),
        n_held_out: held_out.len(),
        is_graded,
        rows,
        deepfm_is_best,
        variance_ratio: variance_ratio(&reported, &held_out),
        n_epochs: last.n_epochs,
        ..FitReport::default()
    };
    let known: Vec<UserIdx> =
        (0..dataset.n_users() as u32).map(UserIdx).filter(|u| !seen[u.index()].is_empty()).collect();
    let unseen = negatives(&RatingTable::of(&only(&log.world, &[&split.test]), dataset.n_items()), 6);
    let level = all_but_reported.mean();
    report.folded_in = measure_fold_in(&ensemble, &known, &unseen, &split.test, (level, seed));
    let is_seen = |user: &UserIdx| !seen[user.index()].is_empty();
    let ratings = by_user(&unseen);
    let newcomers: Vec<(UserIdx, &[Interaction])> = (0..dataset.n_users() as u32)
        .map(UserIdx)
        .filter(|user| !is_seen(user))
        .map(|user| (user, ratings[user.index()].as_slice()))
        .collect();
    ensemble.fold_in(&known, &newcomers);
    Ok((ensemble, report))
}

/// The cells as one list per user, for folding in.
fn by_user(table: &RatingTable) -> Vec<Vec<Interaction>> {
    let mut out = vec![Vec::new(); table.n_users];
    for cell in &table.cells {
        out[cell.user.index()].push(Interaction { item: cell.item, rating: cell.value, time: 0 });
    }
    out
}

/// Folds test users in with four fifths of their cells and measures on the rest.
fn measure_fold_in(
    ensemble: &DeepFmEnsemble,
    known: &[UserIdx],
    unseen: &RatingTable,
    test: &[UserIdx],
    (level, seed): (f32, u64),
) -> Vec<super::FitRow> {
    let (given, held_out) = unseen.sliced(0.2, seed);
    if held_out.is_empty() {
        return Vec::new();
    }
    let ratings = by_user(&given);
    let newcomers: Vec<(UserIdx, &[Interaction])> =
        test.iter().map(|u| (*u, ratings[u.index()].as_slice())).collect();
    let nobody: Vec<(UserIdx, &[Interaction])> = test.iter().map(|u| (*u, [].as_slice())).collect();
    let predict = |newcomers: &[(UserIdx, &[Interaction])], cells: &[Rating], model: &str| {
        let mut folded = ensemble.clone();
        folded.fold_in(known, newcomers);
        row(model, cells, |c| folded.predict(c.user, c.item).0)
    };
    vec![
        row("global mean", &held_out, |_| level),
        predict(&nobody, &held_out, "deepfm, mean user"),
        predict(&newcomers, &held_out, "deepfm, folded in"),
    ]
}

/// Fits the judge on everybody's judge part and adds its errors on held-out ratings to the report.
fn fit_judge(
    dataset: &Dataset,
    config: &WorldConfig,
    log: &LogSplit,
    seed: u64,
    report: &mut FitReport,
) -> Result<Factorisation, WorldError> {
    let table = RatingTable::of(&log.judge, dataset.n_items());
    let deepfm: &DeepFmConfig = &config.deepfm;
    let table = with_negatives_unless_graded(&table, table.is_graded(), deepfm, seed.wrapping_add(4));
    let (rest, held_out) = table.sliced(config.held_out_share, seed.wrapping_add(5));
    let content = ItemCategories::of(&dataset.catalogue, ItemContent::Categories);
    let judge = Factorisation::fit(&rest, &content, &config.factorisation, seed)?;
    report.judge = baselines(&rest, &held_out, &content, (0, seed))?;
    report.judge.push(row("judge", &held_out, |c| judge.mean(c.user, c.item)));
    Factorisation::fit(&table, &content, &config.factorisation, seed)
}
