//! Files that are not what they should be: an error, never a panic.

use rand::{Rng as _, RngExt as _};

use super::ask;
use super::tiny::{file, file_with, open_bytes};
use crate::{GgufError, Options, open};
use llm::LanguageModel as _;

fn options() -> Options {
    Options { context: 64, cached_tokens: 64, n_threads: 1 }
}

fn error_of(bytes: &[u8]) -> GgufError {
    open_bytes(bytes, &options()).err().unwrap_or_else(|| panic!("it was opened"))
}

#[test]
fn foreign_files_are_named() {
    assert!(matches!(error_of(b""), GgufError::Foreign { .. } | GgufError::Read { .. }));
    assert_eq!(error_of(b"<!DOCTYPE html>").to_string(), "not a GGUF file: it starts with <!DO");
    let missing = open(std::path::Path::new("no/such.gguf"), &options()).err().unwrap();
    assert!(missing.to_string().ends_with("no/such.gguf") && missing.hint().contains(".gguf"));
    let mut future = file("llama");
    future[4] = 9;
    assert_eq!(error_of(&future).to_string(), "not supported: GGUF version 9");
    assert_eq!(error_of(&file("mamba")).to_string(), "not supported: the architecture mamba");
}

#[test]
fn truncated_files_are_damaged() {
    let whole = file("qwen2");
    for n in (8..whole.len() - 32).step_by(whole.len() / 97) {
        let error = error_of(&whole[..n]);
        assert!(matches!(error, GgufError::Damaged { .. }), "{n}: {error}");
    }
}

#[test]
fn counts_do_not_reserve_memory() {
    for at in [8, 16] {
        let mut bytes = file("llama");
        bytes[at..at + 8].copy_from_slice(&(1u64 << 60).to_le_bytes());
        assert!(matches!(error_of(&bytes), GgufError::Damaged { .. }));
    }
}

/// A file whose header gives every number of this key another value.
fn with_number(architecture: &str, key: &str, number: u32) -> Vec<u8> {
    let mut bytes = file(architecture);
    let key = format!("{architecture}.{key}");
    let at = bytes.windows(key.len()).position(|window| window == key.as_bytes()).unwrap() + key.len() + 4;
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    bytes
}

#[test]
fn sizes_are_bounded_before_memory_is_reserved() {
    let error = error_of(&with_number("llama", "embedding_length", 1 << 19)).to_string();
    assert!(error.contains("attention.key_length is larger than 1024"), "{error}");
    let error = error_of(&with_number("llama", "attention.head_count", 1 << 12)).to_string();
    assert!(error.contains("head"), "{error}");
}

#[test]
fn tensors_that_share_bytes_are_refused() {
    let mut bytes = file("llama");
    let name = b"output_norm.weight";
    // Behind the name: the number of sides, one side, the type, the offset.
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap() + name.len() + 4 + 8 + 4;
    bytes[at..at + 8].copy_from_slice(&0u64.to_le_bytes());
    let error = error_of(&bytes).to_string();
    assert!(error.contains("output_norm.weight") && error.contains("share bytes"), "{error}");
}

#[test]
fn mutated_files_give_errors_or_models_that_answer() {
    let whole = file("qwen3");
    let header = whole.windows(18).position(|window| window == b"output_norm.weight").unwrap() + 1500;
    let mut rng = mdp::rng_for(3, &[]);
    let mut n_opened = 0;
    for _ in 0..600 {
        let mut bytes = whole.clone();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(8..header);
            match rng.random_range(0..3) {
                0 => bytes[at] = rng.next_u32() as u8,
                1 => bytes[at] ^= 1 << rng.random_range(0..8),
                _ => bytes[at..at + 8].copy_from_slice(&rng.next_u64().to_le_bytes()),
            }
        }
        if let Ok(model) = open_bytes(&bytes, &options()) {
            n_opened += 1;
            let _ = model.generate(&[ask("the", 3)]);
        }
    }
    assert!(n_opened > 0, "most mutations hit names of tokens");
}

#[test]
fn weights_that_are_no_numbers_are_refused_by_name() {
    let names = std::cell::RefCell::new(std::collections::BTreeSet::new());
    file_with("qwen3", &|name, _, weight| {
        names.borrow_mut().insert(name.to_owned());
        weight
    });
    let mut rng = mdp::rng_for(5, &[]);
    for name in names.into_inner() {
        let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3e38, -3e38][rng.random_range(0..5)];
        let place = rng.random_range(0..16);
        let bytes = file_with("qwen3", &|tensor, element, weight| {
            if tensor == name && element == place { bad } else { weight }
        });
        let error = error_of(&bytes);
        assert!(
            matches!(&error, GgufError::NotFinite { tensor } if *tensor == name),
            "{name}, {bad}: {error}"
        );
    }
    for bad in [f32::NAN, f32::INFINITY, 3e38] {
        assert!(matches!(error_of(&file_with("llama", &|_, _, _| bad)), GgufError::NotFinite { .. }));
    }
}
