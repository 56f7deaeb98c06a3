//! One user's session, step by step.

use crate::nearness::NearPairs;
use crate::recent::plain_window;
use crate::seed::Chance;
use crate::{DistanceSource, EnvironmentError, ExitRule, ItemFeatures, SessionSeed};
use mdp::{ExitReason, ItemIdx, RewardSource, StepEnd, UserIdx};
use std::sync::Arc;

/// Rewards, a rule for leaving, and a horizon. It has no state; sessions do. A clone shares its parts.
#[derive(Clone)]
pub struct Environment {
    rewards: Arc<dyn RewardSource>,
    features: ItemFeatures,
    rule: ExitRule,
    horizon: usize,
    looks_at_history: bool,
    /// Where the rule looks at distances.
    near_pairs: Option<Arc<NearPairs>>,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").field("rule", &self.rule).field("horizon", &self.horizon).finish()
    }
}

/// What came of one recommendation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The user's reward for the item; the exit step's is given too.
    pub reward: f32,
    /// How the step ended.
    pub end: StepEnd,
    /// The earlier item that made the user leave, where one did.
    pub matched: Option<ItemIdx>,
}

/// What a session remembers beside the items.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SoFar {
    /// Items shown before this one.
    pub(crate) n_shown: usize,
    /// Low rewards in a row, this one included.
    pub(crate) n_low: usize,
}

impl Environment {
    /// An environment of at most `horizon` steps a session.
    ///
    /// # Errors
    /// When it would be empty, the features are of another size, or the rule lacks what it looks at.
    pub fn new(
        rewards: Arc<dyn RewardSource>,
        features: ItemFeatures,
        rule: ExitRule,
        horizon: usize,
    ) -> Result<Self, EnvironmentError> {
        if rewards.n_users() == 0 || rewards.n_items() == 0 || horizon == 0 {
            return Err(EnvironmentError::Empty);
        }
        let expected = rewards.n_items();
        let sizes = [
            ("the category table", features.categories.as_ref().map(|c| c.len())),
            ("the distance source", features.distances.as_ref().map(|d| d.n_items())),
        ];
        for (what, got) in sizes.into_iter().filter_map(|(what, got)| Some((what, got?))) {
            if got != expected {
                return Err(EnvironmentError::WrongSize { what, expected, got });
            }
        }
        rule.entry().check(&features)?;
        let rule = rule.for_items(&features);
        let near_pairs = plain_window(&rule).map(|near| Arc::new(NearPairs::new(near.threshold, expected)));
        let looks_at_history = rewards.looks_at_history();
        Ok(Self { rewards, features, rule, horizon, looks_at_history, near_pairs })
    }

    /// How many users have a row.
    pub fn n_users(&self) -> usize {
        self.rewards.n_users()
    }

    /// The size of the catalogue.
    pub fn n_items(&self) -> usize {
        self.rewards.n_items()
    }

    /// The most steps a session can have.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// When users leave.
    pub fn rule(&self) -> &ExitRule {
        &self.rule
    }

    /// What the rule looks at.
    pub fn features(&self) -> &ItemFeatures {
        &self.features
    }

    /// The rewards; privileged controls read them, policies never do.
    pub fn rewards(&self) -> &Arc<dyn RewardSource> {
        &self.rewards
    }

    /// A new session of the default seed, which does where nothing is left to chance.
    ///
    /// # Errors
    /// When the user has no row.
    pub fn start(&self, user: UserIdx) -> Result<Session, EnvironmentError> {
        self.start_seeded(user, SessionSeed::default())
    }

    /// A new session for planning: what is more likely than not happens.
    ///
    /// # Errors
    /// When the user has no row.
    pub fn start_likeliest(&self, user: UserIdx) -> Result<Session, EnvironmentError> {
        self.start_by(user, Chance::Likeliest)
    }

    /// A new session whose chance follows from a seed.
    ///
    /// # Errors
    /// When the user has no row.
    pub fn start_seeded(&self, user: UserIdx, seed: SessionSeed) -> Result<Session, EnvironmentError> {
        self.start_by(user, Chance::Seeded(seed))
    }

    fn start_by(&self, user: UserIdx, chance: Chance) -> Result<Session, EnvironmentError> {
        self.check_user(user)?;
        Ok(Session {
            environment: self.clone(),
            user,
            chance,
            shown: Vec::new(),
            n_low: 0,
            end: StepEnd::Continues,
        })
    }

