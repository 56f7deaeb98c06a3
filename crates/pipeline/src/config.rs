//! One experiment as a file.

use crate::PipelineError;
use crate::variants::{Variant, term_of, variants};
use agents::AgentSettings;
use data::ShownSource;
use environment::RuleSettings;
use evaluation::metrics::check_table_metrics;
use experiment::{EnvironmentSettings, EvaluationSettings, ExperimentError};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use world_model::WorldConfig;

/// Everything about a run. Paths are relative to the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// The heading of the report.
    pub title: String,
    /// What the results say, in words of the person who ran it; shown above the table.
    #[serde(default)]
    pub reading: String,
    /// The seed of splits, worlds and demonstrations.
    #[serde(default)]
    pub seed: u64,
    /// One training run per seed for everything that is trained.
    pub training_seeds: Vec<u64>,
    /// The log.
    pub data: DataSettings,
    /// Train world, judge world, splits.
    #[serde(default)]
    pub world: WorldConfig,
    /// When users leave.
    #[serde(default)]
    pub environment: RunEnvironmentSettings,
    /// Where demonstrations come from.
    pub demonstrations: Vec<DemonstrationSource>,
    /// Algorithms of the registry that are trained; the first one is the one that the others are compared with.
    #[serde(default = "default_algorithms")]
    pub algorithms: Vec<String>,
    /// Settings that differ from IL-Rec's preset, for it and for everything that is made of it by switching parts off.
    #[serde(default)]
    pub learner: toml::Table,
    /// Settings that differ from an algorithm's preset, by its name.
    #[serde(default)]
    pub algorithm: BTreeMap<String, toml::Table>,
    /// Terms to learn with, by name, with what differs from their presets: for everything that asks all that they have to say.
    #[serde(default)]
    pub term: BTreeMap<String, toml::Table>,
    /// How policies are judged.
    #[serde(default)]
    pub evaluation: EvaluationSettings,
    /// Names of ablations of IL-Rec, see [`crate::ablation_names`].
    #[serde(default)]
    pub ablations: Vec<String>,
    /// The rows that the first algorithm is compared with over draws: named before there are results, so that Holm's p values
    /// mean something. Left out: those of `untrained`, `planner`, `popularity`, `ease` and the first two ablations that the run has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contrasts: Option<Vec<String>>,
}

/// The log: imported, or generated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataSettings {
    /// A log on disk.
    Import(data::ImportOptions),
    /// The generated sample domain.
    Sample(SampleSettings),
}

/// Size of the generated domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleSettings {
    /// Films.
    pub n_items: usize,
    /// People.
    pub n_users: usize,
}

/// Exit rules and horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunEnvironmentSettings {
    /// The rule of the main table.
    pub exit_rule: String,
    /// Rules of tables beside it; everything is trained and judged anew under each.
    pub compare: Vec<String>,
    /// The most steps of a session.
    pub horizon: usize,
    /// Parameters of the main rule that differ from its defaults; the rules beside it keep theirs.
    #[serde(skip_serializing_if = "RuleSettings::is_empty")]
    pub rule: RuleSettings,
}

impl Default for RunEnvironmentSettings {
    fn default() -> Self {
        let EnvironmentSettings { exit_rule, horizon, threshold: _, rule } = EnvironmentSettings::default();
        Self { exit_rule, compare: Vec::new(), horizon, rule }
    }
}

impl RunEnvironmentSettings {
    /// The settings under each rule, the main one's first.
    pub fn by_rule(&self) -> impl Iterator<Item = EnvironmentSettings> {
        let settings = |name: &String, rule: &RuleSettings| EnvironmentSettings {
            exit_rule: name.clone(),
            horizon: self.horizon,
            threshold: None,
            rule: rule.clone(),
        };
        let main = settings(&self.exit_rule, &self.rule);
        [main]
            .into_iter()
            .chain(self.compare.iter().map(move |name| settings(name, &RuleSettings::default())))
    }
}

/// One source of demonstrations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DemonstrationSource {
    /// Ranked lists.
    Lists {
        /// File or folder.
        path: PathBuf,
        /// The ratings that the prompts behind them showed, as in [`WorldConfig::shown`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shown: Vec<ShownSource>,
    },
    /// BiLLP trajectories, original or line format.
    Billp {
        /// File or folder.
        path: PathBuf,
    },
    /// The rule-based stand-in.
    Builtin {
        /// The share of its answers that follow its rules.
        quality: f64,
        /// Sessions.
        n_episodes: usize,
    },
    /// The agents of a language model.
    Agents(Box<AgentsSource>),
}

/// Demonstrations of a language model's agents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentsSource {
    /// The model's address, as on the command line; a path in it is relative to the file.
    pub llm: String,
    /// Who turns texts into vectors, for grounding and memories: `minilm:FOLDER` or `openai:MODEL`; without it,
    /// character n-grams do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedder: Option<String>,
    /// A folder that replaces prompt templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompts: Option<PathBuf>,
    /// The most tokens to pay for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_tokens: Option<u64>,
    /// The most money to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_money: Option<f64>,
    /// The agents.
    #[serde(default)]
    pub settings: AgentSettings,
}

