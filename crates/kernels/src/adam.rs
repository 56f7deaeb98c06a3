//! Adam over one flat parameter vector.

use multiversion::multiversion;
use rayon::prelude::*;

/// Settings of Adam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamConfig {
    /// Step size.
    pub learning_rate: f32,
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
}

impl AdamConfig {
    /// The usual decays with a given step size.
    pub fn with_learning_rate(learning_rate: f32) -> Self {
        Self { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

/// Moments of one flat parameter vector; every parameter moves at every step, with or without gradient.
///
/// # Source
/// Kingma & Ba 2015, with bias correction as PyTorch applies it. First moments too small for a normal number count
/// as zero, because arithmetic on subnormal numbers is slow.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    config: AdamConfig,
    /// First moments, one per parameter.
    pub first: Vec<f32>,
    /// Second moments, one per parameter.
    pub second: Vec<f32>,
    /// Steps taken.
    pub n_steps: u64,
}

impl Adam {
    /// Zero moments for `n_parameters`.
    pub fn new(config: AdamConfig, n_parameters: usize) -> Self {
        Self { config, first: vec![0.0; n_parameters], second: vec![0.0; n_parameters], n_steps: 0 }
    }

    /// Moves the parameters against the gradient.
    ///
    /// # Panics
    /// If lengths differ.
    pub fn step(&mut self, parameters: &mut [f32], gradient: &[f32]) {
        assert!(parameters.len() == gradient.len() && gradient.len() == self.first.len(), "lengths");
        self.n_steps += 1;
        let correction = Correction::at(&self.config, self.n_steps);
        row_step(&self.config, correction, parameters, gradient, &mut self.first, &mut self.second);
    }

    /// Begins a step whose gradient comes piece by piece.
    pub(crate) fn start<'a>(&'a mut self, values: &'a mut [f32]) -> Moving<'a> {
        assert_eq!(values.len(), self.first.len(), "lengths");
        self.n_steps += 1;
        let correction = Correction::at(&self.config, self.n_steps);
        Moving { config: self.config, correction, values, first: &mut self.first, second: &mut self.second }
    }
}

/// Parameters with their moments in the middle of a step of Adam.
pub(crate) struct Moving<'a> {
    config: AdamConfig,
    correction: Correction,
    pub(crate) values: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl<'a> Moving<'a> {
    /// Consecutive parts of this size, the last one perhaps shorter.
    pub(crate) fn par_chunks(self, size: usize) -> impl IndexedParallelIterator<Item = Moving<'a>> {
        let Moving { config, correction, values, first, second } = self;
        let parts =
            values.par_chunks_mut(size).zip(first.par_chunks_mut(size)).zip(second.par_chunks_mut(size));
        parts.map(move |((values, first), second)| Moving { config, correction, values, first, second })
    }

    /// Takes the step of a part.
    pub(crate) fn step(&mut self, range: std::ops::Range<usize>, gradient: &[f32]) {
        let (values, first) = (&mut self.values[range.clone()], &mut self.first[range.clone()]);
        row_step(&self.config, self.correction, values, gradient, first, &mut self.second[range]);
    }
}

/// The bias corrections of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Correction {
    step_size: f32,
    root_scale: f32,
    has_settled: bool,
}

impl Correction {
    /// The corrections of step number `step`, counted from 1.
    pub(crate) fn at(config: &AdamConfig, step: u64) -> Self {
        let n = i32::try_from(step).unwrap_or(i32::MAX);
        let correction1 = 1.0 - f64::from(config.beta1).powi(n);
        let correction2 = 1.0 - f64::from(config.beta2).powi(n);
        let step_size = (f64::from(config.learning_rate) / correction1) as f32;
        let root_scale = (1.0 / correction2.sqrt()) as f32;
        Self { step_size, root_scale, has_settled: step_size == config.learning_rate && root_scale == 1.0 }
    }

    /// Whether all later corrections equal this one.
    pub(crate) fn has_settled(&self) -> bool {
        self.has_settled
    }
}

/// One step on slices of equal length; says whether a value changed.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub(crate) fn row_step(
    config: &AdamConfig,
    correction: Correction,
    parameters: &mut [f32],
    gradient: &[f32],
    first: &mut [f32],
    second: &mut [f32],
) -> bool {
    let AdamConfig { beta1, beta2, epsilon, .. } = *config;
    let Correction { step_size, root_scale, .. } = correction;
    let mut changes = 0u32;
    for (((p, &g), m), v) in parameters.iter_mut().zip(gradient).zip(first).zip(second) {
        let moment = beta1 * *m + (1.0 - beta1) * g;
        *m = if moment.abs() < f32::MIN_POSITIVE { 0.0 } else { moment };
        *v = beta2 * *v + (1.0 - beta2) * g * g;
        let moved = *p - step_size * *m / (v.sqrt() * root_scale + epsilon);
        changes |= u32::from(moved != *p);
        *p = moved;
    }
    changes != 0
}

/// What `n_steps` steps without gradient do to the moments.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub(crate) fn decay(config: &AdamConfig, n_steps: u32, first: &mut [f32], second: &mut [f32]) {
    for (m8, v8) in first.chunks_mut(32).zip(second.chunks_mut(32)) {
        for _ in 0..n_steps {
            for m in m8.iter_mut() {
                let moment = config.beta1 * *m;
                *m = if moment.abs() < f32::MIN_POSITIVE { 0.0 } else { moment };
            }
            for v in v8.iter_mut() {
                *v *= config.beta2;
            }
        }
    }
}
