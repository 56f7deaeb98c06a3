//! Demonstrations made worse on purpose: the controls every gain from demonstrations has to survive.

use crate::{DemoStep, Demonstration, DemonstrationError, Grounding, GroundingStatus, Scene};
use environment::SessionSeed;
use mdp::{ItemIdx, ItemSet, Rng, StepEnd, UserIdx, rng_for};
use rand::RngExt as _;
use rayon::prelude::*;

/// Streams of the seed.
const SHUFFLE: u64 = 0x5348_5546;
const CORRUPT: u64 = 0x434f_5252;
const USERS: u64 = 0x5553_4552;

/// Demonstrations whose items were permuted over the whole catalogue by one random permutation, then replayed:
/// as many recommendations, as concentrated, of as many items, but knowing nothing of users or items.
///
/// Every session keeps its length: where the permuted session would have ended early its remaining steps start
/// new sessions of the same user.
///
/// # Errors
/// When the environment refuses a user or an item.
pub fn shuffle_items(
    demonstrations: &[Demonstration],
    scene: &Scene<'_>,
    seed: u64,
) -> Result<Vec<Demonstration>, DemonstrationError> {
    let permutation = permutation(scene.catalogue.len(), &mut rng_for(seed, &[SHUFFLE]));
    let changed = demonstrations
        .iter()
        .map(|demonstration| (demonstration, permuted_items(demonstration, scene, &permutation)));
    let replayed = replay_all(changed.collect(), scene, seed)?;
    Ok(replayed.into_iter().flatten().map(|(demonstration, _)| demonstration).collect())
}

/// The permuted items; where one is in the user's history or in the session already, the permutation is applied
/// again, so that only showable items come out (repeats of the demonstration itself become other items too).
fn permuted_items(demonstration: &Demonstration, scene: &Scene<'_>, permutation: &[u32]) -> Vec<ItemIdx> {
    let mut taken = scene.known_items(demonstration.user);
    let permuted = |step: &DemoStep| {
        let mut item = ItemIdx(permutation[step.step.item.index()]);
        for _ in 0..permutation.len() {
            if taken.insert(item) {
                break;
            }
            item = ItemIdx(permutation[item.index()]);
        }
        item
    };
    demonstration.steps.iter().map(permuted).collect()
}

/// A demonstration with one flag per step.
pub type Marked = (Demonstration, Vec<bool>);

/// Demonstrations of which a random share of the steps was replaced by uniformly random items that the session
/// neither shows elsewhere nor finds in the user's history, then replayed; with a flag per step that says
/// whether it was replaced. As in [`shuffle_items`], no step is lost to an early exit.
///
/// # Errors
/// When the environment refuses a user or an item.
pub fn corrupt(
    demonstrations: &[Demonstration],
    scene: &Scene<'_>,
    fraction: f64,
    seed: u64,
) -> Result<Vec<Marked>, DemonstrationError> {
    let changed = demonstrations.iter().enumerate().map(|(at, demonstration)| {
        let mut rng = rng_for(seed, &[CORRUPT, at as u64]);
        (demonstration, corrupted_items(demonstration, scene, fraction, &mut rng))
    });
    let replayed = replay_all(changed.collect(), scene, seed)?;
    Ok(replayed.into_iter().flatten().collect())
}

fn corrupted_items(
    demonstration: &Demonstration,
    scene: &Scene<'_>,
    fraction: f64,
    rng: &mut Rng,
) -> Vec<ItemIdx> {
    let mut taken = scene.known_items(demonstration.user);
    for step in &demonstration.steps {
        taken.insert(step.step.item);
    }
    let replaced = |step: &DemoStep, taken: &mut ItemSet, rng: &mut Rng| {
        let is_replaced = rng.random::<f64>() < fraction && taken.len() < taken.n_items();
        if is_replaced { untaken_item(taken, rng) } else { step.step.item }
    };
    demonstration.steps.iter().map(|step| replaced(step, &mut taken, rng)).collect()
}

/// A uniformly random item that is not taken yet, and now is. There must be one.
fn untaken_item(taken: &mut ItemSet, rng: &mut Rng) -> ItemIdx {
    loop {
        let item = ItemIdx(rng.random_range(0..taken.n_items() as u32));
        if taken.insert(item) {
            return item;
        }
    }
}

