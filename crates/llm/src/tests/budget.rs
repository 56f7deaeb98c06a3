//! A budget is never exceeded, and what fits gets through.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{ask, asks};
use crate::*;

/// Uses all that a request may use.
fn greedy() -> Scripted {
    Scripted::fallible("greedy", |request| {
        let most = AtMost::of_generate(request);
        let usage = Usage { tokens_in: most.tokens_in, tokens_out: most.tokens_out, ..Usage::default() };
        Ok(Completion { text: "x".into(), stop: StopReason::Length, log_prob: None, choice: None, usage })
    })
}

fn budgeted<M: LanguageModel>(inner: M, budget: Budget) -> Budgeted<M> {
    let price = Price::new(1.0, 2.0).unwrap();
    Budgeted::new(inner, budget, Some(price), Arc::default()).unwrap()
}

fn n_refused<T>(answers: &[Result<T, LlmError>]) -> usize {
    answers.iter().filter(|answer| matches!(answer, Err(LlmError::Budget { .. }))).count()
}

#[test]
fn what_does_not_fit_is_not_sent() {
    let need = AtMost::of_generate(&ask("question 0")).tokens();
    let inner = greedy();
    let model = budgeted(&inner, Budget { tokens: Some(3 * need + 1), money: None });
    let answers = model.generate(&asks(0..5));
    assert_eq!((n_refused(&answers), inner.n_asked()), (2, 3));
    assert_eq!(model.ledger().total().tokens(), 3 * need);
    check_refusal(&answers[4], need);
}

fn check_refusal(answer: &Result<Completion, LlmError>, need: u64) {
    let message = answer.as_ref().unwrap_err().to_string();
    let (taken, limit) = (3 * need, 3 * need + 1);
    let expected = format!("the budget is used up: {taken} of {limit} tokens, this call may need {need}");
    assert_eq!(message, expected);
}

#[test]
fn the_rest_of_a_reservation_is_released() {
    let frugal = Scripted::new("frugal", |_| "two words".to_owned());
    let need = AtMost::of_generate(&ask("question 0")).tokens();
    let model = budgeted(&frugal, Budget { tokens: Some(2 * need), money: None });
    let answers = model.generate(&asks(0..10));
    assert_eq!((n_refused(&answers), frugal.n_asked()), (0, 10));
    assert_eq!(model.ledger().total().tokens(), 10 * 4);
}

#[test]
fn money_is_limited_as_tokens_are() {
    let most = AtMost::of_generate(&ask("question 0"));
    let one = Price::new(1.0, 2.0).unwrap().of(most.tokens_in, 0, most.tokens_out);
    let model = budgeted(greedy(), Budget { tokens: None, money: Some(one.plus(one)) });
    assert_eq!(n_refused(&model.generate(&asks(0..3))), 1);
    assert_eq!(model.ledger().total().money, one.plus(one));
    let without_price =
        Budgeted::new(greedy(), Budget { tokens: None, money: Some(one) }, None, Arc::default());
    assert!(without_price.is_err());
}

#[test]
fn many_threads_never_exceed_it_together() {
    let peak = Arc::new(AtomicU64::new(0));
    let (under_way, seen) = (AtomicU64::new(0), Arc::clone(&peak));
    let inner = Scripted::fallible("slow", move |request| {
        let most = AtMost::of_generate(request);
        let now = under_way.fetch_add(most.tokens(), Ordering::SeqCst) + most.tokens();
        seen.fetch_max(now, Ordering::SeqCst);
        std::thread::yield_now();
        under_way.fetch_sub(most.tokens(), Ordering::SeqCst);
        let usage = Usage { tokens_in: 20, tokens_out: 5, ..Usage::default() };
        Ok(Completion { text: "x".into(), stop: StopReason::Stop, log_prob: None, choice: None, usage })
    });
    let limit = 1_500;
    let model = budgeted(&inner, Budget { tokens: Some(limit), money: None });
    let n_answered: usize = std::thread::scope(|scope| {
        let asks = |thread: usize| asks(thread * 50..thread * 50 + 50);
        let ask = |thread| {
            scope.spawn({
                let model = &model;
                move || 50 - n_refused(&model.generate(&asks(thread)))
            })
        };
        let threads: Vec<_> = (0..8).map(ask).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let total = model.ledger().total();
    assert_eq!(total.calls, n_answered as u64);
    assert!(total.tokens() <= limit && peak.load(Ordering::SeqCst) <= limit);
    // Nothing that fits is refused: at the end there is no room for one more.
    assert!(total.tokens() + AtMost::of_generate(&ask("question 399")).tokens() > limit);
}

#[test]
fn a_failure_keeps_its_reservation_and_an_earlier_run_counts() {
    let failing = Scripted::fallible("f", |_| Err(LlmError::Failed { reason: "no".to_owned() }));
    let need = AtMost::of_generate(&ask("question 0")).tokens();
    let model = budgeted(failing, Budget { tokens: Some(2 * need), money: None });
    assert_eq!(n_refused(&model.generate(&asks(0..3))), 1);
    let ledger = Arc::new(Ledger::from_counts(model.ledger().counts()));
    let budget = Budget { tokens: Some(3 * need), money: None };
    let later = Budgeted::new(greedy(), budget, None, ledger).unwrap();
    assert_eq!(n_refused(&later.generate(&asks(0..2))), 1);
}

#[test]
fn a_panic_gives_its_place_back() {
    let inner = Scripted::new("panics", |request| {
        assert_ne!(request.messages[0].content, "bad");
        "fine".to_owned()
    });
    let need = AtMost::of_generate(&ask("question 0")).tokens();
    let model = budgeted(inner, Budget { tokens: Some(need), money: None });
    let panicked = std::thread::scope(|scope| scope.spawn(|| model.generate(&[ask("bad")])).join().is_err());
    assert!(panicked);
    assert_eq!(n_refused(&model.generate(&asks(0..1))), 0);
}

#[test]
fn scores_and_vectors_count_too() {
    let inner = Scripted::new("m", |_| String::new())
        .scoring(|request| {
            let usage = Usage { tokens_in: 7, tokens_out: 2, ..Usage::default() };
            Ok(request
                .continuations
                .iter()
                .map(|_| Continuation { log_prob: -1.0, n_tokens: 2, usage })
                .collect())
        })
        .embedding(|_| vec![1.0]);
    let model = budgeted(inner, Budget { tokens: Some(300), money: None });
    let request = Score { agent: AgentRole::Critic, messages: vec![], continuations: vec!["ab".into()] };
    assert_eq!(n_refused(&model.score(&[request.clone(), request])), 0);
    assert!(model.embed(&["two words".to_owned()]).is_ok());
    assert!(matches!(model.embed(&["x".repeat(300)]), Err(LlmError::Budget { .. })));
    assert_eq!(model.ledger().counts()[&AgentRole::Critic].tokens(), 18);
    assert_eq!(model.ledger().counts()[&AgentRole::Other].tokens(), 2);
}

#[test]
fn what_is_not_admitted_is_not_sent() {
    let inner = greedy();
    let heard = std::sync::Mutex::new(Vec::new());
    let before = |place: usize| match place {
        1 => Err(LlmError::Budget { what: "no".to_owned() }),
        _ => Ok(()),
    };
    let told = |place: usize, answer: &Result<_, _>| heard.lock().unwrap().push((place, answer.is_ok()));
    let answers = inner.generate_each_after(&asks(0..3), &before, &told);
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(inner.n_asked(), 2);
    let mut heard = heard.into_inner().unwrap();
    heard.sort_unstable();
    assert_eq!(heard, [(0, true), (1, false), (2, true)]);
}
