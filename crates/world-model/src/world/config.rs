//! Settings of a world.

use super::protocol::Protocol;
use crate::{DeepFmConfig, EngagementConfig, FactorisationConfig, Feedback, Negatives, WorldError};
use data::ShownSource;
use data::split::{LogShares, UserShares};
use serde::{Deserialize, Serialize};

/// Where the judge's truth comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgeConfig {
    /// Drawn from a factorisation of the judge part of the log.
    Factorisation,
    /// The data themselves, rounded, for users who rated every item; validation and test users are drawn from
    /// those. Other users' truth is drawn from the factorisation.
    Complete,
}

/// Settings of a world fitted to a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorldConfig {
    /// What of the log may be learned from.
    pub protocol: Protocol,
    /// The share of the items that are cold, where the protocol has cold items.
    pub cold_share: f64,
    /// How many users have a log to learn from, where the protocol has few.
    pub few_users: usize,
    /// What users answer with.
    pub feedback: Feedback,
    /// The earlier share of every user's log: fits the train world, and is the history that policies see. The
    /// rest fits the judge, but for what is kept.
    pub world_share: f64,
    /// The latest share of every user's log, that no world is fitted on: held-out choices are of it, and a world's check asks
    /// whether the judge agrees with it. Left out: nothing where feedback is ratings, half of what the train world leaves where
    /// it has two parts.
    pub kept_share: Option<f64>,
    /// Shares of train and validation users; the rest are test users.
    pub users: UserShares,
    /// Share of the train world's ratings that the fit report is measured on.
    pub held_out_share: f64,
    /// Share of the train world's ratings that decides when to stop.
    pub validation_share: f64,
    /// Where the judge's truth comes from.
    pub judge: JudgeConfig,
    /// Whether cells that nobody rated stand in for low ratings, in both worlds.
    pub negatives: Negatives,
    /// The ratings that the prompts behind demonstrations showed: they go to the world part, whatever part of the log they are in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<ShownSource>,
    /// The train world.
    pub deepfm: DeepFmConfig,
    /// The judge world.
    pub factorisation: FactorisationConfig,
    /// Who takes up what, where feedback has two parts.
    pub engagement: EngagementConfig,
}

impl Default for WorldConfig {
    fn default() -> Self {
        Self {
            protocol: Protocol::default(),
            cold_share: 0.2,
            few_users: 20,
            feedback: Feedback::default(),
            kept_share: None,
            engagement: EngagementConfig::default(),
            world_share: 0.34,
            users: UserShares::default(),
            held_out_share: 0.1,
            validation_share: 0.1,
            judge: JudgeConfig::Factorisation,
            negatives: Negatives::Auto,
            shown: Vec::new(),
            deepfm: DeepFmConfig::default(),
            factorisation: FactorisationConfig::default(),
        }
    }
}

impl WorldConfig {
    /// Worlds whose users answer with ratings alone, in two halves of the log, as they are published.
    pub fn of_ratings() -> Self {
        Self { feedback: Feedback::Ratings, world_share: 0.5, ..Self::default() }
    }

    /// The shares of every user's log.
    pub fn log_shares(&self) -> LogShares {
        let rest = match self.feedback {
            Feedback::Ratings => 0.0,
            Feedback::Engagement => (1.0 - self.world_share) / 2.0,
        };
        LogShares { world: self.world_share, kept: self.kept_share.unwrap_or(rest) }
    }

    /// Refuses settings without a meaning.
    ///
    /// # Errors
    /// Names the first one found.
    pub fn check(&self) -> Result<(), WorldError> {
        let shares = [
            ("world_share", self.world_share, 1.0),
            ("held_out_share", self.held_out_share, 0.5),
            ("validation_share", self.validation_share, 0.5),
            ("cold_share", self.cold_share, 1.0),
        ];
        for (setting, value, most) in shares {
            if !(value > 0.0 && value < most) {
                let expected = if most < 1.0 { "above 0 and below 0.5" } else { "above 0 and below 1" };
                return Err(WorldError::Setting { setting, expected, got: value.to_string() });
            }
        }
        if self.few_users < 2 {
            let expected = "at least 2: one to train with, one to validate with";
            return Err(WorldError::Setting {
                setting: "few_users",
                expected,
                got: self.few_users.to_string(),
            });
        }
        if (self.judge, self.feedback) == (JudgeConfig::Complete, Feedback::Engagement) {
            let expected = "`ratings` where the judge is `complete`: who rated every item took every item up";
            return Err(WorldError::Setting { setting: "feedback", expected, got: "engagement".to_owned() });
        }
        let LogShares { world, kept } = self.log_shares();
        if !(kept >= 0.0 && world + kept < 1.0) {
            let expected =
                "not negative, and with world_share below 1, so that something is left for the judge";
            return Err(WorldError::Setting { setting: "kept_share", expected, got: kept.to_string() });
        }
        if kept > 0.0 && self.judge == JudgeConfig::Complete {
            let expected = "0 where the judge is `complete`: the truth of complete rows is all of them";
            return Err(WorldError::Setting { setting: "kept_share", expected, got: kept.to_string() });
        }
        if !self.shown.is_empty() && self.judge == JudgeConfig::Complete {
            let expected =
                "left out where the judge is `complete`: the truth of complete rows is all of them";
            return Err(WorldError::Setting { setting: "shown", expected, got: "files".to_owned() });
        }
        self.engagement.check()?;
        let total = self.users.train + self.users.validation;
        if !(self.users.train > 0.0 && self.users.validation >= 0.0 && total <= 1.0) {
            let (setting, expected) = ("users", "shares that are not negative and sum to at most 1");
            return Err(WorldError::Setting { setting, expected, got: format!("{:?}", self.users) });
        }
        self.deepfm.check()?;
        self.factorisation.check()
    }
}
