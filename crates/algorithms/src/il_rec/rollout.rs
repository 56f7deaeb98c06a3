//! Sessions for learning: rollouts of the current policy, and demonstrations replayed, step by step.

use super::config::Config;
pub(crate) use super::decision::Decision;
use super::decision::{ActionSource, Situated, decide};
use super::learner::Learner;
use environment::{Environment, SessionSeed};
use kernels::softmax_in_place;
use learning::{DemonstratedStep, Hook, LearningError, Rows, Situation, Steps, Terms};
use mdp::{Interaction, ItemIdx, ItemSet, Rng, StepEnd, Trajectory, UserIdx};
use rand::RngExt as _;
use ranking::{Actor, QuitHazard, Tracker, View};
use representation::{HazardExample, ItemTable, N_DISCRIMINATED, N_STATE};
use std::borrow::Cow;

/// One step as the learner sees it.
#[derive(Clone, Debug)]
pub(crate) struct LearnerStep {
    /// State features before the step.
    pub state: [f32; N_STATE],
    /// The decision and what its gradients need.
    pub decision: Decision,
    /// The hazard's inputs for the chosen item; its label says whether the user left.
    pub hazard: HazardExample,
    /// The environment's reward.
    pub reward: f32,
    /// How the step ended.
    pub end: StepEnd,
    /// What the discriminator sees of it.
    pub discriminated: [f32; N_DISCRIMINATED],
    /// What it would have seen, had a random available item been shown instead. Demonstrated steps
    /// have it unless hardly any item was left; own steps do not.
    pub negative: Option<[f32; N_DISCRIMINATED]>,
}

/// A session as the learner sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LearnerSession<'a> {
    /// The user's logged history.
    pub history: &'a [Interaction],
    /// Its place among the run's demonstrations, where it is one.
    pub demonstration: Option<u32>,
    /// Its steps.
    pub steps: Vec<LearnerStep>,
    /// State features after the last step, as if the session had gone on.
    pub state_after: [f32; N_STATE],
}

/// Draws until an item that was not shown yet comes up; where nearly everything was shown, none may.
const DRAWS: usize = 64;

/// Everything that acts and nothing that learns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acting<'a> {
    /// The items.
    pub items: &'a ItemTable,
    /// The actor.
    pub actor: &'a Actor,
    /// The hazard, where one is used.
    pub hazard: Option<&'a QuitHazard>,
    /// Whether rewards of the session move the belief about the user.
    pub learns_in_session: bool,
    /// The terms that have a bias at acting, in the policy's own sessions.
    pub bias: Option<&'a Terms>,
}

impl<'a> Acting<'a> {
    /// What the networks as they are act with.
    pub(crate) fn of(learner: &'a Learner, items: &'a ItemTable, config: &Config) -> Self {
        Self {
            items,
            actor: &learner.actor,
            hazard: config.switches.hazard.then_some(&learner.hazard),
            learns_in_session: config.switches.session_feedback,
            bias: None,
        }
    }

    /// The same with the bias of these terms.
    pub(crate) fn biased(self, terms: &'a Terms) -> Self {
        Self { bias: terms.have(Hook::Bias).then_some(terms), ..self }
    }
}

/// Runs one session of the current policy. Its choices are drawn from `rng`, the user's chance from `seed`.
///
/// # Errors
/// When the user has no row in the environment, or a term fails.
pub(crate) fn rollout<'a>(
    acting: Acting<'_>,
    environment: &Environment,
    (user, history): (UserIdx, &'a [Interaction]),
    rng: &mut Rng,
    seed: SessionSeed,
) -> Result<LearnerSession<'a>, LearningError> {
    let mut session = environment.start_seeded(user, seed)?;
    let mut trace = Trace::new(acting, history);
    while session.end().continues() && trace.shown.len() < environment.n_items() {
        let bias = trace.bias()?;
        let decision = trace.decide(ActionSource::Policy(rng), bias.as_deref());
        let outcome = session.step(decision.item)?;
        trace.record(decision, outcome.reward, outcome.end);
    }
    Ok(trace.end())
}

/// Replays a demonstrated session, computing at each step what the current policy would have thought of it. `place` is
/// the demonstration's among those of the run.
pub(crate) fn replay_demonstration<'a>(
    acting: Acting<'_>,
    (place, demonstration): (u32, &Trajectory),
    history: &'a [Interaction],
    rng: &mut Rng,
) -> LearnerSession<'a> {
    let mut trace = Trace::new(acting, history);
    for step in &demonstration.steps {
        let decision = trace.decide(ActionSource::Demonstration(step.item), None);
        let negative = trace.negative(rng);
        trace.record(decision, step.reward, step.end);
        trace.session.steps.last_mut().expect("one was just recorded").negative = negative;
    }
    trace.session.demonstration = Some(place);
    trace.end()
}

