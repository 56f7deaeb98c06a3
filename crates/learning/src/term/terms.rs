//! The terms of a run, asked in order.

use super::{Batch, Columns, Given, Hook, Hooks, Outcome, Situation, Term};
use crate::{Inputs, LearningError, Metrics, Scores, Steps};
use mdp::Rng;

/// The terms of a run, in order. What one says is added to, or multiplied with, what those before it said. A term is asked
/// at the hooks that it names and nowhere else.
#[derive(Default)]
pub struct Terms(Vec<Box<dyn Term>>);

impl std::fmt::Debug for Terms {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.0.iter().map(|term| term.name())).finish()
    }
}

/// The rewards that terms give to steps, and how sure they are.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedReward {
    /// Sums of the rewards, one a step.
    pub means: Vec<f32>,
    /// Standard deviations of the sums, one a step: as of independent errors. All 0 where no term doubts itself.
    pub deviations: Vec<f32>,
}

impl LearnedReward {
    /// The rewards less so many standard deviations each.
    ///
    /// # Source
    /// Yu et al. 2020 (MOPO), eq. 5, for rewards that are learned.
    pub fn lowered(self, pessimism: f32) -> Vec<f32> {
        let both = self.means.into_iter().zip(self.deviations);
        both.map(|(mean, deviation)| mean - pessimism * deviation).collect()
    }
}

impl Terms {
    /// These terms.
    pub fn new(terms: Vec<Box<dyn Term>>) -> Self {
        Self(terms)
    }

    /// Puts another one behind them.
    pub fn push(&mut self, term: Box<dyn Term>) {
        self.0.push(term);
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

    /// Whether any term acts there.
    pub fn have(&self, hook: Hook) -> bool {
        self.of(hook).next().is_some()
    }

    /// Lets every term learn; the metrics are named `term/NAME/...`.
    ///
    /// # Errors
    /// Which term cannot, and why.
    pub fn learn(&mut self, batch: Batch<'_>, rng: &mut Rng) -> Result<Metrics, LearningError> {
        let mut all = Metrics::default();
        for term in self.0.iter_mut().filter(|term| term.hooks().has(Hook::Learn)) {
            let name = term.name();
            all.extend(&format!("term/{name}/"), &term.learn(batch, rng).map_err(failed(name))?);
        }
        Ok(all)
    }

    /// The learned reward of each own step; `None` where no term has one.
    ///
    /// # Errors
    /// Which term cannot, and why.
    pub fn reward(&self, own: &Steps) -> Result<Option<LearnedReward>, LearningError> {
        let mut variances = vec![0.0; own.len()];
        let means = self.ask(Hook::Reward, own, 0.0, |term, out| {
            let mut deviations = vec![0.0; own.len()];
            let given = term.reward(own, out, &mut deviations)?;
            variances.iter_mut().zip(deviations).for_each(|(sum, deviation): (&mut f32, f32)| {
                *sum += deviation * deviation;
            });
            Ok(given)
        })?;
        let deviations = variances.into_iter().map(f32::sqrt).collect();
        Ok(means.map(|means| LearnedReward { means, deviations }))
    }

    /// Lets every term change the advantages.
    ///
    /// # Errors
    /// Which term cannot, and why.
    pub fn utility(&self, own: &Steps, advantages: &mut [f32]) -> Result<(), LearningError> {
        self.of(Hook::Utility)
            .try_for_each(|term| term.utility(own, advantages).map(drop).map_err(failed(term.name())))
    }

    /// The weight of each demonstrated step: 1 where no term says otherwise.
    ///
    /// # Errors
    /// Which term cannot, and why.
    pub fn weights(&self, demonstrated: &Steps) -> Result<Vec<f32>, LearningError> {
        let given =
            self.ask(Hook::Weights, demonstrated, 1.0, |term, out| term.weights(demonstrated, out))?;
        Ok(given.unwrap_or_else(|| vec![1.0; demonstrated.len()]))
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
        self.of(Hook::Loss).map(|term| term.loss(steps, scores, gradient).map_err(failed(term.name()))).sum()
    }

    /// What is added to the scores of every item before the policy chooses while it learns; `None` where no term says
    /// anything.
    ///
    /// # Errors
    /// Which term cannot, and why.
    pub fn bias(&self, situation: Situation<'_>, n_items: usize) -> Result<Option<Vec<f32>>, LearningError> {
        let mut out = vec![0.0; n_items];
        let mut is_given = false;
        for term in self.of(Hook::Bias) {
            is_given |= term.bias(situation, &mut out).map_err(failed(term.name()))? == Given::Yes;
            if out.iter().any(|bias| !bias.is_finite()) {
                return Err(failed(term.name())("its bias is not finite".into()));
            }
        }
        Ok(is_given.then_some(out))
    }

    /// The columns of items that terms know, named `TERM.NAME`.
    ///
    /// # Errors
    /// Which term cannot, and why.
    pub fn columns(&self) -> Result<Columns, LearningError> {
        let mut all = Columns::new();
        for term in self.of(Hook::Columns) {
            let named = term.columns().map_err(failed(term.name()))?;
            all.extend(named.into_iter().map(|(name, values)| (format!("{}.{name}", term.name()), values)));
        }
        Ok(all)
    }

    /// Refuses names that cannot stand in a checkpoint, and terms that act where the algorithm never asks.
    ///
    /// # Errors
    /// Which term, and why.
    pub fn check(&self, algorithm: &'static str, asks: Hooks) -> Result<(), LearningError> {
        let mut names = std::collections::BTreeSet::new();
        for term in &self.0 {
            let name = term.name();
            if name.contains('/') || !names.insert(name) {
                return Err(LearningError::TermName(name.to_owned()));
            }
            if let Some(hook) = term.hooks().iter().find(|hook| !asks.has(*hook)) {
                return Err(LearningError::Unheard { term: name, hook: hook.word(), algorithm });
            }
        }
        Ok(())
    }

    /// The terms, for checkpoints.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn Term> {
        self.0.iter().map(|term| &**term)
    }

    /// The terms, to be restored.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn Term>> {
        self.0.iter_mut()
    }

    fn of(&self, hook: Hook) -> impl Iterator<Item = &dyn Term> {
        self.iter().filter(move |term| term.hooks().has(hook))
    }

    fn ask(
        &self,
        hook: Hook,
        steps: &Steps,
        start: f32,
        mut question: impl FnMut(&dyn Term, &mut [f32]) -> Outcome<Given>,
    ) -> Result<Option<Vec<f32>>, LearningError> {
        let mut out = vec![start; steps.len()];
        let mut is_given = false;
        for term in self.of(hook) {
            is_given |= question(term, &mut out).map_err(failed(term.name()))? == Given::Yes;
        }
        Ok(is_given.then_some(out))
    }
}

fn failed(term: &str) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> LearningError {
    let term = term.to_owned();
    move |source| LearningError::Term { term, source }
}
