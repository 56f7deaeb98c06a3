//! One update: hazard, critic, terms and actor, from own sessions and replayed demonstrations.

use super::config::{Config, FirstWeights};
use super::gradients::WeightGradients;
use super::hazard::HazardLearner;
use super::rollout::{Acting, LearnerSession, LearnerStep, steps_of};
use crate::tensors::{put_adam, put_mlp, take_adam, take_mlp};
use artefact::Tensors;
use kernels::{Adam, AdamConfig};
use learning::returns::{Valued, generalised_advantages};
use learning::{Batch, Hook, LearningError, Metrics, Progress, Terms};
use mdp::{Rng, StepEnd};
use nn::Mlp;
use ranking::{Actor, QuitHazard};
use representation::{Cause, ItemTable, N_FEATURES, N_STATE};

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

/// What an update has to go by beside sessions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// The settings.
    pub config: &'a Config,
    /// The counters before this round.
    pub progress: &'a Progress,
    /// The items, to compute scores again for terms that have a loss over them.
    pub items: &'a ItemTable,
    /// Mean return of the demonstrations.
    pub demonstrated_return: f32,
}

/// Sessions of a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sessions<'a> {
    /// The policy's own; may be none.
    pub own: &'a [LearnerSession<'a>],
    /// Demonstrations; may be none.
    pub demonstrated: &'a [LearnerSession<'a>],
    /// The first so many of them were not replayed before.
    pub n_new: usize,
}

const CRITIC_HIDDEN: usize = 32;
const CRITIC_STEPS: usize = 10;
const LONGEST_GRADIENT: f32 = 1.0;

impl Learner {
    /// Untrained networks.
    pub(crate) fn new(config: &Config, rng: &mut Rng) -> Self {
        let actor = match config.training.first_weights {
            FirstWeights::Planner => Actor::new(rng),
            FirstWeights::Neutral => Actor::neutral(rng),
        };
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

    /// Everything that changes, as tensors.
    pub(crate) fn save(&self) -> Tensors {
        let mut out = Tensors::default();
        put_mlp(&mut out, "actor", &self.actor.network);
        put_mlp(&mut out, "critic", &self.critic);
        put_adam(&mut out, "adam.actor", &self.actor_adam);
        put_adam(&mut out, "adam.critic", &self.critic_adam);
        for (cause, mlp) in Cause::ALL.into_iter().zip(self.hazard.causes()) {
            put_mlp(&mut out, &format!("hazard.{}", cause.name()), mlp);
        }
        self.hazard_learner.save(&mut out);
        out
    }

    /// Takes it back.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub(crate) fn restore(&mut self, mut from: Tensors) -> Result<(), LearningError> {
        take_mlp(&mut from, "actor", &mut self.actor.network)?;
        take_mlp(&mut from, "critic", &mut self.critic)?;
        take_adam(&mut from, "adam.actor", &mut self.actor_adam)?;
        take_adam(&mut from, "adam.critic", &mut self.critic_adam)?;
        for (cause, mlp) in Cause::ALL.into_iter().zip(self.hazard.causes_mut()) {
            take_mlp(&mut from, &format!("hazard.{}", cause.name()), mlp)?;
        }
        self.hazard_learner.restore(&mut from)
    }

    /// Learns from the sessions of a round; counts its gradient steps.
    ///
    /// # Errors
    /// Which term failed.
    pub(crate) fn update(
        &mut self,
        sessions: Sessions<'_>,
        terms: &mut Terms,
        context: Context<'_>,
        rng: &mut Rng,
    ) -> Result<(Metrics, u64), LearningError> {
        let config = context.config;
        let (own, demonstrated) = (sessions.own, sessions.demonstrated);
        let mut report = Report::default();
        let acted = self.hazard.clone();
        if config.switches.hazard {
            self.learn_hazard(own, &demonstrated[..sessions.n_new], config, rng, &mut report);
        }
        self.learn_critic(if own.is_empty() { demonstrated } else { own }, config, &mut report);
        let batch =
            Batch { own: &steps_of(own, Vec::new()), demonstrated: &steps_of(demonstrated, Vec::new()) };
        let learned = terms.learn(batch, rng)?;
        self.learn_actor(sessions, terms, (context, &acted), &mut report)?;
        report.metrics.extend("", &learned);
        Ok((report.metrics, report.n_gradient_steps))
    }

