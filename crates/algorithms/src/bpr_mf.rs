//! BPR-MF: users and items as vectors, so that what a user took up is ranked above what the user did not.

mod config;
mod held_out;
mod policy;

use crate::registry::{Code, Entry, Kind, Settings};
use crate::tensors::take;
use artefact::Tensors;
use collaborative::{BprFactors, BprPairs, BprTable, Choices};
use config::Config;
use held_out::HeldOut;
use learning::{
    Algorithm, Demonstrations, Hooks, Inputs, Keeps, LearningError, Metrics, Needs, Plan, Progress, Round,
    Run, Schedule, Stateful, Terms, TrainedPolicy,
};
use mdp::rng_for;
use policy::BprPolicy;

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "bpr-mf",
    kind: Kind::Algorithm,
    about: "BPR-MF: users and items as vectors, fitted so that what was taken up ranks above what was not; knows nothing of leaving",
    source: "Rendle et al. 2009, arXiv 1205.2618",
    faithful: false,
    needs: Needs { schedule: Schedule::Offline, demonstrations: Demonstrations::Ignored, asks: Hooks::NONE },
    preset: include_str!("bpr_mf/preset.toml"),
    fixed: "",
    small: include_str!("bpr_mf/small.toml"),
    readme: include_str!("bpr_mf/README.md"),
    code: &Code {
        network: NETWORK,
        settings: |name, value| {
            let config: Config = crate::registry::read(name, value)?;
            config.check()?;
            Ok(Box::new(config))
        },
        open: BprPolicy::open,
    },
};

/// The word in a policy's directory.
const NETWORK: &str = "bpr-mf";

/// Random streams of a run; that of what is held out is 2.
const FIRST: u64 = 1;
const PAIRS: u64 = 3;

impl Settings for Config {
    fn value(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("settings are plain data")
    }

    fn start<'a>(&self, inputs: &'a Inputs<'a>, seed: u64) -> Result<Run<'a>, LearningError> {
        let algorithm = Box::new(Bpr::new(inputs, self, seed)?);
        Ok(Run { name: ENTRY.name, algorithm, terms: Terms::default() })
    }
}

/// A run in progress. A round is as many steps as there are choices.
struct Bpr {
    config: Config,
    pairs: BprPairs,
    held_out: HeldOut,
    factors: BprFactors,
    best: Best,
}

/// What found most of what is held out so far.
struct Best {
    policy: BprPolicy,
    /// Mean nDCG@10; below any before the first round.
    ndcg: f32,
    /// Rounds since it was found.
    n_rounds_since: u64,
}

impl Bpr {
    fn new(inputs: &Inputs<'_>, config: &Config, seed: u64) -> Result<Self, LearningError> {
        config.check()?;
        inputs.check()?;
        let n_items = inputs.catalogue.len();
        let users = inputs.train.iter().map(|(_, history)| {
            history.iter().filter(|row| row.rating >= config.taken_up_from).map(|row| row.item)
        });
        let pairs = BprPairs::of(Choices::new(users, n_items)).map_err(|_| {
            let why = "no training user took up some items and left others; see taken_up_from";
            LearningError::CannotFit(why.to_owned())
        })?;
        let n_users = pairs.choices().n_users();
        let factors = BprFactors::new(n_users, n_items, &config.steps(), &mut rng_for(seed, &[FIRST]));
        let policy = policy_of(&factors, pairs.choices(), config);
        Ok(Self {
            held_out: HeldOut::new(inputs.validation, config.taken_up_from, n_items, seed),
            best: Best { policy, ndcg: f32::NEG_INFINITY, n_rounds_since: 0 },
            config: config.clone(),
            pairs,
            factors,
        })
    }

    /// Takes in how much of what is held out is found now. Where nothing is held out, the latest is the best.
    fn judge(&mut self) -> Option<f32> {
        let policy = policy_of(&self.factors, self.pairs.choices(), &self.config);
        let ndcg = self.held_out.ndcg(&policy);
        if ndcg.is_none_or(|ndcg| ndcg > self.best.ndcg) {
            let ndcg = ndcg.unwrap_or(self.best.ndcg);
            self.best = Best { policy, ndcg, n_rounds_since: 0 };
        } else {
            self.best.n_rounds_since += 1;
        }
        ndcg
    }
}

