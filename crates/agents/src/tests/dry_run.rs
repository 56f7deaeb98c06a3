//! The estimate against what a model with known answer lengths then needs.

use super::*;
use crate::{ActorKind, AgentKind, Decode, Estimate, Expected, estimate};

fn estimated(world: &World, model: &Scripted, settings: &AgentSettings) -> Estimate {
    estimated_after(world, model, settings, None)
}

fn estimated_after(
    world: &World,
    model: &Scripted,
    settings: &AgentSettings,
    journal: Option<&Journal>,
) -> Estimate {
    let prompts = Prompts::builtin().unwrap();
    let scene = world.scene();
    let users: Vec<UserIdx> = (0..8).map(UserIdx).collect();
    let collection = Collection {
        scene: &scene,
        users: &users,
        model,
        embedder: None,
        prompts: &prompts,
        settings,
        seed: 3,
    };
    estimate(&collection, journal).unwrap()
}

/// Thoughts of 40 tokens, values of one, lessons of 60.
fn measured(world: &World) -> Scripted {
    let titles = world.titles();
    scripted(move |request| {
        let prompt = &request.messages[1].content;
        Ok(match request.agent {
            AgentRole::Planner => "wordy think ".repeat(14)[..159].to_owned(),
            AgentRole::Critic => "2".to_owned(),
            AgentRole::Reflector => "lesson ".repeat(40)[..239].to_owned(),
            _ => first_new(&titles, prompt, &request.excluded),
        })
    })
}

#[track_caller]
fn within_a_tenth(settings: &AgentSettings) {
    let world = world(8, ExitRule::none());
    let model = measured(&world);
    let estimate = estimated(&world, &model, settings);
    assert!(
        model.asked.lock().unwrap().is_empty() && model.scored.lock().unwrap().is_empty(),
        "nothing is asked"
    );
    let cost = run(&world, &model, settings, None).unwrap().cost;
    let need = &estimate.expected;
    let pairs =
        [(need.calls, cost.llm_calls), (need.tokens_in, cost.tokens_in), (need.tokens_out, cost.tokens_out)];
    for (guess, truth) in pairs {
        let off = (guess as f64 - truth as f64).abs() / (truth as f64).max(1.0);
        assert!(off <= 0.1, "{guess} for {truth}: {estimate:?}");
    }
    assert!(estimate.at_most.tokens_in >= need.tokens_in && estimate.at_most.tokens_out >= need.tokens_out);
}

fn settings(agent: AgentKind) -> AgentSettings {
    let expected = Expected {
        planner_tokens: 40,
        actor_tokens: 0,
        critic_tokens: 1,
        reflector_tokens: 60,
        ..Expected::default()
    };
    AgentSettings { n_episodes: 96, horizon: 8, batch: 8, expected, ..short(agent) }
}

#[test]
fn every_agent_within_a_tenth() {
    for agent in AgentKind::ALL {
        within_a_tenth(&settings(agent));
    }
}

#[test]
fn a_constrained_actor_within_a_tenth() {
    within_a_tenth(&AgentSettings { decode: Decode::Catalogue, ..settings(AgentKind::React) });
}

#[test]
fn a_scoring_actor_counts_its_slates() {
    let world = world(8, ExitRule::none());
    let settings = AgentSettings { actor: ActorKind::Score, n_episodes: 8, ..settings(AgentKind::ActOnly) };
    let need = estimated(&world, &measured(&world), &settings).expected;
    assert_eq!(need.calls, 8 * 8 * 2);
    assert!(need.tokens_out > need.calls * 20, "twenty titles each: {need:?}");
}

#[test]
fn expected_lengths_of_sessions_are_kept() {
    let world = world(8, ExitRule::category_window());
    let model = measured(&world);
    let free = settings(AgentKind::ActOnly);
    let fixed =
        AgentSettings { expected: Expected { steps: Some(5), ..free.expected.clone() }, ..free.clone() };
    assert_eq!(estimated(&world, &model, &fixed).steps_per_session, 5.0);
    let steps = estimated(&world, &model, &free).steps_per_session;
    assert!((1.0..8.0).contains(&steps), "random picks leave early: {steps}");
    let text = estimated(&world, &model, &fixed).to_string();
    assert!(text.starts_with("sessions  96 of 5.0 steps, as random picks last"), "{text}");
    assert!(text.contains("\nexpected  480 calls, "), "{text}");
}

/// Whatever the lengths of its answers, and however often it names what cannot be shown.
#[test]
fn what_is_finished_says_what_the_rest_needs() {
    let world = world(8, ExitRule::none());
    let settings = AgentSettings { n_episodes: 48, batch: 8, ..short(AgentKind::IlRec) };
    let stubborn = || {
        let (titles, n) = (world.titles(), AtomicUsize::new(0));
        scripted(move |request| {
            let is_refused = n.fetch_add(1, Ordering::SeqCst).is_multiple_of(3);
            Ok(match request.agent {
                AgentRole::Actor if is_refused => "What nobody ever made".to_owned(),
                AgentRole::Actor => first_new(&titles, &request.messages[1].content, &request.excluded),
                AgentRole::Critic => "1".to_owned(),
                _ => "so it seems ".repeat(30),
            })
        })
    };
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), "a").unwrap();
    let first = AgentSettings { n_episodes: 8, ..settings.clone() };
    run(&world, &stubborn(), &first, Some(&journal)).unwrap();
    let journal = Journal::begun(dir.path(), "a").unwrap();
    assert!(Journal::begun(dir.path(), "b").is_none());
    let estimate = estimated_after(&world, &stubborn(), &settings, Some(&journal));
    assert_eq!(estimate.finished, 8);
    let cost = run(&world, &stubborn(), &settings, None).unwrap().cost;
    for (guess, truth) in
        [(estimate.expected.tokens_in, cost.tokens_in), (estimate.expected.tokens_out, cost.tokens_out)]
    {
        let off = (guess as f64 - truth as f64).abs() / truth as f64;
        assert!(off <= 0.1, "{guess} for {truth}");
    }
    let at_most = &estimate.at_most;
    assert!(at_most.tokens_in > cost.tokens_in && at_most.calls > cost.llm_calls, "{at_most:?}");
}
