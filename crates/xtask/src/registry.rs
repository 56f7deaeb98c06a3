//! Registries: every algorithm's folder, every exit rule's and every importer's file has its line, every line its folder or
//! file, and each folder what belongs in it.

use crate::Finding;
use std::collections::BTreeSet;

/// Where algorithms live.
const FOLDER: &str = "crates/algorithms/src/";
/// Folders there that are no algorithms.
const OTHERS: [&str; 2] = ["terms", "tests"];

/// Where importers live.
const IMPORTERS: &str = "crates/data/src/import/";

/// Where exit rules live, and their registry.
const RULES: &str = "crates/environment/src/rules/";
const RULE_REGISTRY: &str = "crates/environment/src/rules.rs";

/// Everything that is missing on either side. `files` are paths from the root with their texts.
pub(crate) fn check(files: &[(String, String)]) -> Vec<Finding> {
    let mut findings = algorithms(files);
    findings.extend(importers(files));
    findings.extend(rules(files));
    findings
}

/// Lines of a registry, by what stands around their names.
fn lines<'a>(text: &'a str, before: &str, behind: &str) -> BTreeSet<&'a str> {
    let names = text.lines().filter_map(|line| line.trim().strip_prefix(before)?.strip_suffix(behind));
    names.collect()
}

/// A file that says how a layout is read has a line of the importers, and every line such a file.
fn importers(files: &[(String, String)]) -> Vec<Finding> {
    let registry = format!("{IMPORTERS}importer.rs");
    let text = files.iter().find(|(name, _)| *name == registry).map_or("", |(_, text)| text);
    let lines = lines(text, "super::", "::IMPORTER,");
    let is_one = |text: &str| text.contains("const IMPORTER: Importer");
    let own =
        files.iter().filter(|(_, text)| is_one(text)).filter_map(|(name, _)| name.strip_prefix(IMPORTERS));
    let files: BTreeSet<&str> = own.filter_map(|name| name.strip_suffix(".rs")).collect();
    let unlisted = files.difference(&lines).map(|name| {
        Finding::new(format!("{IMPORTERS}{name}.rs"), "an importer without a line of `IMPORTERS`")
    });
    let absent = lines
        .difference(&files)
        .map(|name| Finding::new(&registry, format!("`{name}` has no file of its own")));
    unlisted.chain(absent).collect()
}

/// An exit rule's file has a line of the rules, and every line such a file.
fn rules(files: &[(String, String)]) -> Vec<Finding> {
    let text = files.iter().find(|(name, _)| name == RULE_REGISTRY).map_or("", |(_, text)| text);
    let inside = files.iter().filter_map(|(name, _)| name.strip_prefix(RULES)?.strip_suffix(".rs"));
    let (rules, lines) = (inside.collect::<BTreeSet<_>>(), lines(text, "", "::ENTRY,"));
    let unlisted = rules
        .difference(&lines)
        .map(|name| Finding::new(format!("{RULES}{name}.rs"), "an exit rule without a line of `RULES`"));
    let absent = lines
        .difference(&rules)
        .map(|name| Finding::new(RULE_REGISTRY, format!("`{name}` has no file of its own")));
    unlisted.chain(absent).collect()
}

fn algorithms(files: &[(String, String)]) -> Vec<Finding> {
    let inside: Vec<&str> = files.iter().filter_map(|(name, _)| name.strip_prefix(FOLDER)).collect();
    let folders: BTreeSet<&str> =
        inside.iter().filter_map(|name| name.split_once('/')).map(|(folder, _)| folder).collect();
    let registry = format!("{FOLDER}registry.rs");
    let text = files.iter().find(|(name, _)| *name == registry).map_or("", |(_, text)| text);
    let lines = lines(text, "crate::", "::ENTRY,");
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
