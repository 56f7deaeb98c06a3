//! The probability that a user leaves at a recommendation, learned from every step taken.

use mdp::Rng;
use nn::Mlp;
use representation::{HazardExample, N_DISLIKE, N_NEARNESS, N_SATURATION};

/// Three causes of leaving that act independently: tiring of content, nearness to recent items, dislike. Each is
/// a small network that gives a logit; the user stays if no cause strikes (a noisy-or).
#[derive(Clone, Debug, PartialEq)]
pub struct QuitHazard {
    /// From the saturation of an item's categories.
    pub saturation: Mlp,
    /// From the nearness to recent items, in rating columns and in text.
    pub nearness: Mlp,
    /// From the predicted reward and its uncertainty.
    pub dislike: Mlp,
}

const HIDDEN: usize = 16;
/// Initial logit of each cause: about 5 % each, so that an untrained hazard forbids nothing.
const INITIAL_LOGIT: f32 = -3.0;
impl QuitHazard {
    /// Small random networks with a low initial hazard.
    pub fn new(rng: &mut Rng) -> Self {
        let mut cause = |n_inputs: usize| {
            let mut mlp = Mlp::new(&[n_inputs, HIDDEN, 1], rng);
            if let Some(bias) = mlp.parameters.last_mut() {
                *bias = INITIAL_LOGIT;
            }
            mlp
        };
        Self { saturation: cause(N_SATURATION), nearness: cause(N_NEARNESS), dislike: cause(N_DISLIKE) }
    }

    /// The networks, in the order of [`representation::Cause::ALL`].
    pub fn causes(&self) -> [&Mlp; 3] {
        [&self.saturation, &self.nearness, &self.dislike]
    }

    /// The same networks, to be changed.
    pub fn causes_mut(&mut self) -> [&mut Mlp; 3] {
        [&mut self.saturation, &mut self.nearness, &mut self.dislike]
    }

    /// Probability of leaving for examples (their labels are not read).
    pub fn probabilities(&self, examples: &[&HazardExample]) -> Vec<f32> {
        let inputs = hazard_inputs(examples);
        let mut stays = vec![0.0f32; examples.len()];
        for (mlp, input) in self.causes().into_iter().zip(&inputs) {
            for (stay, logit) in stays.iter_mut().zip(mlp.apply(input)) {
                *stay += log_stay(logit);
            }
        }
        stays.iter().map(|s| 1.0 - s.exp()).collect()
    }
}

/// log(1 - sigmoid(logit)), stable for large logits.
pub fn log_stay(logit: f32) -> f32 {
    if logit > 15.0 { -logit } else { -logit.exp().ln_1p() }
}

/// The inputs of each cause, one row an example.
pub fn hazard_inputs(examples: &[&HazardExample]) -> [Vec<f32>; 3] {
    [
        examples.iter().flat_map(|x| x.saturation).collect(),
        examples.iter().flat_map(|x| x.nearness).collect(),
        examples.iter().flat_map(|x| x.dislike).collect(),
    ]
}
