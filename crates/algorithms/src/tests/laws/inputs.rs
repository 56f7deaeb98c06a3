//! What a run may take from its inputs, and what not.

use super::*;
use mdp::rng_for;
use rand::seq::SliceRandom as _;
use ranking::{Ranker, Selection};
use std::sync::atomic::Ordering::Relaxed;

/// Users whose sessions may be learned from, in [`run`].
const N_TRAINING: usize = 20;

#[test]
fn budget_no_step_is_taken_that_is_not_told_and_no_more_than_settings_say() {
    for entry in REGISTRY {
        let domain = domain();
        let told = trained(entry, &domain).progress;
        let asked = &domain.tastes.n_asked[..N_TRAINING];
        let n_asked: usize = asked.iter().map(|n| n.load(Relaxed)).sum();
        assert_eq!(n_asked as u64, told.n_env_steps, "{}: steps with training users", entry.name);
        let settings = entry.settings(&small(entry)).unwrap().value();
        let planned = |key: &str| settings.pointer(key).and_then(Value::as_u64);
        match entry.needs.schedule {
            Schedule::None | Schedule::Offline => assert_eq!(told.n_env_steps, 0, "{}", entry.name),
            Schedule::OnPolicy | Schedule::OffPolicy => match planned("/rollout/n_episodes") {
                Some(n_episodes) => assert_eq!(told.n_episodes, n_episodes, "{}", entry.name),
                None => {
                    // Sessions are played to their end, so that the last round may go beyond; a round is 16 sessions at
                    // least, of 20 steps at most.
                    let most = planned("/training/n_env_steps").unwrap() + 16 * 20;
                    assert!(told.n_env_steps <= most, "{}: {told:?}", entry.name);
                }
            },
        }
    }
}

#[test]
fn no_future_rewards_of_users_who_are_not_given_change_nothing() {
    // Users 0 to 19 train, 20 to 29 validate; the others are judged.
    let (domain, other) = (domain(), domain_of(Tastes::with_others_from(30)));
    let differs = |user| {
        (0..N_ITEMS).any(|item| {
            let reward = |domain: &Domain| domain.tastes.reward(UserIdx(user), ItemIdx(item));
            reward(&domain) != reward(&other)
        })
    };
    assert!(differs(30) && !differs(29));
    for entry in REGISTRY {
        let (one, two) = (trained(entry, &domain), trained(entry, &other));
        assert_eq!(hash(&domain, &one), hash(&other, &two), "{}", entry.name);
    }
}

/// Entries that draw nothing item by item, so that the order of the catalogue leaves no trace but rounding. The others play
/// sessions, in which the same random number draws another item where items stand in another order, or start from an embedding
/// of each item that is drawn in their order.
const EQUIVARIANT: [&str; 2] = ["bc", "untrained"];

#[test]
fn equivariance_items_in_another_order_are_scored_the_same() {
    let mut order: Vec<u32> = (0..N_ITEMS).collect();
    order.shuffle(&mut rng_for(3, &[]));
    let (domain, other) = (domain(), domain_of(Tastes::in_order(order.clone())));
    for name in EQUIVARIANT {
        let entry = find(name).unwrap();
        // Factors of the taste model start from random numbers, item by item.
        let mut settings = small(entry);
        settings["taste"] = json!({ "n_factors": 0 });
        let settings = entry.settings(&settings).unwrap();
        let scored = |domain: &Domain| {
            let trained = started(&*settings, domain, &domain.demonstrations, Vec::new(), |run, inputs| {
                train(run, inputs, 5, None, &mut Silent)
            });
            let ranker = trained.unwrap().policy.ranker().unwrap().clone();
            let ranker = Ranker { selection: Selection::Sample, ..ranker };
            let context = SessionContext { user: UserIdx(31), history: &domain.histories[31] };
            let mut log_probs = vec![0.0; N_ITEMS as usize];
            ranker.start(context).log_probs(&ItemSet::empty(N_ITEMS as usize), &mut log_probs).unwrap();
            log_probs
        };
        let (usual, moved) = (scored(&domain), scored(&other));
        for (place, &item) in order.iter().enumerate() {
            let (a, b) = (usual[item as usize], moved[place]);
            assert!((a - b).abs() < 1e-2, "{name}: item {item} has {a}, and {b} at {place}");
        }
        let spread = usual.iter().fold(0.0_f32, |most, log_p| most.max(log_p - usual[0]));
        assert_eq!(spread > 0.1, name == "bc", "{name}: scores differ by {spread}");
    }
}

#[test]
fn full_support_a_policy_is_certain_of_one_item_or_gives_every_item_a_chance() {
    let domain = domain();
    for entry in REGISTRY {
        let mut drawn = small(entry);
        let can_draw = entry.defaults().pointer("/training/selection").is_some();
        if can_draw {
            drawn["training"]["selection"] = json!("sample");
        }
        for (settings, has_to_draw) in [(small(entry), false), (drawn, can_draw)] {
            let settings = entry.settings(&settings).unwrap();
            let trained = started(&*settings, &domain, &domain.demonstrations, Vec::new(), |run, inputs| {
                train(run, inputs, 5, None, &mut Silent)
            });
            let policy = trained.unwrap().policy;
            let context = SessionContext { user: UserIdx(2), history: &domain.histories[2] };
            let mut shown = ItemSet::empty(N_ITEMS as usize);
            for item in [3, 11] {
                shown.insert(ItemIdx(item));
            }
            let mut log_probs = vec![0.0; N_ITEMS as usize];
            policy.start(context).log_probs(&shown, &mut log_probs).unwrap();
            let n_possible = log_probs.iter().filter(|log_p| log_p.is_finite()).count();
            let at = format!("{}: {n_possible} items are possible", entry.name);
            assert!(log_probs[3] == f32::NEG_INFINITY && log_probs[11] == f32::NEG_INFINITY, "{at}");
            assert!(n_possible == N_ITEMS as usize - 2 || n_possible == 1 && !has_to_draw, "{at}");
        }
    }
}
