//! What is measured: tokens per second of evaluating a prompt of 512 tokens and of generating 64, and how much cheaper
//! the second user's prompt is when it shares all but the last line. One JSON line per repetition, as
//! `bench/reference/llama_cpp.py` prints it.
//!
//! Usage: `cargo run --release -p llm-gguf --example speed -- MODEL.gguf [REPETITIONS] [THREADS]`

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use llm::{AgentRole, Choices, Generate, LanguageModel as _, Message, Sampling, Score, Speaker};
use llm_gguf::{GgufModel, Options, open};

const PROMPT: usize = 512;
const GENERATED: u32 = 64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("which model?")?;
    let number = |i: usize, default: usize| arguments.get(i).and_then(|n| n.parse().ok()).unwrap_or(default);
    let options = Options { n_threads: number(2, 2), ..Options::default() };
    let start = Instant::now();
    let model = open(Path::new(path), &options)?;
    let mut out = std::io::stdout().lock();
    let load = serde_json::json!({"engine": "llm-gguf", "load_seconds": start.elapsed().as_secs_f64()});
    writeln!(out, "{load}")?;
    for repetition in 0..number(1, 3) {
        writeln!(out, "{}", measure(&model, repetition)?)?;
    }
    Ok(())
}

fn measure(model: &GgufModel, repetition: usize) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let text = long_text(model, repetition);
    let first = request(&format!("{text} Tell a long story about the sea, with many people in it."), 0);
    let start = Instant::now();
    let answer = model.generate(std::slice::from_ref(&first)).swap_remove(0)?;
    let prompt_seconds = start.elapsed().as_secs_f64();
    let n_evaluated = answer.usage.tokens_in - answer.usage.tokens_reused;
    // The same prompt is in the cache now but for its last token: what remains is generation.
    let writing =
        request(&format!("{text} Tell a long story about the sea, with many people in it."), GENERATED);
    let start = Instant::now();
    let written = model.generate(&[writing]).swap_remove(0)?.usage.tokens_out;
    let write_seconds = start.elapsed().as_secs_f64();
    let start = Instant::now();
    model.generate(&[request(&format!("{text} And who are they?"), 0)]).swap_remove(0)?;
    let second_seconds = start.elapsed().as_secs_f64();
    let eight: Vec<Generate> = (0..8).map(|user| request(&format!("{text} User {user} asks?"), 16)).collect();
    let start = Instant::now();
    let eight: u64 = model.generate(&eight).into_iter().flatten().map(|answer| answer.usage.tokens_out).sum();
    let eight_seconds = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let continuations: Vec<String> =
        (0..20).map(|i| format!("The Return of the Number {i} (19{})", 70 + i)).collect();
    let score = Score { agent: AgentRole::Other, messages: first.messages.clone(), continuations };
    model.score(&[score]).swap_remove(0)?;
    let score_seconds = start.elapsed().as_secs_f64();
    Ok(serde_json::json!({
        "engine": "llm-gguf",
        "prompt_tokens": n_evaluated,
        "prompt_per_second": n_evaluated as f64 / prompt_seconds,
        "generation_per_second": written as f64 / write_seconds,
        "written": written,
        "first_prompt_seconds": prompt_seconds,
        "second_prompt_seconds": second_seconds,
        "reuse_ratio": prompt_seconds / second_seconds,
        "eight_users_per_second": eight as f64 / eight_seconds,
        "score_20_seconds": score_seconds,
    }))
}

/// About 512 tokens that no other repetition begins with.
fn long_text(model: &GgufModel, repetition: usize) -> String {
    let mut text = format!("Run {repetition}.");
    let mut i = 0;
    while model.tokenize(&text).len() < PROMPT - 30 {
        i += 1;
        text.push_str(&format!(" Film {i} was about the sea, and user {} rated it {}.", i * 7 % 31, i % 5));
    }
    text
}

/// A prompt whose answer costs nothing: of one-token choices, the end decides.
fn request(text: &str, n_tokens: u32) -> Generate {
    let choices = (n_tokens == 0).then(|| Arc::new(Choices { texts: vec!["a".to_owned(), "b".to_owned()] }));
    Generate {
        agent: AgentRole::Other,
        messages: vec![Message { role: Speaker::User, content: text.to_owned() }],
        sampling: sampling(n_tokens),
        schema: None,
        choices,
        excluded: Vec::new(),
    }
}

fn sampling(max_tokens: u32) -> Sampling {
    Sampling { temperature: 0.0, top_p: 1.0, max_tokens, seed: 0, stop: Vec::new() }
}
