//! The crate table of ARCHITECTURE.md is the law: cargo has to agree with it both ways.

use crate::Finding;
use crate::crates::Workspace;
use std::collections::BTreeSet;

const PLACE: &str = "ARCHITECTURE.md";
const HEADING: &str = "| crate | its one idea | uses |";

/// One line of the crate table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) idea: String,
    pub(crate) uses: BTreeSet<String>,
}

/// The rows of the crate table, in story order.
pub(crate) fn parse(markdown: &str) -> Result<Vec<Row>, String> {
    let mut lines = markdown.lines().skip_while(|line| line.trim() != HEADING);
    if lines.next().is_none() {
        return Err(format!("{PLACE} has no table that starts with {HEADING}"));
    }
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    lines.skip(1).take_while(|line| line.starts_with('|')).map(|line| row(&cells(line), line)).collect()
}

fn row(cells: &[String], line: &str) -> Result<Row, String> {
    let [name, idea, uses] = cells else { return Err(format!("{PLACE}: not three cells: {line}")) };
    let plain = |cell: &str| cell.trim().replace('`', "");
    let uses = uses.split(',').map(plain).filter(|name| !name.is_empty() && name != "-");
    Ok(Row { name: plain(name), idea: idea.clone(), uses: uses.collect() })
}

/// What the table says and cargo does not, and the other way round.
pub(crate) fn compare(rows: &[Row], workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for row in rows {
        let Some(member) = workspace.members.get(&row.name) else {
            findings.push(Finding::new(PLACE, format!("{} is in the table, not in the workspace", row.name)));
            continue;
        };
        if member.idea != row.idea {
            let problem =
                format!("{}: the table says \"{}\", its root file \"{}\"", row.name, row.idea, member.idea);
            findings.push(Finding::new(PLACE, problem));
        }
        for extra in member.uses.difference(&row.uses) {
            findings.push(Finding::new(PLACE, format!("{} uses {extra}, the table forbids it", row.name)));
        }
        for unused in row.uses.difference(&member.uses) {
            findings
                .push(Finding::new(PLACE, format!("{} does not use {unused}, the table says so", row.name)));
        }
    }
    for name in workspace.members.keys().filter(|name| rows.iter().all(|row| row.name != **name)) {
        findings.push(Finding::new(PLACE, format!("{name} is in the workspace, not in the table")));
    }
    findings
}

/// The members of the root manifest stand in the table's order, one comment each.
pub(crate) fn check_manifest(rows: &[Row], manifest: &str) -> Result<Vec<Finding>, String> {
    let parsed: toml::Table = manifest.parse().map_err(|e| format!("Cargo.toml: {e}"))?;
    let listed = parsed.get("workspace").and_then(|workspace| workspace.get("members"));
    let listed = listed.and_then(toml::Value::as_array).ok_or("Cargo.toml lists no members")?;
    let listed: Vec<&str> = listed.iter().filter_map(toml::Value::as_str).collect();
    let names = listed.iter().map(|member| member.rsplit('/').next().unwrap_or(member));
    let expected: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let mut findings = Vec::new();
    if !names.eq(expected.iter().copied()) {
        let problem = format!("members are not in the order of {PLACE}, which is {}", expected.join(", "));
        findings.push(Finding::new("Cargo.toml", problem));
    }
    for member in listed {
        let quoted = format!("\"{member}\",");
        let line = manifest.lines().find(|line| line.trim_start().starts_with(&quoted)).unwrap_or_default();
        if !line.contains("# ") {
            findings
                .push(Finding::new("Cargo.toml", format!("{member} has no comment that says what it is")));
        }
    }
    Ok(findings)
}
