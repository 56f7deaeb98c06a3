//! The network that chooses: user and item tables, state tracker, one logit per item.

use crate::PublishedPolicy;
use crate::loss::{LossConfig, PolicyLoss, PolicyRow, policy_loss};
use kernels::{
    Adam, AdamConfig, RowAdam, RowAdamParts, RowGradients, add_scaled, affine, clamp_logits,
    draw_from_softmax, products_of_rows,
};
use mdp::{ItemIdx, ItemSet, Rng, UserIdx};
use nn::{Dropout, StateTracker, TrackerConfig, TrackerTrace, normals, uniforms};
use rand::RngExt as _;

/// Sizes and limits of the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActorConfig {
    /// Rows of the user table.
    pub n_users: usize,
    /// Size of the catalogue.
    pub n_items: usize,
    /// The state tracker.
    pub tracker: TrackerConfig,
    /// Logits are squashed to ± this by a tangent; 0 for no clamp.
    pub logit_limit: f32,
    /// Adam's step size for all parameters.
    pub learning_rate: f32,
    /// Rows of the head (one per item) are scaled down to this Euclidean norm after every step.
    pub row_norm_limit: f32,
    /// Biases of the head are clamped to ± this after every step.
    pub bias_limit: f32,
}

/// A state: a row of the user table and the session's last steps, oldest first, at most a window of them.
#[derive(Clone, Copy, Debug)]
pub struct StateInput<'a> {
    /// The user's row.
    pub user_row: u32,
    /// Items and raw rewards.
    pub steps: &'a [(ItemIdx, f32)],
}

/// A row of a policy batch.
#[derive(Clone, Copy, Debug)]
pub struct ActorRow<'a> {
    /// Where the item was shown.
    pub state: StateInput<'a>,
    /// What was shown and what it counts.
    pub loss: PolicyRow,
}

/// The network with its optimisers.
///
/// # Source
/// `UserActorCritic` of the published code, `docs/spec/released-code.md#state-tracker` and
/// `docs/spec/released-code.md#policy-head`. Left out, because they change nothing: the padding row of the item table
/// (see [`StateTracker`]) and the value head that never gets a gradient.
#[derive(Clone, Debug)]
pub struct Actor {
    config: ActorConfig,
    users: RowAdam,
    items: RowAdam,
    tracker: StateTracker,
    tracker_adam: Adam,
    /// Weight `[width, items]`, then bias `[items]`.
    head: Vec<f32>,
    head_adam: Adam,
    scratch: Scratch,
}

/// Memory that is used again and again; none of it carries a value from one call to the next.
#[derive(Clone, Debug)]
struct Scratch {
    trace: TrackerTrace,
    traces: Vec<TrackerTrace>,
    logits: Vec<f32>,
    probabilities: Vec<f32>,
    head_gradient: Vec<f32>,
    tracker_gradient: Vec<f32>,
    user_gradients: RowGradients,
    item_gradients: RowGradients,
    norms: Vec<f32>,
    /// Zeros.
    no_bias: Vec<f32>,
}

/// Everything an actor is made of, for checkpoints; the same for [`Actor`] and [`crate::LargeActor`].
#[derive(Clone, Debug, PartialEq)]
pub struct ActorParts {
    /// The user table.
    pub users: RowAdamParts,
    /// The item table.
    pub items: RowAdamParts,
    /// Parameters, first and second moments of the tracker.
    pub tracker: [Vec<f32>; 3],
    /// Parameters, first and second moments of the head: weight `[width, items]`, then bias `[items]`.
    pub head: [Vec<f32>; 3],
}

