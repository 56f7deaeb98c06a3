//! Addresses that nothing answers to are errors with advice; settings are checked.

use super::*;
use llm::{AgentRole, Generate, Message, Sampling, Scripted, Speaker};

fn refusal(address: &str) -> String {
    let opened = Opener::new(ModelConfig::default()).unrecorded(address, false);
    opened.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn addresses() {
    for (address, what) in [
        ("gguf:missing.gguf", "missing.gguf"),
        ("replay:missing.sqlite", "missing.sqlite"),
        ("minilm:missing", "missing/config.json"),
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

/// The template of the documentation.
fn template() -> &'static str {
    let page = include_str!("../../../../../docs/llm-config.md");
    page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the page has a template")
}

#[test]
fn the_documented_template_holds_every_key_at_its_default() {
    let config: ModelConfig = toml::from_str(template()).unwrap();
    assert_eq!(config.http, HttpSettings::default());
    let is_key = |line: &str| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let uncommented: Vec<&str> = template()
        .lines()
        .map(|line| {
            line.strip_prefix("# ").filter(|rest| is_key(rest) || rest.starts_with('[')).unwrap_or(line)
        })
        .collect();
    let uncommented = uncommented.join("\n");
    let all: ModelConfig = toml::from_str(&uncommented).unwrap();
    assert!(all.prices.of("openai:gpt-4o-mini").is_some() && all.http.context == Some(8192));
    let values: toml::Table = toml::from_str(&toml::to_string(&all.http).unwrap()).unwrap();
    for key in values.keys() {
        assert!(uncommented.contains(&format!("\n{key} = ")), "{key} is not documented");
    }
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
    let opened = Opener::new(ModelConfig::default()).recorded(parrot(), &terms, CALLS);
    assert!(opened.err().is_some_and(|error| error.to_string().contains("price")));
    let priced: ModelConfig = toml::from_str("[prices.parrot]\nin = 1.0\nout = 1.0\n").unwrap();
    assert!(Opener::new(priced).recorded(parrot(), &terms, CALLS).is_ok());
}

#[test]
fn what_an_earlier_run_paid_counts_and_is_not_paid_again() {
    let folder = tempfile::tempdir().unwrap();
    let opened =
        |terms: &Terms| Opener::new(ModelConfig::default()).recorded(parrot(), terms, CALLS).unwrap();
    let generous = Terms { run: folder.path().join("run"), ..Terms::default() };
    let asked = opened(&generous).generate(&[request("a word or two")]);
    let empty = Terms { budget_tokens: Some(1), ..generous };
    let later = opened(&empty);
    let answers = later.generate(&[request("a word or two"), request("something else")]);
    assert_eq!(answers[0].as_ref().unwrap(), asked[0].as_ref().unwrap());
    assert!(matches!(answers[1], Err(LlmError::Budget { .. })), "{:?}", answers[1]);
}

#[test]
fn the_models_of_a_run_share_its_budget() {
    let folder = tempfile::tempdir().unwrap();
    let config: ModelConfig = toml::from_str("[prices.parrot]\nin = 1.0\nout = 1.0\n").unwrap();
    let opener = Opener::new(config);
    let terms = Terms { run: folder.path().join("run"), ..Terms::default() };
    let first = opener.recorded(parrot(), &terms, CALLS).unwrap();
    let spent_by = |opener: &Opener| opener.ledger(&terms.run).total().total_money();
    assert_eq!(spent_by(&opener), llm::Money::default());
    first.generate(&[request("a word or two")]);
    let spent = spent_by(&opener);
    let second = opener.recorded(parrot(), &terms, VECTORS).unwrap();
    second.generate(&[request("a word or two")]);
    assert_eq!(spent_by(&opener), spent.plus(spent));
    let tight = Terms { budget_money: Some(spent.units()), ..terms.clone() };
    let third = opener.recorded(parrot(), &tight, "third.sqlite").unwrap();
    assert!(matches!(third.generate(&[request("x")])[..], [Err(LlmError::Budget { .. })]));
}

#[test]
fn a_second_process_cannot_pay_for_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    let terms = Terms { run: folder.path().join("run"), ..Terms::default() };
    let opener = Opener::new(ModelConfig::default());
    let first = opener.recorded(parrot(), &terms, CALLS).unwrap();
    assert!(opener.recorded(parrot(), &terms, VECTORS).is_ok(), "the models of one run share it");
    let other = || Opener::new(ModelConfig::default()).recorded(parrot(), &terms, CALLS);
    let Err(LlmError::Unavailable { reason, hint }) = other().map(|_| ()) else { panic!("it is open twice") };
    assert!(reason.contains("another process") && hint.contains("another directory"), "{reason}; {hint}");
    drop(first);
    assert!(other().is_ok());
}
