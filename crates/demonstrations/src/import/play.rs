//! Records become sessions of the train world.

use super::options::{Format, ImportOptions, Play, TerminalFallback};
use super::recorded::{Recorded, RecordedStep, RecordedTraces};
use super::{Embed, ImportReport, Imported};
use crate::grounding::GroundingTally;
use crate::{DemoStep, Demonstration, DemonstrationError, Grounded, Grounding, GroundingStatus, TitleIndex};
use catalogue::Catalogue;
use environment::{Environment, SessionSeed};
use mdp::{ExitReason, Histories, Interaction, ItemIdx, ItemSet, Step, StepEnd, UserIdx, rng_for};
use rand::seq::SliceRandom as _;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// How many titles of the history an expert is shown.
pub(crate) const N_HISTORY_TITLES: usize = 15;

/// Where demonstrations are played: the items, the users with their logged histories, and the train world.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The items.
    pub catalogue: &'a Catalogue,
    /// The outside world's ids of the users, by row.
    pub user_ids: &'a [String],
    /// The logged history of every user, by row, oldest first: the world part of the log.
    pub histories: &'a Histories,
    /// The train world.
    pub environment: &'a Environment,
}

impl Scene<'_> {
    /// The logged history of a user; empty for a row without one.
    pub fn history(&self, user: UserIdx) -> &[Interaction] {
        self.histories.get(user.index())
    }

    /// The titles of the end of a user's history, oldest first.
    pub fn history_titles(&self, user: UserIdx) -> Vec<String> {
        let history = self.history(user);
        let shown = &history[history.len().saturating_sub(N_HISTORY_TITLES)..];
        shown.iter().map(|i| self.catalogue.item(i.item).title.clone()).collect()
    }

    /// The items a session of the user never shows.
    pub fn known_items(&self, user: UserIdx) -> ItemSet {
        let mut known = ItemSet::empty(self.catalogue.len());
        for interaction in self.history(user) {
            known.insert(interaction.item);
        }
        known
    }
}

const SHUFFLE_USERS: u64 = 0x7368_7573;

/// A step with its item.
struct GroundedStep {
    item: ItemIdx,
    grounding: Grounding,
    recorded: RecordedStep,
}

/// Plays every record of known users.
pub(super) fn play(
    format: Format,
    traces: RecordedTraces,
    scene: &Scene<'_>,
    options: &ImportOptions,
    embed: Option<Embed<'_>>,
) -> Result<Imported, DemonstrationError> {
    let mut report = ImportReport::of(&traces);
    let rows: HashMap<&str, UserIdx> =
        scene.user_ids.iter().enumerate().map(|(row, id)| (id.as_str(), UserIdx(row as u32))).collect();
    let meanings = meanings(&traces.records, scene.catalogue, options, embed)?;
    let mut tally = GroundingTally::default();
    let mut ready = Vec::new();
    for record in traces.records {
        let Some(&user) = rows.get(record.user_id.as_str()) else {
            report.records_of_unknown_users += 1;
            report.skipped_unknown_user += record.steps.len() as u64;
            continue;
        };
        let Recorded { id, steps, .. } = record;
        let grounded: Vec<GroundedStep> = steps
            .into_iter()
            .filter_map(|step| ground_step(step, scene.catalogue, &meanings, &mut tally, &mut report))
            .collect();
        ready.push((id, user, grounded));
    }
    if let Some(seed) = options.shuffle_users {
        let mut users: Vec<UserIdx> = ready.iter().map(|(_, user, _)| *user).collect();
        users.shuffle(&mut rng_for(seed, &[SHUFFLE_USERS]));
        ready.iter_mut().zip(users).for_each(|((_, user, _), other)| *user = other);
    }
    let repeats = if format == Format::Lists { Repeats::Skip } else { Repeats::Play };
    let played: Vec<Result<(Vec<Demonstration>, Skipped), DemonstrationError>> = ready
        .into_par_iter()
        .enumerate()
        .map(|(number, (id, user, steps))| {
            // An import has no seed of its own.
            let seed = SessionSeed { seed: 0, stream: number as u64 };
            let mut player = Player { scene, options, repeats, user, seed, skipped: Skipped::default() };
            let sessions = player.sessions(steps)?;
            Ok((named(&id, user, sessions, scene), player.skipped))
        })
        .collect();
    let mut demonstrations = Vec::new();
    for outcome in played {
        let (sessions, skipped) = outcome?;
        skipped.add_to(&mut report);
        report.records_empty += u64::from(sessions.is_empty());
        demonstrations.extend(sessions);
    }
    report.episodes = demonstrations.len() as u64;
    report.steps_kept = demonstrations.iter().map(|d| d.steps.len() as u64).sum();
    report.rewards_overridden =
        demonstrations.iter().flat_map(|d| &d.steps).filter(|s| s.is_reward_overridden).count() as u64;
    report.grounding = tally.finish(|item| scene.catalogue.item(item).title.clone());
    Ok(Imported { demonstrations, report })
}

