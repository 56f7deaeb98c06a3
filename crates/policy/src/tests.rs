//! Golden values of the published losses, gradients, and the learners' ladder.

use crate::critic::move_target;
use crate::*;
use mdp::{ItemIdx, ItemSet, Policy as _, SessionContext, UserIdx, rng_for};
use nn::{Dropout, TrackerConfig};

const TRACKER: TrackerConfig = TrackerConfig { width: 8, window: 3, n_layers: 2, dropout: 0.1 };
const ACTOR: ActorConfig = ActorConfig {
    n_users: 3,
    n_items: 40,
    tracker: TRACKER,
    logit_limit: 15.0,
    learning_rate: 1e-3,
    row_norm_limit: 10.0,
    bias_limit: 5.0,
};
const CRITIC: CriticConfig = CriticConfig {
    width: 8,
    n_hidden: 8,
    n_items: 40,
    learning_rate: 1e-2,
    target_interval: 10,
    target_rate: 1.0,
};

fn golden(entropy: f32, imitation: f32) -> PolicyLoss {
    let mut logits = [0.0f32, 1.0, 2.0, 0.0, 0.0, 0.0];
    let row = |action, advantage, demo_weight| PolicyRow { action, advantage, demo_weight };
    let rows = [row(1, 1.0, None), row(1, 2.0, Some(3.0)), row(0, -1.0, Some(2.0))];
    policy_loss(&mut logits, &mut [0.0; 6], &rows, &LossConfig { entropy, imitation, logit_limit: 0.0 })
}

#[test]
fn policy_losses_of_the_specification() {
    let near = |got: f32, want: f32| assert!((got - want).abs() < 1e-6, "{got} against {want}");
    let plain = golden(0.0, 0.5);
    near(plain.actor, 1.291_323_5);
    near(plain.entropy, 0.546_894_7);
    near(plain.imitation, 3.883_539_2);
    near(plain.total, 3.233_093);
    near(golden(0.1, 0.5).total, 3.178_403_7);
}

#[test]
fn imitation_is_a_mean_over_demonstrated_rows() {
    let loss = |weights: [Option<f32>; 2]| {
        let rows = weights.map(|demo_weight| PolicyRow { action: 0, advantage: 0.0, demo_weight });
        let config = LossConfig { entropy: 0.0, imitation: 1.0, logit_limit: 0.0 };
        policy_loss(&mut [0.0; 4], &mut [0.0; 4], &rows, &config).imitation
    };
    assert_eq!(loss([None, None]), 0.0);
    assert!(
        (loss([Some(2.0), Some(0.0)]) - 2f32.ln()).abs() < 1e-6,
        "a zero weight removes a row, not its share"
    );
    assert!((loss([Some(2.0), None]) - 2.0 * 2f32.ln()).abs() < 1e-6);
}

#[test]
fn targets_and_advantages_of_the_specification() {
    assert_eq!(temporal_difference_target(1.0, Some(10.0), 0.5), 6.0);
    assert_eq!(temporal_difference_target(2.0, None, 0.5), 2.0);
    let mut target = [0.0];
    move_target(&mut target, &[2.0], 0.25);
    assert_eq!(target, [0.5]);
    let mut advantages = [1.0, 2.0, 3.0];
    normalise_advantages(&mut advantages, 5.0);
    assert!((advantages[2] - 1.5f32.sqrt()).abs() < 1e-6 && advantages[1].abs() < 1e-6);
    let mut alone = [7.0];
    normalise_advantages(&mut alone, 5.0);
    assert_eq!(alone, [5.0], "one row is clipped, not normalised");
    let mut equal = [2.0; 8];
    normalise_advantages(&mut equal, 5.0);
    assert_eq!(equal, [0.0; 8]);
}

/// Rows on four states.
fn critic_batch() -> [CriticRow; 4] {
    [0, 1, 2, 3].map(|i| CriticRow { item: ItemIdx(i % 3), target: i as f32, weight: 1.0 + i as f32 })
}

