//! Configurations, the ledger of stages, and the measure of weights.

use crate::ledger::{Ledger, hash_path, key};
use crate::stages::train::auc;
use crate::*;

#[test]
fn the_quickstart_is_a_checked_configuration() {
    quickstart_config(3).check().unwrap();
    assert_eq!(quickstart_config(3).seed, 3);
}

#[test]
fn mistakes_in_a_file_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.toml");
    let text = include_str!("../../../presets/quickstart.toml");
    let message = |text: String| {
        std::fs::write(&path, text).unwrap();
        RunConfig::read(&path).unwrap_err().to_string()
    };
    assert!(message(text.replace("training_seeds", "training_seed")).contains("training_seed"));
    assert!(message(text.replace("no-hazard", "no-hazards")).contains("no ablation is called no-hazards"));
    assert!(message(text.replace("[0, 1, 2]", "[]")).contains("at least one is needed"));
    assert!(message(format!("{text}\n[learner.hazard]\nbatches = 3\n")).contains("batches"));
}

#[test]
fn variants_are_switches_of_one_learner() {
    let run = quickstart_config(0);
    let switches = |variant| learner_config(&run, &variant).unwrap().switches;
    let full = switches(Variant::Full);
    assert!(full.demonstrations && full.hazard && full.actor_critic);
    let control = switches(Variant::ActorCritic);
    assert!(!control.demonstrations && !control.hazard && control.actor_critic);
    assert!(!switches(Variant::BehaviorCloning).actor_critic);
    for variant in Variant::ABLATIONS {
        assert_eq!(Variant::of(variant.name()).unwrap(), variant);
    }
}

#[test]
fn a_stage_is_finished_only_with_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path());
    let made_of = |n: u32| key(&[&"world", &n]);
    ledger.finish("world", &made_of(1), 0.5).unwrap();
    let reopened = Ledger::open(dir.path());
    assert!(reopened.finished("world", &made_of(1)));
    assert!(!reopened.finished("world", &made_of(2)) && !reopened.finished("data", &made_of(1)));
    std::fs::write(dir.path().join("stages.json"), b"{torn").unwrap();
    assert!(!Ledger::open(dir.path()).finished("world", &made_of(1)), "a torn ledger is an empty one");
}

#[test]
fn the_hash_of_an_input_is_that_of_its_bytes_and_names() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    file("a.csv", "1");
    let first = hash_path(dir.path()).unwrap();
    assert_eq!(hash_path(dir.path()).unwrap(), first);
    file("a.csv", "2");
    assert_ne!(hash_path(dir.path()).unwrap(), first);
    assert!(hash_path(&dir.path().join("absent")).is_err());
}

#[test]
fn weights_that_tell_corrupted_steps_apart_score_one() {
    let demonstration = demonstrations::Demonstration {
        id: "a".into(),
        user: mdp::UserIdx(0),
        user_id: "1".into(),
        history_titles: Vec::new(),
        steps: Vec::new(),
        reminded_of: Vec::new(),
        lesson: None,
    };
    let marked = vec![(demonstration, vec![true, false, false, true])];
    let score = |weights: [f32; 4]| auc(&marked, &[weights.to_vec()]);
    assert_eq!(score([0.1, 2.0, 1.0, 0.2]), Some(1.0));
    assert_eq!(score([2.0, 0.1, 0.2, 1.0]), Some(0.0));
    assert_eq!(score([1.0; 4]), Some(0.5));
    assert_eq!(auc(&marked, &[Vec::new()]), None, "nothing was weighed");
}
