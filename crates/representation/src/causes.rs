//! What makes users leave, as far as it can be seen: three causes and what each looks at.

use crate::{Feature, WINDOWS};

/// A cause of leaving. Each is learned by a small network of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Tiring of content: how often the item's categories were shown lately.
    Saturation,
    /// Nearness to the items shown last.
    Nearness,
    /// The item is not liked.
    Dislike,
}

/// What nearness looks at, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    /// The smallest distance to the items shown last, in rating columns.
    Nearest,
    /// The second smallest.
    SecondNearest,
    /// The largest text similarity to them.
    MostAlike,
    /// The second largest.
    SecondMostAlike,
}

/// Inputs of the saturation cause: a count for each of [`WINDOWS`], and the number of categories in thirds.
pub const N_SATURATION: usize = WINDOWS.len() + 1;
/// Inputs of the nearness cause.
pub const N_NEARNESS: usize = Nearness::ALL.len();
/// What dislike looks at, in this order.
pub const DISLIKE: [Feature; 2] = [Feature::PredictedReward, Feature::Uncertainty];
/// Inputs of the dislike cause.
pub const N_DISLIKE: usize = DISLIKE.len();

impl Cause {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Saturation, Self::Nearness, Self::Dislike];

    /// Its name in files and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Saturation => "saturation",
            Self::Nearness => "nearness",
            Self::Dislike => "dislike",
        }
    }

    /// The names of what it looks at, in order.
    pub fn input_names(self) -> Vec<String> {
        match self {
            Self::Saturation => {
                let windows = WINDOWS.map(|window| format!("saturation_{window}"));
                windows.into_iter().chain(["saturation_breadth".to_owned()]).collect()
            }
            Self::Nearness => Nearness::ALL.map(|input| input.name().to_owned()).to_vec(),
            Self::Dislike => DISLIKE.map(|input| input.name().to_owned()).to_vec(),
        }
    }
}

impl Nearness {
    /// All of it, in order.
    pub const ALL: [Self; 4] = [Self::Nearest, Self::SecondNearest, Self::MostAlike, Self::SecondMostAlike];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::SecondNearest => "second_nearest",
            Self::MostAlike => "most_alike",
            Self::SecondMostAlike => "second_most_alike",
        }
    }
}

/// The inputs of the three causes at one step, and whether the user left.
#[derive(Clone, Debug, PartialEq)]
pub struct HazardExample {
    /// Inputs of the saturation cause.
    pub saturation: [f32; N_SATURATION],
    /// Inputs of the nearness cause.
    pub nearness: [f32; N_NEARNESS],
    /// Inputs of the dislike cause.
    pub dislike: [f32; N_DISLIKE],
    /// Whether the user left at this step. A step cut by the horizon did not end by leaving.
    pub left: bool,
}
