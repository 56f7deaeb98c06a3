//! Acting for many sessions at once: one encoding of all their states, one draw over the catalogue.

use crate::{ActorConfig, StateInput};
use kernels::{Drawn, HeadDraw, HeadTable, Isa};
use mdp::{ItemSet, Rng};
use nn::{BatchDropout, StateTracker, TrackerBatch};
use rand::RngExt as _;

/// What acting needs of a network, as it was when [`crate::LargeActor::snapshot`] was called; its memory is used again.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) tracker: StateTracker,
    /// Vectors of the users that the snapshot was taken for, in their order.
    pub(crate) users: Vec<f32>,
    pub(crate) items: Vec<f32>,
    pub(crate) head_rows: Vec<f32>,
    pub(crate) head_bias: Vec<f32>,
}

impl Snapshot {
    /// Room for a network of this size.
    pub fn new(config: &ActorConfig) -> Self {
        let tracker = StateTracker::new(config.tracker, &mut mdp::rng_for(0, &[]));
        let [users, items, head_rows, head_bias] = [const { Vec::new() }; 4];
        Self { tracker, users, items, head_rows, head_bias }
    }
}

/// The memory in which one thread acts.
#[derive(Clone, Debug)]
pub struct Acting {
    batch: TrackerBatch,
    draw: HeadDraw,
    states: Vec<f32>,
    uniforms: Vec<f64>,
}

impl Acting {
    /// Memory for networks of this size.
    ///
    /// # Panics
    /// If the width is not a multiple of 16 or the machine lacks the instruction set.
    pub fn new(isa: Isa, config: &ActorConfig) -> Self {
        Self {
            batch: TrackerBatch::new(isa, config.tracker),
            draw: HeadDraw::new(isa, config.tracker.width, config.logit_limit),
            states: Vec::new(),
            uniforms: Vec::new(),
        }
    }

    /// Draws an item for every state, with dropout on, as [`crate::Actor::act`] does, and writes them over `drawn`. The
    /// user row of a state is its place among the snapshot's users. Every state draws dropout and item from its own
    /// generator; what is in `shown` of its place is left out, unless that is everything.
    ///
    /// # Panics
    /// If there is not one generator per state, or a row is not in the snapshot.
    pub fn act<'s, 'e>(
        &mut self,
        snapshot: &Snapshot,
        states: impl Iterator<Item = StateInput<'s>>,
        rngs: &mut [Rng],
        shown: impl Fn(usize) -> Option<&'e ItemSet>,
        drawn: &mut Vec<Drawn>,
    ) {
        let width = snapshot.tracker.config().width;
        let cells = |row: usize| row * width..(row + 1) * width;
        self.batch.clear();
        for state in states {
            self.batch.start(&snapshot.users[cells(state.user_row as usize)]);
            for &(item, reward) in state.steps {
                self.batch.push(&snapshot.items[cells(item.index())], reward);
            }
        }
        self.states.clear();
        self.batch.encode(&snapshot.tracker, BatchDropout::Own(rngs), &mut self.states);
        self.uniforms.clear();
        self.uniforms.extend(rngs.iter_mut().map(|rng| rng.random::<f64>()));
        let table = HeadTable { rows: &snapshot.head_rows, bias: &snapshot.head_bias };
        let excluded = |state: usize, tile: usize| {
            shown(state).filter(|shown| shown.len() < shown.n_items()).map_or(0, |shown| shown.word(tile))
        };
        drawn.clear();
        self.draw.draw(table, &self.states, &self.uniforms, excluded, drawn);
    }
}
