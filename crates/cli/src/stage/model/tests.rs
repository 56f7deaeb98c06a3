//! Addresses that nothing answers to are errors with advice; settings are checked.

use super::*;

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

#[test]
fn money_needs_a_price() {
    let folder = tempfile::tempdir().unwrap();
    let terms = Terms { budget_money: Some(1.0), run: folder.path().join("run"), ..Terms::default() };
    let recorded = folder.path().join("other.sqlite");
    drop(Cassette::open(&recorded).unwrap());
    let opened = Opener(ModelConfig::default()).open(&format!("replay:{}", recorded.display()), &terms);
    assert!(opened.is_err(), "an empty cassette has no model to play back");
}
