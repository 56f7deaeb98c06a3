//! Merging of neighbours: the best pair first, the leftmost of equals.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// What two neighbouring pieces become, and how early that was learned.
pub(super) type Merges = HashMap<(u32, u32), (u32, u32)>;

/// A piece of a text in a doubly linked list; merged pieces leave the list.
struct Piece<T> {
    content: T,
    previous: Option<usize>,
    next: Option<usize>,
}

type Offer<T> = Reverse<(u32, usize, (T, T), T)>;

/// Merges pieces. `join` gives the rank of a pair, the lowest first, and what it becomes.
pub(super) fn merge<T: Copy + Ord>(singles: &[T], join: impl Fn(T, T) -> Option<(u32, T)>) -> Vec<T> {
    let mut pieces: Vec<Option<Piece<T>>> = singles
        .iter()
        .enumerate()
        .map(|(at, &content)| {
            let next = (at + 1 < singles.len()).then_some(at + 1);
            Some(Piece { content, previous: at.checked_sub(1), next })
        })
        .collect();
    let mut open: BinaryHeap<Offer<T>> = BinaryHeap::new();
    let offer = |pieces: &[Option<Piece<T>>], at: usize, open: &mut BinaryHeap<Offer<T>>| {
        let pair = pair_at(pieces, at);
        if let Some((pair, (rank, merged))) = pair.and_then(|pair| Some((pair, join(pair.0, pair.1)?))) {
            open.push(Reverse((rank, at, pair, merged)));
        }
    };
    (1..singles.len()).for_each(|at| offer(&pieces, at - 1, &mut open));
    while let Some(Reverse((_, at, pair, merged))) = open.pop() {
        // An offer is stale once one of its pieces has been merged with another.
        if pair_at(&pieces, at) != Some(pair) {
            continue;
        }
        let Some(right) = pieces[at].as_ref().and_then(|piece| piece.next) else { continue };
        let next = pieces[right].take().and_then(|piece| piece.next);
        if let Some(piece) = &mut pieces[at] {
            (piece.content, piece.next) = (merged, next);
        }
        if let Some(piece) = next.and_then(|next| pieces[next].as_mut()) {
            piece.previous = Some(at);
        }
        offer(&pieces, at, &mut open);
        if let Some(previous) = pieces[at].as_ref().and_then(|piece| piece.previous) {
            offer(&pieces, previous, &mut open);
        }
    }
    pieces.into_iter().flatten().map(|piece| piece.content).collect()
}

fn pair_at<T: Copy>(pieces: &[Option<Piece<T>>], at: usize) -> Option<(T, T)> {
    let left = pieces[at].as_ref()?;
    Some((left.content, pieces[left.next?].as_ref()?.content))
}
