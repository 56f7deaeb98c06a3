//! Laws of whole runs, and a tiny problem solved for users never seen.

use super::*;
use artefact::Tensors;
use environment::{Start, rollout};

type Users<'a> = Vec<(UserIdx, &'a [Interaction])>;

fn users(domain: &Domain, range: std::ops::Range<u32>) -> Users<'_> {
    range.map(|u| (UserIdx(u), domain.histories[u as usize].as_slice())).collect()
}

struct Keeps(Vec<Vec<u8>>);

impl Observer for Keeps {
    fn updated(
        &mut self,
        _: &Progress,
        _: &UpdateReport,
        _: bool,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
    fn checkpoint(
        &mut self,
        state: &dyn Fn() -> Tensors,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.0.push(state().to_bytes());
        Ok(())
    }
}

fn run(domain: &Domain, config: &RobustConfig, resume: Option<Tensors>) -> (Trained, Vec<Vec<u8>>) {
    let (training, validation) = (users(domain, 0..20), users(domain, 20..30));
    let inputs = Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &training,
        validation: &validation,
        demonstrations: &domain.demonstrations,
    };
    let mut kept = Keeps(Vec::new());
    let trained = train(&inputs, config, 7, resume, &mut kept).unwrap();
    (trained, kept.0)
}

fn mean_return(domain: &Domain, policy: &RobustPolicy) -> f32 {
    let unseen = users(domain, 30..40);
    let starts: Vec<Start<'_>> =
        unseen.iter().map(|&(user, history)| Start { user, history, stream: 0 }).collect();
    let sessions = rollout(&domain.environment, policy, &starts, 0).unwrap();
    sessions.iter().flat_map(|t| &t.steps).map(|s| s.reward).sum::<f32>() / starts.len() as f32
}

#[test]
fn it_solves_a_tiny_problem_for_users_never_seen() {
    let domain = domain();
    let (trained, _) = run(&domain, &small_config(), None);
    let got = mean_return(&domain, &trained.policy);
    // One category in six makes a user leave at once, so uniform choice lasts about five steps, worth 15.
    assert!(got > 45.0, "return {got}");
    assert!(trained.progress.best_validation.unwrap() > 45.0);
}

#[test]
fn what_training_made_of_a_demonstration_is_found_by_what_was_shown() {
    let domain = domain();
    let (trained, _) = run(&domain, &small_config(), None);
    let told = weighed(&domain.demonstrations, &trained);
    assert_eq!(told.len(), domain.demonstrations.len());
    for (at, demonstration) in domain.demonstrations.iter().enumerate() {
        let found: Vec<&Weighed> = told.iter().filter(|one| one.is_of(demonstration)).collect();
        let [one] = found.as_slice() else { panic!("{} of demonstration {at}", found.len()) };
        assert_eq!(one.weights, trained.weights[at]);
        assert_eq!(one.values.len(), demonstration.steps.len());
        // Twenty steps of at most 5 are the most that a session can earn.
        assert!(one.values.iter().all(|value| (-20.0..120.0).contains(value)), "{:?}", one.values);
    }
}

#[test]
fn the_same_seed_gives_the_same_parameters_on_one_and_two_threads() {
    let domain = domain();
    let hash = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| run(&domain, &small_config(), None).0.policy.parameter_hash(&domain.catalogue))
    };
    assert_eq!(hash(1), hash(2));
}

#[test]
fn a_resumed_run_ends_where_an_uninterrupted_one_does() {
    let domain = domain();
    let (whole, checkpoints) = run(&domain, &small_config(), None);
    assert!(checkpoints.len() > 2, "checkpoints were kept");
    let at = Tensors::from_bytes(&checkpoints[1]).unwrap();
    let (resumed, _) = run(&domain, &small_config(), Some(at));
    assert_eq!(resumed.progress, whole.progress);
    let hash = |t: &Trained| t.policy.parameter_hash(&domain.catalogue);
    assert_eq!(hash(&resumed), hash(&whole));
}

#[test]
fn demonstrated_steps_are_remembered_once_however_often_they_are_followed() {
    let domain = domain();
    let of_training = domain.demonstrations.iter().filter(|d| d.user.0 < 20);
    let n_steps: usize = of_training.map(|d| d.steps.len()).sum();
    let mut config = small_config();
    config.switches.actor_critic = false;
    config.training.warm_start_iterations = 40;
    for sessions in [7, usize::MAX] {
        config.imitation.sessions_per_iteration = sessions;
        let (_, checkpoints) = run(&domain, &config, None);
        let last = Tensors::from_bytes(checkpoints.last().unwrap()).unwrap();
        assert_eq!(last.get("memory").unwrap().0[0], n_steps, "{sessions} sessions an update");
    }
}

#[test]
fn damaged_checkpoints_are_refused() {
    let domain = domain();
    let (_, checkpoints) = run(&domain, &small_config(), None);
    let mut damaged = Tensors::from_bytes(&checkpoints[0]).unwrap();
    damaged.take("critic", &[damaged.get("critic").unwrap().1.len()]);
    let (training, validation) = (users(&domain, 0..20), users(&domain, 20..30));
    let inputs = Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &training,
        validation: &validation,
        demonstrations: &domain.demonstrations,
    };
    let refused = |resume| train(&inputs, &small_config(), 7, resume, &mut Silent).unwrap_err();
    assert!(matches!(refused(Some(damaged)), RobustError::Mismatch { what: "checkpoint", .. }));
    assert!(matches!(refused(Some(Tensors::default())), RobustError::Mismatch { .. }));
}

#[test]
fn a_policy_survives_its_file_and_refuses_another_catalogue() {
    let domain = domain();
    let (trained, _) = run(&domain, &small_config(), None);
    let bytes = trained.policy.to_tensors(&domain.catalogue).to_bytes();
    let read = |catalogue| RobustPolicy::from_tensors(Tensors::from_bytes(&bytes).unwrap(), catalogue);
    let again = read(&domain.catalogue).unwrap();
    assert_eq!(mean_return(&domain, &again), mean_return(&domain, &trained.policy));
    assert_eq!(again.parameter_hash(&domain.catalogue), trained.policy.parameter_hash(&domain.catalogue));
    let other = Catalogue::new(vec![("x".into(), "Other".into(), vec![])]).0;
    assert!(matches!(read(&other), Err(RobustError::Mismatch { what: "policy", .. })));
}

#[test]
fn without_demonstrations_nothing_of_them_is_left() {
    let mut without = domain();
    let mut config = small_config();
    config.switches.demonstrations = false;
    let with_unused = run(&without, &config, None).0.policy.parameter_hash(&without.catalogue);
    without.demonstrations.clear();
    let none = run(&without, &config, None).0.policy.parameter_hash(&without.catalogue);
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
        demonstrations: &[],
    };
    let refused = |inputs: &Inputs<'_>| train(inputs, &small_config(), 0, None, &mut Silent).unwrap_err();
    assert!(matches!(refused(&inputs), RobustError::NoUsers("validation")));
    let inputs = Inputs { validation: &everyone, ..inputs };
    assert!(matches!(refused(&inputs), RobustError::NoDemonstrations));
}