    /// Every step is remembered once: a few demonstrations, followed again and again, would drown the rest.
    fn learn_hazard(
        &mut self,
        own: &[LearnerSession<'_>],
        new_expert: &[LearnerSession<'_>],
        config: &Config,
        rng: &mut Rng,
        report: &mut Report,
    ) {
        for step in steps(own).chain(steps(new_expert)) {
            self.hazard_learner.remember(step.hazard.clone());
        }
        let n = config.hazard.gradient_steps;
        let loss = self.hazard_learner.learn(&mut self.hazard, n, config.hazard.batch, rng);
        report.metrics.put("loss/hazard", loss.unwrap_or(0.0));
        report.n_gradient_steps += n as u64;
    }

    /// Learns what the policy's own sessions are worth; an expert's say what the expert is worth, so they only
    /// stand in while there are none.
    fn learn_critic(&mut self, sessions: &[LearnerSession<'_>], config: &Config, report: &mut Report) {
        let states: Vec<f32> = steps(sessions).flat_map(|step| step.state).collect();
        if states.is_empty() {
            return;
        }
        let targets: Vec<f32> = sessions.iter().flat_map(|s| self.advantages(s, config).1).collect();
        let scale = 2.0 / targets.len() as f32;
        for _ in 0..CRITIC_STEPS {
            let trace = self.critic.forward(&states);
            let errors: Vec<f32> = trace.output().iter().zip(&targets).map(|(v, y)| v - y).collect();
            let loss = errors.iter().map(|e| e * e).sum::<f32>() / errors.len() as f32;
            report.metrics.put("loss/critic", loss);
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
    fn advantages(&self, session: &LearnerSession<'_>, config: &Config) -> (Vec<f32>, Vec<f32>) {
        let training = &config.training;
        let mut states: Vec<f32> = session.steps.iter().flat_map(|step| step.state).collect();
        states.extend(session.state_after);
        let values = self.critic.apply(&states);
        let examples: Vec<_> = session.steps.iter().map(|step| &step.hazard).collect();
        let leaves = if config.switches.hazard { self.hazard.probabilities(&examples) } else { Vec::new() };
        let stays: Vec<f32> = leaves.iter().map(|leave| 1.0 - leave).collect();
        let rewards: Vec<f32> =
            session.steps.iter().map(|step| (1.0 - training.discount) * step.reward).collect();
        let ends: Vec<StepEnd> = session.steps.iter().map(|step| step.end).collect();
        let valued = Valued {
            rewards: &rewards,
            values: &values[..ends.len()],
            values_after: &values[1..],
            ends: &ends,
            stays: config.switches.hazard.then_some(&stays),
        };
        let advantages = generalised_advantages(valued, training.discount, training.gae_lambda);
        let targets = advantages.iter().zip(&values).map(|(a, v)| a + v).collect();
        (advantages, targets)
    }

    /// The critic's value of the state before every step, in units of discounted rewards.
    pub(crate) fn values(&self, session: &LearnerSession<'_>, config: &Config) -> Vec<f32> {
        let states: Vec<f32> = session.steps.iter().flat_map(|step| step.state).collect();
        let scale = 1.0 / (1.0 - config.training.discount).max(f32::EPSILON);
        self.critic.apply(&states).into_iter().map(|value| scale * value).collect()
    }

    /// Advantages of every step of several sessions, in order.
    pub(crate) fn all_advantages(&self, sessions: &[LearnerSession<'_>], config: &Config) -> Vec<f32> {
        sessions.iter().flat_map(|session| self.advantages(session, config).0).collect()
    }

    fn learn_actor(
        &mut self,
        sessions: Sessions<'_>,
        terms: &Terms,
        (context, acted): (Context<'_>, &QuitHazard),
        report: &mut Report,
    ) -> Result<(), LearningError> {
        let (config, coefficient) = (context.config, demonstration_coefficient(context));
        let (own, demonstrated) = (sessions.own, sessions.demonstrated);
        let mut gradients = WeightGradients::default();
        if config.switches.actor_critic && !own.is_empty() {
            let signal = self.policy_signal(own, terms, config, coefficient)?;
            let scale = 1.0 / signal.len() as f32;
            let mut entropy = 0.0;
            for (step, advantage) in steps(own).zip(signal) {
                let bonus = config.training.entropy;
                let direction = score(step).zip(step.decision.entropy_gradient);
                gradients
                    .push(step, direction.map(|(score, rise)| -scale * (advantage * score + bonus * rise)));
                entropy += scale * step.decision.entropy;
            }
            report.metrics.put("train/entropy", entropy);
        }
        if !demonstrated.is_empty() {
            let weights = self.imitation_weights(demonstrated, terms, config)?;
            let scale = 1.0 / weights.len() as f32;
            let imitation = coefficient * config.imitation.coefficient;
            let mut loss = 0.0;
            for (step, weight) in steps(demonstrated).zip(weights) {
                gradients.push(step, score(step).map(|s| -scale * imitation * weight * s));
                loss -= scale * step.decision.log_prob;
            }
            report.metrics.put("loss/imitation", loss);
        }
        if terms.have(Hook::Loss) {
            let acting = Acting::of(self, context.items, config);
            let acting = Acting { hazard: acting.hazard.and(Some(acted)), ..acting };
            let mut loss = 0.0;
            for (sessions, acting) in [(own, acting.biased(terms)), (demonstrated, acting)] {
                let steps = steps_of(sessions, standardised(self.all_advantages(sessions, config)));
                loss += gradients.add_losses(acting, sessions, &steps, terms)?;
            }
            report.metrics.put("loss/terms", loss);
        }
        self.step_actor(&gradients, report);
        Ok(())
    }

    /// One gradient step, of bounded length.
    fn step_actor(&mut self, gradients: &WeightGradients, report: &mut Report) {
        if gradients.is_empty() {
            return;
        }
        let mut gradient = gradients.backward(&self.actor);
        let length = kernels::dot(&gradient, &gradient).sqrt();
        if length > LONGEST_GRADIENT {
            gradient.iter_mut().for_each(|g| *g *= LONGEST_GRADIENT / length);
        }
        self.actor_adam.step(&mut self.actor.network.parameters, &gradient);
        report.n_gradient_steps += 1;
    }

    /// Weights of demonstrated steps, in order: the terms', and zero for steps that are worse than what the
    /// current policy would expect of itself. So the expert is followed where it is ahead, and imitation fades
    /// as the policy overtakes it.
    ///
    /// # Source
    /// The filter is that of Nair et al. 2018 (Q-filter); the paper has none.
    ///
    /// # Errors
    /// Which term failed.
    pub(crate) fn imitation_weights(
        &self,
        demonstrated: &[LearnerSession<'_>],
        terms: &Terms,
        config: &Config,
    ) -> Result<Vec<f32>, LearningError> {
        let advantages = self.all_advantages(demonstrated, config);
        let mut weights = self.term_weights(demonstrated, terms, config)?;
        if config.switches.weights {
            weights.iter_mut().zip(&advantages).for_each(|(w, &a)| *w = if a > 0.0 { *w } else { 0.0 });
        }
        Ok(weights)
    }

    /// The terms' weights of demonstrated steps, in order, by their standardised advantages.
    ///
    /// # Errors
    /// Which term failed.
    pub(crate) fn term_weights(
        &self,
        demonstrated: &[LearnerSession<'_>],
        terms: &Terms,
        config: &Config,
    ) -> Result<Vec<f32>, LearningError> {
        let advantages = standardised(self.all_advantages(demonstrated, config));
        terms.weights(&steps_of(demonstrated, advantages))
    }

    /// The advantage of every own step, normalised over the batch, as the terms change it, plus the centred learned
    /// reward.
    fn policy_signal(
        &self,
        own: &[LearnerSession<'_>],
        terms: &Terms,
        config: &Config,
        coefficient: f32,
    ) -> Result<Vec<f32>, LearningError> {
        let mut signal = standardised(self.all_advantages(own, config));
        let steps = steps_of(own, signal.clone());
        terms.utility(&steps, &mut signal)?;
        if let Some(learned) = terms.reward(&steps)? {
            let learned = standardised(learned.lowered(config.learned_reward.pessimism));
            kernels::add_scaled(&mut signal, coefficient * config.learned_reward.coefficient, &learned);
        }
        Ok(signal)
    }
}

/// What an update leaves.
#[derive(Debug, Default)]
struct Report {
    metrics: Metrics,
    n_gradient_steps: u64,
}

/// How much demonstrations count, from 1 to 0, both their steps and the reward learned from them: less with every
/// interaction of the run, and not at all while the policy's own sessions earn more than they do. Demonstrations open the
/// game, the environment ends it; those that are worse than the policy have nothing to say. Without own sessions there is
/// nobody else to listen to.
fn demonstration_coefficient(context: Context<'_>) -> f32 {
    let Context { config, progress, demonstrated_return, .. } = context;
    if !config.switches.actor_critic {
        return 1.0;
    }
    let share = progress.n_env_steps as f32 / config.training.n_env_steps.max(1) as f32;
    if progress.mean_return > demonstrated_return { 0.0 } else { (1.0 - share).max(0.0) }
}

fn steps<'s>(sessions: &'s [LearnerSession<'_>]) -> impl Iterator<Item = &'s LearnerStep> {
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
