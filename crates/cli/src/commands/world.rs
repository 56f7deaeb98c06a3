//! `world`: train worlds and judge worlds.

use crate::context::{EnvironmentArgs, Global, SettingsArgs};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::stage::check;
use crate::table::aligned;
use artefact::Kind;
use data::{Dataset, Shown, ShownSource};
use evaluation::Interval;
use serde::Serialize;
use std::path::{Path, PathBuf};
use world_check::{CheckRow, WorldCheck};
use world_model::{
    BesideEase, EngagementReport, FitReport, FitRow, MatrixSources, RankingReport, RankingRow, ShownReport,
    Validity, World, WorldConfig,
};

/// Subcommands of `world`.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum WorldCommand {
    /// Fit a world to train in and another one to judge in
    Train {
        /// The dataset directory
        #[arg(long)]
        data: PathBuf,
        /// Ratings that the prompts behind demonstrations showed, a delimited file of users and items; they go to the world part of the
        /// log; once for each file, with the rows wanted: split.csv:split=train
        #[arg(long, value_name = "FILE[:COLUMN=VALUE]")]
        shown: Vec<ShownSource>,
        /// The world directory to write
        #[arg(long, value_name = "WORLD")]
        out: PathBuf,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Use the reward and distance matrices of BiLLP and IL-Rec as worlds (npy, pickled numpy arrays, or text with a line for
    /// each row)
    ImportMatrix {
        /// The dataset directory; its ids are the matrices' row and column numbers
        #[arg(long)]
        data: PathBuf,
        /// Rewards to train in
        #[arg(long, value_name = "M.npy")]
        train: PathBuf,
        /// Rewards to judge with
        #[arg(long, value_name = "M.npy")]
        test: PathBuf,
        /// Item distances of the train split [default: those of its columns]
        #[arg(long, value_name = "D")]
        distance_train: Option<PathBuf>,
        /// Item distances of the test split [default: those of its columns]
        #[arg(long, value_name = "D")]
        distance_test: Option<PathBuf>,
        /// The world directory to write
        #[arg(long, value_name = "WORLD")]
        out: PathBuf,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Is this world worth training in? Fails when it is not
    Check {
        /// The world directory
        world: PathBuf,
        /// The dataset directory it was made from; only a world of an older version needs it
        #[arg(long)]
        data: Option<PathBuf>,
        #[command(flatten)]
        environment: EnvironmentArgs,
    },
}

#[derive(Serialize)]
struct TrainAnswer<'a> {
    world: &'a Path,
    hash: String,
    users: Users,
    items: usize,
    #[serde(flatten)]
    fit: &'a FitReport,
}

#[derive(Serialize)]
struct Users {
    train: usize,
    validation: usize,
    test: usize,
}

/// Runs a subcommand of `world`.
pub(crate) fn run(command: &WorldCommand, global: &Global) -> Result<(), Failure> {
    match command {
        WorldCommand::Train { data, shown, out, settings } => train(data, shown, out, settings, global),
        WorldCommand::ImportMatrix { data, train, test, distance_train, distance_test, out, settings } => {
            let sources = MatrixSources {
                train: train.clone(),
                test: test.clone(),
                distance_train: distance_train.clone(),
                distance_test: distance_test.clone(),
            };
            import_matrix(data, &sources, out, settings, global)
        }
        WorldCommand::Check { world, data, environment } => {
            check_world(world, data.as_deref(), environment, global)
        }
    }
}

fn train(
    data: &Path,
    shown: &[ShownSource],
    out: &Path,
    settings: &SettingsArgs,
    global: &Global,
) -> Result<(), Failure> {
    let layers = settings.layers(&WorldConfig::default())?;
    if settings.prints(&layers, global)? {
        return Ok(());
    }
    let config = WorldConfig { shown: shown.to_vec(), ..layers.resolve()? };
    let claim = global.claim(Kind::World, out, "world train")?;
    let dataset = Dataset::open(data)?.0;
    let shown = Shown::read(&config.shown, &dataset)?;
    let progress = Progress::new("world train");
    let watch = &mut |what: &'static str| progress.doing(what);
    let world = World::train_watched(&dataset, &shown, &config, global.seed(), watch)?;
    let hash = world.save(&claim)?.hash();
    drop(progress);
    let split = world.split();
    let users =
        Users { train: split.train.len(), validation: split.validation.len(), test: split.test.len() };
    let text = fit_for_people(&world, &users);
    let answer = TrainAnswer { world: out, hash, users, items: world.n_items(), fit: world.fit() };
    global.format().emit(&answer, &text)
}

fn import_matrix(
    data: &Path,
    sources: &MatrixSources,
    out: &Path,
    settings: &SettingsArgs,
    global: &Global,
) -> Result<(), Failure> {
    let layers = settings.layers(&WorldConfig::default())?;
    if settings.prints(&layers, global)? {
        return Ok(());
    }
    let config: WorldConfig = layers.resolve()?;
    let claim = global.claim(Kind::World, out, "world import-matrix")?;
    let dataset = Dataset::open(data)?.0;
    let _shown = Progress::new("world import-matrix");
    let world = World::import_matrix(&dataset, sources, &config, global.seed())?;
    let hash = world.save(&claim)?.hash();
    let split = world.split();
    let users =
        Users { train: split.train.len(), validation: split.validation.len(), test: split.test.len() };
    let text = format!(
        "users: {} train, {} validation, {} test\nitems: {}\nhash: {hash}",
        users.train,
        users.validation,
        users.test,
        world.n_items()
    );
    let answer = TrainAnswer { world: out, hash, users, items: world.n_items(), fit: world.fit() };
    global.format().emit(&answer, &text)
}

fn fit_for_people(world: &World, users: &Users) -> String {
    let fit = world.fit();
    let ranking = fit.ranking.as_ref().map(ranking_for_people).unwrap_or_default();
    format!(
        "users: {} train, {} validation, {} test\n{}\ntrain world on {} held-out ratings: {}\n{}\n\n\
         users never seen, folded in\n{}\n\njudge world\n{}{ranking}{}{}",
        users.train,
        users.validation,
        users.test,
        shown_for_people(fit),
        fit.n_held_out,
        fit_verdict(fit),
        fit_table(&fit.rows),
        fit_table(&fit.folded_in),
        fit_table(&fit.judge),
        engagement_for_people(&fit.engagement),
        world.validity().map(|found| format!("\n\n{}", validity_for_people(found))).unwrap_or_default(),
    )
}

/// What became of the ratings that prompts showed, on a line of its own.
fn shown_for_people(fit: &FitReport) -> String {
    fit.shown.as_ref().map(|shown| format!("{shown}\n")).unwrap_or_default()
}

/// How well held-out choices are told from sampled cells.
fn engagement_for_people(found: &[EngagementReport]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let header = ["who takes up what", "auc", "of its score", "largest gap", "choices taken", "random taken"]
        .map(str::to_owned);
    let cells = found.iter().enumerate().map(|(at, side)| {
        let of = if at == 0 { "train world" } else { "judge" };
        let name = format!("{of}, {}", side.family.name());
        let numbers = [side.auc, side.score_auc, side.largest_gap, side.choices_taken, side.random_taken];
        [name].into_iter().chain(numbers.map(|number| format!("{number:.3}"))).collect()
    });
    let table = aligned(&[header.to_vec()].into_iter().chain(cells).collect::<Vec<_>>());
    format!("\n\n{table}{}", beside_ease_for_people(found))
}

/// The models of both worlds beside EASE on the same choices, and how far their odds are from what is observed.
fn beside_ease_for_people(found: &[EngagementReport]) -> String {
    let header = [
        "on held-out choices",
        "auc",
        "ease's",
        "ndcg@10",
        "ease's",
        "odds off by",
        "by luck",
        "short of EASE",
    ];
    let sides = ["train world", "judge"].into_iter().zip(found);
    let rows: Vec<Vec<String>> = sides
        .filter_map(|(name, side)| {
            let BesideEase { l2, n_users, auc, ndcg } = side.beside_ease.as_ref()?;
            let (error, luck) = side.calibration_error();
            let shortfalls = side.shortfalls();
            Some(vec![
                format!("{name} (EASE with l2 {l2}; {n_users} users ranked)"),
                format!("{:.3}", auc.ours),
                format!("{:.3} ± {:.3}", auc.ease, auc.error),
                format!("{:.3}", ndcg.ours),
                format!("{:.3} ± {:.3}", ndcg.ease, ndcg.error),
                format!("{:.1} %", 100.0 * error),
                format!("{:.1} %", 100.0 * luck),
                if shortfalls.is_empty() { "in nothing".to_owned() } else { shortfalls.join("; ") },
            ])
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = header.map(str::to_owned).to_vec();
    format!("\n\n{}", aligned(&[header].into_iter().chain(rows).collect::<Vec<_>>()))
}

/// Panel and verdict.
fn validity_for_people(found: &Validity) -> String {
    let told = |x: Interval| format!("{:.2} [{:.2}, {:.2}]", x.mean, x.lo, x.hi);
    let header = [
        "does the judge agree with people?",
        "all policies",
        "personal ones",
        "beyond popularity",
        "over it",
    ];
    let judges = found.judges.iter().map(|judge| {
        let parts = [judge.all, judge.personal, judge.beyond_popularity, judge.over_popularity].map(told);
        [judge.judge.clone()].into_iter().chain(parts).collect()
    });
    let judges: Vec<Vec<String>> = [header.map(str::to_owned).to_vec()].into_iter().chain(judges).collect();
    let rows = found
        .rows
        .iter()
        .map(|row| vec![row.policy.clone(), format!("{:.3}", row.ndcg), format!("{:.2}", row.judged)]);
    let header = ["policy", "ndcg@10 on kept choices", "judged"].map(str::to_owned).to_vec();
    let panel: Vec<Vec<String>> = [header].into_iter().chain(rows).collect();
    let verdict = if found.is_valid { "valid" } else { "NOT VALID" };
    format!(
        "{}\n\n{}\n\njudge on {} users: {verdict} ({})",
        aligned(&judges),
        aligned(&panel),
        found.n_users,
        found.reasons.join("; ")
    )
}

/// Whether DeepFM is the best of them, and what to do where it is not.
fn fit_verdict(fit: &FitReport) -> String {
    let others = fit.rows.iter().filter(|row| row.model != OURS);
    let best = others.min_by(|a, b| a.rmse.total_cmp(&b.rmse));
    match best {
        Some(best) if !fit.deepfm_is_best => format!(
            "{} is better than DeepFM\n\
             (policies can train in this world, but it knows less of each user's taste than the log tells: more \
             members mostly help,\n--set deepfm.n_members={}, and so does a log without users of a few ratings, \
             `ilrec data import --min-user-interactions 10`;\n`ilrec world check` says whether what it knows is \
             enough to train in)",
            best.model,
            2 * WorldConfig::default().deepfm.n_members
        ),
        _ => "DeepFM is the best of them".to_owned(),
    }
}

/// DeepFM's name in the rows.
const OURS: &str = "deepfm";

fn fit_table(rows: &[FitRow]) -> String {
    let header = ["model", "rmse", "mae"].map(str::to_owned).to_vec();
    let cells =
        rows.iter().map(|row| vec![row.model.clone(), format!("{:.4}", row.rmse), format!("{:.4}", row.mae)]);
    aligned(&[header].into_iter().chain(cells).collect::<Vec<_>>())
}

/// What a log of positives alone can be measured on.
fn ranking_for_people(ranking: &RankingReport) -> String {
    let best = match ranking.deepfm_ranks_best {
        _ if !is_asked(&ranking.train) => "nothing to compare on",
        true => "DeepFM ranks best",
        false => "DeepFM does not rank best",
    };
    format!(
        "\n\n{:.1} % of the ratings are the best one: cells nobody rated stand in for low ratings, as {} \
         ({} for each rating in the train world, {} in the judge)\n\n\
         held-out positives against random unseen items, train world: {best}\n{}\n\n\
         users never seen, folded in\n{}\n\njudge world\n{}",
        100.0 * ranking.share_at_best,
        ranking.negative_target,
        ranking.train_negatives,
        ranking.judge_negatives,
        ranking_table(&ranking.train),
        ranking_table(&ranking.folded_in),
        ranking_table(&ranking.judge),
    )
}

/// Whether there was a held-out positive: a mean of none is zero in every column, which no mean of some is.
fn is_asked(rows: &[RankingRow]) -> bool {
    rows.iter().any(|row| row.auc != 0.0 || row.positives != 0.0 || row.unseen != 0.0)
}

fn ranking_table(rows: &[RankingRow]) -> String {
    if !is_asked(rows) {
        return "no held-out positives".to_owned();
    }
    let header = ["model", "auc", "positives", "unseen"].map(str::to_owned).to_vec();
    let cells = rows.iter().map(|row| {
        let means = [row.positives, row.unseen].map(|mean| format!("{mean:.2}"));
        let mut cells = vec![row.model.clone(), format!("{:.4}", row.auc)];
        cells.extend(means);
        cells
    });
    aligned(&[header].into_iter().chain(cells).collect::<Vec<_>>())
}

fn check_world(
    path: &Path,
    data: Option<&Path>,
    rule: &EnvironmentArgs,
    global: &Global,
) -> Result<(), Failure> {
    let (world, _) = World::open(path)?;
    let dataset = data.map(|data| Ok::<_, Failure>(Dataset::open(data)?.0)).transpose()?;
    let environments = rule.settings().train_and_judge(&world)?;
    let shown = Progress::new("world check");
    let found = check::check(&world, dataset.as_ref(), &environments, global.seed())?;
    drop(shown);
    let validity = world.validity();
    let agreement = validity.map_or_else(|| UNKNOWN_VALIDITY.to_owned(), validity_for_people);
    let told = shown_for_people(world.fit());
    let engagement = &world.fit().engagement;
    let beside = beside_ease_for_people(engagement);
    let text = format!("{told}{agreement}{beside}\n\n{}", check_for_people(&found));
    let answer = CheckAnswer { found: &found, validity, engagement, shown: world.fit().shown.as_ref() };
    global.format().emit(&answer, &text)?;
    if found.verdict.is_sound {
        return Ok(());
    }
    Err(Failure::machine(format!("not worth training in: {}", found.verdict.reasons.join("; ")))
        .hint("try another exit rule (--exit-rule), or a log with more ratings per user"))
}

/// Why users leave, and in how many of all steps.
fn hazards_for_people(row: &CheckRow) -> String {
    let hazards = row.hazards.iter().map(|(reason, hazard)| {
        let name = serde_json::to_value(reason).ok();
        let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().replace('_', " ");
        format!("{name} {:.1} %", 100.0 * hazard)
    });
    hazards.collect::<Vec<_>>().join(", ")
}

#[derive(Serialize)]
struct CheckAnswer<'a> {
    #[serde(flatten)]
    found: &'a WorldCheck,
    validity: Option<&'a Validity>,
    engagement: &'a [EngagementReport],
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<&'a ShownReport>,
}

/// Where nothing was kept to ask.
const UNKNOWN_VALIDITY: &str = "does the judge agree with people? Not measured: no part of the log was kept for it \
    (`ilrec world train --set feedback=engagement` keeps one)";

fn check_for_people(found: &WorldCheck) -> String {
    let header =
        ["policy", "r_traj", "len", "leaves by", "in the train world by"].map(str::to_owned).to_vec();
    let cells = found.rows.iter().map(|row| {
        let in_train = found.train_rows.iter().find(|other| other.policy == row.policy);
        vec![
            row.policy.clone(),
            format!("{:.1}", row.r_traj),
            format!("{:.1}", row.len),
            hazards_for_people(row),
            in_train.map(hazards_for_people).unwrap_or_default(),
        ]
    });
    let table = aligned(&[header].into_iter().chain(cells).collect::<Vec<_>>());
    let explained = &found.explained;
    let shares = [
        ("user", explained.user),
        ("item", explained.item),
        ("pair", explained.pair),
        ("noise", explained.noise),
    ]
    .map(|(what, share)| format!("{what} {:.0} %", 100.0 * share));
    let verdict = if found.verdict.is_sound { "sound" } else { "not worth training in" };
    format!("{table}\n\nvariance of rewards: {}\nverdict: {verdict}", shares.join(", "))
}

#[cfg(test)]
mod tests;
