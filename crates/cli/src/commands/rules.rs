//! `rules`: when simulated users may leave.

use crate::context::Global;
use crate::failure::Failure;
use environment::{Calibration, Drawn, Parameter, RULES, RuleEntry, find_rule};
use serde::Serialize;

/// Arguments of `rules`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Show one of them with its parameters
    name: Option<String>,
}

/// A line of the registry.
#[derive(Serialize)]
struct Line {
    name: &'static str,
    about: &'static str,
    source: &'static str,
    /// What items need to have.
    needs: Vec<&'static str>,
    parameters: Vec<Declared>,
}

/// A parameter, as it is declared.
#[derive(Serialize)]
struct Declared {
    name: &'static str,
    about: &'static str,
    range: String,
    /// Nothing where it is drawn or calibrated in each world.
    default: Option<String>,
    /// How it gets its value in each world.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_each_world: Option<String>,
}

impl Line {
    fn of(entry: &RuleEntry) -> Self {
        let RuleEntry { name, about, source, .. } = *entry;
        let needs = entry.needs.iter().map(|feature| feature.word()).collect();
        Self {
            name,
            about,
            source,
            needs,
            parameters: entry.parameters.iter().map(|it| Declared::of(entry, it)).collect(),
        }
    }

    fn head(&self) -> String {
        let needs = if self.needs.is_empty() { "nothing".to_owned() } else { self.needs.join(", ") };
        format!("{}  {}\n  needs {needs}; {}\n", self.name, self.about, self.source)
    }
}

impl Declared {
    fn of(entry: &RuleEntry, parameter: &Parameter) -> Self {
        let Parameter { name, about, .. } = *parameter;
        let default = parameter.default.map(|value| parameter.word(value));
        let in_each_world = match (&default, parameter.drawn, entry.calibrate) {
            (None, Some(Drawn { least, most }), _) => {
                Some(format!("drawn from {least} to {most} for each world"))
            }
            (None, None, Some(Calibration { hazard, .. })) => {
                let percent = hazard * 100.0;
                Some(format!(
                    "calibrated in each world: uniform choice leaves by it in {percent} % of its steps"
                ))
            }
            _ => None,
        };
        Self { name, about, range: parameter.range(), default, in_each_world }
    }

    fn line(&self) -> String {
        let value = self.default.as_ref().or(self.in_each_world.as_ref()).map_or("", String::as_str);
        format!("  {} = {value}  # {}: {}\n", self.name, self.range, self.about)
    }
}

/// Lists the registry, or shows a rule of it.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let Some(name) = &arguments.name else {
        let lines: Vec<Line> = RULES.iter().map(Line::of).collect();
        let heads: String = lines.iter().map(Line::head).collect();
        return global
            .format()
            .emit(&lines, &format!("{heads}\nshow one with its parameters: ilrec rules NAME"));
    };
    let unknown = || experiment::ExperimentError::UnknownExitRule { name: name.clone() };
    let line = Line::of(find_rule(name).ok_or_else(unknown)?);
    let parameters: String = line.parameters.iter().map(Declared::line).collect();
    global.format().emit(&line, &format!("{}{parameters}", line.head()))
}
