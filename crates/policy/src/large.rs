//! The network that chooses, trained on large batches: the same function as [`crate::Actor`], its step made of passes
//! over the whole batch and tiles of the catalogue.
//!
//! A step encodes all states at once ([`nn::TrackerBatch`]), runs the item head as one operation ([`kernels::HeadPass`]),
//! whose table takes Adam's step, and then keeps its limits, where its gradient arises, and moves user and item tables by
//! [`kernels::RowAdam`], which equals dense Adam bit for bit and touches only the rows of the batch. The head's table
//! lies by items, `[items, width]`, because a tile of the catalogue has to be one piece; [`crate::Actor`] has it by
//! columns, which suits batches of eight, and so have the parts that both are made of.

use crate::{
    ActorConfig, ActorParts, ActorRow, LossConfig, PolicyLoss, PublishedPolicy, Snapshot, StateInput,
};
use kernels::{
    Adam, AdamConfig, HeadLimits, HeadParameters, HeadPass, HeadRow, HeadScale, HeadTable, Isa, RowAdam,
    RowGradients, transpose,
};
use mdp::{ItemIdx, Rng, UserIdx};
use nn::{BatchDropout, StateTracker, TrackerBatch};

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
    rows: Vec<u32>,
    states: Vec<f32>,
    d_states: Vec<f32>,
    actions: Vec<u32>,
    scales: Vec<HeadScale>,
    tracker_gradient: Vec<f32>,
    user_gradients: RowGradients,
    item_gradients: RowGradients,
}

impl LargeActor {
    /// A fresh network, that of [`crate::Actor::new`] with the same generator.
    ///
    /// # Panics
    /// If a size is zero, or the width is not a multiple of 16.
    pub fn new(isa: Isa, config: ActorConfig, rng: &mut Rng) -> Self {
        Self::from_parts(isa, config, ActorParts::random(&config, rng))
    }