impl RunConfig {
    /// The same with every setting of every algorithm: IL-Rec's preset with the changes of `learner` there, and under
    /// `algorithm` those of algorithms with presets of their own, and what is changed of the others.
    ///
    /// # Errors
    /// When there is no algorithm of a name, or its settings cannot work.
    pub fn laid_out(&self) -> Result<Self, PipelineError> {
        let table =
            |value| -> toml::Table { serde_json::from_value(value).expect("settings have a TOML form") };
        let shared = Self { algorithm: BTreeMap::new(), term: BTreeMap::new(), ..self.clone() };
        let learner = Variant::of_algorithm("il-rec")?.settings(&shared)?.value();
        let mut out = Self { learner: table(learner), ..self.clone() };
        out.algorithm.retain(|name, _| self.algorithms.contains(name));
        for variant in variants(self, &[])? {
            if variant.entry.preset == algorithms::il_rec::PRESET {
                out.algorithm.entry(variant.name.to_owned()).or_default();
            } else {
                out.algorithm.insert(variant.name.to_owned(), table(variant.settings(self)?.value()));
            }
        }
        Ok(out)
    }

    /// The settings of worlds, with what the prompts behind demonstrations showed.
    pub fn world_with_shown(&self) -> WorldConfig {
        let mut world = self.world.clone();
        for source in &self.demonstrations {
            if let DemonstrationSource::Lists { shown, .. } = source {
                world.shown.extend(shown.iter().filter(|source| !self.world.shown.contains(source)).cloned());
            }
        }
        world
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// When it cannot be read, has an unknown key, or contradicts itself.
    pub fn read(path: &Path) -> Result<Self, PipelineError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| PipelineError::Read { path: path.to_owned(), source })?;
        let config: Self = toml::from_str(&text)
            .map_err(|source| PipelineError::Config { path: path.to_owned(), source: Box::new(source) })?;
        config.check()?;
        Ok(config)
    }

    /// The contrasts that count, see [`RunConfig::contrasts`].
    pub(crate) fn named_contrasts(&self) -> Vec<&str> {
        let of_this_run = |name: &&str| self.has_row(name) && *name != self.algorithms[0];
        match &self.contrasts {
            Some(named) => named.iter().map(String::as_str).collect(),
            None => CONTRASTS.into_iter().filter(of_this_run).collect(),
        }
    }

    fn has_row(&self, name: &str) -> bool {
        experiment::CONTROLS.contains(&name)
            || self.algorithms.iter().chain(&self.ablations).any(|other| other == name)
    }

    /// Refuses what cannot work.
    ///
    /// # Errors
    /// Names the setting.
    pub fn check(&self) -> Result<(), PipelineError> {
        let refuse = |setting, why: &str| Err(PipelineError::Setting { setting, why: why.to_owned() });
        if self.training_seeds.is_empty() {
            return refuse("training_seeds", "at least one is needed");
        }
        if self.demonstrations.is_empty() {
            return refuse("demonstrations", "at least one source is needed");
        }
        if self.environment.horizon == 0 || self.evaluation.eval_seeds == 0 {
            return refuse("environment.horizon, evaluation.eval_seeds", "must be at least 1");
        }
        check_table_metrics(&self.evaluation.metrics).map_err(ExperimentError::from)?;
        self.environment.by_rule().try_for_each(|settings| settings.check())?;
        for source in &self.demonstrations {
            if let DemonstrationSource::Agents(agents) = source {
                agents.settings.check()?;
            }
        }
        if self.algorithms.is_empty() {
            return refuse("algorithms", "at least one is needed");
        }
        for name in self.term.keys() {
            let term = term_of(name)?;
            let mut algorithms = self.algorithms.iter().filter_map(|name| algorithms::find(name));
            if !algorithms.any(|algorithm| term.is_heard_by(algorithm)) {
                let why = format!("none of `algorithms` would hear {name}; `ilrec terms` lists who does");
                return refuse("term", &why);
            }
        }
        // What is there twice would count twice.
        let contrasts = self.contrasts.iter().flatten();
        if let Some(name) = contrasts.clone().find(|name| !self.has_row(name) || **name == self.algorithms[0])
        {
            let why = format!(
                "no row of this run that the first algorithm could be compared with is called {name}"
            );
            return Err(PipelineError::Setting { setting: "contrasts", why });
        }
        let contrasts: Vec<String> = contrasts.cloned().collect();
        let names = [&self.algorithms, &self.ablations, &contrasts];
        if names.into_iter().any(|names| has_doubles(names)) || has_doubles(&self.training_seeds) {
            return refuse("algorithms, ablations, contrasts, training_seeds", "each may be there once");
        }
        if let Some(name) = self.algorithm.keys().find(|name| !self.algorithms.contains(name)) {
            let why = format!("{name} is not one of `algorithms`");
            return Err(PipelineError::Setting { setting: "algorithm", why });
        }
        for variant in variants(self, &self.ablations)? {
            if !self.algorithms.iter().any(|name| name == variant.entry.name) {
                let why = format!(
                    "{} changes {}, which is not one of `algorithms`",
                    variant.name, variant.entry.name
                );
                return refuse("ablations", &why);
            }
            variant.settings(self)?;
        }
        Ok(())
    }
}

fn has_doubles<T: Ord>(values: &[T]) -> bool {
    values.iter().collect::<BTreeSet<_>>().len() < values.len()
}

fn default_algorithms() -> Vec<String> {
    ["il-rec", "bc", "a2c", "planner", "untrained", "ease", "item-knn", "bpr-mf", "lookahead"]
        .map(str::to_owned)
        .into()
}

/// Contrasts of a run that names none.
const CONTRASTS: [&str; 6] =
    ["untrained", "planner", "popularity", "ease", "no-demonstrations", "shuffled-demonstrations"];

/// The main job on the generated sample domain.
pub fn quickstart_config(seed: u64) -> RunConfig {
    let text = include_str!("../../../presets/quickstart.toml");
    let config: RunConfig = toml::from_str(text).expect("the embedded configuration is tested");
    RunConfig { seed, ..config }
}
