//! One update: critic, hazard, guidance and actor, from own sessions and followed demonstrations.

use crate::config::RobustConfig;
use crate::guidance::Guidance;
use crate::hazard::HazardLearner;
use crate::session::{LearnerSession, LearnerStep};
use crate::train::Progress;
use kernels::{Adam, AdamConfig};
use mdp::{Rng, StepEnd, Trajectory};
use nn::Mlp;
use ranking::Actor;
use ranking::QuitHazard;
use ranking::{N_FEATURES, N_STATE};

/// Everything that learns.
#[derive(Clone, Debug)]
pub(crate) struct Learner {
    /// The actor.
    pub actor: Actor,
    /// The hazard.
    pub hazard: QuitHazard,
    /// V(state), `[N_STATE] -> [hidden] -> [1]`, in units of (1 - discount) times the return.
    pub critic: Mlp,
    pub(crate) actor_adam: Adam,
    pub(crate) critic_adam: Adam,
    pub(crate) hazard_learner: HazardLearner,
}

/// Losses and facts of one update.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UpdateReport {
    /// Mean entropy of the policy in its own sessions, nats.
    pub entropy: f32,
    /// Squared error of the critic.
    pub critic_loss: f32,
    /// Negative log-likelihood of the hazard, nats per step.
    pub hazard_loss: f32,
    /// Loss of the guidance (cross-entropy of the discriminator).
    pub guidance_loss: f32,
    /// Mean negative log-likelihood of demonstrated steps.
    pub imitation_loss: f32,
    /// Gradient steps taken, over all networks.
    pub n_gradient_steps: u64,
}

const CRITIC_HIDDEN: usize = 32;
const CRITIC_STEPS: usize = 10;
const LONGEST_GRADIENT: f32 = 1.0;

impl Learner {
    /// Untrained networks.
    pub(crate) fn new(config: &RobustConfig, rng: &mut Rng) -> Self {
        let actor = Actor::new(rng);
        let hazard = QuitHazard::new(rng);
        let critic = Mlp::new(&[N_STATE, CRITIC_HIDDEN, 1], rng);
        let adam = |rate, mlp: &Mlp| Adam::new(AdamConfig::with_learning_rate(rate), mlp.parameters.len());
        Self {
            actor_adam: adam(config.training.actor_learning_rate, &actor.network),
            critic_adam: adam(config.training.critic_learning_rate, &critic),
            hazard_learner: HazardLearner::new(&hazard, config.hazard.memory, config.hazard.learning_rate),
            actor,
            hazard,
            critic,
        }
    }

    /// Learns from own sessions (may be empty) and followed demonstrations (may be empty), the first `n_new` of which
    /// were not followed before.
    pub(crate) fn update(
        &mut self,
        own: &[LearnerSession],
        (expert, n_new): (&[LearnerSession], usize),
        guidance: &mut dyn Guidance,
        (config, progress): (&RobustConfig, &Progress),
        rng: &mut Rng,
    ) -> UpdateReport {
        let mut report = UpdateReport::default();
        if config.switches.hazard {
            self.learn_hazard(own, &expert[..n_new], config, rng, &mut report);
        }
        self.learn_critic(if own.is_empty() { expert } else { own }, config, &mut report);
        report.guidance_loss = guidance.learn(expert, own, rng).unwrap_or(0.0);
        let heed = heed(config, progress, mean_return(guidance.demonstrations()));
        self.learn_actor((own, expert), guidance, config, heed, &mut report);
        report
    }

    /// Every step is remembered once: a few demonstrations, followed again and again, would drown the rest.
    fn learn_hazard(
        &mut self,
        own: &[LearnerSession],
        new_expert: &[LearnerSession],
        config: &RobustConfig,
        rng: &mut Rng,
        report: &mut UpdateReport,
    ) {
        for step in steps(own).chain(steps(new_expert)) {
            self.hazard_learner.remember(step.hazard.clone());
        }
        let n = config.hazard.gradient_steps;
        let loss = self.hazard_learner.learn(&mut self.hazard, n, config.hazard.batch, rng);
        report.hazard_loss = loss.unwrap_or(0.0);
        report.n_gradient_steps += n as u64;
    }

