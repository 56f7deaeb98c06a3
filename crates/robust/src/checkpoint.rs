//! Everything that changes during a run, as tensors.

use crate::RobustError;
use crate::policy::{fill, insert_mlp};
use crate::train::{Progress, State};
use artefact::Tensors;
use kernels::Adam;
use ranking::Selection;
use ranking::{HazardExample, N_DISLIKE, N_NEARNESS, N_SATURATION};
use serde::{Deserialize, Serialize};

/// Counters beside the tensors.
#[derive(Serialize, Deserialize)]
struct Note {
    progress: Progress,
    selection: Selection,
    next_memory: usize,
    adam_steps: Vec<u64>,
}

const EXAMPLE: usize = N_SATURATION + N_NEARNESS + N_DISLIKE + 1;
const CAUSES: [&str; 3] = ["saturation", "nearness", "dislike"];

/// The state of a run.
pub(crate) fn save(state: &mut State) -> Tensors {
    let mut out = Tensors::default();
    let mut adam_steps = Vec::new();
    insert_mlp(&mut out, "actor", &state.learner.actor.network);
    insert_mlp(&mut out, "critic", &state.learner.critic);
    insert_mlp(&mut out, "best.actor", &state.best.actor.network);
    for (index, name) in CAUSES.iter().enumerate() {
        insert_mlp(&mut out, &format!("hazard.{name}"), state.learner.hazard.causes()[index]);
        insert_mlp(&mut out, &format!("best.hazard.{name}"), state.best.hazard.causes()[index]);
    }
    if let Some(discriminator) = state.guidance.discriminator() {
        insert_mlp(&mut out, "discriminator", &discriminator.network);
    }
    for (name, adam) in adams(state) {
        out.insert(&format!("adam.{name}.first"), &[adam.first.len()], adam.first.clone());
        out.insert(&format!("adam.{name}.second"), &[adam.second.len()], adam.second.clone());
        adam_steps.push(adam.n_steps);
    }
    let (memory, next, _) = state.learner.hazard_learner.state();
    let rows: Vec<f32> = memory.iter().flat_map(example_to_row).collect();
    out.insert("memory", &[memory.len(), EXAMPLE], rows);
    let next_memory = *next;
    let note = Note { progress: state.progress, selection: state.best.selection, next_memory, adam_steps };
    out.set_note(serde_json::to_string(&note).expect("plain data"));
    out
}

/// Puts a saved state in place of a fresh one of the same settings.
///
/// # Errors
/// When a tensor is missing or has another shape.
pub(crate) fn restore(state: &mut State, mut tensors: Tensors) -> Result<(), RobustError> {
    let mismatch = |why: String| RobustError::Mismatch { what: "checkpoint", why };
    let note: Note = serde_json::from_str(tensors.note()).map_err(|e| mismatch(e.to_string()))?;
    let n_memory = tensors.get("memory").map_or(0, |(shape, _)| shape.first().copied().unwrap_or(0));
    let mut take = |name: &str, shape: &[usize]| {
        tensors.take(name, shape).ok_or_else(|| mismatch(format!("no tensor {name} of shape {shape:?}")))
    };
    fill(&mut state.learner.actor.network, "actor", &mut take)?;
    fill(&mut state.learner.critic, "critic", &mut take)?;
    fill(&mut state.best.actor.network, "best.actor", &mut take)?;
    for (prefix, hazard) in [("hazard", &mut state.learner.hazard), ("best.hazard", &mut state.best.hazard)] {
        let causes = [&mut hazard.saturation, &mut hazard.nearness, &mut hazard.dislike];
        for (name, mlp) in CAUSES.iter().zip(causes) {
            fill(mlp, &format!("{prefix}.{name}"), &mut take)?;
        }
    }
    if let Some(discriminator) = state.guidance.discriminator() {
        fill(&mut discriminator.network, "discriminator", &mut take)?;
    }
    let rows = take("memory", &[n_memory, EXAMPLE])?;
    for ((name, adam), n_steps) in adams(state).into_iter().zip(note.adam_steps) {
        adam.first = take(&format!("adam.{name}.first"), &[adam.first.len()])?;
        adam.second = take(&format!("adam.{name}.second"), &[adam.second.len()])?;
        adam.n_steps = n_steps;
    }
    let (memory, next, _) = state.learner.hazard_learner.state();
    *memory = rows.as_chunks::<EXAMPLE>().0.iter().map(row_to_example).collect();
    *next = note.next_memory;
    state.progress = note.progress;
    state.best.selection = note.selection;
    Ok(())
}

fn adams(state: &mut State) -> Vec<(&'static str, &mut Adam)> {
    let learner = &mut state.learner;
    let (_, _, [saturation, nearness, dislike]) = learner.hazard_learner.state();
    let mut out = vec![
        ("actor", &mut learner.actor_adam),
        ("critic", &mut learner.critic_adam),
        ("saturation", saturation),
        ("nearness", nearness),
        ("dislike", dislike),
    ];
    out.extend(state.guidance.discriminator().map(|d| ("discriminator", &mut d.adam)));
    out
}

fn example_to_row(example: &HazardExample) -> Vec<f32> {
    let HazardExample { saturation, nearness, dislike, left } = example;
    let inputs = saturation.iter().chain(nearness).chain(dislike).copied();
    inputs.chain([f32::from(u8::from(*left))]).collect()
}

fn row_to_example(row: &[f32; EXAMPLE]) -> HazardExample {
    HazardExample {
        saturation: std::array::from_fn(|k| row[k]),
        nearness: std::array::from_fn(|k| row[N_SATURATION + k]),
        dislike: std::array::from_fn(|k| row[N_SATURATION + N_NEARNESS + k]),
        left: row[EXAMPLE - 1] > 0.5,
    }
}
