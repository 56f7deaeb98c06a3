//! Byte-pair encoding: the earliest learned pair is merged first, the leftmost of equals.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// What two neighbouring pieces become, and how early that was learned.
pub(super) type Merges = HashMap<(u32, u32), (u32, u32)>;

/// A piece of a word in a doubly linked list; merged pieces leave the list.
struct Piece {
    token: u32,
    previous: Option<usize>,
    next: Option<usize>,
}

/// Merges the single-byte tokens of one word. `merges` maps pairs to `(rank, merged)`.
pub(super) fn merge(word: &[u32], merges: &Merges) -> Vec<u32> {
    let mut pieces: Vec<Option<Piece>> = word
        .iter()
        .enumerate()
        .map(|(at, &token)| {
            let next = (at + 1 < word.len()).then_some(at + 1);
            Some(Piece { token, previous: at.checked_sub(1), next })
        })
        .collect();
    let mut open = BinaryHeap::new();
    for at in 1..word.len() {
        offer(&pieces, at - 1, merges, &mut open);
    }
    while let Some(Reverse((_, at, pair, merged))) = open.pop() {
        // An offer is stale once one of its pieces has been merged with another.
        if pair_at(&pieces, at) != Some(pair) {
            continue;
        }
        let Some(right) = pieces[at].as_ref().and_then(|piece| piece.next) else { continue };
        let next = pieces[right].take().and_then(|piece| piece.next);
        if let Some(piece) = &mut pieces[at] {
            (piece.token, piece.next) = (merged, next);
        }
        if let Some(piece) = next.and_then(|next| pieces[next].as_mut()) {
            piece.previous = Some(at);
        }
        offer(&pieces, at, merges, &mut open);
        if let Some(previous) = pieces[at].as_ref().and_then(|piece| piece.previous) {
            offer(&pieces, previous, merges, &mut open);
        }
    }
    pieces.into_iter().flatten().map(|piece| piece.token).collect()
}

type Offer = Reverse<(u32, usize, (u32, u32), u32)>;

fn pair_at(pieces: &[Option<Piece>], at: usize) -> Option<(u32, u32)> {
    let left = pieces[at].as_ref()?;
    Some((left.token, pieces[left.next?].as_ref()?.token))
}

fn offer(pieces: &[Option<Piece>], at: usize, merges: &Merges, open: &mut BinaryHeap<Offer>) {
    if let Some(pair) = pair_at(pieces, at)
        && let Some(&(rank, merged)) = merges.get(&pair)
    {
        open.push(Reverse((rank, at, pair, merged)));
    }
}
