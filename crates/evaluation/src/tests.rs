//! Golden values of the published rollouts, laws of the intervals, and hand-made batches.

use crate::exposure::gini;
use crate::*;
use mdp::{ExitReason, ItemIdx, ItemSet, Step, StepEnd, Trajectory, UserIdx};
use proptest::prelude::*;

const DISTANCE: StepEnd = StepEnd::Terminated(ExitReason::Distance);
const LOW: StepEnd = StepEnd::Terminated(ExitReason::LowReward);

fn session(user: u32, rewards: &[f32], end: StepEnd) -> Trajectory {
    let last = rewards.len() - 1;
    let step = |(t, &reward): (usize, &f32)| Step {
        item: ItemIdx(t as u32),
        reward,
        log_prob_behavior: 0.0,
        end: if t == last { end } else { StepEnd::Continues },
    };
    Trajectory { user: UserIdx(user), steps: rewards.iter().enumerate().map(step).collect() }
}

fn setting(scoring: Scoring) -> Setting {
    Setting {
        policy: "p".to_owned(),
        privileged: false,
        world: "judge".to_owned(),
        exit_rule: "ilrec".to_owned(),
        scoring,
        n_items: 100,
        protocol: "warm".to_owned(),
        validity: None,
    }
}

fn rollouts(trajectories: Vec<Trajectory>) -> Rollouts {
    Rollouts { training_seed: None, eval_seed: 0, trajectories }
}

/// 100 sessions with the totals published for Amazon, seed 0: 1,149 steps, rewards 1 to 5 occurring 10, 37, 74,
/// 179 and 849 times, 10 exits by low reward and 90 by distance whose exit steps earned 441, one session of 54
/// steps and all others below 50.
fn amazon() -> Vec<Trajectory> {
    let mut exits = vec![(1.0, LOW); 10];
    exits.extend(vec![(5.0, DISTANCE); 81]);
    exits.extend(vec![(4.0, DISTANCE); 9]);
    let mut inner = vec![5.0; 849 - 81];
    inner.extend(vec![4.0; 179 - 9]);
    inner.extend(vec![3.0; 74]);
    inner.extend(vec![2.0; 37]);
    // 1,049 inner steps: one session takes 53, the other 99 take 10 each, the remaining 6 go to six of them.
    let mut sessions = Vec::new();
    for (user, &(reward, end)) in exits.iter().rev().enumerate() {
        let n_inner = if user == 0 { 53 } else { 10 + usize::from(user <= 6) };
        let mut rewards: Vec<f32> = inner.drain(inner.len() - n_inner..).collect();
        rewards.push(reward);
        sessions.push(session(user as u32, &rewards, end));
    }
    assert!(inner.is_empty());
    sessions
}

#[test]
fn published_amazon_rollouts_under_every_scoring() {
    let row = |scoring: &str| {
        let scoring = scoring.parse().expect("a name of ours");
        evaluate(&setting(scoring), &[rollouts(amazon())], &[]).expect("good sessions").row
    };
    let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-5, "got {got}, want {want}");
    let raw = row("raw");
    near(raw.r_traj.mean, 52.67);
    near(raw.len.mean, 11.49);
    near(raw.r_each.mean, 5267.0 / 1149.0);
    assert_eq!((raw.exits.distance, raw.exits.low_reward, raw.exits.horizon), (90, 10, 0));
    near(row("low0").r_traj.mean, 52.57);
    near(row("low0").r_each.mean, 5257.0 / 1149.0);
    near(row("billp").r_traj.mean, 48.16);
    near(row("billp").r_each.mean, 4816.0 / 1149.0);
    near(row("billp").len.mean, 11.49);
    let capped = row("billp:50");
    near(capped.len.mean, 11.45);
    assert_eq!((capped.exits.distance + capped.exits.low_reward, capped.exits.horizon), (99, 1));
}

