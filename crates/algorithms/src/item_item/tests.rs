//! The best fit is kept, and damaged policies are refused.

use super::*;
use crate::tests::{Domain, domain, users};
use collaborative::{ItemKnnConfig, item_knn};
use learning::{Silent, train};

/// Weights of the log, and the same against it, one or the other first.
fn fits(is_log_first: bool) -> Vec<Fit> {
    let fit = |sign: f32| -> Fit {
        Box::new(move |choices| {
            let model = item_knn(choices, &ItemKnnConfig { n_neighbours: 30, shrinkage: 0.0 })?;
            let (ends, targets, weights) = model.parts();
            let weights = weights.iter().map(|weight| sign * weight).collect();
            Ok(ItemItem::from_parts(ends.to_vec(), targets.to_vec(), weights).expect("parts of a model"))
        })
    };
    let (with, against) = (fit(1.0), fit(-1.0));
    if is_log_first { vec![with, against] } else { vec![against, with] }
}

fn trained(domain: &Domain, is_log_first: bool) -> Box<dyn TrainedPolicy> {
    let (training, validation) = (users(domain, 0..20), users(domain, 20..30));
    let inputs = Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &training,
        validation: &validation,
        demonstrators: &[],
        demonstrations: &[],
        tables: &domain.tables,
    };
    let run = run("item-item", &inputs, fits(is_log_first), 4.0, 5).unwrap();
    train(run, &inputs, 5, None, &mut Silent).unwrap().policy
}

#[test]
fn the_fit_that_finds_most_is_kept_wherever_it_stands() {
    let domain = domain();
    let hash = |policy: Box<dyn TrainedPolicy>| policy.to_tensors(&domain.catalogue).hash();
    assert_eq!(hash(trained(&domain, true)), hash(trained(&domain, false)));
}

#[test]
fn numbers_that_no_fit_gives_are_refused() {
    let domain = domain();
    let tensors = trained(&domain, true).to_tensors(&domain.catalogue);
    assert!(ItemItemPolicy::open(tensors.clone(), &domain.catalogue).is_ok());
    for (name, bad) in [
        ("prior", f32::NAN),
        ("prior", f32::INFINITY),
        ("item_item.weights", 3e38),
        ("item_item.targets", 1e30),
        ("item_item.ends", 1e30),
    ] {
        let (shape, numbers) = tensors.get(name).unwrap();
        let (shape, mut numbers) = (shape.to_vec(), numbers.to_vec());
        // The last list's end, or anything of the others.
        let at = if name == "item_item.ends" { numbers.len() - 2 } else { 0 };
        numbers[at] = bad;
        let mut damaged = tensors.clone();
        damaged.insert(name, &shape, numbers);
        let opened = ItemItemPolicy::open(damaged, &domain.catalogue);
        assert!(opened.is_err(), "{name} {bad}");
    }
}
