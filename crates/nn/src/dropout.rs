//! Dropout with masks that can be kept and looked at.

use mdp::Rng;
use rand::RngExt as _;

/// Where the masks of a forward pass come from.
#[derive(Debug)]
pub enum Dropout<'a> {
    /// Nothing is dropped: evaluation.
    Off,
    /// Fresh masks are drawn: training.
    Drawn(&'a mut Rng),
    /// The masks of the trace's last pass are used again, so that the same function is evaluated.
    Kept,
}

impl Dropout<'_> {
    /// Fills a mask of the given length: 0 where a value is dropped (with probability `rate`), else
    /// 1 / (1 - rate), so that means are kept.
    pub(crate) fn fill(&mut self, rate: f32, length: usize, mask: &mut Vec<f32>) {
        match self {
            Dropout::Off => {
                mask.clear();
                mask.resize(length, 1.0);
            }
            Dropout::Drawn(rng) => {
                mask.clear();
                append(rate, length, rng, mask);
            }
            Dropout::Kept => assert_eq!(mask.len(), length, "masks of a pass of the same shape"),
        }
    }
}

/// Draws `length` values of a mask.
pub(crate) fn append(rate: f32, length: usize, rng: &mut Rng, mask: &mut Vec<f32>) {
    let limit = (f64::from(rate) * 2f64.powi(32)) as u32;
    let kept = 1.0 / (1.0 - rate);
    let start = mask.len();
    mask.resize(start + length, 0.0);
    for pair in mask[start..].chunks_mut(2) {
        let bits = rng.random::<u64>();
        for (value, half) in pair.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
            *value = if half < limit { 0.0 } else { kept };
        }
    }
}
