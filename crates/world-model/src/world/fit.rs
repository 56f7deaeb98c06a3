//! A world from a log.

use super::config::{JudgeConfig, WorldConfig};
use super::plan::Plan;
use super::report::{FitReport, FitRow, baselines, row, variance_ratio};
use super::{BothSides, CheckUser, Judge, RankingRow, Train, World};
use crate::complete::CompleteRows;
use crate::deepfm::FittedEnsemble;
use crate::engagement::{Engagement, Given};
use crate::validity::Validity;
use crate::{DeepFmEnsemble, EngagementFamily, Feedback, ItemCategories, Negatives, RatingTable, WorldError};
use data::split::{LogSplit, UserSplit};
use data::{Dataset, Shown};
use mdp::{Histories, Interaction, MeanModel as _, UserIdx};
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
        Self::train_watched(dataset, &Shown::default(), config, seed, &mut |_| {})
    }

    /// The same; `shown` is what the files of `config.shown` hold, and `watch` is told what is being done, a few times in all.
    ///
    /// # Errors
    /// As [`World::train`].
    pub fn train_watched(
        dataset: &Dataset,
        shown: &Shown,
        config: &WorldConfig,
        seed: u64,
        watch: &mut dyn FnMut(&'static str),
    ) -> Result<Self, WorldError> {
        let config = &config.under_protocol();
        config.check()?;
        if config.shown.is_empty() != shown.is_empty() {
            let expected = "given with what its files hold";
            return Err(WorldError::Setting {
                setting: "shown",
                expected,
                got: format!("{:?}", config.shown),
            });
        }
        let complete =
            (config.judge == JudgeConfig::Complete).then(|| CompleteRows::of(dataset)).transpose()?;
        let split = match &complete {
            Some(rows) => rows.split(dataset.n_users(), config.users, seed),
            None => UserSplit::draw(dataset.n_users(), config.users, seed),
        };
        let split = config.users_of(split, seed);
        let log = config.log_of(dataset, &split, shown, seed);
        require_both_parts(&log, config.world_share)?;
        let plan = Plan::of(dataset, &log, config, seed);
        let (ensemble, mut fit) = fit_train_world(dataset, &plan, &log, &split, watch)?;
        fit.shown = config.shown_report(dataset, &split, shown, seed);
        watch("step 5 of 5: the judge world");
        let factorisation = Arc::new(plan.fit_judge(dataset, &log, &mut fit)?);
        let engagement = match config.feedback {
            Feedback::Ratings => None,
            Feedback::Engagement => Some(fit_engagement(dataset, &plan, &log, &split, &mut fit)?),
        };
        let mut world = Self {
            config: config.clone(),
            seed,
            dataset_hash: dataset.hash(),
            catalogue: dataset.catalogue.clone(),
            n_users: dataset.n_users(),
            item_counts: popularity(&log, &split, dataset.n_items()),
            check_users: check_users(&log, &split),
            split,
            shown: shown.clone(),
            fit,
            train: Train::DeepFm(Arc::new(ensemble)),
            judge: match complete {
                Some(rows) => Judge::Complete(factorisation, Arc::new(rows)),
                None => Judge::Factorisation(factorisation),
            },
            engagement,
            validity: None,
        };
        if log.kept.iter().any(|part| !part.is_empty()) {
            watch("does the judge agree with what people chose");
            world.validity = Some(Validity::of(&world, &log)?);
        }
        Ok(world)
    }
}

/// Who takes up what: the train world's on the world part of train and validation users, the judges' on everybody's judge part.
fn fit_engagement(
    dataset: &Dataset,
    plan: &Plan<'_>,
    log: &LogSplit,
    split: &UserSplit,
    report: &mut FitReport,
) -> Result<BothSides, WorldError> {
    let config = &plan.config.engagement;
    let everyone = if split.validation.is_empty() { &split.train } else { &split.validation };
    let mut fit = |fitted: &[&[Interaction]], rows, family, is_asked| {
        let (n_items, base_rate, seed) = (dataset.n_items(), config.base_rate, plan.seed);
        let asked: &[UserIdx] = if is_asked { everyone } else { &[] };
        let given = Given { fitted, rows, n_items, asked, base_rate, seed };
        let (model, found) = Engagement::fit(&given, family)?;
        report.engagement.push(found);
        Ok::<_, WorldError>(Arc::new(model))
    };
    let seen = only(&log.world, &[&split.train, &split.validation]);
    let train = fit(&seen, &log.world, config.train, true)?;
    let everybody: Vec<&[Interaction]> = log.judge.iter().collect();
    let others = [EngagementFamily::Ease, EngagementFamily::ItemKnn].into_iter();
    let families = [config.judge].into_iter().chain(others.filter(|family| *family != config.judge));
    let judges = families.map(|family| {
        let is_first = family == config.judge;
        Ok((family, fit(&everybody, &log.judge, family, is_first)?))
    });
    Ok(BothSides { train, judges: judges.collect::<Result<_, WorldError>>()? })
}

