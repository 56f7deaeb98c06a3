//! The project's own checks, run as `cargo xtask tidy`: what rustfmt and clippy cannot know.

mod crates;
mod table;
mod text;
mod tree;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// One broken rule: where, and what to do about it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    place: String,
    problem: String,
}

impl Finding {
    fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut stderr = std::io::stderr().lock();
    if arguments != ["tidy"] {
        let _ = writeln!(stderr, "usage: cargo xtask tidy");
        return ExitCode::from(2);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    match tidy(root) {
        Ok(findings) if findings.is_empty() => {
            let _ = writeln!(stderr, "tidy");
            ExitCode::SUCCESS
        }
        Ok(findings) => {
            for Finding { place, problem } in &findings {
                let _ = writeln!(stderr, "{place}: {problem}");
            }
            let _ = writeln!(stderr, "{} findings", findings.len());
            ExitCode::FAILURE
        }
        Err(problem) => {
            let _ = writeln!(stderr, "cannot check: {problem}");
            ExitCode::from(2)
        }
    }
}

fn tidy(root: &Path) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for (name, text) in tree::text_files(root)? {
        findings.extend(text::check(&name, &text));
    }
    let read = |name: &str| std::fs::read_to_string(root.join(name)).map_err(|e| format!("{name}: {e}"));
    let rows = table::parse(&read("ARCHITECTURE.md")?)?;
    let workspace = crates::Workspace::load(root)?;
    findings.extend(table::compare(&rows, &workspace));
    findings.extend(table::check_manifest(&rows, &read("Cargo.toml")?)?);
    findings.extend(workspace.check_frameworks());
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
mod tests;
