//! Recording and playing back.

use std::sync::{Arc, Mutex};

use super::{parrot, record, recorded, texts};
use crate::tests::{ask, asks};
use crate::*;

#[test]
fn what_is_recorded_is_not_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let first = record(&path, 5);
    let inner = parrot("m");
    let again = recorded(&inner, &path).generate(&asks(0..8));
    assert_eq!(inner.n_asked(), 3);
    assert_eq!(texts(again)[..5], first);
    assert_eq!(Cassette::open(&path).unwrap().n_calls().unwrap(), 8);
}

#[test]
fn another_model_or_parameter_is_another_call() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    record(&path, 1);
    let other = parrot("another");
    recorded(&other, &path).generate(&asks(0..1));
    assert_eq!(other.n_asked(), 1);
    let same = parrot("m");
    let base = ask("question 0");
    let seed = Sampling { seed: 2, ..base.sampling.clone() };
    let excluded = vec![3];
    recorded(&same, &path).generate(&[
        base.clone(),
        Generate { sampling: seed, ..base.clone() },
        Generate { excluded, ..base.clone() },
        Generate { agent: AgentRole::Critic, ..base },
    ]);
    assert_eq!(same.n_asked(), 3);
}

#[test]
fn choices_are_part_of_the_call_by_content() {
    let folder = tempfile::tempdir().unwrap();
    let inner = parrot("m");
    let model = recorded(&inner, &folder.path().join("c.sqlite"));
    let among = |texts: &[&str]| {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        Generate { choices: Some(Arc::new(Choices { texts })), ..ask("a") }
    };
    model.generate(&[among(&["Heat", "Up"]), among(&["Heat", "Up"]), among(&["HeatUp"]), ask("a")]);
    assert_eq!(inner.n_asked(), 3);
}

#[test]
fn equal_requests_of_a_batch_are_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    let inner = parrot("m");
    let model = recorded(&inner, &folder.path().join("c.sqlite"));
    let heard = Mutex::new(Vec::new());
    let batch = [ask("a"), ask("b"), ask("a"), ask("a")];
    let answers = texts(model.generate_each(&batch, &|place, _| heard.lock().unwrap().push(place)));
    assert_eq!(inner.n_asked(), 2);
    assert_eq!(
        answers.iter().map(|answer| &*answer.text).collect::<Vec<_>>(),
        ["to a", "to b", "to a", "to a"]
    );
    let mut heard = heard.into_inner().unwrap();
    heard.sort_unstable();
    assert_eq!(heard, [0, 1, 2, 3]);
}

#[test]
fn failures_are_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let failing = Scripted::fallible("m", |_| Err(LlmError::Failed { reason: "no".to_owned() }));
    assert!(recorded(failing, &path).generate(&asks(0..2)).iter().all(Result::is_err));
    assert_eq!(Cassette::open(&path).unwrap().n_calls().unwrap(), 0);
    assert_eq!(record(&path, 2).len(), 2);
}

#[test]
fn an_answer_that_would_not_come_back_the_same_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let inner = Scripted::new("m", |_| String::new()).scoring(|_| {
        Ok(vec![Continuation { log_prob: f64::NEG_INFINITY, n_tokens: 1, usage: Usage::default() }])
    });
    let request = Score { agent: AgentRole::Critic, messages: vec![], continuations: vec!["a".into()] };
    let answers = recorded(inner, &path).score(&[request]);
    assert!(matches!(answers[..], [Err(LlmError::Failed { .. })]));
    assert_eq!(Cassette::open(&path).unwrap().n_calls().unwrap(), 0);
}

#[test]
fn a_replay_gives_the_same_bytes_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let inner = Scripted::fallible("m", |request| {
        let text = request.messages[0].content.chars().rev().collect();
        let usage = Usage { tokens_in: 3, tokens_reused: 1, tokens_out: 2, seconds: 0.1 + 0.2 };
        Ok(Completion { text, stop: StopReason::Stop, log_prob: Some(-1.0 / 3.0), choice: Some(7), usage })
    })
    .scoring(|_| Ok(vec![Continuation { log_prob: -2.0 / 7.0, n_tokens: 3, usage: Usage::default() }]))
    .embedding(|text| vec![text.len() as f32 / 3.0, -0.0, f32::MIN_POSITIVE]);
    let score = Score { agent: AgentRole::Critic, messages: vec![], continuations: vec!["a".into()] };
    let words = ["one".to_owned(), "three words here".to_owned(), "one".to_owned()];
    let ask_all = |model: &dyn LanguageModel| {
        let written = model.generate(&asks(0..4));
        format!(
            "{written:?} {:?} {:?}",
            model.score(std::slice::from_ref(&score)),
            model.embed_counted(&words)
        )
    };
    let first = ask_all(&recorded(&inner, &path));
    let replay = Replay::open(&path, None).unwrap();
    assert_eq!(ask_all(&replay), first);
    assert_eq!(replay.capabilities(), inner.capabilities());
    assert!(matches!(replay.generate(&asks(9..10))[..], [Err(LlmError::NotRecorded { .. })]));
    assert!(matches!(replay.embed(&["new".to_owned()]), Err(LlmError::NotRecorded { .. })));
}

