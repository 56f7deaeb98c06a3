//! Every estimate against the sum that defines it, over random sessions with ends of all kinds.

use super::*;
use mdp::{ExitReason, Rng, rng_for};
use rand::RngExt as _;

const DISCOUNT: f32 = 0.9;

/// Random steps of several sessions; the last one may be cut without an end.
struct Drawn {
    rewards: Vec<f32>,
    values: Vec<f32>,
    values_after: Vec<f32>,
    ends: Vec<StepEnd>,
    stays: Vec<f32>,
    ratios: Vec<f32>,
}

impl Drawn {
    fn new(rng: &mut Rng) -> Self {
        let n = rng.random_range(1..20);
        let mut column =
            |low: f32, high: f32| (0..n).map(|_| rng.random_range(low..high)).collect::<Vec<f32>>();
        let (rewards, values, mut values_after) = (column(-2.0, 2.0), column(-3.0, 3.0), column(-3.0, 3.0));
        let (stays, ratios, kinds) = (column(0.0, 1.0), column(0.0, 3.0), column(0.0, 1.0));
        let end = |kind: &f32| match kind {
            0.0..0.15 => StepEnd::Terminated(ExitReason::LowReward),
            0.15..0.3 => StepEnd::Truncated,
            _ => StepEnd::Continues,
        };
        let ends: Vec<StepEnd> = kinds.iter().map(end).collect();
        for t in 0..n - 1 {
            if ends[t].continues() {
                values_after[t] = values[t + 1];
            }
        }
        Self { rewards, values, values_after, ends, stays, ratios }
    }

    fn valued(&self, is_soft: bool) -> Valued<'_> {
        Valued {
            rewards: &self.rewards,
            values: &self.values,
            values_after: &self.values_after,
            ends: &self.ends,
            stays: is_soft.then_some(&self.stays),
        }
    }
}

/// The steps of the session from `start` on.
fn rest(steps: Valued<'_>, start: usize) -> std::ops::Range<usize> {
    let end = (start..steps.ends.len()).find(|&t| !steps.ends[t].continues());
    start..end.map_or(steps.ends.len(), |t| t + 1)
}

/// Temporal-difference error of a step.
fn error(steps: Valued<'_>, t: usize) -> f32 {
    let stays = match (steps.stays, steps.ends[t]) {
        (Some(stays), _) => stays[t],
        (None, StepEnd::Terminated(_)) => 0.0,
        (None, _) => 1.0,
    };
    steps.rewards[t] + DISCOUNT * stays * steps.values_after[t] - steps.values[t]
}

/// Sum over the rest of the session of `of(t)`, each discounted by everything between.
fn summed(steps: Valued<'_>, start: usize, factor: impl Fn(usize) -> f32, of: impl Fn(usize) -> f32) -> f32 {
    let keeps = |t: usize| DISCOUNT * steps.stays.map_or(1.0, |stays| stays[t]);
    let reached = |t: usize| (start..t).map(|k| keeps(k) * factor(k)).product::<f32>();
    rest(steps, start).map(|t| reached(t) * of(t)).sum()
}

fn near(a: &[f32], b: impl Fn(usize) -> f32, what: &str) {
    for (t, a) in a.iter().enumerate() {
        let b = b(t);
        assert!((a - b).abs() < 1e-3 * (1.0 + b.abs()), "{what} at {t}: {a} against {b}");
    }
}