    /// Learns what the policy's own sessions are worth; an expert's say what the expert is worth, so they only
    /// stand in while there are none.
    fn learn_critic(
        &mut self,
        sessions: &[LearnerSession],
        config: &RobustConfig,
        report: &mut UpdateReport,
    ) {
        let states: Vec<f32> = steps(sessions).flat_map(|step| step.state).collect();
        if states.is_empty() {
            return;
        }
        let targets: Vec<f32> = sessions.iter().flat_map(|s| self.advantages(s, config).1).collect();
        let scale = 2.0 / targets.len() as f32;
        for _ in 0..CRITIC_STEPS {
            let trace = self.critic.forward(&states);
            let errors: Vec<f32> = trace.output().iter().zip(&targets).map(|(v, y)| v - y).collect();
            report.critic_loss = errors.iter().map(|e| e * e).sum::<f32>() / errors.len() as f32;
            let upstream: Vec<f32> = errors.iter().map(|e| scale * e).collect();
            let mut gradient = vec![0.0; self.critic.parameters.len()];
            self.critic.backward(&trace, &upstream, &mut gradient);
            self.critic_adam.step(&mut self.critic.parameters, &gradient);
        }
        report.n_gradient_steps += CRITIC_STEPS as u64;
    }

    /// Generalised advantages and the critic's targets of a session, in units of (1 - discount) times returns.
    ///
    /// With the hazard on, the value after a step counts with the learned probability of staying, also after
    /// the step at which the user happened to leave: the same expectation with less noise.
    fn advantages(&self, session: &LearnerSession, config: &RobustConfig) -> (Vec<f32>, Vec<f32>) {
        let training = &config.training;
        let mut states: Vec<f32> = session.steps.iter().flat_map(|step| step.state).collect();
        states.extend(session.state_after);
        let values = self.critic.apply(&states);
        let examples: Vec<_> = session.steps.iter().map(|step| &step.hazard).collect();
        let leaves = if config.switches.hazard { self.hazard.probabilities(&examples) } else { Vec::new() };
        let mut advantages = vec![0.0; session.steps.len()];
        let mut after = 0.0;
        for (t, step) in session.steps.iter().enumerate().rev() {
            let happened = if step.end.is_terminated() { 0.0 } else { 1.0 };
            let stays = leaves.get(t).map_or(happened, |leave| 1.0 - leave);
            let reward = (1.0 - training.discount) * step.reward;
            let delta = reward + training.discount * stays * values[t + 1] - values[t];
            if !matches!(step.end, StepEnd::Continues) {
                after = 0.0;
            }
            after = delta + training.discount * training.gae_lambda * stays * after;
            advantages[t] = after;
        }
        let targets = advantages.iter().zip(&values).map(|(a, v)| a + v).collect();
        (advantages, targets)
    }

    /// The critic's value of the state before every step, in units of discounted rewards.
    pub(crate) fn values(&self, session: &LearnerSession, config: &RobustConfig) -> Vec<f32> {
        let states: Vec<f32> = session.steps.iter().flat_map(|step| step.state).collect();
        let scale = 1.0 / (1.0 - config.training.discount).max(f32::EPSILON);
        self.critic.apply(&states).into_iter().map(|value| scale * value).collect()
    }

    /// Advantages of every step of several sessions, in order.
    pub(crate) fn all_advantages(&self, sessions: &[LearnerSession], config: &RobustConfig) -> Vec<f32> {
        sessions.iter().flat_map(|session| self.advantages(session, config).0).collect()
    }

    fn learn_actor(
        &mut self,
        (own, expert): (&[LearnerSession], &[LearnerSession]),
        guidance: &dyn Guidance,
        config: &RobustConfig,
        heed: f32,
        report: &mut UpdateReport,
    ) {
        let imitation = heed * config.imitation.coefficient;
        let mut states = Vec::new();
        let mut upstream = Vec::new();
        if config.switches.actor_critic && !own.is_empty() {
            let signal = self.policy_signal(own, guidance, config, heed);
            let scale = 1.0 / signal.len() as f32;
            for (step, advantage) in steps(own).zip(signal) {
                states.extend(step.state);
                let entropy = config.training.entropy;
                upstream.extend(score(step).zip(step.decision.entropy_gradient).map(
                    |(score, towards_entropy)| -scale * (advantage * score + entropy * towards_entropy),
                ));
                report.entropy += scale * step.decision.entropy;
            }
        }
        if !expert.is_empty() {
            let weights = self.imitation_weights(expert, guidance, config);
            let scale = 1.0 / weights.len() as f32;
            for (step, weight) in steps(expert).zip(weights) {
                states.extend(step.state);
                upstream.extend(score(step).map(|s| -scale * imitation * weight * s));
                report.imitation_loss -= scale * step.decision.log_prob;
            }
        }
        if states.is_empty() {
            return;
        }
        let trace = self.actor.network.forward(&states);
        let mut gradient = vec![0.0; self.actor.network.parameters.len()];
        self.actor.network.backward(&trace, &upstream, &mut gradient);
        let length = kernels::dot(&gradient, &gradient).sqrt();
        if length > LONGEST_GRADIENT {
            gradient.iter_mut().for_each(|g| *g *= LONGEST_GRADIENT / length);
        }
        self.actor_adam.step(&mut self.actor.network.parameters, &gradient);
        report.n_gradient_steps += 1;
    }

