//! One training run, whoever asks for it: from settings and inputs to a sealed policy directory.

use crate::PipelineError;
use crate::recorder::Recorder;
use crate::working::Working;
use algorithms::{Entry, Settings};
use artefact::{Artefact, Claim, Draft, Kind, Tensors};
use catalogue::Catalogue;
use demonstrations::{Candidate, DemoStep, Demonstration};
use experiment::Domain;
use learning::{
    Demonstrated, Demonstrations, Inputs, Progress, ScoredItem, TrainedPolicy, WEIGHED_FILE, weighed,
};
use report::CurvePoint;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const PARAMETERS: &str = "policy.safetensors";
const RECORD: &str = "training.json";

/// A demonstration as learners are given it.
pub fn demonstrated(demonstration: &Demonstration) -> Demonstrated {
    let scored = |c: &Candidate| ScoredItem { item: c.item, log_prob: c.log_prob, lift: c.lift };
    let slate = |step: &DemoStep| -> Vec<ScoredItem> {
        step.explanation.iter().flat_map(|explanation| &explanation.slate).map(scored).collect()
    };
    let mut slates: Vec<Vec<ScoredItem>> = demonstration.steps.iter().map(slate).collect();
    if slates.iter().all(Vec::is_empty) {
        slates.clear();
    }
    Demonstrated { id: demonstration.id.clone(), session: demonstration.trajectory(), slates }
}

/// The hashes that a policy carries: of dataset, world and catalogue, and of the demonstrations' directories, the first as
/// `demos` and the others with a number.
pub fn made_of(domain: &Domain, demonstrations: &[String]) -> BTreeMap<String, String> {
    let mut inputs = BTreeMap::from([
        ("dataset".to_owned(), domain.dataset_hash.clone()),
        ("world".to_owned(), domain.world_hash.clone()),
        ("catalogue".to_owned(), domain.dataset.catalogue.hash()),
    ]);
    inputs.extend(named_demonstrations(demonstrations));
    inputs
}

/// The hashes of demonstrations by their names among a directory's inputs: `demos`, `demos-1`, and so on.
pub fn named_demonstrations(hashes: &[String]) -> impl Iterator<Item = (String, String)> {
    let name = |number: usize| if number == 0 { "demos".to_owned() } else { format!("demos-{number}") };
    hashes.iter().enumerate().map(move |(number, hash)| (name(number), hash.clone()))
}

/// What is trained, and on what.
#[derive(Clone, Copy)]
pub struct TrainingJob<'a> {
    /// The algorithm.
    pub entry: &'static Entry,
    /// Its settings.
    pub settings: &'a dyn Settings,
    /// The policy's name in tables.
    pub name: &'a str,
    /// What it learns from.
    pub inputs: Inputs<'a>,
    /// The hashes of what that was made from, by name; those of demonstrations begin with `demos`, and are left out where
    /// nothing is learned from them.
    pub made_of: &'a BTreeMap<String, String>,
    /// The run's seed.
    pub seed: u64,
    /// Whether checkpoint and metrics go into the policy's directory.
    pub keeps_checkpoint: bool,
}

/// `training.json` of a policy directory. Scripts read the fields up to `parameter_hash`; directories of earlier versions
/// lack some of the others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainingRecord {
    /// Sessions run for learning.
    pub episodes: u64,
    /// Interactions with the train world for learning.
    pub env_steps: u64,
    /// Gradient steps over all networks.
    pub gradient_steps: u64,
    /// The time it took, over all interruptions.
    pub seconds: f64,
    /// Interactions a second.
    pub env_steps_per_second: f64,
    /// Gradient steps a second.
    pub gradient_steps_per_second: f64,
    /// The hash of every parameter's exact bits.
    pub parameter_hash: String,
    /// The policy's name in tables; empty where the directory's name has to do.
    pub name: String,
    /// The algorithm's name in the registry; empty in directories of earlier versions.
    pub algorithm: String,
    /// Who reads the parameters, see [`algorithms::Code`].
    #[serde(alias = "family")]
    pub network: String,
    /// The seed of the training run.
    pub seed: u64,
    /// Mean return of validation users in the train world, as it went.
    #[serde(alias = "curve")]
    pub validation: Vec<CurvePoint>,
    /// Probability that a clean step of a demonstration weighs more than a corrupted one, where steps were corrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_auc: Option<f64>,
}

