//! Learning when users leave, from every step taken.

use crate::tensors::{joined, put_adam, split, take, take_adam};
use artefact::Tensors;
use kernels::{Adam, AdamConfig};
use learning::LearningError;
use mdp::Rng;
use nn::Mlp;
use rand::RngExt as _;
use ranking::{QuitHazard, hazard_inputs, log_stay};
use representation::{Cause, HazardExample, N_DISLIKE, N_NEARNESS, N_SATURATION};

/// A cause is not pushed below this probability by steps at which users stayed. An expert's sessions hardly show
/// what makes users leave; without the floor a cause that never struck there could not be learned any more.
const LOWEST_STRIKE: f32 = 0.002;

/// Numbers of an example in a checkpoint.
const EXAMPLE: usize = N_SATURATION + N_NEARNESS + N_DISLIKE + 1;

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

    /// Puts memory and optimisers into a checkpoint.
    pub(crate) fn save(&self, out: &mut Tensors) {
        let rows: Vec<f32> = self.memory.iter().flat_map(example_to_row).collect();
        out.insert("memory", &[self.memory.len(), EXAMPLE], rows);
        out.insert("memory.next", &[2], split(self.next as u64));
        for (cause, adam) in Cause::ALL.into_iter().zip(&self.optimisers) {
            put_adam(out, &format!("adam.{}", cause.name()), adam);
        }
    }

    /// Takes them back out.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub(crate) fn restore(&mut self, from: &mut Tensors) -> Result<(), LearningError> {
        let n = from.get("memory").map_or(0, |(shape, _)| shape.first().copied().unwrap_or(0));
        let rows = take(from, "memory", &[n, EXAMPLE])?;
        self.memory = rows.as_chunks::<EXAMPLE>().0.iter().map(row_to_example).collect();
        self.next = joined(&take(from, "memory.next", &[2])?) as usize;
        let mut adams = Cause::ALL.into_iter().zip(&mut self.optimisers);
        adams.try_for_each(|(cause, adam)| take_adam(from, &format!("adam.{}", cause.name()), adam))
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

fn example_to_row(example: &HazardExample) -> Vec<f32> {
    let HazardExample { saturation, nearness, dislike, left } = example;
    let inputs = saturation.iter().chain(nearness).chain(dislike).copied();
    inputs.chain([f32::from(u8::from(*left))]).collect()
}

fn row_to_example(row: &[f32; EXAMPLE]) -> HazardExample {
    HazardExample {
        saturation: std::array::from_fn(|k| row[k]),
        nearness: std::array::from_fn(|k| row[N_SATURATION + k]),
        dislike: std::array::from_fn(|k| row[N_SATURATION + N_NEARNESS + k]),
        left: row[EXAMPLE - 1] > 0.5,
    }
}