/// Goes through many random sessions, with what happened and with learned probabilities of staying.
fn everywhere(check: impl Fn(&Drawn, Valued<'_>)) {
    for case in 0..200 {
        let drawn = Drawn::new(&mut rng_for(1, &[case]));
        check(&drawn, drawn.valued(false));
        check(&drawn, drawn.valued(true));
    }
}

#[test]
fn advantages_and_lambda_returns_are_their_sums() {
    everywhere(|_, steps| {
        let by_sum = |t| summed(steps, t, |_| 0.7, |k| error(steps, k));
        near(&generalised_advantages(steps, DISCOUNT, 0.7), by_sum, "advantage");
        near(&lambda_returns(steps, DISCOUNT, 0.7), |t| steps.values[t] + by_sum(t), "lambda-return");
    });
}

#[test]
fn n_step_returns_are_sums_of_errors_of_so_many_steps() {
    everywhere(|_, steps| {
        for n in [1, 3, 50] {
            // Errors of n steps telescope to the n-step return.
            let by_sum = |t| {
                let of = |k: usize| if k < t + n { error(steps, k) } else { 0.0 };
                steps.values[t] + summed(steps, t, |_| 1.0, of)
            };
            near(&n_step_returns(steps, DISCOUNT, n), by_sum, "n-step return");
        }
        let one = n_step_returns(steps, DISCOUNT, 1);
        near(&one, |t| lambda_returns(steps, DISCOUNT, 0.0)[t], "lambda 0");
        let all = n_step_returns(steps, DISCOUNT, 50);
        near(&all, |t| lambda_returns(steps, DISCOUNT, 1.0)[t], "lambda 1");
    });
}

#[test]
fn retrace_is_its_sum_and_on_policy_a_lambda_return() {
    everywhere(|drawn, steps| {
        // The product of traces begins with the step after the first.
        let trace = |k: usize| 0.8 * drawn.ratios[k].min(1.0);
        let by_sum = |start: usize| {
            let keeps = |t: usize| DISCOUNT * steps.stays.map_or(1.0, |stays| stays[t]);
            let reached = |t: usize| (start..t).map(|k| keeps(k) * trace(k + 1)).product::<f32>();
            steps.values[start] + rest(steps, start).map(|t| reached(t) * error(steps, t)).sum::<f32>()
        };
        near(&retrace(steps, &drawn.ratios, DISCOUNT, 0.8), by_sum, "retrace");
        let same = vec![1.0; drawn.ratios.len()];
        let on_policy = lambda_returns(steps, DISCOUNT, 0.8);
        near(&retrace(steps, &same, DISCOUNT, 0.8), |t| on_policy[t], "on-policy");
    });
}

#[test]
fn v_trace_is_its_sum_and_on_policy_a_return() {
    everywhere(|drawn, steps| {
        let cuts = Cuts { error: 1.5, trace: 1.0 };
        let traced = v_trace(steps, &drawn.ratios, DISCOUNT, cuts);
        let by_sum = |t| {
            let of = |k: usize| drawn.ratios[k].min(1.5) * error(steps, k);
            steps.values[t] + summed(steps, t, |k| drawn.ratios[k].min(1.0), of)
        };
        near(&traced.values, by_sum, "v-trace");
        let same = vec![1.0; drawn.ratios.len()];
        let on_policy = v_trace(steps, &same, DISCOUNT, cuts);
        let returns = lambda_returns(steps, DISCOUNT, 1.0);
        near(&on_policy.values, |t| returns[t], "on-policy");
        near(&on_policy.advantages, |t| returns[t] - steps.values[t], "on-policy advantage");
    });
}

#[test]
fn only_what_was_cut_goes_on_in_the_value_after_it() {
    let off = StepEnd::Terminated(ExitReason::LowReward);
    for (end, worth) in [(off, 1.0), (StepEnd::Truncated, 1.0 + 0.9 * 10.0)] {
        let steps = Valued {
            rewards: &[1.0, 5.0],
            values: &[0.0, 0.0],
            values_after: &[10.0, 0.0],
            ends: &[end, off],
            stays: None,
        };
        for got in [
            generalised_advantages(steps, DISCOUNT, 0.9)[0],
            lambda_returns(steps, DISCOUNT, 0.9)[0],
            n_step_returns(steps, DISCOUNT, 4)[0],
            retrace(steps, &[1.0; 2], DISCOUNT, 0.9)[0],
            v_trace(steps, &[1.0; 2], DISCOUNT, Cuts { error: 1.0, trace: 1.0 }).values[0],
        ] {
            assert!((got - worth).abs() < 1e-5, "{end:?}: {got} against {worth}");
        }
    }
}
