//! Stopped and resumed is the same as never stopped; a budget is a clean stop; torn files are played again.

use super::*;
use crate::{AgentError, AgentKind};

/// Sensible for a number of calls, then the budget is used up.
fn frugal(world: &World, n_calls: usize) -> Scripted {
    let sensible = sensible(world);
    let calls = AtomicUsize::new(0);
    scripted(move |request| {
        if calls.fetch_add(1, Ordering::SeqCst) >= n_calls {
            return Err(LlmError::Budget { what: "100 of 100 tokens".into() });
        }
        (sensible.rule)(request)
    })
}

fn settings() -> AgentSettings {
    AgentSettings { n_episodes: 7, ..short(AgentKind::IlRec) }
}

/// How many calls an uninterrupted run makes, and what it gives.
fn uninterrupted(world: &World) -> (usize, AgentsCollected) {
    let model = sensible(world);
    let collected = run(world, &model, &settings(), None).unwrap();
    (model.asked.into_inner().unwrap().len(), collected)
}

#[test]
fn wherever_it_stops_it_goes_on_to_the_same_demonstrations() {
    let world = world(3, ExitRule::none());
    let (n_calls, whole) = uninterrupted(&world);
    for stop in [1, n_calls / 3, n_calls / 2, n_calls - 1] {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("run");
        let journal = Journal::open(&folder, "a").unwrap();
        match run(&world, &frugal(&world, stop), &settings(), Some(&journal)) {
            Ok(part) => {
                let n = part.demonstrations.len();
                assert_eq!(part.demonstrations, whole.demonstrations[..n]);
                assert_eq!(n % 2, 0, "whole batches only");
                let stopped = part.report.agents.unwrap().stopped.unwrap();
                assert_eq!(stopped, "the budget is used up: 100 of 100 tokens");
            }
            Err(error) => assert!(stop == 1 && error.hint().unwrap().contains("larger budget"), "{error}"),
        }
        let journal = Journal::open(&folder, "a").unwrap();
        let again = sensible(&world);
        assert_eq!(run(&world, &again, &settings(), Some(&journal)).unwrap(), whole);
        let n_again = again.asked.into_inner().unwrap().len();
        assert!(stop < n_calls / 3 || n_again < n_calls, "finished batches are not asked for again");
        let third = sensible(&world);
        assert_eq!(run(&world, &third, &settings(), Some(&journal)).unwrap(), whole);
        assert!(third.asked.into_inner().unwrap().is_empty(), "a finished run asks nothing");
    }
}

#[test]
fn torn_and_changed_files_are_played_again() {
    let world = world(3, ExitRule::none());
    let (_, whole) = uninterrupted(&world);
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), "a").unwrap();
    run(&world, &sensible(&world), &settings(), Some(&journal)).unwrap();
    let file = dir.path().join("batch-00001.json");
    let bytes = std::fs::read(&file).unwrap();
    let changed =
        String::from_utf8(bytes.clone()).unwrap().replacen("likes it.", "hates it.", 1).into_bytes();
    assert_ne!(changed, bytes);
    for hostile in [&bytes[..bytes.len() / 2], b"", b"{}", b"\xff\xfe", &changed] {
        std::fs::write(&file, hostile).unwrap();
        let model = sensible(&world);
        assert_eq!(run(&world, &model, &settings(), Some(&journal)).unwrap(), whole);
        assert!(!model.asked.into_inner().unwrap().is_empty());
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "sealed again");
    }
}

#[test]
fn more_sessions_can_be_asked_for_later() {
    let world = world(3, ExitRule::none());
    let (_, whole) = uninterrupted(&world);
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), "a").unwrap();
    let fewer = AgentSettings { n_episodes: 3, ..settings() };
    run(&world, &sensible(&world), &fewer, Some(&journal)).unwrap();
    assert_eq!(run(&world, &sensible(&world), &settings(), Some(&journal)).unwrap(), whole);
}

#[test]
fn another_run_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    Journal::open(dir.path(), "a").unwrap();
    assert!(Journal::open(dir.path(), "a").is_ok());
    let error = Journal::open(dir.path(), "b").unwrap_err();
    assert!(matches!(error, AgentError::OtherRun { .. }) && error.hint().is_some());
    std::fs::write(dir.path().join("run.json"), b"\0").unwrap();
    assert!(matches!(Journal::open(dir.path(), "a"), Err(AgentError::OtherRun { .. })));
}

