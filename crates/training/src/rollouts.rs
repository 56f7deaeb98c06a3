//! Many sessions stepped together.
//!
//! The sessions of a round are cut into blocks. A block plays its sessions to their ends on one thread: at every step
//! it encodes the states of all that still go on at once, draws all their items in one pass over the catalogue, and
//! asks the environment for all outcomes at once. Blocks do not wait for each other.
//!
//! A session draws from the stream of its episode and acts by a snapshot of the policy, so it depends neither on
//! threads nor on the other sessions of its round.

use crate::trainer::stream;
use environment::{Environment, EnvironmentError, SessionSeed, VectorEnvironment};
use kernels::{Drawn, Isa};
use mdp::{Interaction, ItemIdx, ItemSet, Rng, UserIdx, rng_for};
use policy::{Acting, ActorConfig, LargeActor, Snapshot, StateInput};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// Sessions per block: many, because a pass over the catalogue costs as much for the last sessions of a block that go on
/// as for sixteen.
const SESSIONS_PER_BLOCK: usize = 256;

/// Sessions of a round and what they work with; the memory is used again.
pub(crate) struct Rollouts<'a> {
    snapshot: Snapshot,
    blocks: Vec<Block<'a>>,
}

/// What the sessions of all rounds have in common.
#[derive(Clone)]
pub(crate) struct Players<'a> {
    pub(crate) seed: u64,
    pub(crate) users: Arc<[UserIdx]>,
    pub(crate) histories: Arc<[&'a [Interaction]]>,
    /// Whether what was shown is kept from being shown again.
    pub(crate) is_masked: bool,
}

impl<'a> Players<'a> {
    /// What the user's chance in an episode follows from.
    pub(crate) fn session_seed(&self, episode: u64) -> SessionSeed {
        SessionSeed { seed: self.seed, stream: episode }
    }

    /// The row of the user table that plays an episode.
    pub(crate) fn user_row(&self, episode: u64) -> u32 {
        (episode % self.users.len() as u64) as u32
    }

    /// The user who plays an episode.
    fn user(&self, episode: u64) -> UserIdx {
        self.users[self.user_row(episode) as usize]
    }

    /// Puts the items of the user's log in.
    pub(crate) fn mask_history(&self, user: UserIdx, shown: &mut ItemSet) {
        let history = self.histories.get(user.index()).copied().unwrap_or_default();
        history.iter().for_each(|interaction| {
            shown.insert(interaction.item);
        });
    }
}

impl<'a> Rollouts<'a> {
    /// Room for so many sessions of an environment.
    ///
    /// # Errors
    /// When the environment does not know the first user.
    pub(crate) fn new(
        environment: &'a Environment,
        players: &Players<'a>,
        config: &ActorConfig,
        n_sessions: usize,
    ) -> Result<Self, EnvironmentError> {
        let firsts = (0..n_sessions).step_by(SESSIONS_PER_BLOCK);
        let block = |first: usize| {
            let n = (n_sessions - first).min(SESSIONS_PER_BLOCK);
            Block::new(environment, players, config, n)
        };
        Ok(Self { snapshot: Snapshot::new(config), blocks: firsts.map(block).collect::<Result<_, _>>()? })
    }

    /// Takes the snapshot that the sessions of these episodes act by.
    pub(crate) fn prepare(&mut self, actor: &mut LargeActor, players: &Players<'a>, episodes: Range<u64>) {
        actor.snapshot(episodes.map(|episode| players.user_row(episode)), &mut self.snapshot);
    }

    /// Plays the episodes that [`Rollouts::prepare`] was called for.
    ///
    /// # Errors
    /// When the environment refuses a step.
    pub(crate) fn play(
        &mut self,
        players: &Players<'a>,
        episodes: Range<u64>,
    ) -> Result<(), EnvironmentError> {
        let Self { snapshot, blocks } = self;
        let start = episodes.start;
        blocks.par_iter_mut().enumerate().try_for_each(|(index, block)| {
            let first = (start + (index * SESSIONS_PER_BLOCK) as u64).min(episodes.end);
            let own = first..(first + SESSIONS_PER_BLOCK as u64).min(episodes.end);
            block.play(snapshot, players, own, (index * SESSIONS_PER_BLOCK) as u32)
        })
    }

