//! Gradients by finite differences; learning; cells and rows with the same bits; folding in.

use super::gradient::{DenseGradient, backward};
use super::learner::gather;
use super::loss::{gaussian, of_batch};
use super::network::DeepFm;
use super::*;
use crate::testing::planted;
use crate::{Rating, RatingTable};
use catalogue::Catalogue;
use mdp::{Interaction, ItemIdx, MeanModel, UserIdx, rng_for};

fn catalogue(n_items: usize) -> Catalogue {
    let row =
        |i: usize| (i.to_string(), format!("item {i}"), vec![format!("c{}", i % 3), format!("d{}", i % 2)]);
    Catalogue::new((0..n_items).map(row).collect()).0
}

fn small() -> DeepFmConfig {
    DeepFmConfig {
        embedding_dim: 3,
        hidden: vec![7, 5],
        n_members: 2,
        embedding_deviation: 0.5,
        ..Default::default()
    }
}

fn rmse(model: &impl MeanModel, cells: &[Rating]) -> f32 {
    let sum: f32 = cells.iter().map(|c| (model.predict(c.user, c.item).0 - c.value).powi(2)).sum();
    (sum / cells.len() as f32).sqrt()
}

/// Central differences of `loss` by one parameter against the analytic slope.
fn check_slope(what: &str, analytic: f32, mut loss_at: impl FnMut(f32) -> f64) {
    let step = 4e-3f32;
    let numeric = (loss_at(step) - loss_at(-step)) / (2.0 * f64::from(step));
    let error = (numeric - f64::from(analytic)).abs();
    assert!(error < 0.02 * (1.0 + numeric.abs()), "{what}: {analytic} against {numeric}");
}

#[test]
fn gradients_agree_with_finite_differences() {
    for loss in [Loss::Point, Loss::Pointneg, Loss::Pair, Loss::Pp] {
        gradients_agree(loss);
    }
}

fn gradients_agree(kind: Loss) {
    let content = ItemCategories::of(&catalogue(4), ItemContent::Categories);
    let network = DeepFm::new(3, &content, &small(), 3.0, &mut rng_for(4, &[]));
    let cell = |user, item, value| Rating { user: UserIdx(user), item: ItemIdx(item), value };
    let batch = [cell(0, 0, 5.0), cell(1, 2, 1.5), cell(2, 3, 3.0), cell(0, 3, 2.0)];
    let targets = batch.map(|c| c.value);
    let loss = |network: &DeepFm| {
        let (users, items) = gather(network, &content, &batch);
        of_batch(kind, &network.forward(&users, &items), &targets).total
    };
    let (users, items) = gather(&network, &content, &batch);
    let trace = network.forward(&users, &items);
    let slopes = of_batch(kind, &trace, &targets);
    let mut dense = DenseGradient::zero(&network);
    let rows = backward(&network, &trace, &slopes.by_mean, &slopes.by_log_variance, &mut dense);
    for at in (0..dense.trunk.len()).step_by(3) {
        check_slope("trunk", dense.trunk[at], |step| {
            let mut moved = network.clone();
            moved.trunk.parameters[at] += step;
            loss(&moved)
        });
    }
    for at in 0..dense.heads.len() {
        check_slope("heads", dense.heads[at], |step| {
            let mut moved = network.clone();
            moved.heads[at] += step;
            loss(&moved)
        });
    }
    let width = 4;
    for at in 0..width {
        check_slope("user", rows.users[at] + rows.users[3 * width + at], |step| {
            let mut moved = network.clone();
            moved.users.row_mut(0)[at] += step;
            loss(&moved)
        });
        let by_item = rows.items[2 * width + at] + rows.items[3 * width + at];
        check_slope("item", by_item, |step| {
            let mut moved = network.clone();
            moved.items.row_mut(3)[at] += step;
            loss(&moved)
        });
        // Category 0 ("c0") is half of items 0 and 3.
        check_slope("category", 0.5 * (rows.items[at] + by_item), |step| {
            let mut moved = network.clone();
            moved.categories.row_mut(0)[at] += step;
            loss(&moved)
        });
    }
}

