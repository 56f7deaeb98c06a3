//! The network that chooses, trained on large batches: the same function as [`crate::Actor`], its step made of passes
//! over the whole batch and tiles of the catalogue.
//!
//! A step encodes all states at once ([`nn::TrackerBatch`]), runs the item head as one operation ([`kernels::HeadPass`]),
//! whose table takes Adam's step where its gradient arises, and moves user and item tables by [`kernels::RowAdam`], which
//! equals dense Adam bit for bit and touches only the rows of the batch. The head's table lies by items, `[items,
//! width]`, because a tile of the catalogue has to be one piece; [`crate::Actor`] has it by columns, which suits
//! batches of eight. There are no limits of rows and biases here.

use crate::{ActorConfig, ActorRow, LossConfig, PolicyLoss};
use kernels::{
    Adam, AdamConfig, HeadParameters, HeadPass, HeadRow, HeadScale, HeadTable, Isa, RowAdam, RowGradients,
};
use mdp::Rng;
use nn::{StateTracker, TrackerBatch, normals, uniforms};

/// What a large-batch actor starts from.
#[derive(Clone, Debug, PartialEq)]
pub struct LargeActorParts {
    /// User vectors, `[users, width]`.
    pub users: Vec<f32>,
    /// Item vectors, `[items, width]`.
    pub items: Vec<f32>,
    /// The tracker's parameters, laid out as [`StateTracker::parameters`].
    pub tracker: Vec<f32>,
    /// The head's rows, `[items, width]`.
    pub head_rows: Vec<f32>,
    /// The head's biases, `[items]`.
    pub head_bias: Vec<f32>,
}

/// The network with its optimisers. Threads are those of the caller's rayon pool; their number changes nothing.
#[derive(Clone, Debug)]
pub struct LargeActor {
    config: ActorConfig,
    users: RowAdam,
    items: RowAdam,
    tracker: StateTracker,
    tracker_adam: Adam,
    head_rows: Vec<f32>,
    head_bias: Vec<f32>,
    rows_adam: Adam,
    bias_adam: Adam,
    batch: TrackerBatch,
    head: HeadPass,
    scratch: Scratch,
}

/// Memory that is used again; none of it carries a value from one step to the next.
#[derive(Clone, Debug)]
struct Scratch {
    states: Vec<f32>,
    d_states: Vec<f32>,
    actions: Vec<u32>,
    scales: Vec<HeadScale>,
    tracker_gradient: Vec<f32>,
    user_gradients: RowGradients,
    item_gradients: RowGradients,
}

impl LargeActorParts {
    /// Random parameters, distributed as those of [`crate::Actor`].
    pub fn random(config: &ActorConfig, rng: &mut Rng) -> Self {
        let h = config.tracker.width;
        Self {
            users: normals(config.n_users * h, 1.0, rng),
            items: normals(config.n_items * h, 1.0, rng),
            tracker: StateTracker::new(config.tracker, rng).parameters,
            head_rows: uniforms(config.n_items * h, (h as f32).powf(-0.5), rng),
            head_bias: uniforms(config.n_items, (h as f32).powf(-0.5), rng),
        }
    }
}

impl LargeActor {
    /// A network at these parameters.
    ///
    /// # Panics
    /// If a length does not fit, or the width is not a multiple of 16.
    pub fn new(isa: Isa, config: ActorConfig, parts: LargeActorParts) -> Self {
        let h = config.tracker.width;
        let LargeActorParts { users, items, tracker: parameters, head_rows, head_bias } = parts;
        assert!(users.len() == config.n_users * h && items.len() == config.n_items * h, "tables");
        assert!(head_rows.len() == items.len() && head_bias.len() == config.n_items, "head");
        let mut tracker = StateTracker::new(config.tracker, &mut mdp::rng_for(0, &[]));
        assert_eq!(tracker.parameters.len(), parameters.len(), "tracker");
        tracker.parameters = parameters;
        let adam = |n| Adam::new(AdamConfig::with_learning_rate(config.learning_rate), n);
        Self {
            users: RowAdam::new(config.learning_rate, h, users),
            items: RowAdam::new(config.learning_rate, h, items),
            tracker_adam: adam(tracker.parameters.len()),
            rows_adam: adam(head_rows.len()),
            bias_adam: adam(head_bias.len()),
            batch: TrackerBatch::new(isa, config.tracker),
            head: HeadPass::new(isa, h, config.logit_limit),
            scratch: Scratch {
                states: Vec::new(),
                d_states: Vec::new(),
                actions: Vec::new(),
                scales: Vec::new(),
                tracker_gradient: vec![0.0; tracker.parameters.len()],
                user_gradients: RowGradients::new(h),
                item_gradients: RowGradients::new(h),
            },
            config,
            tracker,
            head_rows,
            head_bias,
        }
    }