    /// The sessions that were played, in the order of their episodes.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = &[(ItemIdx, f32)]> {
        self.blocks.iter().flat_map(|block| block.steps[..block.n_sessions].iter().map(Vec::as_slice))
    }
}

/// Sessions that one thread plays, and its memory.
struct Block<'a> {
    environment: VectorEnvironment<'a>,
    acting: Acting,
    /// How many of the places below have a session in this round.
    n_sessions: usize,
    /// Items and rewards of every session so far.
    steps: Vec<Vec<(ItemIdx, f32)>>,
    /// What must not be shown, where anything must not.
    shown: Vec<ItemSet>,
    /// Places of the sessions that go on, and their generators.
    live: Vec<usize>,
    rngs: Vec<Rng>,
    drawn: Vec<Drawn>,
    items: Vec<ItemIdx>,
    window: usize,
}

impl<'a> Block<'a> {
    fn new(
        environment: &'a Environment,
        players: &Players<'a>,
        config: &ActorConfig,
        n: usize,
    ) -> Result<Self, EnvironmentError> {
        let n_masks = if players.is_masked { n } else { 0 };
        Ok(Self {
            environment: VectorEnvironment::start(environment, &vec![players.user(0); n])?,
            acting: Acting::new(Isa::detected(), config),
            n_sessions: 0,
            steps: vec![Vec::new(); n],
            shown: vec![ItemSet::empty(environment.n_items()); n_masks],
            live: Vec::with_capacity(n),
            rngs: Vec::with_capacity(n),
            drawn: Vec::with_capacity(n),
            items: Vec::with_capacity(n),
            window: config.tracker.window,
        })
    }

    /// Plays these episodes to their ends; `first_row` is where their users stand in the snapshot.
    fn play(
        &mut self,
        snapshot: &Snapshot,
        players: &Players<'a>,
        episodes: Range<u64>,
        first_row: u32,
    ) -> Result<(), EnvironmentError> {
        self.start(players, episodes)?;
        let Self { environment, acting, steps, shown, live, rngs, drawn, items, window, .. } = self;
        while !live.is_empty() {
            let states = live.iter().map(|&place| {
                let steps = &steps[place];
                let recent = &steps[steps.len().saturating_sub(*window)..];
                StateInput { user_row: first_row + place as u32, steps: recent }
            });
            acting.act(snapshot, states, rngs, |at| shown.get(live[at]), drawn);
            items.clear();
            items.extend(drawn.iter().map(|drawn| ItemIdx(drawn.item)));
            let outcomes = environment.step_some(live, items)?;
            let mut n_live = 0;
            for (at, (outcome, &item)) in outcomes.iter().zip(&*items).enumerate() {
                let place = live[at];
                steps[place].push((item, outcome.reward));
                if let Some(shown) = shown.get_mut(place) {
                    shown.insert(item);
                }
                if outcome.end.continues() {
                    live[n_live] = place;
                    rngs.swap(n_live, at);
                    n_live += 1;
                }
            }
            live.truncate(n_live);
            rngs.truncate(n_live);
        }
        Ok(())
    }

    fn start(&mut self, players: &Players<'a>, episodes: Range<u64>) -> Result<(), EnvironmentError> {
        self.n_sessions = (episodes.end - episodes.start) as usize;
        self.live.clear();
        self.rngs.clear();
        for (place, episode) in episodes.enumerate() {
            let user = players.user(episode);
            self.environment.restart_seeded(place, user, players.session_seed(episode))?;
            self.steps[place].clear();
            if let Some(shown) = self.shown.get_mut(place) {
                shown.clear();
                players.mask_history(user, shown);
            }
            self.live.push(place);
            self.rngs.push(rng_for(players.seed, &[stream::ROLLOUT, episode]));
        }
        Ok(())
    }
}
