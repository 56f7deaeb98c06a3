//! Addresses that nothing answers to are errors with advice; settings are checked.

use super::*;
use llm::{AgentRole, Generate, Message, Sampling, Scripted, Speaker};

fn refusal(address: &str) -> String {
    let opened = Opener(ModelConfig::default()).unrecorded(address);
    opened.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn addresses() {
    for (address, what) in [
        ("gguf:missing.gguf", "missing.gguf"),
        ("replay:missing.sqlite", "missing.sqlite"),
        ("gpt", "no kind of model"),
        ("builtin:expert", "no language model"),
    ] {
        assert!(refusal(address).contains(what), "{address}: {}", refusal(address));
    }
}

#[test]
fn settings() {
    let text = "[http]\nconcurrency = 4\n[prices.\"m\"]\nin = 0.15\nout = 0.6\n";
    let config: ModelConfig = toml::from_str(text).unwrap();
    assert_eq!(config.http.concurrency.get(), 4);
    assert!(config.prices.of("openai:m").is_some());
    assert!(toml::from_str::<ModelConfig>("[http]\nconcurency = 4\n").is_err());
}

fn parrot() -> Scripted {
    Scripted::new("parrot", |request| request.messages[0].content.clone())
}

fn request(content: &str) -> Generate {
    let sampling = Sampling { temperature: 0.0, top_p: 1.0, max_tokens: 8, seed: 0, stop: Vec::new() };
    let messages = vec![Message { role: Speaker::User, content: content.to_owned() }];
    Generate {
        agent: AgentRole::Other,
        messages,
        sampling,
        schema: None,
        choices: None,
        excluded: Vec::new(),
    }
}

#[test]
fn money_needs_a_price() {
    let folder = tempfile::tempdir().unwrap();
    let terms = Terms { budget_money: Some(1.0), run: folder.path().join("run"), ..Terms::default() };
    let opened = recorded(parrot(), &terms, &ModelConfig::default());
    assert!(opened.err().is_some_and(|error| error.to_string().contains("price")));
    let priced: ModelConfig = toml::from_str("[prices.parrot]\nin = 1.0\nout = 1.0\n").unwrap();
    assert!(recorded(parrot(), &terms, &priced).is_ok());
}

#[test]
fn what_an_earlier_run_paid_counts_and_is_not_paid_again() {
    let folder = tempfile::tempdir().unwrap();
    let config = ModelConfig::default();
    let generous = Terms { run: folder.path().join("run"), ..Terms::default() };
    let asked = recorded(parrot(), &generous, &config).unwrap().generate(&[request("a word or two")]);
    let empty = Terms { budget_tokens: Some(1), ..generous };
    let later = recorded(parrot(), &empty, &config).unwrap();
    let answers = later.generate(&[request("a word or two"), request("something else")]);
    assert_eq!(answers[0].as_ref().unwrap(), asked[0].as_ref().unwrap());
    assert!(matches!(answers[1], Err(LlmError::Budget { .. })), "{:?}", answers[1]);
}
