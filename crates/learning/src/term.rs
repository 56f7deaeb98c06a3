//! The seam for knowledge that enters learning: what it may see, and where it may act.

use crate::{Inputs, LearningError, Metrics, Scores, Stateful, Steps};
use mdp::Rng;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What a round learns from.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Steps of the policy's own sessions; may be empty.
    pub own: &'a Steps,
    /// Demonstrated steps; may be empty.
    pub demonstrated: &'a Steps,
}

/// Whether a term has said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It has.
    Yes,
    /// It has nothing to say here, and left the numbers alone.
    No,
}

/// A source of knowledge, or a regulariser, that an algorithm learns with. Every method is a no-op by default, so a term
/// implements only what it has. It sees [`Steps`] and scores, never the environment; at evaluation there are no terms.
///
/// An error stops the run with the term's name.
pub trait Term: Stateful + Send {
    /// Its name in settings, metrics and checkpoints.
    fn name(&self) -> &'static str;

    /// Once, before the first round: the only place that may take long.
    ///
    /// # Errors
    /// Why it cannot take part.
    fn prepare(&mut self, _inputs: &Inputs<'_>) -> Outcome<()> {
        Ok(())
    }

    /// Learns from what was demonstrated and from what the current policy did.
    ///
    /// # Errors
    /// Why it cannot.
    fn learn(&mut self, _batch: Batch<'_>, _rng: &mut Rng) -> Outcome<Metrics> {
        Ok(Metrics::default())
    }

    /// Adds a learned reward to each of the policy's own steps.
    ///
    /// # Errors
    /// Why it cannot.
    fn reward(&self, _own: &Steps, _out: &mut [f32]) -> Outcome<Given> {
        Ok(Given::No)
    }

    /// Changes the standardised advantages of the policy's own steps.
    ///
    /// # Errors
    /// Why it cannot.
    fn utility(&self, _own: &Steps, _advantages: &mut [f32]) -> Outcome<Given> {
        Ok(Given::No)
    }

    /// Multiplies the imitation weight of each demonstrated step, which starts at 1.
    ///
    /// # Errors
    /// Why it cannot.
    fn weights(&self, _demonstrated: &Steps, _out: &mut [f32]) -> Outcome<Given> {
        Ok(Given::No)
    }

    /// Whether it has a loss over scores; scores are computed again only for terms that have one.
    fn has_loss(&self) -> bool {
        false
    }

    /// A loss over the scores of `steps`, summed over those that `scores` holds; adds its gradient by the scores to
    /// `gradient`, `[steps, items]`. The algorithm takes the sum as it is: whoever wants a mean over the batch divides by
    /// `steps.len()`. The scores are of the parameters before the step, `Steps::log_probs` of those that acted.
    ///
    /// # Errors
    /// Why it cannot.
    fn loss(&self, _steps: &Steps, _scores: Scores<'_>, _gradient: &mut [f32]) -> Outcome<f32> {
        Ok(0.0)
    }
}

/// The terms of a run, in order. What one says is added to, or multiplied with, what those before it said.
#[derive(Default)]
pub struct Terms(Vec<Box<dyn Term>>);

impl std::fmt::Debug for Terms {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.0.iter().map(|term| term.name())).finish()
    }
}

impl Terms {
    /// These terms.
    pub fn new(terms: Vec<Box<dyn Term>>) -> Self {
        Self(terms)
    }

    /// Lets every term prepare itself.
    ///
    /// # Errors
    /// Which term cannot take part, and why.
    pub fn prepare(&mut self, inputs: &Inputs<'_>) -> Result<(), LearningError> {
        self.0.iter_mut().try_for_each(|term| {
            let name = term.name();
            term.prepare(inputs).map_err(failed(name))
        })
    }

    /// Lets every term learn; the metrics are named `term/NAME/...`.
    ///
    /// # Errors
    /// Which term cannot, and why.
    pub fn learn(&mut self, batch: Batch<'_>, rng: &mut Rng) -> Result<Metrics, LearningError> {
        let mut all = Metrics::default();
        for term in &mut self.0 {
            let name = term.name();
            all.extend(&format!("term/{name}/"), &term.learn(batch, rng).map_err(failed(name))?);
        }
        Ok(all)
    }

    /// The learned reward of each own step; `None` where no term has one.
    ///
    /// # Errors
    /// Which term cannot, and why.
    pub fn reward(&self, own: &Steps) -> Result<Option<Vec<f32>>, LearningError> {
        self.ask(own, 0.0, |term, out| term.reward(own, out))
    }

    /// Lets every term change the advantages.
    ///
    /// # Errors
    /// Which term cannot, and why.
    pub fn utility(&self, own: &Steps, advantages: &mut [f32]) -> Result<(), LearningError> {
        self.0
            .iter()
            .try_for_each(|term| term.utility(own, advantages).map(drop).map_err(failed(term.name())))
    }

    /// The weight of each demonstrated step: 1 where no term says otherwise.
    ///
    /// # Errors
    /// Which term cannot, and why.
    pub fn weights(&self, demonstrated: &Steps) -> Result<Vec<f32>, LearningError> {
        let given = self.ask(demonstrated, 1.0, |term, out| term.weights(demonstrated, out))?;
        Ok(given.unwrap_or_else(|| vec![1.0; demonstrated.len()]))
    }

    /// Whether any term has a loss over scores.
    pub fn have_loss(&self) -> bool {
        self.0.iter().any(|term| term.has_loss())
    }

    /// The sum of all losses; adds their gradients by the scores.
    ///
    /// # Errors
    /// Which term cannot, and why.
    pub fn loss(
        &self,
        steps: &Steps,
        scores: Scores<'_>,
        gradient: &mut [f32],
    ) -> Result<f32, LearningError> {
        let with_loss = self.0.iter().filter(|term| term.has_loss());
        with_loss.map(|term| term.loss(steps, scores, gradient).map_err(failed(term.name()))).sum()
    }

    /// The terms, for checkpoints.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn Term> {
        self.0.iter().map(|term| &**term)
    }

    /// The terms, to be restored.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn Term>> {
        self.0.iter_mut()
    }

    fn ask(
        &self,
        steps: &Steps,
        start: f32,
        mut question: impl FnMut(&dyn Term, &mut [f32]) -> Outcome<Given>,
    ) -> Result<Option<Vec<f32>>, LearningError> {
        let mut out = vec![start; steps.len()];
        let mut is_given = false;
        for term in &self.0 {
            let given = question(term.as_ref(), &mut out).map_err(failed(term.name()))?;
            is_given |= given == Given::Yes;
        }
        Ok(is_given.then_some(out))
    }
}

fn failed(term: &str) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> LearningError {
    let term = term.to_owned();
    move |source| LearningError::Term { term, source }
}
