//! Free text and its grounding, constrained decoding, and scoring.

use super::*;
use crate::{ActorKind, AgentError, AgentKind, Decode, MemoryEmbedding};
use demonstrations::GroundingStatus;
use std::collections::BTreeSet;

#[test]
fn a_title_that_cannot_be_shown_is_asked_for_again() {
    let world = world(1, ExitRule::none());
    let model = scripted(|request| {
        let prompt = &request.messages[1].content;
        Ok(match prompt.matches("cannot be recommended").count() {
            0 => "Birchwood Manor 7".to_owned(),
            1 => "Anvil".to_owned(),
            _ => "birch".to_owned(),
        })
    });
    let settings = AgentSettings { n_episodes: 1, horizon: 1, ..short(AgentKind::ActOnly) };
    let collected = run(&world, &model, &settings, None).unwrap();
    let report = &collected.report;
    assert_eq!((report.answers, report.refused_ungrounded, report.refused_known), (3, 1, 1));
    assert_eq!((report.grounding.rejected, report.grounding.exact, report.grounding.normalised), (1, 1, 1));
    let step = &collected.demonstrations[0].steps[0];
    assert_eq!((step.title.as_str(), step.requested_title.as_str(), step.source_step), ("Birch", "birch", 2));
    assert_eq!(step.explanation.as_ref().unwrap().refused, ["Birchwood Manor 7", "Anvil"]);
    let last = &model.prompts(AgentRole::Actor)[2];
    assert!(
        last.contains("\"Birchwood Manor 7\" cannot be recommended: it is not among those that we have. The nearest that can: Birch; "),
        "{last}"
    );
    assert!(last.contains("\"Anvil\" cannot be recommended: the person knows it already"), "{last}");
}

#[test]
fn billp_takes_the_nearest_title_instead() {
    let world = world(1, ExitRule::none());
    let model = scripted(|request| {
        Ok(if request.agent == AgentRole::Actor { "Birchwood Manor 7".to_owned() } else { "1".to_owned() })
    });
    let settings = AgentSettings { n_episodes: 1, horizon: 2, ..short(AgentKind::Billp) };
    let collected = run(&world, &model, &settings, None).unwrap();
    let steps = &collected.demonstrations[0].steps;
    assert_eq!(steps[0].title, "Birch");
    assert_ne!(steps[1].title, "Birch");
    assert!(steps.iter().all(|step| step.grounding.status == GroundingStatus::Embedding));
    assert_eq!(collected.report.grounding.embedding, 2);
}

#[test]
fn without_an_item_a_session_is_given_up_and_the_others_go_on() {
    let world = world(2, ExitRule::none());
    let titles = world.titles();
    let model = scripted(move |request| {
        let prompt = &request.messages[1].content;
        if prompt.contains("Anvil (liked: 4.5)") && prompt.contains("number 2?") {
            return Err(LlmError::Failed { reason: "overloaded".into() });
        }
        Ok(first_new(&titles, prompt, &[]))
    });
    let settings = AgentSettings { n_episodes: 2, ..short(AgentKind::ActOnly) };
    let collected = run(&world, &model, &settings, None).unwrap();
    let lengths: Vec<usize> = collected.demonstrations.iter().map(|d| d.steps.len()).collect();
    assert_eq!(lengths, [1, 3]);
    assert_eq!(collected.demonstrations[0].steps[0].step.end, mdp::StepEnd::Truncated);
    let agents = collected.report.agents.unwrap();
    assert_eq!((collected.report.given_up, agents.steps_abandoned, agents.calls["actor"].failed), (1, 1, 5));
}

#[test]
fn a_constrained_actor_never_shows_an_item_twice() {
    let world = world(3, ExitRule::none());
    let titles = world.titles();
    // It would say the same every time if it could.
    let model = scripted(move |request| {
        assert!(request.choices.is_some() && request.schema.is_none());
        Ok(first_new(&titles, "", &request.excluded))
    });
    let settings =
        AgentSettings { n_episodes: 3, horizon: 12, decode: Decode::Catalogue, ..short(AgentKind::ActOnly) };
    let collected = run(&world, &model, &settings, None).unwrap();
    for (demonstration, known) in collected.demonstrations.iter().zip(world.histories.iter()) {
        let shown: BTreeSet<u32> = demonstration.steps.iter().map(|step| step.step.item.0).collect();
        assert_eq!(shown.len(), 12, "no item twice");
        assert!(!shown.contains(&known[0].item.0));
        for step in &demonstration.steps {
            let log_prob = step.explanation.as_ref().unwrap().log_prob;
            assert_eq!(log_prob, Some(-1.0 - f64::from(step.step.item.0)));
            assert_eq!(step.grounding.status, GroundingStatus::Exact);
        }
    }
    assert_eq!(collected.report.answers, 36);
}