/// What every distinct text of the records means; each is looked up once.
fn meanings(
    records: &[Recorded],
    catalogue: &Catalogue,
    options: &ImportOptions,
    embed: Option<Embed<'_>>,
) -> Result<HashMap<String, Grounded>, DemonstrationError> {
    let index = TitleIndex::build(catalogue, options.grounding);
    let texts: BTreeSet<&str> = records.iter().flat_map(|r| &r.steps).map(|s| s.title.as_str()).collect();
    let texts: Vec<&str> = texts.into_iter().collect();
    let grounded = match embed {
        None => texts.par_iter().map(|text| index.ground(text)).collect(),
        Some(embed) => {
            let titles: Vec<String> = catalogue.items().iter().map(|item| item.title.clone()).collect();
            let vectors = embed(&titles).map_err(DemonstrationError::Vectors)?;
            index.ground_all(&texts, &vectors.concat(), embed).map_err(DemonstrationError::Vectors)?
        }
    };
    Ok(texts.into_iter().map(str::to_owned).zip(grounded).collect())
}

fn ground_step(
    step: RecordedStep,
    catalogue: &Catalogue,
    meanings: &HashMap<String, Grounded>,
    tally: &mut GroundingTally,
    report: &mut ImportReport,
) -> Option<GroundedStep> {
    let by_id = step.item_id.as_deref().and_then(|id| catalogue.find(id));
    let by_title = meanings[&step.title];
    let exact = Grounding { status: GroundingStatus::Exact, distance: 0.0 };
    let grounded = match by_id {
        // An id is believed where there is no title to check it against, or where the title is the item's own;
        // so it tells items with equal titles apart.
        Some(item) if step.title.is_empty() || catalogue.item(item).title == step.title => {
            Grounded { item: Some(item), grounding: exact, is_ambiguous: false }
        }
        _ => {
            report.item_ids_refused += u64::from(by_id.is_some() && by_id != by_title.item);
            by_title
        }
    };
    tally.add(&step.requested_title, &grounded, step.is_replaced);
    let Some(item) = grounded.item else {
        report.skipped_ungrounded += 1;
        return None;
    };
    Some(GroundedStep { item, grounding: grounded.grounding, recorded: step })
}

/// What to do with an item that the same record had before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeats {
    Skip,
    Play,
}

#[derive(Clone, Copy, Default)]
struct Skipped {
    in_history: u64,
    repeated: u64,
    after_exit: u64,
    terminal_fallback: u64,
}

impl Skipped {
    fn add_to(self, report: &mut ImportReport) {
        report.skipped_in_history += self.in_history;
        report.skipped_repeated += self.repeated;
        report.skipped_after_exit += self.after_exit;
        report.skipped_terminal_fallback += self.terminal_fallback;
    }
}

/// One user's record on its way into sessions.
struct Player<'a> {
    scene: &'a Scene<'a>,
    options: &'a ImportOptions,
    repeats: Repeats,
    user: UserIdx,
    seed: SessionSeed,
    skipped: Skipped,
}

