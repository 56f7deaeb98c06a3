//! The learner: every item is an arm, and its value the mean of what came of it.

use artefact::Tensors;
use catalogue::Catalogue;
use environment::{Start, rollout};
use learning::{
    Algorithm, Demonstrations, Hook, Hooks, Inputs, Keeps, LearningError, Metrics, Needs, Plan, Progress,
    Round, Run, Schedule, Stateful, Steps, Terms, TrainedPolicy, Unserved,
};
use mdp::{Choice, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs};
use rand::RngExt as _;
use ranking::Ranker;

/// Rounds of a run, and sessions of a round.
const N_ROUNDS: u64 = 40;
const N_SESSIONS: usize = 32;
/// Purpose of the random stream that says whose sessions are run.
const USERS: u64 = 1;
/// How often a random item is tried while learning.
const EXPLORED: f32 = 0.2;

/// A run from its start.
pub(crate) fn run<'a>(inputs: &Inputs<'a>, terms: Terms) -> Run<'a> {
    let n_items = inputs.catalogue.len();
    let algorithm = Bandit { inputs: *inputs, sums: vec![0.0; n_items], counts: vec![0.0; n_items] };
    Run { name: "bandit", algorithm: Box::new(algorithm), terms }
}

/// A run in progress.
struct Bandit<'a> {
    inputs: Inputs<'a>,
    sums: Vec<f32>,
    counts: Vec<f32>,
}

impl Bandit<'_> {
    /// Items that were never tried are worth most, so that all are tried.
    fn values(&self) -> Vec<f32> {
        let value = |(&sum, &n): (&f32, &f32)| if n > 0.0 { sum / n } else { 5.0 };
        self.sums.iter().zip(&self.counts).map(value).collect()
    }
}

impl Algorithm for Bandit<'_> {
    fn needs(&self) -> Needs {
        let asks = Hooks::of(&[Hook::Utility, Hook::Reward]);
        Needs { schedule: Schedule::OnPolicy, demonstrations: Demonstrations::Ignored, asks }
    }

    fn plan(&self) -> Plan {
        Plan { keeps: Keeps::Best, n_validation_users: 20 }
    }

    fn share_done(&self, progress: &Progress) -> f64 {
        progress.n_rounds as f64 / N_ROUNDS as f64
    }

    fn is_validated(&self, progress: &Progress) -> bool {
        progress.n_rounds.is_multiple_of(5)
    }

    fn round(&mut self, round: &mut Round<'_>) -> Result<Metrics, LearningError> {
        let mut rng = round.rng(USERS);
        let train = self.inputs.train;
        let starts: Vec<Start<'_>> = (0..N_SESSIONS)
            .map(|_| train[rng.random_range(0..train.len())])
            .map(|(user, history)| Start { user, history, stream: round.progress.n_rounds })
            .collect();
        let acting = Values { values: self.values(), explored: EXPLORED };
        let sessions = rollout(self.inputs.environment, &acting, &starts, round.session_seed())?;
        let mut steps = Steps::default();
        for session in &sessions {
            let start = steps.len();
            steps.sessions.push(start..start + session.steps.len());
            for step in &session.steps {
                steps.items.push(step.item);
                steps.rewards.push(step.reward);
                steps.ends.push(step.end);
                steps.log_probs.push(step.log_prob_behavior);
                steps.demonstrated.push(None);
            }
        }
        // Terms may change by how much a step is better than usual, or add a reward of their own.
        let usual = steps.rewards.iter().sum::<f32>() / steps.len().max(1) as f32;
        let mut worth: Vec<f32> = steps.rewards.iter().map(|reward| reward - usual).collect();
        round.terms.utility(&steps, &mut worth)?;
        if let Some(learned) = round.terms.reward(&steps)? {
            worth.iter_mut().zip(learned.lowered(1.0)).for_each(|(sum, learned)| *sum += learned);
        }
        for (item, worth) in steps.items.iter().zip(worth) {
            self.sums[item.index()] += usual + worth;
            self.counts[item.index()] += 1.0;
        }
        round.progress.count(sessions.len(), steps.len(), steps.rewards.iter().sum());
        let mut metrics = Metrics::default();
        metrics.put("train/tried", self.counts.iter().filter(|n| **n > 0.0).count() as f64);
        Ok(metrics)
    }

    fn parameters(&mut self) -> Tensors {
        let mut out = Tensors::default();
        let values = self.values();
        out.insert("values", &[values.len()], values);
        out
    }

    fn policy(&self, mut parameters: Tensors) -> Result<Box<dyn TrainedPolicy>, LearningError> {
        let values = take(&mut parameters, "values", self.sums.len())?;
        Ok(Box::new(Values { values, explored: 0.0 }))
    }
}

