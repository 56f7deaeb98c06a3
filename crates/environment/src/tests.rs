//! Golden traces of every rule, first steps included.

mod form;
mod history;
mod laws;
mod own;
mod together;

use crate::*;
use mdp::*;
use std::sync::Arc;

struct Matrix(Vec<Vec<f32>>);

impl RewardSource for Matrix {
    fn n_users(&self) -> usize {
        self.0.len()
    }
    fn n_items(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        self.0[user.index()][item.index()]
    }
}

impl DistanceSource for Matrix {
    fn n_items(&self) -> usize {
        self.0.len()
    }
    fn distance(&self, a: ItemIdx, b: ItemIdx) -> f32 {
        self.0[a.index()][b.index()]
    }
}

/// The conformance facts of the official tests.
fn official(rule: ExitRule, horizon: usize) -> Environment {
    let rewards = Matrix(vec![vec![5.0, 1.5, 4.0], vec![3.0, 4.5, 2.5]]);
    let distances = Matrix(vec![vec![0.0, 20.0, 99.0], vec![20.0, 0.0, 8.0], vec![99.0, 8.0, 0.0]]);
    let features = ItemFeatures::default().with_distances(Arc::new(distances));
    Environment::new(Arc::new(rewards), features, rule, horizon).unwrap()
}

fn ilrec(length: i32, threshold: f32) -> ExitRule {
    ExitRule::ilrec(threshold).with("window", length).unwrap()
}

/// Plays items and writes `reward:end` per step.
fn trace(environment: &Environment, user: u32, items: &[u32]) -> String {
    let mut session = environment.start(UserIdx(user)).unwrap();
    let mut out = Vec::new();
    for &item in items {
        let outcome = session.step(ItemIdx(item)).unwrap();
        let end = match outcome.end {
            StepEnd::Continues => "on".to_owned(),
            StepEnd::Truncated => "cut".to_owned(),
            StepEnd::Terminated(reason) => format!("{reason:?}"),
        };
        let matched = outcome.matched.map(|b| format!("@{}", b.0)).unwrap_or_default();
        out.push(format!("{}:{end}{matched}", outcome.reward));
        if !outcome.end.continues() {
            break;
        }
    }
    out.join(" ")
}

#[test]
fn released_rule() {
    let environment = official(ilrec(2, 15.0), 100);
    assert_eq!(trace(&environment, 0, &[1]), "1.5:LowReward", "low reward counts on the first step");
    assert_eq!(
        trace(&environment, 1, &[1, 2]),
        "4.5:on 2.5:Distance@1",
        "the exit step's reward is returned"
    );
    assert_eq!(trace(&official(ilrec(2, 0.0), 2), 1, &[0, 2]), "3:on 2.5:cut", "a horizon is no termination");
    assert_eq!(
        trace(&official(ilrec(1, 15.0), 100), 1, &[1, 0, 2]),
        "4.5:on 3:on 2.5:on",
        "old items are forgotten"
    );
    assert_eq!(trace(&environment, 1, &[0, 0]), "3:on 3:Distance@0", "a repeat has distance zero");
}

#[test]
fn two_is_not_low_and_one_cell_is_a_world() {
    let world = Arc::new(Matrix(vec![vec![2.0]]));
    let features = ItemFeatures::default().with_distances(Arc::new(Matrix(vec![vec![0.0]])));
    let environment = Environment::new(world, features, ExitRule::ilrec(50.0), 1).unwrap();
    assert_eq!(trace(&environment, 0, &[0]), "2:cut");
}

#[test]
fn billp_forgives_the_first_recommendation() {
    let environment = official(ExitRule::billp(15.0), 100);
    assert_eq!(trace(&environment, 0, &[1, 0]), "1.5:on 5:on");
    assert_eq!(trace(&environment, 0, &[0, 1]), "5:on 1.5:LowReward");
    assert_eq!(
        trace(&environment, 0, &[2, 1]),
        "4:on 1.5:LowReward",
        "low reward has precedence over distance"
    );
}

fn by_category(published_slices: bool) -> Environment {
    let categories = vec![vec![0], vec![0, 1], vec![0], vec![1], vec![2], vec![2], vec![], vec![3]];
    let features = ItemFeatures { categories: Some(Arc::new(categories)), ..Default::default() };
    let rewards = Arc::new(Matrix(vec![vec![4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 1.0]]));
    let rule = ExitRule::category_window().with("window.published_slices", published_slices).unwrap();
    Environment::new(rewards, features, rule, 100).unwrap()
}

