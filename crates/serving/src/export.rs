//! Writing an artefact.

use crate::selftest::{Case, situations};
use crate::served::{CATALOGUE, DEMONSTRATIONS, FACTS, Facts, TENSORS};
use crate::{About, Served, ServedSession, ServingError, TableFacts, VERSION};
use artefact::{Artefact, Draft, Kind, Place, Precision, Tensors};
use catalogue::Catalogue;
use mdp::Interaction;
use ranking::{Parameters, Ranker};
use representation::TABLES;
use std::collections::BTreeMap;

/// What becomes an artefact.
#[derive(Clone, Debug)]
pub struct Export<'a> {
    /// The forward pass, as it is after [`rounded`](crate::rounded).
    pub ranker: &'a Ranker,
    /// The same before its tables were rounded: what was judged.
    pub judged: &'a Ranker,
    /// How the tables are kept.
    pub table: Precision,
    /// Histories of users on whom is measured what rounding does.
    pub probes: &'a [Vec<Interaction>],
    /// The items.
    pub catalogue: &'a Catalogue,
    /// Demonstrations that explain; may be empty.
    pub demonstrations: Vec<ServedSession>,
    /// What it says about itself; the hash of the parameters is filled in.
    pub about: About,
    /// Hashes of what it was made from, by name.
    pub inputs: BTreeMap<String, String>,
    /// The seed of the training run.
    pub seed: u64,
    /// Other files to lie in the directory, by name.
    pub beside: BTreeMap<String, Vec<u8>>,
}

/// Writes a directory that [`Served::open`] opens, with a self-test in it.
///
/// # Errors
/// When the disk refuses, a demonstration does not belong to the catalogue, or the policy gives no number.
pub fn export<'a>(what: Export<'_>, out: impl Into<Place<'a>>) -> Result<Artefact, ServingError> {
    let Export { ranker, judged, catalogue, demonstrations, mut about, inputs, seed, beside, .. } = what;
    about.parameter_hash = parameters_of(judged, catalogue).1.hash();
    let (parameters, mut tensors) = parameters_of(ranker, catalogue);
    ranker.items.write(&mut |name, shape, data| tensors.insert(name, shape, data.to_vec()));
    let bytes = tensors.to_bytes_with(&TABLES, what.table);
    let served_by = |ranker: &Ranker| {
        Served::from_parts(ranker.clone(), catalogue.clone(), demonstrations.clone(), About::default())
    };
    let served = served_by(ranker)?;
    let n_bytes = (bytes.len(), tensors.to_bytes().len());
    about.table =
        Some(TableFacts::measured(what.table, n_bytes, (&served, &served_by(judged)?), what.probes)?);
    let cases: Vec<Case> = situations(catalogue.len()).into_iter().map(|case| case.filled(ranker)).collect();
    served.check(&cases)?;
    let facts = Facts {
        version: if what.table == Precision::Single { 1 } else { VERSION },
        belief_width: ranker.items.taste.width(),
        parameters,
        about,
        self_test: cases,
    };
    let mut draft = Draft::new(Kind::Served, out, seed, serde_json::json!({ "version": facts.version }))?;
    inputs.iter().for_each(|(name, hash)| draft.input(name, hash));
    draft.input("catalogue", &catalogue.hash());
    draft.write(TENSORS, &bytes)?;
    draft.write_json(CATALOGUE, catalogue)?;
    draft.write_json(DEMONSTRATIONS, &served.demonstrations())?;
    draft.write_json(FACTS, &facts)?;
    for (name, bytes) in &beside {
        draft.write(name, bytes)?;
    }
    Ok(draft.seal()?)
}

fn parameters_of(ranker: &Ranker, catalogue: &Catalogue) -> (Parameters, Tensors) {
    let mut tensors = Tensors::default();
    let mut keep = |name: &str, shape: &[usize], data: &[f32]| tensors.insert(name, shape, data.to_vec());
    (ranker.write(catalogue, &mut keep), tensors)
}
