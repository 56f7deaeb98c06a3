//! Worlds of the real logs: the comparison with the baselines, and the data as judge.

use super::*;
use crate::DeepFmConfig;
use data::{Format, ImportOptions, Source, import};
use std::path::PathBuf;

/// A folder of real data; `None` (said on stderr) where the user does not have it.
fn folder(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(name);
    if path.is_dir() {
        return Some(path);
    }
    let is_required = std::env::var_os("CI").is_some()
        || std::env::var("ILREC_REQUIRE_SHARED_DATA").is_ok_and(|value| value == "1");
    assert!(!is_required, "{} is missing", path.display());
    skipped(name);
    None
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(name: &str) {
    eprintln!("skipped: shared/data/{name} is not here; the real data is not part of the repository");
}

#[test]
fn movielens_deepfm_beats_every_baseline_on_held_out_ratings() {
    let Some(path) = folder("movielens-latest-small") else { return };
    let mut options = ImportOptions::new(Format::Movielens, &path);
    options.min_item_interactions = 5;
    let (dataset, _) = import(&options).unwrap();
    assert_eq!((dataset.n_users(), dataset.n_items()), (610, 3650));
    let deepfm = DeepFmConfig { hidden: vec![32, 32], n_members: 2, ..Default::default() };
    let world = World::train(&dataset, &WorldConfig { deepfm, ..Default::default() }, 0).unwrap();
    let fit = world.fit();
    assert_eq!(fit.rows.len(), 4);
    assert!(fit.deepfm_is_best, "{:#?}", fit.rows);
    assert!((0.7..1.4).contains(&fit.variance_ratio), "{}", fit.variance_ratio);
    let [level, mean_user, folded_in] = fit.folded_in.as_slice() else { panic!("three rows") };
    assert!(folded_in.rmse < mean_user.rmse && mean_user.rmse < level.rmse, "{:#?}", fit.folded_in);
    let [_, biases, judge] = fit.judge.as_slice() else { panic!("three rows") };
    assert!(judge.rmse < biases.rmse, "the judge knows tastes: {:#?}", fit.judge);
}

#[test]
fn jester_judges_by_its_own_complete_rows() {
    let Some(path) = folder("jester-5k") else { return };
    let mut source = Source::new(Format::Csv, &path.join("ratings.csv.gz"));
    source.scale = "-10..10".parse().unwrap();
    let mut options = ImportOptions::of(vec![source]);
    options.items = Some(path.join("jokes.csv.gz"));
    let (dataset, _) = import(&options).unwrap();
    let config = WorldConfig {
        judge: JudgeConfig::Complete,
        deepfm: DeepFmConfig { hidden: vec![4], n_members: 1, max_epochs: 1, ..Default::default() },
        factorisation: crate::FactorisationConfig { dim: 2, n_passes: 2, ..Default::default() },
        ..Default::default()
    };
    let world = World::train(&dataset, &config, 0).unwrap();
    let split = world.split();
    // 30 % of 3,996 users are wanted, 1,179 have complete rows.
    assert!((1177..=1179).contains(&(split.validation.len() + split.test.len())));
    let truth = world.judge_truth();
    for &user in split.test.iter().step_by(50) {
        let history = dataset.interactions(user);
        assert_eq!(history.len(), 100);
        assert!(history.iter().all(|row| truth.reward(user, row.item) == row.rating.round()));
    }
}