impl ActorParts {
    /// Parameters that no step has moved yet: user table `[users, width]`, item table `[items, width]`, the tracker's
    /// parameters, and the head, weight `[width, items]` and bias `[items]`.
    pub fn fresh([users, items, tracker, head]: [Vec<f32>; 4], width: usize) -> Self {
        let zeros = |values: &[f32]| vec![0.0; values.len()];
        let table = |values: Vec<f32>| RowAdamParts {
            first: zeros(&values),
            second: zeros(&values),
            steps_taken: vec![0; values.len() / width],
            n_steps: 0,
            values,
        };
        let vector = |values: Vec<f32>| {
            let [first, second] = [zeros(&values), zeros(&values)];
            [values, first, second]
        };
        Self { users: table(users), items: table(items), tracker: vector(tracker), head: vector(head) }
    }

    /// Random parameters, as PyTorch's layers start.
    ///
    /// # Panics
    /// If a size is zero.
    pub fn random(config: &ActorConfig, rng: &mut Rng) -> Self {
        assert!(config.n_users > 0 && config.n_items > 0, "at least one user and one item");
        let h = config.tracker.width;
        let users = normals(config.n_users * h, 1.0, rng);
        let items = normals(config.n_items * h, 1.0, rng);
        let tracker = StateTracker::new(config.tracker, rng).parameters;
        let head = uniforms(config.n_items * (h + 1), (h as f32).powf(-0.5), rng);
        Self::fresh([users, items, tracker, head], h)
    }
}

impl Actor {
    /// A fresh network.
    ///
    /// # Panics
    /// If a size is zero.
    pub fn new(config: ActorConfig, rng: &mut Rng) -> Self {
        Self::from_parts(config, ActorParts::random(&config, rng))
    }

    fn assemble(
        config: ActorConfig,
        users: RowAdam,
        items: RowAdam,
        tracker: StateTracker,
        head: Vec<f32>,
    ) -> Self {
        let adam = |n| Adam::new(AdamConfig::with_learning_rate(config.learning_rate), n);
        let scratch = Scratch {
            trace: TrackerTrace::new(&config.tracker),
            traces: Vec::new(),
            logits: vec![0.0; config.n_items],
            probabilities: Vec::new(),
            head_gradient: vec![0.0; head.len()],
            tracker_gradient: vec![0.0; tracker.parameters.len()],
            user_gradients: RowGradients::new(config.tracker.width),
            item_gradients: RowGradients::new(config.tracker.width),
            norms: vec![0.0; config.n_items],
            no_bias: vec![0.0; config.n_items],
        };
        let (tracker_adam, head_adam) = (adam(tracker.parameters.len()), adam(head.len()));
        Self { config, users, items, tracker, tracker_adam, head, head_adam, scratch }
    }

    /// The network as a checkpoint has it.
    ///
    /// # Panics
    /// If the parts do not fit the sizes.
    pub fn from_parts(config: ActorConfig, parts: ActorParts) -> Self {
        let ActorParts { users, items, tracker: [parameters, first, second], head } = parts;
        let n_steps = u64::from(users.n_steps);
        let table = |parts| RowAdam::from_parts(config.learning_rate, config.tracker.width, parts);
        let mut network = StateTracker::new(config.tracker, &mut mdp::rng_for(0, &[]));
        network.parameters = parameters;
        let [head, head_first, head_second] = head;
        let mut actor = Self::assemble(config, table(users), table(items), network, head);
        assert!(
            first.len() == actor.tracker_adam.first.len() && head_first.len() == actor.head.len(),
            "moments"
        );
        (actor.tracker_adam.first, actor.tracker_adam.second) = (first, second);
        (actor.head_adam.first, actor.head_adam.second) = (head_first, head_second);
        (actor.tracker_adam.n_steps, actor.head_adam.n_steps) = (n_steps, n_steps);
        actor
    }

    /// Everything the network is made of.
    pub fn to_parts(&self) -> ActorParts {
        let moments =
            |values: &[f32], adam: &Adam| [values.to_vec(), adam.first.clone(), adam.second.clone()];
        ActorParts {
            users: self.users.to_parts(),
            items: self.items.to_parts(),
            tracker: moments(&self.tracker.parameters, &self.tracker_adam),
            head: moments(&self.head, &self.head_adam),
        }
    }

