//! Worlds of the real logs: the comparison with the baselines, and the data as judge.

use super::*;
use crate::DeepFmConfig;
use data::{Format, ImportOptions, Source, import};
use shared_data::shared_data;

#[test]
fn movielens_deepfm_beats_every_baseline_on_held_out_ratings() {
    let Some(path) = shared_data("movielens-latest-small") else { return };
    let mut options = ImportOptions::new(Format::Movielens, &path);
    options.min_item_interactions = 5;
    let (dataset, _) = import(&options).unwrap();
    assert_eq!((dataset.n_users(), dataset.n_items()), (610, 3650));
    let deepfm = DeepFmConfig { hidden: vec![32, 32], n_members: 2, ..Default::default() };
    let world = World::train(&dataset, &WorldConfig { deepfm, ..WorldConfig::of_ratings() }, 0).unwrap();
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
    let Some(path) = shared_data("jester-5k") else { return };
    let mut source = Source::new(Format::Csv, &path.join("ratings.csv.gz"));
    source.scale = "-10..10".parse().unwrap();
    let mut options = ImportOptions::of(vec![source]);
    options.items = Some(path.join("jokes.csv.gz"));
    let (dataset, _) = import(&options).unwrap();
    let config = WorldConfig {
        judge: JudgeConfig::Complete,
        deepfm: DeepFmConfig { hidden: vec![4], n_members: 1, max_epochs: 1, ..Default::default() },
        factorisation: crate::FactorisationConfig { dim: 2, n_passes: 2, ..Default::default() },
        ..WorldConfig::of_ratings()
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
