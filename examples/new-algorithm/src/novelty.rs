//! The term: what everybody knows is worth less.

use learning::{Given, Hook, Hooks, Inputs, Stateful, Steps, Term};

/// Takes something off the worth of every step, by how often the logs of training users have its item.
#[derive(Debug)]
pub(crate) struct Novelty {
    coefficient: f32,
    /// Logarithm of one more than the number of times each item was logged.
    known: Vec<f32>,
}

impl Novelty {
    /// Nothing is known before [`Term::prepare`].
    pub(crate) fn new(coefficient: f32) -> Self {
        Self { coefficient, known: Vec::new() }
    }
}

// What it knows follows from the inputs, so nothing of it goes into a checkpoint.
impl Stateful for Novelty {}

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

impl Term for Novelty {
    fn name(&self) -> &'static str {
        "novelty"
    }

    /// Without a coefficient it has nothing to say.
    fn hooks(&self) -> Hooks {
        Hooks::of(&[Hook::Utility]).when(self.coefficient != 0.0)
    }

    fn prepare(&mut self, inputs: &Inputs<'_>) -> Outcome<()> {
        let mut counts = vec![0.0f32; inputs.catalogue.len()];
        let logged = inputs.train.iter().flat_map(|(_, history)| history.iter());
        logged.for_each(|row| counts[row.item.index()] += 1.0);
        self.known = counts.into_iter().map(f32::ln_1p).collect();
        Ok(())
    }

    fn utility(&self, own: &Steps, advantages: &mut [f32]) -> Outcome<Given> {
        for (advantage, item) in advantages.iter_mut().zip(&own.items) {
            let known = self.known.get(item.index()).ok_or("it was not prepared")?;
            *advantage -= self.coefficient * known;
        }
        Ok(Given::Yes)
    }
}
