//! The factorisation recovers a planted matrix, and its columns are the real columns.

use super::*;
use crate::testing::planted;
use crate::{ItemCategories, ItemContent, Rating, RatingTable};
use catalogue::Catalogue;
use mdp::{ItemIdx, MeanModel, UserIdx};

fn uncategorised(table: &RatingTable) -> ItemCategories {
    categorised(table.n_items, |_| Vec::new())
}

fn categorised(n_items: usize, labels: impl Fn(usize) -> Vec<String>) -> ItemCategories {
    let rows = (0..n_items).map(|i| (i.to_string(), String::new(), labels(i))).collect();
    ItemCategories::of(&Catalogue::new(rows).0, ItemContent::Categories)
}

#[test]
fn recovers_a_planted_matrix() {
    let (table, held_out) = planted(80, 60, 0.5, 0.3, 1);
    let fitted = Factorisation::fit(
        &table,
        &uncategorised(&table),
        &FactorisationConfig { dim: 4, l2_factors: Some(1.0), ..Default::default() },
        0,
    )
    .unwrap();
    let error = |predict: &dyn Fn(&Rating) -> f32| {
        let sum: f32 = held_out.iter().map(|c| (predict(c) - c.value).powi(2)).sum();
        (sum / held_out.len() as f32).sqrt()
    };
    let ours = error(&|c| fitted.mean(c.user, c.item));
    let flat = error(&|_| table.mean());
    assert!(ours < 0.45 && ours < 0.5 * flat, "{ours} against {flat}");
    let noise = fitted.predict(UserIdx(0), ItemIdx(0)).1;
    assert!((0.04..0.4).contains(&noise), "planted noise variance 0.09, got {noise}");
}

#[test]
fn item_columns_have_the_distances_of_the_real_columns() {
    let (table, _) = planted(40, 15, 0.6, 0.3, 2);
    let fitted = Factorisation::fit(
        &table,
        &uncategorised(&table),
        &FactorisationConfig { dim: 3, ..Default::default() },
        0,
    )
    .unwrap();
    let columns = fitted.item_columns();
    for (i, j) in [(0usize, 1usize), (3, 14), (7, 7)] {
        let direct: f32 = (0..40)
            .map(|u| {
                (fitted.mean(UserIdx(u), ItemIdx(i as u32)) - fitted.mean(UserIdx(u), ItemIdx(j as u32)))
                    .powi(2)
            })
            .sum::<f32>()
            .sqrt();
        let short: f32 =
            (0..4).map(|k| (columns[i * 4 + k] - columns[j * 4 + k]).powi(2)).sum::<f32>().sqrt();
        assert!((direct - short).abs() < 1e-3, "{direct} against {short}");
    }
}

#[test]
fn rows_without_ratings_are_the_mean_and_nothing_to_fit_is_an_error() {
    let cell = |user, item, value| Rating { user: UserIdx(user), item: ItemIdx(item), value };
    let table = RatingTable { n_users: 3, n_items: 3, cells: vec![cell(0, 0, 5.0), cell(1, 1, 3.0)] };
    let fitted =
        Factorisation::fit(&table, &uncategorised(&table), &FactorisationConfig::default(), 0).unwrap();
    assert_eq!(fitted.mean(UserIdx(2), ItemIdx(2)), 4.0);
    assert!(
        Factorisation::fit(
            &table.with_cells(vec![]),
            &uncategorised(&table),
            &FactorisationConfig::default(),
            0
        )
        .is_err()
    );
    let hostile = FactorisationConfig { l2_factors: Some(f32::NAN), ..Default::default() };
    assert!(Factorisation::fit(&table, &uncategorised(&table), &hostile, 0).is_err());
}

#[test]
fn weights_of_a_large_table_are_chosen_on_whole_users() {
    let (table, _) = planted(400, 60, 0.5, 0.3, 6);
    let some = table.some_users(table.cells.len() / 4, 9);
    let share = some.cells.len() as f64 / table.cells.len() as f64;
    assert!((0.15..0.35).contains(&share), "{share}");
    for user in 0..400 {
        let of_user = |table: &RatingTable| table.cells.iter().filter(|c| c.user.0 == user).count();
        assert!([0, of_user(&table)].contains(&of_user(&some)), "user {user} is cut");
    }
    assert_eq!(some, table.some_users(table.cells.len() / 4, 9));
    assert_ne!(some, table.some_users(table.cells.len() / 4, 10));
    assert_eq!(*table.some_users(table.cells.len(), 9), table);
}

#[test]
fn positions_are_those_of_the_row() {
    let (table, _) = planted(9, 7, 0.3, 0.3, 8);
    let (by_user, by_item) = (table.positions_by_user(), table.positions_by_item());
    let expected = |is_own: &dyn Fn(&Rating) -> bool| -> Vec<u32> {
        (0..table.cells.len() as u32).filter(|&at| is_own(&table.cells[at as usize])).collect()
    };
    (0..9).for_each(|user| assert_eq!(by_user.row(user), expected(&|c| c.user.index() == user)));
    (0..7).for_each(|item| assert_eq!(by_item.row(item), expected(&|c| c.item.index() == item)));
}

#[test]
fn threads_do_not_change_the_result() {
    let (table, _) = planted(50, 40, 0.4, 0.3, 3);
    let fit = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            Factorisation::fit(&table, &uncategorised(&table), &FactorisationConfig::default(), 5).unwrap()
        })
    };
    assert_eq!(fit(1), fit(3));
}

#[test]
fn category_weights_predict_items_that_were_never_rated() {
    // Users love one of two categories; items 30 to 39 have no rating.
    let likes = |user: u32, item: u32| if user % 2 == item % 2 { 5.0 } else { 2.0 };
    let cells = (0..40).flat_map(|u| (0..30).filter(move |i| (u + i * 7) % 3 == 0).map(move |i| (u, i)));
    let cells =
        cells.map(|(u, i)| Rating { user: UserIdx(u), item: ItemIdx(i), value: likes(u, i) }).collect();
    let table = RatingTable { n_users: 40, n_items: 40, cells };
    let categories = categorised(40, |item| vec![format!("c{}", item % 2)]);
    let fitted = Factorisation::fit(&table, &categories, &FactorisationConfig::default(), 0).unwrap();
    for (user, loved, other) in [(0, 32, 33), (7, 39, 38)] {
        let gap = fitted.mean(UserIdx(user), ItemIdx(loved)) - fitted.mean(UserIdx(user), ItemIdx(other));
        assert!(gap > 0.7, "user {user}: {gap}");
    }
}

#[test]
fn only_the_most_frequent_categories_are_used() {
    let (table, _) = planted(20, 30, 0.5, 0.3, 4);
    let labels = |item: usize| vec!["all".to_owned(), format!("half{}", item % 2), format!("own{item}")];
    let config = FactorisationConfig { dim: 2, max_categories: 3, ..Default::default() };
    let fitted = Factorisation::fit(&table, &categorised(30, labels), &config, 0).unwrap();
    assert_eq!(fitted.dim, 5);
}
