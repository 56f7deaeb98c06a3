//! What may be said of policies from several draws, where a draw is a world and a training seed together.
//!
//! Every draw fits its worlds anew, so draws are independent of each other and what lies within one (users, evaluation
//! seeds) is not: the draw is the outermost cluster, and the number of draws is the sample size. [`mean_over_draws`] has
//! the intervals of one policy, [`contrast`] those of a paired difference with its p value, [`holm`] adjusts the p values
//! of all contrasts that were named beforehand, [`minimum_detectable_difference`] says what so many draws could have
//! found, and [`interquartile_mean`] and [`probability_of_improvement`] are the two robust summaries of `rliable`.
//!
//! Formulas, which interval to tell, and how often each is wrong are in `docs/statistics.md`.

mod contrast;
mod distributions;
mod draw;
mod holm;
mod interval;
mod power;
mod robust;
mod simulation;

pub use contrast::{Contrast, contrast};
pub use distributions::{normal_cdf, t_quantile};
pub use draw::Draw;
pub use holm::holm;
pub use interval::{OverDraws, mean_over_draws, student_t};
pub use power::{LEVEL, POWER, minimum_detectable_difference};
pub use robust::{interquartile_mean, probability_of_improvement};
pub use simulation::IdenticalPolicies;

#[cfg(test)]
mod tests;
