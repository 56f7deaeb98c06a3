//! BPR-MF finds tastes that popularity does not, and keeps what found most.

use super::*;
use crate::tests::{Domain, N_ITEMS, Users, domain, users};
use learning::{Silent, Trained, train};
use mdp::{Interaction, ItemIdx, ItemSet, RewardSource as _, SessionContext, UserIdx};

fn config() -> Config {
    toml::from_str(ENTRY.preset).unwrap()
}

fn inputs<'a>(domain: &'a Domain, users: &'a (Users<'a>, Users<'a>)) -> Inputs<'a> {
    Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &users.0,
        validation: &users.1,
        demonstrators: &[],
        demonstrations: &[],
        tables: &domain.tables,
    }
}

fn run(domain: &Domain, config: &Config) -> Trained {
    let everyone = (users(domain, 0..20), users(domain, 20..30));
    let inputs = inputs(domain, &everyone);
    train(config.start(&inputs, 3).unwrap(), &inputs, 3, None, &mut Silent).unwrap()
}

/// How much of the first ten items for users whom nobody learned from is liked, with what is given of their histories.
fn liked(domain: &Domain, trained: &Trained, given: usize) -> f64 {
    let mut n_liked = 0;
    for user in 30..40 {
        let history = &domain.histories[user as usize][..given];
        let mut session = trained.policy.start(SessionContext { user: UserIdx(user), history });
        let mut shown = ItemSet::empty(N_ITEMS as usize);
        for row in history {
            shown.insert(row.item);
        }
        for _ in 0..10 {
            let item = session.choose(&shown, &mut rng_for(0, &[])).item;
            shown.insert(item);
            n_liked += usize::from(domain.tastes.reward(UserIdx(user), item) == 5.0);
        }
    }
    n_liked as f64 / 100.0
}

#[test]
fn whoever_was_never_learned_from_is_shown_what_they_like() {
    let domain = domain();
    let trained = run(&domain, &config());
    let (known, unknown) = (liked(&domain, &trained, 15), liked(&domain, &trained, 0));
    assert!(
        known > 0.6 && known > unknown + 0.2,
        "{known} with a history, {unknown} without; 0.33 by chance"
    );
}

#[test]
fn it_stops_by_itself_and_keeps_what_found_most() {
    let domain = domain();
    let trained = run(&domain, &config());
    let progress = trained.progress;
    assert!(progress.n_rounds < config().most_rounds && progress.n_env_steps == 0, "{progress:?}");
    let hash = |trained: &Trained| trained.policy.to_tensors(&domain.catalogue).hash();
    let more = run(&domain, &Config { most_rounds: 600, ..config() });
    assert_eq!(hash(&more), hash(&trained));
    let best = progress.n_rounds - config().patience;
    let short = run(&domain, &Config { most_rounds: best, ..config() });
    assert_eq!(hash(&short), hash(&trained), "the best round is number {best}");
}

#[test]
fn where_nothing_is_held_out_the_last_round_is_kept() {
    let mut domain = domain();
    domain.histories[20..30].iter_mut().for_each(|history| history.truncate(1));
    let hash = |most_rounds| {
        let trained = run(&domain, &Config { most_rounds, ..config() });
        assert_eq!(trained.progress.n_rounds, most_rounds);
        trained.policy.to_tensors(&domain.catalogue).hash()
    };
    assert_ne!(hash(12), hash(14));
}

#[test]
fn who_took_up_nothing_or_everything_is_not_learned_from() {
    let mut domain = domain();
    let all = (0..N_ITEMS).map(|item| Interaction { item: ItemIdx(item), rating: 5.0, time: 0 });
    domain.histories[0] = all.collect();
    domain.histories[1] = vec![Interaction { item: ItemIdx(7), rating: 3.9, time: 0 }];
    let nobody = (users(&domain, 0..2), users(&domain, 20..30));
    let refused = Bpr::new(&inputs(&domain, &nobody), &config(), 3).err().unwrap();
    assert!(matches!(refused, LearningError::CannotFit(_)), "{refused}");
}

#[test]
fn what_is_shown_and_taken_up_counts_and_what_is_not_does_not() {
    let domain = domain();
    let trained = run(&domain, &config());
    let first = |answers: &[f32]| {
        let mut session = trained.policy.start(SessionContext { user: UserIdx(30), history: &[] });
        for (item, &reward) in [1, 7, 13, 19].into_iter().zip(answers) {
            session.observe(ItemIdx(item), reward);
        }
        session.choose(&ItemSet::empty(N_ITEMS as usize), &mut rng_for(0, &[])).item
    };
    assert_eq!(first(&[3.9; 4]), first(&[]));
    assert_ne!(first(&[4.0; 4]), first(&[]));
}

#[test]
fn numbers_that_no_fit_gives_are_refused() {
    let domain = domain();
    let tensors = run(&domain, &Config { most_rounds: 1, ..config() }).policy.to_tensors(&domain.catalogue);
    assert!(BprPolicy::open(tensors.clone(), &domain.catalogue).is_ok());
    for (name, bad) in [("items", f32::NAN), ("biases", f32::INFINITY), ("scale", 3e38)] {
        let (shape, numbers) = tensors.get(name).unwrap();
        let (shape, mut numbers) = (shape.to_vec(), numbers.to_vec());
        numbers[0] = bad;
        let mut damaged = tensors.clone();
        damaged.insert(name, &shape, numbers);
        assert!(BprPolicy::open(damaged, &domain.catalogue).is_err(), "{name} {bad}");
    }
    let mut damaged = tensors.clone();
    damaged.insert("items", &[N_ITEMS as usize, 0], Vec::new());
    assert!(BprPolicy::open(damaged, &domain.catalogue).is_err(), "no factors");
}

#[test]
fn settings_out_of_their_range_are_refused() {
    for bad in [
        serde_json::json!({ "n_factors": 0 }),
        serde_json::json!({ "patience": 0 }),
        serde_json::json!({ "l2_item": -0.1 }),
        serde_json::json!({ "learning_rate": 0.0 }),
    ] {
        assert!(ENTRY.settings(&bad).is_err(), "{bad}");
    }
}
