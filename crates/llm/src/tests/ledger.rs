//! Counting and prices.

use std::sync::Arc;

use super::ask;
use crate::*;

fn price() -> Price {
    toml::from_str("in = 0.15\nreused = 0.05\nout = 0.6").unwrap()
}

#[test]
fn money_is_exact_and_reused_tokens_have_their_own_price() {
    assert_eq!(price().of(1_000_000, 0, 0).units(), 0.15);
    assert_eq!(price().of(1_000_000, 400_000, 10).units(), 0.6 * 0.15 + 0.4 * 0.05 + 0.000_006);
    let ten_thousandths = (0..10_000).fold(Money::default(), |sum, _| sum.plus(price().of(1, 0, 0)));
    assert_eq!(ten_thousandths, price().of(10_000, 0, 0));
}

#[test]
fn a_price_table_refuses_what_is_not_a_price() {
    let prices: Prices = toml::from_str("[m]\nin = 1\nout = 2.5").unwrap();
    assert_eq!(prices.of("m"), Price::new(1.0, 2.5).ok());
    assert_eq!(prices.of("openai:m+schema"), prices.of("m"));
    assert_eq!(prices.of("another"), None);
    for bad in
        ["in = -1\nout = 1", "in = nan\nout = 1", "in = 1\nout = 1\nreused = 2", "in = 1", "in=1\nout=1\nx=1"]
    {
        assert!(toml::from_str::<Price>(bad).is_err(), "{bad}");
    }
    assert!(Money::try_from(-0.5).is_err() && Money::try_from(f64::NAN).is_err());
}

#[test]
fn every_agent_has_its_own_count_and_failures_are_set_aside() {
    let model = Scripted::fallible("m", |request| {
        let usage = Usage { tokens_in: 10, tokens_reused: 4, tokens_out: 3, seconds: 0.5 };
        let failed = LlmError::Failed { reason: "a broken line".to_owned() };
        let answer =
            Completion { text: String::new(), stop: StopReason::Stop, log_prob: None, choice: None, usage };
        if request.messages[0].content == "fail" { Err(failed) } else { Ok(answer) }
    });
    let ledger = Arc::new(Ledger::default());
    let counted = Counted::new(&model, price(), Arc::clone(&ledger));
    let planner = Generate { agent: AgentRole::Planner, ..ask("a") };
    let most = counted.at_most(&ask("fail"));
    counted.generate(&[planner.clone(), planner, ask("b"), ask("fail")]);
    let counts = ledger.counts();
    let planner = counts[&AgentRole::Planner];
    assert_eq!((planner.calls, planner.tokens_in, planner.tokens_reused, planner.tokens_out), (2, 20, 8, 6));
    assert_eq!(planner.money, price().of(20, 8, 6));
    let actor = counts[&AgentRole::Actor];
    assert_eq!((actor.calls, actor.failures, actor.tokens_lost), (1, 1, most.tokens()));
    assert_eq!(ledger.total().tokens(), 26 + 13 + most.tokens());
    let json = serde_json::to_string(&counts).unwrap();
    assert!(json.starts_with(r#"{"planner":{"calls":2,"#), "{json}");
    assert_eq!(Ledger::from_counts(serde_json::from_str(&json).unwrap()).total(), ledger.total());
}
