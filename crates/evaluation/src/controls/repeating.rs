//! Sessions in which an item may be shown again.

use mdp::{Choice, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs};

/// The same policy, told of the user's history alone: what the session itself has shown stays a candidate.
#[derive(Clone, Copy)]
pub struct Repeating<'p>(pub &'p dyn Policy);

impl Policy for Repeating<'_> {
    fn name(&self) -> String {
        self.0.name()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        Box::new(RepeatingSession { session: self.0.start(context), at_start: None })
    }
}

struct RepeatingSession<'a> {
    session: Box<dyn PolicySession + 'a>,
    /// What was shown when the session was first asked.
    at_start: Option<ItemSet>,
}

impl PolicySession for RepeatingSession<'_> {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        let at_start = self.at_start.get_or_insert_with(|| shown.clone());
        self.session.log_probs(at_start, out)
    }

    fn choose(&mut self, shown: &ItemSet, rng: &mut Rng) -> Choice {
        let at_start = self.at_start.get_or_insert_with(|| shown.clone());
        self.session.choose(at_start, rng)
    }

    fn observe(&mut self, item: ItemIdx, reward: f32) {
        self.session.observe(item, reward);
    }
}
