//! What the README promises about the quickstart, checked on the JSON that it printed.

use crate::Finding;
use serde_json::Value;
use std::path::Path;

/// The policy that has to win.
const SUBJECT: &str = "il-rec";

/// The rows it has to win against: whole interval above whole interval. Of the others it is not said that it beats them.
const BEATEN: [&str; 3] = ["uniform", "untrained", "bc"];

/// Rows that have to be there, whatever they say.
const PRESENT: [&str; 12] = [
    "popularity",
    "greedy",
    "a2c",
    "planner",
    "ease",
    "item-knn",
    "bpr-mf",
    "lookahead",
    "demonstrator",
    "train-planner",
    "judge-planner",
    "oracle",
];

/// Everything that is missing from the answer or not as promised.
pub(crate) fn check(name: &str, text: &str, all_skipped: bool) -> Vec<Finding> {
    let Ok(answer) = serde_json::from_str::<Value>(text) else {
        return vec![Finding::new(name, "not one JSON object")];
    };
    let mut problems = check_stages(&answer, all_skipped);
    problems.extend(check_rows(&answer));
    if answer["report"].as_str().is_none_or(|report| !Path::new(report).is_file()) {
        problems.push(format!("no report at {}", answer["report"]));
    }
    problems.into_iter().map(|problem| Finding::new(name, problem)).collect()
}

fn check_stages(answer: &Value, all_skipped: bool) -> Vec<String> {
    let stages = answer["stages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut problems = Vec::new();
    if stages.is_empty() {
        problems.push("no stages".to_owned());
    }
    for stage in stages {
        if stage["name"].as_str().is_none() || stage["seconds"].as_f64().is_none() {
            problems.push(format!("a stage without name or seconds: {stage}"));
        }
        if all_skipped && stage["skipped"] != true {
            problems.push(format!("stage {} ran again although nothing changed", stage["name"]));
        }
    }
    problems
}

fn check_rows(answer: &Value) -> Vec<String> {
    let rows = answer["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    let row = |policy: &str| rows.iter().find(|row| row["policy"] == policy);
    let end = |policy: &str, end: &str| row(policy).and_then(|row| row["r_traj"][end].as_f64());
    let mut problems = Vec::new();
    for policy in [SUBJECT].iter().chain(&BEATEN).chain(&PRESENT) {
        let ordered = [end(policy, "lo"), end(policy, "mean"), end(policy, "hi")];
        match ordered {
            [Some(lo), Some(mean), Some(hi)] if lo <= mean && mean <= hi => {}
            _ => problems.push(format!("no row {policy} with an interval")),
        }
    }
    for other in BEATEN {
        if let (Some(lo), Some(hi)) = (end(SUBJECT, "lo"), end(other, "hi"))
            && lo <= hi
        {
            problems.push(format!("{SUBJECT} is not above {other}: from {lo:.1}, {other} up to {hi:.1}"));
        }
    }
    problems
}
