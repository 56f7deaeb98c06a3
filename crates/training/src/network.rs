//! The policy's network in the form that suits its batches.

use kernels::Isa;
use mdp::{ItemIdx, Rng, UserIdx};
use nn::{BatchDropout, Dropout};
use policy::{
    Actor, ActorConfig, ActorParts, ActorRow, LargeActor, LossConfig, PolicyLoss, PublishedPolicy, StateInput,
};
use rand::RngExt as _;

/// Both are the same function with the same parts.
pub(crate) enum Network {
    /// For one session at a time and batches of a handful.
    Small(Box<Actor>),
    /// For sessions stepped together and batches of hundreds.
    Large(Box<LargeActor>),
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Small,
    Large,
}

impl Network {
    /// A fresh network, the same for both sizes.
    pub(crate) fn new(size: Size, config: ActorConfig, rng: &mut Rng) -> Self {
        Self::from_parts(size, config, ActorParts::random(&config, rng))
    }

    /// The network as a checkpoint has it.
    pub(crate) fn from_parts(size: Size, config: ActorConfig, parts: ActorParts) -> Self {
        match size {
            Size::Small => Self::Small(Box::new(Actor::from_parts(config, parts))),
            Size::Large => Self::Large(Box::new(LargeActor::from_parts(Isa::detected(), config, parts))),
        }
    }

    /// Everything it is made of.
    pub(crate) fn to_parts(&self) -> ActorParts {
        match self {
            Self::Small(actor) => actor.to_parts(),
            Self::Large(actor) => actor.to_parts(),
        }
    }

    pub(crate) fn config(&self) -> &ActorConfig {
        match self {
            Self::Small(actor) => actor.config(),
            Self::Large(actor) => actor.config(),
        }
    }

    /// How many gradient steps were taken.
    pub(crate) fn n_gradient_steps(&self) -> u64 {
        match self {
            Self::Small(actor) => actor.n_gradient_steps(),
            Self::Large(actor) => actor.n_gradient_steps(),
        }
    }

    /// Appends states, `[states, width]`, with dropout where there is a generator.
    pub(crate) fn append_states<'s>(
        &mut self,
        states: impl Iterator<Item = StateInput<'s>> + Clone,
        mut rng: Option<&mut Rng>,
        out: &mut Vec<f32>,
    ) {
        match self {
            Self::Small(actor) => states.for_each(|state| {
                let dropout = rng.as_deref_mut().map_or(Dropout::Off, Dropout::Drawn);
                actor.append_state(state, dropout, out);
            }),
            Self::Large(actor) => {
                let dropout = rng.map_or(BatchDropout::Off, |rng| BatchDropout::Shared(rng.random()));
                actor.append_states(states, dropout, out);
            }
        }
    }

    /// The vector of an item, `[width]`.
    pub(crate) fn item_vector(&mut self, item: ItemIdx) -> &[f32] {
        match self {
            Self::Small(actor) => actor.item_vector(item),
            Self::Large(actor) => actor.item_vector(item),
        }
    }

    /// One gradient step with dropout on; the loss before it.
    pub(crate) fn step(&mut self, batch: &[ActorRow<'_>], config: &LossConfig, rng: &mut Rng) -> PolicyLoss {
        match self {
            Self::Small(actor) => actor.step(batch, config, rng),
            Self::Large(actor) => actor.step(batch, config, BatchDropout::Shared(rng.random())),
        }
    }

    /// The frozen policy.
    pub(crate) fn freeze(&mut self, name: &str, users: &[UserIdx]) -> PublishedPolicy {
        match self {
            Self::Small(actor) => actor.freeze(name, users),
            Self::Large(actor) => actor.freeze(name, users),
        }
    }
}