/// A user's ratings are dealt to both worlds; who has one rating has nothing for the second.
fn require_both_parts(log: &LogSplit, world_share: f64) -> Result<(), WorldError> {
    let n_rows = |part: &Histories| part.iter().map(<[_]>::len).sum::<usize>();
    let what = match (n_rows(&log.world), n_rows(&log.judge)) {
        (0, 0) => "the log has no ratings".to_owned(),
        (0, _) | (_, 0) => format!(
            "no user has enough ratings for both worlds: the first {:.0} % of each user's ratings make the train \
             world, the rest makes the judge",
            100.0 * world_share
        ),
        _ => return Ok(()),
    };
    Err(WorldError::TooLittleData { what })
}

/// How often each item occurs in the train users' world part.
pub(super) fn popularity(log: &LogSplit, split: &UserSplit, n_items: usize) -> Vec<u32> {
    RatingTable::of(&only(&log.world, &[&split.train]), n_items).item_counts()
}

/// How many users a check plays sessions of.
const MOST_CHECK_USERS: usize = 300;

/// The users a check plays sessions of.
pub(super) fn check_users(log: &LogSplit, split: &UserSplit) -> Vec<CheckUser> {
    let users = if split.test.is_empty() { &split.train } else { &split.test };
    let chosen = users.iter().take(MOST_CHECK_USERS);
    chosen.map(|&user| CheckUser { user, history: log.world[user.index()].to_vec() }).collect()
}

/// The parts of the log of some users, empty for all others.
fn only<'l>(parts: &'l Histories, users: &[&[UserIdx]]) -> Vec<&'l [Interaction]> {
    let mut out: Vec<&[Interaction]> = vec![&[]; parts.len()];
    for user in users.iter().flat_map(|users| users.iter()) {
        out[user.index()] = &parts[user.index()];
    }
    out
}

