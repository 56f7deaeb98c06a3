//! Sessions lived through for learning: the current policy's own, and the expert's, step by step.

use crate::actor::{Actor, Decision, Selection};
use crate::hazard::{HazardExample, QuitHazard};
use crate::items::ItemTable;
use crate::tracker::{N_STATE, Tracker, View};
use environment::{Environment, EnvironmentError};
use mdp::{Interaction, ItemSet, Rng, StepEnd, Trajectory, UserIdx};

/// One step as the learner sees it.
#[derive(Clone, Debug)]
pub struct LearnerStep {
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
}

/// A session as the learner sees it.
#[derive(Clone, Debug, Default)]
pub struct LearnerSession {
    /// Its steps.
    pub steps: Vec<LearnerStep>,
    /// State features after the last step, as if the session had gone on.
    pub state_after: [f32; N_STATE],
}

/// Everything that acts and nothing that learns: what a session is lived with.
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
}

/// Lets the current policy run one session.
///
/// # Errors
/// When the user has no row in the environment.
pub(crate) fn live(
    acting: Acting<'_>,
    environment: &Environment,
    (user, history): (UserIdx, &[Interaction]),
    selection: Selection,
    rng: &mut Rng,
) -> Result<LearnerSession, EnvironmentError> {
    let mut session = environment.start(user)?;
    let mut shown = unavailable(environment.n_items(), history);
    let mut tracker = Tracker::new(acting.items, history, acting.learns_in_session);
    let (mut view, mut scratch) = (View::default(), Vec::new());
    let mut out = LearnerSession::default();
    while session.end().continues() && shown.len() < environment.n_items() {
        tracker.view(acting.hazard, &shown, &mut view);
        let decision = acting.actor.decide(&view, &shown, (selection, None), rng, &mut scratch);
        let outcome = session.step(decision.item)?;
        let hazard = tracker.hazard_example(&view, decision.item, outcome.end.is_terminated());
        out.steps.push(LearnerStep {
            state: view.state,
            decision,
            hazard,
            reward: outcome.reward,
            end: outcome.end,
        });
        tracker.observe(decision.item, outcome.reward);
        shown.insert(decision.item);
    }
    tracker.view(acting.hazard, &shown, &mut view);
    out.state_after = view.state;
    Ok(out)
}

/// Follows a demonstrated session, computing at each step what the current policy would have thought of it.
pub(crate) fn follow(
    acting: Acting<'_>,
    demonstration: &Trajectory,
    history: &[Interaction],
    rng: &mut Rng,
) -> LearnerSession {
    let mut shown = unavailable(acting.items.n_items(), history);
    let mut tracker = Tracker::new(acting.items, history, acting.learns_in_session);
    let (mut view, mut scratch) = (View::default(), Vec::new());
    let mut out = LearnerSession::default();
    for step in &demonstration.steps {
        tracker.view(acting.hazard, &shown, &mut view);
        // An expert may repeat itself; for the likelihood the item then counts as available.
        let available =
            if shown.contains(step.item) { ItemSet::empty(shown.n_items()) } else { shown.clone() };
        let forced = (Selection::Sample, Some(step.item));
        let decision = acting.actor.decide(&view, &available, forced, rng, &mut scratch);
        let hazard = tracker.hazard_example(&view, step.item, step.end.is_terminated());
        out.steps.push(LearnerStep {
            state: view.state,
            decision,
            hazard,
            reward: step.reward,
            end: step.end,
        });
        tracker.observe(step.item, step.reward);
        shown.insert(step.item);
    }
    tracker.view(acting.hazard, &shown, &mut view);
    out.state_after = view.state;
    out
}

fn unavailable(n_items: usize, history: &[Interaction]) -> ItemSet {
    let mut shown = ItemSet::empty(n_items);
    history.iter().for_each(|x| {
        shown.insert(x.item);
    });
    shown
}
