//! Attacks can be repeated, and are what they are meant to be.

use super::damage::{damaged, rng};
use super::directories::signed;
use super::matrices::matrix;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn the_same_number_makes_the_same_damage_and_another_one_another() {
    let whole: Vec<u8> = (0..2_000u32).flat_map(u32::to_le_bytes).collect();
    let one = |seed, at| damaged(whole.clone(), &mut rng(seed, "test", at));
    let all: Vec<Vec<u8>> = (0..200).map(|at| one(7, at)).collect();
    assert_eq!(all, (0..200).map(|at| one(7, at)).collect::<Vec<_>>());
    let n_other = (0..200).filter(|&at| one(8, at) != all[at]).count();
    assert!(n_other > 150, "{n_other}");
    assert!(all.iter().filter(|bytes| **bytes == whole).count() < 20);
}

#[test]
fn a_matrix_is_as_numpy_writes_it() {
    let bytes = matrix();
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!(((10 + length) % 64, bytes[9 + length]), (0, b'\n'));
    assert_eq!(bytes.len(), 10 + length + 8 * super::small::N_USERS * super::small::N_ITEMS);
}

#[test]
fn a_manifest_is_signed_over_its_text() {
    let manifest = json!({"files": {"a": "b"}, "kind": "world", "seal": "f".repeat(64)});
    let text = signed(manifest).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let seal = value["seal"].as_str().unwrap();
    let unsigned = text.replace(seal, &"0".repeat(64));
    assert_eq!(blake3::hash(unsigned.as_bytes()).to_hex().as_str(), seal);
    assert!(!signed(json!({"kind": "world"})).unwrap().contains("seal"));
}

proptest! {
    #[test]
    fn nothing_is_too_short_or_too_odd_to_be_damaged(bytes in prop::collection::vec(any::<u8>(), 0..300), seed: u64) {
        damaged(bytes, &mut rng(seed, "any", 0));
    }

    #[test]
    fn documents_stay_documents_or_become_bytes(at in 0usize..10_000) {
        let document = br#"{"a": [1, 2, {"b": "c"}], "d": null}"#.to_vec();
        prop_assert!(damaged(document, &mut rng(1, "json", at)).len() < 200_000);
    }
}
