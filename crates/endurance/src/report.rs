//! Figures beside their bars.

use crate::Outcome;
use serde::Serialize;
use std::io::Write as _;
use std::path::Path;

/// One measured thing.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    /// What it has to reach, in words, where there is a bar.
    #[serde(skip_serializing_if = "Option::is_none")]
    bar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_reached: Option<bool>,
    /// Whether missing the bar is a fault, on whatever machine.
    is_fault: bool,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, bar: None, is_reached: None, is_fault: false }
    }

    /// A speed that should be reached on the machine that the bar is meant for.
    pub(crate) fn at_least(self, bar: f64) -> Self {
        let is_reached = self.value >= bar;
        Self { bar: Some(format!("at least {bar}")), is_reached: Some(is_reached), ..self }
    }

    /// A time or a size that should not be passed there.
    pub(crate) fn at_most(self, bar: f64) -> Self {
        let is_reached = self.value <= bar;
        Self { bar: Some(format!("at most {bar}")), is_reached: Some(is_reached), ..self }
    }

    /// Something that must not happen anywhere.
    pub(crate) fn must_be_none(self) -> Self {
        let is_none = self.value == 0.0;
        Self { bar: Some("none".into()), is_reached: Some(is_none), is_fault: true, ..self }
    }
}

/// All figures of a run.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    figures: Vec<Figure>,
}

impl Report {
    /// Says a figure and keeps it.
    pub(crate) fn add(&mut self, figure: Figure) {
        let verdict = match (&figure.bar, figure.is_reached) {
            (Some(bar), Some(true)) => format!(" ({bar}: reached)"),
            (Some(bar), _) => format!(" ({bar}: MISSED)"),
            _ => String::new(),
        };
        say(&format!("{:<72} {:>12.2} {}{verdict}", figure.name, figure.value, figure.unit));
        self.figures.push(figure);
    }

    /// Whether nothing happened that must not happen.
    pub(crate) fn is_sound(&self) -> bool {
        self.figures.iter().all(|figure| !figure.is_fault || figure.is_reached != Some(false))
    }

    /// Writes all figures.
    pub(crate) fn write(&self, path: &Path, artefact: &Path) -> Outcome<()> {
        let manifest: serde_json::Value =
            serde_json::from_slice(&std::fs::read(artefact.join("manifest.json"))?)?;
        let all = serde_json::json!({ "figures": self.figures, "artefact_inputs": manifest["inputs"] });
        std::fs::write(path, format!("{}\n", serde_json::to_string_pretty(&all)?))?;
        Ok(())
    }
}

/// Progress; the run goes on whether or not somebody listens.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
