//! What each agent is asked, word for word.

use super::*;
use crate::{AgentKind, Part};

fn transcript(agent: AgentKind, without: &[Part]) -> (Vec<Generate>, AgentsCollected) {
    let world = world(2, ExitRule::none());
    let model = sensible(&world);
    let settings = AgentSettings { without: without.to_vec(), ..short(agent) };
    let collected = run(&world, &model, &settings, None).unwrap();
    (model.asked.into_inner().unwrap(), collected)
}

fn roles(asked: &[Generate]) -> String {
    let letter = |request: &Generate| match request.agent {
        AgentRole::Planner => 'P',
        AgentRole::Actor => 'A',
        AgentRole::Critic => 'C',
        AgentRole::Reflector => 'R',
        AgentRole::Other => '?',
    };
    asked.iter().map(letter).collect()
}

#[test]
fn who_is_asked_when() {
    // Two batches of two sessions of three steps.
    let order = |agent| roles(&transcript(agent, &[]).0);
    assert_eq!(order(AgentKind::ActOnly), "AA".repeat(6));
    assert_eq!(order(AgentKind::React), "PPAA".repeat(6));
    assert_eq!(order(AgentKind::Reflexion), ("PPAA".repeat(3) + "RR").repeat(2));
    assert_eq!(order(AgentKind::Billp), ("PPAACC".repeat(3) + "RR").repeat(2));
    assert_eq!(order(AgentKind::IlRec), ("PPAACC".repeat(3) + "RR").repeat(2));
}

#[test]
fn an_act_only_session_word_for_word() {
    let (asked, collected) = transcript(AgentKind::ActOnly, &[]);
    let system = "You recommend films to one person, one film at a time. The person should enjoy every film and \
        stay for as long as possible.\nAfter each recommendation you learn how much it was liked, from 1 (not at \
        all) to 5 (very much). A person who is no longer satisfied leaves for good.\nRecommend only films that \
        really exist, and never one that the person already knows or that was shown before.";
    let third = "The person's latest films, oldest first:\n- Anvil (liked: 4.5)\n\n\
        This session so far:\n1. Birch (liked: 4)\n2. Comet (liked: 3)\n\
        Liked in total: 7 in 2 recommendations.\n\n\
        Which film do you recommend as number 3?\nAnswer with its title only.";
    assert_eq!(asked[4].messages[0].content, system);
    assert_eq!(asked[4].messages[1].content, third);
    let first = &collected.demonstrations[0];
    let shown: Vec<&str> = first.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(shown, ["Birch", "Comet", "Dune"]);
    assert_eq!(first.steps[2].step.end, mdp::StepEnd::Truncated);
    assert!(first.steps.iter().all(|step| step.explanation.is_none() && step.thought.is_none()));
}

#[test]
fn a_thought_goes_into_the_question_and_into_the_session() {
    let (asked, collected) = transcript(AgentKind::React, &[]);
    let question = &asked[6].messages[1].content;
    assert!(question.contains("(thought before 1: likes it.)\n1. Birch (liked: 4)\n"), "{question}");
    assert!(question.contains("\n\nYour thought: likes it.\nYour plan: go on.\nWhich film"), "{question}");
    let step = &collected.demonstrations[0].steps[0];
    assert_eq!(step.thought.as_deref(), Some("likes it."));
    assert_eq!(step.explanation.as_ref().unwrap().plan.as_deref(), Some("go on."));
}

#[test]
fn without_memory_and_critic_it_is_react_bit_for_bit() {
    let react = transcript(AgentKind::React, &[]);
    let off = [Part::Reflections, Part::Critic];
    assert_eq!(transcript(AgentKind::IlRec, &off), react);
    assert_eq!(transcript(AgentKind::Billp, &off), react);
    let act_only = transcript(AgentKind::ActOnly, &[]);
    assert_eq!(transcript(AgentKind::React, &[Part::Thought]), act_only);
    assert_ne!(react, act_only);
}

#[test]
fn lessons_reach_the_next_batch_and_no_earlier() {
    for (agent, is_similar) in [(AgentKind::Reflexion, false), (AgentKind::IlRec, true)] {
        let world = world(2, ExitRule::none());
        let model = sensible(&world);
        let settings = AgentSettings { n_episodes: 6, ..short(agent) };
        let collected = run(&world, &model, &settings, None).unwrap().demonstrations;
        let lessons = |range: std::ops::Range<usize>| -> Vec<&String> {
            collected[range].iter().filter_map(|d| d.lesson.as_ref()).collect()
        };
        assert!(collected[..2].iter().all(|d| d.reminded_of.is_empty()), "{agent:?}");
        for reminded in &collected[2..4] {
            let known = lessons(0..2);
            assert_eq!(reminded.reminded_of.len(), 2);
            assert!(reminded.reminded_of.iter().all(|lesson| known.contains(&lesson)));
        }
        if is_similar {
            // Sessions 0, 2 and 4 are of the same user: the nearest lessons come from the same history.
            assert_eq!(collected[4].reminded_of[0], *lessons(0..1)[0]);
            assert_eq!(collected[4].reminded_of[1], *lessons(2..3)[0]);
        }
        let prompt = &model.prompts(AgentRole::Planner)[6];
        assert!(prompt.starts_with("Lessons from sessions with other people:\n- "), "{prompt}");
    }
}

#[test]
fn reflexion_draws_its_lessons_by_the_seed() {
    let world = world(6, ExitRule::none());
    let titles = world.titles();
    let model = scripted(move |request| {
        let prompt = &request.messages[1].content;
        Ok(match request.agent {
            AgentRole::Reflector => {
                format!(
                    "lesson of {}",
                    titles.iter().find(|t| prompt.contains(&format!("- {t} (liked: 4.5)"))).unwrap()
                )
            }
            AgentRole::Actor => first_new(&titles, prompt, &[]),
            _ => "hm".to_owned(),
        })
    });
    let (scene, prompts) = (world.scene(), Prompts::builtin().unwrap());
    let users: Vec<UserIdx> = (0..6).map(UserIdx).collect();
    let settings = AgentSettings { n_episodes: 12, batch: 6, horizon: 1, ..short(AgentKind::Reflexion) };
    let drawn = |seed: u64| -> Vec<Vec<String>> {
        let collection = Collection {
            scene: &scene,
            users: &users,
            model: &model,
            embedder: None,
            prompts: &prompts,
            settings: &settings,
            seed,
        };
        let collected = collect(&collection, None, &mut |_| {}).unwrap().demonstrations;
        collected[6..].iter().map(|d| d.reminded_of.clone()).collect()
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
    assert!(drawn(1).iter().all(|pair| pair.len() == 2 && pair[0] != pair[1]), "{:?}", drawn(1));
    assert!(drawn(1).iter().any(|pair| *pair != drawn(1)[0]), "every session draws for itself");
}
