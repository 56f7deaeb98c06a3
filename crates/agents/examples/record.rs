//! Records the calls that the test `replay` plays back: of a model held to the catalogue, and of one left free.
//!
//! Usage: cargo run --release -p agents --example record -- SMOLLM2.gguf crates/agents/tests/replay

#![expect(clippy::print_stdout, reason = "what was recorded is what this tells")]

#[path = "../tests/replay/scene.rs"]
mod scene;

use agents::Decode;
use llm::{Cassette, Recorded};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [model, folder] = words.as_slice() else {
        return Err("give the model's file and the folder to write to".into());
    };
    for (decode, name) in [(Decode::Catalogue, "catalogue.jsonl"), (Decode::Free, "free.jsonl")] {
        let kept = tempfile::tempdir()?;
        let cassette = Arc::new(Cassette::open(&kept.path().join("calls.sqlite"))?);
        let model = llm_gguf::open(Path::new(model), &llm_gguf::Options::default())?;
        let model = Recorded::new(model, Arc::clone(&cassette))?;
        // Left free, so small a model repeats what people know: nothing can be shown, and the calls are recorded all the same.
        match scene::collected(&model, decode) {
            Ok(made) => println!("{name}: {} sessions", made.demonstrations.len()),
            Err(error) => println!("{name}: {error}"),
        }
        cassette.export(&mut std::fs::File::create(Path::new(folder).join(name))?)?;
    }
    Ok(())
}
