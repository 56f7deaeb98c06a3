//! What the discriminator sees of a step.

use crate::{FeatureKind, StepLog};
use catalogue::Catalogue;
use mdp::UserIdx;
use nn::Dropout;
use policy::{Actor, StateInput};
use reward::{HashedTextEncoder, StateActionText, TextEncoder};

/// Turns steps of a log into rows of features.
pub(crate) struct FeatureMaker<'a> {
    kind: FeatureKind,
    encoder: HashedTextEncoder,
    dataset: &'a str,
    catalogue: &'a Catalogue,
    users: &'a [UserIdx],
}

impl<'a> FeatureMaker<'a> {
    /// Features of this kind; `users` names the user of each row.
    pub(crate) fn new(
        (kind, text_width): (FeatureKind, usize),
        dataset: &'a str,
        catalogue: &'a Catalogue,
        users: &'a [UserIdx],
    ) -> Self {
        Self { kind, encoder: HashedTextEncoder::new(text_width), dataset, catalogue, users }
    }

    /// The length of one row.
    pub(crate) fn width(&self, actor: &Actor) -> usize {
        match self.kind {
            FeatureKind::Text => self.encoder.width(),
            FeatureKind::State => 2 * actor.config().tracker.width,
        }
    }

    /// Features of the given steps, `[rows, width]`; states are taken without dropout.
    pub(crate) fn rows(
        &self,
        actor: &mut Actor,
        log: &StepLog,
        rows: impl IntoIterator<Item = usize>,
    ) -> Vec<f32> {
        let (mut out, mut text) = (Vec::new(), String::new());
        let width = self.width(actor);
        for row in rows {
            match self.kind {
                FeatureKind::Text => {
                    text.clear();
                    self.describe(log, row, &mut text);
                    let start = out.len();
                    out.resize(start + width, 0.0);
                    self.encoder.encode(&text, &mut out[start..]);
                }
                FeatureKind::State => {
                    append_state(actor, log, row, &mut out);
                    out.extend_from_slice(actor.item_vector(log.item(row)));
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

/// Appends the tracker's state before a step, without dropout.
pub(crate) fn append_state(actor: &mut Actor, log: &StepLog, row: usize, out: &mut Vec<f32>) {
    let steps = log.before(row, actor.config().tracker.window);
    actor.append_state(StateInput { user_row: log.user_row(row), steps }, Dropout::Off, out);
}
