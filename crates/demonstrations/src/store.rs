//! Demonstrations on disk.

use crate::{CollectReport, Demonstration, DemonstrationError, GroundingReport, ImportReport};
use artefact::{Artefact, ArtefactError, Draft, Kind, Place};
use flate2::Compression;
use mdp::StepEnd;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Read, Write};
use std::path::Path;

const LINES: &str = "demonstrations.jsonl.gz";
const ORIGIN: &str = "origin.json";
/// The most that the lines may unpack to.
const MAX_BYTES: u64 = 1 << 32;
/// The longest line that is read.
const MAX_LINE: u64 = 1 << 26;

/// Where demonstrations come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// Brought in from traces or lists.
    Imported {
        /// What became of every record and step.
        report: Box<ImportReport>,
    },
    /// Collected from an expert acting in the train world.
    Collected {
        /// The expert's name: a model, or the rule-based stand-in, which is never called a language model.
        expert: String,
        /// What became of every answer.
        report: Box<CollectReport>,
        /// What it cost.
        cost: Cost,
    },
    /// Made from other demonstrations as a control.
    Derived {
        /// What was done to them.
        change: String,
    },
}

/// What an expert cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Calls of a language model; 0 for the stand-in.
    pub llm_calls: u64,
    /// Tokens sent.
    pub tokens_in: u64,
    /// Tokens received.
    pub tokens_out: u64,
    /// Seconds spent waiting for a language model.
    pub seconds: f64,
}

impl Origin {
    /// How texts became items, where texts were grounded.
    pub fn grounding(&self) -> Option<&GroundingReport> {
        match self {
            Self::Imported { report } => Some(&report.grounding),
            Self::Collected { report, .. } => Some(&report.grounding),
            Self::Derived { .. } => None,
        }
    }

    /// What they cost, where that is known.
    pub fn cost(&self) -> Option<Cost> {
        match self {
            Self::Collected { cost, .. } => Some(*cost),
            Self::Imported { .. } | Self::Derived { .. } => None,
        }
    }
}

/// The hashes of what demonstrations are rows of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// The dataset's artefact hash.
    pub dataset: String,
    /// The world's artefact hash.
    pub world: String,
    /// The catalogue's hash.
    pub catalogue: String,
}

/// Demonstrations with their origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Demos {
    /// Where they come from.
    pub origin: Origin,
    /// The demonstrations.
    pub demonstrations: Vec<Demonstration>,
}

/// What stands beside the lines.
#[derive(Serialize, Deserialize)]
struct Header {
    n_users: u32,
    n_items: u32,
    n_demonstrations: u64,
    origin: Origin,
}

impl Demos {
    /// Writes an artefact. `n_users` and `n_items` are the sizes of the dataset the rows belong to.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn save<'a>(
        &self,
        place: impl Into<Place<'a>>,
        inputs: &Inputs,
        (n_users, n_items): (usize, usize),
        seed: u64,
        config: serde_json::Value,
    ) -> Result<Artefact, DemonstrationError> {
        let mut draft = Draft::new(Kind::Demos, place, seed, config)?;
        draft.input("dataset", &inputs.dataset);
        draft.input("world", &inputs.world);
        draft.input("catalogue", &inputs.catalogue);
        let header = Header {
            n_users: n_users as u32,
            n_items: n_items as u32,
            n_demonstrations: self.demonstrations.len() as u64,
            origin: self.origin.clone(),
        };
        // It says how long answers took. What was demonstrated is in the lines.
        draft.write_json_beside(ORIGIN, &header)?;
        let Cost { seconds, tokens_in, tokens_out, .. } = self.origin.cost().unwrap_or_default();
        draft.spent(seconds, tokens_in.saturating_add(tokens_out));
        let packed = self.pack().map_err(ArtefactError::io("write", &draft.file(LINES)))?;
        draft.write(LINES, &packed)?;
        Ok(draft.seal()?)
    }

    fn pack(&self) -> std::io::Result<Vec<u8>> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::new(6));
        for demonstration in &self.demonstrations {
            serde_json::to_writer(&mut encoder, demonstration)?;
            encoder.write_all(b"\n")?;
        }
        encoder.finish()
    }

    /// Opens an artefact and checks every row against the sizes it was written with.
    ///
    /// # Errors
    /// When it is absent, damaged, or holds anything a demonstration cannot be.
    pub fn open(path: &Path) -> Result<(Self, Artefact), DemonstrationError> {
        let artefact = Artefact::open(Kind::Demos, path)?;
        let header: Header = artefact.read_json(ORIGIN)?;
        let file = artefact.file(LINES)?;
        let damaged = |what: String| ArtefactError::Damaged { what, path: file.clone() };
        let packed = artefact.read(LINES)?;
        let mut reader =
            std::io::BufReader::new(flate2::read::GzDecoder::new(packed.as_slice()).take(MAX_BYTES));
        let mut demonstrations = Vec::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            let n_read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
            if n_read.map_err(|error| damaged(error.to_string()))? == 0 {
                break;
            }
            let number = demonstrations.len() + 1;
            let read: Demonstration = serde_json::from_slice(&line)
                .map_err(|error| damaged(format!("demonstration {number}: {error}")))?;
            check(&read, &header).map_err(|what| damaged(format!("demonstration {number}: {what}")))?;
            demonstrations.push(read);
        }
        if demonstrations.len() as u64 != header.n_demonstrations {
            let (expected, got) = (header.n_demonstrations, demonstrations.len());
            return Err(damaged(format!("expected {expected} demonstrations, got {got}")).into());
        }
        Ok((Self { origin: header.origin, demonstrations }, artefact))
    }

    /// Opens an artefact that must be of the dataset with this hash.
    ///
    /// # Errors
    /// As [`Demos::open`], and when the demonstrations were made with another dataset.
    pub fn open_beside(path: &Path, dataset_hash: &str) -> Result<(Self, Artefact), DemonstrationError> {
        let (demos, artefact) = Self::open(path)?;
        let expected = artefact.manifest().inputs.get("dataset").cloned().unwrap_or_default();
        if expected != dataset_hash {
            return Err(DemonstrationError::OtherDataset { expected, got: dataset_hash.to_owned() });
        }
        Ok((demos, artefact))
    }
}

/// What a demonstration must hold to be used without looking again.
fn check(demonstration: &Demonstration, header: &Header) -> Result<(), &'static str> {
    if demonstration.user.0 >= header.n_users {
        return Err("user beyond the dataset");
    }
    let Some((last, before)) = demonstration.steps.split_last() else {
        return Err("no steps");
    };
    let slates = demonstration.steps.iter().filter_map(|s| s.explanation.as_ref()).flat_map(|e| &e.slate);
    let items = demonstration.steps.iter().map(|s| s.step.item).chain(slates.map(|scored| scored.item));
    if items.into_iter().any(|item| item.0 >= header.n_items) {
        return Err("item beyond the catalogue");
    }
    if demonstration.steps.iter().any(|s| !s.step.reward.is_finite() || !s.step.log_prob_behavior.is_finite())
    {
        return Err("a reward that is not a number");
    }
    if before.iter().any(|s| !s.step.end.continues()) || last.step.end == StepEnd::Continues {
        return Err("a session must end at its last step and only there");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
