//! The parts of users and logs.

use crate::split::{LogShares, LogSplit, Part, UserShares, UserSplit, draw_items};
use crate::*;
use catalogue::Catalogue;
use mdp::{Interaction, ItemIdx, ItemSet};
use proptest::prelude::*;

fn dataset(sizes: &[usize], clock: Clock) -> Dataset {
    let n_items = sizes.iter().copied().max().unwrap_or(0);
    let items = (0..n_items).map(|i| (i.to_string(), i.to_string(), Vec::new())).collect();
    let row = |i: usize| Interaction { item: ItemIdx(i as u32), rating: 3.0, time: i as i64 };
    let histories =
        sizes.iter().enumerate().map(|(u, &n)| (format!("u{u}"), (0..n).map(row).collect())).collect();
    Dataset::new(Catalogue::new(items).0, histories, clock).unwrap()
}

#[test]
fn with_a_clock_the_earlier_half_is_the_world_part() {
    let split = LogSplit::draw(&dataset(&[5, 1, 4], Clock::Seconds), LogShares { world: 0.5, kept: 0.0 }, 0);
    let times = |rows: &[Interaction]| rows.iter().map(|row| row.time).collect::<Vec<_>>();
    assert_eq!(times(&split.world[0]), [0, 1, 2]);
    assert_eq!(times(&split.judge[0]), [3, 4]);
    assert_eq!((split.world[1].len(), split.judge[1].len()), (1, 0));
    assert_eq!((split.world[2].len(), split.judge[2].len()), (2, 2));
    let split = LogSplit::draw(&dataset(&[5, 1, 9], Clock::Seconds), LogShares { world: 0.4, kept: 0.3 }, 0);
    let sizes = |user: usize| [&split.world, &split.judge, &split.kept].map(|part| part[user].len());
    assert_eq!([0, 1, 2].map(sizes), [[2, 2, 1], [0, 1, 0], [4, 3, 2]]);
    assert_eq!(times(&split.kept[2]), [7, 8], "the latest");
}

#[test]
fn without_a_clock_the_part_is_drawn_from_the_seed() {
    let dataset = dataset(&[40; 3], Clock::Unordered);
    let draw = |seed| LogSplit::draw(&dataset, LogShares { world: 0.5, kept: 0.25 }, seed);
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert_ne!(draw(1).world[0], draw(1).world[1], "each user has a draw of its own");
}

proptest! {
    #[test]
    fn user_parts_are_a_partition(n in 0usize..200, train in 0.0f64..1.2, validation in 0.0f64..1.2, seed: u64) {
        let split = UserSplit::draw(n, UserShares { train, validation }, seed);
        let mut all = [split.train.clone(), split.validation.clone(), split.test.clone()].concat();
        prop_assert!(split.train.is_sorted() && split.validation.is_sorted() && split.test.is_sorted());
        all.sort_unstable();
        prop_assert_eq!(all, (0..n as u32).map(mdp::UserIdx).collect::<Vec<_>>());
        prop_assert_eq!(&split, &UserSplit::draw(n, UserShares { train, validation }, seed));
    }

    #[test]
    fn nobody_with_a_share_is_left_without_a_user(n in 3usize..60, train in 0.05f64..0.9, of_rest in 0.05f64..0.95) {
        let split = UserSplit::draw(n, UserShares { train, validation: (1.0 - train) * of_rest }, 1);
        let sizes = [split.train.len(), split.validation.len(), split.test.len()];
        prop_assert!(sizes.iter().all(|&size| size > 0), "{n} users: {sizes:?}");
    }

    #[test]
    fn log_parts_are_a_partition(sizes in prop::collection::vec(0usize..20, 1..8), world in 0.0f64..1.0, kept in 0.0f64..1.0, ordered: bool) {
        let clock = if ordered { Clock::Positions } else { Clock::Unordered };
        let dataset = dataset(&sizes, clock);
        let split = LogSplit::draw(&dataset, LogShares { world, kept }, 3);
        for (user, history) in dataset.histories() {
            let [world, judge, kept] = [&split.world, &split.judge, &split.kept].map(|part| &part[user.index()]);
            let mut all = [world, judge, kept].concat();
            all.sort_by_key(|row| row.time);
            prop_assert_eq!(all, history.to_vec());
            prop_assert!(!ordered || all_before(world, judge) && all_before(judge, kept) && all_before(world, kept));
        }
    }
}

#[test]
fn few_users_keep_a_log_and_all_others_but_the_test_users_are_withheld() {
    let whole = UserSplit::draw(100, UserShares::default(), 9);
    for (n_users, sizes) in [(20, (16, 4)), (2, (1, 1)), (85, (70, 15)), (400, (70, 15))] {
        let few = whole.clone().with_few(n_users, 3);
        assert_eq!((few.train.len(), few.validation.len()), sizes, "{n_users}");
        assert_eq!(few.test, whole.test);
        assert!(few.train.iter().all(|user| whole.train.contains(user)));
        let mut all = [few.train, few.validation, few.test, few.withheld].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).map(mdp::UserIdx).collect::<Vec<_>>());
    }
    assert_ne!(whole.clone().with_few(20, 3), whole.with_few(20, 4));
}

#[test]
fn what_nobody_may_learn_from_is_handed_to_the_judge_in_order() {
    for clock in [Clock::Positions, Clock::Unordered] {
        let dataset = dataset(&[9, 0, 4], clock);
        let before = LogSplit::draw(&dataset, LogShares { world: 0.5, kept: 0.25 }, 1);
        let is_silent = |user: mdp::UserIdx, row: &Interaction| user.0 == 2 || row.item.0.is_multiple_of(2);
        let after = before.dealt(|part, user, row| match part {
            Part::World if is_silent(user, row) => Some(Part::Judge),
            other => Some(other),
        });
        assert_eq!(after.kept, before.kept);
        for user in 0..3 {
            let at = mdp::UserIdx(user as u32);
            let rows =
                |silent: bool| before.world[user].iter().filter(move |row| is_silent(at, row) == silent);
            assert_eq!(after.world[user].to_vec(), rows(false).copied().collect::<Vec<_>>());
            let judged: Vec<Interaction> = rows(true).chain(&before.judge[user]).copied().collect();
            assert_eq!(after.judge[user].to_vec(), judged);
        }
    }
}

#[test]
fn items_are_drawn_among_those_that_are_left() {
    let none = ItemSet::empty(50);
    let drawn = draw_items(50, 0.2, 1, &none);
    assert_eq!((drawn.len(), drawn.n_items()), (10, 50));
    assert_ne!(drawn, draw_items(50, 0.2, 2, &none));
    let mut but = none.clone();
    (0..45).for_each(|item| _ = but.insert(ItemIdx(item)));
    let left = draw_items(50, 0.2, 1, &but);
    assert_eq!(left.len(), 5, "as far as they suffice");
    assert!((45..50).all(|item| left.contains(ItemIdx(item))));
}

fn all_before(a: &[Interaction], b: &[Interaction]) -> bool {
    a.iter().all(|a| b.iter().all(|b| a.time < b.time))
}

#[test]
fn the_default_shares_are_seventy_fifteen_fifteen() {
    let split = UserSplit::draw(100, UserShares::default(), 9);
    assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (70, 15, 15));
    let whole = UserSplit::draw(7, UserShares { train: 1.0, validation: 0.0 }, 9);
    assert_eq!((whole.train.len(), whole.test.len()), (7, 0), "no share, no user");
}
