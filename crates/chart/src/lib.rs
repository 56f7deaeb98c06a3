//! How policies look in pictures: a colour for each by its name, a line style for each seed, labels at the ends of
//! lines.
//!
//! The report and the console draw with this, so that one policy looks the same in both. A class sets the colour
//! `--own`; shapes use it:
//!
//! ```
//! let classes = chart::colours(["uniform", "il-rec"]);
//! assert_eq!(classes[1], chart::colours(["il-rec", "oracle"])[0], "whatever stands beside it");
//! assert!(chart::STYLE.contains(&format!(".{}", classes[1])));
//! ```

mod colours;
mod endings;
mod labels;
mod lines;

pub use colours::{N_COLOURS, colours};
pub use endings::ending;
pub use labels::spread;
pub use lines::{line_style, policy_and_seed};

/// The colours by day and by night, and the classes that set them.
pub const STYLE: &str = include_str!("chart.css");

#[cfg(test)]
mod tests;
