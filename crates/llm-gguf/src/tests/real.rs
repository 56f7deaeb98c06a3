//! Real files against what llama.cpp says of them (`golden.json`, written by `bench/reference/golden.py`).

use std::path::{Path, PathBuf};

use llm::{LanguageModel as _, Speaker};
use serde_json::Value;

use super::{ask, message, weigh};
use crate::{GgufModel, Options, open};

const GOLDEN: &str = include_str!("golden.json");
/// Nats by which the second choice may be behind when two programs, which round differently, may choose differently.
const TIE: f64 = 0.1;

/// The folder of models; `None` (said on stderr) where there is none.
fn models() -> Option<PathBuf> {
    shared_data::shared_model("smollm2-135m")?.parent().map(Path::to_owned)
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}; models are not part of the repository");
}

fn tokens(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|token| token.as_u64().unwrap() as u32).collect()
}

fn check(path: &Path, name: &str) {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let model = open(path, &Options { context: 1024, ..Options::default() }).unwrap();
    check_tokens(&model, &golden, name);
    for (i, prompt) in golden["prompts"].as_array().unwrap().iter().enumerate() {
        check_prompt(&model, prompt.as_str().unwrap(), &golden[name], i);
    }
}

fn check_tokens(model: &GgufModel, golden: &Value, name: &str) {
    let texts = golden["texts"].as_array().unwrap();
    assert!(texts.len() >= 200);
    for (text, expected) in texts.iter().zip(golden[name]["texts"].as_array().unwrap()) {
        let text = text.as_str().unwrap();
        let found = model.tokenize(text);
        assert_eq!(found, tokens(expected), "{text:?}");
    }
}

/// The greedy answer is llama.cpp's, up to where llama.cpp itself was undecided; its answer is as likely here as there.
fn check_prompt(model: &GgufModel, prompt: &str, golden: &Value, i: usize) {
    let mut request = ask(prompt, 24);
    request.messages.insert(0, message(Speaker::System, "You are helpful."));
    let expected = tokens(&golden["greedy"][i]);
    let text: Vec<u8> = expected.iter().flat_map(|&token| model.tokenizer.bytes(token)).copied().collect();
    let text = String::from_utf8(text).unwrap();
    let written = model.generate(std::slice::from_ref(&request)).swap_remove(0).unwrap();
    let found = model.tokenize(&written.text);
    let differs = (0..expected.len().max(found.len())).find(|&at| expected.get(at) != found.get(at));
    if let Some(at) = differs {
        let margin = golden["margins"][i][at].as_f64().unwrap();
        assert!(
            margin < TIE,
            "{prompt}: token {at}, {margin} nats apart: {:?} instead of {text:?}",
            written.text
        );
    }
    let mut score = weigh(prompt, &[&text]);
    score.messages = request.messages;
    let score = model.score(&[score]).swap_remove(0).unwrap().swap_remove(0);
    let difference = score.log_prob - golden["log_probs"][i].as_f64().unwrap();
    if model.tokenize(&text) == expected {
        assert!(difference.abs() < 0.04 * expected.len() as f64 + 0.1, "{prompt}: {difference} nats");
    }
}

#[test]
fn smollm2_is_as_in_llama_cpp() {
    let Some(models) = models() else { return };
    check(&models.join("SmolLM2-135M-Instruct.Q4_1.gguf"), "smollm2-135m");
}

#[test]
fn qwen_is_as_in_llama_cpp_where_it_was_fetched() {
    let Some(models) = models() else { return };
    let path = models.join("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf");
    if path.is_file() {
        check(&path, "qwen2.5-coder-0.5b");
    } else {
        skipped("qwen2.5-coder-0.5b was not fetched with get-model");
    }
}
