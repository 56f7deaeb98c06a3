//! Gradients against finite differences.

use crate::*;

/// Central differences of `loss` in a few coordinates of `parameters` against `gradient`.
pub(crate) fn check_gradient(parameters: &[f32], gradient: &[f32], loss: impl Fn(&[f32]) -> f64) {
    let step = 1e-3f32;
    for i in (0..parameters.len()).step_by((parameters.len() / 40).max(1)) {
        let mut moved = parameters.to_vec();
        moved[i] = parameters[i] + step;
        let up = loss(&moved);
        moved[i] = parameters[i] - step;
        let down = loss(&moved);
        let numeric = (up - down) / (2.0 * f64::from(step));
        let error = (numeric - f64::from(gradient[i])).abs();
        assert!(error < 2e-2 * (1.0 + numeric.abs()), "coordinate {i}: {} against {numeric}", gradient[i]);
    }
}

#[test]
fn mlp_gradients() {
    let rng = &mut mdp::rng_for(1, &[]);
    let mlp = Mlp::new(&[3, 8, 5, 2], rng);
    let input = normals(4 * 3, 1.0, rng);
    let target = normals(4 * 2, 1.0, rng);
    let loss = |mlp: &Mlp, input: &[f32]| -> f64 {
        mlp.apply(input).iter().zip(&target).map(|(y, t)| f64::from(y - t).powi(2)).sum()
    };
    let trace = mlp.forward(&input);
    let upstream: Vec<f32> = trace.output().iter().zip(&target).map(|(y, t)| 2.0 * (y - t)).collect();
    let mut gradient = vec![0.0; mlp.parameters.len()];
    let input_gradient = mlp.backward(&trace, &upstream, &mut gradient);
    let with = |p: &[f32]| {
        let mut moved = mlp.clone();
        moved.parameters = p.to_vec();
        moved
    };
    check_gradient(&mlp.parameters, &gradient, |p| loss(&with(p), &input));
    check_gradient(&input, &input_gradient, |x| loss(&mlp, x));
}

const SMALL: TrackerConfig = TrackerConfig { width: 6, window: 3, n_layers: 2, dropout: 0.1 };

/// A trace with `n_steps` random steps from `inputs: user, items`.
fn fill(trace: &mut TrackerTrace, inputs: &[f32]) {
    let (user, items) = inputs.split_at(6);
    trace.start(user);
    items.chunks_exact(6).enumerate().for_each(|(step, item)| trace.push(item, 1.0 + step as f32));
}

#[test]
fn tracker_gradients_with_and_without_dropout() {
    let rng = &mut mdp::rng_for(4, &[]);
    let tracker = StateTracker::new(SMALL, rng);
    for n_steps in 0..=3 {
        let inputs = normals(6 * (1 + n_steps), 1.0, rng);
        let weights = normals(6, 1.0, rng);
        let mut trace = TrackerTrace::new(&SMALL);
        fill(&mut trace, &inputs);
        tracker.encode(&mut trace, Dropout::Drawn(rng));
        let mut gradient = vec![0.0; tracker.parameters.len()];
        let found = tracker.backward(&trace, &weights, &mut gradient);
        let loss = |tracker: &StateTracker, inputs: &[f32]| -> f64 {
            let mut trace = trace.clone();
            fill(&mut trace, inputs);
            let state = tracker.encode(&mut trace, Dropout::Kept);
            state.iter().zip(&weights).map(|(s, w)| f64::from(s * w)).sum()
        };
        let with = |p: &[f32]| {
            let mut moved = tracker.clone();
            moved.parameters = p.to_vec();
            moved
        };
        check_gradient(&tracker.parameters, &gradient, |p| loss(&with(p), &inputs));
        let of_inputs = [found.user, found.items].concat();
        check_gradient(&inputs, &of_inputs, |x| loss(&tracker, x));
    }
}

#[test]
fn tracker_states_have_the_published_shape() {
    let rng = &mut mdp::rng_for(5, &[]);
    let tracker = StateTracker::new(TrackerConfig { width: 32, window: 4, n_layers: 2, dropout: 0.1 }, rng);
    // Reward projection 64, positions 128, two layers of 4224 + 2112 + 128, final norm 64.
    assert_eq!(tracker.parameters.len(), 64 + 128 + 2 * (3 * 1056 + 1056 + 64 + 2 * 1056 + 64) + 64);
    let mut trace = TrackerTrace::new(tracker.config());
    let user = normals(32, 1.0, rng);
    trace.start(&user);
    let state = tracker.encode(&mut trace, Dropout::Off).to_vec();
    // Without steps the state is the rectified normalised user vector, whatever the dropout.
    let mean = user.iter().sum::<f32>() / 32.0;
    let deviation = (user.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 32.0 + 1e-5).sqrt();
    assert!(state.iter().zip(&user).all(|(s, u)| (s - ((u - mean) / deviation).max(0.0)).abs() < 1e-5));
    assert_eq!(tracker.encode(&mut trace, Dropout::Drawn(rng)), state);
}

#[test]
fn tracker_sees_order_rewards_and_masks() {
    let rng = &mut mdp::rng_for(6, &[]);
    let tracker = StateTracker::new(SMALL, rng);
    let (user, a, b) = (normals(6, 1.0, rng), normals(6, 1.0, rng), normals(6, 1.0, rng));
    let mut trace = TrackerTrace::new(&SMALL);
    let mut state = |steps: &[(&[f32], f32)], dropout: Dropout<'_>| {
        trace.start(&user);
        steps.iter().for_each(|(item, reward)| trace.push(item, *reward));
        tracker.encode(&mut trace, dropout).to_vec()
    };
    let plain = state(&[(&a, 4.0), (&b, 2.0)], Dropout::Off);
    assert_eq!(plain, state(&[(&a, 4.0), (&b, 2.0)], Dropout::Off));
    assert_ne!(plain, state(&[(&b, 2.0), (&a, 4.0)], Dropout::Off));
    assert_ne!(plain, state(&[(&a, 4.0), (&b, 5.0)], Dropout::Off));
    assert_ne!(plain, state(&[(&a, 4.0), (&b, 2.0)], Dropout::Drawn(rng)));
}

