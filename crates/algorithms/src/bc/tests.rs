//! Behaviour cloning imitates, and stops where held-out demonstrations are likeliest.

use super::*;
use crate::tests::{Domain, Users, domain, users};
use learning::{Silent, Trained, train};

fn inputs<'a>(domain: &'a Domain, users: &'a (Users<'a>, Users<'a>)) -> Inputs<'a> {
    Inputs {
        catalogue: &domain.catalogue,
        environment: &domain.environment,
        train: &users.0,
        validation: &users.1,
        demonstrators: &[],
        demonstrations: &domain.demonstrations,
        tables: &domain.tables,
    }
}

fn config() -> Config {
    toml::from_str(ENTRY.preset).unwrap()
}

fn run(domain: &Domain, config: &Config) -> Trained {
    let everyone = (users(domain, 0..20), users(domain, 20..30));
    let inputs = inputs(domain, &everyone);
    train(config.start(&inputs, 3).unwrap(), &inputs, 3, None, &mut Silent).unwrap()
}

/// Nats per demonstrated step of users 0 to 19 under the trained policy, when it is drawn from.
fn loss(domain: &Domain, trained: &Trained) -> f32 {
    let ranker = trained.policy.ranker().unwrap();
    let acting = Acting {
        items: &ranker.items,
        actor: &ranker.actor,
        hazard: None,
        learns_in_session: true,
        bias: None,
    };
    let sessions: Vec<LearnerSession<'_>> = domain
        .demonstrations
        .iter()
        .map(|demo| {
            let history = domain.histories[demo.session.user.index()].as_slice();
            replay_demonstration(acting, (0, &demo.session), history, &mut rng_for(0, &[]))
        })
        .collect();
    negative_log_likelihood(&sessions)
}

#[test]
fn it_makes_demonstrations_likelier_until_nothing_is_gained() {
    let domain = domain();
    let once = run(&domain, &Config { most_rounds: 1, ..config() });
    let whole = run(&domain, &config());
    let (first, last) = (loss(&domain, &once), loss(&domain, &whole));
    assert!(last < first - 0.3, "{first} to {last} nats");
    let progress = whole.progress;
    assert!(
        progress.n_rounds > 10 && progress.n_env_steps == 0 && progress.share_done >= 1.0,
        "{progress:?}"
    );
    assert!(progress.n_rounds < config().most_rounds, "it stopped by itself: {progress:?}");
    let more = run(&domain, &Config { most_rounds: 600, ..config() });
    let hash = |trained: &Trained| trained.policy.to_tensors(&domain.catalogue).hash();
    assert_eq!(hash(&more), hash(&whole));
}

#[test]
fn whoever_is_held_out_is_held_out_whole_and_never_fitted() {
    let domain = domain();
    let everyone = (users(&domain, 0..20), users(&domain, 20..30));
    let inputs = inputs(&domain, &everyone);
    let bc = Bc::new(&inputs, &config(), 3).unwrap();
    let of = |side: &[Demonstration<'_>]| side.iter().map(|(_, s)| s.user).collect::<BTreeSet<_>>();
    assert_eq!((of(&bc.held_out).len(), of(&bc.fitted).len()), (2, 18));
    assert!(of(&bc.held_out).is_disjoint(&of(&bc.fitted)));
    let alone = [domain.demonstrations[0].clone()];
    let inputs = Inputs { demonstrations: &alone, ..inputs };
    let bc = Bc::new(&inputs, &config(), 3).unwrap();
    assert_eq!((bc.held_out.len(), bc.fitted.len()), (0, 1), "one demonstration is fitted");
}