    /// One gradient step of the policy loss, with dropout where there is a seed. Returns the loss before the step.
    ///
    /// # Panics
    /// If the batch is empty or names rows that do not exist.
    pub fn step(
        &mut self,
        batch: &[ActorRow<'_>],
        loss: &LossConfig,
        dropout_seed: Option<u64>,
    ) -> PolicyLoss {
        assert!(!batch.is_empty() && loss.logit_limit == self.config.logit_limit, "a batch, and one clamp");
        self.load(batch);
        let scratch = &mut self.scratch;
        scratch.states.clear();
        self.batch.encode(&self.tracker, dropout_seed, &mut scratch.states);
        scratch.actions.clear();
        scratch.actions.extend(batch.iter().map(|row| row.loss.action as u32));
        let table = HeadTable { rows: &self.head_rows, bias: &self.head_bias };
        let rows = self.head.forward(table, &scratch.states, &scratch.actions);
        let result = weigh(batch, rows, loss, &mut scratch.scales);
        scratch.d_states.resize(scratch.states.len(), 0.0);
        let parameters = HeadParameters {
            rows: &mut self.head_rows,
            bias: &mut self.head_bias,
            rows_adam: &mut self.rows_adam,
            bias_adam: &mut self.bias_adam,
        };
        self.head.backward_and_step(parameters, &scratch.scales, &mut scratch.d_states);
        self.batch.backward(&self.tracker, &scratch.d_states, &mut scratch.tracker_gradient);
        self.tracker_adam.step(&mut self.tracker.parameters, &scratch.tracker_gradient);
        self.move_tables(batch);
        result
    }

    fn load(&mut self, batch: &[ActorRow<'_>]) {
        self.batch.clear();
        let items = batch.iter().flat_map(|row| row.state.steps.iter().map(|(item, _)| item.0));
        self.items.catch_up_rows(items);
        self.users.catch_up_rows(batch.iter().map(|row| row.state.user_row));
        for row in batch {
            self.batch.start(self.users.row(row.state.user_row as usize));
            for &(item, reward) in row.state.steps {
                self.batch.push(self.items.row(item.index()), reward);
            }
        }
    }

    fn move_tables(&mut self, batch: &[ActorRow<'_>]) {
        let Scratch { user_gradients, item_gradients, .. } = &mut self.scratch;
        user_gradients.clear();
        item_gradients.clear();
        for (row, (user, items)) in batch.iter().zip(self.batch.input_gradients()) {
            user_gradients.add(row.state.user_row, user);
            for ((item, _), gradient) in
                row.state.steps.iter().zip(items.chunks_exact(self.config.tracker.width))
            {
                item_gradients.add(item.0, gradient);
            }
        }
        self.users.step(user_gradients);
        self.items.step(item_gradients);
    }

    /// All parameters as they are now.
    pub fn to_parts(&mut self) -> LargeActorParts {
        LargeActorParts {
            users: self.users.rows().to_vec(),
            items: self.items.rows().to_vec(),
            tracker: self.tracker.parameters.clone(),
            head_rows: self.head_rows.clone(),
            head_bias: self.head_bias.clone(),
        }
    }
}

/// The loss of the batch, and what it makes of each row.
///
/// # Source
/// As [`crate::policy_loss`].
fn weigh(
    batch: &[ActorRow<'_>],
    rows: &[HeadRow],
    config: &LossConfig,
    scales: &mut Vec<HeadScale>,
) -> PolicyLoss {
    let share = 1.0 / batch.len() as f32;
    let n_demos = batch.iter().filter(|row| row.loss.demo_weight.is_some()).count();
    let demo_share = 1.0 / n_demos.max(1) as f32;
    let mut loss = PolicyLoss::default();
    scales.clear();
    for (row, statistics) in batch.iter().zip(rows) {
        let imitation = row.loss.demo_weight.map_or(0.0, |weight| demo_share * weight);
        loss.actor -= share * row.loss.advantage * statistics.log_prob();
        loss.entropy += share * statistics.entropy;
        loss.imitation -= imitation * statistics.log_prob();
        scales.push(HeadScale {
            action: share * row.loss.advantage + config.imitation * imitation,
            entropy: share * config.entropy,
        });
    }
    loss.total = loss.actor - config.entropy * loss.entropy + config.imitation * loss.imitation;
    loss
}

#[cfg(test)]
mod tests;
