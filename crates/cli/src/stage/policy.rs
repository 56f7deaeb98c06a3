//! A trained policy as a directory: its parameters, the account of its training, its last checkpoint.

use crate::failure::Failure;
use artefact::{Artefact, Claim, Draft, Kind, Tensors};
use experiment::Domain;
use mdp::Policy;
use policy::PublishedPolicy;
use report::CurvePoint;
use robust::RobustPolicy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const WEIGHTS: &str = "policy.safetensors";
const ACCOUNT: &str = "training.json";

/// Which code reads the parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Family {
    /// The default learner's.
    #[default]
    Robust,
    /// The published network's.
    Published,
}

/// What training did. The fields up to `parameter_hash` are what scripts read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Account {
    pub(crate) episodes: u64,
    pub(crate) env_steps: u64,
    pub(crate) gradient_steps: u64,
    pub(crate) seconds: f64,
    pub(crate) env_steps_per_second: f64,
    pub(crate) gradient_steps_per_second: f64,
    pub(crate) parameter_hash: String,
    pub(crate) name: String,
    pub(crate) preset: String,
    pub(crate) family: Family,
    pub(crate) seed: u64,
    pub(crate) validation: Vec<CurvePoint>,
}

/// Files by name.
pub(crate) type Files = BTreeMap<&'static str, Vec<u8>>;

/// A policy that can act, and how it came to be.
pub(crate) struct Trained {
    pub(crate) policy: Box<dyn Policy>,
    pub(crate) tensors: Tensors,
    pub(crate) account: Account,
}

impl Trained {
    /// Writes the directory; `extra` is a file to seal with the parameters, `beside` are files that tell of clocks, as the
    /// account does.
    pub(crate) fn save(
        &self,
        inputs: &BTreeMap<&'static str, String>,
        config: serde_json::Value,
        (extra, beside): (Option<(&str, Vec<u8>)>, &Files),
        claim: &Claim,
    ) -> Result<Artefact, Failure> {
        let mut draft = Draft::new(Kind::Policy, claim, self.account.seed, config)?;
        inputs.iter().for_each(|(name, hash)| draft.input(name, hash));
        self.tensors.save(&draft, WEIGHTS)?;
        draft.write_json_beside(ACCOUNT, &self.account)?;
        if let Some((name, bytes)) = extra {
            draft.write(name, &bytes)?;
        }
        for (name, bytes) in beside {
            draft.write_beside(name, bytes)?;
        }
        draft.spent(self.account.seconds, 0);
        Ok(draft.seal()?)
    }

    /// Opens a directory and checks that it belongs to the domain's catalogue. Policies of `run` say less about
    /// themselves than those of `train`; what they do not say has its default.
    pub(crate) fn open(domain: &Domain, path: &Path) -> Result<(Self, String), Failure> {
        let artefact = Artefact::open(Kind::Policy, path)?;
        let catalogue = &domain.dataset.catalogue;
        if artefact.manifest().inputs.get("catalogue").is_some_and(|hash| *hash != catalogue.hash()) {
            return Err(Failure::input(format!(
                "the policy was made with another catalogue: {}",
                path.display()
            ))
            .hint("give the dataset it was trained on"));
        }
        let mut account: Account = artefact.read_json(ACCOUNT)?;
        account.seed = artefact.manifest().seed;
        if account.name.is_empty() {
            account.name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        }
        let tensors = Tensors::load(&artefact, WEIGHTS)?;
        let policy: Box<dyn Policy> = match account.family {
            Family::Robust => Box::new(RobustPolicy::from_tensors(tensors.clone(), catalogue)?),
            Family::Published => Box::new(PublishedPolicy::from_tensors(tensors.clone())?),
        };
        Ok((Self { policy, tensors, account }, artefact.hash()))
    }
}
