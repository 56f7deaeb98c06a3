//! The graph through onnxruntime against the forward pass; skipped, and says so, where there is no onnxruntime.

use crate::message::Model;
use algorithms::RankerPolicy;
use artefact::Tensors;
use catalogue::Catalogue;
use mdp::{Interaction, ItemIdx, ItemSet, Rng, rng_for};
use prost::Message as _;
use rand::RngExt as _;
use ranking::{Ranker, Selection, Tracker, View};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const N_ITEMS: usize = 70;
const WIDTH: usize = 7;
const N_SESSIONS: usize = 40;

/// What varies between policies.
#[derive(Clone, Copy)]
struct Kind {
    has_categories: bool,
    has_hazard: bool,
    learns_in_session: bool,
}

fn catalogue(has_categories: bool) -> Catalogue {
    let row = |i: usize| {
        // Some items have two categories, some one, some none.
        let numbers = [i % 5, i % 7].into_iter().take(if has_categories { i % 3 } else { 0 });
        let categories = numbers.map(|number| format!("Category {number}")).collect();
        (format!("id{i}"), format!("The {i}th Film, Part {}", i % 4), categories)
    };
    Catalogue::new((0..N_ITEMS).map(row).collect()).0
}

fn ranker(kind: Kind, seed: u64) -> Ranker {
    let catalogue = catalogue(kind.has_categories);
    let mut rng = rng_for(seed, &[]);
    let mut tensors = Tensors::default();
    let mut fill = |name: &str, shape: &[usize], (low, high): (f32, f32)| {
        let n = shape.iter().product();
        let data = (0..n).map(|_| low + (high - low) * rng.random::<f32>()).collect();
        tensors.insert(name, shape, data);
    };
    fill("taste.offsets", &[N_ITEMS], (-1.0, 1.0));
    fill("taste.columns", &[WIDTH, N_ITEMS], (-1.0, 1.0));
    fill("taste.prior", &[WIDTH], (0.1, 1.0));
    fill("taste.counts", &[N_ITEMS], (0.0, 50.0));
    fill("actor", &[9 * 16 + 17 * 11], (-0.5, 0.5));
    if kind.has_hazard {
        fill("hazard.saturation", &[9 * 16 + 17], (-0.5, 0.5));
        fill("hazard.nearness", &[5 * 16 + 17], (-0.5, 0.5));
        fill("hazard.dislike", &[3 * 16 + 17], (-0.5, 0.5));
    }
    let parameters = json!({
        "catalogue": catalogue.hash(), "selection": Selection::Sample,
        "learns_in_session": kind.learns_in_session, "mean": 3.5, "noise": 0.7,
    });
    tensors.set_note(parameters.to_string());
    RankerPolicy::from_tensors(tensors, &catalogue).unwrap().ranker().clone()
}

/// A session in the layout of an artefact's self-test, with the score of every item that is left.
fn case(ranker: &Ranker, n_history: usize, n_steps: usize, rng: &mut Rng) -> Value {
    let mut left: Vec<u32> = (0..N_ITEMS as u32).collect();
    let mut draw = |rng: &mut Rng| {
        let item = left.swap_remove(rng.random_range(0..left.len()));
        (ItemIdx(item), rng.random_range(1..=5) as f32)
    };
    let rated: Vec<_> = (0..n_history).map(|_| draw(rng)).collect();
    let steps: Vec<_> = (0..n_steps).map(|_| draw(rng)).collect();
    let history: Vec<Interaction> =
        rated.iter().map(|&(item, rating)| Interaction { item, rating, time: 0 }).collect();
    let mut tracker = Tracker::new(&*ranker.items, &history, ranker.learns_in_session);
    steps.iter().for_each(|&(item, reward)| tracker.observe(item, reward));
    let mut taken = ItemSet::empty(N_ITEMS);
    rated.iter().chain(&steps).for_each(|&(item, _)| {
        taken.insert(item);
    });
    let (mut view, mut logits) = (View::default(), Vec::new());
    tracker.view(ranker.hazard.as_ref(), &taken, &mut view);
    ranker.actor.logits(&view, &taken, &mut logits);
    let scores: Vec<_> = logits.iter().enumerate().filter(|(_, score)| score.is_finite()).collect();
    assert_eq!(scores.len(), N_ITEMS - n_history - n_steps);
    json!({ "history": history, "steps": steps, "scores": scores })
}

/// The interpreter that has onnxruntime, where there is one.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn python() -> Option<String> {
    let python = std::env::var("ILREC_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let imported = Command::new(&python).args(["-c", "import numpy, onnxruntime"]).output();
    if imported.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let is_required = std::env::var_os("ILREC_REQUIRE_ONNXRUNTIME").is_some();
    assert!(!is_required, "{python} has no onnxruntime");
    eprintln!("skipped: {python} has no onnxruntime (pip install onnxruntime)");
    None
}

fn parity(python: &str, directory: &Path) -> Result<Value, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("parity.py");
    let output = Command::new(python).arg(script).arg(directory).output().unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

fn write(directory: &Path, ranker: &Ranker, cases: &[Value]) {
    std::fs::write(directory.join("policy.onnx"), crate::model(ranker, &[])).unwrap();
    std::fs::write(directory.join("serving.json"), json!({ "self_test": cases }).to_string()).unwrap();
}

#[test]
fn onnxruntime_gives_the_scores_of_the_forward_pass() {
    let Some(python) = python() else { return };
    for number in 0..8u64 {
        let kind = Kind {
            has_categories: number & 1 == 0,
            has_hazard: number & 2 == 0,
            learns_in_session: number & 4 == 0,
        };
        let ranker = ranker(kind, number);
        let mut rng = rng_for(number, &[1]);
        // Nobody known, a history alone, a session alone, both: of all lengths.
        let mut cases = vec![
            case(&ranker, 0, 0, &mut rng),
            case(&ranker, 12, 0, &mut rng),
            case(&ranker, 0, 1, &mut rng),
            case(&ranker, 1, 9, &mut rng),
        ];
        for _ in 0..N_SESSIONS {
            let (n_history, n_steps) = (rng.random_range(0..40), rng.random_range(0..20));
            cases.push(case(&ranker, n_history, n_steps, &mut rng));
        }
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &ranker, &cases);
        let found = parity(&python, folder.path()).unwrap();
        assert_eq!(found["cases"], cases.len());
    }
}

#[test]
fn scores_of_another_policy_are_told_apart() {
    let Some(python) = python() else { return };
    let kind = Kind { has_categories: true, has_hazard: true, learns_in_session: true };
    let (one, other) = (ranker(kind, 1), ranker(kind, 2));
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &one, &[case(&other, 5, 3, &mut rng_for(0, &[]))]);
    let error = parity(&python, folder.path()).unwrap_err();
    assert!(error.contains("by onnxruntime, expected"), "{error}");
}

#[test]
fn what_is_written_is_read_back_with_what_was_said_about_it() {
    let kind = Kind { has_categories: true, has_hazard: true, learns_in_session: true };
    let bytes = crate::model(&ranker(kind, 1), &[("catalogue", "0123")]);
    let model = Model::decode(bytes.as_slice()).unwrap();
    assert_eq!(model.metadata_props[0].value, "0123");
    let graph = model.graph.unwrap();
    let names = |values: &[crate::message::ValueInfo]| -> Vec<String> {
        values.iter().map(|value| value.name.clone()).collect()
    };
    assert_eq!(
        names(&graph.input),
        ["history_items", "history_ratings", "shown_items", "shown_rewards"],
        "what callers hand in"
    );
    assert_eq!(names(&graph.output), ["scores"]);
}