    /// Weights of demonstrated steps, in order: the guidance's, and zero for steps that are worse than what the
    /// current policy would expect of itself. So the expert is followed where it is ahead, and imitation fades
    /// as the policy overtakes it.
    ///
    /// # Source
    /// The filter is that of Nair et al. 2018 (Q-filter); the paper has none.
    pub(crate) fn imitation_weights(
        &self,
        expert: &[LearnerSession],
        guidance: &dyn Guidance,
        config: &RobustConfig,
    ) -> Vec<f32> {
        let advantages = self.all_advantages(expert, config);
        let mut weights = self.guidance_weights(expert, guidance, config);
        if config.switches.weights {
            weights.iter_mut().zip(&advantages).for_each(|(w, &a)| *w = if a > 0.0 { *w } else { 0.0 });
        }
        weights
    }

    /// The guidance's weights of demonstrated steps, in order, by their standardised advantages.
    pub(crate) fn guidance_weights(
        &self,
        expert: &[LearnerSession],
        guidance: &dyn Guidance,
        config: &RobustConfig,
    ) -> Vec<f32> {
        guidance.weights(expert, &standardised(self.all_advantages(expert, config)))
    }

    /// The advantage of every own step, normalised over the batch, plus the centred learned reward.
    fn policy_signal(
        &self,
        own: &[LearnerSession],
        guidance: &dyn Guidance,
        config: &RobustConfig,
        heed: f32,
    ) -> Vec<f32> {
        let mut signal = standardised(self.all_advantages(own, config));
        if let Some(learned) = guidance.reward(own) {
            let learned = standardised(learned);
            kernels::add_scaled(&mut signal, heed * config.learned_reward.coefficient, &learned);
        }
        signal
    }
}

/// How much the expert counts, from 1 to 0, both its steps and the reward learned from them: less with every
/// interaction of the run, and not at all while the policy's own sessions earn more than the expert's. The expert
/// opens the game, the environment ends it; an expert that is worse than the policy has nothing to say. Without own
/// sessions there is nobody else to listen to.
fn heed(config: &RobustConfig, progress: &Progress, expert_return: f32) -> f32 {
    if !config.switches.actor_critic {
        return 1.0;
    }
    let share = progress.n_env_steps as f32 / config.training.n_env_steps.max(1) as f32;
    if progress.mean_return > expert_return { 0.0 } else { (1.0 - share).max(0.0) }
}

/// Mean sum of rewards of a session; 0 without sessions.
fn mean_return(demonstrations: &[Trajectory]) -> f32 {
    let total: f32 = demonstrations.iter().flat_map(|d| &d.steps).map(|step| step.reward).sum();
    total / demonstrations.len().max(1) as f32
}

fn steps(sessions: &[LearnerSession]) -> impl Iterator<Item = &LearnerStep> {
    sessions.iter().flat_map(|session| &session.steps)
}

/// Gradient of log pi(chosen) by the feature weights.
fn score(step: &LearnerStep) -> impl Iterator<Item = f32> {
    let decision = step.decision;
    (0..N_FEATURES).map(move |k| decision.chosen[k] - decision.expected[k])
}

/// Mean 0, deviation 1, at most 5 deviations; all zero where the values do not differ (beyond rounding), so that a
/// constant carries no signal.
fn standardised(mut values: Vec<f32>) -> Vec<f32> {
    const ROUNDING: f32 = 1e-6;
    let n = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / n;
    let deviation = (values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / n).sqrt();
    if deviation <= ROUNDING * mean.abs().max(1.0) {
        return vec![0.0; values.len()];
    }
    values.iter_mut().for_each(|x| *x = ((*x - mean) / deviation).clamp(-5.0, 5.0));
    values
}
