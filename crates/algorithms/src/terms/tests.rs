//! Settings of terms, and their losses against finite differences.

use super::*;
use crate::tests::{N_ITEMS, domain, users};
use learning::{Inputs, Steps};
use mdp::ItemIdx;
use serde_json::json;

#[test]
fn entries_have_names_and_settings_of_their_own() {
    let names: std::collections::BTreeSet<&str> = TERMS.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), TERMS.len());
    for entry in TERMS {
        match entry.build {
            Build::Own(build) => {
                let term = build(entry.defaults()).unwrap();
                assert_eq!((term.name(), term.hooks()), (entry.name, entry.hooks));
                let mut unknown = entry.defaults();
                unknown["no_such_key"] = json!(1);
                assert!(build(unknown).err().unwrap().to_string().contains("no_such_key"), "{}", entry.name);
            }
            Build::PartOf(algorithm) => {
                assert!(crate::find(algorithm).is_some());
                let refused = entry.term(entry.defaults()).err().unwrap().to_string();
                assert_eq!(refused, "settings of term: il-rec is a part of il-rec, and comes with it");
            }
        }
    }
}

#[test]
fn a_term_is_read_from_one_word() {
    let (entry, changes) = parse_term("entropy:coefficient=0.5,by_advantage=true").unwrap();
    assert_eq!((entry.name, changes), ("entropy", json!({ "coefficient": 0.5, "by_advantage": true })));
    assert_eq!(parse_term("entropy").unwrap().1, json!({}));
    assert_eq!(
        parse_term("entropi").unwrap_err(),
        "no term is called entropi; there are il-rec, entropy, popularity"
    );
    assert_eq!(
        parse_term("entropy:0.5").unwrap_err(),
        "expected NAME:key=value,..., got `0.5` after entropy"
    );
}

/// The losses of every term are those of their gradients, where some items could not be shown and advantages differ.
#[test]
fn losses_agree_with_finite_differences() {
    let domain = domain();
    let (train, validation) = (users(&domain, 0..20), users(&domain, 20..30));
    let inputs = Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &train,
        validation: &validation,
        demonstrators: &[],
        demonstrations: &[],
        tables: &domain.tables,
    };
    let n_items = N_ITEMS as usize;
    let steps =
        Steps { items: vec![ItemIdx(0), ItemIdx(1)], advantages: vec![1.5, -0.5], ..Steps::default() };
    let changes =
        [("entropy", json!({})), ("entropy", json!({ "by_advantage": true })), ("popularity", json!({}))];
    for (name, changes) in changes {
        let (_, mut settings) = laid_out(json!({ name: changes })).unwrap().remove(0);
        settings["coefficient"] = json!(2.0);
        let mut term = find_term(name).unwrap().term(settings).unwrap();
        term.prepare(&inputs).unwrap();
        let logits: Vec<f32> = (0..2 * n_items).map(|k| ((k * 37) % 11) as f32 / 5.0).collect();
        let loss_of = |logits: &[f32]| {
            let mut log_probs = logits.to_vec();
            for row in log_probs.chunks_exact_mut(n_items) {
                row[3..9].fill(f32::NEG_INFINITY);
                kernels::log_softmax_in_place(row);
            }
            let mut gradient = vec![0.0; log_probs.len()];
            let scores = Scores { steps: &(0..2), n_items, log_probs: &log_probs };
            (term.loss(&steps, scores, &mut gradient).unwrap(), gradient)
        };
        let gradient = loss_of(&logits).1;
        assert!(gradient[3..9].iter().all(|g| *g == 0.0), "{name}: what could not be shown");
        for at in [0, 20, 59, 60, 75, 100] {
            let moved = |by: f32| {
                let mut logits = logits.clone();
                logits[at] += by;
                loss_of(&logits).0
            };
            let numeric = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((numeric - gradient[at]).abs() < 1e-3, "{name} {at}: {} against {numeric}", gradient[at]);
        }
    }
}
