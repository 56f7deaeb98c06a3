//! The loop in which an expert acts in the train world.

use super::{AgentAccount, Answer, CatalogueExpert, Expert, ExpertContext, Reaction};
use crate::grounding::GroundingTally;
use crate::{
    DemoStep, Demonstration, DemonstrationError, Grounded, GroundingConfig, GroundingReport, Scene,
    TitleIndex,
};
use environment::SessionSeed;
use mdp::{ItemIdx, Step, StepEnd, UserIdx, rng_for};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Stream of the seed.
const COLLECT: u64 = 0x434f_4c4c;
/// How often an expert may answer before a step is given up.
const N_ATTEMPTS: usize = 5;

/// How sessions are collected.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CollectOptions {
    /// How many sessions; users take turns.
    pub n_episodes: usize,
    /// The most steps a session is given; the environment's horizon holds besides.
    pub horizon: usize,
    /// How texts become items.
    pub grounding: GroundingConfig,
}

impl Default for CollectOptions {
    fn default() -> Self {
        Self { n_episodes: 1_000, horizon: 100, grounding: GroundingConfig::default() }
    }
}

/// What became of every answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CollectReport {
    /// Sessions with at least one step.
    pub episodes: u64,
    /// Sessions in which not one answer could be shown.
    pub episodes_empty: u64,
    /// Steps.
    pub steps: u64,
    /// Answers, refused ones included.
    pub answers: u64,
    /// Answers that mean no item.
    pub refused_ungrounded: u64,
    /// Answers that mean an item of the user's history or of the session.
    pub refused_known: u64,
    /// Sessions given up because no answer could be shown any more.
    pub given_up: u64,
    /// How texts became items.
    pub grounding: GroundingReport,
    /// What a language model's agents cost and how they were understood; absent for the stand-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<Box<AgentAccount>>,
}

/// What a collection gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Collected {
    /// The sessions, in order of episode.
    pub demonstrations: Vec<Demonstration>,
    /// What became of every answer.
    pub report: CollectReport,
}

/// Lets an expert recommend to `users` in turn, in the scene's train world. A session depends on the seed and its
/// number alone, not on threads.
///
/// # Errors
/// When there are no users or no episodes, the environment refuses a user, or not one answer could be shown.
pub fn collect(
    scene: &Scene<'_>,
    users: &[UserIdx],
    expert: &dyn Expert,
    options: &CollectOptions,
    seed: u64,
) -> Result<Collected, DemonstrationError> {
    if users.is_empty() || options.n_episodes == 0 || options.horizon == 0 {
        return Err(DemonstrationError::Nothing(
            "no users, no sessions or no steps were asked for".to_owned(),
        ));
    }
    let index = TitleIndex::build(scene.catalogue, options.grounding);
    let studied = expert.study(scene.catalogue);
    let stage = Stage { scene, index: &index, expert: studied.as_ref(), horizon: options.horizon, seed };
    let episodes: Vec<Episode> = (0..options.n_episodes)
        .into_par_iter()
        .map(|number| stage.play(number, users[number % users.len()]))
        .collect::<Result<_, _>>()?;
    let mut report = CollectReport::default();
    let mut tally = GroundingTally::default();
    let mut demonstrations = Vec::with_capacity(episodes.len());
    for episode in episodes {
        report.answers += episode.answers.len() as u64;
        report.given_up += u64::from(episode.is_given_up);
        for (answer, grounded, is_shown) in &episode.answers {
            tally.add(&answer.title, grounded, false);
            report.refused_ungrounded += u64::from(grounded.item.is_none());
            report.refused_known += u64::from(grounded.item.is_some() && !is_shown);
        }
        report.steps += episode.demonstration.steps.len() as u64;
        if episode.demonstration.steps.is_empty() {
            report.episodes_empty += 1;
        } else {
            demonstrations.push(episode.demonstration);
        }
    }
    report.episodes = demonstrations.len() as u64;
    report.grounding = tally.finish(|item| scene.catalogue.item(item).title.clone());
    if demonstrations.is_empty() {
        return Err(DemonstrationError::Nothing("no answer of the expert could be shown".to_owned()));
    }
    Ok(Collected { demonstrations, report })
}

/// What all episodes share.
struct Stage<'a> {
    scene: &'a Scene<'a>,
    index: &'a TitleIndex,
    expert: &'a dyn CatalogueExpert,
    horizon: usize,
    seed: u64,
}

struct Episode {
    demonstration: Demonstration,
    /// Every answer, what it was taken to mean, and whether it was shown.
    answers: Vec<(Answer, Grounded, bool)>,
    is_given_up: bool,
}

impl Stage<'_> {
    fn play(&self, number: usize, user: UserIdx) -> Result<Episode, DemonstrationError> {
        let scene = self.scene;
        let seed = SessionSeed { seed: self.seed, stream: number as u64 };
        let mut rng = rng_for(self.seed, &[COLLECT, number as u64]);
        let briefing = ExpertContext { catalogue: scene.catalogue, history: scene.history(user) };
        let mut acting = self.expert.start(briefing);
        let mut session = scene.environment.start_seeded(user, seed)?;
        let mut unavailable = scene.known_items(user);
        let mut episode = self.empty_episode(number, user);
        let mut n_refused = 0;
        while session.end().continues() && episode.demonstration.steps.len() < self.horizon {
            if n_refused == N_ATTEMPTS || unavailable.len() == scene.catalogue.len() {
                episode.is_given_up = true;
                break;
            }
            let answer = acting.recommend(&mut rng);
            let grounded = self.index.ground(&answer.title);
            let Some(item) = grounded.item.filter(|&item| unavailable.insert(item)) else {
                acting.observe(Reaction::Refused { item: grounded.item });
                episode.answers.push((answer, grounded, false));
                n_refused += 1;
                continue;
            };
            n_refused = 0;
            let outcome = session.step(item)?;
            acting.observe(Reaction::Shown { item, reward: outcome.reward });
            let step = Step { item, reward: outcome.reward, log_prob_behavior: 0.0, end: outcome.end };
            episode.demonstration.steps.push(self.demo_step(step, &answer, &grounded, episode.answers.len()));
            episode.answers.push((answer, grounded, true));
        }
        if let Some(last) = episode.demonstration.steps.last_mut()
            && last.step.end.continues()
        {
            last.step.end = StepEnd::Truncated;
        }
        Ok(episode)
    }

    fn empty_episode(&self, number: usize, user: UserIdx) -> Episode {
        let demonstration = Demonstration {
            id: format!("episode:{number}"),
            user,
            user_id: self.scene.user_ids[user.index()].clone(),
            history_titles: self.scene.history_titles(user),
            steps: Vec::new(),
            reminded_of: Vec::new(),
            lesson: None,
        };
        Episode { demonstration, answers: Vec::new(), is_given_up: false }
    }

    fn demo_step(&self, step: Step, answer: &Answer, grounded: &Grounded, position: usize) -> DemoStep {
        let title = |item: ItemIdx| self.scene.catalogue.item(item).title.clone();
        DemoStep {
            step,
            title: title(step.item),
            requested_title: answer.title.clone(),
            replacement: None,
            grounding: grounded.grounding,
            thought: Some(answer.thought.clone()),
            observed_reward: None,
            critic_value: None,
            source_step: position as u32,
            is_reward_overridden: false,
            explanation: None,
        }
    }
}
