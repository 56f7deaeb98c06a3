//! What cargo knows about the workspace: its crates, their ideas and what they depend on.

use crate::Finding;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Crates that build and test without a tensor framework and without async.
const LIGHT: [&str; 8] =
    ["mdp", "catalogue", "data", "environment", "evaluation", "kernels", "ranking", "serving"];

/// The start of the names of tensor frameworks and async executors.
const FRAMEWORKS: [&str; 9] =
    ["candle", "burn", "tch", "tract", "ort", "tokio", "async-std", "smol", "hyper"];

/// One member of the workspace.
#[derive(Debug)]
pub(crate) struct Member {
    /// The first sentence of its `//!`, without the full stop.
    pub(crate) idea: String,
    /// Members it depends on outside its tests.
    pub(crate) uses: BTreeSet<String>,
    /// Every crate it needs outside its tests, however far away.
    pub(crate) reaches: BTreeSet<String>,
}

/// The members by name.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) members: BTreeMap<String, Member>,
}

impl Workspace {
    /// Asks `cargo metadata`.
    pub(crate) fn load(root: &Path) -> Result<Self, String> {
        let output = Command::new(std::env::var("CARGO").as_deref().unwrap_or("cargo"))
            .args(["metadata", "--format-version", "1", "--locked"])
            .current_dir(root)
            .output()
            .map_err(|e| format!("cargo metadata: {e}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let metadata = serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo metadata: {e}"))?;
        Self::from_metadata(&metadata)
    }

    /// Reads the answer of `cargo metadata`.
    pub(crate) fn from_metadata(metadata: &Value) -> Result<Self, String> {
        let names: BTreeMap<&str, &str> = array(&metadata["packages"])
            .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
            .collect();
        let edges: BTreeMap<&str, Vec<&str>> = array(&metadata["resolve"]["nodes"])
            .filter_map(|node| Some((node["id"].as_str()?, normal_dependencies(node))))
            .collect();
        let ids: BTreeSet<&str> = array(&metadata["workspace_members"]).filter_map(Value::as_str).collect();
        let mut members = BTreeMap::new();
        for package in array(&metadata["packages"]) {
            let Some(id) = package["id"].as_str().filter(|id| ids.contains(id)) else { continue };
            let direct = edges.get(id).into_iter().flatten().filter(|to| ids.contains(*to));
            let uses = direct.filter_map(|to| names.get(to)).map(|name| (*name).to_owned()).collect();
            let reached = reachable(id, &edges);
            let reaches =
                reached.iter().filter_map(|to| names.get(to)).map(|name| (*name).to_owned()).collect();
            let member = Member { idea: idea_of(package)?, uses, reaches };
            members.insert(names[id].to_owned(), member);
        }
        Ok(Self { members })
    }

    /// Light crates that reach a framework.
    pub(crate) fn check_frameworks(&self) -> Vec<Finding> {
        let is_framework = |name: &str| {
            FRAMEWORKS
                .iter()
                .any(|framework| name == *framework || name.starts_with(&format!("{framework}-")))
        };
        let mut findings = Vec::new();
        for (name, member) in self.members.iter().filter(|(name, _)| LIGHT.contains(&name.as_str())) {
            for heavy in member.reaches.iter().filter(|reached| is_framework(reached)) {
                let problem = format!("depends on {heavy}, must build without tensor frameworks and async");
                findings.push(Finding::new(format!("crates/{name}"), problem));
            }
        }
        findings
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The ids a node depends on outside its tests.
fn normal_dependencies(node: &Value) -> Vec<&str> {
    let is_for_tests = |dependency: &Value| array(&dependency["dep_kinds"]).all(|kind| kind["kind"] == "dev");
    array(&node["deps"])
        .filter(|dependency| !is_for_tests(dependency))
        .filter_map(|dependency| dependency["pkg"].as_str())
        .collect()
}

fn reachable<'a>(from: &'a str, edges: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        for &to in edges.get(id).into_iter().flatten() {
            if seen.insert(to) {
                open.push(to);
            }
        }
    }
    seen
}

/// The first sentence of the crate's root file.
fn idea_of(package: &Value) -> Result<String, String> {
    let target = array(&package["targets"])
        .find(|target| array(&target["kind"]).any(|kind| kind == "lib" || kind == "bin"))
        .ok_or_else(|| format!("{} has neither library nor binary", package["name"]))?;
    let path = target["src_path"].as_str().unwrap_or_default();
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    Ok(first_sentence(&text))
}

/// The first sentence of a `//!` header, without its full stop.
pub(crate) fn first_sentence(text: &str) -> String {
    let header: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let paragraph = header.split(|line| line.is_empty()).next().unwrap_or_default().join(" ");
    let sentence = paragraph.split_once(". ").map_or(paragraph.as_str(), |(first, _)| first);
    sentence.trim_end_matches('.').to_owned()
}