/// Demonstrations each given to another user, all of one user's to the same one, then replayed: what is left of them is what they
/// know of items, and nothing that they know of users. Items that the other user has in the history are left out. Who alone
/// demonstrates keeps the demonstrations.
///
/// # Errors
/// When the environment refuses a user or an item.
pub fn permute_users(
    demonstrations: &[Demonstration],
    scene: &Scene<'_>,
    seed: u64,
) -> Result<Vec<Demonstration>, DemonstrationError> {
    let users: std::collections::BTreeSet<UserIdx> = demonstrations.iter().map(|demo| demo.user).collect();
    let mut circle: Vec<UserIdx> = users.into_iter().collect();
    let order = permutation(circle.len(), &mut rng_for(seed, &[USERS]));
    circle = order.iter().map(|&at| circle[at as usize]).collect();
    // Everybody's neighbour on a circle is somebody else.
    let next: std::collections::BTreeMap<UserIdx, UserIdx> =
        circle.iter().copied().zip(circle.iter().copied().cycle().skip(1)).collect();
    let given: Vec<Demonstration> = demonstrations
        .iter()
        .map(|demo| {
            let user = next[&demo.user];
            let known = scene.known_items(user);
            let steps = demo.steps.iter().filter(|step| !known.contains(step.step.item)).cloned().collect();
            Demonstration { user, steps, ..demo.clone() }
        })
        .filter(|demo| !demo.steps.is_empty())
        .collect();
    let own = |demo: &Demonstration| demo.steps.iter().map(|step| step.step.item).collect();
    let replayed = replay_all(given.iter().map(|demo| (demo, own(demo))).collect(), scene, seed)?;
    Ok(replayed.into_iter().flatten().map(|(demonstration, _)| demonstration).collect())
}

/// As many recommendations to the same users, but of what most people took up (`counts`, `[items]`), the most popular first and
/// nothing of a user's history, then replayed: what is gained beyond them is not gained by knowing what is popular. As in
/// [`shuffle_items`], no step is lost to an early exit.
///
/// # Errors
/// When the environment refuses a user or an item.
pub fn popular_items(
    demonstrations: &[Demonstration],
    scene: &Scene<'_>,
    counts: &[u32],
    seed: u64,
) -> Result<Vec<Demonstration>, DemonstrationError> {
    let mut order: Vec<u32> = (0..scene.catalogue.len() as u32).collect();
    order.sort_by_key(|&item| std::cmp::Reverse(counts[item as usize]));
    let list = |demo: &Demonstration| {
        let known = scene.known_items(demo.user);
        let unknown = order.iter().copied().map(ItemIdx).filter(|item| !known.contains(*item));
        unknown.take(demo.steps.len()).collect()
    };
    let replayed = replay_all(demonstrations.iter().map(|demo| (demo, list(demo))).collect(), scene, seed)?;
    Ok(replayed.into_iter().flatten().map(|(demonstration, _)| demonstration).collect())
}

fn replay_all(
    changed: Vec<(&Demonstration, Vec<ItemIdx>)>,
    scene: &Scene<'_>,
    seed: u64,
) -> Result<Vec<Vec<Marked>>, DemonstrationError> {
    let one = |(place, (demonstration, items)): (usize, (&Demonstration, Vec<ItemIdx>))| {
        replay(demonstration, &items, scene, SessionSeed { seed, stream: place as u64 })
    };
    changed.into_par_iter().enumerate().map(one).collect()
}

/// Plays `items` for the user of a demonstration; the rest after an exit goes on as a new session. The flags say
/// which items are not the demonstration's own.
fn replay(
    demonstration: &Demonstration,
    items: &[ItemIdx],
    scene: &Scene<'_>,
    seed: SessionSeed,
) -> Result<Vec<Marked>, DemonstrationError> {
    let empty = |number: usize| {
        let id = match number {
            0 => demonstration.id.clone(),
            _ => format!("{}+{number}", demonstration.id),
        };
        (Demonstration { id, steps: Vec::new(), ..demonstration.clone() }, Vec::new())
    };
    let mut sessions: Vec<Marked> = vec![empty(0)];
    let mut session = scene.environment.start_seeded(demonstration.user, seed)?;
    for (step, &item) in demonstration.steps.iter().zip(items) {
        if !session.end().continues() {
            session.restart(demonstration.user)?;
            sessions.push(empty(sessions.len()));
        }
        let outcome = session.step(item)?;
        let is_changed = item != step.step.item;
        let mut played = if is_changed { changed_step(step, item, scene) } else { step.clone() };
        (played.step.reward, played.step.end) = (outcome.reward, outcome.end);
        let (current, marks) = sessions.last_mut().expect("there is always a session");
        current.steps.push(played);
        marks.push(is_changed);
    }
    for last in sessions.iter_mut().filter_map(|(session, _)| session.steps.last_mut()) {
        if last.step.end.continues() {
            last.step.end = StepEnd::Truncated;
        }
    }
    Ok(sessions)
}

/// The step with another item: nothing that was said or seen about the old one stays.
fn changed_step(step: &DemoStep, item: ItemIdx, scene: &Scene<'_>) -> DemoStep {
    let title = scene.catalogue.item(item).title.clone();
    DemoStep {
        step: mdp::Step { item, ..step.step },
        requested_title: title.clone(),
        title,
        replacement: None,
        grounding: Grounding { status: GroundingStatus::Exact, distance: 0.0 },
        thought: None,
        observed_reward: None,
        critic_value: None,
        source_step: step.source_step,
        is_reward_overridden: false,
        explanation: None,
    }
}

/// A uniformly random permutation (Fisher & Yates).
fn permutation(n: usize, rng: &mut Rng) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..n as u32).collect();
    for at in (1..n).rev() {
        rows.swap(at, rng.random_range(0..=at));
    }
    rows
}

#[cfg(test)]
mod tests;
