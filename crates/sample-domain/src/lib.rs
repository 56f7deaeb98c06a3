//! A generated domain: a catalogue of films that never were, people with tastes, and the log they left.

mod catalogue;
mod log;
mod people;
mod tables;
mod words;

pub use tables::{SampleConfig, SampleTables, generate};

#[cfg(test)]
mod tests;
