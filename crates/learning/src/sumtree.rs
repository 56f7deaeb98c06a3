//! Weights that can be changed and drawn from in logarithmic time.

/// A complete binary tree over non-negative weights. Every inner node is the sum of its two children as computed now,
/// so changing a weight and changing it back restores the tree bit for bit.
#[derive(Clone, Debug, PartialEq)]
pub struct SumTree {
    n_leaves: usize,
    n_weights: usize,
    nodes: Vec<f64>,
}

impl SumTree {
    /// A tree of these weights; negative ones count as 0.
    pub fn new(weights: &[f32]) -> Self {
        let n_leaves = weights.len().next_power_of_two();
        let mut nodes = vec![0.0; 2 * n_leaves];
        for (leaf, &weight) in nodes[n_leaves..].iter_mut().zip(weights) {
            *leaf = f64::from(weight.max(0.0));
        }
        let mut tree = Self { n_leaves, n_weights: weights.len(), nodes };
        tree.add_up();
        tree
    }

    /// Changes all weights at once, at the cost of one sum per weight.
    ///
    /// # Panics
    /// If there is not one for each.
    pub fn set_all(&mut self, weights: &[f32]) {
        assert_eq!(weights.len(), self.n_weights, "one weight each");
        for (leaf, &weight) in self.nodes[self.n_leaves..].iter_mut().zip(weights) {
            *leaf = f64::from(weight.max(0.0));
        }
        self.add_up();
    }

    fn add_up(&mut self) {
        for node in (1..self.n_leaves).rev() {
            self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1];
        }
    }

    /// How many weights.
    pub fn len(&self) -> usize {
        self.n_weights
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n_weights == 0
    }

    /// The sum of all weights.
    pub fn total(&self) -> f64 {
        self.nodes[1]
    }

    /// One weight.
    pub fn weight(&self, index: usize) -> f64 {
        self.nodes[self.n_leaves + index]
    }

    /// Changes a weight.
    pub fn set(&mut self, index: usize, weight: f64) {
        let mut node = self.n_leaves + index;
        self.nodes[node] = weight.max(0.0);
        while node > 1 {
            node /= 2;
            self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1];
        }
    }

    /// The first index whose running sum exceeds `point`, a number in `[0, total)`. Indices of weight 0 are never
    /// found while another is positive.
    pub fn find(&self, mut point: f64) -> usize {
        let mut node = 1;
        while node < self.n_leaves {
            node *= 2;
            let left = self.nodes[node];
            if point >= left && self.nodes[node + 1] > 0.0 {
                point -= left;
                node += 1;
            }
        }
        node - self.n_leaves
    }
}
