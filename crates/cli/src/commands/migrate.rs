//! `migrate`: what earlier versions wrote is used as it is, converted, or refused with the command that makes it anew.

use crate::context::Global;
use crate::failure::Failure;
use crate::shell;
use crate::stage::migrate::{Finding, State, convert, look, ours_in};
use crate::table::aligned;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `migrate`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Directories that ilrec wrote (datasets, worlds, demonstrations, policies, evaluations, artefacts, runs), cassettes and stores
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Look through folders for everything that ilrec wrote
    #[arg(long)]
    recursive: bool,
    /// Say what there is, and convert nothing
    #[arg(long)]
    check: bool,
    /// Where a converted directory goes; of one path only [default: PATH.new, beside it]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["recursive", "check"])]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Answer<'a> {
    findings: &'a [Finding],
}

/// Looks at every path, converts what can be, and fails where something cannot be used.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    if arguments.out.is_some() && arguments.paths.len() > 1 {
        return Err(Failure::input("--out names the place of one directory, and several paths were given"));
    }
    let mut findings = Vec::new();
    for path in &arguments.paths {
        if !path.exists() {
            return Err(Failure::input(format!("no such file or directory: {}", path.display())));
        }
        // `.` and `..` have no name that something beside them could be called by.
        let path = &match path.file_name() {
            Some(_) => path.clone(),
            None => path.canonicalize().map_err(|error| Failure::reading(path, &error))?,
        };
        let found = if arguments.recursive { ours_in(path)? } else { vec![path.clone()] };
        for path in &found {
            let mut finding = look(path);
            if finding.state == State::Older && !arguments.check {
                convert(&mut finding, &arguments.target(path))?;
            }
            findings.push(finding);
        }
    }
    if findings.is_empty() {
        return Err(Failure::input("nothing there was written by ilrec"));
    }
    global.format().emit(&Answer { findings: &findings }, &for_people(&findings))?;
    let n_refused = findings.iter().filter(|finding| finding.state == State::Refused).count();
    match n_refused {
        0 => Ok(()),
        n => Err(Failure::input(format!("{n} of {} cannot be used by this version", findings.len()))),
    }
}

impl Arguments {
    fn target(&self, path: &Path) -> PathBuf {
        let beside = || {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(".new");
            path.with_file_name(name)
        };
        self.out.clone().unwrap_or_else(beside)
    }
}

/// A table, and below it what to do about what is refused.
fn for_people(findings: &[Finding]) -> String {
    let mut rows = vec![["path", "kind", "format", "state"].map(str::to_owned).to_vec()];
    let mut notes = String::new();
    for finding in findings {
        let path = finding.path.display().to_string();
        rows.push(vec![
            path.clone(),
            finding.kind.clone(),
            finding.format.clone(),
            finding.state.word().into(),
        ]);
        let why = finding.why.iter().map(|why| format!("\n  {why}"));
        let into = finding.into.iter().map(|into| format!("\n  converted into {}", shell::path(into)));
        let again = finding.again.iter().map(|command| format!("\n  make it anew: {command}"));
        let said: String = why.chain(into).chain(again).collect();
        if !said.is_empty() {
            notes.push_str(&format!("\n\n{path}{said}"));
        }
    }
    aligned(&rows) + &notes
}