#[test]
fn a_backend_that_breaks_its_promise_is_counted_and_grounded() {
    let world = world(1, ExitRule::none());
    let model = scripted(|_| Ok("birch".to_owned()));
    let settings =
        AgentSettings { n_episodes: 1, horizon: 1, decode: Decode::Catalogue, ..short(AgentKind::ActOnly) };
    let collected = run(&world, &model, &settings, None).unwrap();
    assert_eq!(collected.demonstrations[0].steps[0].title, "Birch");
    assert_eq!(collected.report.agents.unwrap().misunderstood["not_a_choice"], 1);
}

#[test]
fn the_scoring_actor_takes_what_the_history_makes_likelier() {
    let world = world(2, ExitRule::none());
    let model = scripted(|_| Err(LlmError::Failed { reason: "nobody asks for text".into() }));
    let settings = AgentSettings {
        n_episodes: 2,
        horizon: 2,
        actor: ActorKind::Score,
        slate: crate::SlateSettings { size: 30, ..crate::SlateSettings::default() },
        ..short(AgentKind::ActOnly)
    };
    let collected = run(&world, &model, &settings, None).unwrap();
    // Whoever knows Anvil gets Quartz, although every shorter title is likelier by itself.
    let first = &collected.demonstrations[0].steps[0];
    let explanation = first.explanation.as_ref().unwrap();
    assert_eq!((first.title.as_str(), explanation.lift), ("Quartz", Some(3.0)));
    assert_eq!(explanation.log_prob, Some(-3.0));
    let slate = &explanation.slate;
    assert_eq!(slate.len(), 23, "everything that was scored is kept");
    let titles: Vec<String> = slate.iter().map(|candidate| candidate.title.clone()).collect();
    assert_eq!(titles, model.scored.lock().unwrap()[0].continuations, "in the order in which it was scored");
    let one = |title: &str| slate.iter().find(|c| c.title == title).map(|c| (c.log_prob, c.lift)).unwrap();
    assert_eq!((one("Quartz"), one("Iris")), ((-3.0, 3.0), (-4.0, 0.0)));
    assert!(slate.iter().all(|candidate| world.titles()[candidate.item.index()] == candidate.title));
    let scored = model.scored.lock().unwrap();
    assert_eq!(scored.len(), 2 * 4);
    assert!(
        scored[1].messages[1].content.starts_with("Nothing has been recommended"),
        "no history in the second"
    );
    assert_eq!(scored[0].continuations, scored[1].continuations);
    assert_eq!(scored[0].continuations.len(), 23, "everything but the known item");
    assert!(model.asked.lock().unwrap().is_empty());
}

#[test]
fn a_recorded_slate_is_played_back_with_every_likelihood() {
    let world = world(2, ExitRule::none());
    let model = scripted(|_| Err(LlmError::Failed { reason: "nobody asks for text".into() }));
    let settings =
        AgentSettings { n_episodes: 2, horizon: 3, actor: ActorKind::Score, ..short(AgentKind::ActOnly) };
    let dir = tempfile::tempdir().unwrap();
    let cassette = std::sync::Arc::new(llm::Cassette::open(&dir.path().join("calls.sqlite")).unwrap());
    let recorded = llm::Recorded::new(model, std::sync::Arc::clone(&cassette)).unwrap();
    let lived = run(&world, &recorded, &settings, None).unwrap();
    let mut lines = Vec::new();
    cassette.export(&mut lines).unwrap();
    let cassette = llm::Cassette::from_lines(lines.as_slice(), std::path::Path::new("calls")).unwrap();
    let replay = llm::Replay::of(cassette, None).unwrap();
    let replayed = run(&world, &replay, &settings, None).unwrap();
    assert_eq!(replayed.demonstrations, lived.demonstrations);
    let steps = lived.demonstrations.iter().flat_map(|demonstration| &demonstration.steps);
    assert!(
        steps.map(|step| step.explanation.as_ref().unwrap().slate.len()).all(|n| n == settings.slate.size)
    );
}

