//! One self-contained page about a run.
//!
//! [`html_page`] makes it from [`ReportData`]; [`text_table`] shows the same rows in a terminal.

mod caption;
mod data;
mod figures;
mod html;
mod page;
mod sections;
mod text;
mod words;

pub use caption::exit_words;
pub use data::{
    Configuration, CurvePoint, DemonstratedStep, DemonstrationView, Explained, Fact, FactTable,
    GroundingSummary, LearningCurve, ReportData, Results, WorldCheckRow, WorldCheckSummary,
};
pub use page::{html_page, is_page};
pub use text::{text_differences, text_table};

#[cfg(test)]
mod tests;
