//! What is served earns over HTTP what it earns in an evaluation.

use super::program::{domain, json, scratch};
use super::serving::Served;
use serde_json::Value;

/// Judged twice: by the evaluation itself, and by the same evaluation with every choice asked of a server.
fn check(dir: &std::path::Path, policy: &str, artefact: &str) -> (Value, Value) {
    let store = scratch();
    let served = Served::start(store.path(), artefact);
    let row = |policy: &str| {
        json(dir, &["eval", "--policy", policy, "--data", "data", "--world", "world", "--eval-seeds", "4"])
    };
    let (direct, over_http) = (row(policy), row(&format!("http://{}", served.addr)));
    let mean = over_http["r_traj"]["mean"].as_f64().expect("a number");
    let bound = |name: &str| direct["r_traj"][name].as_f64().expect("a number");
    assert!((bound("lo")..=bound("hi")).contains(&mean), "{policy}: {mean} over HTTP, directly {direct}");
    assert_eq!(direct["users"], over_http["users"]);
    (direct, over_http)
}

#[test]
fn returns_over_http_are_those_of_the_evaluation() {
    let (dir, own) = (domain(), scratch());
    let place = |name: &str| own.path().join(name).display().to_string();
    let policy = place("policy");
    let run = |line: &str| json(dir, &line.split(' ').collect::<Vec<_>>());
    run(&format!("train --data data --world world --demos demos --config train.toml --out {policy}"));
    let export = |name: &str, rest: &str| {
        let out = place(name);
        run(&format!("export --policy {policy} --data data --out {out}{rest}"));
        out
    };
    check(dir, "random", &export("uniform", " --control uniform"));
    check(dir, &policy, &export("learned", ""));
    // Nothing is drawn: the very same sessions.
    let (direct, over_http) = check(dir, "popularity", &export("popularity", " --control popularity"));
    assert_eq!(direct["r_traj"], over_http["r_traj"]);
    assert_eq!(direct["ndcg@10"], over_http["ndcg@10"]);
}