#[test]
fn pair_losses_have_known_values() {
    let content = ItemCategories::of(&catalogue(4), ItemContent::None);
    let network = DeepFm::new(3, &content, &small(), 3.0, &mut rng_for(4, &[]));
    let rows = vec![0.0; 8];
    let mut trace = network.forward(&rows, &rows);
    (trace.means, trace.log_variances) = (vec![2.0, 0.5], vec![0.1, -0.3]);
    let precision = 0.2f64.exp();
    let surprise = (1.0 + (-1.5f64).exp()).ln();
    let pair = surprise * precision - 0.2;
    let point = (2.0f64 - 4.0).powi(2) * (-0.1f64).exp() + 0.1;
    let of = |loss| of_batch(loss, &trace, &[4.0, 1.0]);
    assert!((of(Loss::Pair).total - pair).abs() < 1e-6);
    assert!((of(Loss::Pp).total - (point + 0.5 * pair)).abs() < 1e-6);
    assert!(of(Loss::Pair).by_mean[0] < 0.0 && of(Loss::Pair).by_mean[1] > 0.0, "the positive goes up");
    assert_eq!(of(Loss::Point).total, gaussian(&trace, &[4.0, 1.0]).total);
}

#[test]
fn pair_losses_separate_positives_from_the_rest() {
    let cells = (0..30u32).flat_map(|u| (0..5u32).map(move |k| (u, (u % 3) * 5 + k)));
    let cells: Vec<Rating> =
        cells.map(|(u, i)| Rating { user: UserIdx(u), item: ItemIdx(i), value: 4.0 }).collect();
    let table = RatingTable { n_users: 30, n_items: 40, cells };
    let content = ItemCategories::of(&catalogue(40), ItemContent::None);
    for loss in [Loss::Pair, Loss::Pp] {
        let config = DeepFmConfig {
            loss: Some(loss),
            n_members: 1,
            n_negatives: 5,
            max_epochs: 20,
            patience: 0,
            learning_rate: 5e-3,
            l2_embedding: 1e-3,
            ..Default::default()
        };
        let validation = table.with_negatives(&table, config.negative_rule(1), &mut rng_for(9, &[]));
        let fitted = DeepFmEnsemble::fit(&table, &validation.cells, &content, &config, 1).unwrap();
        let ensemble = fitted.ensemble;
        let (liked, never) =
            (ensemble.predict(UserIdx(0), ItemIdx(2)).0, ensemble.predict(UserIdx(0), ItemIdx(39)).0);
        assert!(liked > never + 0.5, "{loss:?}: {liked} against {never}");
    }
}

#[test]
fn learns_a_planted_matrix_with_a_believable_variance() {
    let (table, held_out) = planted(120, 80, 0.5, 0.4, 11);
    let (validation, reported) = held_out.split_at(held_out.len() / 2);
    let content = ItemCategories::of(&catalogue(80), ItemContent::None);
    let config =
        DeepFmConfig { hidden: vec![32, 32], n_members: 2, learning_rate: 5e-3, ..Default::default() };
    let fitted = DeepFmEnsemble::fit(&table, validation, &content, &config, 3).unwrap();
    let flat = (reported.iter().map(|c| (c.value - table.mean()).powi(2)).sum::<f32>()
        / reported.len() as f32)
        .sqrt();
    let ours = rmse(&fitted.ensemble, reported);
    assert!(ours < 0.65 * flat, "{ours} against {flat}");
    let variance: f32 = reported.iter().map(|c| fitted.ensemble.predict(c.user, c.item).1).sum::<f32>()
        / reported.len() as f32;
    assert!(
        (0.5..2.0).contains(&(variance / (ours * ours))),
        "variance {variance}, squared error {}",
        ours * ours
    );
}

#[test]
fn cells_and_rows_have_the_same_bits_and_threads_do_not_matter() {
    let (table, held_out) = planted(20, 600, 0.1, 0.4, 12);
    let content = ItemCategories::of(&catalogue(600), ItemContent::Categories);
    let config = DeepFmConfig { max_epochs: 2, n_members: 3, ..Default::default() };
    let fit = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| DeepFmEnsemble::fit(&table, &held_out, &content, &config, 3).unwrap().ensemble)
    };
    let (one, three) = (fit(1), fit(3));
    let (mut means, mut variances) = (vec![0.0; 600], vec![0.0; 600]);
    one.predict_row(UserIdx(7), &mut means, &mut variances);
    for item in 0..600 {
        let cell = (means[item], variances[item]);
        assert_eq!(one.predict(UserIdx(7), ItemIdx(item as u32)), cell);
        assert_eq!(three.predict(UserIdx(7), ItemIdx(item as u32)), cell);
    }
}

