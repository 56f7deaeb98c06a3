//! Records the calls that the test `replay` plays back.
//!
//! Usage: cargo run --release -p agents --example record -- SMOLLM2.gguf OUT.jsonl

#[path = "../tests/replay/scene.rs"]
mod scene;

use llm::{Cassette, Recorded};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [model, out] = words.as_slice() else {
        return Err("give the model's file and the file to write".into());
    };
    let folder = tempfile::tempdir()?;
    let cassette = Arc::new(Cassette::open(&folder.path().join("calls.sqlite"))?);
    let model = llm_gguf::open(Path::new(model), &llm_gguf::Options::default())?;
    let model = Recorded::new(model, Arc::clone(&cassette))?;
    scene::demonstrated(&model);
    cassette.export(&mut std::fs::File::create(out)?)?;
    Ok(())
}