#[test]
fn the_identity_sees_what_matters_and_nothing_else() {
    let world = world(2, ExitRule::none());
    let (scene, prompts, model) = (world.scene(), Prompts::builtin().unwrap(), sensible(&world));
    let users = [UserIdx(0)];
    let identity = |settings: &AgentSettings, seed: u64, data: &str| {
        Collection {
            scene: &scene,
            users: &users,
            model: &model,
            embedder: None,
            prompts: &prompts,
            settings,
            seed,
        }
        .identity(&[data])
    };
    let base = settings();
    let first = identity(&base, 1, "d");
    assert_eq!(first, identity(&AgentSettings { n_episodes: 99, ..base.clone() }, 1, "d"));
    assert_ne!(first, identity(&AgentSettings { horizon: 9, ..base.clone() }, 1, "d"));
    assert_ne!(first, identity(&base, 2, "d"));
    assert_ne!(first, identity(&base, 1, "e"));
}

#[test]
fn another_run_says_in_what_it_differs() {
    let world = world(2, ExitRule::none());
    let (scene, prompts, model) = (world.scene(), Prompts::builtin().unwrap(), sensible(&world));
    let users = [UserIdx(0)];
    let dir = tempfile::tempdir().unwrap();
    let open = |settings: &AgentSettings, seed: u64, model: &dyn LanguageModel| {
        let collection = Collection {
            scene: &scene,
            users: &users,
            model,
            embedder: None,
            prompts: &prompts,
            settings,
            seed,
        };
        Journal::of(dir.path(), &collection, &["d", "w"]).map(|_| ())
    };
    let base = settings();
    open(&base, 1, &model).unwrap();
    open(&AgentSettings { n_episodes: 99, ..base.clone() }, 1, &model).unwrap();
    let mut other = sensible(&world);
    other.can.model = "script:7b".to_owned();
    let mut changed = AgentSettings { horizon: 9, ..base };
    changed.sampling.critic_temperature = 1.0;
    let error = open(&changed, 2, &other).unwrap_err();
    let said = error.to_string();
    for part in [
        "model script instead of script:7b",
        "seed 1 instead of 2",
        "settings.horizon 3 instead of 9",
        "settings.sampling.critic_temperature unset instead of 1.0",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(error.hint().unwrap().contains("remove the directory"));
}

#[test]
fn progress_is_told_after_every_step_and_batch() {
    let world = world(3, ExitRule::none());
    let (scene, prompts, model) = (world.scene(), Prompts::builtin().unwrap(), sensible(&world));
    let (users, settings) = ([UserIdx(0), UserIdx(1)], settings());
    let collection = Collection {
        scene: &scene,
        users: &users,
        model: &model,
        embedder: None,
        prompts: &prompts,
        settings: &settings,
        seed: 0,
    };
    let mut told = Vec::new();
    collect(&collection, None, &mut |progress| told.push(progress.clone())).unwrap();
    let sessions: Vec<usize> = told.iter().map(|p| p.sessions).collect();
    assert_eq!(sessions, [0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6, 7]);
    let left: Vec<u64> = told.iter().map(|p| p.calls_left).collect();
    assert_eq!((left[0], left[4], left[16]), (7 * 3 * 3 + 7, 5 * 3 * 3 + 5, 0));
    assert!(
        told.windows(2).all(|pair| pair[0].steps <= pair[1].steps && pair[0].tokens_in <= pair[1].tokens_in)
    );
    assert_eq!((told[1].steps, told[1].grounding[0]), (2, 2));
    let last = told.last().unwrap();
    assert_eq!((last.of_sessions, last.steps, last.grounding), (7, 21, [21, 0, 0, 0, 0]));
    assert!(last.mean_return > 9.0 && last.tokens_in > last.tokens_out);
    let line = last.to_string();
    assert!(line.starts_with("7/7 sessions of 2 users, 21 steps, mean return 10."), "{line}");
    assert!(line.contains(", titles 100 % exact, tokens "), "{line}");
    let mixed = crate::Progress { grounding: [1, 0, 2, 1, 4], ..last.clone() }.to_string();
    assert!(mixed.contains("titles 12 % exact 25 % fuzzy 12 % embedding 50 % rejected"), "{mixed}");
}

/// Sensible, but the calls of `faulty` (counted from 0) fail.
fn faulty(world: &World, faulty: std::ops::Range<usize>) -> Scripted {
    let sensible = sensible(world);
    let calls = AtomicUsize::new(0);
    scripted(move |request| {
        if faulty.contains(&calls.fetch_add(1, Ordering::SeqCst)) {
            return Err(LlmError::Failed { reason: "the server said 503".into() });
        }
        (sensible.rule)(request)
    })
}

#[test]
fn what_was_disturbed_is_played_again() {
    let world = world(3, ExitRule::none());
    let (n_calls, whole) = uninterrupted(&world);
    for fault in [0..1, 3..9, n_calls / 2..n_calls / 2 + 2, n_calls - 1..n_calls] {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path(), "a").unwrap();
        let disturbed = run(&world, &faulty(&world, fault.clone()), &settings(), Some(&journal)).unwrap();
        let account = disturbed.report.agents.unwrap();
        assert_eq!(account.total().failed, fault.len() as u64);
        let failures: Vec<_> = account.failures.into_iter().collect();
        assert_eq!(failures, [("the request failed: the server said 503".to_owned(), fault.len() as u64)]);
        let healed = run(&world, &sensible(&world), &settings(), Some(&journal)).unwrap();
        assert_eq!(healed, whole, "{fault:?}");
    }
}

