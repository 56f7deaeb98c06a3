//! `terms`: what an algorithm can learn with beside its own means.

use crate::context::Global;
use crate::failure::Failure;
use crate::settings::one_of;
use algorithms::{REGISTRY, TERMS, TermEntry};
use learning::Hook;
use serde::Serialize;

/// Arguments of `terms`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Show the settings of one of them
    name: Option<String>,
}

/// A line of the registry.
#[derive(Serialize)]
struct Line {
    name: &'static str,
    about: &'static str,
    source: &'static str,
    /// Where it acts.
    hooks: Vec<&'static str>,
    /// Algorithms that ask it, by their presets.
    heard_by: Vec<&'static str>,
}

impl Line {
    fn of(term: &TermEntry) -> Self {
        let hearers = REGISTRY.iter().filter(|entry| term.is_heard_by(entry));
        let heard_by = match term.build {
            algorithms::Build::Own(_) => hearers.map(|entry| entry.name).collect(),
            algorithms::Build::PartOf(algorithm) => vec![algorithm],
        };
        let TermEntry { name, about, source, .. } = *term;
        Self { name, about, source, hooks: term.hooks.iter().map(Hook::word).collect(), heard_by }
    }
}

/// Lists the registry, or shows the settings of one term.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let Some(name) = &arguments.name else {
        let lines: Vec<Line> = TERMS.iter().map(Line::of).collect();
        return global.format().emit(&lines, &table(&lines));
    };
    let term = algorithms::find_term(name).map_err(|_| unknown(name))?;
    let line = Line::of(term);
    global.format().emit(&line, &format!("{}\n{}", told(&line, name.len()), term.preset.trim_end()))
}

fn told(line: &Line, width: usize) -> String {
    let Line { name, about, source, hooks, heard_by } = line;
    let (hooks, heard_by) = (hooks.join(", "), heard_by.join(", "));
    format!("{name:<width$}  {about}\n{:<width$}  {hooks}; with {heard_by}; {source}\n", "")
}

fn table(lines: &[Line]) -> String {
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
    let text: String = lines.iter().map(|line| told(line, width)).collect();
    text + "\nshow the settings of one: ilrec terms NAME; learn with it: ilrec train --term NAME:key=value"
}

fn unknown(name: &str) -> Failure {
    let names: Vec<&str> = TERMS.iter().map(|term| term.name).collect();
    Failure::input(format!("no term is called {name}")).hint(one_of(name, &names))
}
