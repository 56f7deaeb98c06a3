//! What every learner has to manage: problems whose best policy is known, from weights that prefer nothing.

use super::laws::{small, started};
use super::*;
use crate::{Kind, REGISTRY, find};
use environment::{Start, rollout};
use learning::{Silent, TrainedPolicy, train};
use mdp::{Policy, SessionContext};
use ranking::{Ranker, Selection};
use serde_json::{Value, json};

const N_ARMS: u32 = 24;
/// Items of a session.
const HORIZON: usize = 3;
/// Users whose sessions are learned from, see `started`.
const TRAINING: std::ops::Range<u32> = 0..20;
/// Users whom nobody has learned from.
const UNSEEN: std::ops::Range<u32> = 30..40;

/// Two kinds of items: everybody likes the even ones.
struct Arms;

impl RewardSource for Arms {
    fn n_users(&self) -> usize {
        N_USERS as usize
    }

    fn n_items(&self) -> usize {
        N_ARMS as usize
    }

    fn reward(&self, _: UserIdx, item: ItemIdx) -> f32 {
        if item.0.is_multiple_of(2) { 5.0 } else { 2.0 }
    }
}

/// Sessions of three items; demonstrations show what everybody likes.
fn arms() -> Domain {
    let row =
        |i: u32| (i.to_string(), format!("Item {i}"), vec![["liked", "other"][i as usize % 2].to_owned()]);
    let (catalogue, _) = Catalogue::new((0..N_ARMS).map(row).collect());
    let features = ItemFeatures::of(&catalogue, None);
    let environment = Environment::new(Arc::new(Arms), features, ExitRule::none(), HORIZON).unwrap();
    let history = |user: u32| {
        let mut rng = rng_for(12, &[user.into()]);
        let one = |time| {
            let item = ItemIdx(rng.random_range(0..N_ARMS));
            Interaction { item, rating: Arms.reward(UserIdx(user), item), time }
        };
        (0..6).map(one).collect()
    };
    let histories: Vec<Vec<Interaction>> = (0..N_USERS).map(history).collect();
    let demonstration = |user: u32| {
        let unseen = |item: &u32| histories[user as usize].iter().all(|row| row.item.0 != *item);
        let items = (0..N_ARMS).step_by(2).filter(unseen).take(HORIZON);
        let step =
            |item| Step { item: ItemIdx(item), reward: 5.0, log_prob_behavior: 0.0, end: StepEnd::Continues };
        let mut steps: Vec<Step> = items.map(step).collect();
        steps.last_mut().expect("six of twenty-four were logged").end = StepEnd::Truncated;
        Demonstrated {
            id: format!("demo:{user}"),
            session: Trajectory { user: UserIdx(user), steps },
            slates: Vec::new(),
        }
    };
    let demonstrations = TRAINING.map(demonstration).collect();
    Domain {
        catalogue,
        environment,
        histories,
        demonstrations,
        tables: ItemTables::default(),
        tastes: Arc::default(),
    }
}

fn learned(
    domain: &Domain,
    name: &str,
    demonstrations: &[Demonstrated],
    settings: &Value,
) -> Box<dyn TrainedPolicy> {
    let settings = find(name).unwrap().settings(settings).unwrap();
    let trained = started(&*settings, domain, demonstrations, Vec::new(), |run, inputs| {
        train(run, inputs, 5, None, &mut Silent)
    });
    trained.unwrap_or_else(|e| panic!("{name}: {e}")).policy
}

/// Mean reward of a step.
fn mean_reward(domain: &Domain, policy: &dyn Policy, of: std::ops::Range<u32>) -> f32 {
    let users = users(domain, of);
    let starts = |stream| users.iter().map(move |&(user, history)| Start { user, history, stream });
    let starts: Vec<Start<'_>> = (0..10).flat_map(starts).collect();
    let sessions = rollout(&domain.environment, policy, &starts, 9).unwrap();
    let rewards: Vec<f32> =
        sessions.iter().flat_map(|session| &session.steps).map(|step| step.reward).collect();
    rewards.iter().sum::<f32>() / rewards.len() as f32
}

#[test]
fn two_kinds_of_items_and_the_better_one_is_found_from_weights_that_prefer_nothing() {
    let domain = arms();
    let untrained = learned(&domain, "untrained", &[], &json!({}));
    let chance = mean_reward(&domain, &*untrained, UNSEEN);
    assert!((3.2..3.8).contains(&chance), "half of the items are liked: {chance}");
    for entry in REGISTRY.iter().filter(|entry| entry.kind == Kind::Algorithm) {
        let mut settings = small(entry);
        // Whoever knows users by row knows nothing of others.
        let mut judged = UNSEEN;
        if entry.defaults().pointer("/training/first_weights").is_some() {
            settings["training"]["first_weights"] = json!("neutral");
            settings["training"]["actor_learning_rate"] = json!(0.02);
        } else if entry.code.network == "published" {
            settings["rollout"]["n_episodes"] = json!(1000);
            judged = TRAINING;
        }
        let policy = learned(&domain, entry.name, &domain.demonstrations, &settings);
        let reward = mean_reward(&domain, &*policy, judged.clone());
        let least = if judged == UNSEEN { 4.9 } else { 4.2 };
        assert!(reward > least, "{}: {reward}, of 5 at best and {chance} by chance", entry.name);
    }
}

/// Nats per step of a demonstration under a policy that is drawn from.
fn loss(domain: &Domain, policy: &dyn TrainedPolicy, demonstration: &Demonstrated) -> f32 {
    let ranker = Ranker { selection: Selection::Sample, ..policy.ranker().unwrap().clone() };
    let user = demonstration.session.user;
    let history = domain.histories[user.index()].as_slice();
    let mut session = ranker.start(SessionContext { user, history });
    let mut shown = mdp::ItemSet::empty(domain.catalogue.len());
    for row in history {
        shown.insert(row.item);
    }
    let mut log_probs = vec![0.0; domain.catalogue.len()];
    let mut total = 0.0;
    for step in &demonstration.session.steps {
        session.log_probs(&shown, &mut log_probs).unwrap();
        total -= log_probs[step.item.index()];
        session.observe(step.item, step.reward);
        shown.insert(step.item);
    }
    total / demonstration.session.steps.len() as f32
}

#[test]
fn whoever_imitates_overfits_one_demonstration() {
    let domain = domain();
    let one = &domain.demonstrations[3];
    let untrained = loss(&domain, &*learned(&domain, "untrained", &[], &json!({})), one);
    let bc = json!({ "learning_rate": 0.05, "most_rounds": 400, "patience": 400 });
    let il_rec = json!({
        "switches": { "actor_critic": false, "weights": false },
        // The last policy is the only one that is validated, so that it is the one that is kept.
        "training": {
            "warm_start_iterations": 300, "actor_learning_rate": 0.05, "first_weights": "neutral", "validation_interval": 1000
        },
        "imitation": { "coefficient": 1.0 },
        "hazard": { "gradient_steps": 5 },
    });
    for (name, settings) in [("bc", bc), ("il-rec", il_rec)] {
        let policy = learned(&domain, name, std::slice::from_ref(one), &settings);
        let fitted = loss(&domain, &*policy, one);
        assert!(fitted < 0.5 * untrained, "{name}: {fitted} nats a step, {untrained} before");
    }
}
