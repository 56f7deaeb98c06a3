//! Adam over one flat parameter vector.

use multiversion::multiversion;

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
/// Kingma & Ba 2015, with bias correction as PyTorch applies it.
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
        let n = self.n_steps as i32;
        let correction1 = 1.0 - f64::from(self.config.beta1).powi(n);
        let correction2 = 1.0 - f64::from(self.config.beta2).powi(n);
        let step_size = (f64::from(self.config.learning_rate) / correction1) as f32;
        let root_scale = (1.0 / correction2.sqrt()) as f32;
        move_all(&self.config, (step_size, root_scale), parameters, gradient, &mut self.first, &mut self.second);
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn move_all(
    config: &AdamConfig,
    (step_size, root_scale): (f32, f32),
    parameters: &mut [f32],
    gradient: &[f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    let AdamConfig { beta1, beta2, epsilon, .. } = *config;
    for (((p, &g), m), v) in parameters.iter_mut().zip(gradient).zip(first).zip(second) {
        *m = beta1 * *m + (1.0 - beta1) * g;
        *v = beta2 * *v + (1.0 - beta2) * g * g;
        *p -= step_size * *m / (v.sqrt() * root_scale + epsilon);
    }
}
