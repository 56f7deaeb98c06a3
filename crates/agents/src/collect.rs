//! A collection: batch after batch, what one learned known to the next, stopped and resumed at any point.

use crate::agent_session::AgentSession;
use crate::agents::{Agents, EMBEDDER};
use crate::health::Health;
use crate::journal::Journal;
use crate::memory::{Embedder, Memories};
use crate::play::Played;
use crate::slate::Slates;
use crate::totals::Totals;
use crate::{ActorKind, AgentError, AgentSettings, Decode, Progress, Prompts};
use demonstrations::{
    AgentAccount, CollectReport, Cost, Demonstration, DemonstrationError, Scene, TitleIndex,
};
use llm::{Capabilities, Choices, LanguageModel, LlmError};
use mdp::UserIdx;
use std::sync::Arc;

/// Everything a collection needs.
#[derive(Clone, Copy)]
pub struct Collection<'a> {
    /// Where the sessions are played.
    pub scene: &'a Scene<'a>,
    /// Whose sessions; they take turns.
    pub users: &'a [UserIdx],
    /// Who demonstrates.
    pub model: &'a dyn LanguageModel,
    /// Who turns texts into vectors, for grounding and memories; without one, character n-grams do.
    pub embedder: Option<&'a dyn LanguageModel>,
    /// What it is told.
    pub prompts: &'a Prompts,
    /// How.
    pub settings: &'a AgentSettings,
    /// The run's seed.
    pub seed: u64,
}

/// What a collection gives.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentsCollected {
    /// The sessions, in order.
    pub demonstrations: Vec<Demonstration>,
    /// What became of every answer.
    pub report: CollectReport,
    /// What it cost.
    pub cost: Cost,
    /// Whether it stopped because the budget was used up.
    pub is_out_of_budget: bool,
}

impl<'a> Collection<'a> {
    /// The model with the agent that it plays, for reports.
    pub fn expert_name(&self) -> String {
        let settings = self.settings;
        let actor = match (settings.actor, settings.decode) {
            (ActorKind::Score, _) => "scoring candidates",
            (ActorKind::Free, Decode::Catalogue) => "writing titles of the catalogue",
            (ActorKind::Free, Decode::Free) => "writing freely",
        };
        format!("{}, agent {}, {actor}", self.model.capabilities().model, settings.agent.name())
    }

    /// Refuses what cannot work, before anything is asked or written.
    ///
    /// # Errors
    /// Names the setting, or what the model cannot do.
    pub fn check(&self) -> Result<(), AgentError> {
        self.settings.check()?;
        check_model(self.model.capabilities(), self.settings)?;
        if let Some(embedder) = self.embedder.filter(|embedder| !embedder.capabilities().embeds) {
            return Err(embedder.cannot("turn text into vectors").into());
        }
        if self.users.is_empty() {
            let nothing = DemonstrationError::Nothing("no users were asked for".to_owned());
            return Err(nothing.into());
        }
        Ok(())
    }

    /// The agents, ready.
    pub(crate) fn agents(&self) -> Result<Agents<'a>, AgentError> {
        self.check()?;
        let settings = self.settings;
        let titles = || -> Vec<String> {
            self.scene.catalogue.items().iter().map(|item| item.title.trim().to_owned()).collect()
        };
        let reads_titles = settings.actor == ActorKind::Free && settings.decode == Decode::Free;
        let title_vectors = match self.embedder.filter(|_| reads_titles) {
            Some(embedder) => Embedder::Model(embedder).embed(&titles())?.concat(),
            None => Vec::new(),
        };
        let choices = (settings.decode == Decode::Catalogue).then(|| Arc::new(Choices { texts: titles() }));
        Ok(Agents {
            scene: self.scene,
            model: self.model,
            embedder: self.embedder,
            title_vectors,
            prompts: self.prompts,
            settings,
            modules: settings.modules(),
            seed: self.seed,
            index: TitleIndex::build(self.scene.catalogue, settings.grounding),
            slates: Slates::of(self.scene),
            choices,
            health: Health::default(),
        })
    }

    /// The users of a batch, and the number of its first session.
    pub(crate) fn sessions(&self, number: usize) -> (usize, Vec<UserIdx>) {
        let (first, n_episodes) = (number * self.settings.batch, self.settings.n_episodes);
        let sessions = first..(first + self.settings.batch).min(n_episodes);
        (first, sessions.map(|at| self.users[at % self.users.len()]).collect())
    }

    /// How many batches there are.
    pub(crate) fn n_batches(&self) -> usize {
        self.settings.n_episodes.div_ceil(self.settings.batch)
    }
}

