//! How long answers took, exactly, and what they were.

use std::collections::BTreeMap;
use std::time::Duration;

/// What one connection or many of them saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Microseconds of successful answers.
    micros: Vec<u32>,
    /// Microseconds of refusals (429 and 503).
    refused_micros: Vec<u32>,
    pub(crate) by_status: BTreeMap<u16, u64>,
    /// Connections that broke.
    pub(crate) n_broken: u64,
    /// Refusals that did not say when to come again.
    pub(crate) n_without_retry_after: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, status: crate::client::Status, took: Duration) {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        *self.by_status.entry(status.code).or_default() += 1;
        match status.code {
            200..=299 => self.micros.push(micros),
            429 | 503 => {
                self.refused_micros.push(micros);
                self.n_without_retry_after += u64::from(!status.has_retry_after);
            }
            _ => {}
        }
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.micros.extend(other.micros);
        self.refused_micros.extend(other.refused_micros);
        self.n_broken += other.n_broken;
        self.n_without_retry_after += other.n_without_retry_after;
        for (status, n) in other.by_status {
            *self.by_status.entry(status).or_default() += n;
        }
        self
    }

    pub(crate) fn n_good(&self) -> usize {
        self.micros.len()
    }

    pub(crate) fn n_refused(&self) -> usize {
        self.refused_micros.len()
    }

    /// Answers that were neither success nor refusal, and connections that broke.
    pub(crate) fn n_failed(&self) -> u64 {
        let other = self.by_status.iter().filter(|(code, _)| !matches!(code, 200..=299 | 429 | 503));
        other.map(|(_, n)| n).sum::<u64>() + self.n_broken
    }

    /// Milliseconds below which this share of successful answers stayed.
    pub(crate) fn millis(&self, share: f64) -> f64 {
        quantile(&self.micros, share)
    }

    /// The same of refusals.
    pub(crate) fn refused_millis(&self, share: f64) -> f64 {
        quantile(&self.refused_micros, share)
    }
}

fn quantile(micros: &[u32], share: f64) -> f64 {
    let mut sorted = micros.to_vec();
    sorted.sort_unstable();
    let at = (share * sorted.len() as f64) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).map_or(f64::NAN, |&x| f64::from(x) / 1e3)
}
