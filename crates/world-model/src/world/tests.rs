//! A world from a generated log: fitted, saved, opened, refused when damaged.

use super::*;
use crate::DeepFmConfig;
use crate::testing::planted;
use data::Clock;
use environment::DistanceSource as _;
use mdp::{Interaction, ItemIdx};

fn dataset(n_users: u32, n_items: u32, density: f32, seed: u64) -> Dataset {
    let (table, _) = planted(n_users, n_items, density, 0.4, seed);
    let rows = (0..n_items).map(|i| (format!("i{i}"), format!("Item {i}"), vec![format!("c{}", i % 4)]));
    let mut histories: Vec<(String, Vec<Interaction>)> =
        (0..n_users).map(|u| (format!("u{u}"), Vec::new())).collect();
    for (time, cell) in table.cells.iter().enumerate() {
        let rating = cell.value.clamp(1.0, 5.0);
        histories[cell.user.index()].1.push(Interaction { item: cell.item, rating, time: time as i64 });
    }
    Dataset::new(Catalogue::new(rows.collect()).0, histories, Clock::Positions).unwrap()
}

fn quick() -> WorldConfig {
    let deepfm = DeepFmConfig {
        hidden: vec![16, 16],
        n_members: 2,
        max_epochs: 12,
        learning_rate: 5e-3,
        ..Default::default()
    };
    WorldConfig { deepfm, ..Default::default() }
}

#[test]
fn a_saved_world_opens_with_the_same_truth() {
    let data = dataset(60, 50, 0.5, 21);
    let world = World::train(&data, &quick(), 4).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let saved = world.save(&dir.path().join("world")).unwrap();
    let (opened, artefact) = World::open(&dir.path().join("world")).unwrap();
    assert_eq!(saved.hash(), artefact.hash());
    assert_eq!(opened.fit(), world.fit());
    assert_eq!(opened.split(), world.split());
    for (ours, theirs) in
        [(world.train_truth(), opened.train_truth()), (world.judge_truth(), opened.judge_truth())]
    {
        let (mut a, mut b) = (vec![0.0; 50], vec![0.0; 50]);
        for user in 0..60 {
            ours.fill_row(UserIdx(user), &mut a);
            theirs.fill_row(UserIdx(user), &mut b);
            assert_eq!(a, b);
            assert_eq!(theirs.reward(UserIdx(user), ItemIdx(7)), a[7]);
        }
    }
    assert!(opened.log_split(&data).is_ok());
    assert!(matches!(opened.log_split(&dataset(60, 50, 0.5, 22)), Err(WorldError::OtherInput { .. })));
}

#[test]
fn worlds_are_the_same_for_any_number_of_threads() {
    let data = dataset(40, 30, 0.5, 23);
    let hash = |n_threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let world = pool.install(|| World::train(&data, &quick(), seed)).unwrap();
        world.save(&dir.path().join("w")).unwrap().hash()
    };
    assert_eq!(hash(1, 3), hash(2, 3));
    assert_ne!(hash(1, 3), hash(1, 4));
}

#[test]
fn damaged_and_mismatched_files_are_errors() {
    let data = dataset(30, 20, 0.5, 24);
    let world = World::train(&data, &quick(), 1).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world");
    world.save(&path).unwrap();
    let bytes = std::fs::read(path.join("weights.safetensors")).unwrap();
    for cut in [0, 7, 200, bytes.len() - 1] {
        std::fs::write(path.join("weights.safetensors"), &bytes[..cut]).unwrap();
        assert!(World::open(&path).is_err());
    }
    // Whole hashes, wrong content: as somebody would write who makes a directory by hand.
    let mut forged = world.clone();
    forged.split.test.pop();
    forged.save(&path).unwrap();
    assert!(matches!(World::open(&path), Err(WorldError::Damaged { .. })));
    let mut forged = world.clone();
    forged.config.deepfm.hidden = vec![60_000, 60_000];
    forged.save(&path).unwrap();
    assert!(matches!(World::open(&path), Err(WorldError::Damaged { .. })));
    let mut forged = world.clone();
    forged.item_counts.clear();
    forged.save(&path).unwrap();
    assert!(matches!(World::open(&path), Err(WorldError::Damaged { .. })));
}

#[test]
fn complete_rows_are_the_truth_and_supply_the_held_users() {
    let config = WorldConfig { judge: JudgeConfig::Complete, world_share: 0.3, ..quick() };
    assert!(matches!(
        World::train(&dataset(30, 20, 0.5, 25), &config, 1),
        Err(WorldError::TooLittleData { .. })
    ));
    let sparse = dataset(30, 20, 0.5, 26);
    let full = dataset(20, 20, 2.0, 27);
    let full_row = |u: u32| {
        let mut row: Vec<Interaction> = full.interactions(UserIdx(u)).to_vec();
        let known: Vec<ItemIdx> = row.iter().map(|r| r.item).collect();
        let missing = (0..20).map(ItemIdx).filter(|i| !known.contains(i));
        row.extend(missing.map(|item| Interaction { item, rating: 2.2, time: 9999 }));
        row
    };
    let histories = (0..30)
        .map(|u| (format!("s{u}"), sparse.interactions(UserIdx(u)).to_vec()))
        .chain((0..20).map(|u| (format!("f{u}"), full_row(u))))
        .collect();
    let data = Dataset::new(full.catalogue.clone(), histories, Clock::Unordered).unwrap();
    let world = World::train(&data, &config, 1).unwrap();
    let split = world.split();
    assert_eq!(split.train.len() + split.validation.len() + split.test.len(), 50);
    assert!(split.test.iter().chain(&split.validation).all(|user| user.0 >= 30));
    assert!(split.test.len() >= 7 && split.validation.len() >= 7, "{split:?}");
    let truth = world.judge_truth();
    for row in data.interactions(split.test[0]) {
        assert_eq!(truth.reward(split.test[0], row.item), row.rating.round());
    }
    let dir = tempfile::tempdir().unwrap();
    world.save(&dir.path().join("w")).unwrap();
    let opened = World::open(&dir.path().join("w")).unwrap().0.judge_truth();
    assert_eq!(opened.reward(split.test[0], ItemIdx(3)), truth.reward(split.test[0], ItemIdx(3)));
}

#[test]
fn columns_have_the_distances_of_the_predictions() {
    let data = dataset(40, 20, 0.5, 28);
    let world = World::train(&data, &quick(), 2).unwrap();
    let judge = world.columns(Side::Judge);
    let means = world.judge_means();
    let direct = (0..40)
        .map(|u| means.predict(UserIdx(u), ItemIdx(2)).0 - means.predict(UserIdx(u), ItemIdx(9)).0)
        .map(|d| d * d)
        .sum::<f32>()
        .sqrt();
    assert!((judge.distance(ItemIdx(2), ItemIdx(9)) - direct).abs() < 1e-2);
    let train = world.columns(Side::Train);
    let rows: f32 = (train.distance(ItemIdx(2), ItemIdx(9)), train.distance(ItemIdx(2), ItemIdx(2))).1;
    assert_eq!(rows, 0.0);
    assert!(train.distance(ItemIdx(2), ItemIdx(9)) > 0.0);
}