#[test]
fn a_replay_counts_tokens_as_the_model_did() {
    struct Words(Scripted);
    impl LanguageModel for Words {
        fn capabilities(&self) -> &Capabilities {
            self.0.capabilities()
        }
        fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
            self.0.generate(requests)
        }
        fn count_tokens(&self, text: &str) -> usize {
            text.split(' ').count()
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let model = recorded(Words(parrot("m")), &path);
    let counts =
        |model: &dyn LanguageModel| ["a b c", "abcd", "abcdefgh"].map(|text| model.count_tokens(text));
    assert_eq!(counts(&model), [3, 1, 1]);
    assert_eq!(counts(&Replay::open(&path, None).unwrap()), [3, 1, 1]);
}

#[test]
fn a_replay_has_to_know_which_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    record(&path, 1);
    recorded(parrot("second"), &path).generate(&asks(0..1));
    let error = Replay::open(&path, None).unwrap_err();
    assert!(matches!(&error, LlmError::Unavailable { hint, .. } if hint.contains("m, second")), "{error:?}");
    assert!(Replay::open(&path, Some("second")).unwrap().generate(&asks(0..1))[0].is_ok());
    assert!(Replay::open(&path, Some("third")).is_err());
    assert!(Replay::open(&folder.path().join("missing"), None).is_err());
}

#[test]
fn a_cassette_knows_what_it_cost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let inner = parrot("m").embedding(|_| vec![1.0]).scoring(|request| {
        let usage = Usage { tokens_in: 7, tokens_out: 2, ..Usage::default() };
        Ok(request
            .continuations
            .iter()
            .map(|_| Continuation { log_prob: -1.0, n_tokens: 2, usage })
            .collect())
    });
    let price = Price::new(1.0, 2.0).unwrap();
    let ledger = Arc::new(Ledger::default());
    let model = recorded(Counted::new(inner, price, Arc::clone(&ledger)), &path);
    model.generate(&asks(0..3));
    model.generate(&asks(0..3));
    let continuations = vec!["a".into(), "b".into()];
    model.score(&[Score { agent: AgentRole::Critic, messages: vec![], continuations }]);
    model.embed(&["one".to_owned(), "and two".to_owned()]).unwrap();
    let prices: Prices = toml::from_str("[m]\nin = 1\nout = 2").unwrap();
    let paid = Cassette::open(&path).unwrap().paid(&prices).unwrap();
    assert_eq!(paid[&AgentRole::Actor], ledger.counts()[&AgentRole::Actor]);
    assert_eq!(paid[&AgentRole::Critic], ledger.counts()[&AgentRole::Critic]);
    // The two vectors came with one call and are two rows.
    assert_eq!(paid[&AgentRole::Other], Count { calls: 2, ..ledger.counts()[&AgentRole::Other] });
    assert_eq!(paid[&AgentRole::Actor].money, price.of(6, 0, 9));
}

#[test]
fn an_answer_that_is_none_is_asked_for_again_and_replaced() {
    for silence in ["", " \n", "<think>let me see", "<think>so</think> "] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.sqlite");
        recorded(Scripted::new("m", move |_| silence.to_owned()), &path).generate(&asks(0..3));
        let replayed = texts(Replay::open(&path, None).unwrap().generate(&asks(0..3)));
        assert!(replayed.iter().all(|answer| answer.text == silence), "a replay gives what there is");
        let well = parrot("m");
        let again = texts(recorded(&well, &path).generate(&asks(0..4)));
        assert_eq!((well.n_asked(), again[0].text.as_str()), (4, "to question 0"));
        assert_eq!(texts(recorded(&well, &path).generate(&asks(0..4))), again);
        assert_eq!(well.n_asked(), 4, "now it is there");
    }
}

#[test]
fn a_model_that_repeats_itself_is_not_asked_again() {
    struct Mute(Scripted);
    impl LanguageModel for Mute {
        fn capabilities(&self) -> &Capabilities {
            self.0.capabilities()
        }
        fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
            self.0.generate(requests)
        }
        fn repeats_itself(&self) -> bool {
            true
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let mute = Mute(Scripted::new("m", |_| String::new()));
    recorded(&mute, &path).generate(&asks(0..3));
    recorded(&mute, &path).generate(&asks(0..3));
    assert_eq!(mute.0.n_asked(), 3);
}
