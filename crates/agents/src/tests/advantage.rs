//! A = r + 0.5 V(s') - V(s), followed by hand, and what the memories make of it.

use super::*;
use crate::AgentKind;

/// Values 3, then -4, and whatever was remembered.
fn judged(world: &World) -> Scripted {
    let titles = world.titles();
    scripted(move |request| {
        let prompt = &request.messages[1].content;
        Ok(match request.agent {
            AgentRole::Critic if prompt.contains("Comet") => "-4".to_owned(),
            AgentRole::Critic => "Value: 3".to_owned(),
            AgentRole::Planner | AgentRole::Reflector => "hm".to_owned(),
            _ => first_new(&titles, prompt, &[]),
        })
    })
}

#[test]
fn a_session_by_hand() {
    let world = world(1, ExitRule::none());
    let settings = AgentSettings { n_episodes: 1, horizon: 2, ..short(AgentKind::IlRec) };
    let collected = run(&world, &judged(&world), &settings, None).unwrap();
    let steps = &collected.demonstrations[0].steps;
    // Birch: r 4, V(s) 0, V(s') 3. Comet: r 3, V(s) 3, V(s') -4.
    let booked = |at: usize| {
        let explanation = steps[at].explanation.as_ref().unwrap();
        (steps[at].critic_value, explanation.value_before, explanation.advantage)
    };
    assert_eq!(booked(0), (Some(3.0), Some(0.0), Some(4.0 + 0.5 * 3.0)));
    assert_eq!(booked(1), (Some(-4.0), Some(3.0), Some(3.0 + 0.5 * -4.0 - 3.0)));
}

/// A world in which a reward of 3 makes the user leave.
fn strict_world() -> World {
    let mut strict = world(1, ExitRule::none());
    let rewards = Arc::clone(strict.environment.rewards());
    let features = strict.environment.features().clone();
    let rule = ExitRule::category_window().with("low_reward.below", 3.5f32).unwrap();
    strict.environment = Environment::new(rewards, features, rule, 12).unwrap();
    strict
}

#[test]
fn a_user_who_left_promises_nothing_and_the_critic_is_not_asked() {
    let world = strict_world();
    let model = judged(&world);
    let settings = AgentSettings { n_episodes: 1, horizon: 5, ..short(AgentKind::IlRec) };
    let collected = run(&world, &model, &settings, None).unwrap();
    let steps = &collected.demonstrations[0].steps;
    assert!(steps[1].step.end.is_terminated() && steps.len() == 2);
    assert_eq!(steps[1].critic_value, None);
    assert_eq!(steps[1].explanation.as_ref().unwrap().advantage, Some(-5.0 - 3.0));
    assert_eq!(model.prompts(AgentRole::Critic).len(), 1);
}

#[test]
fn what_went_well_and_badly_is_said_in_the_same_state_later() {
    let world = strict_world();
    let model = judged(&world);
    let settings = AgentSettings { n_episodes: 2, batch: 1, horizon: 5, ..short(AgentKind::IlRec) };
    let collected = run(&world, &model, &settings, None).unwrap();
    let actor = model.prompts(AgentRole::Actor);
    // The second session begins in the state in which Birch went well; the prompt says so.
    assert!(!actor[0].contains("went well"));
    assert!(actor[2].contains("In a situation like this one, these went well: Birch\n"), "{}", actor[2]);
    let first = collected.demonstrations[1].steps[0].explanation.as_ref().unwrap();
    assert_eq!(first.encouraged, ["Birch"]);
    // The model avoids titles that it reads in the prompt, so it goes elsewhere and reaches an unknown state.
    assert_eq!(collected.demonstrations[1].steps[0].title, "Comet");
    let agents = collected.report.agents.unwrap();
    assert_eq!(agents.reminders["actor_memory"], 1);
}

