//! Ratings that prompts showed: the world part's, and nobody else's.

use crate::testing::chosen;
use crate::world::{ColdReport, Protocol};
use crate::{DeepFmConfig, World, WorldConfig, WorldError};
use data::{Dataset, Shown, ShownSource};
use mdp::{Interaction, UserIdx};

fn config(protocol: Protocol) -> WorldConfig {
    let deepfm = DeepFmConfig { hidden: vec![4], n_members: 1, max_epochs: 1, ..Default::default() };
    let shown =
        vec![ShownSource { path: "shown.csv".into(), select: Vec::new(), columns: Default::default() }];
    WorldConfig { protocol, deepfm, shown, ..WorldConfig::default() }
}

/// The first half of the items is cold to nobody: every third user was shown what the log has of it.
fn shown_to_some(data: &Dataset) -> Shown {
    let half = data.n_items() as u32 / 2;
    let of_user = |(user, history): (UserIdx, &[Interaction])| {
        let mut items: Vec<u32> = history.iter().map(|row| row.item.0).filter(|item| *item < half).collect();
        items.sort_unstable();
        if user.0.is_multiple_of(3) { items } else { Vec::new() }
    };
    let users: Vec<Vec<u32>> = data.histories().map(of_user).collect();
    serde_json::from_value(serde_json::json!(users)).unwrap()
}

fn trained(data: &Dataset, protocol: Protocol) -> World {
    let world = World::train_watched(data, &shown_to_some(data), &config(protocol), 3, &mut |_| {}).unwrap();
    let dir = tempfile::tempdir().unwrap();
    world.save(&dir.path().join("w")).unwrap();
    let (opened, _) = World::open(&dir.path().join("w")).unwrap();
    assert_eq!(opened.log_split(data).unwrap(), world.log_split(data).unwrap());
    assert_eq!((opened.cold_items(), opened.fit()), (world.cold_items(), world.fit()));
    world
}

#[test]
fn what_prompts_showed_is_the_world_parts_and_nothing_else_moves() {
    let data = chosen(300, 80, 20.0, 5);
    let (shown, world) = (shown_to_some(&data), trained(&data, Protocol::Warm));
    let plain = World::train(&data, &WorldConfig { shown: Vec::new(), ..config(Protocol::Warm) }, 3).unwrap();
    assert_eq!(world.split(), plain.split());
    let (log, before) = (world.log_split(&data).unwrap(), plain.log_split(&data).unwrap());
    let (mut n_judge, mut n_kept) = (0, 0);
    for user in (0..300).map(UserIdx) {
        let is_shown = |row: &&Interaction| shown.has(user, row.item);
        let parts = [(&log.judge, &before.judge, &mut n_judge), (&log.kept, &before.kept, &mut n_kept)];
        let mut world = before.world[user.index()].to_vec();
        for (after, before, n_moved) in parts {
            let (moved, left): (Vec<&Interaction>, Vec<&Interaction>) =
                before[user.index()].iter().partition(is_shown);
            assert!(after[user.index()].iter().eq(left));
            *n_moved += moved.len();
            world.extend(moved);
        }
        assert_eq!(log.world[user.index()].to_vec(), world);
    }
    let found = world.fit().shown.as_ref().unwrap();
    assert!(n_judge > 0 && n_kept > 0);
    assert_eq!(
        (found.from_judge, found.from_kept, found.n_users, found.cold.as_ref()),
        (n_judge, n_kept, 100, None)
    );
    assert_eq!(found.n_ratings, shown.by_user().map(<[_]>::len).sum::<usize>());
    assert!(world.protocol_label().contains("of 100 users"), "{}", world.protocol_label());
    assert_eq!((plain.fit().shown.as_ref(), plain.protocol_label().as_str()), (None, "warm"));
}

#[test]
fn cold_items_are_drawn_among_those_that_no_prompt_showed() {
    let data = chosen(300, 80, 20.0, 5);
    let (shown, world) = (shown_to_some(&data), trained(&data, Protocol::ColdItems));
    let cold = world.cold_items().unwrap();
    assert!(shown.by_user().flatten().all(|item| !cold.contains(*item)));
    let log = world.log_split(&data).unwrap();
    assert!(log.world.iter().flatten().all(|row| !cold.contains(row.item)));
    let found = world.fit().shown.as_ref().unwrap().cold.as_ref().unwrap();
    let ColdReport { n_cold, n_never_shown, n_wanted, n_users_left_out_otherwise } = *found;
    assert_eq!((n_cold, n_wanted), (16, 16));
    assert!((40..50).contains(&n_never_shown), "{n_never_shown}");
    assert!((50..=100).contains(&n_users_left_out_otherwise), "{n_users_left_out_otherwise}");
}

#[test]
fn what_was_shown_of_users_without_a_log_is_nobodys() {
    let data = chosen(300, 80, 20.0, 5);
    let (shown, world) = (shown_to_some(&data), trained(&data, Protocol::FewUsers));
    let log = world.log_split(&data).unwrap();
    for user in &world.split().withheld {
        let parts = [&log.world, &log.judge, &log.kept].map(|part| &part[user.index()]);
        assert!(parts.iter().flat_map(|part| part.iter()).all(|row| !shown.has(*user, row.item)));
    }
    assert!(world.fit().shown.as_ref().unwrap().n_withheld > 0);
}

#[test]
fn settings_that_name_files_need_what_the_files_hold() {
    let data = chosen(300, 80, 20.0, 5);
    let refused = World::train(&data, &config(Protocol::Warm), 3).unwrap_err();
    assert!(matches!(refused, WorldError::Setting { setting: "shown", .. }), "{refused}");
}
