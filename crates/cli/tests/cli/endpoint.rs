//! Models behind a server: the same commands as users give, against a server that is small but real.

use crate::program::{command, domain, scratch, stderr};
use crate::server::{Received, Reply, Server, http, said};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

/// Long enough to be a secret.
const KEY: &str = "sk-0123456789abcdefghij";

fn answer(value: &Value) -> Reply {
    Reply::Whole(http("200 OK", "", value.to_string().as_bytes()))
}

/// Writes titles, embeds by length, scores by letter, and lists two models.
fn server() -> Server {
    Server::start(|received| match received.head.split(' ').nth(1) {
        Some("/v1/models") => answer(&json!({ "data": [{ "id": "tiny" }, { "id": "vec\u{7}tors" }] })),
        Some("/v1/chat/completions") => said(&format!("The {}th film", received.number * 7 % 80)),
        Some("/v1/embeddings") => embeddings(received),
        Some("/v1/completions") => echo(received),
        _ => Reply::Whole(http("404 Not Found", "", b"{}")),
    })
}

fn embeddings(received: &Received) -> Reply {
    let body: Value = serde_json::from_str(&received.body).expect("a client sends JSON");
    let texts = body["input"].as_array().expect("texts");
    let row = |text: &Value| json!({ "embedding": [1.0, text.as_str().map_or(0, str::len) as f64 / 100.0] });
    answer(
        &json!({ "data": texts.iter().map(row).collect::<Vec<_>>(), "usage": { "prompt_tokens": texts.len() } }),
    )
}

fn echo(received: &Received) -> Reply {
    let body: Value = serde_json::from_str(&received.body).expect("a client sends JSON");
    let prompt = body["prompt"].as_str().expect("a prompt");
    let offsets: Vec<usize> = (0..prompt.chars().count()).collect();
    let log_probs: Vec<Option<f64>> =
        offsets.iter().map(|&at| (at > 0).then_some(-((at % 7) as f64))).collect();
    let log_probs = json!({ "token_logprobs": log_probs, "text_offset": offsets });
    answer(
        &json!({ "choices": [{ "text": prompt, "logprobs": log_probs }], "usage": { "prompt_tokens": offsets.len() } }),
    )
}

fn asked(server: &Server, dir: &Path, words: &[&str]) -> Output {
    let mut command = command(dir, words);
    command
        .env("OPENAI_BASE_URL", server.base())
        .env("OPENAI_API_KEY", KEY)
        .output()
        .expect("the program starts")
}

fn collect<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let words =
        ["demos", "collect", "--data", "data", "--world", "world", "--episodes", "4", "--json", "--out", out];
    [&words[..], &["--set", "horizon=2", "--set", "batch=2"], more].concat()
}

fn described(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("standard output is one JSON object")
}

#[test]
fn a_collection_with_vectors_of_a_server_can_be_played_back() {
    let (server, dir, own) = (server(), domain(), scratch());
    let path = |name: &str| own.path().join(name).display().to_string();
    let prices =
        "[prices.\"openai:tiny\"]\nin = 2.0\nout = 2.0\n[prices.\"openai:vectors\"]\nin = 1.0\nout = 0.0\n";
    std::fs::write(own.path().join("llm.toml"), prices).expect("the disk has room");
    let (out, config) = (path("asked"), path("llm.toml"));
    let models = ["--llm", "openai:tiny", "--embedder", "openai:vectors", "--llm-config", &config];
    let output = asked(&server, dir, &collect(&out, &[&models[..], &["--budget-money", "1"]].concat()));
    assert_eq!(described(&output)["episodes"], 4);
    let said = stderr(&output);
    for part in ["4/4 sessions of ", " steps, mean return ", "titles ", "tokens ", ", paid 0.0", " min left"]
    {
        assert!(said.contains(part), "{part} in {said}");
    }
    for name in ["asked.run/calls.sqlite", "asked.run/vectors.sqlite", "asked/demonstrations.jsonl.gz"] {
        let bytes = std::fs::read(own.path().join(name)).expect(name);
        assert!(!bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes()), "{name} holds the key");
    }
    assert!(!said.contains(KEY));
    let n_requests = server.n_requests();
    let (calls, vectors) = (path("asked.run/calls.sqlite"), path("asked.run/vectors.sqlite"));
    let (calls, vectors) = (format!("replay:{calls}"), format!("replay:{vectors}"));
    let out = path("replayed");
    let output = command(dir, &collect(&out, &["--llm", &calls, "--embedder", &vectors])).output().unwrap();
    described(&output);
    let sessions = |name: &str| std::fs::read(own.path().join(name).join("demonstrations.jsonl.gz")).unwrap();
    assert_eq!(sessions("asked"), sessions("replayed"));
    assert_eq!(server.n_requests(), n_requests);
}

#[test]
fn the_scoring_actor_works_where_a_server_scores_and_is_refused_elsewhere() {
    let (scoring, dir, own) = (server(), domain(), scratch());
    let out = own.path().join("scored").display().to_string();
    let words = collect(&out, &["--llm", "openai:tiny", "--agent", "act-only", "--actor", "score"]);
    let made = described(&asked(&scoring, dir, &words));
    assert_eq!(made["grounding"]["exact"], made["steps"]);
    assert!(made["source"].as_str().unwrap().ends_with("scoring candidates"), "{made}");
    let mute = Server::start(|_| Reply::Whole(http("404 Not Found", "", b"{}")));
    let output = asked(&mute, dir, &words);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("does not say how likely texts are") && said.contains("--actor free"), "{said}");
}

#[test]
fn the_doctor_says_which_models_a_server_has() {
    let (server, dir) = (server(), scratch());
    let output = asked(&server, dir.path(), &["doctor"]);
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{said}{}", stderr(&output));
    let expected = format!("{} answers; its models are tiny, vectors\n", server.base());
    assert!(said.contains(&expected) && !said.contains(KEY), "{said}");
    let unlisted = Server::start(|_| Reply::Whole(http("401 Unauthorized", "", KEY.as_bytes())));
    let output = asked(&unlisted, dir.path(), &["doctor"]);
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("missing endpoint") && said.contains("OPENAI_API_KEY"), "{said}");
    assert!(!said.contains(KEY) && !stderr(&output).contains(KEY), "{said}");
    let output = command(dir.path(), &["doctor"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("endpoint   none"));
}

#[test]
fn the_doctor_waits_for_a_hanging_server_only_a_moment() {
    let (server, dir) = (Server::start(|_| Reply::Hang), scratch());
    let output = asked(&server, dir.path(), &["doctor"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("missing endpoint   no list of models"), "{said}");
}
