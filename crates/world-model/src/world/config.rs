//! Settings of a world.

use crate::{DeepFmConfig, FactorisationConfig, Negatives, WorldError};
use data::split::UserShares;
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
    /// The earlier share of every user's log: fits the train world, and is the history that policies see. The
    /// rest fits the judge.
    pub world_share: f64,
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
    /// The train world.
    pub deepfm: DeepFmConfig,
    /// The judge world.
    pub factorisation: FactorisationConfig,
}

impl Default for WorldConfig {
    fn default() -> Self {
        Self {
            world_share: 0.5,
            users: UserShares::default(),
            held_out_share: 0.1,
            validation_share: 0.1,
            judge: JudgeConfig::Factorisation,
            negatives: Negatives::Auto,
            deepfm: DeepFmConfig::default(),
            factorisation: FactorisationConfig::default(),
        }
    }
}

impl WorldConfig {
    /// Refuses settings without a meaning.
    ///
    /// # Errors
    /// Names the first one found.
    pub fn check(&self) -> Result<(), WorldError> {
        let shares = [
            ("world_share", self.world_share, 1.0),
            ("held_out_share", self.held_out_share, 0.5),
            ("validation_share", self.validation_share, 0.5),
        ];
        for (setting, value, most) in shares {
            if !(value > 0.0 && value < most) {
                let expected = if most < 1.0 { "above 0 and below 0.5" } else { "above 0 and below 1" };
                return Err(WorldError::Setting { setting, expected, got: value.to_string() });
            }
        }
        let total = self.users.train + self.users.validation;
        if !(self.users.train > 0.0 && self.users.validation >= 0.0 && total <= 1.0) {
            let (setting, expected) = ("users", "shares that are not negative and sum to at most 1");
            return Err(WorldError::Setting { setting, expected, got: format!("{:?}", self.users) });
        }
        self.deepfm.check()?;
        self.factorisation.check()
    }
}
