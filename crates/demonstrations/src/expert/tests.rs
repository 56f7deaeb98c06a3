//! The stand-in reads tastes, varies kinds, and is worse when told to be.

use super::*;
use crate::tests::{World, small_world, world};
use crate::{CollectOptions, Collected, DemonstrationError, Demos, Origin, describe, show};
use mdp::{Interaction, UserIdx};
use rand::RngExt as _;

const KINDS: [&str; 6] = ["Action", "Comedy", "Drama", "Horror", "Musical", "Western"];

/// 180 items, 30 of each kind; user `u` loves two kinds, hates two, and has a history that shows it.
fn tasteful_world(n_users: usize) -> World {
    let titles: Vec<String> =
        (0..180).map(|i| format!("Film {i} {} ({})", KINDS[i % 6], 1950 + i % 70)).collect();
    let items: Vec<(&str, &[&str])> =
        titles.iter().enumerate().map(|(i, t)| (t.as_str(), &KINDS[i % 6..=i % 6])).collect();
    let reward = |user: usize, item: usize| [5.0, 4.0, 4.0, 3.0, 1.0, 1.0][(item + user) % 6];
    let rewards: Vec<Vec<f32>> = (0..n_users).map(|u| (0..180).map(|i| reward(u, i)).collect()).collect();
    let ids: Vec<String> = (0..n_users).map(|u| u.to_string()).collect();
    let history: Vec<u32> = (0..24).collect();
    let users: Vec<(&str, &[u32])> = ids.iter().map(|id| (id.as_str(), history.as_slice())).collect();
    let mut world = world(&items, &users, rewards.clone());
    let rated = |(user, history): (usize, &[Interaction])| {
        history.iter().map(|row| Interaction { rating: rewards[user][row.item.index()], ..*row }).collect()
    };
    world.histories = world.histories.iter().enumerate().map(rated).collect();
    let features = environment::ItemFeatures::of(&world.catalogue, None);
    let rewards = std::sync::Arc::clone(world.environment.rewards());
    let rule = environment::ExitRule::category_window();
    world.environment = environment::Environment::new(rewards, features, rule, 40).unwrap();
    world
}

fn sessions(quality: f64, seed: u64) -> Collected {
    let world = tasteful_world(6);
    let users: Vec<UserIdx> = (0..6).map(UserIdx).collect();
    let options = CollectOptions::new(24, 40);
    collect(&world.scene(), &users, &BuiltinExpert::new(quality).unwrap(), &options, seed).unwrap()
}

fn mean_length(collected: &Collected) -> f64 {
    let steps: usize = collected.demonstrations.iter().map(|d| d.steps.len()).sum();
    steps as f64 / collected.demonstrations.len() as f64
}

#[test]
fn quality_shows() {
    let [good, middling, bad] = [1.0, 0.7, 0.0].map(|quality| sessions(quality, 1));
    let lengths = [&good, &middling, &bad].map(mean_length);
    assert!(lengths[0] > 30.0, "{lengths:?}");
    assert!(lengths[0] > lengths[1] && lengths[1] > lengths[2] && lengths[2] < 6.0, "{lengths:?}");
    assert_eq!((good.report.answers, good.report.refused_known), (good.report.steps, 0));
    assert!(good.report.grounding.normalised > 0, "years are left out now and then");
    assert_eq!(good.report.grounding.rejected, 0);
}

#[test]
fn the_same_seed_gives_the_same_sessions() {
    assert_eq!(sessions(0.8, 3), sessions(0.8, 3));
    assert_ne!(sessions(0.8, 3).demonstrations, sessions(0.8, 4).demonstrations);
}

#[test]
fn addresses() {
    assert_eq!(BuiltinExpert::parse("builtin:expert").unwrap().name(), "builtin:expert?quality=1");
    assert_eq!(
        BuiltinExpert::parse("builtin:expert?quality=0.5").unwrap().name(),
        "builtin:expert?quality=0.5"
    );
    for wrong in [
        "openai:x",
        "builtin:expert?quality=2",
        "builtin:expert?q=1",
        "builtin:expertly",
        "builtin:expert?quality=nan",
    ] {
        assert!(matches!(BuiltinExpert::parse(wrong), Err(DemonstrationError::UnknownExpert(_))), "{wrong}");
    }
}

/// Answers from a list, whatever happens.
struct Parrot(&'static [&'static str]);

struct ParrotSession(std::slice::Iter<'static, &'static str>);

impl Expert for Parrot {
    fn name(&self) -> String {
        "parrot".to_owned()
    }
    fn study<'a>(&'a self, _: &'a Catalogue) -> Box<dyn CatalogueExpert + 'a> {
        Box::new(Self(self.0))
    }
}

impl CatalogueExpert for Parrot {
    fn start<'a>(&'a self, _: ExpertContext<'a>) -> Box<dyn ExpertSession + 'a> {
        Box::new(ParrotSession(self.0.iter()))
    }
}

impl ExpertSession for ParrotSession {
    fn recommend(&mut self, rng: &mut Rng) -> Answer {
        let noise = rng.random_range(0..9u32);
        let title = self.0.next().copied().unwrap_or("Nothing Like It").to_owned();
        Answer { thought: format!("thought {}", noise / 9), title }
    }
    fn observe(&mut self, _: Reaction) {}
}

fn parrot(titles: &'static [&'static str]) -> Result<Collected, DemonstrationError> {
    let options = CollectOptions::new(1, 10);
    collect(&small_world().scene(), &[UserIdx(0)], &Parrot(titles), &options, 0)
}

#[test]
fn refused_answers_are_counted_and_an_expert_without_ideas_is_given_up() {
    let collected = parrot(&["Alpha", "the beta", "Beta, The (2000)", "Nonsense", "Gamma"]).unwrap();
    let report = &collected.report;
    assert_eq!((report.steps, report.given_up), (2, 1));
    assert_eq!((report.refused_known, report.refused_ungrounded), (2, 6));
    let steps = &collected.demonstrations[0].steps;
    assert_eq!(steps[1].step.end, mdp::StepEnd::Truncated);
    assert!(matches!(parrot(&[]), Err(DemonstrationError::Nothing(_))));
}

#[test]
fn a_collection_is_described_and_shown() {
    let collected = parrot(&["the beta", "Gamma", "Omega"]).unwrap();
    let text = show(&collected.demonstrations[0]);
    let expected = "episode:0  user 7\nhistory: Alpha (1999)\n  1  thought: thought 0\n     \
                    → Beta, The (2000)  [asked for `the beta`]  reward 4.0\n  2  thought: thought 0\n     \
                    → Gamma (2001)  [asked for `Gamma`]  reward 3.0\n  3  thought: thought 0\n     \
                    → Omega (2003)  [asked for `Omega`]  reward 1.0\n\
                    3 steps, return 8.0: the user left, the item was not liked\n";
    assert_eq!(text, expected);
    let origin = Origin::Collected {
        expert: "parrot".to_owned(),
        report: Box::new(collected.report),
        cost: crate::Cost::default(),
    };
    let described = describe(&Demos { origin, demonstrations: collected.demonstrations });
    assert_eq!((described.episodes, described.steps, described.repeats), (1, 3, 0));
    assert_eq!((described.len, described.r_traj, described.llm_calls), (3.0, 8.0, Some(0)));
    assert_eq!(described.exits["low_reward"], 1);
    assert_eq!(described.grounding.normalised, 3);
}
