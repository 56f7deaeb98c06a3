//! What the discriminator sees of a step.

use crate::network::Network;
use crate::{FeatureKind, StepLog};
use catalogue::Catalogue;
use mdp::UserIdx;
use policy::{ActorConfig, StateInput};
use reward::{HashedTextEncoder, StateActionText, TextEncoder};
use std::sync::Arc;

/// Turns steps of a log into rows of features.
pub(crate) struct FeatureMaker<'a> {
    kind: FeatureKind,
    encoder: HashedTextEncoder,
    dataset: &'a str,
    catalogue: &'a Catalogue,
    users: Arc<[UserIdx]>,
}

impl<'a> FeatureMaker<'a> {
    /// Features of this kind; `users` names the user of each row.
    pub(crate) fn new(
        (kind, text_width): (FeatureKind, usize),
        dataset: &'a str,
        catalogue: &'a Catalogue,
        users: Arc<[UserIdx]>,
    ) -> Self {
        Self { kind, encoder: HashedTextEncoder::new(text_width), dataset, catalogue, users }
    }

    /// The length of one row.
    pub(crate) fn width(&self, config: &ActorConfig) -> usize {
        match self.kind {
            FeatureKind::Text => self.encoder.width(),
            FeatureKind::State => 2 * config.tracker.width,
        }
    }

    /// Features of the given steps, `[rows, width]`; states are taken without dropout.
    pub(crate) fn rows(
        &self,
        network: &mut Network,
        log: &StepLog,
        rows: impl Iterator<Item = usize> + Clone,
    ) -> Vec<f32> {
        let width = self.width(network.config());
        let (mut out, mut text) = (Vec::new(), String::new());
        match self.kind {
            FeatureKind::Text => rows.for_each(|row| {
                text.clear();
                self.describe(log, row, &mut text);
                let start = out.len();
                out.resize(start + width, 0.0);
                self.encoder.encode(&text, &mut out[start..]);
            }),
            FeatureKind::State => {
                let mut states = Vec::new();
                append_states(network, log, rows.clone(), &mut states);
                for (row, state) in rows.zip(states.chunks_exact(width / 2)) {
                    out.extend_from_slice(state);
                    out.extend_from_slice(network.item_vector(log.item(row)));
                }
            }
        }
        out
    }

    fn describe(&self, log: &StepLog, row: usize, out: &mut String) {
        let item = log.item(row);
        let text = StateActionText {
            dataset: self.dataset,
            user: self.users[log.user_row(row) as usize],
            history: log.before(row, usize::MAX),
            item,
            title: Some(self.catalogue.item(item).title.as_str()),
        };
        text.render(out);
    }
}

/// Appends the tracker's states before steps, without dropout.
pub(crate) fn append_states(
    network: &mut Network,
    log: &StepLog,
    rows: impl Iterator<Item = usize> + Clone,
    out: &mut Vec<f32>,
) {
    let window = network.config().tracker.window;
    let state = |row| StateInput { user_row: log.user_row(row), steps: log.before(row, window) };
    network.append_states(rows.map(state), None, out);
}
