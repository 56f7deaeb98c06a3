//! Discounted returns and generalised advantages.

use crate::StepEnd;

/// Returns to go, G_t = r_t + discount * G_{t+1}, cut after every step that does not continue.
///
/// # Source
/// Sutton & Barto, section 3.3; IL-Rec's demonstration returns use discount 0.5.
pub fn returns_to_go(rewards: &[f32], ends: &[StepEnd], discount: f32) -> Vec<f32> {
    assert_eq!(rewards.len(), ends.len(), "one end per reward");
    let mut out = vec![0.0; rewards.len()];
    let mut after = 0.0;
    for t in (0..rewards.len()).rev() {
        if !ends[t].continues() {
            after = 0.0;
        }
        after = rewards[t] + discount * after;
        out[t] = after;
    }
    out
}

/// Generalised advantage estimates of one trajectory. `values` are V(s_t); `value_after` is V of the state
/// after the last step and is used only when that step was cut by the horizon or still continues.
///
/// # Source
/// Schulman et al. 2016; termination stops the bootstrap, truncation does not.
pub fn generalised_advantages(
    rewards: &[f32],
    values: &[f32],
    ends: &[StepEnd],
    value_after: f32,
    discount: f32,
    lambda: f32,
) -> Vec<f32> {
    assert!(rewards.len() == values.len() && rewards.len() == ends.len(), "one value and end per reward");
    let mut out = vec![0.0; rewards.len()];
    let (mut next_value, mut advantage) = (value_after, 0.0);
    for t in (0..rewards.len()).rev() {
        match ends[t] {
            StepEnd::Terminated(_) => (next_value, advantage) = (0.0, 0.0),
            StepEnd::Truncated => advantage = 0.0,
            StepEnd::Continues => {}
        }
        let delta = rewards[t] + discount * next_value - values[t];
        advantage = delta + discount * lambda * advantage;
        out[t] = advantage;
        next_value = values[t];
    }
    out
}