/// A policy that can act, and how it came to be.
pub struct PolicyDirectory {
    /// The policy.
    pub policy: Box<dyn TrainedPolicy>,
    /// What is told of its training.
    pub record: TrainingRecord,
    /// The directory's hash.
    pub hash: String,
}

/// Is told how a run goes on, with the seconds it has taken.
pub type Watch<'a> = dyn FnMut(&Progress, f64) + 'a;

impl TrainingJob<'_> {
    /// Trains, from the checkpoint in the working directory where there is one, and seals the policy's directory.
    /// `remark` makes [`TrainingRecord::weight_auc`] of the weights of the demonstrated steps that were
    /// asked about, one list a demonstration.
    ///
    /// # Errors
    /// When inputs or settings cannot work, or the disk refuses.
    pub fn train(
        &self,
        claim: &Claim,
        working: &Working,
        remark: &dyn Fn(&[Vec<f32>]) -> Option<f64>,
        watch: &mut Watch<'_>,
    ) -> Result<PolicyDirectory, PipelineError> {
        let (mut recorder, checkpoint) = Recorder::new(working, watch)?;
        let run = self.settings.start(&self.inputs, self.seed)?;
        let learns_from_demonstrations = run.algorithm.needs().demonstrations != Demonstrations::Ignored;
        let trained = learning::train(run, &self.inputs, self.seed, checkpoint, &mut recorder)?;
        let told = weighed(self.inputs.demonstrations, &trained.explained);
        let weights: Vec<Vec<f32>> = trained.explained.into_iter().map(|made| made.weights).collect();
        let tensors = trained.policy.to_tensors(self.inputs.catalogue);
        let (progress, seconds) = (trained.progress, recorder.seconds());
        let per_second = |n: u64| n as f64 / seconds.max(1e-9);
        let record = TrainingRecord {
            episodes: progress.n_episodes,
            env_steps: progress.n_env_steps,
            gradient_steps: progress.n_gradient_steps,
            seconds,
            env_steps_per_second: per_second(progress.n_env_steps),
            gradient_steps_per_second: per_second(progress.n_gradient_steps),
            parameter_hash: tensors.hash(),
            name: self.name.to_owned(),
            algorithm: self.entry.name.to_owned(),
            network: self.entry.code.network.to_owned(),
            seed: self.seed,
            validation: recorder.into_curve(),
            weight_auc: remark(&weights),
        };
        let mut draft = Draft::new(Kind::Policy, claim, self.seed, self.settings.value())?;
        let is_used = |name: &str| learns_from_demonstrations || !name.starts_with("demos");
        let made_of = self.made_of.iter().filter(|(name, _)| is_used(name));
        made_of.for_each(|(name, hash)| draft.input(name, hash));
        tensors.save(&draft, PARAMETERS)?;
        // What it tells beside clocks follows from the parameters and the settings.
        draft.write_json_beside(RECORD, &record)?;
        if self.keeps_checkpoint {
            for (name, bytes) in working.files()? {
                draft.write_beside(name, &bytes)?;
            }
        }
        draft.spent(seconds, 0);
        if !told.is_empty() {
            draft.write_json(WEIGHED_FILE, &told)?;
        }
        let hash = draft.seal()?.hash();
        Ok(PolicyDirectory { policy: trained.policy, record, hash })
    }
}

impl TrainingRecord {
    /// Whether there is a curve over interactions to show: a policy that never acts while it learns has none.
    pub fn has_curve(&self) -> bool {
        self.validation.iter().any(|point| point.n_env_steps > 0)
    }
}

impl PolicyDirectory {
    /// Opens a directory. What those of earlier versions do not say of themselves has its default.
    ///
    /// # Errors
    /// When it is damaged, or was made with another catalogue.
    pub fn open(path: &Path, catalogue: &Catalogue) -> Result<Self, PipelineError> {
        let artefact = Artefact::open(Kind::Policy, path)?;
        if artefact.manifest().inputs.get("catalogue").is_some_and(|hash| *hash != catalogue.hash()) {
            return Err(PipelineError::OtherCatalogue { path: path.to_owned() });
        }
        let mut record: TrainingRecord = artefact.read_json(RECORD)?;
        record.seed = artefact.manifest().seed;
        if record.name.is_empty() {
            record.name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        }
        if record.network.is_empty() {
            record.network = algorithms::il_rec::NETWORK.to_owned();
        }
        let tensors = Tensors::load(&artefact, PARAMETERS)?;
        let policy = algorithms::open(&record.network, tensors, catalogue)?;
        Ok(Self { policy, record, hash: artefact.hash() })
    }
}