fn check_model(can: &Capabilities, settings: &AgentSettings) -> Result<(), AgentError> {
    let modules = settings.modules();
    let writes = modules.thought || modules.critic || settings.actor == ActorKind::Free;
    let needs_embedding = settings.memory.embedding == crate::MemoryEmbedding::Model;
    let missing = [
        (writes && !can.generates, "write text"),
        (settings.actor == ActorKind::Score && !can.scores, "say how likely a text is"),
        (settings.decode == Decode::Catalogue && !can.obeys_choices, "keep to given choices"),
        (needs_embedding && !can.embeds, "turn text into vectors"),
    ];
    match missing.into_iter().find(|(is_missing, _)| *is_missing) {
        Some((_, what)) => Err(LlmError::Unsupported { model: can.model.clone(), what }.into()),
        None => Ok(()),
    }
}

/// Collects. With a journal, batches that it holds are not played again; those that are played are sealed in it, if
/// every call was answered: after a failed one, this batch and the later ones, which may have learned from it, are played
/// again by the next run, for which only the failed calls are new. Where the model ends the run (a budget, a server
/// that is gone), the sessions that were over are the result and the report says why it stopped.
///
/// # Errors
/// When a setting or a template cannot be used, the world or the disk refuses, a role is never answered, or nothing at
/// all was finished.
pub fn collect(
    collection: &Collection<'_>,
    journal: Option<&Journal>,
    watch: &mut dyn FnMut(&Progress),
) -> Result<AgentsCollected, AgentError> {
    let agents = collection.agents()?;
    let repeats = collection.model.repeats_itself();
    let mut memories = Memories::default();
    let mut sum = Totals::of(collection);
    let mut journal = journal;
    watch(&sum.progress(&[], &AgentAccount::default()));
    for number in 0..collection.n_batches() {
        let (first, users) = collection.sessions(number);
        let sealed = journal.and_then(|journal| journal.batch(number, users.len()));
        let sealed = sealed.filter(|batch| batch.is_final(repeats));
        let Played { batch, mut stopped } = match sealed {
            Some(batch) => {
                agents.health.absorb(&batch.account);
                Played { batch, stopped: None }
            }
            None => {
                let tell = &mut |sessions: &[AgentSession], account: &AgentAccount| {
                    watch(&sum.progress(sessions, account));
                };
                let played = agents.play(collection.scene.environment, first, &users, &memories, tell)?;
                journal = journal.filter(|_| played.stopped.is_none() && played.batch.is_final(repeats));
                if let Some(journal) = journal {
                    journal.seal(number, &played.batch)?;
                }
                played
            }
        };
        if stopped.is_none() {
            let absorbed = memories.absorb(&batch.memos, agents.embedder());
            agents.health.book(EMBEDDER, absorbed.as_ref().err());
            stopped = absorbed.err();
        }
        sum.add(batch);
        watch(&sum.progress(&[], &AgentAccount::default()));
        match stopped {
            None => {}
            Some(error) if !error.ends_the_run() || sum.is_empty() => return Err(error.into()),
            Some(error) => {
                sum.account.stopped = Some(error.to_string());
                let is_out_of_budget = matches!(error, LlmError::Budget { .. });
                return Ok(AgentsCollected { is_out_of_budget, ..sum.finish(collection)? });
            }
        }
    }
    agents.health.judge_all(collection.settings, true)?;
    sum.finish(collection)
}