#[test]
fn critic_gradient_is_that_of_the_loss() {
    let rng = &mut rng_for(1, &[]);
    let critic = Critic::new(CRITIC, rng);
    let states = nn::normals(4 * 8, 1.0, rng);
    let mut accumulated = critic.clone();
    accumulated.accumulate(&states, &critic_batch());
    let (gradient, rows) = accumulated.gradients();
    let loss = |parts: CriticParts| {
        let loss = Critic::from_parts(CRITIC, parts).accumulate(&states, &critic_batch());
        f64::from(loss.action_value) + f64::from(loss.value)
    };
    let check = |exact: f32, place: &dyn Fn(&mut CriticParts) -> &mut f32| {
        let moved = |by: f32| {
            let mut parts = critic.to_parts();
            *place(&mut parts) += by;
            loss(parts)
        };
        let numeric = (moved(2e-3) - moved(-2e-3)) / 4e-3;
        assert!(
            (numeric - f64::from(exact)).abs() < 3e-2 * (1.0 + numeric.abs()),
            "{exact} against {numeric}"
        );
    };
    for (i, &exact) in gradient.iter().enumerate() {
        check(exact, &|parts| &mut parts.shared[0][i]);
    }
    for (&row, exact) in rows.iter() {
        for (i, &exact) in exact.iter().enumerate() {
            check(exact, &|parts| &mut parts.action_values.values[row as usize * 9 + i]);
        }
    }
}

#[test]
fn critic_weights_count_rows_not_weights() {
    // Q is 1 and 3 for targets 2 and 1 with weights 1 and 2: (1·1 + 2·4) / 2 = 4.5, the published test vector.
    let mut critic = Critic::new(CRITIC, &mut rng_for(1, &[]));
    let mut parts = critic.to_parts();
    parts.shared[0].fill(0.0);
    parts.action_values.values.fill(0.0);
    (parts.action_values.values[8], parts.action_values.values[17]) = (1.0, 3.0);
    critic = Critic::from_parts(CRITIC, parts);
    let row = |item, target, weight| CriticRow { item: ItemIdx(item), target, weight };
    let loss = critic.step(&[1.0; 16], &[row(0, 2.0, 1.0), row(1, 1.0, 2.0)]);
    assert_eq!((loss.action_value, loss.value), (4.5, 2.5));
}

#[test]
fn critic_learns_and_its_target_follows_every_tenth_update() {
    let rng = &mut rng_for(2, &[]);
    let mut critic = Critic::new(CRITIC, rng);
    let states = nn::normals(4 * 8, 1.0, rng);
    let first = critic.step(&states, &critic_batch());
    let target = |critic: &mut Critic| {
        let mut out = Vec::new();
        critic.append_target_values(&states, &mut out);
        out
    };
    let before = target(&mut critic);
    for _ in 1..9 {
        critic.step(&states, &critic_batch());
    }
    assert_eq!(target(&mut critic), before);
    let mut last = critic.step(&states, &critic_batch());
    let mut values = Vec::new();
    critic.append_values(&states, &mut values);
    assert_eq!(target(&mut critic), values);
    assert!(last.action_value < first.action_value && last.value < first.value);
    for _ in 0..600 {
        last = critic.step(&states, &critic_batch());
    }
    assert!(last.value < 0.1 && last.action_value < 0.1, "{last:?}");
}

fn row<'a>(
    user_row: u32,
    steps: &'a [(ItemIdx, f32)],
    action: usize,
    demo_weight: Option<f32>,
) -> ActorRow<'a> {
    ActorRow {
        state: StateInput { user_row, steps },
        loss: PolicyRow { action, advantage: 0.0, demo_weight },
    }
}

const IMITATE: LossConfig = LossConfig { entropy: 0.0, imitation: 1.0, logit_limit: 15.0 };

