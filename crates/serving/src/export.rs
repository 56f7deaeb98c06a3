//! Writing an artefact.

use crate::selftest::{Case, situations};
use crate::served::{CATALOGUE, DEMONSTRATIONS, FACTS, Facts, TENSORS};
use crate::{About, Served, ServedSession, ServingError, VERSION};
use artefact::{Artefact, Draft, Kind, Tensors};
use catalogue::Catalogue;
use ranking::Ranker;
use std::collections::BTreeMap;
use std::path::Path;

/// What becomes an artefact.
#[derive(Clone, Debug)]
pub struct Export<'a> {
    /// The forward pass.
    pub ranker: &'a Ranker,
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
}

/// Writes a directory that [`Served::open`] opens, with a self-test in it.
///
/// # Errors
/// When the disk refuses, a demonstration does not belong to the catalogue, or the policy gives no number.
pub fn export(what: Export<'_>, out: &Path) -> Result<Artefact, ServingError> {
    let Export { ranker, catalogue, demonstrations, mut about, inputs, seed } = what;
    let mut tensors = Tensors::default();
    let mut keep = |name: &str, shape: &[usize], data: &[f32]| tensors.insert(name, shape, data.to_vec());
    let parameters = ranker.write(catalogue, &mut keep);
    about.parameter_hash = tensors.hash();
    ranker.items.write(&mut |name, shape, data| tensors.insert(name, shape, data.to_vec()));
    let served = Served::put_together(ranker.clone(), catalogue.clone(), demonstrations, about.clone())?;
    let cases: Vec<Case> = situations(catalogue.len()).into_iter().map(|case| case.filled(ranker)).collect();
    served.check(&cases)?;
    let facts = Facts {
        version: VERSION,
        belief_width: ranker.items.taste.width(),
        parameters,
        about,
        self_test: cases,
    };
    let mut draft = Draft::new(Kind::Served, out, seed, serde_json::json!({ "version": VERSION }))?;
    inputs.iter().for_each(|(name, hash)| draft.input(name, hash));
    draft.input("catalogue", &catalogue.hash());
    tensors.save(&draft, TENSORS)?;
    draft.write_json(CATALOGUE, catalogue)?;
    draft.write_json(DEMONSTRATIONS, &served.demonstrations())?;
    draft.write_json(FACTS, &facts)?;
    Ok(draft.seal()?)
}
