//! What knowledge enters learning, and where: the seam for IL-Rec and its relatives.

use crate::config::RobustConfig;
use crate::session::{LearnerSession, LearnerStep};
use mdp::{Rng, Trajectory};
use rand::RngExt as _;
use ranking::N_DISCRIMINATED;
use reward::{Discriminator, RewardError, WeightConfig, fused_weights, learned_reward};

/// A source of knowledge for the learner. Every method is a no-op by default, so a source implements only what
/// it has. It sees sessions, never the environment.
pub trait Guidance: Send {
    /// The demonstrations to follow.
    fn demonstrations(&self) -> &[Trajectory] {
        &[]
    }
    /// Learns from what the expert and the current policy did; returns its loss.
    fn learn(
        &mut self,
        _expert: &[LearnerSession],
        _policy: &[LearnerSession],
        _rng: &mut Rng,
    ) -> Option<f32> {
        None
    }
    /// One weight per demonstrated step, given their advantages in the environment.
    fn weights(&self, expert: &[LearnerSession], _advantages: &[f32]) -> Vec<f32> {
        expert.iter().flat_map(|session| &session.steps).map(|_| 1.0).collect()
    }
    /// One learned reward per step of the policy.
    fn reward(&self, _policy: &[LearnerSession]) -> Option<Vec<f32>> {
        None
    }
    /// The discriminator, where there is one, for checkpoints.
    fn discriminator(&mut self) -> Option<&mut Discriminator> {
        None
    }
}

/// No knowledge: the control.
#[derive(Clone, Copy, Debug)]
pub struct NoGuidance;

impl Guidance for NoGuidance {}

/// IL-Rec's: demonstrations, weighted by advantage and discriminator, and the reward that the discriminator
/// learns.
#[derive(Clone, Debug)]
pub struct IlRec {
    demonstrations: Vec<Trajectory>,
    discriminator: Discriminator,
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

impl IlRec {
    /// Guidance by these demonstrations.
    ///
    /// # Errors
    /// When the weight settings are out of range.
    pub fn new(
        demonstrations: Vec<Trajectory>,
        config: &RobustConfig,
        rng: &mut Rng,
    ) -> Result<Self, RewardError> {
        let settings = config.learned_reward;
        let discriminator = Discriminator::new(N_DISCRIMINATED, N_HIDDEN, settings.learning_rate, rng);
        Ok(Self {
            demonstrations,
            discriminator,
            weights: config.weights()?,
            weighs: config.switches.weights,
            rewards: config.switches.learned_reward,
            weight_decay: settings.weight_decay,
        })
    }
}

impl Guidance for IlRec {
    fn demonstrations(&self) -> &[Trajectory] {
        &self.demonstrations
    }

    /// As many expert rows as others, each drawn over all steps, so that neither session lengths nor the sizes of
    /// the two sides tell them apart. Most of the others are random items at the expert's own states, which differ from
    /// the expert's step by the choice alone: they teach what a demonstrated step that nobody chose looks like. One
    /// in eight is a step of the policy: more of them teach how two good choosers differ, and hide what both avoid.
    fn learn(&mut self, expert: &[LearnerSession], policy: &[LearnerSession], rng: &mut Rng) -> Option<f32> {
        let chosen: Vec<Inputs> = steps(expert).into_iter().map(inputs).collect();
        let own: Vec<Inputs> = steps(policy).into_iter().map(inputs).collect();
        let instead: Vec<Inputs> = steps(expert).into_iter().filter_map(|s| s.instead).collect();
        let mut others: Vec<&[Inputs]> = vec![&instead; OTHERS_PER_OWN];
        others.push(&own);
        others.retain(|side| !side.is_empty());
        if chosen.is_empty() || others.is_empty() {
            return None;
        }
        let mut draw = |from: &[&[Inputs]]| -> Vec<f32> {
            (0..ROWS_PER_STEP)
                .flat_map(|row| {
                    let side = from[row % from.len()];
                    side[rng.random_range(0..side.len())]
                })
                .collect()
        };
        let mut loss = 0.0;
        for _ in 0..STEPS_PER_UPDATE {
            loss += self.discriminator.step(&draw(&[&chosen]), &draw(&others)).ok()?;
            let keep = 1.0 - self.weight_decay;
            self.discriminator.network.parameters.iter_mut().for_each(|p| *p *= keep);
        }
        Some(loss / STEPS_PER_UPDATE as f32)
    }

    fn weights(&self, expert: &[LearnerSession], advantages: &[f32]) -> Vec<f32> {
        if !self.weighs {
            return vec![1.0; advantages.len()];
        }
        let rows: Vec<f32> = steps(expert).into_iter().flat_map(inputs).collect();
        fused_weights(advantages, &self.discriminator.probabilities_of_policy(&rows), &self.weights)
    }

    /// # Source
    /// r_IRL = -log D of the paper. Its mean over the batch is taken out by the learner and it counts for one
    /// step only, so that neither its sign nor a session's length can be learned instead of the choice of items
    /// (the paper adds it to the environment's reward).
    fn reward(&self, policy: &[LearnerSession]) -> Option<Vec<f32>> {
        if !self.rewards {
            return None;
        }
        let rows: Vec<f32> = steps(policy).into_iter().flat_map(inputs).collect();
        Some(self.discriminator.probabilities_of_policy(&rows).into_iter().map(learned_reward).collect())
    }

    fn discriminator(&mut self) -> Option<&mut Discriminator> {
        Some(&mut self.discriminator)
    }
}

fn steps(sessions: &[LearnerSession]) -> Vec<&LearnerStep> {
    sessions.iter().flat_map(|session| &session.steps).collect()
}

type Inputs = [f32; N_DISCRIMINATED];

fn inputs(step: &LearnerStep) -> Inputs {
    step.discriminated
}