#[test]
fn actor_learns_to_imitate_per_user_and_per_history() {
    let rng = &mut rng_for(3, &[]);
    let mut actor = Actor::new(ActorConfig { learning_rate: 1e-2, ..ACTOR }, rng);
    let (short, long) = ([(ItemIdx(5), 4.0)], [(ItemIdx(1), 1.0), (ItemIdx(2), 2.0), (ItemIdx(5), 4.0)]);
    let batch = [
        row(0, &[], 7, Some(1.0)),
        row(1, &[], 9, Some(1.0)),
        row(0, &short, 11, Some(1.0)),
        row(0, &long, 13, Some(1.0)),
    ];
    let first = actor.step(&batch, &IMITATE, rng).imitation;
    let second = actor.step(&batch, &IMITATE, rng).imitation;
    assert!(second < first, "{second} is not below {first}");
    for _ in 0..300 {
        actor.step(&batch, &IMITATE, rng);
    }
    assert_eq!(actor.n_gradient_steps(), 302);
    let mut hits = 0;
    for round in 0..40 {
        let wanted = &batch[round % 4];
        let (item, log_prob) = actor.act(wanted.state, None, rng);
        hits += usize::from(item.index() == wanted.loss.action);
        assert!(log_prob <= 0.0);
    }
    assert!(hits > 34, "{hits} of 40");
}

#[test]
fn actor_gradients_are_those_of_the_loss() {
    // After the first step a first moment is a tenth of the gradient, so the optimiser's state tells the gradient.
    let tracker = TrackerConfig { dropout: 0.0, ..TRACKER };
    let config = ActorConfig { tracker, ..ACTOR };
    let rng = &mut rng_for(8, &[]);
    let steps = [(ItemIdx(1), 4.0), (ItemIdx(2), 2.5)];
    let loss = LossConfig { entropy: 0.3, imitation: 0.5, logit_limit: 15.0 };
    let mut one = row(2, &steps, 4, Some(1.5));
    one.loss.advantage = -0.7;
    let batch = [one, row(1, &[], 3, None)];
    let mut actor = Actor::new(config, rng);
    let start = actor.to_parts();
    let before = actor.step(&batch, &loss, rng).total;
    let moved = actor.to_parts();
    assert!(actor.step(&batch, &loss, rng).total < before);
    let mut check = |exact: f32, place: &dyn Fn(&mut ActorParts) -> &mut f32| {
        let mut at = |by: f32| {
            let mut parts = start.clone();
            *place(&mut parts) += by;
            f64::from(Actor::from_parts(config, parts).step(&batch, &loss, rng).total)
        };
        let (numeric, exact) = ((at(5e-3) - at(-5e-3)) / 1e-2, f64::from(exact) * 10.0);
        assert!((numeric - exact).abs() < 2e-2 * (0.2 + numeric.abs()), "{exact} against {numeric}");
    };
    for i in (0..moved.head[1].len()).step_by(7) {
        check(moved.head[1][i], &|parts| &mut parts.head[0][i]);
    }
    for i in (0..moved.tracker[1].len()).step_by(19) {
        check(moved.tracker[1][i], &|parts| &mut parts.tracker[0][i]);
    }
    for i in 0..8 {
        check(moved.users.first[16 + i], &|parts| &mut parts.users.values[16 + i]);
        check(moved.items.first[8 + i], &|parts| &mut parts.items.values[8 + i]);
    }
}

#[test]
fn the_head_keeps_its_limits_and_the_clamp_bounds_probabilities() {
    let rng = &mut rng_for(4, &[]);
    let config =
        ActorConfig { learning_rate: 0.5, logit_limit: 1.0, row_norm_limit: 2.0, bias_limit: 0.5, ..ACTOR };
    let mut actor = Actor::new(config, rng);
    let loss = LossConfig { logit_limit: 1.0, ..IMITATE };
    (0..50).for_each(|_| {
        let _ = actor.step(&[row(0, &[], 7, Some(1.0))], &loss, rng);
    });
    let [head, ..] = actor.to_parts().head;
    let norm = |item: usize| (0..8).map(|k| head[k * 40 + item].powi(2)).sum::<f32>().sqrt();
    assert!((0..40).all(|item| norm(item) <= 2.0 + 1e-4));
    assert!(head[8 * 40..].iter().all(|b| b.abs() <= 0.5) && head[8 * 40 + 7] == 0.5);
    // With limit 1 no two probabilities differ by more than e², so the best item has at most e²/(e² + 39).
    let best = (0..200)
        .map(|_| actor.act(StateInput { user_row: 0, steps: &[] }, None, rng).1)
        .fold(f32::MIN, f32::max);
    let bound = 1f32.exp().powi(2);
    assert!(best.exp() <= bound / (bound + 39.0) + 1e-5);
}

