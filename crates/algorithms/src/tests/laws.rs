//! What every entry of the registry keeps to.

mod inputs;
mod terms;

use super::*;
use crate::{Entry, Kind, REGISTRY, Settings, find, open};
use artefact::Tensors;
use environment::{Start, rollout};
use learning::{
    Checkpoints, Demonstrations, Inputs, LearningError, Observer, Run, Schedule, Silent, Term, Trained, train,
};
use mdp::{ItemSet, Policy, SessionContext};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Settings with which an entry trains in a moment.
pub(super) fn small(entry: &Entry) -> Value {
    toml::from_str(entry.small).unwrap_or_else(|e| panic!("{}: {e}", entry.name))
}

fn run(
    entry: &Entry,
    domain: &Domain,
    demonstrations: &[Demonstrated],
    resume: Option<Tensors>,
    observer: &mut dyn Observer,
) -> Result<Trained, LearningError> {
    let settings = entry.settings(&small(entry))?;
    started(&*settings, domain, demonstrations, Vec::new(), |run, inputs| {
        train(run, inputs, 5, resume, observer)
    })
}

/// Does something with a run from its start, with more terms behind its own.
pub(super) fn started<T>(
    settings: &dyn Settings,
    domain: &Domain,
    demonstrations: &[Demonstrated],
    terms: Vec<Box<dyn Term>>,
    then: impl FnOnce(Run<'_>, &Inputs<'_>) -> Result<T, LearningError>,
) -> Result<T, LearningError> {
    let (training, validation) = (users(domain, 0..20), users(domain, 20..30));
    let inputs = Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &training,
        validation: &validation,
        demonstrators: &[],
        demonstrations,
        tables: &domain.tables,
    };
    let mut run = settings.start(&inputs, 5)?;
    terms.into_iter().for_each(|term| run.terms.push(term));
    then(run, &inputs)
}

pub(super) fn trained(entry: &Entry, domain: &Domain) -> Trained {
    run(entry, domain, &domain.demonstrations, None, &mut Silent)
        .unwrap_or_else(|e| panic!("{}: {e}", entry.name))
}

pub(super) fn hash(domain: &Domain, trained: &Trained) -> String {
    trained.policy.to_tensors(&domain.catalogue).hash()
}

/// Every key of a table, with those above it.
fn keys(value: &Value) -> Vec<String> {
    let Value::Object(table) = value else { return Vec::new() };
    let below = |(key, value): (&String, &Value)| {
        let deeper = keys(value).into_iter().map(move |rest| format!("{key}.{rest}"));
        std::iter::once(key.clone()).chain(deeper).collect::<Vec<_>>()
    };
    let mut all: Vec<String> = table.iter().flat_map(below).collect();
    all.sort();
    all
}

#[test]
fn entries_have_names_settings_and_a_page_of_their_own() {
    let names: BTreeSet<&str> = REGISTRY.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), REGISTRY.len());
    for entry in REGISTRY {
        let settings = entry.settings(&json!({})).unwrap_or_else(|e| panic!("{}: {e}", entry.name));
        assert_eq!(keys(&settings.value()), keys(&entry.defaults()), "{}: the preset is whole", entry.name);
        let unknown = entry.settings(&json!({ "no_such_key": 1 })).unwrap_err().to_string();
        assert!(unknown.contains("no_such_key"), "{}: {unknown}", entry.name);
        assert!(entry.readme.starts_with(&format!("# {}", entry.name)), "{}", entry.name);
        for part in ["## Source", "## Where we differ", "## How to run it", "## What it earned"] {
            assert!(entry.readme.contains(part), "{}: its page has no `{part}`", entry.name);
        }
    }
    assert_eq!(find("planner").unwrap().kind, Kind::Control);
    assert!(find("no-such").is_none());
}

#[test]
fn the_same_seed_gives_the_same_parameters_on_any_number_of_threads() {
    let domain = domain();
    for entry in REGISTRY {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| hash(&domain, &trained(entry, &domain)))
        };
        assert_eq!(on(1), on(3), "{}", entry.name);
    }
}

#[test]
fn a_resumed_run_ends_where_an_uninterrupted_one_does() {
    let domain = domain();
    for entry in REGISTRY.iter().filter(|entry| entry.needs.schedule != Schedule::None) {
        let mut kept = Checkpoints::default();
        let whole = run(entry, &domain, &domain.demonstrations, None, &mut kept).unwrap();
        assert!(kept.0.len() > 1, "{}: {} checkpoints", entry.name, kept.0.len());
        for (number, state) in kept.0.iter().enumerate() {
            let from = Tensors::from_bytes(&state.to_bytes()).unwrap();
            let resumed = run(entry, &domain, &domain.demonstrations, Some(from), &mut Silent).unwrap();
            assert_eq!(hash(&domain, &resumed), hash(&domain, &whole), "{}, checkpoint {number}", entry.name);
            assert_eq!(resumed.progress, whole.progress, "{}, checkpoint {number}", entry.name);
        }
        let none = run(entry, &domain, &domain.demonstrations, Some(Tensors::default()), &mut Silent);
        let refused = none.err().unwrap_or_else(|| panic!("{}: an empty checkpoint", entry.name));
        assert!(
            matches!(refused, LearningError::Mismatch { what: "checkpoint", .. }),
            "{}: {refused}",
            entry.name
        );
    }
}