    /// The network as a checkpoint has it.
    ///
    /// # Panics
    /// If a length does not fit, or the width is not a multiple of 16.
    pub fn from_parts(isa: Isa, config: ActorConfig, parts: ActorParts) -> Self {
        let h = config.tracker.width;
        let ActorParts { users, items, tracker: [parameters, first, second], head } = parts;
        let n_steps = u64::from(users.n_steps);
        let mut tracker = StateTracker::new(config.tracker, &mut mdp::rng_for(0, &[]));
        assert_eq!(tracker.parameters.len(), parameters.len(), "tracker");
        tracker.parameters = parameters;
        let adam = |first: Vec<f32>, second: Vec<f32>| {
            let mut adam = Adam::new(AdamConfig::with_learning_rate(config.learning_rate), first.len());
            assert_eq!(first.len(), second.len(), "moments");
            (adam.first, adam.second, adam.n_steps) = (first, second, n_steps);
            adam
        };
        let [(head_rows, head_bias), firsts, seconds] = head.map(|columns| by_rows(columns, &config));
        Self {
            users: RowAdam::from_parts(config.learning_rate, h, users),
            items: RowAdam::from_parts(config.learning_rate, h, items),
            tracker_adam: adam(first, second),
            rows_adam: adam(firsts.0, seconds.0),
            bias_adam: adam(firsts.1, seconds.1),
            batch: TrackerBatch::new(isa, config.tracker),
            head: HeadPass::new(isa, h, config.logit_limit),
            scratch: Scratch {
                rows: Vec::new(),
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

    /// Everything the network is made of.
    pub fn to_parts(&self) -> ActorParts {
        let Self { config, rows_adam, bias_adam, tracker_adam, .. } = self;
        let h = config.tracker.width;
        ActorParts {
            users: self.users.to_parts(),
            items: self.items.to_parts(),
            tracker: [
                self.tracker.parameters.clone(),
                tracker_adam.first.clone(),
                tracker_adam.second.clone(),
            ],
            head: [
                by_columns(&self.head_rows, &self.head_bias, h),
                by_columns(&rows_adam.first, &bias_adam.first, h),
                by_columns(&rows_adam.second, &bias_adam.second, h),
            ],
        }
    }

    /// How many gradient steps were taken.
    pub fn n_gradient_steps(&self) -> u64 {
        self.rows_adam.n_steps
    }

    /// Sizes and limits.
    pub fn config(&self) -> &ActorConfig {
        &self.config
    }

    /// Computes states and appends them, `[states, width]`, to `out`. No gradient can follow.
    pub fn append_states<'s>(
        &mut self,
        states: impl Iterator<Item = StateInput<'s>> + Clone,
        dropout: BatchDropout<'_>,
        out: &mut Vec<f32>,
    ) {
        self.load(states);
        self.batch.encode(&self.tracker, dropout, out);
    }

    /// The vector of an item, `[width]`.
    pub fn item_vector(&mut self, item: ItemIdx) -> &[f32] {
        self.items.row(item.index())
    }

    /// One gradient step of the policy loss, then the limits of the head. Returns the loss before the step.
    ///
    /// # Panics
    /// If the batch is empty or names rows that do not exist.
    pub fn step(
        &mut self,
        batch: &[ActorRow<'_>],
        loss: &LossConfig,
        dropout: BatchDropout<'_>,
    ) -> PolicyLoss {
        assert!(!batch.is_empty() && loss.logit_limit == self.config.logit_limit, "a batch, and one clamp");
        self.load(batch.iter().map(|row| row.state));
        let scratch = &mut self.scratch;
        scratch.states.clear();
        self.batch.encode(&self.tracker, dropout, &mut scratch.states);
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
            limits: HeadLimits { row_norm: self.config.row_norm_limit, bias: self.config.bias_limit },
        };
        self.head.backward_and_step(parameters, &scratch.scales, &mut scratch.d_states);
        self.batch.backward(&self.tracker, &scratch.d_states, &mut scratch.tracker_gradient);
        self.tracker_adam.step(&mut self.tracker.parameters, &scratch.tracker_gradient);
        self.move_tables(batch);
        result
    }

    fn load<'s>(&mut self, states: impl Iterator<Item = StateInput<'s>> + Clone) {
        self.batch.clear();
        let rows = &mut self.scratch.rows;
        rows.clear();
        rows.extend(states.clone().flat_map(|state| state.steps.iter().map(|(item, _)| item.0)));
        self.items.catch_up_rows(rows);
        rows.clear();
        rows.extend(states.clone().map(|state| state.user_row));
        self.users.catch_up_rows(rows);
        for state in states {
            self.batch.start(self.users.row(state.user_row as usize));
            for &(item, reward) in state.steps {
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

    /// Copies what acting for these rows of the user table needs, in their order, over `snapshot`.
    ///
    /// # Panics
    /// If a row does not exist.
    pub fn snapshot(&mut self, user_rows: impl Iterator<Item = u32>, snapshot: &mut Snapshot) {
        let Snapshot { tracker, users, items, head_rows, head_bias } = snapshot;
        tracker.parameters.clone_from(&self.tracker.parameters);
        users.clear();
        user_rows.for_each(|row| users.extend_from_slice(self.users.row(row as usize)));
        items.clear();
        items.extend_from_slice(self.items.rows());
        head_rows.clone_from(&self.head_rows);
        head_bias.clone_from(&self.head_bias);
    }

    /// The frozen policy. `users` names the user of each row of the table.
    ///
    /// # Panics
    /// If there is not one user per row.
    pub fn freeze(&mut self, name: &str, users: &[UserIdx]) -> PublishedPolicy {
        let tables = [self.users.rows().to_vec(), self.items.rows().to_vec()];
        let head = by_columns(&self.head_rows, &self.head_bias, self.config.tracker.width);
        PublishedPolicy::new(name, users, tables, &self.tracker, head, self.config.logit_limit)
    }
}

/// Rows `[items, width]` and biases of a head that lies by columns.
fn by_rows(mut columns: Vec<f32>, config: &ActorConfig) -> (Vec<f32>, Vec<f32>) {
    let n_items = config.n_items;
    assert_eq!(columns.len(), n_items * (config.tracker.width + 1), "head");
    let bias = columns.split_off(n_items * config.tracker.width);
    let mut rows = Vec::new();
    transpose(&columns, n_items, &mut rows);
    (rows, bias)
}

/// Weight `[width, items]`, then bias, of a head that lies by rows.
fn by_columns(rows: &[f32], bias: &[f32], width: usize) -> Vec<f32> {
    let mut columns = Vec::new();
    transpose(rows, width, &mut columns);
    columns.extend_from_slice(bias);
    columns
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