#[test]
fn dropped_values_keep_their_mean() {
    let (mut mask, rng) = (Vec::new(), &mut mdp::rng_for(7, &[]));
    Dropout::Drawn(rng).fill(0.1, 100_001, &mut mask);
    let n_dropped = mask.iter().filter(|&&m| m == 0.0).count();
    assert!((9_600..10_400).contains(&n_dropped), "{n_dropped}");
    assert!((mask.iter().sum::<f32>() / 100_001.0 - 1.0).abs() < 5e-3);
}

#[test]
fn a_batch_is_encoded_and_differentiated_as_its_sessions_one_by_one() {
    let config = TrackerConfig { width: 32, window: 4, n_layers: 2, dropout: 0.1 };
    let rng = &mut mdp::rng_for(6, &[]);
    let tracker = StateTracker::new(config, rng);
    let sessions: Vec<Vec<f32>> = (0..70).map(|i| normals(32 * (1 + i % 5), 1.0, rng)).collect();
    let upstream = normals(70 * 32, 1.0, rng);
    let mut batch = TrackerBatch::new(kernels::Isa::detected(), config);
    let (mut states, mut gradient) = (Vec::new(), vec![9.0; tracker.parameters.len()]);
    let mut want_gradient = vec![0.0; gradient.len()];
    let mut want = Vec::new();
    let mut trace = TrackerTrace::new(&config);
    for (session, upstream) in sessions.iter().zip(upstream.chunks_exact(32)) {
        batch.start(&session[..32]);
        session[32..].chunks_exact(32).enumerate().for_each(|(step, item)| batch.push(item, step as f32));
        trace.start(&session[..32]);
        session[32..].chunks_exact(32).enumerate().for_each(|(step, item)| trace.push(item, step as f32));
        let state = tracker.encode(&mut trace, Dropout::Off).to_vec();
        want.push((state, tracker.backward(&trace, upstream, &mut want_gradient)));
    }
    batch.encode(&tracker, BatchDropout::Off, &mut states);
    batch.backward(&tracker, &upstream, &mut gradient);
    let close = |a: &[f32], b: &[f32]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 2e-4 * (1.0 + b.abs()))
    };
    assert!(close(&gradient, &want_gradient));
    let got = states.chunks_exact(32).zip(batch.input_gradients());
    for ((state, (d_user, d_items)), (want_state, inputs)) in got.zip(&want) {
        assert!(close(state, want_state) && close(d_user, &inputs.user) && close(d_items, &inputs.items));
    }
}

#[test]
fn a_batch_of_sessions_without_steps_is_encoded_too() {
    let config = TrackerConfig { width: 32, window: 4, n_layers: 2, dropout: 0.1 };
    let rng = &mut mdp::rng_for(6, &[]);
    let tracker = StateTracker::new(config, rng);
    let users = normals(40 * 32, 1.0, rng);
    let mut batch = TrackerBatch::new(kernels::Isa::detected(), config);
    users.chunks_exact(32).for_each(|user| batch.start(user));
    let (mut states, mut gradient) = (Vec::new(), vec![9.0; tracker.parameters.len()]);
    batch.encode(&tracker, BatchDropout::Shared(1), &mut states);
    let mut trace = TrackerTrace::new(&config);
    for (user, state) in users.chunks_exact(32).zip(states.chunks_exact(32)) {
        trace.start(user);
        let want = tracker.encode(&mut trace, Dropout::Off);
        assert!(state.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-5 * (1.0 + b.abs())));
    }
    batch.backward(&tracker, &users, &mut gradient);
    assert!(batch.input_gradients().all(|(user, items)| user.len() == 32 && items.is_empty()));
    let norm = tracker.norm();
    assert!(gradient[..norm.start].iter().all(|&g| g == 0.0) && gradient[norm].iter().any(|&g| g != 0.0));
}

#[test]
fn a_session_with_its_own_generator_drops_what_it_drops_alone() {
    let config = TrackerConfig { width: 32, window: 4, n_layers: 2, dropout: 0.3 };
    let rng = &mut mdp::rng_for(6, &[]);
    let tracker = StateTracker::new(config, rng);
    let sessions: Vec<Vec<f32>> = (0..70).map(|i| normals(32 * (1 + i % 5), 1.0, rng)).collect();
    let own = |session: usize| mdp::rng_for(9, &[session as u64]);
    let mut rngs: Vec<mdp::Rng> = (0..70).map(own).collect();
    let mut batch = TrackerBatch::new(kernels::Isa::detected(), config);
    for session in &sessions {
        batch.start(&session[..32]);
        session[32..].chunks_exact(32).for_each(|item| batch.push(item, 2.0));
    }
    let mut states = Vec::new();
    batch.encode(&tracker, BatchDropout::Own(&mut rngs), &mut states);
    let mut trace = TrackerTrace::new(&config);
    for (index, ((session, state), after)) in
        sessions.iter().zip(states.chunks_exact(32)).zip(&rngs).enumerate()
    {
        trace.start(&session[..32]);
        session[32..].chunks_exact(32).for_each(|item| trace.push(item, 2.0));
        let mut alone = own(index);
        let want = tracker.encode(&mut trace, Dropout::Drawn(&mut alone));
        assert!(
            state.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs())),
            "session {index}"
        );
        assert_eq!(*after, alone, "and its generator has moved as far");
    }
}
