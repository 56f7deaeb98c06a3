//! The registry of algorithms: every folder has its line, every line its folder, and each folder what belongs in it.

use crate::Finding;
use std::collections::BTreeSet;

/// Where algorithms live.
const FOLDER: &str = "crates/algorithms/src/";
/// Folders there that are no algorithms.
const OTHERS: [&str; 2] = ["terms", "tests"];

/// Everything that is missing on either side. `files` are paths from the root with their texts.
pub(crate) fn check(files: &[(String, String)]) -> Vec<Finding> {
    let inside: Vec<&str> = files.iter().filter_map(|(name, _)| name.strip_prefix(FOLDER)).collect();
    let folders: BTreeSet<&str> =
        inside.iter().filter_map(|name| name.split_once('/')).map(|(folder, _)| folder).collect();
    let registry = format!("{FOLDER}registry.rs");
    let text = files.iter().find(|(name, _)| *name == registry).map_or("", |(_, text)| text);
    let lines: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("crate::"))
        .filter_map(|rest| rest.strip_suffix("::ENTRY,"))
        .collect();
    let algorithms: BTreeSet<&str> = folders.into_iter().filter(|folder| !OTHERS.contains(folder)).collect();
    let mut findings = Vec::new();
    for name in algorithms.difference(&lines) {
        findings.push(Finding::new(format!("{FOLDER}{name}"), "an algorithm without a line of `REGISTRY`"));
    }
    for name in lines.difference(&algorithms) {
        findings.push(Finding::new(&registry, format!("`{name}` has no folder of its own")));
    }
    for name in algorithms.intersection(&lines) {
        if !inside.contains(&format!("{name}/README.md").as_str()) {
            findings.push(Finding::new(format!("{FOLDER}{name}"), "an algorithm without README.md"));
        }
    }
    findings
}
