//! What can happen to bytes and to JSON.

use rand::{Rng, RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};

/// The random numbers of one attempt.
pub(super) fn rng(seed: u64, attack: &str, at: usize) -> Xoshiro256PlusPlus {
    let name = attack.bytes().fold(seed, |sum, byte| sum.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte));
    Xoshiro256PlusPlus::seed_from_u64(name.wrapping_add((at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// Bytes that were changed in one of many ways.
pub(super) fn damaged(mut bytes: Vec<u8>, rng: &mut impl Rng) -> Vec<u8> {
    if rng.random_range(0..3) == 0
        && let Ok(document) = serde_json::from_slice::<Value>(&bytes)
    {
        return serde_json::to_vec(&replaced(document, rng)).unwrap_or_default();
    }
    let length = bytes.len().max(1);
    let at = rng.random_range(0..length).min(bytes.len());
    let end = (at + rng.random_range(1..=64usize)).min(bytes.len());
    match rng.random_range(0..8) {
        0 => bytes.truncate(at),
        1 => bytes.clear(),
        2 => drop(bytes.splice(at..at, [0xff; 9])),
        3 => bytes[at..end].fill(0),
        4 => bytes[at..end].fill(0xff),
        5 => bytes.extend_from_within(at..end),
        6 => {
            // A number of four or eight bytes that is too large.
            let number = [u64::MAX, 1 << 40, 1 << 31, u64::from(u32::MAX), 0][rng.random_range(0..5)];
            let wide = number.to_le_bytes();
            let end = (at + wide.len()).min(bytes.len());
            bytes[at..end].copy_from_slice(&wide[..end - at]);
        }
        _ => {
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..length);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.random_range(0..8);
                }
            }
        }
    }
    bytes
}

/// A document with another value in the place of one of its values.
fn replaced(mut document: Value, rng: &mut impl Rng) -> Value {
    let n = count(&document);
    let mut left = rng.random_range(0..n);
    let value = strange(rng);
    replace(&mut document, &mut left, &value);
    document
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

fn replace(place: &mut Value, left: &mut usize, with: &Value) -> bool {
    if *left == 0 {
        *place = with.clone();
        return true;
    }
    *left -= 1;
    match place {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, left, with)),
        Value::Object(fields) => fields.values_mut().any(|field| replace(field, left, with)),
        _ => false,
    }
}

/// Values that sizes must not be believed with, and others that nobody expects.
pub(super) fn strange(rng: &mut impl Rng) -> Value {
    let deep = |n: usize| (0..n).fold(Value::Null, |inner, _| json!([inner]));
    match rng.random_range(0..14) {
        0 => json!(-1),
        1 => json!(0),
        2 => json!(u32::MAX),
        3 => json!(u64::MAX),
        4 => json!(1e308),
        5 => json!(1u64 << 40),
        6 => Value::Null,
        7 => json!(true),
        8 => json!(""),
        9 => json!([]),
        10 => json!({}),
        11 => json!("\u{0}\u{1b}[2J\u{202e}\u{fffd}"),
        12 => json!("x".repeat(100_000)),
        _ => deep(100),
    }
}
