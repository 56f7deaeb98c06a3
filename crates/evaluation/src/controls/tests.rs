//! A small world in which the right answer of every control is known.

use super::*;
use crate::AskedUser;
use catalogue::Catalogue;
use environment::{Environment, ExitRule, ItemFeatures, Start, rollout};
use mdp::{
    ExitReason, Interaction, ItemIdx, ItemSet, MeanModel, Policy, RewardSource, SessionContext, StepEnd,
    UserIdx, rng_for,
};
use std::sync::Arc;

/// 12 items in three categories of four; user 0 likes low rows, user 1 high rows; item 3 is hated by both.
struct Matrix;

impl RewardSource for Matrix {
    fn n_users(&self) -> usize {
        2
    }

    fn n_items(&self) -> usize {
        12
    }

    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        match (item.0, user.0) {
            (3, _) => 1.0,
            (i, 0) => {
                if i < 6 {
                    5.0
                } else {
                    3.0
                }
            }
            (i, _) => {
                if i < 6 {
                    3.0
                } else {
                    5.0
                }
            }
        }
    }
}

impl MeanModel for Matrix {
    fn n_users(&self) -> usize {
        2
    }

    fn n_items(&self) -> usize {
        12
    }

    fn predict(&self, user: UserIdx, item: ItemIdx) -> (f32, f32) {
        (self.reward(user, item) + item.0 as f32 * 0.01, 0.1)
    }
}

fn environment(horizon: usize) -> Environment {
    let rows = (0..12).map(|i| (i.to_string(), i.to_string(), vec![format!("c{}", i / 4)])).collect();
    let features = ItemFeatures::of(&Catalogue::new(rows).0, None);
    Environment::new(Arc::new(Matrix), features, ExitRule::category_window(), horizon).expect("sizes agree")
}

fn session(policy: &dyn Policy, user: u32, history: &[Interaction], horizon: usize) -> mdp::Trajectory {
    let start = Start { user: UserIdx(user), history, stream: 0 };
    rollout(&environment(horizon), policy, &[start], 7).expect("rows exist").remove(0)
}

fn items(trajectory: &mdp::Trajectory) -> Vec<u32> {
    trajectory.steps.iter().map(|step| step.item.0).collect()
}

fn seen(item: u32) -> Interaction {
    Interaction { item: ItemIdx(item), rating: 4.0, time: 0 }
}

#[test]
fn uniform_never_repeats_and_says_its_propensity() {
    let session = session(&UniformRandom, 0, &[seen(0), seen(1)], 1);
    assert!((session.steps[0].log_prob_behavior + 10f32.ln()).abs() < 1e-6);
    let mut shown = ItemSet::empty(12);
    let mut rng = rng_for(1, &[]);
    let context = SessionContext { user: UserIdx(0), history: &[] };
    let mut acting = UniformRandom.start(context);
    for _ in 0..12 {
        assert!(shown.insert(acting.choose(&shown, &mut rng).item));
    }
    assert!((acting.choose(&shown, &mut rng).log_prob_behavior + 12f32.ln()).abs() < 1e-6);
}

#[test]
fn uniform_is_uniform() {
    for n_shown in [2, 9] {
        let mut shown = ItemSet::empty(12);
        (0..n_shown).for_each(|item| {
            shown.insert(ItemIdx(item));
        });
        let mut rng = rng_for(3, &[u64::from(n_shown)]);
        let mut counts = [0.0f64; 12];
        let mut acting = UniformRandom;
        for _ in 0..12_000 {
            use mdp::PolicySession as _;
            counts[acting.choose(&shown, &mut rng).item.index()] += 1.0;
        }
        let expected = 12_000.0 / f64::from(12 - n_shown);
        for (item, &count) in counts.iter().enumerate() {
            let want = if item < n_shown as usize { 0.0 } else { expected };
            assert!((count - want).abs() < 5.0 * expected.sqrt(), "item {item}: {count} for {want}");
        }
    }
}

#[test]
fn popularity_counts_and_breaks_ties_by_row() {
    let logs = [vec![seen(7), seen(2)], vec![seen(7)], vec![seen(5)]];
    let policy = Popularity::new(logs.iter().map(|log| &log[..]), 12);
    assert_eq!(items(&session(&policy, 0, &[], 3)), [7, 2, 5]);
    assert_eq!(items(&session(&policy, 0, &[seen(7)], 3)), [2, 5, 0]);
    let mut counts = [0; 12];
    (counts[7], counts[2], counts[5]) = (u32::MAX, 1, 1);
    assert_eq!(items(&session(&Popularity::of_counts(&counts), 0, &[], 3)), [7, 2, 5]);
}