#[test]
fn a_passing_fault_of_the_actor_changes_no_choice() {
    let world = world(3, ExitRule::none());
    let settings = AgentSettings { n_episodes: 3, ..short(AgentKind::ActOnly) };
    let whole = run(&world, &sensible(&world), &settings, None).unwrap();
    let disturbed = run(&world, &faulty(&world, 2..4), &settings, None).unwrap();
    assert_eq!(disturbed.demonstrations, whole.demonstrations);
}

#[test]
fn a_model_that_answers_nothing_says_why_and_can_be_asked_again() {
    let world = world(3, ExitRule::none());
    let settings = AgentSettings { n_episodes: 3, ..short(AgentKind::ActOnly) };
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), "a").unwrap();
    let error = run(&world, &faulty(&world, 0..10_000), &settings, Some(&journal)).unwrap_err();
    let said = error.to_string();
    assert!(
        said.starts_with("all 10 calls of the actor brought nothing: ") && said.contains("503"),
        "{said}"
    );
    assert!(run(&world, &sensible(&world), &settings, Some(&journal)).is_ok());
}

#[test]
fn a_stop_keeps_the_sessions_that_were_over() {
    let world = world(6, ExitRule::category_window());
    let settings = AgentSettings { n_episodes: 6, batch: 6, horizon: 6, ..short(AgentKind::ActOnly) };
    // The first user, who knows the first title, is shown one kind only and soon has too much of it.
    let moody = |n_calls: usize| {
        let (titles, calls) = (world.titles(), AtomicUsize::new(0));
        scripted(move |request| {
            if calls.fetch_add(1, Ordering::SeqCst) >= n_calls {
                return Err(LlmError::Budget { what: "100 of 100 tokens".into() });
            }
            let prompt = &request.messages[1].content;
            let (first, others) = (&titles[0], &titles[1..]);
            let of_a_kind: Vec<String> = titles.iter().step_by(4).cloned().collect();
            let shown = if prompt.contains(first) { &of_a_kind[..] } else { others };
            Ok(first_new(shown, prompt, &request.excluded))
        })
    };
    let whole = run(&world, &moody(usize::MAX), &settings, None).unwrap();
    let n_calls = usize::try_from(whole.cost.llm_calls).unwrap();
    let part = run(&world, &moody(n_calls - 1), &settings, None).unwrap();
    assert!(part.report.agents.unwrap().stopped.is_some());
    assert!(!part.demonstrations.is_empty());
    for demonstration in &part.demonstrations {
        assert!(whole.demonstrations.contains(demonstration));
    }
}