fn fit_train_world(
    dataset: &Dataset,
    plan: &Plan<'_>,
    log: &LogSplit,
    split: &UserSplit,
    watch: &mut dyn FnMut(&'static str),
) -> Result<(DeepFmEnsemble, FitReport), WorldError> {
    let (deepfm, seed) = (&plan.deepfm, plan.seed);
    let content = ItemCategories::of(&dataset.catalogue, deepfm.item_content);
    let seen = only(&log.world, &[&split.train, &split.validation]);
    // Every step cuts the log anew, so that no part of a large one waits in memory for a later step.
    let table = || RatingTable::of(&seen, dataset.n_items());
    watch("step 1 of 5: how long DeepFM has to learn");
    let (first, n_validation) = fit_until_it_stops(table(), plan, &content)?;
    watch("step 2 of 5: DeepFM beside its baselines on held-out ratings");
    let (mut report, level) = measure(table(), &first, plan, &content)?;
    watch("step 3 of 5: DeepFM on the whole train part");
    let last = DeepFmEnsemble::refit(&first, &table(), &content, deepfm, seed)?;
    drop(first);
    (report.n_validation, report.n_epochs) = (n_validation, last.n_epochs);
    let mut ensemble = last.ensemble;
    watch("step 4 of 5: users never seen, folded in");
    let known: Vec<UserIdx> =
        (0..dataset.n_users() as u32).map(UserIdx).filter(|u| !seen[u.index()].is_empty()).collect();
    let newcomers = RatingTable::of(&only(&log.world, &[&split.test]), dataset.n_items());
    let unseen = plan.with_train_negatives(&newcomers, &newcomers, 6);
    let folded_in = measure_fold_in(&ensemble, &known, &unseen, &split.test, (level, plan));
    report.folded_in = folded_in.errors;
    if let Some(ranking) = &mut report.ranking {
        ranking.folded_in = folded_in.ranks;
    }
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

/// The ensemble that decides when to stop, and the number of cells that decided.
fn fit_until_it_stops(
    table: RatingTable,
    plan: &Plan<'_>,
    content: &ItemCategories,
) -> Result<(FittedEnsemble, usize), WorldError> {
    let config = plan.config;
    let share = config.validation_share / (1.0 - config.held_out_share);
    let (fitted, validation) = table.sliced(config.held_out_share, plan.seed).0.sliced(share, plan.seed);
    let validation = table.with_cells(validation);
    let validation = plan.with_train_negatives(&validation, &table, 2).into_owned().cells;
    drop(table);
    Ok((DeepFmEnsemble::fit(&fitted, &validation, content, &plan.deepfm, plan.seed)?, validation.len()))
}

/// DeepFM beside the baselines on ratings that decided nothing, and the mean of what they were fitted on.
fn measure(
    table: RatingTable,
    first: &FittedEnsemble,
    plan: &Plan<'_>,
    content: &ItemCategories,
) -> Result<(FitReport, f32), WorldError> {
    let (rest, liked) = table.sliced(plan.config.held_out_share, plan.seed);
    let held_out = table.with_cells(liked.clone());
    let held_out = &plan.with_train_negatives(&held_out, &table, 1).cells;
    let given = plan.with_train_negatives(&rest, &table, 3);
    drop(table);
    let mut rows = baselines(&given, held_out, content, (plan.deepfm.embedding_dim, plan.seed))?;
    let level = given.mean();
    drop(given);
    let reported = DeepFmEnsemble::refit(first, &rest, content, &plan.deepfm, plan.seed)?.ensemble;
    let ours = row("deepfm", held_out, |c| reported.predict(c.user, c.item).0);
    let deepfm_is_best = rows.iter().all(|other| ours.rmse < other.rmse);
    rows.push(ours);
    let report = FitReport {
        n_fitted: rest.cells.len(),
        n_held_out: held_out.len(),
        is_graded: !Negatives::Auto.are_sampled(plan.share_at_best),
        rows,
        deepfm_is_best,
        variance_ratio: variance_ratio(&reported, held_out),
        ranking: plan.rank_train_world(&reported, (&rest, &liked), content)?,
        ..FitReport::default()
    };
    Ok((report, level))
}

/// The cells as one list per user, for folding in.
fn by_user(table: &RatingTable) -> Vec<Vec<Interaction>> {
    let mut out = vec![Vec::new(); table.n_users];
    for cell in &table.cells {
        out[cell.user.index()].push(Interaction { item: cell.item, rating: cell.value, time: 0 });
    }
    out
}

/// How well users who were not fitted on are predicted.
#[derive(Default)]
struct FoldedIn {
    errors: Vec<FitRow>,
    ranks: Vec<RankingRow>,
}

/// Folds test users in with four fifths of their cells and measures on the rest.
fn measure_fold_in(
    ensemble: &DeepFmEnsemble,
    known: &[UserIdx],
    unseen: &RatingTable,
    test: &[UserIdx],
    (level, plan): (f32, &Plan<'_>),
) -> FoldedIn {
    let (given, held_out) = unseen.sliced(0.2, plan.seed);
    if held_out.is_empty() {
        return FoldedIn::default();
    }
    let ratings = by_user(&given);
    let newcomers: Vec<(UserIdx, &[Interaction])> =
        test.iter().map(|u| (*u, ratings[u.index()].as_slice())).collect();
    let nobody: Vec<(UserIdx, &[Interaction])> = test.iter().map(|u| (*u, [].as_slice())).collect();
    let questions = plan.asks(&held_out, 2);
    let mut out = FoldedIn::default();
    out.errors.push(row("global mean", &held_out, |_| level));
    for (model, newcomers) in [("deepfm, mean user", nobody), ("deepfm, folded in", newcomers)] {
        let mut folded = ensemble.clone();
        folded.fold_in(known, &newcomers);
        out.errors.push(row(model, &held_out, |c| folded.predict(c.user, c.item).0));
        let ranked = questions.as_ref().map(|asked| asked.row(model, |u, i| folded.predict(u, i).0));
        out.ranks.extend(ranked);
    }
    out
}