/// Goes through a session again, with the log-probabilities of every item at each of its steps, `[items]`; those of what
/// acts with a bias where that is part of it.
pub(crate) fn rescore(
    acting: Acting<'_>,
    session: &LearnerSession<'_>,
    mut at: impl FnMut(usize, &View, &[f32]) -> Result<(), LearningError>,
) -> Result<(), LearningError> {
    let mut trace = Trace::new(acting, session.history);
    for (t, step) in session.steps.iter().enumerate() {
        trace.look();
        let unavailable = unavailable_for(&trace.shown, step.decision.item);
        acting.actor.logits(&trace.view, &unavailable, &mut trace.scratch);
        if let Some(bias) = trace.bias()? {
            kernels::add_scaled(&mut trace.scratch, 1.0, &bias);
        }
        log_softmax_in_place(&mut trace.scratch);
        at(t, &trace.view, &trace.scratch)?;
        trace.record(step.decision, step.reward, step.end);
    }
    Ok(())
}

/// A session on its way.
struct Trace<'a, 'h> {
    acting: Acting<'a>,
    tracker: Tracker<&'a ItemTable>,
    shown: ItemSet,
    view: View,
    scratch: Vec<f32>,
    session: LearnerSession<'h>,
}

impl<'a, 'h> Trace<'a, 'h> {
    fn new(acting: Acting<'a>, history: &'h [Interaction]) -> Self {
        let mut shown = ItemSet::empty(acting.items.n_items());
        for interaction in history {
            shown.insert(interaction.item);
        }
        let tracker = Tracker::new(acting.items, history, acting.learns_in_session);
        let (view, scratch) = Default::default();
        let session = LearnerSession { history, ..LearnerSession::default() };
        Self { acting, tracker, shown, view, scratch, session }
    }

    fn look(&mut self) {
        self.tracker.view(self.acting.hazard, &self.shown, &mut self.view);
    }

    /// What terms add to the scores here.
    fn bias(&self) -> Result<Option<Vec<f32>>, LearningError> {
        let Some(terms) = self.acting.bias else { return Ok(None) };
        let shown: Vec<_> = self.session.steps.iter().map(|step| (step.decision.item, step.reward)).collect();
        let situation = Situation { history: self.session.history, shown: &shown };
        terms.bias(situation, self.shown.n_items())
    }

    fn decide(&mut self, source: ActionSource<'_>, bias: Option<&[f32]>) -> Decision {
        self.look();
        let unavailable = match source {
            ActionSource::Demonstration(item) => unavailable_for(&self.shown, item),
            ActionSource::Policy(_) => Cow::Borrowed(&self.shown),
        };
        let situated = Situated { view: &self.view, unavailable: &unavailable, bias };
        decide(self.acting.actor, situated, source, &mut self.scratch)
    }

    /// The discriminator's inputs for a uniformly random item that could be shown now.
    fn negative(&self, rng: &mut Rng) -> Option<[f32; N_DISCRIMINATED]> {
        let n_items = self.shown.n_items() as u32;
        let item =
            (0..DRAWS).map(|_| ItemIdx(rng.random_range(0..n_items))).find(|&i| !self.shown.contains(i))?;
        Some(self.tracker.discriminated(&self.view, item))
    }

    fn record(&mut self, decision: Decision, reward: f32, end: StepEnd) {
        let hazard = self.tracker.hazard_example(&self.view, decision.item, end.is_terminated());
        self.session.steps.push(LearnerStep {
            state: self.view.state,
            discriminated: self.tracker.discriminated(&self.view, decision.item),
            decision,
            hazard,
            reward,
            end,
            negative: None,
        });
        self.tracker.observe(decision.item, reward);
        self.shown.insert(decision.item);
    }

    fn end(mut self) -> LearnerSession<'h> {
        self.look();
        self.session.state_after = self.view.state;
        self.session
    }
}

/// What cannot be shown. A demonstration may repeat itself; for the likelihood the item then counts as available.
fn unavailable_for(shown: &ItemSet, demonstrated: ItemIdx) -> Cow<'_, ItemSet> {
    match shown.contains(demonstrated) {
        true => Cow::Owned(ItemSet::empty(shown.n_items())),
        false => Cow::Borrowed(shown),
    }
}

fn log_softmax_in_place(logits: &mut [f32]) {
    let mut probabilities = logits.to_vec();
    let log_sum = softmax_in_place(&mut probabilities);
    logits.iter_mut().for_each(|z| *z -= log_sum);
}

/// Sessions as terms see them; `advantages` has one for each step, or none at all.
pub(crate) fn steps_of(sessions: &[LearnerSession<'_>], advantages: Vec<f32>) -> Steps {
    let width = N_DISCRIMINATED;
    let mut out = Steps {
        advantages,
        features: Rows::of_width(width),
        alternatives: Rows::of_width(width),
        ..Steps::default()
    };
    for session in sessions {
        let start = out.len();
        for (t, step) in session.steps.iter().enumerate() {
            out.items.push(step.decision.item);
            out.rewards.push(step.reward);
            out.ends.push(step.end);
            out.log_probs.push(step.decision.log_prob);
            let place = |demonstration| DemonstratedStep { demonstration, step: t as u32 };
            out.demonstrated.push(session.demonstration.map(place));
            out.features.push(&step.discriminated);
            step.negative.iter().for_each(|negative| out.alternatives.push(negative));
        }
        out.sessions.push(start..out.len());
    }
    out
}
