//! One member made ready to score: the item half of the first layer is computed once for the catalogue.

use super::network::{DeepFm, ItemCategories, squash};
use kernels::{Layout, dot, matmul};
use mdp::{ItemIdx, UserIdx};
use std::ops::Range;

/// A member with its item side laid out. A cell's prediction has the same bits whichever way it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Scorer {
    pub(crate) network: DeepFm,
    /// `[items, embedding + 1]`, categories included.
    item_rows: Vec<f32>,
    /// `[items, first hidden]`: item embeddings through the item half of the first layer.
    item_parts: Vec<f32>,
}

/// One user made ready: the row, and its half of the first layer with the bias.
#[derive(Debug)]
struct UserPart {
    row: Vec<f32>,
    first: Vec<f32>,
}

/// Items scored together: small enough for their hidden layers to stay in the cache.
const BLOCK: usize = 256;

impl Scorer {
    pub(crate) fn new(network: DeepFm, content: &ItemCategories) -> Self {
        let (width, n_items) = (network.users.width, content.n_items());
        let dim = width - 1;
        let mut item_rows = vec![0.0; n_items * width];
        let mut vectors = Vec::with_capacity(n_items * dim);
        for (item, row) in item_rows.chunks_exact_mut(width).enumerate() {
            network.add_item_row(content, ItemIdx(item as u32), row);
            vectors.extend_from_slice(&row[..dim]);
        }
        let first = network.trunk.sizes()[1];
        let item_half = &network.trunk.parameters[dim * first..2 * dim * first];
        let mut item_parts = vec![0.0; n_items * first];
        let operands = ((vectors.as_slice(), Layout::Plain), (item_half, Layout::Plain));
        matmul((n_items, dim, first), operands.0, operands.1, 0.0, &mut item_parts);
        Self { network, item_rows, item_parts }
    }

    /// The effective row of an item: embedding and first-order weight, categories included.
    pub(crate) fn item_row(&self, item: ItemIdx) -> &[f32] {
        let width = self.network.users.width;
        &self.item_rows[item.index() * width..(item.index() + 1) * width]
    }

    fn user_part(&self, user: UserIdx) -> UserPart {
        let row = self.network.users.row(user.index()).to_vec();
        let (dim, first) = (row.len() - 1, self.network.trunk.sizes()[1]);
        let weights = &self.network.trunk.parameters;
        let mut part = weights[2 * dim * first..(2 * dim + 1) * first].to_vec();
        let user_half = (&weights[..dim * first], Layout::Plain);
        matmul((1, dim, first), (&row[..dim], Layout::Plain), user_half, 1.0, &mut part);
        UserPart { row, first: part }
    }

    /// Hands mean and log-variance of the items in `items` to `take`, with the position in the range.
    pub(crate) fn score(&self, user: UserIdx, items: Range<usize>, mut take: impl FnMut(usize, f32, f32)) {
        let part = self.user_part(user);
        let mut start = items.start;
        while start < items.end {
            let end = items.end.min(start + BLOCK);
            self.score_block(&part, start..end, |at, mean, l| take(start - items.start + at, mean, l));
            start = end;
        }
    }

    fn score_block(&self, user: &UserPart, items: Range<usize>, mut take: impl FnMut(usize, f32, f32)) {
        let network = &self.network;
        let (dim, head_width) = (network.embedding_dim(), network.head_width());
        let hidden = self.hidden_block(user, items.clone());
        let (mean_head, rest) = network.heads.split_at(head_width);
        for (at, row) in hidden.chunks_exact(head_width).enumerate() {
            let item = self.item_row(ItemIdx((items.start + at) as u32));
            let wide = rest[head_width] + user.row[dim] + item[dim] + dot(&user.row[..dim], &item[..dim]);
            let (log_variance, _) = squash(dot(row, &rest[..head_width]));
            take(at, wide + dot(row, mean_head), log_variance);
        }
    }

    /// The last hidden layer, `[block, last hidden]`.
    fn hidden_block(&self, user: &UserPart, items: Range<usize>) -> Vec<f32> {
        let sizes = self.network.trunk.sizes();
        let first = sizes[1];
        let mut layer = self.item_parts[items.start * first..items.end * first].to_vec();
        for row in layer.chunks_exact_mut(first) {
            row.iter_mut().zip(&user.first).for_each(|(x, u)| *x = (*x + u).max(0.0));
        }
        let mut offset = (sizes[0] + 1) * first;
        for pair in sizes[1..].windows(2) {
            let (n_in, n_out) = (pair[0], pair[1]);
            let parameters = &self.network.trunk.parameters[offset..offset + (n_in + 1) * n_out];
            let (weight, bias) = parameters.split_at(n_in * n_out);
            let mut next = bias.repeat(items.len());
            let operands = ((layer.as_slice(), Layout::Plain), (weight, Layout::Plain));
            matmul((items.len(), n_in, n_out), operands.0, operands.1, 1.0, &mut next);
            next.iter_mut().for_each(|x| *x = x.max(0.0));
            (layer, offset) = (next, offset + parameters.len());
        }
        layer
    }
}
