//! The reference of DeepFM training: the same network (embeddings of 8, layers 128 and 128, first order and inner product,
//! squared error) row by row in plain loops with plain gradient steps.

use mdp::Rng;
use rand::RngExt as _;
use world_model::Rating;

const DIM: usize = 8;
const WIDTH: usize = 128;
const STEP: f32 = 1e-3;

/// Parameters; a row of a table ends with its first-order weight.
pub(crate) struct PlainDeepFm {
    users: Vec<[f32; DIM + 1]>,
    items: Vec<[f32; DIM + 1]>,
    first: Vec<[f32; WIDTH]>,
    second: Vec<[f32; WIDTH]>,
    head: [f32; WIDTH],
}

impl PlainDeepFm {
    pub(crate) fn new(n_users: usize, n_items: usize, rng: &mut Rng) -> Self {
        let mut small = || 0.2 * (rng.random::<f32>() - 0.5);
        Self {
            users: (0..n_users).map(|_| std::array::from_fn(|_| small())).collect(),
            items: (0..n_items).map(|_| std::array::from_fn(|_| small())).collect(),
            first: (0..2 * DIM).map(|_| std::array::from_fn(|_| small())).collect(),
            second: (0..WIDTH).map(|_| std::array::from_fn(|_| small())).collect(),
            head: std::array::from_fn(|_| small()),
        }
    }

    /// The predicted rating.
    #[cfg(test)]
    pub(crate) fn mean(&self, cell: &Rating) -> f32 {
        self.forward(cell).3
    }

    /// Input, both hidden layers and the prediction.
    fn forward(&self, cell: &Rating) -> ([f32; 2 * DIM], [f32; WIDTH], [f32; WIDTH], f32) {
        let (user, item) = (self.users[cell.user.index()], self.items[cell.item.index()]);
        let input: [f32; 2 * DIM] = std::array::from_fn(|k| if k < DIM { user[k] } else { item[k - DIM] });
        let hidden = layer(&self.first, &input);
        let last = layer(&self.second, &hidden);
        let mut mean = 3.0 + user[DIM] + item[DIM];
        mean += (0..DIM).map(|k| user[k] * item[k]).sum::<f32>();
        mean += (0..WIDTH).map(|k| self.head[k] * last[k]).sum::<f32>();
        (input, hidden, last, mean)
    }

    /// One gradient step on one row.
    pub(crate) fn learn(&mut self, cell: &Rating) {
        let (user, item) = (self.users[cell.user.index()], self.items[cell.item.index()]);
        let (input, hidden, last, mean) = self.forward(cell);
        let slope = 2.0 * (mean - cell.value);
        let by_last: [f32; WIDTH] =
            std::array::from_fn(|k| if last[k] > 0.0 { slope * self.head[k] } else { 0.0 });
        (0..WIDTH).for_each(|k| self.head[k] -= STEP * slope * last[k]);
        let mut by_hidden = backward(&mut self.second, &hidden, &by_last);
        (0..WIDTH).for_each(|k| by_hidden[k] = if hidden[k] > 0.0 { by_hidden[k] } else { 0.0 });
        let by_input = backward(&mut self.first, &input, &by_hidden);
        let (user_row, item_row) = (&mut self.users[cell.user.index()], &mut self.items[cell.item.index()]);
        for k in 0..DIM {
            user_row[k] -= STEP * (by_input[k] + slope * item[k]);
            item_row[k] -= STEP * (by_input[DIM + k] + slope * user[k]);
        }
        user_row[DIM] -= STEP * slope;
        item_row[DIM] -= STEP * slope;
    }
}

/// max(0, input @ weight).
fn layer<const N: usize>(weight: &[[f32; WIDTH]], input: &[f32; N]) -> [f32; WIDTH] {
    let mut out = [0.0; WIDTH];
    for (row, x) in weight.iter().zip(input) {
        out.iter_mut().zip(row).for_each(|(sum, w)| *sum += x * w);
    }
    out.map(|x: f32| x.max(0.0))
}

/// Moves the weight and gives the input's gradient.
fn backward<const N: usize>(
    weight: &mut [[f32; WIDTH]],
    input: &[f32; N],
    upstream: &[f32; WIDTH],
) -> [f32; N] {
    let mut out = [0.0; N];
    for ((row, x), out) in weight.iter_mut().zip(input).zip(&mut out) {
        *out = row.iter().zip(upstream).map(|(w, g)| w * g).sum();
        row.iter_mut().zip(upstream).for_each(|(w, g)| *w -= STEP * x * g);
    }
    out
}
