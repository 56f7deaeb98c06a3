//! What SmolLM2-135M once wrote gives the same demonstrations everywhere, without the model.
//!
//! `cargo run --release -p agents --example record -- MODEL OUT` makes `calls.jsonl` anew: needed when prompts or settings change.

mod scene;

use llm::{Cassette, LanguageModel as _, Replay};
use std::path::Path;

const CALLS: &str = include_str!("calls.jsonl");

#[test]
fn a_recorded_run_gives_the_same_demonstrations_everywhere() {
    let cassette = Cassette::from_lines(CALLS.as_bytes(), Path::new("calls.jsonl")).unwrap();
    let model = Replay::of(cassette, None).unwrap();
    assert!(model.capabilities().model.starts_with("gguf:SmolLM2-135M-Instruct"), "a real model wrote them");
    let made = scene::demonstrated(&model);
    let bytes = serde_json::to_vec(&(&made.demonstrations, &made.report, &made.cost)).unwrap();
    assert_eq!(&blake3::hash(&bytes).to_hex()[..16], "56dc500910d07123");
}

#[test]
fn nothing_in_the_cassette_is_of_a_machine() {
    assert!(CALLS.len() < 400_000, "small enough to be kept beside the code");
    for mark in ["/home", "/root", "/tmp", "\\\\", "C:"] {
        assert!(!CALLS.contains(mark), "{mark}");
    }
}