impl Stateful for Bandit<'_> {
    fn save(&self) -> Tensors {
        let mut out = Tensors::default();
        out.insert("sums", &[self.sums.len()], self.sums.clone());
        out.insert("counts", &[self.counts.len()], self.counts.clone());
        out
    }

    fn restore(&mut self, mut from: Tensors) -> Result<(), LearningError> {
        self.sums = take(&mut from, "sums", self.sums.len())?;
        self.counts = take(&mut from, "counts", self.counts.len())?;
        Ok(())
    }
}

fn take(from: &mut Tensors, name: &str, length: usize) -> Result<Vec<f32>, LearningError> {
    let mismatch =
        || LearningError::Mismatch { what: "checkpoint", why: format!("no tensor {name} of {length}") };
    from.take(name, &[length]).ok_or_else(mismatch)
}

/// The item of the highest value, or now and then a random one.
#[derive(Debug)]
pub(crate) struct Values {
    values: Vec<f32>,
    explored: f32,
}

impl Policy for Values {
    fn name(&self) -> String {
        "bandit".into()
    }

    fn start<'a>(&'a self, _: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        Box::new(Session(self))
    }
}

struct Session<'a>(&'a Values);

impl Session<'_> {
    /// The items that may be shown, any where everything was, and the best of them.
    fn free(&self, shown: &ItemSet) -> (Vec<usize>, usize) {
        let values = &self.0.values;
        let mut free: Vec<usize> =
            (0..values.len()).filter(|&item| !shown.contains(ItemIdx(item as u32))).collect();
        if free.is_empty() {
            free.extend(0..values.len());
        }
        let best = free.iter().copied().max_by(|&a, &b| values[a].total_cmp(&values[b]).then(b.cmp(&a)));
        (free, best.unwrap_or(0))
    }

    fn log_prob(&self, n_free: usize, is_best: bool) -> f32 {
        let at_random = self.0.explored / n_free as f32;
        if is_best { (1.0 - self.0.explored + at_random).ln() } else { at_random.ln() }
    }
}

impl PolicySession for Session<'_> {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        let (free, best) = self.free(shown);
        out.fill(f32::NEG_INFINITY);
        free.iter().for_each(|&item| out[item] = self.log_prob(free.len(), item == best));
        Ok(())
    }

    fn choose(&mut self, shown: &ItemSet, rng: &mut Rng) -> Choice {
        let (free, best) = self.free(shown);
        let item = match self.0.explored > 0.0 && rng.random::<f32>() < self.0.explored {
            true => free[rng.random_range(0..free.len())],
            false => best,
        };
        let log_prob_behavior = self.log_prob(free.len(), item == best);
        Choice { item: ItemIdx(item as u32), log_prob_behavior }
    }

    fn observe(&mut self, _: ItemIdx, _: f32) {}
}

impl TrainedPolicy for Values {
    fn to_tensors(&self, _: &Catalogue) -> Tensors {
        let mut out = Tensors::default();
        out.insert("values", &[self.values.len()], self.values.clone());
        out
    }

    fn ranker(&self) -> Result<&Ranker, Unserved> {
        Err(Unserved("the bandit has no forward pass of the ranker, so it cannot be served"))
    }
}