    /// Sizes and limits.
    pub fn config(&self) -> &ActorConfig {
        &self.config
    }

    /// How many gradient steps were taken.
    pub fn n_gradient_steps(&self) -> u64 {
        self.head_adam.n_steps
    }

    /// Computes a state and appends it, `[width]`, to `out`. No gradient can follow.
    pub fn append_state(&mut self, state: StateInput<'_>, dropout: Dropout<'_>, out: &mut Vec<f32>) {
        load(&mut self.users, &mut self.items, state, &mut self.scratch.trace);
        out.extend_from_slice(self.tracker.encode(&mut self.scratch.trace, dropout));
    }

    /// The vector of an item, `[width]`.
    pub fn item_vector(&mut self, item: ItemIdx) -> &[f32] {
        self.items.row(item.index())
    }

    /// Draws an item for a state with dropout on, as the published code acts while training; items in `shown` are
    /// left out. Returns the item and its log-probability.
    pub fn act(&mut self, state: StateInput<'_>, shown: Option<&ItemSet>, rng: &mut Rng) -> (ItemIdx, f32) {
        load(&mut self.users, &mut self.items, state, &mut self.scratch.trace);
        self.tracker.encode(&mut self.scratch.trace, Dropout::Drawn(rng));
        let (weight, bias) = self.head.split_at(self.config.tracker.width * self.config.n_items);
        let logits = &mut self.scratch.logits[..self.config.n_items];
        affine(self.scratch.trace.state(), weight, bias, logits);
        clamp_logits(logits, self.config.logit_limit);
        draw(logits, shown, rng)
    }

