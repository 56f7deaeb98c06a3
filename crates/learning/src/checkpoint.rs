//! Everything of a run that changes, in one set of tensors: the algorithm, its terms, the best policy, the counters.

use crate::{LearningError, Progress, Run};
use artefact::Tensors;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the loop keeps beside algorithm and terms.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The counters.
    pub(crate) progress: Progress,
    /// The parameters of the best validation, where that decides.
    pub(crate) best: Option<Tensors>,
}

/// Changed whenever old checkpoints can no longer be read.
const FORMAT: u32 = 3;

/// What stands beside the tensors.
#[derive(Serialize, Deserialize)]
struct Note {
    format: u32,
    seed: u64,
    terms: Vec<String>,
    progress: Progress,
    /// The notes of the parts, by their beginning.
    notes: BTreeMap<String, String>,
}

const ALGORITHM: &str = "algorithm/";
const BEST: &str = "best/";

/// The state of a run.
pub(crate) fn save(run: &Run<'_>, kept: &Kept, seed: u64) -> Tensors {
    let mut out = Tensors::default();
    let mut notes = BTreeMap::new();
    let mut put = |beginning: String, part: &Tensors| {
        for name in part.names() {
            let (shape, data) = part.get(name).expect("it was just named");
            out.insert(&format!("{beginning}{name}"), shape, data.to_vec());
        }
        notes.insert(beginning, part.note().to_owned());
    };
    put(ALGORITHM.into(), &run.algorithm.save());
    for term in run.terms.iter() {
        put(of_term(term.name()), &term.save());
    }
    if let Some(best) = &kept.best {
        put(BEST.into(), best);
    }
    let note = Note { format: FORMAT, seed, terms: names(run), progress: kept.progress, notes };
    out.set_note(serde_json::to_string(&note).expect("plain data"));
    out
}

/// Puts a saved state in the place of a fresh run of the same inputs, settings and seed.
pub(crate) fn restore(run: &mut Run<'_>, from: &Tensors, seed: u64) -> Result<Kept, LearningError> {
    let mismatch = |why: String| LearningError::Mismatch { what: "checkpoint", why };
    let note: Note = serde_json::from_str(from.note()).map_err(|e| mismatch(e.to_string()))?;
    if note.format != FORMAT {
        return Err(mismatch(format!("written by another version of ilrec, in format {}", note.format)));
    }
    if note.seed != seed {
        return Err(mismatch(format!("made with the seed {}", note.seed)));
    }
    if note.terms != names(run) {
        return Err(mismatch(format!("made with the terms {:?}", note.terms)));
    }
    let part = |beginning: &str| {
        let mut part = Tensors::default();
        for name in from.names() {
            if let Some((rest, (shape, data))) = name.strip_prefix(beginning).zip(from.get(name)) {
                part.insert(rest, shape, data.to_vec());
            }
        }
        let note = note.notes.get(beginning);
        part.set_note(note.cloned().unwrap_or_default());
        note.is_some().then_some(part)
    };
    let missing = |what: &str| mismatch(format!("nothing is said of {what}"));
    run.algorithm.restore(part(ALGORITHM).ok_or_else(|| missing("the algorithm"))?)?;
    for term in run.terms.iter_mut() {
        let name = term.name();
        term.restore(part(&of_term(name)).ok_or_else(|| missing(name))?)?;
    }
    Ok(Kept { progress: note.progress, best: part(BEST) })
}

fn names(run: &Run<'_>) -> Vec<String> {
    run.terms.iter().map(|term| term.name().to_owned()).collect()
}

fn of_term(name: &str) -> String {
    format!("term/{name}/")
}
