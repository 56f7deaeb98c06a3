//! An embedder beside the language model: titles that letters do not know, and memories.

use super::*;
use crate::{AgentError, AgentKind, MemoryEmbedding};
use demonstrations::GroundingStatus;

/// Writes what no letter of the catalogue knows: a colour per step.
fn painter() -> Scripted {
    scripted(|request| {
        let n_shown = request.messages[1].content.matches("(liked:").count();
        Ok(["", "violet petals", "a glowing coal", "old rain"]
            .get(n_shown)
            .copied()
            .unwrap_or("1")
            .to_owned())
    })
}

/// Knows what the painter means, and finds all lists of titles alike.
fn embedder(embedding: fn(&[String]) -> Vectors) -> Scripted {
    let mut model = scripted(|_| Err(LlmError::Failed { reason: "it does not write".into() }));
    model.can.model = "vectors".into();
    (model.can.embeds, model.can.generates) = (true, false);
    model.embedding = embedding;
    model
}

fn knowing(texts: &[String]) -> Vectors {
    let angle = |text: &String| match text.as_str() {
        "violet petals" | "Orchid" => 0.3f32,
        "a glowing coal" | "Ember" => 1.0,
        text if text.contains("; ") => 3.0,
        text => 4.0 + text.len() as f32 / 100.0,
    };
    Ok(texts.iter().map(|text| vec![angle(text).cos(), angle(text).sin()]).collect())
}

fn one_session() -> AgentSettings {
    AgentSettings { n_episodes: 1, horizon: 2, ..short(AgentKind::ActOnly) }
}

#[test]
fn what_letters_do_not_know_is_grounded_by_the_embedder() {
    let world = world(1, ExitRule::none());
    let (model, embedder) = (painter(), embedder(knowing));
    let collected = run_with(&world, (&model, Some(&embedder)), &one_session(), None).unwrap();
    let steps = &collected.demonstrations[0].steps;
    let titles: Vec<&str> = steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(titles, ["Orchid", "Ember"]);
    assert!(steps.iter().all(|step| step.grounding.status == GroundingStatus::Embedding));
    assert!(run(&world, &model, &one_session(), None).is_err(), "without it nothing can be shown");
}

#[test]
fn a_failing_embedder_rejects_a_text_and_a_missing_one_stops_the_run() {
    let world = world(1, ExitRule::none());
    let busy = embedder(|texts| match texts.len() {
        1 => Err(LlmError::Failed { reason: "busy".into() }),
        _ => knowing(texts),
    });
    let titles = world.titles();
    let model = scripted(move |request| {
        let is_first = !request.messages[1].content.contains("violet petals");
        Ok(if is_first { "violet petals".to_owned() } else { titles[5].clone() })
    });
    let collected =
        run_with(&world, (&model, Some(&busy)), &AgentSettings { horizon: 1, ..one_session() }, None);
    let report = collected.unwrap().report;
    assert_eq!((report.refused_ungrounded, report.agents.unwrap().calls["embedder"].failed), (1, 1));
    let gone = embedder(|_| Err(LlmError::Unavailable { reason: "gone".into(), hint: String::new() }));
    let stopped = run_with(&world, (&model, Some(&gone)), &one_session(), None);
    assert!(matches!(stopped, Err(AgentError::Model(LlmError::Unavailable { .. }))), "{stopped:?}");
    let mut mute = embedder(knowing);
    mute.can.embeds = false;
    let error = run_with(&world, (&model, Some(&mute)), &one_session(), None).unwrap_err();
    assert!(error.to_string().contains("vectors cannot turn text into vectors"), "{error}");
}

#[test]
fn memories_are_the_embedders_unless_the_settings_say_otherwise() {
    // Two users with different histories: alike only to a model for which everything is.
    let world = world(2, ExitRule::none());
    let same = embedder(|texts| Ok(vec![vec![1.0, 0.0]; texts.len()]));
    let reminded = |embedding: MemoryEmbedding| {
        let mut settings = AgentSettings { n_episodes: 2, batch: 1, horizon: 1, ..short(AgentKind::IlRec) };
        settings.memory.embedding = embedding;
        let collected = run_with(&world, (&sensible(&world), Some(&same)), &settings, None).unwrap();
        collected.report.agents.unwrap().reminders.contains_key("actor_memory")
    };
    assert!(reminded(MemoryEmbedding::Auto) && !reminded(MemoryEmbedding::Builtin));
}
