//! Whoever comes is folded in: a vector made of what was taken up.

use kernels::{add_scaled, dot};

/// Items by their biases and their products with a user's vector, which is made of what the user took up.
///
/// From a vector of zeros, the expected gradient of BPR over uniform negatives points from the mean of all items to the mean of
/// those taken up; a user's vector is `scale` times that way.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedIn {
    width: usize,
    /// `[items, width]`.
    items: Vec<f32>,
    /// `[items]`.
    biases: Vec<f32>,
    /// The mean of all items, `[width]`.
    centre: Vec<f32>,
    /// How much of the way counts.
    pub scale: f32,
}

impl FoldedIn {
    /// With a scale of 1; see [`FoldedIn::fit_scale`].
    pub fn new(items: Vec<f32>, biases: Vec<f32>) -> Self {
        let width = items.len() / biases.len().max(1);
        let mut centre = vec![0.0; width];
        let share = 1.0 / biases.len().max(1) as f32;
        items.chunks_exact(width.max(1)).for_each(|row| add_scaled(&mut centre, share, row));
        Self { width, items, biases, centre, scale: 1.0 }
    }

    /// The scale with which folded-in users are nearest to their learned rows, by least squares.
    pub fn fit_scale<'a>(&mut self, users: impl Iterator<Item = (&'a [u32], &'a [f32])>) {
        let (mut together, mut own) = (0.0, 0.0);
        for (taken, row) in users.filter(|(taken, _)| !taken.is_empty()) {
            let way = self.way(&self.sum(taken), taken.len());
            together += f64::from(dot(&way, row));
            own += f64::from(dot(&way, &way));
        }
        self.scale = if own > 0.0 { (together / own) as f32 } else { 0.0 };
    }

    /// Numbers per item.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The vectors of all items, `[items, width]`.
    pub fn items(&self) -> &[f32] {
        &self.items
    }

    /// How much everybody wants each item, `[items]`.
    pub fn biases(&self) -> &[f32] {
        &self.biases
    }

    /// An item's vector.
    pub fn row(&self, item: usize) -> &[f32] {
        &self.items[item * self.width..][..self.width]
    }

    /// The sum of some items' vectors.
    pub fn sum(&self, items: &[u32]) -> Vec<f32> {
        let mut sum = vec![0.0; self.width];
        items.iter().for_each(|&item| add_scaled(&mut sum, 1.0, self.row(item as usize)));
        sum
    }

    /// From the mean of all items to that of `n` that add up to `sum`.
    fn way(&self, sum: &[f32], n: usize) -> Vec<f32> {
        sum.iter().zip(&self.centre).map(|(sum, centre)| sum / n as f32 - centre).collect()
    }

    /// How much a user wants every item who took up `n`, one at least, that add up to `sum`, `[items]`.
    pub fn fill_scores(&self, sum: &[f32], n: usize, scores: &mut [f32]) {
        let user = self.way(sum, n);
        let rows = self.items.chunks_exact(self.width).zip(&self.biases);
        for (score, (row, bias)) in scores.iter_mut().zip(rows) {
            *score = bias + self.scale * dot(row, &user);
        }
    }
}
