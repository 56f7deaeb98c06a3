//! The nearest of a table of vectors.

use kernels::dot;
use serde::{Deserialize, Serialize};

/// What near means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// 1 minus the cosine: IL-Rec's grounding.
    Cosine,
    /// Euclidean distance: BiLLP's grounding.
    Euclidean,
}

/// The nearest row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// Which row.
    pub row: usize,
    /// How far, by the metric.
    pub distance: f32,
}

/// The nearest row of a table; the first of equals. `None` for an empty table or a query without length where
/// the metric needs one.
///
/// # Shapes
/// `query` is `[width]`, `rows` is `[rows, width]`.
pub fn nearest(query: &[f32], rows: &[f32], metric: Metric) -> Option<Nearest> {
    const TINY: f32 = 1e-12;
    let query_length = length(query);
    if query.is_empty() || (metric == Metric::Cosine && query_length <= TINY) {
        return None;
    }
    let distance_to = |row: &[f32]| match metric {
        Metric::Cosine => 1.0 - dot(query, row) / (query_length * length(row).max(TINY)),
        Metric::Euclidean => row.iter().zip(query).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt(),
    };
    let mut best: Option<Nearest> = None;
    for (row, values) in rows.chunks_exact(query.len()).enumerate() {
        let distance = distance_to(values);
        if best.is_none_or(|b| distance < b.distance) {
            best = Some(Nearest { row, distance });
        }
    }
    best
}

fn length(a: &[f32]) -> f32 {
    dot(a, a).sqrt()
}
