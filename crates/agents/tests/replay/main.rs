//! What SmolLM2-135M once wrote gives the same demonstrations everywhere, without the model.
//!
//! `cargo run --release -p agents --example record -- MODEL FOLDER` makes `catalogue.jsonl` and `free.jsonl` anew: needed when
//! prompts or settings change.

mod scene;

use agents::Decode;
use llm::{Cassette, LanguageModel as _, Replay};
use std::path::Path;

const HELD: &str = include_str!("catalogue.jsonl");
const FREE: &str = include_str!("free.jsonl");

fn recorded(calls: &str) -> Replay {
    let cassette = Cassette::from_lines(calls.as_bytes(), Path::new("replay")).expect("it was exported");
    let model = Replay::of(cassette, None).expect("it is of one model");
    assert!(model.capabilities().model.starts_with("gguf:SmolLM2-135M-Instruct"), "a real model wrote them");
    model
}

#[test]
fn a_recorded_run_gives_the_same_demonstrations_everywhere() {
    let made = scene::collected(&recorded(HELD), Decode::Catalogue).unwrap();
    let bytes = serde_json::to_vec(&(&made.demonstrations, &made.report, &made.cost)).unwrap();
    assert_eq!(&blake3::hash(&bytes).to_hex()[..16], "56dc500910d07123");
}

#[test]
fn a_model_that_repeats_freely_what_people_know_demonstrates_nothing() {
    let refused = scene::collected(&recorded(FREE), Decode::Free).expect_err("nothing can be shown");
    let told = refused.to_string();
    assert!(
        told.contains("of 6 titles, 6 are of items that the person knows, 0 of none in the catalogue"),
        "{told}"
    );
}

#[test]
fn nothing_in_the_cassettes_is_of_a_machine() {
    for calls in [HELD, FREE] {
        assert!(calls.len() < 400_000, "small enough to be kept beside the code");
        for mark in ["/home", "/root", "/tmp", "\\\\", "C:"] {
            assert!(!calls.contains(mark), "{mark}");
        }
    }
}
