//! What terms may do to a run, and what not.

use super::*;
use crate::TERMS;
use crate::terms::Build;
use learning::{Batch, Given, Hook, Hooks, Metrics, Scores, Situation, Stateful, Steps};
use rand::RngExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Is asked everywhere and says nothing.
#[derive(Clone)]
struct Quiet {
    hooks: Hooks,
    n_asked: Arc<[AtomicUsize; Hook::ALL.len()]>,
}

impl Quiet {
    fn at(hooks: Hooks) -> Self {
        Self { hooks, n_asked: Arc::default() }
    }

    fn asked<T>(&self, hook: Hook, answer: T) -> Outcome<T> {
        self.n_asked[hook as usize].fetch_add(1, Relaxed);
        Ok(answer)
    }
}

impl Stateful for Quiet {}

impl Term for Quiet {
    fn name(&self) -> &'static str {
        "silent"
    }

    fn hooks(&self) -> Hooks {
        self.hooks
    }

    fn learn(&mut self, _: Batch<'_>, rng: &mut mdp::Rng) -> Outcome<Metrics> {
        // What a term draws is nobody else's.
        rng.random::<u64>();
        self.asked(Hook::Learn, Metrics::default())
    }

    fn reward(&self, _: &Steps, _: &mut [f32], _: &mut [f32]) -> Outcome<Given> {
        self.asked(Hook::Reward, Given::No)
    }

    fn utility(&self, _: &Steps, _: &mut [f32]) -> Outcome<Given> {
        self.asked(Hook::Utility, Given::Yes)
    }

    fn weights(&self, _: &Steps, _: &mut [f32]) -> Outcome<Given> {
        self.asked(Hook::Weights, Given::Yes)
    }

    fn loss(&self, _: &Steps, _: Scores<'_>, _: &mut [f32]) -> Outcome<f32> {
        self.asked(Hook::Loss, 0.0)
    }

    fn bias(&self, _: Situation<'_>, _: &mut [f32]) -> Outcome<Given> {
        self.asked(Hook::Bias, Given::Yes)
    }
}

fn with_term(entry: &Entry, domain: &Domain, term: impl Term + 'static) -> Result<Trained, LearningError> {
    let settings = entry.settings(&small(entry))?;
    let term: Vec<Box<dyn Term>> = vec![Box::new(term)];
    started(&*settings, domain, &domain.demonstrations, term, |run, inputs| {
        assert_eq!(run.algorithm.needs(), entry.needs, "{}", entry.name);
        train(run, inputs, 5, None, &mut Silent)
    })
}

#[test]
fn neutrality_a_term_that_says_nothing_is_asked_and_changes_nothing() {
    let domain = domain();
    for entry in REGISTRY {
        let silent = Quiet::at(entry.needs.asks);
        let told =
            with_term(entry, &domain, silent.clone()).unwrap_or_else(|e| panic!("{}: {e}", entry.name));
        assert_eq!(hash(&domain, &told), hash(&domain, &trained(entry, &domain)), "{}", entry.name);
        for hook in Hook::ALL {
            let n_asked = silent.n_asked[hook as usize].load(Relaxed);
            assert_eq!(n_asked > 0, entry.needs.asks.has(hook), "{}, {}", entry.name, hook.word());
        }
    }
}

#[test]
fn a_term_that_would_not_be_heard_is_refused_at_the_start() {
    let domain = domain();
    for entry in REGISTRY {
        for hook in Hook::ALL.into_iter().filter(|hook| !entry.needs.asks.has(*hook)) {
            let refused = with_term(entry, &domain, Quiet::at(Hooks::of(&[hook]))).err();
            let refused =
                refused.unwrap_or_else(|| panic!("{} took {}", entry.name, hook.word())).to_string();
            let (word, name) = (hook.word(), entry.name);
            assert!(refused.starts_with(&format!("the term silent acts through the hook `{word}`, which ")));
            assert!(refused.contains(&format!("{name} never calls")), "{refused}");
        }
    }
}

/// Settings of an entry with a term of the registry.
fn with(entry: &Entry, term: &str, coefficient: f64) -> Value {
    let mut settings = small(entry);
    settings["term"] = json!({ term: { "coefficient": coefficient } });
    settings
}

#[test]
fn vanishing_a_term_of_weight_nought_is_no_term_and_any_other_acts_or_is_refused() {
    let domain = domain();
    let own = TERMS.iter().filter(|term| matches!(term.build, Build::Own(_)));
    for (entry, term) in own.flat_map(|term| REGISTRY.iter().map(move |entry| (entry, term))) {
        let at = format!("{} with {}", entry.name, term.name);
        let by = |coefficient| {
            let settings = entry.settings(&with(entry, term.name, coefficient))?;
            started(&*settings, &domain, &domain.demonstrations, Vec::new(), |run, inputs| {
                train(run, inputs, 5, None, &mut Silent)
            })
        };
        let plain = hash(&domain, &trained(entry, &domain));
        let nought = by(0.0).unwrap_or_else(|e| panic!("{at}: {e}"));
        assert_eq!(hash(&domain, &nought), plain, "{at}");
        match by(10.0) {
            Err(refused) => {
                assert!(matches!(refused, LearningError::Unheard { .. }), "{at}: {refused}");
                assert!(term.hooks.iter().any(|hook| !entry.needs.asks.has(hook)), "{at}");
            }
            // The planner's actor does not learn.
            Ok(told) => assert_eq!(hash(&domain, &told) == plain, entry.name == "planner", "{at}"),
        }
    }
}

/// Insists on one item while the policy learns.
struct Insists;

const WANTED: ItemIdx = ItemIdx(17);

impl Stateful for Insists {}

impl Term for Insists {
    fn name(&self) -> &'static str {
        "insists"
    }

    fn hooks(&self) -> Hooks {
        Hooks::of(&[Hook::Bias])
    }

    fn bias(&self, _: Situation<'_>, out: &mut [f32]) -> Outcome<Given> {
        out[WANTED.index()] += 1000.0;
        Ok(Given::Yes)
    }
}

#[test]
fn off_at_evaluation_nothing_of_a_term_is_left_in_the_policy() {
    let domain = domain();
    for entry in REGISTRY.iter().filter(|entry| entry.needs.asks.has(Hook::Bias)) {
        let policy = with_term(entry, &domain, Insists).unwrap().policy;
        let opened =
            open(entry.code.network, policy.to_tensors(&domain.catalogue), &domain.catalogue).unwrap();
        let played = sessions(&domain, &*policy);
        assert_eq!(sessions(&domain, &*opened), played, "{}", entry.name);
        let n_wanted = played.iter().filter(|session| session.steps[0].item == WANTED).count();
        assert!(n_wanted < played.len(), "{}: it goes on insisting", entry.name);
    }
}
