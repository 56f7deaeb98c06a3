//! Demonstrated rows count where they know something, and reach items that nobody chose.

use super::*;

const FIT: EaseConfig = EaseConfig { l2: 1.0, n_neighbours: 100, n_fitted: 100 };

/// Eight users of two tastes: even items, or odd ones; items 10 and 11 are in no log.
fn evidence(demonstrated: &[&[u32]]) -> Evidence {
    let user = |user: u32| (0..5).filter(|at| *at != user / 2).map(|at| ItemIdx(2 * at + user % 2)).collect();
    let rows = |items: &&[u32]| items.iter().copied().map(ItemIdx).collect();
    Evidence {
        log: (0..8).map(user).collect(),
        demonstrated: demonstrated.iter().map(rows).collect(),
        n_items: 12,
    }
}

fn weight(known: &Known, from: u32, to: u32) -> f32 {
    known.items.weight(ItemIdx(from), ItemIdx(to))
}

#[test]
fn items_without_a_log_are_known_by_demonstrations() {
    let evidence = evidence(&[&[0, 2, 10], &[4, 2, 10], &[1, 3, 11]]);
    assert_eq!(evidence.unlogged().iter().collect::<Vec<_>>(), [ItemIdx(10), ItemIdx(11)]);
    let held_out = HeldOut::of_parts(vec![(UserIdx(0), vec![given(0)], vec![ItemIdx(10)])]);
    let fit = |weight| {
        let items = evidence.log_and_demonstrated(weight, &FIT).unwrap();
        evidence.known(items, weight, &FIT, &held_out).unwrap()
    };
    let known = fit(0.5);
    assert!(weight(&known, 2, 10) > 0.1 && weight(&known, 3, 11) > 0.1);
    assert_eq!([weight(&known, 2, 11), weight(&known, 3, 10)], [0.0; 2]);
    assert_eq!(known.counts[2], 3.0);
    // As popular as what is demonstrated as often.
    assert!((known.counts[10] - 3.0).abs() < 0.5, "{}", known.counts[10]);
    // How much they count does not change what only they know.
    assert_eq!(weight(&known, 2, 10), weight(&fit(0.1), 2, 10));
}

#[test]
fn demonstrations_count_where_they_find_what_was_held_out() {
    let held_out = |sought: [u32; 2]| {
        let of_taste = |taste: u32| (vec![given(taste)], vec![ItemIdx(sought[taste as usize])]);
        let user = |user: u32| (UserIdx(user), of_taste(user % 2).0, of_taste(user % 2).1);
        HeldOut::of_parts((0..FEWEST as u32).map(user).collect())
    };
    let search = |demonstrated: &[&[u32]], sought| {
        evidence(demonstrated).search(&[1.0, 0.0], &[1.0, 2.0], &FIT, &held_out(sought)).unwrap().weight
    };
    assert!(search(&[&[0, 2, 4, 10], &[1, 3, 5, 11]], [10, 11]) > 0.0);
    assert_eq!(search(&[], [10, 11]), 0.0);
    // Whoever mixes what the log parts is not listened to.
    assert_eq!(search(&[&[2, 7, 9], &[3, 6, 8], &[2, 5, 1], &[3, 4, 0]], [4, 5]), 0.0);
}

fn given(taste: u32) -> Interaction {
    Interaction { item: ItemIdx(2 + taste), rating: 5.0, time: 0 }
}

#[test]
fn sessions_of_one_record_are_one_row() {
    assert_eq!(["a:7#2", "a:7", "a#b:x", "a:7#"].map(record_of), ["a:7", "a:7", "a#b:x", "a:7#"]);
}
