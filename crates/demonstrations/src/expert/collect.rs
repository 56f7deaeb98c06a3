//! An expert as a demonstrator: asked for a title until one can be shown.

use super::{CatalogueExpert, Expert, ExpertContext, ExpertSession, Reaction};
use crate::demonstrator::{begin, play};
use crate::{
    AnswerRecord, Collected, Demonstration, DemonstrationError, Demonstrator, Finished, GroundingConfig,
    Playing, Scene, Shown, Sum, TitleIndex,
};
use environment::SessionSeed;
use mdp::{Rng, UserIdx, rng_for};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Stream of the seed.
const COLLECT: u64 = 0x434f_4c4c;
/// How often an expert may answer before a step is given up.
const N_ATTEMPTS: usize = 5;

/// How sessions are collected.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectOptions {
    /// How many sessions; users take turns.
    pub n_episodes: usize,
    /// The most steps a session is given; the environment's horizon holds besides.
    pub horizon: usize,
    /// How texts become items.
    pub grounding: GroundingConfig,
}

impl CollectOptions {
    /// So many sessions of so many steps at most.
    pub fn new(n_episodes: usize, horizon: usize) -> Self {
        Self { n_episodes, horizon, grounding: GroundingConfig::default() }
    }
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
    let acting = Acting { scene, index: &index, expert: studied.as_ref(), seed };
    let finished: Vec<Finished> = (0..options.n_episodes)
        .into_par_iter()
        .map(|number| acting.play(number, users[number % users.len()], options.horizon))
        .collect::<Result<_, _>>()?;
    let mut sum = Sum::default();
    finished.into_iter().for_each(|session| sum.add(session));
    if sum.is_empty() {
        return Err(DemonstrationError::Nothing("no answer of the expert could be shown".to_owned()));
    }
    Ok(sum.finish(scene))
}

/// An expert in a scene.
#[derive(Clone, Copy)]
struct Acting<'a> {
    scene: &'a Scene<'a>,
    index: &'a TitleIndex,
    expert: &'a dyn CatalogueExpert,
    seed: u64,
}

/// One session of the expert.
struct Mind<'a> {
    session: Box<dyn ExpertSession + 'a>,
    rng: Rng,
    history_titles: Vec<String>,
}

impl Acting<'_> {
    fn play(mut self, number: usize, user: UserIdx, horizon: usize) -> Result<Finished, DemonstrationError> {
        let scene = self.scene;
        let mut sessions = begin(&self, scene, scene.environment, number, &[user])?;
        play(&mut self, scene, &mut sessions, horizon, &mut |_, _| {})?;
        Ok(sessions.remove(0).finish(scene, &self))
    }

    /// Asks until an answer can be shown or the expert has used up its attempts.
    fn ask(&self, session: &mut Playing<Mind<'_>>) -> Option<Shown> {
        for _ in 0..N_ATTEMPTS {
            let answer = session.mind.session.recommend(&mut session.mind.rng);
            let grounded = self.index.ground(&answer.title);
            if let Some(item) = grounded.item.filter(|&item| !session.unavailable.contains(item)) {
                let thought = Some(answer.thought);
                return Some(Shown { item, text: answer.title, grounded, thought, explanation: None });
            }
            session.mind.session.observe(Reaction::Refused { item: grounded.item });
            session.answers.push(AnswerRecord { text: answer.title, grounded, is_shown: false });
        }
        None
    }
}

impl<'a> Demonstrator for Acting<'a> {
    type Mind = Mind<'a>;
    type Error = DemonstrationError;

    fn seed(&self, number: usize) -> SessionSeed {
        SessionSeed { seed: self.seed, stream: number as u64 }
    }

    fn meet(&self, number: usize, user: UserIdx) -> Mind<'a> {
        let Self { scene, expert, .. } = *self;
        let briefing = ExpertContext { catalogue: scene.catalogue, user, history: scene.history(user) };
        let rng = rng_for(self.seed, &[COLLECT, number as u64]);
        Mind { session: expert.start(briefing), rng, history_titles: scene.history_titles(user) }
    }

    fn choose(
        &mut self,
        sessions: &mut [Playing<Mind<'a>>],
        active: &[usize],
    ) -> Result<Vec<Option<Shown>>, DemonstrationError> {
        Ok(active.iter().map(|&at| self.ask(&mut sessions[at])).collect())
    }

    fn observe(
        &mut self,
        sessions: &mut [Playing<Mind<'a>>],
        acted: &[usize],
    ) -> Result<(), DemonstrationError> {
        for &at in acted {
            let Playing { mind, steps, .. } = &mut sessions[at];
            if let Some(last) = steps.last() {
                mind.session.observe(Reaction::Shown { item: last.step.item, reward: last.step.reward });
            }
        }
        Ok(())
    }

    fn tell(&self, mind: Mind<'a>, demonstration: &mut Demonstration) {
        demonstration.history_titles = mind.history_titles;
    }
}