#[test]
fn encouraged_items_are_repeated_by_a_model_that_listens() {
    let world = world(1, ExitRule::none());
    let titles = world.titles();
    let model = scripted(move |request| {
        let prompt = &request.messages[1].content;
        let hinted = prompt.split_once("these went well: ").and_then(|(_, rest)| rest.lines().next());
        Ok(match request.agent {
            AgentRole::Actor => match hinted {
                Some(hint) => hint.split("; ").next().unwrap().to_owned(),
                None => titles[1 + request.sampling.seed as usize % 23].clone(),
            },
            _ => "1".to_owned(),
        })
    });
    let repeats = |without: &[crate::Part]| {
        let settings = AgentSettings {
            n_episodes: 12,
            batch: 1,
            horizon: 1,
            without: without.to_vec(),
            ..short(AgentKind::IlRec)
        };
        let all = run(&world, &model, &settings, None).unwrap().demonstrations;
        all.iter().filter(|d| d.steps[0].step.item == all[0].steps[0].step.item).count()
    };
    let (listening, deaf) = (repeats(&[]), repeats(&[crate::Part::ActorMemory]));
    assert!(listening > deaf && listening == 12, "{listening} {deaf}");
}

#[test]
fn the_critic_is_told_what_a_like_state_was_worth() {
    let world = world(1, ExitRule::none());
    let model = judged(&world);
    let settings = AgentSettings {
        n_episodes: 2,
        batch: 1,
        horizon: 2,
        without: vec![crate::Part::ActorMemory],
        ..short(AgentKind::IlRec)
    };
    run(&world, &model, &settings, None).unwrap();
    let critic = model.prompts(AgentRole::Critic);
    // The state after Birch was worth r + 0.5 V(s') = 3 + 0.5 * -4 when Comet followed.
    assert!(!critic[0].contains("turned out"), "{}", critic[0]);
    assert!(critic[2].contains("turned out to be worth 1."), "{}", critic[2]);
}

#[test]
fn values_that_are_not_understood_are_counted_and_taken_for_nothing() {
    let world = world(1, ExitRule::none());
    let model = scripted(|request| {
        Ok(match request.agent {
            AgentRole::Critic => "excellent".to_owned(),
            AgentRole::Actor => "Birch".to_owned(),
            AgentRole::Planner => "Thought:".to_owned(),
            _ => "Lesson:".to_owned(),
        })
    });
    let settings = AgentSettings { n_episodes: 1, horizon: 1, ..short(AgentKind::IlRec) };
    let collected = run(&world, &model, &settings, None).unwrap();
    let step = &collected.demonstrations[0].steps[0];
    assert_eq!((step.critic_value, step.explanation.as_ref().unwrap().advantage), (None, Some(4.0)));
    let agents = collected.report.agents.unwrap();
    assert_eq!((agents.misunderstood["no_number"], agents.misunderstood["empty"]), (1, 2));
}

/// The settings of two sessions in which a model embeds the situations.
fn embedded() -> AgentSettings {
    let mut settings = AgentSettings { n_episodes: 2, batch: 1, horizon: 1, ..short(AgentKind::IlRec) };
    settings.memory.embedding = crate::MemoryEmbedding::Model;
    settings
}

#[test]
fn a_model_can_say_which_situations_are_alike() {
    // Two users with different histories: alike only to a model for which everything is.
    let world = world(2, ExitRule::none());
    let mut model = sensible(&world);
    model.can.embeds = true;
    let collected = run(&world, &model, &embedded(), None).unwrap();
    assert_eq!(collected.report.agents.unwrap().reminders["actor_memory"], 1);
    let settings = AgentSettings { memory: crate::MemorySettings::default(), ..embedded() };
    let collected = run(&world, &model, &settings, None).unwrap();
    assert!(!collected.report.agents.unwrap().reminders.contains_key("actor_memory"));
}

#[test]
fn without_vectors_nothing_is_remembered_and_nothing_breaks() {
    let world = world(2, ExitRule::none());
    let mut model = sensible(&world);
    model.can.embeds = true;
    // What is absorbed is embedded, what is looked up is not.
    model.embedding = |texts| match texts.len() {
        1 => Err(LlmError::Failed { reason: "busy".into() }),
        n => Ok(vec![vec![1.0, 0.0]; n]),
    };
    let collected = run(&world, &model, &embedded(), None).unwrap();
    let agents = collected.report.agents.unwrap();
    assert_eq!(collected.demonstrations.len(), 2);
    assert!(agents.reminders.is_empty() && agents.calls["embedder"].failed >= 2, "{agents:?}");
}
