//! Stage `export`: a trained policy becomes an artefact that serves, with what stands beside it.

use crate::failure::Failure;
use ::data::Dataset;
use ::demonstrations::{Demonstration, Demos};
use artefact::{Artefact, Kind, Manifest, Place};
use learning::{WEIGHED_FILE, Weighed};
use mdp::Interaction;
use pipeline::{PolicyDirectory, demonstrated};
use ranking::{Ranker, Selection};
use representation::{Feature, N_FEATURES};
use serving::{About, Export, Precision, ServedSession, ServedStep};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What an artefact is made from.
#[derive(Clone, Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) policy: &'a Path,
    pub(crate) data: Option<&'a Path>,
    /// What explains the policy; those nearby that it learned from, where none are named.
    pub(crate) demos: &'a [PathBuf],
    /// How item tables are kept.
    pub(crate) table: Precision,
    /// Whether the policy is to lie beside them as an ONNX graph.
    pub(crate) onnx: bool,
    /// A control instead of the policy, on the policy's tables.
    pub(crate) control: Option<Control>,
}

/// Controls that can be served beside a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Control {
    /// Any item, all with the same probability.
    Uniform,
    /// The item that most people rated.
    Popularity,
}

impl Control {
    fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Popularity => "popularity",
        }
    }

    /// The forward pass with an actor that weighs nothing, or popularity alone.
    fn of(self, ranker: &Ranker) -> Ranker {
        let mut ranker = ranker.clone();
        let parameters = &mut ranker.actor.network.parameters;
        parameters.fill(0.0);
        ranker.selection = Selection::Sample;
        if self == Self::Popularity {
            // The last parameters are the output's biases, one for each feature.
            let biases = parameters.len() - N_FEATURES;
            parameters[biases + Feature::Popularity.index()] = 1.0;
            ranker.selection = Selection::Greedy;
        }
        ranker
    }
}

impl<'a> Parts<'a> {
    /// A policy as it is, with what lies near it.
    pub(crate) fn near(policy: &'a Path) -> Self {
        Self { policy, data: None, demos: &[], table: Precision::default(), onnx: false, control: None }
    }
}

/// The graph's name in the artefact.
pub(crate) const ONNX: &str = "policy.onnx";
/// Of how many users the histories are looked at to say what rounding does.
const N_PROBES: usize = 200;

/// How far above the policy its dataset and demonstrations are looked for.
const LEVELS: usize = 2;

/// Writes the artefact. Dataset and demonstrations that are not named are those nearby of the same catalogue.
pub(crate) fn export<'a>(parts: &Parts<'_>, out: impl Into<Place<'a>>) -> Result<Artefact, Failure> {
    let artefact = Artefact::open(Kind::Policy, parts.policy)?;
    let weighed = weighed(&artefact)?;
    let manifest = artefact.manifest();
    let dataset = open_dataset(parts, manifest)?;
    let probes = probes(&dataset);
    let catalogue = dataset.catalogue;
    let opened = PolicyDirectory::open(parts.policy, &catalogue)?;
    let ranker = opened.policy.ranker().map_err(|why| {
        Failure::input(format!("{why}: {}", parts.policy.display()))
            .hint("`ilrec train --algo il-rec` trains one that can be served")
    })?;
    let mut inputs = manifest.inputs.clone();
    inputs.insert("policy".into(), artefact.hash());
    let sources = match parts.demos {
        [] => learned_from(parts.policy, manifest, &weighed, &catalogue.hash()),
        named => named.to_vec(),
    };
    let demonstrations = explaining(&sources, &weighed, &catalogue.hash(), &mut inputs)?;
    let about = About {
        name: match parts.control {
            Some(control) => control.name().to_owned(),
            None => opened.record.name.clone(),
        },
        policy: artefact.hash(),
        judged: if parts.control.is_none() { judged(parts.policy) } else { Vec::new() },
        ..About::default()
    };
    let judged = &match parts.control {
        None => ranker.clone(),
        Some(control) => control.of(ranker),
    };
    let ranker = &serving::rounded(judged, parts.table);
    let mut beside = BTreeMap::new();
    if parts.onnx {
        let facts = [("policy", about.policy.as_str()), ("catalogue", &catalogue.hash())];
        beside.insert(ONNX.to_owned(), onnx::model(ranker, &facts));
    }
    let (table, probes, catalogue, seed) = (parts.table, &probes, &catalogue, manifest.seed);
    let what =
        Export { ranker, judged, table, probes, catalogue, demonstrations, about, inputs, seed, beside };
    Ok(serving::export(what, out)?)
}

/// The demonstrations that lie near a policy and that it learned from. A policy that learned from none is explained by none.
/// Those of earlier runs do not name theirs, but have what training made of them.
fn learned_from(policy: &Path, manifest: &Manifest, weighed: &[Weighed], catalogue: &str) -> Vec<PathBuf> {
    let own: Vec<&String> = demonstrations_of(&manifest.inputs).map(|(_, hash)| hash).collect();
    if own.is_empty() && !weighed.is_empty() {
        return nearby(policy, Kind::Demos, catalogue, None).into_iter().collect();
    }
    let mut found = Vec::new();
    for hash in own {
        match nearby(policy, Kind::Demos, catalogue, Some(hash)) {
            Some(path) => found.push(path),
            None => tracing::warn!(
                "demonstrations {hash} that it learned from are not near it: --demos names them"
            ),
        }
    }
    found
}