#[test]
fn what_needs_demonstrations_says_so_and_what_does_not_ignores_them() {
    let domain = domain();
    for entry in REGISTRY {
        let without = run(entry, &domain, &[], None, &mut Silent);
        match (entry.needs.demonstrations, without) {
            (Demonstrations::Needed, refused) => {
                let refused = refused.err().unwrap_or_else(|| panic!("{} learned from nothing", entry.name));
                assert!(
                    matches!(refused, LearningError::NoDemonstrations { .. }),
                    "{}: {refused}",
                    entry.name
                );
            }
            (wish, learned) => {
                let learned = learned.unwrap_or_else(|e| panic!("{}: {e}", entry.name));
                let (with, without) = (hash(&domain, &trained(entry, &domain)), hash(&domain, &learned));
                assert!(wish == Demonstrations::Welcome || with == without, "{}", entry.name);
            }
        }
    }
}

/// What a policy shows to some users in sessions of the train world.
fn sessions(domain: &Domain, policy: &dyn Policy) -> Vec<Trajectory> {
    let users = users(domain, 0..6);
    let starts: Vec<Start<'_>> =
        users.iter().map(|&(user, history)| Start { user, history, stream: 0 }).collect();
    rollout(&domain.environment, policy, &starts, 9).unwrap()
}

#[test]
fn policies_survive_their_files_and_refuse_another_catalogue() {
    let domain = domain();
    let other = Catalogue::new(vec![("x".into(), "Other".into(), vec![])]).0;
    for entry in REGISTRY {
        let policy = trained(entry, &domain).policy;
        let bytes = policy.to_tensors(&domain.catalogue).to_bytes();
        let read = |catalogue| open(entry.code.network, Tensors::from_bytes(&bytes).unwrap(), catalogue);
        let again = read(&domain.catalogue).unwrap();
        assert_eq!(sessions(&domain, &*again), sessions(&domain, &*policy), "{}", entry.name);
        assert_eq!(again.to_tensors(&domain.catalogue).hash(), policy.to_tensors(&domain.catalogue).hash());
        assert!(read(&other).is_err(), "{}: another catalogue", entry.name);
    }
    assert!(open("no-such", Tensors::default(), &domain.catalogue).is_err());
}

#[test]
fn policies_never_repeat_and_sessions_do_not_know_of_each_other() {
    let domain = domain();
    for entry in REGISTRY {
        let policy = trained(entry, &domain).policy;
        for session in sessions(&domain, &*policy) {
            let items: BTreeSet<ItemIdx> = session.steps.iter().map(|step| step.item).collect();
            assert_eq!(items.len(), session.steps.len(), "{} repeats", entry.name);
        }
        let mut log_probs = vec![0.0; N_ITEMS as usize];
        let context = SessionContext { user: UserIdx(2), history: &domain.histories[2] };
        let (mut one, mut two) = (policy.start(context), policy.start(context));
        let mut shown = ItemSet::empty(N_ITEMS as usize);
        for step in 0..4 {
            one.log_probs(&shown, &mut log_probs).unwrap();
            let mass: f32 = log_probs.iter().map(|log_p| log_p.exp()).sum();
            assert!((mass - 1.0).abs() < 1e-4, "{}: probabilities add up to {mass}", entry.name);
            let choice = one.choose(&shown, &mut rng_for(1, &[step]));
            let item = choice.item;
            assert!((log_probs[item.index()] - choice.log_prob_behavior).abs() < 1e-4, "{}", entry.name);
            one.observe(item, 4.0);
            shown.insert(item);
        }
        // Two sessions of one user do not know of each other.
        let fresh = ItemSet::empty(N_ITEMS as usize);
        let alone = policy.start(context).choose(&fresh, &mut rng_for(1, &[9]));
        // Whoever is served knows a user by history alone.
        if policy.ranker().is_ok() {
            let somebody_else = SessionContext { user: UserIdx(7), ..context };
            let theirs = policy.start(somebody_else).choose(&fresh, &mut rng_for(1, &[9]));
            assert_eq!(theirs, alone, "{}: it looks at who the user is", entry.name);
        }
        assert_eq!(two.choose(&fresh, &mut rng_for(1, &[9])), alone, "{}", entry.name);
    }
}

#[test]
fn every_policy_is_served_or_says_why_not() {
    let domain = domain();
    for entry in REGISTRY {
        let policy = trained(entry, &domain).policy;
        match policy.ranker() {
            Ok(ranker) => {
                let by_ranker = sessions(&domain, ranker);
                assert_eq!(by_ranker, sessions(&domain, &*policy), "{}: another forward pass", entry.name);
            }
            Err(why) => assert!(why.to_string().contains("cannot be served"), "{}: {why}", entry.name),
        }
    }
}
