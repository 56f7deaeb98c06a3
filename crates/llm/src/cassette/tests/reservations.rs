//! What may have been paid for outlives the process.

use std::sync::Arc;

use super::processes::{other_process, told_cassette};
use super::{parrot, record, recorded};
use crate::tests::{ask, asks};
use crate::*;

fn paid(cassette: &Cassette) -> Count {
    let paid = cassette.paid(&Prices::default()).unwrap();
    paid.values().fold(Count::default(), |sum, count| sum.plus(count))
}

#[test]
fn a_killed_call_counts_at_its_bound_and_its_lock_is_free() {
    const NAME: &str = "reservations::a_killed_call_counts_at_its_bound_and_its_lock_is_free";
    if let Some(path) = told_cassette() {
        let cassette = Arc::new(Cassette::open(&path).unwrap());
        let hangs = Scripted::new("m", |_| {
            loop {
                std::thread::park();
            }
        });
        let lock = Arc::new(RunLock::take(path.parent().unwrap()).unwrap());
        let model = Budgeted::new(hangs, Budget::default(), None, Arc::default()).unwrap();
        let model = model.lasting(Arc::clone(&cassette), lock);
        Recorded::new(model, cassette).unwrap().generate(&asks(0..1));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let mut child = other_process(NAME, &path);
    let cassette = Cassette::open(&path).unwrap();
    while paid(&cassette).tokens() == 0 {
        assert!(child.try_wait().unwrap().is_none(), "the other process ended by itself");
        std::thread::yield_now();
    }
    let refused = RunLock::take(folder.path()).unwrap_err();
    assert!(matches!(&refused, LlmError::Unavailable { hint, .. } if hint.contains("wait")), "{refused:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(RunLock::take(folder.path()).is_ok());
    assert_eq!(paid(&cassette).tokens(), AtMost::of_generate(&ask("question 0")).tokens());
    assert_eq!(cassette.paid(&Prices::default()).unwrap()[&AgentRole::Actor].failures, 1);
}

#[test]
fn a_cassette_of_an_earlier_version_is_read_and_recorded_into() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    record(&path, 3);
    rusqlite::Connection::open(&path).unwrap().execute_batch("DROP TABLE reservations").unwrap();
    let read = Cassette::open_to_read(&path).unwrap();
    assert_eq!(paid(&read).calls, 3);
    drop(read);
    let cassette = Cassette::open(&path).unwrap();
    cassette.reserve("m", AgentRole::Actor, AtMost { tokens_in: 5, tokens_out: 2 }).unwrap();
    assert_eq!((paid(&cassette).calls, paid(&cassette).tokens_lost), (3, 7));
    assert_eq!(cassette.export(&mut Vec::new()).unwrap(), 3);
    assert!(Replay::open(&path, None).unwrap().generate(&asks(0..3)).iter().all(Result::is_ok));
}

#[test]
fn an_answer_that_came_second_was_paid_for_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let at = path.clone();
    let slower = Scripted::new("m", move |_| {
        recorded(parrot("m"), &at).generate(&asks(0..1));
        "second".to_owned()
    });
    recorded(slower, &path).generate(&asks(0..1));
    let paid = paid(&Cassette::open(&path).unwrap());
    // "question 0" twice, "to question 0" and "second".
    assert_eq!((paid.calls, paid.tokens()), (1, 2 + 3 + 2 + 1));
}

#[test]
fn a_slate_of_an_earlier_version_is_found_as_a_whole() {
    struct Apart(Scripted);
    impl LanguageModel for Apart {
        fn capabilities(&self) -> &Capabilities {
            self.0.capabilities()
        }
        fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
            self.0.generate(requests)
        }
        fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
            self.0.score(requests)
        }
        fn scores_prefix_per_continuation(&self) -> bool {
            true
        }
    }
    let scoring = || {
        parrot("m").scoring(|request| {
            let one = |text: &String| Continuation {
                log_prob: -(text.len() as f64),
                n_tokens: 1,
                usage: Usage::default(),
            };
            Ok(request.continuations.iter().map(one).collect())
        })
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let slate = |texts: &[&str]| {
        let continuations = texts.iter().map(|text| (*text).to_owned()).collect();
        [Score { agent: AgentRole::Actor, messages: vec![], continuations }]
    };
    let first = recorded(scoring(), &path).score(&slate(&["a", "bc"])).remove(0).unwrap();
    let model = recorded(Apart(scoring()), &path);
    assert_eq!(model.score(&slate(&["a", "bc"])).remove(0).unwrap(), first);
    assert_eq!(model.inner().0.n_asked(), 0);
    model.score(&slate(&["a", "d"]));
    model.score(&slate(&["d", "e", "a"]));
    assert_eq!(model.inner().0.n_asked(), 3);
    assert!(model.score(&slate(&[]))[0].as_ref().unwrap().is_empty());
}
