//! Laws of whole runs, and a tiny problem solved for users never seen.

use super::*;
use environment::{Start, rollout};
use learning::{Checkpoints, Silent, TrainedPolicy, Weighed, weighed};

fn run(domain: &Domain, config: &Config, resume: Option<Tensors>) -> (Trained, Vec<Tensors>) {
    let (training, validation) = (users(domain, 0..20), users(domain, 20..30));
    let inputs = Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &training,
        validation: &validation,
        demonstrators: &[],
        demonstrations: &domain.demonstrations,
        tables: &domain.tables,
    };
    let mut kept = Checkpoints::default();
    let trained = train(config.start(&inputs, 7).unwrap(), &inputs, 7, resume, &mut kept).unwrap();
    (trained, kept.0)
}

fn mean_return(domain: &Domain, policy: &dyn TrainedPolicy) -> f32 {
    let unseen = users(domain, 30..40);
    let starts: Vec<Start<'_>> =
        unseen.iter().map(|&(user, history)| Start { user, history, stream: 0 }).collect();
    let sessions = rollout(&domain.environment, policy as &dyn mdp::Policy, &starts, 0).unwrap();
    sessions.iter().flat_map(|t| &t.steps).map(|s| s.reward).sum::<f32>() / starts.len() as f32
}

#[test]
fn it_solves_a_tiny_problem_for_users_never_seen() {
    let domain = domain();
    let (trained, _) = run(&domain, &small_config(), None);
    let got = mean_return(&domain, &*trained.policy);
    // One category in six makes a user leave at once, so uniform choice lasts about five steps, worth 15.
    assert!(got > 45.0, "return {got}");
    assert!(trained.progress.best_validation.unwrap() > 45.0);
}

#[test]
fn what_training_made_of_a_demonstration_is_found_by_what_was_shown() {
    let domain = domain();
    let (trained, _) = run(&domain, &small_config(), None);
    let told = weighed(&domain.demonstrations, &trained.explained);
    assert_eq!(told.len(), domain.demonstrations.len());
    for (at, demonstration) in domain.demonstrations.iter().enumerate() {
        let found: Vec<&Weighed> = told.iter().filter(|one| one.is_of(demonstration)).collect();
        let [one] = found.as_slice() else { panic!("{} of demonstration {at}", found.len()) };
        assert_eq!(
            (one.id.as_str(), &one.weights),
            (demonstration.id.as_str(), &trained.explained[at].weights)
        );
        assert_eq!(one.values.len(), demonstration.session.steps.len());
        // Twenty steps of at most 5 are the most that a session can earn.
        assert!(one.values.iter().all(|value| (-20.0..120.0).contains(value)), "{:?}", one.values);
    }
}

#[test]
fn demonstrated_steps_are_remembered_once_however_often_they_are_followed() {
    let domain = domain();
    let of_training = domain.demonstrations.iter().map(|d| &d.session).filter(|d| d.user.0 < 20);
    let n_steps: usize = of_training.map(|d| d.steps.len()).sum();
    let mut config = small_config();
    config.switches.actor_critic = false;
    config.training.warm_start_iterations = 40;
    for sessions in [7, usize::MAX] {
        config.imitation.sessions_per_iteration = sessions;
        let (_, checkpoints) = run(&domain, &config, None);
        let last = checkpoints.last().unwrap();
        assert_eq!(last.get("algorithm/memory").unwrap().0[0], n_steps, "{sessions} sessions an update");
    }
}

#[test]
fn damaged_checkpoints_are_refused() {
    let domain = domain();
    let (_, checkpoints) = run(&domain, &small_config(), None);
    let mut damaged = checkpoints[0].clone();
    damaged.take("algorithm/critic", &[damaged.get("algorithm/critic").unwrap().1.len()]);
    let (training, validation) = (users(&domain, 0..20), users(&domain, 20..30));
    let inputs = Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &training,
        validation: &validation,
        demonstrators: &[],
        demonstrations: &domain.demonstrations,
        tables: &domain.tables,
    };
    let run = || small_config().start(&inputs, 7).unwrap();
    let refused = |resume| train(run(), &inputs, 7, resume, &mut Silent).err().unwrap();
    assert!(matches!(refused(Some(damaged)), LearningError::Mismatch { what: "checkpoint", .. }));
    assert!(matches!(refused(Some(Tensors::default())), LearningError::Mismatch { .. }));
}

#[test]
fn without_demonstrations_nothing_of_them_is_left() {
    let mut without = domain();
    let mut config = small_config();
    config.switches.demonstrations = false;
    let with_unused = run(&without, &config, None).0.policy.to_tensors(&without.catalogue).hash();
    without.demonstrations.clear();
    let none = run(&without, &config, None).0.policy.to_tensors(&without.catalogue).hash();
    assert_eq!(with_unused, none, "switched-off demonstrations change nothing");
}

#[test]
fn impossible_runs_are_refused() {
    let domain = domain();
    let everyone = users(&domain, 0..5);
    let inputs = Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &everyone,
        validation: &[],
        demonstrators: &[],
        demonstrations: &[],
        tables: &domain.tables,
    };
    let refused = |inputs: &Inputs<'_>| {
        let run = small_config().start(inputs, 0);
        run.and_then(|run| train(run, inputs, 0, None, &mut Silent)).err().unwrap()
    };
    assert!(matches!(refused(&inputs), LearningError::NoUsers("validation")));
    let inputs = Inputs { validation: &everyone, ..inputs };
    assert!(matches!(refused(&inputs), LearningError::NoDemonstrations { n_demonstrations: 0 }));
}

#[test]
fn neutral_first_weights_prefer_nothing() {
    let domain = domain();
    let mut config = small_config();
    config.training.first_weights = FirstWeights::Neutral;
    config.training.n_env_steps = 0;
    config.training.selection = Selection::Sample;
    config.switches.demonstrations = false;
    let (trained, _) = run(&domain, &config, None);
    let history = &domain.histories[0];
    let mut session = trained.policy.start(mdp::SessionContext { user: UserIdx(0), history });
    let shown = mdp::ItemSet::empty(N_ITEMS as usize);
    let choice = session.choose(&shown, &mut rng_for(0, &[]));
    assert!((choice.log_prob_behavior + (N_ITEMS as f32).ln()).abs() < 1e-4, "{choice:?}");
}
