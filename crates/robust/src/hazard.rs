//! Learning when users leave, from every step taken.

use kernels::{Adam, AdamConfig};
use mdp::Rng;
use nn::Mlp;
use rand::RngExt as _;
use ranking::{HazardExample, QuitHazard, hazard_inputs, log_stay};

/// A cause is not pushed below this probability by steps at which users stayed. An expert's sessions hardly show
/// what makes users leave; without the floor a cause that never struck there could not be learned any more.
const LOWEST_STRIKE: f32 = 0.002;

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
    let inputs = hazard_inputs(examples);
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
