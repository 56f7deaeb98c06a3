//! The registries: every algorithm's folder has its line and every line its folder, with what belongs in it; every exit rule's
//! file has its line and every line its file.

use crate::Finding;
use std::collections::BTreeSet;

/// Where algorithms live.
const FOLDER: &str = "crates/algorithms/src/";
/// Folders there that are no algorithms.
const OTHERS: [&str; 1] = ["tests"];

/// Where exit rules live, and their registry.
const RULES: &str = "crates/environment/src/rules/";
const RULE_REGISTRY: &str = "crates/environment/src/rules.rs";

/// The names that a registry lists as `name::ENTRY,`, without what they begin with.
fn entries<'a>(files: &'a [(String, String)], registry: &str, prefix: &str) -> BTreeSet<&'a str> {
    let text = files.iter().find(|(name, _)| name == registry).map_or("", |(_, text)| text);
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix(prefix));
    lines.filter_map(|rest| rest.strip_suffix("::ENTRY,")).collect()
}

/// What is missing on either side of the exit rules.
pub(crate) fn check_rules(files: &[(String, String)]) -> Vec<Finding> {
    let inside = files.iter().filter_map(|(name, _)| name.strip_prefix(RULES)?.strip_suffix(".rs"));
    let (rules, lines) = (inside.collect::<BTreeSet<_>>(), entries(files, RULE_REGISTRY, ""));
    let without_line = rules
        .difference(&lines)
        .map(|name| Finding::new(format!("{RULES}{name}.rs"), "an exit rule without a line of `RULES`"));
    let without_file = lines
        .difference(&rules)
        .map(|name| Finding::new(RULE_REGISTRY, format!("`{name}` has no file of its own")));
    without_line.chain(without_file).collect()
}

/// Everything that is missing on either side of the algorithms. `files` are paths from the root with their texts.
pub(crate) fn check(files: &[(String, String)]) -> Vec<Finding> {
    let inside: Vec<&str> = files.iter().filter_map(|(name, _)| name.strip_prefix(FOLDER)).collect();
    let folders: BTreeSet<&str> =
        inside.iter().filter_map(|name| name.split_once('/')).map(|(folder, _)| folder).collect();
    let registry = format!("{FOLDER}registry.rs");
    let lines = entries(files, &registry, "crate::");
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