    /// Whether the content of an item ends a session, and the recent item that did it where there is one.
    pub(crate) fn ends_by_content(
        &self,
        (user, chance): (UserIdx, Chance),
        item: ItemIdx,
        shown: &[ItemIdx],
    ) -> Option<(ExitReason, Option<ItemIdx>)> {
        let leaving = self.rule.by_content(item, shown, &self.features)?;
        chance.happens(leaving.probability, user, shown.len()).then_some((leaving.reason, leaving.matched))
    }

    /// Whether rewards look at what a session has shown.
    pub(crate) fn looks_at_history(&self) -> bool {
        self.looks_at_history
    }

    /// Distances and what is known of them, where the rule looks at them.
    pub(crate) fn near_pairs(&self) -> Option<(&dyn DistanceSource, &NearPairs)> {
        Some((self.features.distances.as_deref()?, self.near_pairs.as_deref()?))
    }

    /// Refuses a user without a row.
    pub(crate) fn check_user(&self, user: UserIdx) -> Result<(), EnvironmentError> {
        if user.index() < self.n_users() { Ok(()) } else { Err(EnvironmentError::UnknownUser(user)) }
    }

    /// What comes of an item with this reward in a session that has shown so many, this being the last of so many low rewards in a
    /// row; `by_content` says whether the item's content ends it.
    ///
    /// # Source
    /// Order of the checks: low reward, then content, then the horizon (the released environment).
    pub(crate) fn outcome(
        &self,
        reward: f32,
        SoFar { n_shown, n_low }: SoFar,
        by_content: impl FnOnce() -> Option<(ExitReason, Option<ItemIdx>)>,
    ) -> Outcome {
        let (reason, matched) = if self.rule.low_reward().is_some_and(|low| low.ends(n_low, n_shown == 0)) {
            (Some(ExitReason::LowReward), None)
        } else {
            by_content().map_or((None, None), |(reason, matched)| (Some(reason), matched))
        };
        let end = match reason {
            Some(reason) => StepEnd::Terminated(reason),
            None if n_shown + 1 >= self.horizon => StepEnd::Truncated,
            None => StepEnd::Continues,
        };
        Outcome { reward, end, matched }
    }
}

/// A session in progress. It shares the environment's parts, so whoever holds it need not hold the environment.
#[derive(Clone, Debug)]
pub struct Session {
    environment: Environment,
    user: UserIdx,
    chance: Chance,
    shown: Vec<ItemIdx>,
    /// Low rewards in a row.
    n_low: usize,
    end: StepEnd,
}

impl Session {
    /// Whose session.
    pub fn user(&self) -> UserIdx {
        self.user
    }

    /// What was shown, oldest first.
    pub fn shown(&self) -> &[ItemIdx] {
        &self.shown
    }

    /// How the last step ended; `Continues` before the first.
    pub fn end(&self) -> StepEnd {
        self.end
    }

    /// Starts over with another user and the next stream of its seed, keeping the memory.
    ///
    /// # Errors
    /// When the user has no row.
    pub fn restart(&mut self, user: UserIdx) -> Result<(), EnvironmentError> {
        self.environment.check_user(user)?;
        self.user = user;
        self.chance = self.chance.next();
        self.shown.clear();
        self.n_low = 0;
        self.end = StepEnd::Continues;
        Ok(())
    }

    /// Why the content of `item` would end the session now, whatever its reward; where chance has a say, why it would more
    /// likely than not.
    pub fn would_end(&self, item: ItemIdx) -> Option<ExitReason> {
        let Environment { rule, features, .. } = &self.environment;
        let leaving = rule.by_content(item, &self.shown, features)?;
        Chance::Likeliest.happens(leaving.probability, self.user, 0).then_some(leaving.reason)
    }

    /// Takes an item as shown to a user who stayed, whatever the rule says: for planners, whose own sessions do not decide.
    pub fn take_as_shown(&mut self, item: ItemIdx) {
        self.shown.push(item);
    }

    /// Shows an item.
    ///
    /// # Errors
    /// When the session has ended or the item has no column.
    pub fn step(&mut self, item: ItemIdx) -> Result<Outcome, EnvironmentError> {
        if !self.end.continues() {
            return Err(EnvironmentError::Ended);
        }
        if item.index() >= self.environment.n_items() {
            return Err(EnvironmentError::UnknownItem(item));
        }
        let reward = self.environment.rewards.reward_after(self.user, item, &self.shown);
        let by_content = || self.environment.ends_by_content((self.user, self.chance), item, &self.shown);
        let n_low = self.environment.rule.low_in_a_row(self.n_low, reward);
        let outcome =
            self.environment.outcome(reward, SoFar { n_shown: self.shown.len(), n_low }, by_content);
        self.n_low = n_low;
        self.shown.push(item);
        self.end = outcome.end;
        Ok(outcome)
    }
}
