//! Adam on embedding rows, each with its own count of steps.

use super::network::Table;
use kernels::AdamConfig;

/// Gradient buffer and moments of one table. Only marked rows move, so a step costs what the batch touches;
/// when all rows are marked at every step this is Adam on the dense gradient.
#[derive(Clone, Debug)]
pub(crate) struct RowAdam {
    config: AdamConfig,
    width: usize,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    n_steps: Vec<u32>,
    marked: Vec<bool>,
    touched: Vec<u32>,
}

impl RowAdam {
    pub(crate) fn new(config: AdamConfig, table: &Table) -> Self {
        let zeros = vec![0.0; table.values.len()];
        Self {
            config,
            width: table.width,
            gradient: zeros.clone(),
            first: zeros.clone(),
            second: zeros,
            n_steps: vec![0; table.n_rows()],
            marked: vec![false; table.n_rows()],
            touched: Vec::new(),
        }
    }

    /// Marks a row for the next step.
    pub(crate) fn mark(&mut self, row: usize) {
        if !self.marked[row] {
            self.marked[row] = true;
            self.touched.push(row as u32);
        }
    }

    /// Marks every row.
    pub(crate) fn mark_all(&mut self) {
        (0..self.marked.len()).for_each(|row| self.mark(row));
    }

    /// Adds to a row's gradient and marks it.
    pub(crate) fn add(&mut self, row: usize, scale: f32, gradient: &[f32]) {
        self.mark(row);
        kernels::add_scaled(&mut self.gradient[row * self.width..(row + 1) * self.width], scale, gradient);
    }

    /// Moves the marked rows, with the gradient of `l2 * row^2` added, and forgets marks and gradients.
    pub(crate) fn step(&mut self, table: &mut Table, l2: f32) {
        let AdamConfig { learning_rate, beta1, beta2, epsilon } = self.config;
        for row in self.touched.drain(..).map(|row| row as usize) {
            self.marked[row] = false;
            self.n_steps[row] += 1;
            let n = self.n_steps[row] as i32;
            let step_size = learning_rate / (1.0 - beta1.powi(n));
            let root_scale = (1.0 - beta2.powi(n)).sqrt().recip();
            let span = row * self.width..(row + 1) * self.width;
            let moments = self.first[span.clone()].iter_mut().zip(&mut self.second[span.clone()]);
            let gradients = self.gradient[span].iter_mut();
            for ((p, g), (m, v)) in table.row_mut(row).iter_mut().zip(gradients).zip(moments) {
                let slope = *g + 2.0 * l2 * *p;
                *m = beta1 * *m + (1.0 - beta1) * slope;
                *v = beta2 * *v + (1.0 - beta2) * slope * slope;
                *p -= step_size * *m / (v.sqrt() * root_scale + epsilon);
                *g = 0.0;
            }
        }
    }
}
