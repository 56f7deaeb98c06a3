//! BPR-MF: users and items as vectors, so that what a user took up is ranked above what the user did not.

mod config;
mod factors;
mod held_out;
mod policy;

use crate::registry::{Code, Entry, Kind, Settings};
use crate::tensors::take;
use artefact::Tensors;
use collaborative::Choices;
use config::Config;
use factors::{Factors, Pair};
use held_out::HeldOut;
use learning::{
    Algorithm, Demonstrations, Hooks, Inputs, Keeps, LearningError, Metrics, Needs, Plan, Progress, Round,
    Run, Schedule, Stateful, Terms, TrainedPolicy,
};
use mdp::{Rng, rng_for};
use policy::BprPolicy;
use rand::RngExt as _;

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
    choices: Choices,
    /// User and item of every choice of users who left something.
    drawn: Vec<(u32, u32)>,
    held_out: HeldOut,
    factors: Factors,
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
        let choices = Choices::new(users, n_items);
        let of_user = |user: usize| choices.items_of(user).iter().map(move |&item| (user as u32, item));
        let leaves_something = |user: &usize| choices.items_of(*user).len() < n_items;
        let drawn: Vec<(u32, u32)> =
            (0..choices.n_users()).filter(leaves_something).flat_map(of_user).collect();
        if drawn.is_empty() {
            let why = "no training user took up some items and left others; see taken_up_from";
            return Err(LearningError::CannotFit(why.to_owned()));
        }
        let factors = Factors::new(choices.n_users(), n_items, config, &mut rng_for(seed, &[FIRST]));
        let policy = policy_of(&factors, &choices, config);
        Ok(Self {
            held_out: HeldOut::new(inputs.validation, config.taken_up_from, n_items, seed),
            best: Best { policy, ndcg: f32::NEG_INFINITY, n_rounds_since: 0 },
            config: config.clone(),
            choices,
            drawn,
            factors,
        })
    }

    /// A choice, and an item that its user did not take up; each as likely as any other.
    fn draw(&self, rng: &mut Rng) -> Pair {
        let (user, taken) = self.drawn[rng.random_range(0..self.drawn.len())];
        let of_user = self.choices.items_of(user as usize);
        let other = loop {
            let item = rng.random_range(0..self.choices.n_items() as u32);
            if of_user.binary_search(&item).is_err() {
                break item;
            }
        };
        Pair { user: user as usize, taken: taken as usize, other: other as usize }
    }

    /// Takes in how much of what is held out is found now. Where nothing is held out, the latest is the best.
    fn judge(&mut self) -> Option<f32> {
        let policy = policy_of(&self.factors, &self.choices, &self.config);
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
fn policy_of(factors: &Factors, choices: &Choices, config: &Config) -> BprPolicy {
    let (items, biases) = (factors.items.values.clone(), factors.biases.values.clone());
    let mut policy = BprPolicy::new(items, biases, config.taken_up_from);
    policy.fit_scale((0..choices.n_users()).map(|user| (choices.items_of(user), factors.user(user))));
    policy
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
        let mut total = 0.0;
        for _ in 0..self.drawn.len() {
            let pair = self.draw(&mut rng);
            total += f64::from(self.factors.step(pair, &self.config));
        }
        round.progress.n_gradient_steps += self.drawn.len() as u64;
        let mut metrics = Metrics::default();
        metrics.put("loss/pairs", total / self.drawn.len() as f64);
        if let Some(ndcg) = self.judge() {
            metrics.put("ndcg_at_10/held_out", ndcg);
        }
        Ok(metrics)
    }

    fn parameters(&mut self) -> Tensors {
        self.best.policy.tensors()
    }

    fn policy(&self, parameters: Tensors) -> Result<Box<dyn TrainedPolicy>, LearningError> {
        Ok(Box::new(BprPolicy::read(parameters, self.choices.n_items(), self.config.taken_up_from)?))
    }
}

const BEST: &str = "best.";

impl Stateful for Bpr {
    fn save(&self) -> Tensors {
        let mut out = Tensors::default();
        self.factors.put(&mut out);
        let best = self.best.policy.tensors();
        for (name, (shape, numbers)) in best.names().filter_map(|name| Some((name, best.get(name)?))) {
            out.insert(&format!("{BEST}{name}"), shape, numbers.to_vec());
        }
        out.insert("best", &[2], vec![self.best.ndcg, self.best.n_rounds_since as f32]);
        out
    }

    fn restore(&mut self, mut from: Tensors) -> Result<(), LearningError> {
        self.factors.take(&mut from)?;
        let now = take(&mut from, "best", &[2])?;
        let mut best = Tensors::default();
        let fresh = self.best.policy.tensors();
        for (name, (shape, _)) in fresh.names().filter_map(|name| Some((name, fresh.get(name)?))) {
            best.insert(name, shape, take(&mut from, &format!("{BEST}{name}"), shape)?);
        }
        let policy = BprPolicy::read(best, self.choices.n_items(), self.config.taken_up_from)?;
        self.best = Best { policy, ndcg: now[0], n_rounds_since: now[1] as u64 };
        Ok(())
    }
}

#[cfg(test)]
mod tests;