/// The policy of factors, fitted to those users.
fn policy_of(factors: &BprFactors, choices: &Choices, config: &Config) -> BprPolicy {
    BprPolicy::new(factors.folded_in(choices), config.taken_up_from)
}

impl Algorithm for Bpr {
    fn needs(&self) -> Needs {
        ENTRY.needs
    }

    fn plan(&self) -> Plan {
        Plan { keeps: Keeps::Last, n_validation_users: self.config.n_validation_users }
    }

    fn share_done(&self, progress: &Progress) -> f64 {
        if self.best.n_rounds_since >= self.config.patience {
            return 1.0;
        }
        progress.n_rounds as f64 / self.config.most_rounds as f64
    }

    fn is_validated(&self, progress: &Progress) -> bool {
        progress.n_rounds.is_multiple_of(self.config.validation_interval)
    }

    fn round(&mut self, round: &mut Round<'_>) -> Result<Metrics, LearningError> {
        let mut rng = round.rng(PAIRS);
        let cost = self.factors.round(&self.pairs, &self.config.steps(), &mut rng);
        round.progress.n_gradient_steps += self.pairs.len() as u64;
        let mut metrics = Metrics::default();
        metrics.put("loss/pairs", cost);
        if let Some(ndcg) = self.judge() {
            metrics.put("ndcg_at_10/held_out", ndcg);
        }
        Ok(metrics)
    }

    fn parameters(&mut self) -> Tensors {
        self.best.policy.tensors()
    }

    fn policy(&self, parameters: Tensors) -> Result<Box<dyn TrainedPolicy>, LearningError> {
        Ok(Box::new(BprPolicy::read(parameters, self.pairs.choices().n_items(), self.config.taken_up_from)?))
    }
}

const BEST: &str = "best.";

/// The tables of a checkpoint.
fn parts(factors: &mut BprFactors) -> [(&'static str, &mut BprTable); 3] {
    [("users", &mut factors.users), ("items", &mut factors.items), ("biases", &mut factors.biases)]
}

impl Stateful for Bpr {
    fn save(&self) -> Tensors {
        let mut out = Tensors::default();
        for (name, table) in parts(&mut self.factors.clone()) {
            out.insert(name, &[table.values.len()], std::mem::take(&mut table.values));
            out.insert(
                &format!("{name}.squares"),
                &[table.squares.len()],
                std::mem::take(&mut table.squares),
            );
        }
        let best = self.best.policy.tensors();
        for (name, (shape, numbers)) in best.names().filter_map(|name| Some((name, best.get(name)?))) {
            out.insert(&format!("{BEST}{name}"), shape, numbers.to_vec());
        }
        out.insert("best", &[2], vec![self.best.ndcg, self.best.n_rounds_since as f32]);
        out
    }

    fn restore(&mut self, mut from: Tensors) -> Result<(), LearningError> {
        for (name, table) in parts(&mut self.factors) {
            let n = table.values.len();
            table.values = take(&mut from, name, &[n])?;
            table.squares = take(&mut from, &format!("{name}.squares"), &[n])?;
        }
        let now = take(&mut from, "best", &[2])?;
        let mut best = Tensors::default();
        let fresh = self.best.policy.tensors();
        for (name, (shape, _)) in fresh.names().filter_map(|name| Some((name, fresh.get(name)?))) {
            best.insert(name, shape, take(&mut from, &format!("{BEST}{name}"), shape)?);
        }
        let policy = BprPolicy::read(best, self.pairs.choices().n_items(), self.config.taken_up_from)?;
        self.best = Best { policy, ndcg: now[0], n_rounds_since: now[1] as u64 };
        Ok(())
    }
}

#[cfg(test)]
mod tests;