#[test]
fn greedy_takes_the_best_and_runs_into_the_rule() {
    let session = session(&Greedy::new(Arc::new(Matrix)), 1, &[], 10);
    assert_eq!(items(&session), [11, 10, 9]);
    assert_eq!(session.steps[2].end, StepEnd::Terminated(ExitReason::Category));
}

/// The world as it is, on average: there is no luck in it.
impl Expectations for Matrix {
    fn n_items(&self) -> usize {
        12
    }

    fn expected_row(&self, user: UserIdx, limit: f32, rewards: &mut [f32], low: &mut [f32]) {
        self.fill_row(user, rewards);
        low.iter_mut().zip(rewards).for_each(|(low, reward)| *low = f32::from(u8::from(*reward < limit)));
    }
}

#[test]
fn a_planner_steps_aside_in_time() {
    let policy = SessionPlanner::new(Arc::new(Matrix), environment(10));
    let session = session(&policy, 1, &[], 10);
    assert_eq!(session.steps.last().map(|step| step.end), Some(StepEnd::Truncated));
    let shown = items(&session);
    assert!(!shown.contains(&3), "what is hated ends a session");
    assert!(shown[..6].iter().filter(|item| **item >= 6).count() >= 4, "what is loved first: {shown:?}");
}

#[test]
fn the_oracle_beats_the_other_controls_and_skips_what_is_hated() {
    let oracle = Oracle::new(environment(10));
    let planner = SessionPlanner::new(Arc::new(Matrix), environment(10));
    for user in [0, 1] {
        let earned = |policy: &dyn Policy| -> f32 {
            session(policy, user, &[], 10).steps.iter().map(|step| step.reward).sum()
        };
        let best = session(&oracle, user, &[], 10);
        assert!(!items(&best).contains(&3));
        assert_eq!(best.steps.len(), 10);
        for other in [&UniformRandom as &dyn Policy, &Greedy::new(Arc::new(Matrix)), &planner] {
            assert!(earned(&oracle) >= earned(other), "{}", other.name());
        }
    }
}

/// 20 users with random tastes over 600 items with one to three of 18 categories.
struct Tastes(Vec<Vec<f32>>);

impl Tastes {
    fn draw(categories: &[Vec<u16>]) -> Self {
        use rand::RngExt as _;
        let user = |user: u64| {
            let mut rng = rng_for(11, &[user]);
            let taste: Vec<f32> = (0..18).map(|_| rng.random_range(-1.0..1.0)).collect();
            let mut reward = |of: &Vec<u16>| {
                let liking: f32 = of.iter().map(|&c| taste[c as usize]).sum();
                (3.0 + liking + rng.random_range(-1.5..1.5f32)).round().clamp(1.0, 5.0)
            };
            categories.iter().map(&mut reward).collect()
        };
        Self((0..20).map(user).collect())
    }
}

impl RewardSource for Tastes {
    fn n_users(&self) -> usize {
        self.0.len()
    }

    fn n_items(&self) -> usize {
        self.0[0].len()
    }

    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        self.0[user.index()][item.index()]
    }
}

#[test]
fn the_oracle_comes_near_what_no_session_can_exceed() {
    let labels = |i: usize| (0..=i % 3).map(|k| format!("c{:02}", (i * 7 + k * (i % 5 + 3)) % 18)).collect();
    let (catalogue, _) =
        Catalogue::new((0..600).map(|i| (i.to_string(), i.to_string(), labels(i))).collect());
    let categories: Vec<Vec<u16>> = catalogue.items().iter().map(|item| item.categories.clone()).collect();
    let tastes = Arc::new(Tastes::draw(&categories));
    let (rule, features) = (ExitRule::category_window(), ItemFeatures::of(&catalogue, None));
    let environment = Environment::new(tastes.clone(), features, rule, 60).expect("sizes agree");
    let starts: Vec<Start<'_>> =
        (0..20).map(|user| Start { user: UserIdx(user), history: &[], stream: 0 }).collect();
    let sessions = rollout(&environment, &Oracle::new(environment.clone()), &starts, 0).expect("rows exist");
    let earned: f32 = sessions.iter().flat_map(|session| &session.steps).map(|step| step.reward).sum();
    let best_rewards = |row: &Vec<f32>| {
        let mut row = row.clone();
        row.sort_by(|a, b| b.total_cmp(a));
        row[..60].iter().sum::<f32>()
    };
    let bound: f32 = tastes.0.iter().map(best_rewards).sum();
    assert!(earned <= bound && earned >= 0.95 * bound, "{earned} of {bound}");
}

#[test]
fn the_oracle_respects_the_history() {
    let history = [seen(0), seen(1)];
    let shown = items(&session(&Oracle::new(environment(10)), 0, &history, 10));
    assert!(!shown.contains(&0) && !shown.contains(&1));
}

