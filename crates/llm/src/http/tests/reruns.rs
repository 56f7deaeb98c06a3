//! A run that is started again and again pays no more than its budget.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::scores::{echo, weigh};
use super::server::{Received, Reply, Server, http, said};
use super::{client, quick, status};
use crate::tests::{ask, asks};
use crate::*;

const BUDGET: u64 = 10_000;

/// A run as the command line opens it.
fn open(model: Http, run: &Path) -> Recorded<Budgeted<Http>> {
    let lock = Arc::new(RunLock::take(run).unwrap());
    let cassette = Arc::new(Cassette::open(&run.join("c.sqlite")).unwrap());
    let ledger = Arc::new(Ledger::from_counts(cassette.paid(&Prices::default()).unwrap()));
    let budget = Budget { tokens: Some(BUDGET), money: None };
    let model = Budgeted::new(model, budget, None, ledger).unwrap().lasting(Arc::clone(&cassette), lock);
    Recorded::new(model, cassette).unwrap()
}

/// Runs 25 times against such a server; returns how many requests it got, and the last answer.
fn rerun(script: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> (u64, Count, LlmError) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(script);
    let mut last = None;
    for _ in 0..25 {
        let model = open(client(&server, quick()), folder.path());
        last = model.generate(&asks(0..3)).pop();
    }
    let cassette = Cassette::open(&folder.path().join("c.sqlite")).unwrap();
    let paid = cassette.paid(&Prices::default()).unwrap();
    let total = paid.values().fold(Count::default(), |sum, count| sum.plus(count));
    (server.n_requests() as u64, total, last.unwrap().unwrap_err())
}

#[test]
fn answers_that_are_always_lost_use_the_budget_up_once() {
    let (n_requests, paid, last) = rerun(|_| Reply::Cut(http("200 OK", "", b"{\"choices\":")[..50].to_vec()));
    let each = AtMost::of_generate(&ask("question 0")).tokens();
    assert!(n_requests * each <= BUDGET && paid.tokens() <= BUDGET, "{n_requests} of {each}: {paid:?}");
    assert!(n_requests > 0 && matches!(last, LlmError::Budget { .. }), "{last:?}");
}

#[test]
fn refusals_cost_nothing_however_often() {
    let (n_requests, paid, last) = rerun(|_| status("429 Too Many Requests", "", "{}"));
    assert_eq!((n_requests, paid.tokens()), (25 * 3 * 4, 0));
    assert!(matches!(last, LlmError::Refused { .. }), "{last:?}");
}

#[test]
fn what_is_answered_is_reserved_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_| said("well"));
    let model = open(client(&server, quick()), folder.path());
    assert!(model.generate(&asks(0..10)).iter().all(Result::is_ok));
    assert!(RunLock::take(folder.path()).unwrap_err().to_string().starts_with("another process"));
    drop(model);
    assert!(RunLock::take(folder.path()).is_ok());
    let paid = Cassette::open(&folder.path().join("c.sqlite")).unwrap().paid(&Prices::default()).unwrap();
    let count = paid[&AgentRole::Actor];
    assert_eq!((count.calls, count.failures, count.tokens()), (10, 0, 10 * (9 + 4)));
}

#[test]
fn of_a_slate_only_what_failed_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let prompts: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&prompts);
    let server = Server::start(move |received| {
        let body: serde_json::Value = serde_json::from_str(&received.body).unwrap();
        let prompt = body["prompt"].as_str().unwrap().to_owned();
        let mut heard = heard.lock().unwrap();
        let is_bad = prompt.ends_with("bad") && heard.iter().filter(|p| p.ends_with("bad")).count() < 2;
        heard.push(prompt);
        if is_bad { Reply::Cut(Vec::new()) } else { echo(received) }
    });
    let slate = || [weigh(&["ab", "bad", "c", "ab"])];
    let opened = || {
        let mut model = client(&server, quick());
        model.find_out_scoring().unwrap();
        prompts.lock().unwrap().retain(|prompt| !prompt.starts_with("One, two"));
        open(model, folder.path())
    };
    let model = opened();
    assert!(model.scores_prefix_per_continuation());
    assert!(matches!(model.score(&slate())[..], [Err(LlmError::Failed { .. })]));
    // Three texts, and one of them a second time.
    assert_eq!(prompts.lock().unwrap().len(), 4);
    drop(model);
    let again = opened().score(&slate()).remove(0).unwrap();
    let asked = prompts.lock().unwrap().split_off(4);
    assert!(asked.len() == 1 && asked[0].ends_with("bad"), "{asked:?}");
    let replay = Replay::open(&folder.path().join("c.sqlite"), None).unwrap();
    assert_eq!(replay.score(&slate()).remove(0).unwrap(), again);
    assert!(matches!(replay.score(&[weigh(&["ab", "new"])])[..], [Err(LlmError::NotRecorded { .. })]));
}

#[test]
fn each_continuation_is_recorded_before_the_next_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
    let (look, at) = (Arc::clone(&seen), path.clone());
    let server = Server::start(move |received| {
        if let Ok(cassette) = Cassette::open_to_read(&at) {
            look.lock().unwrap().push(cassette.n_calls().unwrap());
        }
        echo(received)
    });
    let one = std::num::NonZeroU16::new(1).unwrap();
    let mut model = client(&server, HttpSettings { concurrency: one, ..quick() });
    model.find_out_scoring().unwrap();
    assert!(open(model, folder.path()).score(&[weigh(&["ab", "c", "d"])])[0].is_ok());
    assert_eq!(*seen.lock().unwrap(), [0, 1, 2]);
}