#[test]
fn the_seed_decides_everything_and_parts_restore_it() {
    let train = |from: Option<ActorParts>, n_steps: usize, rng: &mut mdp::Rng| {
        let mut actor = match from {
            Some(parts) => Actor::from_parts(ACTOR, parts),
            None => Actor::new(ACTOR, &mut rng_for(5, &[])),
        };
        let steps = [(ItemIdx(5), 4.0)];
        (0..n_steps).for_each(|i| {
            let _ = actor.step(&[row(i as u32 % 3, &steps, i, Some(1.0))], &IMITATE, rng);
        });
        actor
    };
    let users = [UserIdx(4), UserIdx(2), UserIdx(9)];
    let hash = |mut actor: Actor| actor.freeze("test", &users).parameter_hash();
    let whole = hash(train(None, 20, &mut rng_for(6, &[])));
    assert_eq!(whole, hash(train(None, 20, &mut rng_for(6, &[]))));
    let rng = &mut rng_for(6, &[]);
    let half = train(None, 10, rng);
    let mut resumed = Actor::from_parts(ACTOR, half.to_parts());
    let steps = [(ItemIdx(5), 4.0)];
    (10..20).for_each(|i| {
        let _ = resumed.step(&[row(i as u32 % 3, &steps, i, Some(1.0))], &IMITATE, rng);
    });
    assert_eq!(whole, hash(resumed));
}

#[test]
fn the_frozen_policy_acts_as_the_network_and_survives_its_tensors() {
    let mut actor = Actor::new(ACTOR, &mut rng_for(7, &[]));
    let policy = actor.freeze("released", &[UserIdx(4), UserIdx(2), UserIdx(9)]);
    assert_eq!(
        (policy.user_row(UserIdx(4)), policy.user_row(UserIdx(2)), policy.user_row(UserIdx(9))),
        (0, 1, 2)
    );
    assert_eq!(
        (policy.user_row(UserIdx(0)), policy.user_row(UserIdx(100))),
        (2, 2),
        "the last row for strangers"
    );
    let loaded = PublishedPolicy::from_tensors(policy.to_tensors()).unwrap();
    assert_eq!(loaded, policy);
    assert_eq!(loaded.name(), "released");
    assert!(PublishedPolicy::from_tensors(artefact::Tensors::default()).is_err());

    let mut session = policy.start(SessionContext { user: UserIdx(2), history: &[] });
    let mut shown = ItemSet::empty(40);
    for _ in 0..40 {
        let choice = session.choose(&shown, &mut rng_for(1, &[]));
        assert!(shown.insert(choice.item), "never shown twice");
        session.observe(choice.item, 3.0);
    }
    assert!(session.choose(&shown, &mut rng_for(1, &[])).item.index() < 40);

    let mut state = Vec::new();
    actor.append_state(StateInput { user_row: 1, steps: &[] }, Dropout::Off, &mut state);
    assert_eq!(state.len(), 8);
}

#[test]
fn the_frozen_policy_knows_how_likely_its_choices_are() {
    let users = [UserIdx(4), UserIdx(2), UserIdx(9)];
    let policy = Actor::new(ACTOR, &mut rng_for(8, &[])).freeze("released", &users);
    let history = [mdp::Interaction { item: ItemIdx(3), rating: 4.0, time: 0 }];
    let context = SessionContext { user: UserIdx(2), history: &history };
    assert_eq!(mdp::broken_log_prob_law(&policy, context, 40, 42, &[5.0, 2.0]), None);
}
