//! The rule of Coat on a matrix small enough to work out by hand.

use crate::EnvironmentSettings;
use catalogue::Catalogue;
use data::{Clock, Dataset};
use environment::{Environment, RuleSettings, Start, rollout};
use evaluation::{Greedy, Oracle, Repeating};
use mdp::{Interaction, ItemIdx, Policy, StepEnd, UserIdx};
use world_model::{MatrixSources, Side, World, WorldConfig};

/// Two users, four items. The columns of items 0 and 1 are at distance 1, all others at 2.2 or more.
const MATRIX: &str = "5 4 1 3\n5 5 1 3\n";

fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("matrix.txt");
    std::fs::write(&path, MATRIX).unwrap();
    let items = (0..4).map(|item| (item.to_string(), format!("Coat {item}"), Vec::new())).collect();
    let rated =
        |user: u32| (user.to_string(), vec![Interaction { item: ItemIdx(user), rating: 5.0, time: 0 }]);
    let log = Dataset::new(Catalogue::new(items).0, vec![rated(0), rated(1)], Clock::Unordered).unwrap();
    let sources = MatrixSources { train: path.clone(), test: path, ..MatrixSources::default() };
    World::import_matrix(&log, &sources, &WorldConfig::of_ratings(), 1).unwrap()
}

fn environment(world: &World, rule: &str, window: i32, horizon: usize) -> Environment {
    let changes = RuleSettings::default().with("window.length", window).with("threshold", 2.0);
    let settings = EnvironmentSettings { exit_rule: rule.into(), horizon, rule: changes, threshold: None };
    settings.environment(world, Side::Judge).unwrap()
}

/// The rewards of the sessions of both users.
fn played(environment: &Environment, policy: &dyn Policy) -> [Vec<f32>; 2] {
    [0, 1].map(|user| {
        let start = Start { user: UserIdx(user), history: &[], stream: 0 };
        let sessions = rollout(environment, policy, &[start], 1).unwrap();
        sessions[0].steps.iter().map(|step| step.reward).collect()
    })
}

#[test]
fn who_likes_what_is_alike_leaves_whether_it_is_shown_again_or_not() {
    let world = world();
    let four = environment(&world, "coat", 2, 4);
    let greedy = Greedy::new(world.judge_means());
    assert_eq!(played(&four, &greedy), [[5.0, 4.0], [5.0, 5.0]], "item 1 is near item 0");
    assert_eq!(played(&four, &Repeating(&greedy)), [[5.0, 5.0], [5.0, 5.0]], "item 0 is near itself");
    let none = EnvironmentSettings { exit_rule: "none".into(), horizon: 4, ..Default::default() };
    let none = none.environment(&world, Side::Judge).unwrap();
    assert_eq!(played(&none, &greedy), [[5.0, 4.0, 3.0, 1.0], [5.0, 5.0, 3.0, 1.0]]);
    assert_eq!(played(&none, &Repeating(&greedy)), [[5.0; 4]; 2]);
}

#[test]
fn who_plans_puts_what_is_alike_apart() {
    let world = world();
    for (window, horizon, returns) in [
        // Items 0 and 1 are within two steps of each other; the second of them comes last, where it costs nothing.
        (2, 3, [12.0, 13.0]),
        // There is room for both others between them.
        (2, 4, [13.0, 14.0]),
        (3, 4, [13.0, 14.0]),
    ] {
        let environment = environment(&world, "coat", window, horizon);
        let sums = played(&environment, &Oracle::new(environment.clone())).map(|x| x.iter().sum::<f32>());
        assert_eq!(sums, returns, "window {window}, {horizon} steps");
    }
}

#[test]
fn the_published_slice_forgets_the_first_item_at_the_third_step() {
    let world = world();
    // At the third step a window of 3 holds both items before it, its published slice the last one alone.
    for (rule, rewards, end) in
        [("coat", vec![5.0, 3.0, 4.0], "leaves"), ("coat-sliced", vec![5.0, 3.0, 4.0, 1.0], "time is up")]
    {
        let environment = environment(&world, rule, 3, 4);
        let mut session = environment.start(UserIdx(0)).unwrap();
        let mut found = Vec::new();
        for item in [0, 3, 1, 2].map(ItemIdx) {
            if session.end().continues() {
                found.push(session.step(item).unwrap().reward);
            }
        }
        assert_eq!(found, rewards, "{rule}");
        assert_eq!(matches!(session.end(), StepEnd::Truncated), end == "time is up", "{rule}");
    }
}
