//! What all learners share: what they are given, what they leave behind, and the loop that runs, validates and resumes
//! them.

mod algorithm;
mod checkpoint;
mod error;
mod inputs;
mod metrics;
mod observer;
mod replay;
pub mod returns;
mod run;
mod steps;
mod streams;
mod sumtree;
mod term;
mod weighed;

pub use algorithm::{
    Algorithm, Demonstrations, Explained, Keeps, Needs, Plan, Round, Run, Schedule, Stateful, TrainedPolicy,
    Unserved,
};
pub use error::LearningError;
pub use inputs::{Demonstrated, Inputs, ScoredItem, User};
pub use metrics::Metrics;
pub use observer::{Checkpoints, Observer, Progress, Silent};
pub use replay::{Draw, Replay};
pub use run::{Trained, train};
pub use steps::{DemonstratedStep, Rows, Scores, Steps};
pub use sumtree::SumTree;
pub use term::{Batch, Columns, Given, Hook, Hooks, LearnedReward, Situation, Term, Terms};
pub use weighed::{WEIGHED_FILE, Weighed, weighed};