#[test]
fn category_window() {
    let environment = by_category(false);
    assert_eq!(trace(&environment, 0, &[0, 1, 2]), "4:on 4:on 4:Category");
    assert_eq!(trace(&environment, 0, &[0, 4, 1, 2]), "4:on 4:on 4:on 4:Category");
    assert_eq!(
        trace(&environment, 0, &[0, 1, 4, 5, 6, 2]),
        "4:on 4:on 4:on 4:on 4:on 4:on",
        "two windows later"
    );
    assert_eq!(trace(&environment, 0, &[0, 0]), "4:on 4:Repeat@0");
    assert_eq!(trace(&environment, 0, &[7]), "1:LowReward");
}

#[test]
fn published_window_is_too_lenient_early() {
    let sizes = |length: usize, n: usize| -> Vec<usize> {
        let window = Window { length, published_slices: true };
        (1..=n).map(|t| window.of(&vec![ItemIdx(0); t]).len()).collect()
    };
    assert_eq!(sizes(4, 5), [1, 2, 1, 4, 4]);
    assert_eq!(sizes(10, 10), [1, 2, 3, 4, 5, 4, 3, 2, 1, 10]);
    assert_eq!(trace(&by_category(true), 0, &[0, 1, 4, 2]), "4:on 4:on 4:on 4:on");
    assert_eq!(trace(&by_category(false), 0, &[0, 1, 4, 2]), "4:on 4:on 4:on 4:Category");
}

#[test]
fn similarity_window() {
    let titles = ["The red moon rises", "The red moon sets", "The red moon shines", "Chess for kings"];
    let rows = titles.iter().map(|t| (t.to_string(), t.to_string(), vec![])).collect();
    let features = ItemFeatures::of(&catalogue::Catalogue::new(rows).0, Some(256));
    let rewards = Arc::new(Matrix(vec![vec![4.0; 4]]));
    let environment = Environment::new(rewards, features, ExitRule::similarity_window(0.25), 100).unwrap();
    assert_eq!(trace(&environment, 0, &[0, 3, 1, 2]), "4:on 4:on 4:on 4:Similarity@0");
}

#[test]
fn impossible_environments_and_steps_are_errors() {
    let rewards = || Arc::new(Matrix(vec![vec![4.0; 3]]));
    let refused = |features, rule| Environment::new(rewards(), features, rule, 5).unwrap_err();
    let missing = refused(ItemFeatures::default(), ExitRule::category_window());
    assert_eq!(missing.to_string(), "exit rule category-window needs item categories");
    let small = ItemFeatures::default().with_distances(Arc::new(Matrix(vec![vec![0.0]])));
    assert!(matches!(refused(small, ExitRule::none()), EnvironmentError::WrongSize { got: 1, .. }));
    let environment = Environment::new(rewards(), ItemFeatures::default(), ExitRule::none(), 1).unwrap();
    assert!(environment.start(UserIdx(1)).is_err());
    let mut session = environment.start(UserIdx(0)).unwrap();
    assert!(session.step(ItemIdx(3)).is_err());
    session.step(ItemIdx(0)).unwrap();
    assert_eq!(session.step(ItemIdx(0)), Err(EnvironmentError::Ended));
}

/// Chooses uniformly among what was not shown.
struct Uniform;

impl Policy for Uniform {
    fn name(&self) -> String {
        "uniform".into()
    }
    fn start<'a>(&'a self, _: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        Box::new(Uniform)
    }
}

impl PolicySession for Uniform {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), mdp::UnknownLogProbs> {
        out.fill(-((shown.n_items() - shown.len()) as f32).ln());
        shown.iter().for_each(|item| out[item.index()] = f32::NEG_INFINITY);
        Ok(())
    }
    fn choose(&mut self, shown: &ItemSet, rng: &mut Rng) -> Choice {
        use rand::RngExt as _;
        let free: Vec<u32> = (0..shown.n_items() as u32).filter(|&i| !shown.contains(ItemIdx(i))).collect();
        let item = ItemIdx(free[rng.random_range(0..free.len())]);
        Choice { item, log_prob_behavior: -(free.len() as f32).ln() }
    }
    fn observe(&mut self, _: ItemIdx, _: f32) {}
}

