//! Agents over a real language model, in process: the whole loop, and the same again from its cassette.

use crate::program::{domain, json, scratch};
use shared_data::shared_model;

#[test]
fn a_real_model_demonstrates_and_is_played_back() {
    let (Some(model), Some(vectors)) = (shared_model("smollm2-135m"), shared_model("minilm")) else { return };
    let (dir, own) = (domain(), scratch());
    let collect = |uri: &str, embedder: &str, name: &str| {
        let out = own.path().join(name).display().to_string();
        let words =
            ["demos", "collect", "--data", "data", "--world", "world", "--llm", uri, "--embedder", embedder];
        let agent = ["--agent", "il-rec", "--decode", "catalogue", "--episodes", "4", "--out", &out];
        let short = ["--set", "batch=2", "--set", "horizon=3", "--set", "attempts=3"];
        let described = json(dir, &[&words[..], &agent[..], &short[..]].concat());
        let sessions = std::fs::read(own.path().join(name).join("demonstrations.jsonl.gz")).unwrap();
        (described, sessions)
    };
    let minilm = format!("minilm:{}", vectors.display());
    let (described, asked) = collect(&format!("gguf:{}", model.display()), &minilm, "asked");
    assert!(described["episodes"].as_u64().unwrap() > 0, "{described}");
    assert!(described["llm_calls"].as_u64().unwrap() >= 3 * described["steps"].as_u64().unwrap());
    let cassette = |name: &str| format!("replay:{}", own.path().join("asked.run").join(name).display());
    let (_, replayed) = collect(&cassette("calls.sqlite"), &cassette("vectors.sqlite"), "replayed");
    assert_eq!(asked, replayed, "cassettes give the same demonstrations");
}

#[test]
fn lists_are_grounded_by_meaning() {
    let Some(vectors) = shared_model("minilm") else { return };
    let (dir, own) = (domain(), scratch());
    std::fs::write(own.path().join("lists.csv"), "user,rank,title\nu0,1,film number the 12th\n").unwrap();
    let (input, out) = (own.path().join("lists.csv"), own.path().join("demos"));
    let minilm = format!("minilm:{}", vectors.display());
    let place = ["--data", "data", "--world", "world", "--out", out.to_str().unwrap()];
    let words = ["demos", "import", "lists", "--input", input.to_str().unwrap(), "--embedder", &minilm];
    let described = json(dir, &[&words[..], &place[..]].concat());
    assert_eq!(described["grounding"]["embedding"], 1, "{described}");
    assert!(own.path().join("demos.run/vectors.sqlite").is_file());
}
