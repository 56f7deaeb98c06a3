//! A world from a generated log: fitted, saved, opened, refused when damaged.

use super::*;
use crate::testing::{chosen, planted};
use crate::{DeepFmConfig, Feedback};
use data::Clock;
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
    WorldConfig { deepfm, ..WorldConfig::of_ratings() }
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

/// Positives alone: everybody likes one kind of items in four, and took up half of that kind. A few items are
/// taken up by everybody.
fn positives() -> Dataset {
    let (n_users, n_items) = (120u32, 120u32);
    let rows = (0..n_items).map(|i| (format!("i{i}"), format!("Item {i}"), vec![format!("c{}", i % 3)]));
    let likes =
        |user: u32, item: u32| item < 3 || (item % 4 == user % 4 && (item / 4 + user / 4).is_multiple_of(2));
    let history = |user: u32| {
        let items = (0..n_items).filter(move |&item| likes(user, item));
        // Not in the order of the catalogue: the earlier half of a log must not be the first items.
        let time = |item: u32| i64::from((item * 37 + user * 11) % n_items);
        let mut rows: Vec<Interaction> =
            items.map(|item| Interaction { item: ItemIdx(item), rating: 5.0, time: time(item) }).collect();
        rows.sort_by_key(|row| row.time);
        rows
    };
    let histories = (0..n_users).map(|user| (format!("u{user}"), history(user)));
    Dataset::new(Catalogue::new(rows.collect()).0, histories.collect(), Clock::Positions).unwrap()
}

#[test]
fn a_log_of_positives_gets_a_judge_that_tells_items_apart() {
    let world = World::train(&positives(), &quick(), 3).unwrap();
    let ranking = world.fit().ranking.as_ref().unwrap();
    assert_eq!((ranking.share_at_best, world.fit().is_graded), (1.0, false));
    let [_, judge] = ranking.judge.as_slice() else { panic!("two rows") };
    assert!(judge.auc > 0.8, "{ranking:#?}");
    assert!(judge.positives > judge.unseen + 0.5, "{ranking:#?}");
    assert_eq!(ranking.train.len(), 3);
    assert_eq!(ranking.deepfm_ranks_best, ranking.train[..2].iter().all(|r| r.auc < ranking.train[2].auc));
    let dir = tempfile::tempdir().unwrap();
    world.save(&dir.path().join("w")).unwrap();
    assert_eq!(World::open(&dir.path().join("w")).unwrap().0.fit(), world.fit());
}

#[test]
fn negatives_can_be_switched_off_and_then_the_judge_is_flat() {
    let config = WorldConfig { negatives: crate::Negatives::Never, ..quick() };
    let world = World::train(&positives(), &config, 3).unwrap();
    assert_eq!(world.fit().ranking, None);
    let means = world.judge_means();
    assert!((0..120).all(|item| (means.predict(UserIdx(1), ItemIdx(item)).0 - 5.0).abs() < 1e-3));
    let always = WorldConfig { negatives: crate::Negatives::Always, ..quick() };
    let graded = dataset(40, 30, 0.5, 3);
    assert!(World::train(&graded, &always, 3).unwrap().fit().ranking.is_some());
    assert!(World::train(&graded, &quick(), 3).unwrap().fit().ranking.is_none());
}

#[test]
fn of_cold_items_and_of_withheld_users_nothing_is_learned_but_the_judge_knows_them() {
    let data = chosen(300, 80, 20.0, 5);
    let deepfm = quick().deepfm;
    let under = |protocol| WorldConfig { protocol, deepfm: deepfm.clone(), ..WorldConfig::default() };
    let opened = |world: &World| {
        let dir = tempfile::tempdir().unwrap();
        world.save(&dir.path().join("w")).unwrap();
        World::open(&dir.path().join("w")).unwrap().0
    };
    let world = World::train(&data, &under(Protocol::ColdItems), 3).unwrap();
    let (cold, log) = (world.cold_items().unwrap(), world.log_split(&data).unwrap());
    assert_eq!(cold.len(), 16);
    assert!(log.world.iter().flatten().all(|row| !cold.contains(row.item)));
    assert!(log.judge.iter().flatten().any(|row| cold.contains(row.item)));
    assert!(log.kept.iter().flatten().any(|row| cold.contains(row.item)));
    assert!(cold_counts(&world, &cold).iter().all(|count| *count == 0));
    assert_eq!((opened(&world).cold_items(), opened(&world).log_split(&data).unwrap()), (Some(cold), log));

    let world = World::train(&data, &under(Protocol::FewUsers), 3).unwrap();
    let (split, log) = (world.split(), world.log_split(&data).unwrap());
    assert_eq!((split.train.len() + split.validation.len(), split.test.len()), (20, 45));
    assert!(split.withheld.iter().all(|user| log.world[user.index()].is_empty()));
    assert!(
        split.test.iter().all(|user| !log.world[user.index()].is_empty()),
        "they are judged all the same"
    );
    assert_eq!((opened(&world).split(), opened(&world).log_split(&data).unwrap()), (split, log));

    let published = World::train(&data, &under(Protocol::Published), 3).unwrap();
    let shares = published.config().log_shares();
    assert_eq!((published.config().feedback, shares.world, shares.kept), (Feedback::Ratings, 0.5, 0.0));
}

fn cold_counts(world: &World, cold: &ItemSet) -> Vec<u32> {
    let counts = world.item_counts().iter().enumerate();
    counts.filter(|(item, _)| cold.contains(ItemIdx(*item as u32))).map(|(_, count)| *count).collect()
}