#[test]
fn rollouts_do_not_depend_on_threads_or_neighbours() {
    let environment = by_category(false);
    let history = [Interaction { item: ItemIdx(3), rating: 4.0, time: 0 }];
    let start = |stream| Start { user: UserIdx(0), history: &history, stream };
    let starts: Vec<Start<'_>> = (0..50).map(start).collect();
    let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
    let one = pool(1).install(|| rollout(&environment, &Uniform, &starts, 9)).unwrap();
    let two = pool(2).install(|| rollout(&environment, &Uniform, &starts, 9)).unwrap();
    assert_eq!(one, two);
    assert_eq!(rollout(&environment, &Uniform, &[start(7)], 9).unwrap()[0], one[7]);
    assert!(one.iter().flat_map(|t| &t.steps).all(|s| s.item != ItemIdx(3)), "the log is not shown again");
    assert!((one[0].steps[0].log_prob_behavior.exp() - 1.0 / 7.0).abs() < 1e-6);
}

#[test]
fn sessions_side_by_side_are_the_same_sessions() {
    let environment = by_category(false);
    let mut together = VectorEnvironment::start(&environment, &[UserIdx(0); 3]).unwrap();
    let outcomes = together.step(&[ItemIdx(0), ItemIdx(4), ItemIdx(7)]).unwrap();
    let ends: Vec<bool> = outcomes.iter().map(|o| o.end.is_terminated()).collect();
    assert_eq!(ends, [false, false, true]);
    together.restart(2, UserIdx(0)).unwrap();
    assert_eq!(together.step(&[ItemIdx(1), ItemIdx(5), ItemIdx(6)]).unwrap().len(), 3);
}

#[test]
fn calibration_comes_near_the_hazard_where_columns_are_alike() {
    /// Items of one dozen have one column.
    struct Dozens(u32);
    impl DistanceSource for Dozens {
        fn n_items(&self) -> usize {
            self.0 as usize
        }
        fn distance(&self, a: ItemIdx, b: ItemIdx) -> f32 {
            (a.0 / 12).abs_diff(b.0 / 12) as f32
        }
    }
    let uniform = UniformHazard { window: 4, count: 1, softness: 0.0, hazard: 0.08, seed: 0 };
    // Of 500 items, 4 have one of the same dozen among them in 9 % of all cases, of 60 in 56 %.
    assert_eq!([500, 60].map(|n_items| uniform.distance(&Dozens(n_items))), [1.0, 0.0]);
}

#[test]
fn calibration_reaches_the_hazard() {
    struct Line;
    impl DistanceSource for Line {
        fn n_items(&self) -> usize {
            500
        }
        fn distance(&self, a: ItemIdx, b: ItemIdx) -> f32 {
            ((a.0 as f32).powf(1.2) - (b.0 as f32).powf(1.2)).abs()
        }
    }
    let features = ItemFeatures::default().with_distances(Arc::new(Line));
    let entry = find_rule("ilrec").unwrap();
    let calibrated = |settings: RuleSettings| {
        let parameters = entry.parameters(&settings).unwrap();
        Ok(ExitRule::of(entry, entry.completed(parameters, &features, 0)?).unwrap())
    };
    let soft = |softness: f32| RuleSettings::default().with("softness", softness);
    let starts: Vec<Start<'_>> =
        (0..1000).map(|stream| Start { user: UserIdx(0), history: &[], stream }).collect();
    let hazard = |rule: &ExitRule| {
        let rewards = Arc::new(Matrix(vec![vec![4.0; 500]]));
        let environment = Environment::new(rewards, features.clone(), rule.clone(), 100).unwrap();
        let sessions = rollout(&environment, &Uniform, &starts, 1).unwrap();
        // The first steps of a session have no full window.
        let later = |trajectory: &Trajectory| trajectory.steps.len().saturating_sub(4);
        let leaving = sessions.iter().filter(|it| it.steps.len() > 4 && it.steps.len() < 100).count();
        leaving as f64 / sessions.iter().map(later).sum::<usize>() as f64
    };
    let limit = |rule: &ExitRule| rule.parameters().number("threshold");
    let hard = calibrated(RuleSettings::default()).unwrap();
    for rule in [&hard, &calibrated(soft(0.5)).unwrap(), &calibrated(soft(20.0)).unwrap()] {
        let hazard = hazard(rule);
        assert!((0.07..0.09).contains(&hazard), "{rule:?}: {hazard}");
    }
    assert!((limit(&calibrated(soft(1e-3)).unwrap()) - limit(&hard)).abs() < 1.0);
    assert!(
        hazard(&hard.with("softness", 20.0f32).unwrap()) > 0.09,
        "as a hard limit it would be another hazard"
    );
    match calibrated(soft(100.0)) {
        Err(EnvironmentError::TooSoft { rule: "ilrec", name: "threshold", .. }) => {}
        other => panic!("{other:?}"),
    }
}
