//! Engagement fitted to planted choices: it finds the taste, keeps to its base rate, and answers the same by row and by cell.

use crate::testing::chosen;
use crate::{
    DeepFmConfig, EngagementConfig, EngagementFamily, Feedback, JudgeConfig, World, WorldConfig, WorldError,
};
use mdp::{ItemIdx, UserIdx};

fn config(base_rate: f64) -> WorldConfig {
    WorldConfig {
        feedback: Feedback::Engagement,
        world_share: 0.4,
        engagement: EngagementConfig { base_rate, ..EngagementConfig::default() },
        deepfm: DeepFmConfig { hidden: vec![8], n_members: 1, max_epochs: 2, ..DeepFmConfig::default() },
        ..WorldConfig::default()
    }
}

fn world(base_rate: f64) -> World {
    World::train(&chosen(900, 160, 20.0, 5), &config(base_rate), 3).unwrap()
}

#[test]
fn taste_is_found_and_choices_are_taken_up_at_the_base_rate() {
    for base_rate in [0.05, 0.3, 0.6] {
        let world = world(base_rate);
        assert_eq!(world.fit().engagement.len(), 3, "the train world's, the judge's, another family's");
        for found in &world.fit().engagement {
            assert!(found.auc > 0.7, "{found:?}");
            assert!((found.choices_taken - base_rate).abs() < 0.25 * base_rate + 0.01, "{found:?}");
            assert!(found.random_taken < found.choices_taken, "{found:?}");
            assert_eq!(found.reliability.len(), 10);
        }
    }
}

#[test]
fn a_row_is_its_cells() {
    let world = world(0.3);
    let sides = [
        (world.train_truth(), world.train_means()),
        (world.judge_truth(), world.judge_means()),
        (
            world.judge_truth_of(EngagementFamily::ItemKnn).unwrap(),
            world.judge_means_of(EngagementFamily::ItemKnn).unwrap(),
        ),
    ];
    assert!(world.judge_truth_of(EngagementFamily::Popularity).is_none());
    for (truth, means) in sides {
        let n_items = world.n_items();
        let (mut rewards, mut mean, mut variance) =
            (vec![0.0; n_items], vec![0.0; n_items], vec![0.0; n_items]);
        for user in [0, 7, 899].map(UserIdx) {
            truth.fill_row(user, &mut rewards);
            means.predict_row(user, &mut mean, &mut variance);
            for item in 0..n_items {
                let at = ItemIdx(item as u32);
                assert_eq!(truth.reward(user, at), rewards[item]);
                let (one, spread) = means.predict(user, at);
                assert!((one - mean[item]).abs() < 1e-5 && (spread - variance[item]).abs() < 1e-4);
                assert!((1.0..=5.0).contains(&mean[item]) && variance[item] >= 0.0);
            }
        }
    }
}

#[test]
fn the_truth_is_drawn_from_what_is_believed() {
    let world = world(0.5);
    let (truth, means) = (world.judge_truth(), world.judge_means());
    let n_items = world.n_items();
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    let (mut rewards, mut mean, mut variance) = (vec![0.0; n_items], vec![0.0; n_items], vec![0.0; n_items]);
    for user in (0..world.n_users() as u32).map(UserIdx) {
        truth.fill_row(user, &mut rewards);
        means.predict_row(user, &mut mean, &mut variance);
        for item in 0..n_items {
            let error = f64::from(rewards[item] - mean[item]);
            sum += error;
            squares += error * error / f64::from(variance[item]).max(1e-3);
            n += 1.0;
        }
    }
    assert!((sum / n).abs() < 0.03, "no bias: {}", sum / n);
    assert!((squares / n - 1.0).abs() < 0.25, "as much spread as is believed: {}", squares / n);
}

#[test]
fn it_survives_its_directory_and_its_settings_say_what_is_meant() {
    let world = world(0.3);
    let dir = tempfile::tempdir().unwrap();
    world.save(&dir.path().join("world")).unwrap();
    let opened = World::open(&dir.path().join("world")).unwrap().0;
    assert_eq!(opened.fit(), world.fit());
    assert_eq!(opened.validity(), world.validity());
    assert_eq!(opened.judge_families().collect::<Vec<_>>(), world.judge_families().collect::<Vec<_>>());
    for (ours, theirs) in
        [(world.train_means(), opened.train_means()), (world.judge_means(), opened.judge_means())]
    {
        for cell in 0..60 {
            let (user, item) = (UserIdx(cell * 2), ItemIdx(cell));
            assert_eq!(ours.predict(user, item), theirs.predict(user, item));
        }
    }
    let shares = config(0.3).log_shares();
    assert!((shares.kept - 0.3).abs() < 1e-12, "half of what the train world leaves");
    let ratings = WorldConfig { feedback: Feedback::Ratings, ..WorldConfig::default() };
    assert_eq!(ratings.log_shares().kept, 0.0);
}

#[test]
fn settings_without_a_meaning_are_refused_by_name() {
    let refused = |change: fn(&mut WorldConfig)| {
        let mut config = config(0.3);
        change(&mut config);
        match config.check().unwrap_err() {
            WorldError::Setting { setting, .. } => setting,
            other => panic!("{other}"),
        }
    };
    assert_eq!(refused(|config| config.engagement.base_rate = 0.0), "engagement.base_rate");
    assert_eq!(refused(|config| config.engagement.base_rate = 0.95), "engagement.base_rate");
    assert_eq!(refused(|config| config.engagement.skipped = 0.0), "engagement.skipped");
    assert_eq!(refused(|config| config.kept_share = Some(0.7)), "kept_share");
    assert_eq!(refused(|config| config.kept_share = Some(-0.1)), "kept_share");
    let complete = |config: &mut WorldConfig| {
        (config.judge, config.feedback, config.kept_share) =
            (JudgeConfig::Complete, Feedback::Ratings, Some(0.2));
    };
    assert_eq!(refused(complete), "kept_share", "the truth of complete rows is all of them");
    let took_all = |config: &mut WorldConfig| config.judge = JudgeConfig::Complete;
    assert_eq!(refused(took_all), "feedback", "who rated everything took everything up");
}

#[test]
fn a_log_that_cannot_say_who_takes_up_what_is_refused() {
    // Two choices each: one for the train world, one for the judge, and none to hold out of either.
    let few = chosen(20, 2, 1.0, 5);
    let config = WorldConfig { world_share: 0.5, kept_share: Some(0.0), ..config(0.3) };
    let error = World::train(&few, &config, 3).unwrap_err();
    assert!(error.to_string().contains("two choices or more"), "{error}");
}