#[test]
fn steam_and_paper_means_agree_with_their_ratio() {
    let near = |a: f64, b: f64, within: f64| assert!((a - b).abs() < within, "{a} {b}");
    near(9768.0 / 2127.0, 4.59238, 1e-5);
    near(4.476 * 17.533, 78.478, 1e-3);
    // One user of 3 steps earning 4 each and one of one step earning 2: pooled, not a mean of means.
    let sessions = vec![session(0, &[4.0; 3], StepEnd::Truncated), session(1, &[2.0], DISTANCE)];
    let row = evaluate(&setting(Scoring::Raw), &[rollouts(sessions)], &[]).expect("good").row;
    near(row.r_each.mean, 14.0 / 4.0, 1e-12);
    near(row.r_each.mean, row.r_traj.mean / row.len.mean, 1e-12);
}

#[test]
fn scorings_by_name_and_nothing_else() {
    for name in ["raw", "low0", "billp", "billp:50"] {
        assert_eq!(name.parse::<Scoring>().map(|s| s.to_string()).as_deref(), Ok(name));
    }
    for name in ["", "Raw", "billp:", "billp:0", "raw:5", "billp:x"] {
        assert!(name.parse::<Scoring>().is_err(), "{name}");
    }
}

#[test]
fn a_step_cut_by_the_horizon_keeps_its_reward() {
    let cut = session(0, &[4.0, 5.0], StepEnd::Truncated);
    assert_eq!(Scoring::Billp { cap: None }.apply(&cut), cut);
    let left = Scoring::Billp { cap: Some(2) }.apply(&session(0, &[4.0, 5.0], DISTANCE));
    assert_eq!((left.steps[1].reward, left.steps[1].end), (0.0, DISTANCE));
}

#[test]
fn json_has_the_fields_scripts_rely_on() {
    let ranked = vec![RankedUser { user: UserIdx(0), ndcg: 0.5, hit: 1.0 }];
    let sessions = vec![session(0, &[4.0, 1.0], LOW)];
    let row = evaluate(&setting(Scoring::Raw), &[rollouts(sessions.clone())], &[ranked]).expect("good").row;
    let json = serde_json::to_value(&row).expect("plain data");
    for field in
        ["policy", "world", "scoring", "exit_rule", "users", "eval_seeds", "distinct_items", "coverage"]
    {
        assert!(!json[field].is_null(), "{field}");
    }
    for field in ["r_traj", "r_each", "len"] {
        assert!(json[field]["mean"].is_f64() && json[field]["lo"].is_f64() && json[field]["hi"].is_f64());
    }
    assert_eq!(
        (&json["exits"]["low_reward"], &json["exits"]["distance"], &json["exits"]["horizon"]),
        (&1.into(), &0.into(), &0.into())
    );
    assert_eq!(
        (&json["ndcg@10"], &json["hit@10"], &json["scoring"]),
        (&0.5.into(), &1.0.into(), &"raw".into())
    );
    assert_eq!(serde_json::from_value::<EvalRow>(json).expect("reads back"), row);
    let without = evaluate(&setting(Scoring::Raw), &[rollouts(sessions)], &[]).expect("good").row;
    assert!(serde_json::to_value(without).expect("plain data")["ndcg@10"].is_null());
}

#[test]
fn exits_hazards_and_survival_add_up() {
    let sessions = [
        session(0, &[3.0; 4], StepEnd::Truncated),
        session(1, &[3.0; 1], LOW),
        session(2, &[3.0; 3], StepEnd::Continues),
    ];
    let account = ExitStatistics::of(&sessions);
    assert_eq!((account.n_sessions, account.n_steps), (3, 8));
    assert_eq!((account.counts.low_reward, account.counts.horizon, account.counts.open), (1, 1, 1));
    assert_eq!(account.hazards.low_reward, 1.0 / 8.0);
    assert_eq!(account.lengths, [1, 0, 1, 1]);
    assert_eq!(account.survival(), [1.0, 2.0 / 3.0, 2.0 / 3.0, 1.0 / 3.0]);
}

#[test]
fn ranking_metrics_by_hand() {
    let mut relevant = ItemSet::empty(10);
    for item in [1, 2, 7] {
        relevant.insert(ItemIdx(item));
    }
    let ranking: Vec<ItemIdx> = [1, 5, 2].map(ItemIdx).to_vec();
    let ideal = 1.0 + 1.0 / 3f64.log2() + 0.5;
    assert!((ndcg_at(3, &ranking, &relevant) - 1.5 / ideal).abs() < 1e-12);
    assert!((ndcg_at(1, &ranking, &relevant) - 1.0).abs() < 1e-12);
    assert_eq!((hit_at(3, &ranking, &relevant), hit_at(1, &[ItemIdx(5)], &relevant)), (1.0, 0.0));
}

