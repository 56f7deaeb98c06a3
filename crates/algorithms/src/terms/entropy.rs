//! Entropy of the policy as a loss: the same in every step, or by how well the step went.

use super::{TermEntry, over_steps};
use crate::registry::{read, within};
use crate::terms::Build;
use learning::{Hook, Hooks, Scores, Stateful, Steps, Term};
use serde::Deserialize;

const HOOKS: Hooks = Hooks::of(&[Hook::Loss]);

/// The entry of the registry.
pub(super) const ENTRY: TermEntry = TermEntry {
    name: "entropy",
    about: "keeps the policy from settling on few items, everywhere or (by_advantage) where it went better than expected",
    source: "Williams & Peng 1991; by_advantage: IBRO, arXiv 2507.18391",
    hooks: HOOKS,
    preset: include_str!("entropy/preset.toml"),
    build: Build::Own(|value| {
        let term: Entropy = read("the term entropy", value)?;
        within(&[("term.entropy.coefficient", f64::from(term.coefficient), -100.0, 100.0)])?;
        Ok(Box::new(term))
    }),
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entropy {
    coefficient: f32,
    by_advantage: bool,
}

impl Stateful for Entropy {}

impl Term for Entropy {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn hooks(&self) -> Hooks {
        HOOKS.when(self.coefficient != 0.0)
    }

    /// -c/n sum of H(pi), or of A H(pi); dH/dz = -p (log p + H).
    fn loss(
        &self,
        steps: &Steps,
        scores: Scores<'_>,
        gradient: &mut [f32],
    ) -> Result<f32, Box<dyn std::error::Error + Send + Sync>> {
        if self.by_advantage && steps.advantages.len() != steps.len() {
            return Err("by_advantage needs an algorithm that has advantages".into());
        }
        let scale = self.coefficient / steps.len().max(1) as f32;
        Ok(over_steps(scores, gradient, |step, log_probs, gradient| {
            let weight = scale * if self.by_advantage { steps.advantages[step] } else { 1.0 };
            let finite = || log_probs.iter().enumerate().filter(|(_, log_p)| log_p.is_finite());
            let entropy = -finite().map(|(_, log_p)| log_p.exp() * log_p).sum::<f32>();
            for (item, log_p) in finite() {
                gradient[item] += weight * log_p.exp() * (log_p + entropy);
            }
            -weight * entropy
        }))
    }
}
