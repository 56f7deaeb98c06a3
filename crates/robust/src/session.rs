//! Sessions lived through for learning: the current policy's own, and the expert's, step by step.

use crate::decide::{Decision, Taken, decide};
use environment::{Environment, EnvironmentError};
use mdp::{Interaction, ItemIdx, ItemSet, Rng, StepEnd, Trajectory, UserIdx};
use rand::RngExt as _;
use ranking::Actor;
use ranking::ItemTable;
use ranking::{HazardExample, QuitHazard};
use ranking::{N_DISCRIMINATED, N_STATE, Tracker, View};

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
    /// What the discriminator sees of it.
    pub discriminated: [f32; N_DISCRIMINATED],
    /// What it would have seen, had a random available item been shown instead. Steps of followed
    /// demonstrations have it unless hardly any item was left; own steps do not.
    pub instead: Option<[f32; N_DISCRIMINATED]>,
}

/// A session as the learner sees it.
#[derive(Clone, Debug, Default)]
pub struct LearnerSession {
    /// Its steps.
    pub steps: Vec<LearnerStep>,
    /// State features after the last step, as if the session had gone on.
    pub state_after: [f32; N_STATE],
}

/// Draws until an item that was not shown yet comes up; where nearly everything was shown, none may.
const DRAWS: usize = 64;

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
    rng: &mut Rng,
) -> Result<LearnerSession, EnvironmentError> {
    let mut session = environment.start(user)?;
    let mut walk = Walk::new(acting, history);
    while session.end().continues() && walk.shown.len() < environment.n_items() {
        let decision = walk.decide(Taken::ByDraw(rng));
        let outcome = session.step(decision.item)?;
        walk.take(decision, outcome.reward, outcome.end);
    }
    Ok(walk.end())
}

/// Follows a demonstrated session, computing at each step what the current policy would have thought of it.
pub(crate) fn follow(
    acting: Acting<'_>,
    demonstration: &Trajectory,
    history: &[Interaction],
    rng: &mut Rng,
) -> LearnerSession {
    let mut walk = Walk::new(acting, history);
    for step in &demonstration.steps {
        let decision = walk.decide(Taken::ByExpert(step.item));
        let instead = walk.instead(rng);
        walk.take(decision, step.reward, step.end);
        walk.session.steps.last_mut().expect("one was just taken").instead = instead;
    }
    walk.end()
}

/// A session on its way.
struct Walk<'a> {
    acting: Acting<'a>,
    tracker: Tracker<&'a ItemTable>,
    shown: ItemSet,
    view: View,
    scratch: Vec<f32>,
    session: LearnerSession,
}

impl<'a> Walk<'a> {
    fn new(acting: Acting<'a>, history: &[Interaction]) -> Self {
        let mut shown = ItemSet::empty(acting.items.n_items());
        for interaction in history {
            shown.insert(interaction.item);
        }
        let tracker = Tracker::new(acting.items, history, acting.learns_in_session);
        let (view, scratch, session) = Default::default();
        Self { acting, tracker, shown, view, scratch, session }
    }

    fn decide(&mut self, taken: Taken<'_>) -> Decision {
        self.tracker.view(self.acting.hazard, &self.shown, &mut self.view);
        // An expert may repeat itself; for the likelihood the item then counts as available.
        let nothing = match taken {
            Taken::ByExpert(item) if self.shown.contains(item) => Some(ItemSet::empty(self.shown.n_items())),
            _ => None,
        };
        let unavailable = nothing.as_ref().unwrap_or(&self.shown);
        decide(self.acting.actor, &self.view, unavailable, taken, &mut self.scratch)
    }

    /// The discriminator's inputs for a uniformly random item that could be shown now.
    fn instead(&self, rng: &mut Rng) -> Option<[f32; N_DISCRIMINATED]> {
        let n_items = self.shown.n_items() as u32;
        let item =
            (0..DRAWS).map(|_| ItemIdx(rng.random_range(0..n_items))).find(|&i| !self.shown.contains(i))?;
        Some(self.tracker.discriminated(&self.view, item))
    }

    fn take(&mut self, decision: Decision, reward: f32, end: StepEnd) {
        let hazard = self.tracker.hazard_example(&self.view, decision.item, end.is_terminated());
        self.session.steps.push(LearnerStep {
            state: self.view.state,
            discriminated: self.tracker.discriminated(&self.view, decision.item),
            decision,
            hazard,
            reward,
            end,
            instead: None,
        });
        self.tracker.observe(decision.item, reward);
        self.shown.insert(decision.item);
    }

    fn end(mut self) -> LearnerSession {
        self.tracker.view(self.acting.hazard, &self.shown, &mut self.view);
        self.session.state_after = self.view.state;
        self.session
    }
}