#[test]
fn gini_of_even_and_of_one_sided_exposure() {
    assert_eq!(gini(vec![3; 8]), 0.0);
    assert!((gini(vec![0, 0, 0, 9]) - 0.75).abs() < 1e-12);
    assert_eq!(gini(vec![0; 5]), 0.0);
}

#[test]
fn repeats_and_coverage_are_counted_within_and_across_sessions() {
    let mut again = session(0, &[4.0; 3], StepEnd::Truncated);
    again.steps[2].item = ItemIdx(0);
    let sessions = [again, session(1, &[4.0; 2], StepEnd::Truncated)];
    let exposure = Exposure::of(&[&sessions], 10);
    assert_eq!((exposure.distinct_items, exposure.coverage), (2.0, 0.2));
    assert!((exposure.repeat_rate - 1.0 / 3.0).abs() < 1e-12);
}

fn table(seeds: &[&[f64]]) -> UserTable {
    let means = |column: &&[f64]| column.iter().map(|&r| UserMean { r_traj: r, len: 1.0 }).collect();
    UserTable {
        users: (0..seeds[0].len() as u32).map(UserIdx).collect(),
        seeds: seeds
            .iter()
            .enumerate()
            .map(|(seed, column)| TrainingSeedMeans {
                training_seed: Some(seed as u64),
                means: means(column),
            })
            .collect(),
    }
}

#[test]
fn pairing_separates_what_overlapping_intervals_do_not() {
    let a: Vec<f64> = (0..50).map(|user| f64::from(user) + 1.0 + f64::from(user % 3) * 0.1).collect();
    let b: Vec<f64> = (0..50).map(f64::from).collect();
    let found = paired_difference(("a", &table(&[&a])), ("b", &table(&[&b]))).expect("common users");
    assert!(found.is_above() && (found.r_traj.mean - 1.098).abs() < 1e-9, "{found:?}");
    assert!(found.r_traj.hi - found.r_traj.lo < 0.1);
    let back = paired_difference(("b", &table(&[&b])), ("a", &table(&[&a]))).expect("common users");
    assert!(!back.is_above());
}

#[test]
fn disagreeing_training_seeds_widen_the_interval() {
    let width = |seeds: &[&[f64]]| {
        let zero = vec![0.0; 20];
        let found = paired_difference(("a", &table(seeds)), ("0", &table(&[&zero])));
        let interval = found.expect("common users").r_traj;
        interval.hi - interval.lo
    };
    let (low, high) = (vec![1.0; 20], vec![3.0; 20]);
    assert_eq!(width(&[&low, &low, &low]), 0.0);
    // Two degrees of freedom, deviation sqrt(4 / 3).
    assert!((width(&[&low, &high, &low]) - 2.0 * 4.302_652_729_749_462 * 2.0 / 3.0).abs() < 1e-9);
}

/// Users 0 and 4 apart in two trainings that are 2 apart: half widths t(0.975, 1) 2 and t(0.975, 1) 1, squared and added.
#[test]
fn what_users_and_trainings_differ_by_is_squared_and_added() {
    let zero = paired_difference(("a", &table(&[&[0.0, 4.0], &[2.0, 6.0]])), ("0", &table(&[&[0.0, 0.0]])));
    let found = zero.expect("common users").r_traj;
    assert!((found.mean - 3.0).abs() < 1e-12);
    assert!((found.hi - 3.0 - 12.706_204_736_174_694 * 5f64.sqrt()).abs() < 1e-9, "{found:?}");
}

#[test]
fn one_training_says_nothing_about_another() {
    let once = |seed| UserTable {
        seeds: vec![TrainingSeedMeans { training_seed: seed, ..table(&[&[1.0, 2.0]]).seeds[0].clone() }],
        ..table(&[&[1.0, 2.0]])
    };
    let told = |a: &UserTable, b: &UserTable| {
        paired_difference(("a", a), ("b", b)).expect("common users").one_training
    };
    let twice = table(&[&[1.0, 2.0], &[1.0, 2.0]]);
    assert!(told(&once(Some(0)), &once(None)) && told(&twice, &once(Some(1))));
    assert!(!told(&twice, &once(None)) && !told(&once(None), &once(None)));
}

