//! Registries: every algorithm's folder, every exit rule's and every importer's file has its line, every line its folder or
//! file, and each folder what belongs in it.

use crate::Finding;
use std::collections::BTreeSet;

/// Where algorithms live.
const FOLDER: &str = "crates/algorithms/src/";
/// Folders there that are no algorithms.
const OTHERS: [&str; 4] = ["evidence", "item_item", "terms", "tests"];

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

/// What is on one side alone: names that have a file or folder (`here`), and names that have a line of the registry (`there`).
fn both_ways(
    here: &BTreeSet<&str>,
    place: impl Fn(&str) -> String,
    there: &BTreeSet<&str>,
    registry: &str,
    [without_line, own]: [&str; 2],
) -> Vec<Finding> {
    let unlisted = here.difference(there).map(|name| Finding::new(place(name), without_line));
    let absent = there
        .difference(here)
        .map(|name| Finding::new(registry, format!("`{name}` has no {own} of its own")));
    unlisted.chain(absent).collect()
}

fn text_of<'a>(files: &'a [(String, String)], path: &str) -> &'a str {
    files.iter().find(|(name, _)| name == path).map_or("", |(_, text)| text)
}

/// A file that says how a layout is read has a line of the importers, and every line such a file.
fn importers(files: &[(String, String)]) -> Vec<Finding> {
    let registry = format!("{IMPORTERS}importer.rs");
    let is_one = |text: &str| text.contains("const IMPORTER: Importer");
    let own =
        files.iter().filter(|(_, text)| is_one(text)).filter_map(|(name, _)| name.strip_prefix(IMPORTERS));
    let here = own.filter_map(|name| name.strip_suffix(".rs")).collect();
    let there = lines(text_of(files, &registry), "super::", "::IMPORTER,");
    let place = |name: &str| format!("{IMPORTERS}{name}.rs");
    both_ways(&here, place, &there, &registry, ["an importer without a line of `IMPORTERS`", "file"])
}

/// An exit rule's file has a line of the rules, and every line such a file.
fn rules(files: &[(String, String)]) -> Vec<Finding> {
    let here = files.iter().filter_map(|(name, _)| name.strip_prefix(RULES)?.strip_suffix(".rs")).collect();
    let there = lines(text_of(files, RULE_REGISTRY), "", "::ENTRY,");
    let place = |name: &str| format!("{RULES}{name}.rs");
    both_ways(&here, place, &there, RULE_REGISTRY, ["an exit rule without a line of `RULES`", "file"])
}

/// An algorithm's folder has a line of the registry and a page, and every line such a folder.
fn algorithms(files: &[(String, String)]) -> Vec<Finding> {
    let inside: Vec<&str> = files.iter().filter_map(|(name, _)| name.strip_prefix(FOLDER)).collect();
    let folders = inside.iter().filter_map(|name| name.split_once('/')).map(|(folder, _)| folder);
    let here: BTreeSet<&str> = folders.filter(|folder| !OTHERS.contains(folder)).collect();
    let registry = format!("{FOLDER}registry.rs");
    let there = lines(text_of(files, &registry), "crate::", "::ENTRY,");
    let place = |name: &str| format!("{FOLDER}{name}");
    let told = ["an algorithm without a line of `REGISTRY`", "folder"];
    let mut findings = both_ways(&here, place, &there, &registry, told);
    let has_page = |name: &str| inside.contains(&format!("{name}/README.md").as_str());
    let pageless = here.intersection(&there).filter(|name| !has_page(name));
    findings.extend(pageless.map(|name| Finding::new(place(name), "an algorithm without README.md")));
    findings
}
