//! The frozen policy: sampled from the clamped softmax, as the published evaluation does.

use crate::PolicyError;
use crate::actor::{draw, leave_out};
use artefact::Tensors;
use kernels::{affine, clamp_logits, log_softmax_in_place};
use mdp::{Choice, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs, UserIdx};
use nn::{Dropout, StateTracker, TrackerConfig, TrackerTrace};

/// A trained network without its optimisers.
///
/// A user without a row acts with the *last* row, as the published evaluator clamps ids to the table; so this policy
/// knows nothing about users that it was not trained on. Steps are seen with their raw rewards, dropout is off.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedPolicy {
    name: String,
    /// Users with a row, ascending, and their rows.
    rows: Vec<(UserIdx, u32)>,
    users: Vec<f32>,
    items: Vec<f32>,
    tracker: StateTracker,
    head: Vec<f32>,
    logit_limit: f32,
}

impl PublishedPolicy {
    /// Puts a policy together from its user and item tables, tracker and head; `users` names the table's rows.
    pub(crate) fn new(
        name: &str,
        users: &[UserIdx],
        [user_table, items]: [Vec<f32>; 2],
        tracker: &StateTracker,
        head: Vec<f32>,
        logit_limit: f32,
    ) -> Self {
        assert_eq!(users.len() * tracker.config().width, user_table.len(), "one user per row");
        let mut rows: Vec<(UserIdx, u32)> = users.iter().copied().zip(0..).collect();
        rows.sort_unstable();
        Self {
            name: name.to_owned(),
            rows,
            users: user_table,
            items,
            tracker: tracker.clone(),
            head,
            logit_limit,
        }
    }

    /// Size of the catalogue.
    pub fn n_items(&self) -> usize {
        self.items.len() / self.tracker.config().width
    }

    /// The user's row, or the last one.
    pub fn user_row(&self, user: UserIdx) -> u32 {
        let found = self.rows.binary_search_by_key(&user, |&(known, _)| known);
        found.map_or(self.rows.len() as u32 - 1, |at| self.rows[at].1)
    }

    /// All parameters and what is needed to read them.
    pub fn to_tensors(&self) -> Tensors {
        let TrackerConfig { width, window, n_layers, dropout } = *self.tracker.config();
        let mut tensors = Tensors::default();
        let mut by_row: Vec<(u32, UserIdx)> = self.rows.iter().map(|&(user, row)| (row, user)).collect();
        by_row.sort_unstable();
        // Ids stay exact: a table with 2^24 rows would not fit in memory.
        let ids = by_row.iter().map(|(_, user)| user.0 as f32).collect();
        let shape = vec![window as f32, n_layers as f32, dropout, self.logit_limit];
        tensors.insert("user_ids", &[self.rows.len()], ids);
        tensors.insert("shape", &[4], shape);
        tensors.insert("users", &[self.rows.len(), width], self.users.clone());
        tensors.insert("items", &[self.n_items(), width], self.items.clone());
        tensors.insert("tracker", &[self.tracker.parameters.len()], self.tracker.parameters.clone());
        tensors.insert("head", &[width + 1, self.n_items()], self.head.clone());
        tensors.set_note(self.name.clone());
        tensors
    }

    /// Reads what [`PublishedPolicy::to_tensors`] gave.
    ///
    /// # Errors
    /// When a tensor is missing or the shapes do not fit each other.
    pub fn from_tensors(mut tensors: Tensors) -> Result<Self, PolicyError> {
        let wrong = |name, expected| PolicyError::Tensor { name, expected };
        let name = tensors.note().to_owned();
        let side = |name: &'static str| match tensors.get(name).map(|(shape, _)| shape) {
            Some(&[rows, width]) if rows > 0 && width > 0 => Ok((rows, width)),
            _ => Err(wrong(name, "[rows, width]")),
        };
        let ((n_users, width), (n_items, _)) = (side("users")?, side("items")?);
        let mut take =
            |name, shape: &[usize], expected| tensors.take(name, shape).ok_or(wrong(name, expected));
        let shape = take("shape", &[4], "[4]")?;
        let config = TrackerConfig {
            width,
            window: shape[0] as usize,
            n_layers: shape[1] as usize,
            dropout: shape[2],
        };
        if config.window == 0 || config.n_layers == 0 {
            return Err(PolicyError::Empty("window or layer"));
        }
        let users: Vec<UserIdx> =
            take("user_ids", &[n_users], "[users]")?.into_iter().map(|id| UserIdx(id as u32)).collect();
        let tables = [
            take("users", &[n_users, width], "[users, width]")?,
            take("items", &[n_items, width], "[items, width]")?,
        ];
        let head = take("head", &[width + 1, n_items], "[width + 1, items]")?;
        let mut tracker = StateTracker::new(config, &mut mdp::rng_for(0, &[]));
        tracker.parameters = take("tracker", &[tracker.parameters.len()], "[tracker parameters]")?;
        Ok(Self::new(&name, &users, tables, &tracker, head, shape[3]))
    }

    /// The hash of all parameters: equal hashes mean equal policies.
    pub fn parameter_hash(&self) -> String {
        self.to_tensors().hash()
    }

    fn row<'t>(&self, table: &'t [f32], row: usize) -> &'t [f32] {
        let width = self.tracker.config().width;
        &table[row * width..(row + 1) * width]
    }
}

impl Policy for PublishedPolicy {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        Box::new(Session {
            policy: self,
            user_row: self.user_row(context.user),
            steps: Vec::new(),
            trace: TrackerTrace::new(self.tracker.config()),
            logits: vec![0.0; self.n_items()],
        })
    }
}

struct Session<'a> {
    policy: &'a PublishedPolicy,
    user_row: u32,
    steps: Vec<(ItemIdx, f32)>,
    trace: TrackerTrace,
    logits: Vec<f32>,
}

impl Session<'_> {
    /// Fills the clamped logits of the state.
    fn score(&mut self) {
        let policy = self.policy;
        self.trace.start(policy.row(&policy.users, self.user_row as usize));
        for &(item, reward) in &self.steps {
            self.trace.push(policy.row(&policy.items, item.index()), reward);
        }
        let state = policy.tracker.encode(&mut self.trace, Dropout::Off);
        let (weight, bias) = policy.head.split_at(state.len() * policy.n_items());
        affine(state, weight, bias, &mut self.logits);
        clamp_logits(&mut self.logits, policy.logit_limit);
    }
}

impl PolicySession for Session<'_> {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        self.score();
        out.copy_from_slice(&self.logits);
        leave_out(shown, out);
        log_softmax_in_place(out);
        Ok(())
    }

    fn choose(&mut self, shown: &ItemSet, rng: &mut Rng) -> Choice {
        self.score();
        let (item, log_prob_behavior) = draw(&mut self.logits, Some(shown), rng);
        Choice { item, log_prob_behavior }
    }

    fn observe(&mut self, item: ItemIdx, reward: f32) {
        if self.steps.len() == self.policy.tracker.config().window {
            self.steps.remove(0);
        }
        self.steps.push((item, reward));
    }
}