/// Two policies that differ by chance alone, trained `n` times each in one world, on users who take to either of them by chance
/// (`taste`); 1,000 comparisons at 5 % have a standard error of 0.7 points.
#[test]
fn identical_learners_of_one_run_are_called_different_as_rarely_as_promised() {
    let rate = |(ours, theirs): (usize, usize), training: f64, taste: f64| {
        let learners = statistics::IdenticalPolicies {
            n_draws: ours.max(theirs),
            n_users: 30,
            world: 0.0,
            training,
            failure: 0.0,
            user: 20.0,
            noise: 10.0,
        };
        let tastes =
            statistics::IdenticalPolicies { n_draws: 1, user: 0.0, training: 0.0, noise: taste, ..learners };
        let is_called = |seed: &u64| {
            let [a, b] = learners.draws(*seed);
            let [taste, _] = tastes.draws(seed + 1_000_000);
            let values = |draws: &[statistics::Draw], n: usize, weight: f64| -> Vec<Vec<f64>> {
                let of = |draw: &statistics::Draw| {
                    draw.values.iter().map(|(user, value)| value + weight * taste[0].values[user]).collect()
                };
                draws[..n].iter().map(of).collect()
            };
            let (a, b) = (values(&a, ours, 0.0), values(&b, theirs, 1.0));
            let of = |rows: &[Vec<f64>]| table(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let found = paired_difference(("a", &of(&a)), ("b", &of(&b))).expect("common users").r_traj;
            found.lo > 0.0 || found.hi < 0.0
        };
        (0..1000).filter(is_called).count()
    };
    for seeds in [(2, 2), (3, 3), (3, 5), (10, 10)] {
        for training in [0.0, 5.0, 15.0, 40.0] {
            for taste in [0.0, 20.0] {
                let n_called = rate(seeds, training, taste);
                assert!(n_called <= 65, "{seeds:?} trainings, {training}, {taste}: {n_called}");
            }
        }
    }
}

#[test]
fn refusals() {
    assert_eq!(UserTable::of(&[]), Err(EvaluationError::NoSessions));
    let empty = Trajectory { user: UserIdx(3), steps: Vec::new() };
    assert_eq!(UserTable::of(&[rollouts(vec![empty])]), Err(EvaluationError::NoSessions));
    let first = Rollouts { training_seed: Some(0), ..rollouts(vec![session(0, &[1.0], LOW)]) };
    let second = Rollouts { training_seed: Some(1), ..rollouts(vec![session(1, &[1.0], LOW)]) };
    assert_eq!(UserTable::of(&[first, second]), Err(EvaluationError::UsersDiffer { training_seed: Some(1) }));
    let elsewhere = UserTable { users: vec![UserIdx(99)], ..table(&[&[1.0]]) };
    assert!(paired_difference(("a", &table(&[&[1.0]])), ("b", &elsewhere)).is_err());
}

proptest! {
    #[test]
    fn intervals_hold_their_mean_and_repeat(rewards in prop::collection::vec(1.0f32..5.0, 2..40)) {
        let sessions: Vec<_> =
            rewards.iter().enumerate().map(|(user, &r)| session(user as u32, &[r, 3.0], DISTANCE)).collect();
        let find = || evaluate(&setting(Scoring::Raw), &[rollouts(sessions.clone())], &[]).expect("good").row;
        let row = find();
        prop_assert_eq!(&row, &find());
        for interval in [row.r_traj, row.r_each, row.len] {
            prop_assert!(interval.lo <= interval.mean && interval.mean <= interval.hi);
        }
        let mean = rewards.iter().map(|&r| f64::from(r)).sum::<f64>() / rewards.len() as f64;
        prop_assert!((row.r_traj.mean - mean - 3.0).abs() < 1e-9);
        // All sessions have two steps: the ratio is half of the sum, with half the interval.
        prop_assert!((row.r_each.lo - row.r_traj.lo / 2.0).abs() < 1e-9);
    }
}
