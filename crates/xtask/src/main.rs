//! The project's own checks: what rustfmt and clippy cannot know. `cargo xtask tidy` looks at the tree, `cargo xtask
//! results FILE` at what the quickstart printed, `cargo xtask instructions` at how much work the kernels do, `cargo xtask
//! licences` at what the binary is made of.

mod crates;
mod instructions;
mod licences;
mod links;
mod registry;
mod results;
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
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    let findings = match arguments.as_slice() {
        ["tidy"] => tidy(root),
        ["instructions"] => instructions::check(root, false),
        ["instructions", "--write"] => instructions::check(root, true),
        ["licences"] => licences::check(root),
        ["notices", file] => licences::notices(root, file),
        ["results", file] => results_of(file, false),
        ["results", file, "--all-skipped"] => results_of(file, true),
        _ => Err("usage: cargo xtask tidy | cargo xtask results FILE [--all-skipped] | cargo xtask instructions [--write] | \
                  cargo xtask licences | cargo xtask notices FILE"
            .to_owned()),
    };
    let mut stderr = std::io::stderr().lock();
    match findings {
        Ok(findings) if findings.is_empty() => {
            let _ = writeln!(stderr, "nothing found");
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

fn results_of(file: &str, all_skipped: bool) -> Result<Vec<Finding>, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
    Ok(results::check(file, &text, all_skipped))
}

fn tidy(root: &Path) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    let files = tree::text_files(root)?;
    for (name, text) in &files {
        findings.extend(text::check(name, text));
    }
    findings.extend(links::check(&files, |path| root.join(path).exists()));
    findings.extend(registry::check(&files));
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