impl Player<'_> {
    fn sessions(&mut self, mut steps: Vec<GroundedStep>) -> Result<Vec<Vec<DemoStep>>, DemonstrationError> {
        if self.options.terminal_fallback == TerminalFallback::Drop {
            let before = steps.len();
            steps.retain(|step| !(step.recorded.is_terminal_failure() && step.recorded.is_replaced));
            self.skipped.terminal_fallback += (before - steps.len()) as u64;
        }
        let sessions = match self.options.play {
            Play::Recorded => self.as_recorded(steps)?,
            Play::Segments | Play::FirstExit => {
                let showable = self.showable(steps);
                self.played(showable)?
            }
        };
        Ok(sessions.into_iter().filter(|session| !session.is_empty()).collect())
    }

    /// Leaves out what a session would not show.
    fn showable(&mut self, steps: Vec<GroundedStep>) -> Vec<GroundedStep> {
        let known = self.scene.known_items(self.user);
        let mut shown = ItemSet::empty(self.scene.catalogue.len());
        let mut kept = Vec::with_capacity(steps.len());
        for step in steps {
            if known.contains(step.item) {
                self.skipped.in_history += 1;
            } else if !shown.insert(step.item) && self.repeats == Repeats::Skip {
                self.skipped.repeated += 1;
            } else {
                kept.push(step);
            }
        }
        kept
    }

    fn played(&mut self, steps: Vec<GroundedStep>) -> Result<Vec<Vec<DemoStep>>, DemonstrationError> {
        let mut sessions = vec![Vec::new()];
        let mut session = self.scene.environment.start_seeded(self.user, self.seed)?;
        let n_steps = steps.len();
        for (at, step) in steps.into_iter().enumerate() {
            if !session.end().continues() {
                if self.options.play == Play::FirstExit {
                    self.skipped.after_exit += (n_steps - at) as u64;
                    break;
                }
                session.restart(self.user)?;
                sessions.push(Vec::new());
            }
            let outcome = session.step(step.item)?;
            let demo_step = self.demo_step(step, outcome.reward, outcome.end);
            sessions.last_mut().expect("there is always a session").push(demo_step);
        }
        // The list is exhausted but the user has not left: time is up, so targets bootstrap.
        if let Some(last) = sessions.last_mut().and_then(|s| s.last_mut())
            && last.step.end.continues()
        {
            last.step.end = StepEnd::Truncated;
        }
        Ok(sessions)
    }

    /// Rewards of the train world, the recorded ends: a step at which the user stopped, and the last step kept.
    fn as_recorded(&self, steps: Vec<GroundedStep>) -> Result<Vec<Vec<DemoStep>>, DemonstrationError> {
        let environment = self.scene.environment;
        environment.start(self.user)?;
        // Below the rule's limit a stop is taken for dissatisfaction with the item, otherwise with the sequence.
        let low = environment.rule().low_reward().map_or(f32::NEG_INFINITY, |low| low.below);
        let mut sessions = vec![Vec::new()];
        let mut shown = Vec::new();
        let n_steps = steps.len();
        for (at, step) in steps.into_iter().enumerate() {
            let reward = environment.rewards().reward_after(self.user, step.item, &shown);
            shown.push(step.item);
            let has_stopped = step.recorded.is_terminal_failure();
            let end = match has_stopped {
                true if reward < low => StepEnd::Terminated(ExitReason::LowReward),
                true => StepEnd::Terminated(ExitReason::Distance),
                false if at + 1 == n_steps => StepEnd::Truncated,
                false => StepEnd::Continues,
            };
            let is_fallback = has_stopped && step.recorded.is_replaced;
            let forced = self.options.terminal_fallback.reward().filter(|_| is_fallback);
            let mut demo_step = self.demo_step(step, forced.unwrap_or(reward), end);
            demo_step.is_reward_overridden = forced.is_some();
            sessions.last_mut().expect("there is always a session").push(demo_step);
            if has_stopped {
                sessions.push(Vec::new());
                shown.clear();
            }
        }
        Ok(sessions)
    }

    fn demo_step(&self, step: GroundedStep, reward: f32, end: StepEnd) -> DemoStep {
        let GroundedStep { item, grounding, recorded } = step;
        DemoStep {
            step: Step { item, reward, log_prob_behavior: 0.0, end },
            title: self.scene.catalogue.item(item).title.clone(),
            replacement: recorded.is_replaced.then_some(recorded.title),
            requested_title: recorded.requested_title,
            grounding,
            thought: recorded.thought,
            observed_reward: recorded.observed_reward,
            critic_value: recorded.critic_value,
            source_step: recorded.source_step,
            is_reward_overridden: false,
            explanation: None,
        }
    }
}

fn named(id: &str, user: UserIdx, sessions: Vec<Vec<DemoStep>>, scene: &Scene<'_>) -> Vec<Demonstration> {
    let of = |(at, steps): (usize, Vec<DemoStep>)| Demonstration {
        id: if at == 0 { id.to_owned() } else { format!("{id}#{}", at + 1) },
        user,
        user_id: scene.user_ids[user.index()].clone(),
        history_titles: scene.history_titles(user),
        steps,
        reminded_of: Vec::new(),
        lesson: None,
    };
    sessions.into_iter().enumerate().map(of).collect()
}