/// The inputs that are demonstrations, in order of their number.
fn demonstrations_of(inputs: &BTreeMap<String, String>) -> impl Iterator<Item = (&String, &String)> {
    let number = |name: &str| match name.strip_prefix("demos")? {
        "" => Some(0),
        rest => rest.strip_prefix('-')?.parse::<usize>().ok(),
    };
    let mut found: Vec<_> =
        inputs.iter().filter_map(|(name, hash)| Some((number(name)?, name, hash))).collect();
    found.sort();
    found.into_iter().map(|(_, name, hash)| (name, hash))
}

/// Every demonstration of the directories, which take the place of those among the inputs.
fn explaining(
    sources: &[PathBuf],
    weighed: &[Weighed],
    catalogue: &str,
    inputs: &mut BTreeMap<String, String>,
) -> Result<Vec<ServedSession>, Failure> {
    let mut sessions = Vec::new();
    let mut hashes = Vec::new();
    for path in sources {
        let (demos, artefact) = Demos::open(path)?;
        if artefact.manifest().inputs.get("catalogue").is_none_or(|own| own != catalogue) {
            return Err(Failure::input(format!(
                "the demonstrations were made with another catalogue: {}",
                path.display()
            )));
        }
        hashes.push(artefact.hash());
        sessions.extend(demos.demonstrations.into_iter().map(|demo| session(demo, weighed)));
    }
    if !hashes.is_empty() {
        let learned: Vec<String> = demonstrations_of(inputs).map(|(name, _)| name.clone()).collect();
        learned.iter().for_each(|name| drop(inputs.remove(name)));
        inputs.extend(pipeline::named_demonstrations(&hashes));
    }
    Ok(sessions)
}

/// The latest of what some users, evenly spread, rated.
fn probes(dataset: &Dataset) -> Vec<Vec<Interaction>> {
    const LONGEST: usize = 50;
    let stride = dataset.n_users().div_ceil(N_PROBES).max(1);
    let histories = dataset.histories().step_by(stride);
    histories.map(|(_, rows)| rows[rows.len().saturating_sub(LONGEST)..].to_vec()).collect()
}

fn open_dataset(parts: &Parts<'_>, manifest: &Manifest) -> Result<Dataset, Failure> {
    let wanted = manifest.inputs.get("catalogue").cloned().unwrap_or_default();
    let path = parts.data.map(Path::to_owned).or_else(|| nearby(parts.policy, Kind::Dataset, &wanted, None));
    let path = path.ok_or_else(|| {
        Failure::input(format!("no dataset of this policy is near it: {}", parts.policy.display()))
            .hint("give the dataset it was trained on: --data DATA")
    })?;
    Ok(Dataset::open(&path)?.0)
}

/// A directory of this kind and catalogue beside the policy or a level above, the one with the hash where it is known.
fn nearby(policy: &Path, kind: Kind, catalogue: &str, hash: Option<&String>) -> Option<PathBuf> {
    let policy = policy.canonicalize().ok()?;
    for folder in policy.ancestors().skip(1).take(LEVELS) {
        let mut found: Vec<PathBuf> = folder.read_dir().ok()?.flatten().map(|entry| entry.path()).collect();
        found.sort();
        let fits = |path: &PathBuf| {
            Manifest::of(path).is_some_and(|manifest| {
                manifest.kind == kind
                    && manifest.inputs.get("catalogue").is_some_and(|own| own == catalogue)
                    && hash.is_none_or(|hash| *hash == manifest.hash())
            })
        };
        if let Some(path) = found.into_iter().find(fits) {
            tracing::info!("{} found: {}", kind.word(), path.display());
            return Some(path);
        }
    }
    None
}

/// The rows of the results that lie beside a policy, where there are any.
fn judged(policy: &Path) -> Vec<serde_json::Value> {
    let file = policy.parent().unwrap_or(policy).join("evaluation.json");
    let bytes = std::fs::read(file).unwrap_or_default();
    let results: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let rows = results["evaluations"].as_array().into_iter().flatten();
    let own = rows.map(|evaluation| evaluation["row"].clone()).filter(|row| !row.is_null());
    own.map(artefact::canonical).collect()
}

/// What training made of the demonstrations; older policies do not tell.
fn weighed(policy: &Artefact) -> Result<Vec<Weighed>, Failure> {
    let is_told = policy.manifest().files.contains_key(WEIGHED_FILE);
    Ok(if is_told { policy.read_json(WEIGHED_FILE)? } else { Vec::new() })
}

fn session(demo: Demonstration, weighed: &[Weighed]) -> ServedSession {
    let input = demonstrated(&demo);
    let known = weighed.iter().find(|one| one.is_of(&input));
    let step = |(at, step): (usize, ::demonstrations::DemoStep)| {
        let (plan, advantage) = step.explanation.map(|said| (said.plan, said.advantage)).unwrap_or_default();
        ServedStep {
            item: step.step.item,
            reward: step.step.reward,
            left: step.step.end.is_terminated(),
            thought: step.thought,
            plan,
            critic_value: step.critic_value,
            advantage,
            weight: known.and_then(|one| one.weights.get(at).copied()),
            learned_value: known.and_then(|one| one.values.get(at).copied()),
        }
    };
    ServedSession {
        id: demo.id,
        history: demo.history_titles,
        steps: demo.steps.into_iter().enumerate().map(step).collect(),
        lesson: demo.lesson,
    }
}
