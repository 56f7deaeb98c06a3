//! What demonstrations say beside their items: which of their steps deserve to be imitated, and what the expert's
//! choices are worth.

use super::config::Config;
use learning::{Batch, Given, Hook, Hooks, LearningError, Metrics, Stateful, Steps, Term};
use mdp::Rng;
use rand::RngExt as _;
use representation::N_DISCRIMINATED;
use reward::{Discriminator, WeightConfig, fused_weights, learned_reward};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Demonstrated steps weighed by advantage and discriminator, and the reward that the discriminator learns.
#[derive(Clone, Debug)]
pub(crate) struct Knowledge {
    pub(super) discriminator: Discriminator,
    weights: WeightConfig,
    weighs: bool,
    rewards: bool,
    weight_decay: f32,
}

const N_HIDDEN: usize = 16;
const ROWS_PER_STEP: usize = 256;
const STEPS_PER_UPDATE: usize = 40;
/// Random items per own step among what the discriminator tells the expert's steps from.
const OTHERS_PER_OWN: usize = 7;

impl Knowledge {
    /// An untrained discriminator.
    ///
    /// # Errors
    /// When the weight settings are out of range.
    pub(crate) fn new(config: &Config, rng: &mut Rng) -> Result<Self, LearningError> {
        let settings = config.learned_reward;
        let discriminator = Discriminator::new(N_DISCRIMINATED, N_HIDDEN, settings.learning_rate, rng);
        Ok(Self {
            discriminator,
            weights: config.weights()?,
            weighs: config.switches.weights,
            rewards: config.switches.learned_reward && config.switches.actor_critic,
            weight_decay: settings.weight_decay,
        })
    }
}

impl Term for Knowledge {
    fn name(&self) -> &'static str {
        "il-rec"
    }

    fn hooks(&self) -> Hooks {
        let weighs = Hooks::of(&[Hook::Weights]).when(self.weighs);
        Hooks::of(&[Hook::Learn]).and(weighs).and(Hooks::of(&[Hook::Reward]).when(self.rewards))
    }

    /// As many expert rows as others, each drawn over all steps, so that neither session lengths nor the sizes of
    /// the two sides tell them apart. Most of the others are random items at the expert's own states, which differ from
    /// the expert's step by the choice alone: they teach what a demonstrated step that nobody chose looks like. One
    /// in eight is a step of the policy: more of them teach how two good choosers differ, and hide what both avoid.
    fn learn(&mut self, batch: Batch<'_>, rng: &mut Rng) -> Outcome<Metrics> {
        let expert = [&batch.demonstrated.features];
        let mut others = vec![&batch.demonstrated.alternatives; OTHERS_PER_OWN];
        others.push(&batch.own.features);
        others.retain(|side| !side.is_empty());
        let mut metrics = Metrics::default();
        if expert[0].is_empty() || others.is_empty() {
            return Ok(metrics);
        }
        let mut draw = |from: &[&learning::Rows]| -> Vec<f32> {
            let mut rows = Vec::with_capacity(ROWS_PER_STEP * N_DISCRIMINATED);
            for row in 0..ROWS_PER_STEP {
                let side = from[row % from.len()];
                rows.extend_from_slice(side.row(rng.random_range(0..side.len())));
            }
            rows
        };
        let mut loss = 0.0;
        for _ in 0..STEPS_PER_UPDATE {
            loss += self.discriminator.step(&draw(&expert), &draw(&others))?;
            let keep = 1.0 - self.weight_decay;
            self.discriminator.network.parameters.iter_mut().for_each(|p| *p *= keep);
        }
        metrics.put("loss", loss / STEPS_PER_UPDATE as f32);
        Ok(metrics)
    }

    fn weights(&self, demonstrated: &Steps, out: &mut [f32]) -> Outcome<Given> {
        let probabilities = self.discriminator.probabilities_of_policy(demonstrated.features.values());
        let weights = fused_weights(&demonstrated.advantages, &probabilities, &self.weights);
        out.iter_mut().zip(weights).for_each(|(out, weight)| *out *= weight);
        Ok(Given::Yes)
    }

    /// # Source
    /// r_IRL = -log D of the paper. Its mean over the batch is taken out by the learner and it counts for one
    /// step only, so that neither its sign nor a session's length can be learned instead of the choice of items
    /// (the paper adds it to the environment's reward).
    fn reward(&self, own: &Steps, out: &mut [f32], _deviations: &mut [f32]) -> Outcome<Given> {
        let probabilities = self.discriminator.probabilities_of_policy(own.features.values());
        out.iter_mut().zip(probabilities).for_each(|(out, p)| *out += learned_reward(p));
        Ok(Given::Yes)
    }
}

impl Stateful for Knowledge {
    fn save(&self) -> artefact::Tensors {
        let mut out = artefact::Tensors::default();
        crate::tensors::put_mlp(&mut out, "discriminator", &self.discriminator.network);
        crate::tensors::put_adam(&mut out, "adam", &self.discriminator.adam);
        out
    }

    fn restore(&mut self, mut from: artefact::Tensors) -> Result<(), LearningError> {
        crate::tensors::take_mlp(&mut from, "discriminator", &mut self.discriminator.network)?;
        crate::tensors::take_adam(&mut from, "adam", &mut self.discriminator.adam)
    }
}
