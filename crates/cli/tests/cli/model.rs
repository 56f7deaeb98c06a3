//! Agents over a real language model, in process: the whole loop, and the same again from its cassette.

use crate::program::{domain, json, scratch};
use shared_data::shared_model;

#[test]
fn a_real_model_demonstrates_and_is_played_back() {
    let Some(model) = shared_model("smollm2-135m") else { return };
    let (dir, own) = (domain(), scratch());
    let collect = |uri: &str, name: &str| {
        let out = own.path().join(name).display().to_string();
        let words =
            ["demos", "collect", "--data", "data", "--world", "world", "--llm", uri, "--episodes", "2"];
        let agent = ["--agent", "il-rec", "--decode", "catalogue", "--set", "horizon=3", "--out", &out];
        let described = json(dir, &[&words[..], &agent[..]].concat());
        let sessions = std::fs::read(own.path().join(name).join("demonstrations.jsonl.gz")).unwrap();
        (described, sessions)
    };
    let (described, asked) = collect(&format!("gguf:{}", model.display()), "asked");
    assert_eq!(described["episodes"], 2);
    assert_eq!(described["grounding"]["exact"], described["steps"], "every title is one of the catalogue");
    assert!(described["llm_calls"].as_u64().unwrap() >= 3 * described["steps"].as_u64().unwrap());
    let cassette = own.path().join("asked.run/calls.sqlite");
    let (_, replayed) = collect(&format!("replay:{}", cassette.display()), "replayed");
    assert_eq!(asked, replayed, "a cassette gives the same demonstrations");
}
