//! The lookahead finds out why users leave, and acts on it.

use super::*;
use crate::tests::{Domain, Users, domain, users};
use environment::{Environment, ExitRule, RuleSettings};
use learning::{Checkpoints, Demonstrated, Silent, Trained, train};
use mdp::{ItemIdx, Policy as _};

fn config() -> Config {
    let mut config: Config = toml::from_str(ENTRY.preset).unwrap();
    config.training.n_validation_users = 10;
    config
}

fn short() -> Config {
    let mut config = config();
    config.training.n_env_steps = 100;
    config
}

/// The usual domain, whose users leave by this rule.
fn under(rule: &str, settings: &RuleSettings) -> Domain {
    let mut domain = domain();
    let rule = ExitRule::new(rule, settings).unwrap();
    let (rewards, features) = (domain.environment.rewards().clone(), domain.environment.features().clone());
    domain.environment = Environment::new(rewards, features, rule, 40).unwrap();
    domain
}

fn run(domain: &Domain, config: &Config) -> Trained {
    let everyone: (Users<'_>, Users<'_>) = (users(domain, 0..20), users(domain, 20..30));
    let inputs = Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &everyone.0,
        validation: &everyone.1,
        demonstrators: &[],
        demonstrations: &[],
        tables: &domain.tables,
    };
    train(config.start(&inputs, 3).unwrap(), &inputs, 3, None, &mut Silent).unwrap()
}

fn opened(domain: &Domain, trained: &Trained) -> Lookahead {
    Lookahead::read(trained.policy.to_tensors(&domain.catalogue), &domain.catalogue).unwrap()
}

/// What sessions of users earn from whom nothing was learned, and how long they are.
fn judged(domain: &Domain, policy: &dyn mdp::Policy) -> (f32, f32) {
    let everyone = users(domain, 30..40);
    let starts: Vec<Start<'_>> =
        everyone.iter().map(|&(user, history)| Start { user, history, stream: 0 }).collect();
    let sessions = rollout(&domain.environment, policy, &starts, 9).unwrap();
    let n_steps: usize = sessions.iter().map(|session| session.steps.len()).sum();
    (mean_return(&sessions), n_steps as f32 / sessions.len() as f32)
}

#[test]
fn what_tires_users_is_found_and_avoided() {
    let settings = RuleSettings::default().with("window", 3).with("count", 2).with("low_reward.below", 0);
    let domain = under("category-window", &settings);
    let policy = opened(&domain, &run(&domain, &config()));
    // Items of one category, and one of another.
    let of = |item: u32| policy.known.categories_of(ItemIdx(item)).to_vec();
    let same: Vec<ItemIdx> = (0..60).map(ItemIdx).filter(|item| of(item.0) == of(0)).take(3).collect();
    let other = (0..60).find(|item| of(*item).iter().all(|c| !of(0).contains(c))).unwrap();
    let near = policy.model.near(&same[..2], &policy.known);
    let (tired, fresh) = (policy.model.leave(&of(same[2].0), &near), policy.model.leave(&of(other), &near));
    assert!(tired > 0.2 && tired > 10.0 * fresh, "{tired} after two of a kind, {fresh} after two of another");
    let nobody_leaves = Lookahead { staying: 0.0, ..policy.clone() };
    let ((earned, n_steps), (greedy, n_greedy)) = (judged(&domain, &policy), judged(&domain, &nobody_leaves));
    assert!(policy.staying > 0.0 && earned > 1.3 * greedy, "{earned} in {n_steps}, {greedy} in {n_greedy}");
}

#[test]
fn exploring_says_how_likely_its_choices_are() {
    let domain = domain();
    let policy = opened(&domain, &run(&domain, &short()));
    for temperature in [0.3, 0.0] {
        let mut hidden = ItemSet::empty(60);
        hidden.insert(ItemIdx(7));
        let exploring = Exploring { policy: &policy, temperature, hidden: &hidden };
        let context = mdp::SessionContext { user: mdp::UserIdx(3), history: &domain.histories[3] };
        assert_eq!(mdp::broken_log_prob_law(&exploring, context, 60, 6, &[4.0, 1.0]), None);
        assert_eq!(exploring.name(), NETWORK);
    }
}

#[test]
fn numbers_that_no_fit_gives_are_refused() {
    let domain = domain();
    let tensors = run(&domain, &short()).policy.to_tensors(&domain.catalogue);
    assert!(Lookahead::open(tensors.clone(), &domain.catalogue).is_ok());
    for name in ["popularity", "rating", "reward", "low", "leave.lags", "leave.category", "worth"] {
        let (shape, numbers) = tensors.get(name).unwrap();
        let (shape, mut numbers) = (shape.to_vec(), numbers.to_vec());
        numbers[0] = f32::NAN;
        let mut damaged = tensors.clone();
        damaged.insert(name, &shape, numbers);
        assert!(Lookahead::open(damaged, &domain.catalogue).is_err(), "{name}");
    }
}

#[test]
fn settings_out_of_their_range_are_refused() {
    for bad in [
        serde_json::json!({ "staying": [] }),
        serde_json::json!({ "low_costs": [-1.0] }),
        serde_json::json!({ "sessions_per_round": 0 }),
        serde_json::json!({ "learning_rate": 0.0 }),
    ] {
        assert!(ENTRY.settings(&bad).is_err(), "{bad}");
    }
}

/// In nobody's history.
const NEW: ItemIdx = ItemIdx(7);

#[test]
fn what_nobody_chose_is_known_by_demonstrations_and_never_asked_of_the_train_world() {
    let mut domain = domain();
    domain.histories.iter_mut().for_each(|history| history.retain(|row| row.item != NEW));
    let demonstration = |user: u32| {
        let items = domain.histories[user as usize].iter().map(|row| row.item).chain([NEW]);
        let step = |item| Step { item, reward: 5.0, log_prob_behavior: 0.0, end: StepEnd::Continues };
        let session = Trajectory { user: UserIdx(user), steps: items.map(step).collect() };
        Demonstrated { id: format!("demo:{user}"), session, slates: Vec::new() }
    };
    let demonstrations: Vec<Demonstrated> = (0..20).map(demonstration).collect();
    let everyone: (Users<'_>, Users<'_>) = (users(&domain, 0..20), users(&domain, 20..30));
    let inputs = Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &everyone.0,
        validation: &everyone.1,
        demonstrators: &[],
        demonstrations: &demonstrations,
        tables: &domain.tables,
    };
    let mut with = config();
    with.training.n_env_steps = 300;
    let mut without = with.clone();
    without.switches.demonstrations = false;
    // Whether the history of somebody else speaks for it.
    let known = |config: &Config| {
        let learner = Learner::new(&inputs, config, 3).unwrap();
        let bases = learner.policy.known.bases(&domain.histories[30])[NEW.index()];
        (bases[1] > 0.0, learner.needs().demonstrations)
    };
    assert_eq!(known(&with), (true, Demonstrations::Welcome));
    assert_eq!(known(&without), (false, Demonstrations::Ignored));
    let mut kept = Checkpoints::default();
    train(with.start(&inputs, 3).unwrap(), &inputs, 3, None, &mut kept).unwrap();
    let state = kept.0.last().unwrap();
    let name = state.names().find(|name| name.ends_with("steps")).unwrap().to_owned();
    let (_, steps) = state.get(&name).unwrap();
    let shown = |item: ItemIdx| steps.chunks_exact(STEP).any(|step| step[0] as u32 == item.0);
    assert!(!shown(NEW) && (0..60).filter(|item| shown(ItemIdx(*item))).count() > 10);
}
