//! Flat and degenerate worlds fail, a structured one passes, and the variance is taken apart rightly.

use super::*;
use environment::{ExitRule, ItemFeatures};
use evaluation::{Oracle, Popularity, UniformRandom};
use mdp::{ExitReason, Interaction, ItemIdx, RewardSource, UserIdx};
use std::collections::BTreeMap;
use std::sync::Arc;

const N_USERS: u32 = 40;
const N_ITEMS: u32 = 60;

/// A world given by a formula; its truth is what it believes.
struct Formula(fn(u32, u32) -> f32);

impl RewardSource for Formula {
    fn n_users(&self) -> usize {
        N_USERS as usize
    }
    fn n_items(&self) -> usize {
        N_ITEMS as usize
    }
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        (self.0)(user.0, item.0)
    }
}

impl MeanModel for Formula {
    fn n_users(&self) -> usize {
        N_USERS as usize
    }
    fn n_items(&self) -> usize {
        N_ITEMS as usize
    }
    fn predict(&self, user: UserIdx, item: ItemIdx) -> (f32, f32) {
        (self.reward(user, item), 0.0)
    }
}

/// The check of a world whose items' popularity falls with their number; categories are numbers modulo 6.
fn found(formula: fn(u32, u32) -> f32, rule: ExitRule) -> WorldCheck {
    let categories = (0..N_ITEMS).map(|item| vec![(item % 6) as u16]).collect();
    let features = ItemFeatures { categories: Some(Arc::new(categories)), ..Default::default() };
    let environment = Environment::new(Arc::new(Formula(formula)), features, rule, 20).unwrap();
    let log: Vec<Interaction> = (0..N_ITEMS)
        .flat_map(|item| {
            (item..N_ITEMS).map(move |_| Interaction { item: ItemIdx(item), rating: 5.0, time: 0 })
        })
        .collect();
    let popularity = Popularity::new([log.as_slice()], N_ITEMS as usize);
    let oracle = Oracle::new(environment.clone());
    let starts: Vec<Start<'_>> =
        (0..N_USERS).map(|user| Start { user: UserIdx(user), history: &[], stream: 0 }).collect();
    let policies: [(&str, &dyn Policy); 3] =
        [("uniform", &UniformRandom), ("popularity", &popularity), ("oracle", &oracle)];
    check(&environment, &environment, &Formula(formula), &policies, &starts, 3).unwrap()
}

#[test]
fn a_flat_world_fails_even_where_the_rule_makes_planning_pay() {
    let check = found(|_, _| 3.0, ExitRule::category_window());
    assert!(!check.verdict.is_sound);
    assert!(check.verdict.reasons[0].starts_with("flat"), "{:?}", check.verdict);
    assert_eq!(check.explained, Explained::default());
}

#[test]
fn a_world_where_popularity_nearly_equals_the_oracle_fails() {
    let check = found(|_, item| if item < 30 { 5.0 } else { 1.0 }, ExitRule::category_window());
    let reasons = check.verdict.reasons.join("; ");
    assert!(!check.verdict.is_sound);
    assert!(reasons.contains("degenerate") && reasons.contains("impersonal"), "{reasons}");
}

#[test]
fn a_world_where_nothing_matters_fails() {
    let check = found(|user, item| 3.0 + ((user + item) % 2) as f32 * 0.6, ExitRule::none());
    assert!(check.verdict.reasons.join("; ").contains("indifferent"), "{:?}", check.verdict);
}

#[test]
fn a_structured_world_passes_and_says_why_users_leave() {
    let taste = |user: u32, item: u32| {
        if (user + item / 6).is_multiple_of(3) { 5.0 } else { 1.0 + (item % 3) as f32 }
    };
    let check = found(taste, ExitRule::category_window());
    assert!(check.verdict.is_sound, "{:?} {:?}", check.verdict, check.rows);
    let uniform = &check.rows[0];
    assert_eq!(uniform.policy, "uniform");
    let hazard: f64 = uniform.hazards.values().sum();
    assert!((hazard * uniform.len - 1.0).abs() < 0.05, "nearly every session ends by leaving: {uniform:?}");
    assert!(uniform.hazards[&ExitReason::LowReward] > 0.1);
    assert!(check.rows[2].r_traj > 3.0 * uniform.r_traj);
}

#[test]
fn variance_components_are_those_of_the_formula() {
    struct Planted;
    impl MeanModel for Planted {
        fn n_users(&self) -> usize {
            300
        }
        fn n_items(&self) -> usize {
            400
        }
        fn predict(&self, user: UserIdx, item: ItemIdx) -> (f32, f32) {
            let sign = |n: u32| if n.is_multiple_of(2) { 1.0f32 } else { -1.0 };
            let pair = sign(user.0 / 2) * sign(item.0 / 2);
            (3.0 + 0.3 * sign(user.0) + 0.5 * sign(item.0) + 0.4 * pair, 0.5)
        }
    }
    let explained = Explained::of(&Planted, 1);
    let wanted = [0.09, 0.25, 0.16, 0.5];
    let got = [explained.user, explained.item, explained.pair, explained.noise];
    for (got, wanted) in got.iter().zip(wanted) {
        assert!((got - wanted).abs() < 0.03, "{explained:?}");
    }
    assert!((explained.deviation - 1.0).abs() < 0.02);
}

/// A row with these hazards.
fn row(policy: &str, hazards: &[(ExitReason, f64)]) -> CheckRow {
    let exposed_hazards = hazards.iter().copied().collect();
    CheckRow {
        policy: policy.into(),
        r_traj: 0.0,
        len: 0.0,
        hazards: BTreeMap::new(),
        n_exposed: 1000,
        exposed_hazards,
    }
}

#[test]
fn hazards_differ_by_more_than_a_factor_and_a_point() {
    use ExitReason::{Category, Distance, LowReward};
    let differences = |train: &[(ExitReason, f64)], judge: &[(ExitReason, f64)]| {
        HazardDifference::all(&[row("uniform", train)], &[row("uniform", judge)])
    };
    for (train, judge, n) in [
        (0.08, 0.08, 0),
        (0.08, 0.118, 0),
        (0.08, 0.122, 1),
        (0.122, 0.08, 1),
        (0.005, 0.014, 0),
        (0.005, 0.016, 1),
        (0.08, 0.0, 1),
    ] {
        assert_eq!(differences(&[(Distance, train)], &[(Distance, judge)]).len(), n, "{train} {judge}");
    }
    let found = differences(&[(Distance, 0.08), (LowReward, 0.1)], &[(LowReward, 0.1)]);
    let absent = HazardDifference { policy: "uniform".into(), reason: Distance, train: 0.08, judge: 0.0 };
    assert_eq!(found, [absent], "a reason that a world does not know");
    let said = "two rules: uniform is left for a near rating column in 8.0 % of its steps in the train world, in 0.0 % in the judge";
    assert_eq!(found[0].to_string(), said);
    let few = |name| CheckRow { n_exposed: 99, ..row(name, &[(Distance, 0.9)]) };
    assert_eq!(HazardDifference::all(&[row("uniform", &[])], &[few("uniform")]), [], "too few steps to tell");
    let (often, seldom) = ([(Category, 0.3)], [(Category, 0.1)]);
    let train = ["oracle", "popularity", "greedy", "uniform"].map(|name| row(name, &often));
    let judge = ["greedy", "oracle", "uniform"].map(|name| row(name, &seldom));
    let policies: Vec<String> =
        HazardDifference::all(&train, &judge).into_iter().map(|found| found.policy).collect();
    assert_eq!(policies, ["uniform", "greedy"], "reference policies that both worlds have met");
}