#[test]
fn what_the_model_cannot_do_is_said_before_anything_is_asked() {
    let world = world(1, ExitRule::none());
    let mut model = sensible(&world);
    (model.can.scores, model.can.obeys_choices) = (false, false);
    let refused = |change: fn(&mut AgentSettings), what: &str| {
        let mut settings = short(AgentKind::ActOnly);
        change(&mut settings);
        let error = run(&world, &model, &settings, None).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    };
    refused(|s| s.actor = ActorKind::Score, "cannot say how likely a text is");
    refused(|s| s.decode = Decode::Catalogue, "cannot keep to given choices");
    refused(|s| s.memory.embedding = MemoryEmbedding::Model, "cannot turn text into vectors");
    refused(|s| s.batch = 0, "must be at least 1");
    refused(|s| s.sampling.temperature = f32::NAN, "temperature");
    assert!(model.asked.lock().unwrap().is_empty());
    assert!(matches!(
        run(&world, &model, &AgentSettings { batch: 0, ..short(AgentKind::ActOnly) }, None),
        Err(AgentError::Setting { .. })
    ));
}

#[test]
fn structured_answers_are_asked_for_where_they_are_kept() {
    let world = world(1, ExitRule::none());
    let titles = world.titles();
    let mut model = scripted(move |request| {
        let names: Vec<&String> =
            request.schema.as_ref().unwrap()["properties"].as_object().unwrap().keys().collect();
        let title = first_new(&titles, &request.messages[1].content, &[]);
        Ok(match names[0].as_str() {
            "title" => format!("{{\"title\": \"{title}\"}}"),
            "value" => "{\"value\": 4}".to_owned(),
            "lesson" => "{\"lesson\": \"stay\"}".to_owned(),
            _ => "{\"plan\": \"p\", \"thought\": \"t\"}".to_owned(),
        })
    });
    model.can.obeys_schema = true;
    let settings = AgentSettings { n_episodes: 1, horizon: 2, ..short(AgentKind::IlRec) };
    let collected = run(&world, &model, &settings, None).unwrap();
    assert!(collected.report.agents.unwrap().misunderstood.is_empty());
    let demonstration = &collected.demonstrations[0];
    assert_eq!((demonstration.steps.len(), demonstration.lesson.as_deref()), (2, Some("stay")));
    assert_eq!(demonstration.steps[0].thought.as_deref(), Some("t"));
}

#[test]
fn long_sessions_lose_old_thoughts_before_old_steps() {
    let world = world(1, ExitRule::none());
    let prompts = |prompt_tokens: usize| {
        let titles = world.titles();
        let model = scripted(move |request| {
            let number =
                request.messages[1].content.rsplit_once("as number ").map(|(_, n)| n.split_once('?'));
            Ok(match request.agent {
                AgentRole::Planner => "deep ".repeat(100),
                _ => titles[number.flatten().unwrap().0.parse::<usize>().unwrap()].clone(),
            })
        });
        let settings = AgentSettings { n_episodes: 1, horizon: 12, prompt_tokens, ..short(AgentKind::React) };
        run(&world, &model, &settings, None).unwrap();
        model.prompts(AgentRole::Actor).pop().unwrap()
    };
    let (long, shorter, shortest) = (prompts(100_000), prompts(1_500), prompts(250));
    assert_eq!(long.matches("(thought before").count(), 11);
    assert_eq!(shorter.matches("(thought before").count(), 8);
    assert!(shorter.contains("\n1. Birch"));
    assert_eq!(shortest.matches("(thought before").count(), 0);
    assert!(!shortest.contains("\n1. Birch") && shortest.contains("Liked in total: 37 in 11"), "{shortest}");
}

#[test]
fn a_better_oracle_demonstrates_better() {
    let world = world(8, ExitRule::none());
    let mean = |quality: f64| {
        let settings = AgentSettings { n_episodes: 24, horizon: 5, ..short(AgentKind::ActOnly) };
        let collected = run(&world, &noisy_oracle(&world, quality), &settings, None).unwrap();
        collected.demonstrations.iter().map(|d| d.return_raw()).sum::<f32>() / 24.0
    };
    let [none, half, all] = [0.0, 0.5, 1.0].map(mean);
    assert!(none < half && half < all, "{none} {half} {all}");
    assert!(all > 24.0 && none < 19.0, "{none} {all}");
}
