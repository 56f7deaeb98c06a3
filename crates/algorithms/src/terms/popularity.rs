//! A prior by popularity: the policy does not go far from what people take up unless it pays.

use super::{Build, TermEntry, over_steps};
use crate::registry::{read, within};
use learning::{Hook, Hooks, Inputs, Scores, Stateful, Steps, Term};
use serde::Deserialize;

const HOOKS: Hooks = Hooks::of(&[Hook::Loss]);

/// The entry of the registry.
pub(super) const ENTRY: TermEntry = TermEntry {
    name: "popularity",
    about: "keeps the policy near the items that training users' logs have often (KL to a prior)",
    source: "KL to a prior as in LINVIT (Zhang et al. 2024), with popularity in the place of a language model",
    hooks: HOOKS,
    preset: include_str!("popularity/preset.toml"),
    build: Build::Own(|value| {
        let Settings { coefficient, pseudo_count } = read("the term popularity", value)?;
        within(&[
            ("term.popularity.coefficient", f64::from(coefficient), 0.0, 100.0),
            ("term.popularity.pseudo_count", f64::from(pseudo_count), 1e-6, 1e6),
        ])?;
        Ok(Box::new(Popularity { coefficient, pseudo_count, log_counts: Vec::new() }))
    }),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    coefficient: f32,
    pseudo_count: f32,
}

#[derive(Clone, Debug)]
struct Popularity {
    coefficient: f32,
    pseudo_count: f32,
    /// Of every item, `[items]`.
    log_counts: Vec<f32>,
}

// What it knows follows from the inputs.
impl Stateful for Popularity {}

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

impl Term for Popularity {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn hooks(&self) -> Hooks {
        HOOKS.when(self.coefficient != 0.0)
    }

    fn prepare(&mut self, inputs: &Inputs<'_>) -> Outcome<()> {
        let mut counts = vec![self.pseudo_count; inputs.catalogue.len()];
        let logged = inputs.train.iter().flat_map(|(_, history)| history.iter());
        logged.for_each(|row| counts[row.item.index()] += 1.0);
        self.log_counts = counts.into_iter().map(f32::ln).collect();
        Ok(())
    }

    /// c/n sum of KL(pi || q), with q over what could be shown; dKL/dz = p (log p - log q - KL).
    fn loss(&self, steps: &Steps, scores: Scores<'_>, gradient: &mut [f32]) -> Outcome<f32> {
        if self.log_counts.len() != scores.n_items {
            return Err("it was not prepared".into());
        }
        let scale = self.coefficient / steps.len().max(1) as f32;
        Ok(over_steps(scores, gradient, |_, log_probs, gradient| {
            let both = || log_probs.iter().zip(&self.log_counts).enumerate();
            let shown = || both().filter(|(_, (log_p, _))| log_p.is_finite());
            let log_total = shown().map(|(_, (_, count))| count.exp()).sum::<f32>().ln();
            let gap = |(log_p, count): (&f32, &f32)| log_p - (count - log_total);
            let divergence = shown().map(|(_, pair)| pair.0.exp() * gap(pair)).sum::<f32>();
            for (item, pair) in shown() {
                gradient[item] += scale * pair.0.exp() * (gap(pair) - divergence);
            }
            scale * divergence
        }))
    }
}
