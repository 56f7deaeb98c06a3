//! The tracker is the oracle.

use super::*;
use crate::{Actor, QuitHazard, Tracker, View};
use catalogue::Catalogue;
use mdp::{Interaction, ItemSet, Rng, rng_for};
use rand::RngExt as _;
use representation::{Feature, SessionState, TasteModel};

const N_ITEMS: usize = 1300;
const N_FACTORS: usize = 3;

/// Factors of its own for every item, and columns that its categories determine.
fn table(n_categories: usize, rng: &mut Rng) -> ItemTable {
    let mut row = |i: usize| {
        let mut categories = Vec::new();
        if n_categories > 0 {
            let mut draw = || format!("c{}", rng.random_range(0..n_categories));
            categories = vec![draw(), draw()];
        }
        (format!("i{i}"), format!("Part {} of the story {}", i * 31 % 97, i % 7), categories)
    };
    let (catalogue, _) = Catalogue::new((0..N_ITEMS).map(&mut row).collect());
    let width = 1 + N_FACTORS + n_categories;
    let mut columns = vec![0.0; width * N_ITEMS];
    columns[..N_ITEMS].fill(1.0);
    columns[N_ITEMS..(1 + N_FACTORS) * N_ITEMS].iter_mut().for_each(|x| *x = rng.random::<f32>() - 0.5);
    for (i, item) in catalogue.items().iter().enumerate() {
        let share = (item.categories.len() as f32).sqrt().recip();
        for &c in &item.categories {
            columns[(1 + N_FACTORS + usize::from(c)) * N_ITEMS + i] = share;
        }
    }
    let mut random = |n: usize| (0..n).map(|_| rng.random::<f32>()).collect::<Vec<f32>>();
    let taste = TasteModel {
        mean: 3.5,
        offsets: random(N_ITEMS).into(),
        columns: columns.into(),
        noise: 0.5,
        prior: random(width).iter().map(|x| x + 0.1).collect::<Vec<_>>().into(),
        counts: random(N_ITEMS).into(),
    };
    ItemTable::new(&catalogue, taste)
}

fn close(got: f32, want: f32) -> bool {
    got == want || (got - want).abs() <= 1e-5 * want.abs().max(1.0)
}

fn check(n_categories: usize, n_history: usize, n_steps: usize, has_hazard: bool) {
    let rng = &mut rng_for(7, &[n_categories as u64, n_history as u64, n_steps as u64]);
    let items = Arc::new(table(n_categories, rng));
    let (mut actor, hazard) = (Actor::new(rng), QuitHazard::new(rng));
    actor.network.parameters.iter_mut().for_each(|w| *w += 0.3 * (rng.random::<f32>() - 0.5));
    let hazard = has_hazard.then_some(&hazard);
    let mut draw =
        || (ItemIdx(rng.random_range(0..N_ITEMS as u32)), 1.0 + (rng.random::<f32>() * 4.0).round());
    let history: Vec<Interaction> = (0..n_history)
        .map(|at| {
            let (item, rating) = draw();
            Interaction { item, rating, time: at as i64 }
        })
        .collect();
    let index = RankingIndex::new(items.clone()).unwrap();
    let mut tracker = Tracker::new(&*items, &history, true);
    let mut session = SessionState::new(&items, &history, true);
    let mut unavailable = ItemSet::empty(N_ITEMS);
    for row in &history {
        unavailable.insert(row.item);
    }
    for _ in 0..n_steps {
        let (item, reward) = draw();
        tracker.observe(item, reward);
        session.observe(&items, item, reward);
        unavailable.insert(item);
    }
    let (mut view, mut want) = (View::default(), Vec::new());
    tracker.view(hazard, &unavailable, &mut view);
    actor.logits(&view, &unavailable, &mut want);
    let pass = index.scoring_pass(&session, (hazard, &actor), &unavailable);
    let got = pass.scores(&unavailable);
    assert!(got.iter().zip(&want).all(|(a, b)| close(*a, *b)), "{n_categories} {n_history} {n_steps}");

    let mut order: Vec<(ItemIdx, f32)> = (0u32..).map(ItemIdx).zip(got.iter().copied()).collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    for k in [1, 10] {
        let best = pass.best(k, &unavailable);
        assert_eq!(best.len(), k);
        assert!(best.iter().zip(&order).all(|(a, b)| close(a.1, b.1)), "{best:?} {:?}", &order[..k]);
    }
    let n_left = (N_ITEMS - unavailable.len()) as f32;
    let typical = pass.typical(&unavailable);
    for feature in Feature::ALL {
        let (at, name) = (feature.index(), feature.name());
        let column = &view.columns[at * N_ITEMS..(at + 1) * N_ITEMS];
        for item in [0, 5, 700, 1299] {
            let got = pass.features(ItemIdx(item))[at];
            assert!(close(got, column[item as usize]), "{name}");
        }
        let left = (0u32..).zip(column).filter(|(row, _)| !unavailable.contains(ItemIdx(*row)));
        let mean = left.map(|(_, x)| f64::from(*x)).sum::<f64>() as f32 / n_left;
        assert!(close(typical[at], mean), "mean {name}");
    }
}

#[test]
fn scores_features_and_the_best_are_those_of_the_tracker() {
    for n_categories in [0, 4, 30] {
        for (n_history, n_steps) in [(0, 0), (1, 0), (12, 0), (0, 1), (12, 3), (40, 9)] {
            for has_hazard in [false, true] {
                check(n_categories, n_history, n_steps, has_hazard);
            }
        }
    }
}

#[test]
fn what_is_left_is_all_that_comes() {
    let rng = &mut rng_for(1, &[]);
    let index = RankingIndex::new(Arc::new(table(4, rng))).unwrap();
    let (actor, session) = (Actor::new(rng), SessionState::new(index.items(), &[], true));
    let mut unavailable = ItemSet::empty(N_ITEMS);
    for row in 0..1297 {
        unavailable.insert(ItemIdx(row));
    }
    let pass = index.scoring_pass(&session, (None, &actor), &unavailable);
    let mut rows: Vec<u32> = pass.best(10, &unavailable).iter().map(|(item, _)| item.0).collect();
    rows.sort_unstable();
    assert_eq!(rows, [1297, 1298, 1299]);
}

#[test]
fn a_ranker_knows_how_likely_its_choices_are() {
    let rng = &mut rng_for(3, &[]);
    let (items, actor, hazard) = (Arc::new(table(4, rng)), Actor::new(rng), QuitHazard::new(rng));
    let history = [5, 8].map(|item| Interaction { item: ItemIdx(item), rating: 4.0, time: 0 });
    let context = mdp::SessionContext { user: mdp::UserIdx(0), history: &history };
    for selection in [crate::Selection::Sample, crate::Selection::Greedy] {
        for learns_in_session in [false, true] {
            let (items, actor, hazard) = (items.clone(), actor.clone(), Some(hazard.clone()));
            let ranker = crate::Ranker { items, actor, hazard, selection, learns_in_session };
            assert_eq!(mdp::broken_log_prob_law(&ranker, context, N_ITEMS, 6, &[5.0, 2.0]), None);
        }
    }
}
