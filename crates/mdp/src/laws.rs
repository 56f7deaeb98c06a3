//! What every policy keeps to, so that the tests of every crate that has one can ask.

use crate::{Choice, ItemSet, Policy, SessionContext, rng_for};

/// Probabilities are sums of up to hundreds of thousands of rounded numbers.
const TOLERANCE: f64 = 1e-3;
/// How far the logarithm that comes with a choice may be from the one that was asked for.
const CHOICE_TOLERANCE: f32 = 1e-4;

/// Plays a session of `n_steps` twice, once asking for log-probabilities before every choice, and says which law of
/// [`crate::PolicySession::log_probs`] was broken first, if any was: probabilities add up to 1, the choice came with the
/// probability that was said, nothing shown is chosen while something is left, and asking changes nothing.
///
/// `rewards` are the answers, taken in turn; without any, every step is answered with 3.
pub fn broken_log_prob_law(
    policy: &dyn Policy,
    context: SessionContext<'_>,
    n_items: usize,
    n_steps: usize,
    rewards: &[f32],
) -> Option<String> {
    let (mut asked, mut plain) = (policy.start(context), policy.start(context));
    let (mut asked_rng, mut plain_rng) = (rng_for(1, &[]), rng_for(1, &[]));
    let mut shown = ItemSet::empty(n_items);
    for interaction in context.history {
        shown.insert(interaction.item);
    }
    let mut log_probs = vec![f32::NAN; n_items];
    for step in 0..n_steps {
        let broken = |law: String| Some(format!("{}, step {step}: {law}", policy.name()));
        // What was in the buffer before must not matter.
        log_probs.fill(f32::NAN);
        if let Err(unknown) = asked.log_probs(&shown, &mut log_probs) {
            return broken(unknown.to_string());
        }
        let choice = asked.choose(&shown, &mut asked_rng);
        if let Some(law) = broken_at(choice, &log_probs, &shown) {
            return broken(law);
        }
        let unasked = plain.choose(&shown, &mut plain_rng);
        if unasked != choice {
            return broken(format!("{choice:?} where {unasked:?} is chosen without asking"));
        }
        shown.insert(choice.item);
        let reward = if rewards.is_empty() { 3.0 } else { rewards[step % rewards.len()] };
        asked.observe(choice.item, reward);
        plain.observe(choice.item, reward);
    }
    None
}

fn broken_at(choice: Choice, log_probs: &[f32], shown: &ItemSet) -> Option<String> {
    if let Some(wrong) = log_probs.iter().find(|x| x.is_nan() || **x > CHOICE_TOLERANCE) {
        return Some(format!("{wrong} is no logarithm of a probability"));
    }
    let sum: f64 = log_probs.iter().map(|&x| f64::from(x).exp()).sum();
    if (sum - 1.0).abs() > TOLERANCE {
        return Some(format!("the probabilities add up to {sum}"));
    }
    let Some(&said) = log_probs.get(choice.item.index()) else {
        return Some(format!("{choice:?} is beyond the catalogue"));
    };
    if said == f32::NEG_INFINITY || (said - choice.log_prob_behavior).abs() > CHOICE_TOLERANCE {
        return Some(format!("{choice:?} where the logarithm {said} was said"));
    }
    if shown.len() < log_probs.len()
        && let Some(item) = shown.iter().find(|item| log_probs[item.index()] > f32::NEG_INFINITY)
    {
        return Some(format!("{item:?} was shown already, and other items were not"));
    }
    None
}
