//! What steps were worth: advantages and targets from rewards, values, and how each step ended.
//!
//! All of them work on sessions laid end to end, as in [`Steps`](crate::Steps). A step that terminated has nothing after it;
//! one that was truncated is followed by the value of the state it was cut in, and by nothing else.

use mdp::StepEnd;

/// Steps with the values that stand before and after them. All columns have one entry a step.
#[derive(Clone, Copy, Debug)]
pub struct Valued<'a> {
    /// Rewards.
    pub rewards: &'a [f32],
    /// Values before the steps: V(s), or Q(s, a) of what was done for [`retrace`].
    pub values: &'a [f32],
    /// Values after the steps, as if the session went on: V(s'), or the mean of Q(s', .) under the policy for [`retrace`].
    pub values_after: &'a [f32],
    /// How the steps ended.
    pub ends: &'a [StepEnd],
    /// Learned probabilities that the user stays, in the place of what happened: the same expectation with less noise. `None`:
    /// what happened.
    pub stays: Option<&'a [f32]>,
}

impl Valued<'_> {
    /// How much counts of what comes after a step.
    fn stays(&self, t: usize) -> f32 {
        let happened = if self.ends[t].is_terminated() { 0.0 } else { 1.0 };
        self.stays.map_or(happened, |stays| stays[t])
    }

    fn check(&self) -> usize {
        let n = self.rewards.len();
        let lengths = [self.values.len(), self.values_after.len(), self.ends.len()];
        let stays = self.stays.map_or(n, <[f32]>::len);
        assert!(lengths.into_iter().chain([stays]).all(|length| length == n), "one of each a step");
        n
    }

    /// Goes through the steps from the last to the first: `step` is given the place and what it made of the step after it, 0 where
    /// none follows in the session.
    fn backwards(&self, mut step: impl FnMut(usize, f32) -> f32) -> Vec<f32> {
        let mut out = vec![0.0; self.check()];
        let mut after = 0.0;
        for t in (0..out.len()).rev() {
            if !self.ends[t].continues() {
                after = 0.0;
            }
            after = step(t, after);
            out[t] = after;
        }
        out
    }
}

/// Generalised advantage estimates.
///
/// # Panics
/// If columns have different lengths.
///
/// # Source
/// Schulman et al. 2016, eq. 16.
pub fn generalised_advantages(steps: Valued<'_>, discount: f32, lambda: f32) -> Vec<f32> {
    steps.backwards(|t, after| {
        let stays = steps.stays(t);
        let delta = steps.rewards[t] + discount * stays * steps.values_after[t] - steps.values[t];
        delta + discount * lambda * stays * after
    })
}

/// Mixtures of returns over all numbers of steps: targets of a value function.
///
/// # Panics
/// If columns have different lengths.
///
/// # Source
/// Sutton & Barto, eq. 12.18: the advantages of [`generalised_advantages`] and the values they are measured from.
pub fn lambda_returns(steps: Valued<'_>, discount: f32, lambda: f32) -> Vec<f32> {
    let advantages = generalised_advantages(steps, discount, lambda);
    advantages.iter().zip(steps.values).map(|(advantage, value)| advantage + value).collect()
}

/// Rewards of `n` steps and the value after them; of fewer where the session ends before.
///
/// # Panics
/// If columns have different lengths, or `n` is 0.
///
/// # Source
/// Sutton & Barto, eq. 7.1.
pub fn n_step_returns(steps: Valued<'_>, discount: f32, n: usize) -> Vec<f32> {
    assert!(n > 0, "at least one step");
    let total = steps.check();
    let from = |start: usize| {
        let (mut sum, mut weight) = (0.0, 1.0);
        for t in start..total.min(start + n) {
            sum += weight * steps.rewards[t];
            weight *= discount * steps.stays(t);
            if t + 1 == total.min(start + n) || !steps.ends[t].continues() {
                return sum + weight * steps.values_after[t];
            }
        }
        sum
    };
    (0..total).map(from).collect()
}

/// Off-policy targets of Q(s, a): later errors count as far as the policy would have done the same, and never more than once.
/// `ratios` are pi(a | s) / mu(a | s) of the policy and of who acted.
///
/// # Panics
/// If columns have different lengths.
///
/// # Source
/// Munos et al. 2016, eq. 3 with c = lambda min(1, ratio).
pub fn retrace(steps: Valued<'_>, ratios: &[f32], discount: f32, lambda: f32) -> Vec<f32> {
    assert_eq!(ratios.len(), steps.check(), "one of each a step");
    // `backwards` hands on c_t (Q^ret_t - Q_t), since that is all that the step before needs.
    let traced = steps.backwards(|t, after| {
        let target = steps.rewards[t] + discount * steps.stays(t) * (steps.values_after[t] + after);
        lambda * ratios[t].min(1.0) * (target - steps.values[t])
    });
    let follows = |t: usize| steps.ends[t].continues() && t + 1 < traced.len();
    let after = |t: usize| if follows(t) { traced[t + 1] } else { 0.0 };
    let target = |t| steps.rewards[t] + discount * steps.stays(t) * (steps.values_after[t] + after(t));
    (0..traced.len()).map(target).collect()
}

/// Where V-trace cuts ratios.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cuts {
    /// Largest ratio in an error: which policy's value is learned.
    pub error: f32,
    /// Largest ratio in a trace: how far errors reach.
    pub trace: f32,
}

/// Off-policy targets of V(s), and the advantages that go with them.
#[derive(Clone, Debug, PartialEq)]
pub struct Corrected {
    /// Targets of the values.
    pub values: Vec<f32>,
    /// Advantages for the policy's gradient, the cut ratio included.
    pub advantages: Vec<f32>,
}

/// V-trace: `ratios` are pi(a | s) / mu(a | s) of the policy and of who acted.
///
/// # Panics
/// If columns have different lengths.
///
/// # Source
/// Espeholt et al. 2018, eq. 1 and section 4.2.
pub fn v_trace(steps: Valued<'_>, ratios: &[f32], discount: f32, cuts: Cuts) -> Corrected {
    assert_eq!(ratios.len(), steps.check(), "one of each a step");
    let ratio = |t: usize, most: f32| ratios[t].min(most);
    let corrections = steps.backwards(|t, after| {
        let keeps = discount * steps.stays(t);
        let error = steps.rewards[t] + keeps * steps.values_after[t] - steps.values[t];
        ratio(t, cuts.error) * error + keeps * ratio(t, cuts.trace) * after
    });
    let follows = |t: usize| steps.ends[t].continues() && t + 1 < corrections.len();
    let advantage = |t: usize| {
        let correction = if follows(t) { corrections[t + 1] } else { 0.0 };
        let after = discount * steps.stays(t) * (steps.values_after[t] + correction);
        ratio(t, cuts.error) * (steps.rewards[t] + after - steps.values[t])
    };
    Corrected {
        advantages: (0..corrections.len()).map(advantage).collect(),
        values: corrections.iter().zip(steps.values).map(|(more, value)| value + more).collect(),
    }
}

#[cfg(test)]
mod tests;
