//! What calls cost, exactly: sums of money do not drift.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Parts of one unit of money.
const PARTS: f64 = 1e12;

/// Tokens a price is given for.
const PRICED_TOKENS: f64 = 1e6;

/// An amount of money, whatever the currency of the price table; a whole number of 10^-12 parts inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Money(u64);

impl Money {
    /// The amount in units, such as dollars.
    pub fn units(self) -> f64 {
        self.0 as f64 / PARTS
    }

    /// The sum; stays at the largest amount there is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl TryFrom<f64> for Money {
    type Error = String;

    fn try_from(units: f64) -> Result<Self, String> {
        let parts = (units * PARTS).round();
        // The cast saturates; beyond eighteen million units nobody counts parts.
        if parts >= 0.0 { Ok(Self(parts as u64)) } else { Err(format!("{units} is not an amount of money")) }
    }
}

impl From<Money> for f64 {
    fn from(money: Money) -> Self {
        money.units()
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.4}", self.units())
    }
}

/// What a model charges, in units of money per million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPrice", into = "RawPrice")]
pub struct Price {
    raw: RawPrice,
    // Parts of a unit per token, rounded up so that no bound is ever too low.
    parts_in: u64,
    parts_reused: u64,
    parts_out: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrice {
    #[serde(rename = "in")]
    prompt: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reused: Option<f64>,
    #[serde(rename = "out")]
    answer: f64,
}

impl Price {
    /// Units per million tokens of prompt and of answer; reused tokens cost as much as others.
    ///
    /// # Errors
    /// A price below zero or not finite.
    pub fn new(prompt: f64, answer: f64) -> Result<Self, String> {
        RawPrice { prompt, reused: None, answer }.try_into()
    }

    /// What these tokens cost; `reused` ones are among the `tokens_in`.
    pub fn of(&self, tokens_in: u64, reused: u64, tokens_out: u64) -> Money {
        let reused = reused.min(tokens_in);
        let cost = (tokens_in - reused).saturating_mul(self.parts_in);
        let cost = cost.saturating_add(reused.saturating_mul(self.parts_reused));
        Money(cost.saturating_add(tokens_out.saturating_mul(self.parts_out)))
    }
}

impl TryFrom<RawPrice> for Price {
    type Error = String;

    fn try_from(raw: RawPrice) -> Result<Self, String> {
        let parts = |price: f64| {
            let is_price = price.is_finite() && price >= 0.0;
            let parts = (price * (PARTS / PRICED_TOKENS)).ceil() as u64;
            is_price.then_some(parts).ok_or_else(|| format!("{price} is not a price per million tokens"))
        };
        let reused = raw.reused.unwrap_or(raw.prompt);
        if reused > raw.prompt {
            return Err(format!("reused tokens cannot cost more ({reused}) than new ones ({})", raw.prompt));
        }
        Ok(Self {
            raw,
            parts_in: parts(raw.prompt)?,
            parts_reused: parts(reused)?,
            parts_out: parts(raw.answer)?,
        })
    }
}

impl From<Price> for RawPrice {
    fn from(price: Price) -> Self {
        price.raw
    }
}

/// Prices by model name, as a settings file has them: `[prices."gpt-4o-mini"]`, `in = 0.15`, `out = 0.6`, and
/// `reused = 0.075` where the server charges less for a prompt it has seen before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prices(pub BTreeMap<String, Price>);

impl Prices {
    /// The price of a model, if the table has it: by the name under which its calls are recorded, or by the server's
    /// own name for it.
    pub fn of(&self, model: &str) -> Option<Price> {
        let on_server = model.strip_prefix("openai:").unwrap_or(model);
        let on_server = on_server.strip_suffix("+schema").unwrap_or(on_server);
        self.0.get(model).or_else(|| self.0.get(on_server)).copied()
    }
}
