//! A run as one file of tensors and a note.

use crate::network::Network;
use crate::trainer::{actor_config, critic_config, network_size};
use crate::{StepLog, Trainer, TrainingError};
use artefact::Tensors;
use kernels::RowAdamParts;
use learning::SumTree;
use policy::{ActorParts, Critic, CriticParts};
use serde::{Deserialize, Serialize};

/// The layout of the file.
const FORMAT_VERSION: u32 = 1;

/// What stands beside the tensors.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    format_version: u32,
    seed: u64,
    n_episodes: u64,
    discriminator_steps: u64,
    settings: String,
    inputs: String,
    content: String,
}

/// Everything of a run. Whole numbers are stored as floats, which are exact below 2^24; random streams are named by
/// the episode, so their position needs no room.
pub(crate) fn save(trainer: &Trainer<'_>) -> Tensors {
    let mut out = Tensors::default();
    let ActorParts { users, items, tracker, head } = trainer.network.to_parts();
    let CriticParts { shared, action_values } = trainer.critic.to_parts();
    put_table(&mut out, "actor.users", users);
    put_table(&mut out, "actor.items", items);
    put_all(&mut out, "actor.tracker", tracker);
    put_all(&mut out, "actor.head", head);
    put_all(&mut out, "critic.shared", shared);
    put_table(&mut out, "critic.action_values", action_values);
    let learner = &trainer.discriminator;
    let discriminator =
        [learner.network.parameters.clone(), learner.adam.first.clone(), learner.adam.second.clone()];
    put_all(&mut out, "discriminator", discriminator);
    put_all(&mut out, "demonstrations", [trainer.advantages.clone(), trainer.demo_weights()]);
    put_all(&mut out, "log", trainer.log.columns());
    let note = Note {
        format_version: FORMAT_VERSION,
        seed: trainer.seed,
        n_episodes: trainer.n_episodes,
        discriminator_steps: learner.adam.n_steps,
        settings: settings_text(trainer),
        inputs: fingerprint(trainer),
        content: out.hash(),
    };
    out.set_note(serde_json::to_string(&note).expect("a note is plain data"));
    out
}

/// Puts a checkpoint into a run that was prepared with the same settings, inputs and seed.
pub(crate) fn restore(trainer: &mut Trainer<'_>, mut from: Tensors) -> Result<(), TrainingError> {
    let damaged = |what: String| TrainingError::Checkpoint(what);
    let note: Note = serde_json::from_str(from.note()).map_err(|e| damaged(e.to_string()))?;
    if note.content != from.hash() {
        return Err(damaged("its content does not match its hash".into()));
    }
    let agreements = [
        ("format", note.format_version == FORMAT_VERSION),
        ("settings", note.settings == settings_text(trainer)),
        ("seed", note.seed == trainer.seed),
        ("inputs", note.inputs == fingerprint(trainer)),
    ];
    if let Some((what, _)) = agreements.into_iter().find(|(_, agrees)| !agrees) {
        return Err(TrainingError::OtherRun(what));
    }
    let raw = trainer.config.raw().clone();
    let (n_users, n_items) = (trainer.inputs.users.len(), trainer.inputs.environment.n_items());
    let parts = ActorParts {
        users: take_table(&mut from, "actor.users")?,
        items: take_table(&mut from, "actor.items")?,
        tracker: take_all(&mut from, "actor.tracker")?,
        head: take_all(&mut from, "actor.head")?,
    };
    let config = actor_config(&raw, n_users, n_items);
    trainer.network = Network::from_parts(network_size(&raw), config, parts);
    let shared = take_all(&mut from, "critic.shared")?;
    let action_values = take_table(&mut from, "critic.action_values")?;
    trainer.critic = Critic::from_parts(critic_config(&raw, n_items), CriticParts { shared, action_values });
    let learner = &mut trainer.discriminator;
    [learner.network.parameters, learner.adam.first, learner.adam.second] =
        take_all(&mut from, "discriminator")?;
    learner.adam.n_steps = note.discriminator_steps;
    let [advantages, weights] = take_all(&mut from, "demonstrations")?;
    (trainer.advantages, trainer.demo_weights) = (advantages, SumTree::new(&weights));
    trainer.log = StepLog::from_columns(take_all(&mut from, "log")?);
    trainer.n_episodes = note.n_episodes;
    Ok(())
}

fn settings_text(trainer: &Trainer<'_>) -> String {
    serde_json::to_string(trainer.config.raw()).expect("settings are plain data")
}

/// A hash over what the run works with, as far as it can be told without running it.
fn fingerprint(trainer: &Trainer<'_>) -> String {
    let mut inputs = Tensors::default();
    put_all(&mut inputs, "demonstrations", trainer.demos.log.columns());
    put_all(&mut inputs, "users", [trainer.inputs.users.iter().map(|user| user.0 as f32).collect()]);
    let horizon = trainer.inputs.environment.horizon() as f32;
    put_all(&mut inputs, "horizon", [vec![horizon]]);
    let rule = trainer.inputs.environment.rule().name();
    format!("{}-{rule}-{}", inputs.hash(), trainer.inputs.catalogue.hash())
}

fn put(out: &mut Tensors, name: &str, values: Vec<f32>) {
    out.insert(name, &[values.len()], values);
}

fn put_all<const N: usize>(out: &mut Tensors, name: &str, columns: [Vec<f32>; N]) {
    for (index, values) in columns.into_iter().enumerate() {
        put(out, &format!("{name}.{index}"), values);
    }
}

fn put_table(out: &mut Tensors, name: &str, parts: RowAdamParts) {
    let RowAdamParts { values, first, second, steps_taken, n_steps } = parts;
    let steps_taken = steps_taken.into_iter().map(|n| n as f32).collect();
    put_all(out, name, [values, first, second, steps_taken, vec![n_steps as f32]]);
}

fn take_all<const N: usize>(from: &mut Tensors, name: &str) -> Result<[Vec<f32>; N], TrainingError> {
    let mut columns = [const { Vec::new() }; N];
    for (index, column) in columns.iter_mut().enumerate() {
        let name = format!("{name}.{index}");
        let length = from.get(&name).map_or(0, |(_, values)| values.len());
        let missing = || TrainingError::Checkpoint(format!("tensor {name} is missing"));
        *column = from.take(&name, &[length]).ok_or_else(missing)?;
    }
    Ok(columns)
}

fn take_table(from: &mut Tensors, name: &str) -> Result<RowAdamParts, TrainingError> {
    let [values, first, second, steps_taken, n_steps] = take_all(from, name)?;
    let steps_taken = steps_taken.into_iter().map(|n| n as u32).collect();
    let n_steps = n_steps.first().copied().unwrap_or(0.0) as u32;
    Ok(RowAdamParts { values, first, second, steps_taken, n_steps })
}
