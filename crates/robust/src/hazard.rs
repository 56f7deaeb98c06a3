//! The probability that a user leaves at a recommendation, learned from every step taken.

use kernels::{Adam, AdamConfig};
use mdp::Rng;
use nn::Mlp;
use rand::RngExt as _;

/// Three causes of leaving that act independently: tiring of content, nearness to recent items, dislike. Each is
/// a small network that gives a logit; the user stays if no cause strikes (a noisy-or).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QuitHazard {
    /// From the saturation of an item's categories.
    pub saturation: Mlp,
    /// From the nearness to recent items, in rating columns and in text.
    pub nearness: Mlp,
    /// From the predicted reward and its uncertainty.
    pub dislike: Mlp,
}

/// The inputs of the three causes at one step, and whether the user left.
#[derive(Clone, Debug, PartialEq)]
pub struct HazardExample {
    /// Inputs of the saturation cause.
    pub saturation: [f32; N_SATURATION],
    /// Inputs of the nearness cause.
    pub nearness: [f32; N_NEARNESS],
    /// Inputs of the dislike cause.
    pub dislike: [f32; N_DISLIKE],
    /// Whether the user left at this step. A step cut by the horizon did not end by leaving.
    pub left: bool,
}

/// Inputs of the saturation cause.
pub(crate) const N_SATURATION: usize = 8;
/// Inputs of the nearness cause.
pub(crate) const N_NEARNESS: usize = 4;
/// Inputs of the dislike cause.
pub(crate) const N_DISLIKE: usize = 2;

const HIDDEN: usize = 16;
/// Initial logit of each cause: about 5 % each, so that an untrained hazard forbids nothing.
const INITIAL_LOGIT: f32 = -3.0;
/// A cause is not pushed below this probability by steps at which users stayed. An expert's sessions hardly show
/// what makes users leave; without the floor a cause that never struck there could not be learned any more.
const LOWEST_STRIKE: f32 = 0.002;

impl QuitHazard {
    /// Small random networks with a low initial hazard.
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let mut cause = |n_inputs: usize| {
            let mut mlp = Mlp::new(&[n_inputs, HIDDEN, 1], rng);
            if let Some(bias) = mlp.parameters.last_mut() {
                *bias = INITIAL_LOGIT;
            }
            mlp
        };
        Self { saturation: cause(N_SATURATION), nearness: cause(N_NEARNESS), dislike: cause(N_DISLIKE) }
    }

    /// The networks, in a fixed order.
    pub(crate) fn causes(&self) -> [&Mlp; 3] {
        [&self.saturation, &self.nearness, &self.dislike]
    }

    fn causes_mut(&mut self) -> [&mut Mlp; 3] {
        [&mut self.saturation, &mut self.nearness, &mut self.dislike]
    }

    /// Probability of leaving for examples (their labels are not read).
    pub(crate) fn probabilities(&self, examples: &[&HazardExample]) -> Vec<f32> {
        let inputs = inputs(examples);
        let mut stays = vec![0.0f32; examples.len()];
        for (mlp, input) in self.causes().into_iter().zip(&inputs) {
            for (stay, logit) in stays.iter_mut().zip(mlp.apply(input)) {
                *stay += log_stay(logit);
            }
        }
        stays.iter().map(|s| 1.0 - s.exp()).collect()
    }
}

/// log(1 - sigmoid(logit)), stable for large logits.
pub(crate) fn log_stay(logit: f32) -> f32 {
    if logit > 15.0 { -logit } else { -logit.exp().ln_1p() }
}

fn inputs(examples: &[&HazardExample]) -> [Vec<f32>; 3] {
    [
        examples.iter().flat_map(|x| x.saturation).collect(),
        examples.iter().flat_map(|x| x.nearness).collect(),
        examples.iter().flat_map(|x| x.dislike).collect(),
    ]
}

/// Supervised training of the hazard on a bounded memory of steps.
#[derive(Clone, Debug)]
pub(crate) struct HazardLearner {
    memory: Vec<HazardExample>,
    capacity: usize,
    next: usize,
    optimisers: [Adam; 3],
}

impl HazardLearner {
    /// An empty memory of `capacity` steps.
    pub(crate) fn new(hazard: &QuitHazard, capacity: usize, learning_rate: f32) -> Self {
        let adam = |mlp: &Mlp| Adam::new(AdamConfig::with_learning_rate(learning_rate), mlp.parameters.len());
        Self { memory: Vec::new(), capacity, next: 0, optimisers: hazard.causes().map(adam) }
    }

    /// The optimisers' state, for checkpoints.
    pub(crate) fn state(&mut self) -> (&mut Vec<HazardExample>, &mut usize, &mut [Adam; 3]) {
        (&mut self.memory, &mut self.next, &mut self.optimisers)
    }

    /// Remembers a step; the oldest goes when the memory is full.
    pub(crate) fn remember(&mut self, example: HazardExample) {
        if self.memory.len() < self.capacity {
            self.memory.push(example);
        } else {
            self.memory[self.next] = example;
            self.next = (self.next + 1) % self.capacity;
        }
    }

    /// Takes `n_gradient_steps` on random batches; returns the mean loss in nats per step, or `None` without data.
    pub(crate) fn learn(
        &mut self,
        hazard: &mut QuitHazard,
        n_gradient_steps: usize,
        batch: usize,
        rng: &mut Rng,
    ) -> Option<f32> {
        if self.memory.is_empty() {
            return None;
        }
        let mut total = 0.0;
        for _ in 0..n_gradient_steps {
            let rows: Vec<usize> = (0..batch).map(|_| rng.random_range(0..self.memory.len())).collect();
            let examples: Vec<&HazardExample> = rows.iter().map(|&r| &self.memory[r]).collect();
            let (loss, gradients) = loss_and_gradients(hazard, &examples);
            for ((mlp, adam), gradient) in
                hazard.causes_mut().into_iter().zip(&mut self.optimisers).zip(&gradients)
            {
                adam.step(&mut mlp.parameters, gradient);
            }
            total += loss;
        }
        Some(total / n_gradient_steps as f32)
    }
}

/// Negative log-likelihood per example and its gradient for each cause.
pub(crate) fn loss_and_gradients(hazard: &QuitHazard, examples: &[&HazardExample]) -> (f32, [Vec<f32>; 3]) {
    let inputs = inputs(examples);
    let traces: Vec<_> = hazard.causes().into_iter().zip(&inputs).map(|(mlp, x)| mlp.forward(x)).collect();
    let n = examples.len() as f32;
    let mut upstream: [Vec<f32>; 3] = std::array::from_fn(|_| vec![0.0; examples.len()]);
    let mut loss = 0.0;
    for (row, example) in examples.iter().enumerate() {
        let logits: [f32; 3] = std::array::from_fn(|k| traces[k].output()[row]);
        let log_stays: f32 = logits.iter().map(|&z| log_stay(z)).sum();
        let leave = (-log_stays.exp_m1()).max(1e-6);
        loss -= if example.left { leave.ln() } else { log_stays } / n;
        for (k, &z) in logits.iter().enumerate() {
            let strike = 1.0 / (1.0 + (-z).exp());
            upstream[k][row] = match example.left {
                true => -strike * log_stays.exp() / leave / n,
                false if strike < LOWEST_STRIKE => 0.0,
                false => strike / n,
            };
        }
    }
    let mut gradients = hazard.causes().map(|mlp| vec![0.0; mlp.parameters.len()]);
    for (k, mlp) in hazard.causes().into_iter().enumerate() {
        mlp.backward(&traces[k], &upstream[k], &mut gradients[k]);
    }
    (loss, gradients)
}
