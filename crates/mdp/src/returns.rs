//! Discounted returns.

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
