//! The control draws kinds that are fresh, and nothing that is known.

use super::*;
use crate::RandomFreshGenre;
use demonstrations::{CollectOptions, Expert as _};

#[test]
fn kinds_are_fresh_and_items_new() {
    let world = world(4, ExitRule::none());
    let users: Vec<UserIdx> = (0..4).map(UserIdx).collect();
    let options = CollectOptions { n_episodes: 20, horizon: 12, ..CollectOptions::default() };
    let collected = demonstrations::collect(&world.scene(), &users, &RandomFreshGenre, &options, 1).unwrap();
    assert_eq!((collected.report.answers, collected.report.refused_known), (collected.report.steps, 0));
    assert_eq!(RandomFreshGenre.name(), "random-fresh-genre");
    for demonstration in &collected.demonstrations {
        let kinds: Vec<u32> = demonstration.steps.iter().map(|step| step.step.item.0 % 4).collect();
        // Of four kinds, the third pick has two that are fresh, the fourth has one.
        let distinct = |n: usize| kinds[..n].iter().collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!((distinct(2), distinct(3), distinct(4)), (2, 3, 4), "{kinds:?}");
    }
    let firsts: std::collections::BTreeSet<u32> =
        collected.demonstrations.iter().map(|d| d.steps[0].step.item.0).collect();
    assert!(firsts.len() > 5, "{firsts:?}");
}