#[test]
fn a_world_knows_whom_a_check_plays() {
    let data = dataset(40, 30, 0.5, 3);
    let world = World::train(&data, &quick(), 3).unwrap();
    assert_eq!(world.check_users().len(), world.split().test.len());
    assert_eq!(world.check_users(), world.check_users_of(&data).unwrap());
    let dir = tempfile::tempdir().unwrap();
    world.save(&dir.path().join("w")).unwrap();
    assert_eq!(World::open(&dir.path().join("w")).unwrap().0.check_users(), world.check_users());
    let mut forged = world.clone();
    forged.check_users[0].history[0].item = ItemIdx(30);
    forged.save(&dir.path().join("w")).unwrap();
    assert!(matches!(World::open(&dir.path().join("w")), Err(WorldError::Damaged { .. })));
}

#[test]
fn columns_have_the_distances_of_the_predictions() {
    let data = dataset(40, 20, 0.5, 28);
    let world = World::train(&data, &quick(), 2).unwrap();
    let judge = world.distances(Side::Judge);
    let means = world.judge_means();
    let direct = (0..40)
        .map(|u| means.predict(UserIdx(u), ItemIdx(2)).0 - means.predict(UserIdx(u), ItemIdx(9)).0)
        .map(|d| d * d)
        .sum::<f32>()
        .sqrt();
    assert!((judge.distance(ItemIdx(2), ItemIdx(9)) - direct).abs() < 1e-2);
    let train = world.distances(Side::Train);
    assert_eq!(train.distance(ItemIdx(2), ItemIdx(2)), 0.0);
    assert!(train.distance(ItemIdx(2), ItemIdx(9)) > 0.0);
}

/// A dataset whose ids are matrix rows and columns.
fn numbered(n_users: u32, n_items: u32) -> Dataset {
    let rows = (0..n_items).map(|i| (i.to_string(), format!("Item {i}"), Vec::new())).collect();
    let row = |item: u32| Interaction { item: ItemIdx(item), rating: 4.0, time: i64::from(item) };
    let histories = (0..n_users).map(|u| (u.to_string(), vec![row(u % n_items), row((u + 1) % n_items)]));
    Dataset::new(Catalogue::new(rows).0, histories.collect(), Clock::Positions).unwrap()
}

fn write_matrix(path: &std::path::Path, n_rows: usize, n_columns: usize, cell: impl Fn(usize, usize) -> f32) {
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({n_rows}, {n_columns}), }}");
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    for row in 0..n_rows {
        (0..n_columns).for_each(|column| bytes.extend(cell(row, column).to_le_bytes()));
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn imported_matrices_are_the_truth_and_survive_a_round_trip() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    let data = numbered(12, 5);
    write_matrix(&file("train.npy"), 8, 5, |row, column| (row * 5 + column) as f32 * 0.1);
    write_matrix(&file("test.npy"), 12, 5, |row, column| 1.0 + ((row + column) % 5) as f32);
    write_matrix(&file("distances.npy"), 5, 5, |row, column| row.abs_diff(column) as f32);
    let sources = MatrixSources {
        train: file("train.npy"),
        test: file("test.npy"),
        distance_train: None,
        distance_test: Some(file("distances.npy")),
    };
    let world = World::import_matrix(&data, &sources, &WorldConfig::default(), 1).unwrap();
    world.save(&file("world")).unwrap();
    let (opened, _) = World::open(&file("world")).unwrap();
    for world in [world, opened] {
        assert!((world.train_truth().reward(UserIdx(2), ItemIdx(3)) - 1.3).abs() < 1e-5);
        assert!((world.train_truth().reward(UserIdx(11), ItemIdx(0)) - 1.75).abs() < 1e-5, "the mean row");
        assert_eq!(world.judge_truth().reward(UserIdx(11), ItemIdx(3)), 5.0);
        assert_eq!(world.distances(Side::Judge).distance(ItemIdx(1), ItemIdx(4)), 3.0);
        let columns = world.distances(Side::Train).distance(ItemIdx(1), ItemIdx(4));
        assert!((columns - 0.3 * 8f32.sqrt()).abs() < 1e-5);
    }
}

#[test]
fn matrices_that_do_not_fit_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    write_matrix(&file("good.npy"), 4, 5, |_, _| 3.0);
    write_matrix(&file("narrow.npy"), 4, 3, |_, _| 3.0);
    write_matrix(&file("nan.npy"), 4, 5, |row, _| if row == 2 { f32::NAN } else { 3.0 });
    let import = |data: &Dataset, test: &str, distances: Option<&str>| {
        let sources = MatrixSources {
            train: file("good.npy"),
            test: file(test),
            distance_train: distances.map(file),
            distance_test: None,
        };
        World::import_matrix(data, &sources, &WorldConfig::default(), 1)
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    assert_eq!(import(&numbered(4, 5), "good.npy", None), Ok(()));
    for (data, test, distances, complaint) in [
        (numbered(4, 5), "narrow.npy", None, "item id `3`"),
        (numbered(4, 5), "nan.npy", None, "row 2, column 0"),
        (numbered(4, 5), "absent.npy", None, "cannot read"),
        (numbered(4, 5), "good.npy", Some("narrow.npy"), "a distance matrix of 4 x 3"),
        (dataset(4, 5, 2.0, 1), "good.npy", None, "no user id"),
    ] {
        let error = import(&data, test, distances).unwrap_err();
        assert!(error.contains(complaint), "{error}");
    }
}
