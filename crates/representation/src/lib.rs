//! What learners know about items and users: item tables, the taste fitted to the log, session state, named columns.
//!
//! Nothing here acts or learns a policy. A number that a forward pass reads has a name ([`Feature`], [`StateFeature`],
//! the inputs of a [`Cause`]), and whoever computes it (learning, serving, the ONNX graph) does so in a `match` over the
//! names, so that a column added here does not compile until everybody has it.

mod causes;
mod columns;

mod fitted;
mod items;
mod layout;
mod session_state;
mod state;
mod taste;
mod tensors;

pub use causes::{Cause, DISLIKE, HazardExample, N_DISLIKE, N_NEARNESS, N_SATURATION, Nearness};
pub use columns::{Feature, N_DISCRIMINATED, N_FEATURES, discriminated_names};
pub use fitted::ItemTables;
pub use items::{ItemTable, TABLES};
pub use layout::Layout;
pub use session_state::SessionState;
pub use state::{N_STATE, StateFeature};
pub use taste::{Belief, TasteConfig, TasteModel, fit_taste};
pub use tensors::{TensorSink, TensorSource, take};

/// How many of the latest items are compared with the next.
pub const RECENT: usize = 4;
/// How far back saturation looks, in items.
pub const WINDOWS: [usize; 7] = [1, 2, 3, 4, 5, 6, 8];
/// The distance of items from nothing that was shown; no distance counts for more.
pub const FAR: f32 = 3.0;
/// So many ratings of nothing special are added to those of a category.
pub const CONTENT_SHRINKAGE: f32 = 5.0;
/// Ratings of a longer history that are looked at: the latest.
pub const LONGEST_HISTORY: usize = 500;
