//! Links and citations: what a file refers to in this repository is there.

use crate::Finding;
use std::collections::{HashMap, HashSet};

/// How a page of the documentation is cited, from anywhere. Split so that this file passes its own check.
const CITED: &str = concat!("docs", "/");

/// Every citation of a page below `docs` and every relative link in a Markdown file that leads nowhere, or to a
/// heading that its page does not have. `exists` answers for paths from the root.
pub(crate) fn check(files: &[(String, String)], exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let pages: HashMap<&str, HashSet<String>> = files
        .iter()
        .filter(|(name, _)| name.ends_with(".md"))
        .map(|(name, text)| (name.as_str(), headings(text)))
        .collect();
    let mut findings = Vec::new();
    for (name, text) in files {
        for (number, line) in text.lines().enumerate() {
            let mut targets: Vec<String> = citations(line).map(str::to_owned).collect();
            if name.ends_with(".md") {
                targets.extend(links(line).filter_map(|link| from_root(name, link)));
            }
            let place = format!("{name}:{}", number + 1);
            let problems = targets.iter().filter_map(|target| problem(target, &pages, &exists));
            findings.extend(problems.map(|problem| Finding::new(&place, problem)));
            if cites_by_letter(line) {
                let problem = "cites a specification by letter and number: name the page below `docs/spec`";
                findings.push(Finding::new(&place, problem));
            }
        }
    }
    findings
}

fn problem(
    target: &str,
    pages: &HashMap<&str, HashSet<String>>,
    exists: impl Fn(&str) -> bool,
) -> Option<String> {
    let (path, heading) = target.split_once('#').map_or((target, None), |(path, head)| (path, Some(head)));
    if !exists(path) {
        return Some(format!("refers to {path}, which is not there"));
    }
    let has_heading = |heading: &str| pages.get(path).is_some_and(|known| known.contains(heading));
    heading.filter(|heading| !has_heading(heading)).map(|heading| format!("{path} has no heading #{heading}"))
}

/// Pages below `docs` with their headings, such as `docs` + `/spec/method.md#losses`.
fn citations(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices(CITED).filter_map(|(at, _)| {
        let is_inside =
            line[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "/._-".contains(c));
        let rest = &line[at..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && !"/._-#".contains(c)).unwrap_or(rest.len());
        let cited = rest[..end].trim_end_matches(['.', '#', '-', '/']);
        let is_page = cited.ends_with(".md") || cited.contains(".md#");
        (!is_inside && is_page).then_some(cited)
    })
}

/// Whether a line cites a chapter of something that is not in the repository, as in `spec` + ` G.3`.
fn cites_by_letter(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    line.split("spec ").skip(1).any(|rest| {
        let mut chars = rest.chars();
        let letter = chars.next().is_some_and(|c| c.is_ascii_lowercase());
        letter && chars.next() == Some('.') && chars.next().is_some_and(|c| c.is_ascii_digit())
    })
}

/// The targets of `[text](target)` that are no addresses elsewhere.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split(')').next()?;
        let is_path = !target.is_empty() && !target.contains([':', ' ']);
        is_path.then_some(target)
    })
}

/// A link from the file `name` as a path from the root; nothing if it leads out of the repository's tree.
fn from_root(name: &str, link: &str) -> Option<String> {
    if let Some(heading) = link.strip_prefix('#') {
        return Some(format!("{name}#{heading}"));
    }
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The anchors of a page's headings: lower case, blanks as hyphens, signs left out.
fn headings(text: &str) -> HashSet<String> {
    let mut is_code = false;
    let heading = |line: &str| {
        if line.starts_with("```") {
            is_code = !is_code;
        }
        let title = line.strip_prefix('#').filter(|_| !is_code)?.trim_start_matches('#').trim();
        let kept = title.to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        Some(kept.map(|c| if c == ' ' { '-' } else { c }).collect())
    };
    text.lines().filter_map(heading).collect()
}
