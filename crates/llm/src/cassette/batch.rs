//! Batches taken apart and put together.

use std::collections::HashMap;

use super::answer::Vector;
use super::key::{Call, HASH_BYTES};
use crate::{Embedded, LlmError, Usage};

/// Places of a batch that share a call, in the order of the first.
pub(crate) type Groups = Vec<Vec<usize>>;

/// Places by call.
pub(crate) fn groups(calls: &[Call]) -> Groups {
    let mut at: HashMap<[u8; HASH_BYTES], usize> = HashMap::new();
    let mut groups: Groups = Vec::new();
    for (place, call) in calls.iter().enumerate() {
        let group = *at.entry(call.key).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(place),
            None => groups.push(vec![place]),
        }
    }
    groups
}

/// Each vector with its share of the cost; the first ones carry what does not divide.
pub(crate) fn share(embedded: Embedded) -> impl Iterator<Item = Vector> {
    let Embedded { vectors, usage } = embedded;
    let n = vectors.len().max(1) as u64;
    let part = move |whole: u64, place: u64| whole / n + u64::from(place < whole % n);
    vectors.into_iter().zip(0..).map(move |(coordinates, place)| Vector {
        coordinates,
        usage: Usage {
            tokens_in: part(usage.tokens_in, place),
            tokens_reused: part(usage.tokens_reused, place),
            tokens_out: part(usage.tokens_out, place),
            seconds: usage.seconds / n as f64,
        },
    })
}

/// All vectors, and their cost together; or the first failure.
pub(crate) fn join(vectors: Vec<Result<Vector, LlmError>>) -> Result<Embedded, LlmError> {
    let mut embedded = Embedded { vectors: Vec::with_capacity(vectors.len()), usage: Usage::default() };
    for vector in vectors {
        let Vector { coordinates, usage } = vector?;
        embedded.vectors.push(coordinates);
        embedded.usage = embedded.usage.plus(&usage);
    }
    Ok(embedded)
}
