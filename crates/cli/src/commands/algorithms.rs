//! `algorithms`: what can be trained by name.

use crate::context::Global;
use crate::failure::Failure;
use crate::settings::one_of;
use algorithms::{Entry, REGISTRY};
use learning::Demonstrations;
use serde::Serialize;

/// Arguments of `algorithms`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Show the page of one of them
    name: Option<String>,
}

/// A line of the registry.
#[derive(Serialize)]
struct Line {
    name: &'static str,
    kind: &'static str,
    source: &'static str,
    /// Whether it does what its source does, or an adaptation of it.
    faithful: bool,
    /// What it cannot do without.
    needs: Vec<&'static str>,
    about: &'static str,
}

impl Line {
    fn of(entry: &Entry) -> Self {
        let mut needs = vec![entry.needs.schedule.word()];
        needs.extend(match entry.needs.demonstrations {
            Demonstrations::Ignored => None,
            Demonstrations::Welcome => Some("demonstrations, if any"),
            Demonstrations::Needed => Some("demonstrations"),
        });
        let Entry { name, source, faithful, about, .. } = *entry;
        Self { name, kind: entry.kind.word(), source, faithful, needs, about }
    }
}

/// Lists the registry, or shows a page of it.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let Some(name) = &arguments.name else {
        let lines: Vec<Line> = REGISTRY.iter().map(Line::of).collect();
        return global.format().emit(&lines, &table(&lines));
    };
    let entry = algorithms::find(name).ok_or_else(|| unknown(name))?;
    let text = format!("{}\n\n# Settings\n\n{}{}", entry.readme.trim_end(), entry.preset, fixed(entry));
    global.format().emit(&Line::of(entry), &text)
}

fn fixed(entry: &Entry) -> String {
    if entry.fixed.is_empty() { String::new() } else { format!("\n{}", entry.fixed) }
}

fn table(lines: &[Line]) -> String {
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Line { name, kind, needs, about, source, .. } in lines {
        let needs = needs.join(", ");
        text.push_str(&format!("{name:<width$}  {about}\n{:<width$}  {kind}; {needs}; {source}\n", ""));
    }
    text.push_str("\nshow one with its settings: ilrec algorithms NAME");
    text
}

/// The failure of a name that the registry does not have.
pub(crate) fn unknown(name: &str) -> Failure {
    Failure::input(format!("no algorithm is called {name}")).hint(known(name))
}

/// The name that is meant, and all that there are.
pub(crate) fn known(name: &str) -> String {
    one_of(name, &REGISTRY.iter().map(|entry| entry.name).collect::<Vec<_>>())
}