#[test]
fn members_differ_unless_they_are_told_to_start_alike() {
    let (table, held_out) = planted(20, 20, 0.5, 0.4, 13);
    let content = ItemCategories::of(&catalogue(20), ItemContent::None);
    let first = |config: &DeepFmConfig| {
        let fitted = DeepFmEnsemble::refit(
            &FittedEnsemble {
                n_epochs: vec![0, 0],
                ..DeepFmEnsemble::fit(&table, &held_out, &content, config, 3).unwrap()
            },
            &table,
            &content,
            config,
            3,
        );
        let members = fitted.unwrap().ensemble.members;
        members[0].network == members[1].network
    };
    let base = DeepFmConfig { n_members: 2, max_epochs: 1, ..Default::default() };
    assert!(!first(&base));
    assert!(first(&DeepFmConfig { same_initial_weights: true, ..base }));
}

#[test]
fn positives_alone_get_negatives_and_then_separate() {
    let cells = (0..30u32).flat_map(|u| (0..5u32).map(move |k| (u, (u % 3) * 5 + k)));
    let cells: Vec<Rating> =
        cells.map(|(u, i)| Rating { user: UserIdx(u), item: ItemIdx(i), value: 4.0 }).collect();
    let table = RatingTable { n_users: 30, n_items: 40, cells };
    let config = DeepFmConfig {
        n_members: 1,
        n_negatives: 5,
        max_epochs: 30,
        learning_rate: 5e-3,
        l2_embedding: 1e-3,
        ..Default::default()
    };
    assert_eq!(config.loss_for(&table), Loss::Pointneg);
    let content = ItemCategories::of(&catalogue(40), ItemContent::None);
    let validation = table.with_negatives(&table, config.negative_rule(1), &mut rng_for(9, &[]));
    let ensemble = DeepFmEnsemble::fit(&table, &validation.cells, &content, &config, 1).unwrap().ensemble;
    let liked = ensemble.predict(UserIdx(0), ItemIdx(2)).0;
    let never = ensemble.predict(UserIdx(0), ItemIdx(39)).0;
    assert!(liked > never + 0.5, "{liked} against {never}");
}

#[test]
fn newcomers_are_folded_in_without_touching_anyone_else() {
    let (table, held_out) = planted(150, 80, 0.5, 0.3, 14);
    let is_new = |cell: &Rating| cell.user.0 >= 120;
    let (new_cells, old_cells): (Vec<Rating>, Vec<Rating>) = table.cells.iter().partition(|c| is_new(c));
    let (new_held_out, old_held_out): (Vec<Rating>, Vec<Rating>) = held_out.iter().partition(|c| is_new(c));
    let content = ItemCategories::of(&catalogue(80), ItemContent::None);
    let config = DeepFmConfig { n_members: 2, learning_rate: 4e-3, l2_embedding: 0.01, ..Default::default() };
    let fitted =
        DeepFmEnsemble::fit(&table.with_cells(old_cells), &old_held_out, &content, &config, 2).unwrap();
    let old: Vec<UserIdx> = (0..120).map(UserIdx).collect();
    let newcomers: Vec<(UserIdx, Vec<Interaction>)> = (120..150)
        .map(|user| {
            let own = new_cells.iter().filter(|c| c.user.0 == user);
            let ratings = own.map(|c| Interaction { item: c.item, rating: c.value, time: 0 }).collect();
            (UserIdx(user), ratings)
        })
        .collect();
    let borrowed: Vec<(UserIdx, &[Interaction])> =
        newcomers.iter().map(|(u, r)| (*u, r.as_slice())).collect();
    let mut folded = fitted.ensemble.clone();
    folded.fold_in(&old, &borrowed);
    let (before, after) = (rmse(&fitted.ensemble, &new_held_out), rmse(&folded, &new_held_out));
    assert!(after < 0.7 * before, "{after} after, {before} before");
    assert_eq!(folded.predict(UserIdx(3), ItemIdx(3)), fitted.ensemble.predict(UserIdx(3), ItemIdx(3)));
}

#[test]
fn settings_without_meaning_are_refused() {
    let (table, held_out) = planted(5, 5, 0.9, 0.3, 15);
    let content = ItemCategories::of(&catalogue(5), ItemContent::None);
    for config in [
        DeepFmConfig { n_members: 0, ..Default::default() },
        DeepFmConfig { hidden: vec![], ..Default::default() },
        DeepFmConfig { l2_all: f32::NAN, ..Default::default() },
    ] {
        assert!(DeepFmEnsemble::fit(&table, &held_out, &content, &config, 0).is_err());
    }
    assert!(DeepFmConfig::published().check().is_ok());
    assert!(DeepFmEnsemble::fit(&table.with_cells(vec![]), &held_out, &content, &small(), 0).is_err());
}
