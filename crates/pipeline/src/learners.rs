//! What is trained: the full method, its controls and its ablations, as settings of one learner.

use crate::{PipelineError, RunConfig};
use robust::RobustConfig;

/// One thing that is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// IL-Rec as we build it.
    Full,
    /// Behaviour cloning: imitation only, every step counts the same, nothing about leaving.
    BehaviorCloning,
    /// Actor-critic without demonstrations and without the learned hazard: the same state, features, budget.
    ActorCritic,
    /// The full method with its actor frozen at the first weights, which rank by predicted reward and learned staying:
    /// what remains when the actor learns nothing.
    Planner,
    /// The full method without demonstrations.
    NoDemonstrations,
    /// The full method with the items of all demonstrations permuted over the catalogue.
    ShuffledDemonstrations,
    /// The full method with a fifth of the demonstrated steps replaced by random items.
    CorruptedDemonstrations,
    /// Every demonstrated step counts the same.
    NoWeights,
    /// No learned reward.
    NoLearnedReward,
    /// No learned quit hazard.
    NoHazard,
    /// No learning from own sessions.
    NoActorCritic,
    /// Rewards of the session do not move the belief about the user.
    NoSessionFeedback,
}

impl Variant {
    /// The ablations, in the order of the table.
    pub const ABLATIONS: [Self; 8] = [
        Self::NoDemonstrations,
        Self::ShuffledDemonstrations,
        Self::CorruptedDemonstrations,
        Self::NoWeights,
        Self::NoLearnedReward,
        Self::NoHazard,
        Self::NoActorCritic,
        Self::NoSessionFeedback,
    ];

    /// Its name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "il-rec",
            Self::BehaviorCloning => "bc",
            Self::ActorCritic => "actor-critic",
            Self::Planner => "planner",
            Self::NoDemonstrations => "no-demonstrations",
            Self::ShuffledDemonstrations => "shuffled-demonstrations",
            Self::CorruptedDemonstrations => "corrupted-demonstrations",
            Self::NoWeights => "no-weights",
            Self::NoLearnedReward => "no-learned-reward",
            Self::NoHazard => "no-hazard",
            Self::NoActorCritic => "no-actor-critic",
            Self::NoSessionFeedback => "no-session-feedback",
        }
    }

    /// Turns the settings of the full method into the variant's.
    pub fn apply(self, config: &mut RobustConfig) {
        let switches = &mut config.switches;
        match self {
            Self::Full | Self::ShuffledDemonstrations | Self::CorruptedDemonstrations => {}
            Self::BehaviorCloning => {
                (switches.weights, switches.hazard, switches.actor_critic) = (false, false, false);
                switches.learned_reward = false;
                // Imitation is all there is, and there are about as many updates as the full method has in all.
                config.imitation.coefficient = 1.0;
                let n_iterations = config.training.n_env_steps.div_ceil(512);
                config.training.warm_start_iterations += n_iterations;
            }
            Self::ActorCritic => (switches.demonstrations, switches.hazard) = (false, false),
            Self::Planner => config.training.actor_learning_rate = 0.0,
            Self::NoDemonstrations => switches.demonstrations = false,
            Self::NoWeights => switches.weights = false,
            Self::NoLearnedReward => switches.learned_reward = false,
            Self::NoHazard => switches.hazard = false,
            Self::NoActorCritic => switches.actor_critic = false,
            Self::NoSessionFeedback => switches.session_feedback = false,
        }
    }

    /// The ablation of a name.
    ///
    /// # Errors
    /// When there is none.
    pub fn of(name: &str) -> Result<Self, PipelineError> {
        Self::ABLATIONS.into_iter().find(|variant| variant.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Self::ABLATIONS.iter().map(|variant| variant.name()).collect();
            PipelineError::Setting {
                setting: "ablations",
                why: format!("no ablation is called {name}; there are {}", known.join(", ")),
            }
        })
    }
}

/// The learner's settings of a run for one variant: the preset, the run's changes, the variant's switches.
///
/// # Errors
/// When the run's changes do not fit the preset.
pub fn learner_config(run: &RunConfig, variant: Variant) -> Result<RobustConfig, PipelineError> {
    let learner = |error| PipelineError::Learner(Box::new(error));
    let mut table: toml::Table = toml::from_str(robust::ROBUST_PRESET).map_err(learner)?;
    merge(&mut table, &run.learner);
    let mut config: RobustConfig = table.try_into().map_err(learner)?;
    variant.apply(&mut config);
    config.check()?;
    Ok(config)
}

/// Puts the values of `changes` over those of `base`, table by table.
fn merge(base: &mut toml::Table, changes: &toml::Table) {
    for (key, change) in changes {
        match (base.get_mut(key), change) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(changes)) => merge(inner, changes),
            _ => {
                base.insert(key.clone(), change.clone());
            }
        }
    }
}
