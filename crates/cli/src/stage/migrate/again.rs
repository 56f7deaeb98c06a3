//! The command that makes something anew, as far as what is there says it.

use crate::shell;
use artefact::{Kind, Manifest};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// How far above a directory its inputs are looked for.
const LEVELS: usize = 2;

/// The directory of this kind with this hash beside a path or a level above. Datasets are known by the hash of what is in them.
pub(super) fn near(path: &Path, kind: Kind, hash: &str) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let is_it = |path: &PathBuf| {
        let own = |manifest: Manifest| match kind {
            Kind::Dataset => json(&path.join("dataset.json"))["hash"].as_str().map(str::to_owned),
            _ => Some(manifest.hash()),
        };
        let manifest = Manifest::of(path).filter(|manifest| manifest.kind == kind);
        manifest.and_then(own).is_some_and(|own| own == hash)
    };
    let folders = path.ancestors().skip(1).take(LEVELS);
    folders.filter_map(|folder| folder.read_dir().ok()).find_map(|entries| {
        let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        found.sort();
        found.into_iter().find(is_it)
    })
}

fn json(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// What is known of a directory that cannot be opened.
struct Known<'a> {
    path: &'a Path,
    manifest: Value,
}

impl Known<'_> {
    fn json(&self, name: &str) -> Value {
        json(&self.path.join(name))
    }

    /// An input's option: its directory where it is near, else a word that stands for it.
    fn input(&self, option: &str, kind: Kind, name: &str) -> String {
        let hash = self.manifest["inputs"][name].as_str();
        let found = hash.and_then(|hash| near(self.path, kind, hash));
        let word = found.map_or_else(|| option.to_uppercase(), |path| shell::path(&path));
        format!(" --{option} {word}")
    }

    fn domain(&self) -> String {
        self.input("data", Kind::Dataset, "dataset") + &self.input("world", Kind::World, "world")
    }

    fn out(&self) -> String {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let seed = match self.manifest["seed"].as_u64() {
            None | Some(0) => String::new(),
            Some(seed) => format!(" --seed {seed}"),
        };
        format!("{seed} --out {}", shell::path(&self.path.with_file_name(name)))
    }

    fn demos(&self) -> String {
        let (origin, cost) = (self.json("origin.json"), self.json("cost.json"));
        if cost["way"] == "demos import" || origin["origin"]["kind"] == "imported" {
            return format!("ilrec demos import FORMAT --input PATH{}", self.domain());
        }
        let expert = origin["origin"]["expert"].as_str().unwrap_or("URI");
        let who = match expert {
            experiment::RANDOM_FRESH_GENRE => format!("--agent {expert}"),
            expert if expert.starts_with("builtin:") => format!("--llm {}", shell::word(expert)),
            _ => "--llm URI".to_owned(),
        };
        let episodes = origin["n_demonstrations"].as_u64().map_or("N".to_owned(), |n| n.to_string());
        format!("ilrec demos collect {who} --episodes {episodes}{}", self.domain())
    }

    fn policy(&self) -> String {
        let record = self.json("training.json");
        let algorithm = record["algorithm"].as_str().filter(|name| algorithms::find(name).is_some());
        let learned = self.manifest["inputs"]["demos"].is_string();
        let demos = if learned { self.input("demos", Kind::Demos, "demos") } else { String::new() };
        format!("ilrec train --algo {}{}{demos}", algorithm.unwrap_or("il-rec"), self.domain())
    }
}

/// The command for a thing of this kind; absent where nobody made it with one. What is not known is a word in capitals.
pub(super) fn again(kind: &str, path: &Path) -> Option<String> {
    if let Some(run) =
        path.ancestors().skip(1).take(LEVELS + 1).find(|folder| folder.join("stages.json").is_file())
    {
        return Some(format!("ilrec run FILE.toml --out {}", shell::path(run)));
    }
    let mut known = Known { path, manifest: Value::Null };
    known.manifest = known.json("manifest.json");
    let is_matrix = known.json("world.json")["models"] == "matrices";
    let made = match kind {
        "dataset" => "ilrec data import FORMAT --input PATH".to_owned(),
        "world" if is_matrix => "ilrec world import-matrix --help".to_owned(),
        "world" => format!("ilrec world train{}", known.input("data", Kind::Dataset, "dataset")),
        "demos" => known.demos(),
        "policy" => known.policy(),
        "evaluation" => {
            format!("ilrec eval{}{}", known.input("policy", Kind::Policy, "policy"), known.domain())
        }
        "served" | "serving artefact" => {
            format!("ilrec export{}", known.input("policy", Kind::Policy, "policy"))
        }
        "run" => return Some(format!("ilrec run FILE.toml --out {}", shell::path(path))),
        "collection" | "cassette" => {
            return Some(
                "ilrec demos collect --llm URI --episodes N --data DATA --world WORLD --out DEMOS".to_owned(),
            );
        }
        "store" => return Some("ilrec serve --policy ARTEFACT --store NEW.sqlite".to_owned()),
        _ => return None,
    };
    if made.ends_with("--help") { Some(made) } else { Some(made + &known.out()) }
}
