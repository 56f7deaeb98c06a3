//! What most people interacted with, to everybody.

use super::order::{Order, certain, certain_log_probs};
use mdp::{
    Choice, Interaction, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs,
};

/// The most interacted-with item that was not shown yet.
#[derive(Clone, Debug)]
pub struct Popularity {
    counts: Vec<f32>,
}

impl Popularity {
    /// Counts interactions; give it the world part of the training users' logs, nothing else.
    pub fn new<'a>(logs: impl IntoIterator<Item = &'a [Interaction]>, n_items: usize) -> Self {
        let mut counts = vec![0.0; n_items];
        for interaction in logs.into_iter().flatten() {
            counts[interaction.item.index()] += 1.0;
        }
        Self { counts }
    }

    /// The same from how often every item occurs in those logs.
    pub fn of_counts(counts: &[u32]) -> Self {
        Self { counts: counts.iter().map(|&n| n as f32).collect() }
    }
}

impl Policy for Popularity {
    fn name(&self) -> String {
        "popularity".to_owned()
    }

    fn start<'a>(&'a self, _context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        Box::new(PopularSession { order: Order::by_score(&self.counts) })
    }
}

struct PopularSession {
    order: Order,
}

impl PolicySession for PopularSession {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        certain_log_probs(self.order.best_or_any(shown), out)
    }

    fn choose(&mut self, shown: &ItemSet, _rng: &mut Rng) -> Choice {
        certain(self.order.best_or_any(shown))
    }

    fn observe(&mut self, _item: ItemIdx, _reward: f32) {}
}