    /// One gradient step of the policy loss on a batch, with dropout on, then the limits of the head. Returns the
    /// loss before the step.
    ///
    /// # Panics
    /// If the batch is empty or names rows that do not exist.
    pub fn step(&mut self, batch: &[ActorRow<'_>], config: &LossConfig, rng: &mut Rng) -> PolicyLoss {
        let (h, n_items) = (self.config.tracker.width, self.config.n_items);
        let n_rows = batch.len();
        let mut scratch = std::mem::replace(&mut self.scratch, Scratch::empty(&self.config.tracker));
        scratch.traces.resize(n_rows.max(scratch.traces.len()), TrackerTrace::new(&self.config.tracker));
        let mut states = Vec::with_capacity(n_rows * h);
        for (row, trace) in batch.iter().zip(&mut scratch.traces) {
            load(&mut self.users, &mut self.items, row.state, trace);
            states.extend_from_slice(self.tracker.encode(trace, Dropout::Drawn(rng)));
        }
        let (weight, bias) = self.head.split_at(h * n_items);
        scratch.logits.resize(n_rows * n_items, 0.0);
        let logits = &mut scratch.logits;
        affine(&states, weight, bias, logits);
        clamp_logits(logits, config.logit_limit);
        scratch.probabilities.resize(logits.len(), 0.0);
        let rows: Vec<PolicyRow> = batch.iter().map(|row| row.loss).collect();
        let loss = policy_loss(logits, &mut scratch.probabilities, &rows, config);

        let (d_weight, d_bias) = scratch.head_gradient.split_at_mut(h * n_items);
        affine(&transposed(&states, h), logits, &scratch.no_bias, d_weight);
        d_bias.fill(0.0);
        logits.chunks_exact(n_items).for_each(|row| add_scaled(d_bias, 1.0, row));
        let mut d_states = vec![0.0; n_rows * h];
        products_of_rows(logits, weight, n_items, &mut d_states);
        self.move_parameters(batch, &d_states, &mut scratch);
        self.limit_head(&mut scratch.norms);
        self.scratch = scratch;
        loss
    }

    /// Backward through the tracker, and one Adam step of everything.
    fn move_parameters(&mut self, batch: &[ActorRow<'_>], d_states: &[f32], scratch: &mut Scratch) {
        let h = self.config.tracker.width;
        scratch.tracker_gradient.fill(0.0);
        scratch.user_gradients.clear();
        scratch.item_gradients.clear();
        for ((row, trace), d_state) in batch.iter().zip(&scratch.traces).zip(d_states.chunks_exact(h)) {
            let inputs = self.tracker.backward(trace, d_state, &mut scratch.tracker_gradient);
            scratch.user_gradients.add(row.state.user_row, &inputs.user);
            for ((item, _), gradient) in row.state.steps.iter().zip(inputs.items.chunks_exact(h)) {
                scratch.item_gradients.add(item.0, gradient);
            }
        }
        self.users.step(&scratch.user_gradients);
        self.items.step(&scratch.item_gradients);
        self.tracker_adam.step(&mut self.tracker.parameters, &scratch.tracker_gradient);
        self.head_adam.step(&mut self.head, &scratch.head_gradient);
    }

    /// Scales items' weights down to the norm limit and clamps biases.
    fn limit_head(&mut self, squares: &mut [f32]) {
        let n_items = self.config.n_items;
        let (weight, bias) = self.head.split_at_mut(self.config.tracker.width * n_items);
        squares.fill(0.0);
        for row in weight.chunks_exact(n_items) {
            squares.iter_mut().zip(row).for_each(|(s, w)| *s += w * w);
        }
        let limit = self.config.row_norm_limit;
        for (item, square) in squares.iter().enumerate() {
            let norm = square.sqrt();
            if norm > limit {
                let scale = limit / norm;
                weight.iter_mut().skip(item).step_by(n_items).for_each(|w| *w *= scale);
            }
        }
        let limit = self.config.bias_limit;
        bias.iter_mut().for_each(|b| *b = b.clamp(-limit, limit));
    }

    /// The frozen policy. `users` names the user of each row of the table.
    ///
    /// # Panics
    /// If there is not one user per row.
    pub fn freeze(&mut self, name: &str, users: &[UserIdx]) -> PublishedPolicy {
        let tables = [self.users.rows().to_vec(), self.items.rows().to_vec()];
        PublishedPolicy::new(name, users, tables, &self.tracker, self.head.clone(), self.config.logit_limit)
    }
}

impl Scratch {
    /// What stands in while the real scratch is borrowed elsewhere.
    fn empty(config: &TrackerConfig) -> Self {
        Self {
            trace: TrackerTrace::new(config),
            traces: Vec::new(),
            logits: Vec::new(),
            probabilities: Vec::new(),
            head_gradient: Vec::new(),
            tracker_gradient: Vec::new(),
            user_gradients: RowGradients::new(config.width),
            item_gradients: RowGradients::new(config.width),
            norms: Vec::new(),
            no_bias: Vec::new(),
        }
    }
}

/// The transpose of `[rows, width]`.
fn transposed(rows: &[f32], width: usize) -> Vec<f32> {
    (0..width).flat_map(|column| rows.iter().skip(column).step_by(width)).copied().collect()
}

/// Puts a state into a trace.
fn load(users: &mut RowAdam, items: &mut RowAdam, state: StateInput<'_>, trace: &mut TrackerTrace) {
    trace.start(users.row(state.user_row as usize));
    for &(item, reward) in state.steps {
        trace.push(items.row(item.index()), reward);
    }
}

/// Masks what was shown, unless that is everything.
pub(crate) fn leave_out(shown: &ItemSet, logits: &mut [f32]) {
    if shown.len() < logits.len() {
        shown.iter().for_each(|item| logits[item.index()] = f32::NEG_INFINITY);
    }
}

/// Draws from the softmax of clamped logits, leaving out what was shown unless that is everything.
pub(crate) fn draw(logits: &mut [f32], shown: Option<&ItemSet>, rng: &mut Rng) -> (ItemIdx, f32) {
    if let Some(shown) = shown {
        leave_out(shown, logits);
    }
    let (item, log_prob) = draw_from_softmax(logits, rng.random());
    (ItemIdx(item as u32), log_prob)
}