#[test]
fn fresh_genre_avoids_recent_categories() {
    let policy = RandomFreshGenre::new(environment(10).features().categories.clone().expect("given"), 2);
    let session = session(&policy, 0, &[], 12);
    for pair in items(&session).windows(3).take(2) {
        let mut categories: Vec<u32> = pair.iter().map(|item| item / 4).collect();
        categories.sort_unstable();
        assert_eq!(categories, [0, 1, 2]);
    }
}

#[test]
fn demonstrations_are_replayed_to_their_end_or_the_users() {
    let demonstrations = [(UserIdx(0), vec![0, 4]), (UserIdx(0), vec![3, 4]), (UserIdx(1), vec![0, 0, 1])]
        .map(|(user, rows)| (user, rows.into_iter().map(ItemIdx).collect()));
    let played = replay(&environment(10), &demonstrations, 0).expect("rows exist");
    assert_eq!(played[0].steps[1].end, StepEnd::Continues);
    assert_eq!(
        (played[1].steps.len(), played[1].steps[0].end),
        (1, StepEnd::Terminated(ExitReason::LowReward))
    );
    assert_eq!((played[2].steps.len(), played[2].steps[1].end), (2, StepEnd::Terminated(ExitReason::Repeat)));
    assert!(replay(&environment(10), &[(UserIdx(9), vec![ItemIdx(0)])], 0).is_err());
}

#[test]
fn rankings_are_slates_without_the_history() {
    let popular = Popularity::new([&[seen(7), seen(2)][..]], 12);
    let history = [seen(2)];
    let liked = [ItemIdx(0)];
    let all_known = [ItemIdx(2)];
    let asked = |user, relevant| AskedUser {
        user: UserIdx(user),
        history: &history,
        passed_over: &[],
        relevant,
        among: None,
    };
    let users = [asked(0, &liked[..]), asked(1, &all_known[..])];
    let slate = |asked| crate::ranking_at_start(&popular, &asked, 12, 3, 0);
    assert_eq!(slate(users[0]), [7, 0, 1].map(ItemIdx));
    let passed_over = [seen(7)];
    let over = AskedUser { passed_over: &passed_over, ..users[0] };
    assert_eq!(slate(over), [0, 1, 3].map(ItemIdx), "no candidate either");
    let ranked = crate::rank_users(&popular, &users, 12, 3, 0);
    assert_eq!(ranked.len(), 1);
    let (first, history_len) = (ranked[0].ranked(3), ranked[0].activity);
    assert!((first.ndcg - 1.0 / 3f64.log2()).abs() < 1e-12 && first.hit == 1.0 && history_len == 1);
    assert_eq!(crate::rank_users(&popular, &[over], 12, 3, 0)[0].ranked(3).ndcg, 1.0);
    let mut among = ItemSet::empty(12);
    [1, 4].into_iter().for_each(|item| _ = among.insert(ItemIdx(item)));
    let both = [ItemIdx(0), ItemIdx(4)];
    let asked = AskedUser { relevant: &both, among: Some(&among), ..users[0] };
    assert_eq!(slate(asked), [1, 4].map(ItemIdx), "the only candidates");
    let ranked = crate::rank_users(&popular, &[asked, AskedUser { relevant: &liked, ..asked }], 12, 3, 0);
    assert_eq!(ranked.len(), 1, "who chose none of them is left out");
    assert!((ranked[0].ranked(3).ndcg - 1.0 / 3f64.log2()).abs() < 1e-12, "another choice does not count");
}

#[test]
fn what_knows_rule_or_judge_is_privileged() {
    let all = ["random", "random-fresh-genre", "popularity", "greedy", "train-planner", "trained-in-judge"];
    let privileged: Vec<_> = all.into_iter().filter(|name| is_privileged(name)).collect();
    assert_eq!(privileged, ["train-planner", "trained-in-judge"]);
}

#[test]
fn every_control_knows_how_likely_its_choices_are() {
    let world = environment(10);
    let categories = world.features().categories.clone().expect("given");
    let planner = SessionPlanner::new(Arc::new(Matrix), world.clone());
    let controls: [&dyn Policy; 6] = [
        &UniformRandom,
        &RandomFreshGenre::new(categories, 2),
        &Popularity::new([&[seen(7), seen(2)][..]], 12),
        &Greedy::new(Arc::new(Matrix)),
        &planner,
        &Oracle::new(world.clone()),
    ];
    for policy in controls {
        for history in [&[][..], &[seen(0), seen(5)][..]] {
            let context = SessionContext { user: UserIdx(1), history };
            // Two steps more than there are items: then everything was shown.
            assert_eq!(mdp::broken_log_prob_law(policy, context, 12, 14 - history.len(), &[4.0, 1.0]), None);
        }
    }
}
