//! Rules about the text of one file.

use crate::Finding;

/// A file longer than this has to say in its header why it is long.
const QUESTION_AT_LINES: usize = 500;

/// The sentence a long file's header carries.
const EXCUSE: &str = "//! Long because ";

/// What may not stand in Rust source, each with its reason. Split so that this file passes its own check.
const BANNED: [(&str, &str, &str); 7] = [
    ("todo", "!(", "unfinished work is not merged"),
    ("unimplemented", "!(", "unfinished work is not merged"),
    ("TO", "DO", "write an issue: a comment is not found by those who could do it"),
    ("FIX", "ME", "write an issue: a comment is not found by those who could do it"),
    ("#[ign", "ore", "a test that does not run tests nothing"),
    ("#[should_", "panic", "assert on the error value: any panic would pass"),
    ("thread::sl", "eep(", "wait for the event, not for the clock"),
];

/// Folders that exist only on somebody's machine.
const MACHINE_FOLDERS: [&str; 5] = ["work", "tmp", "root", "home", "Users"];

/// Everything wrong with one file.
pub(crate) fn check(name: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", number + 1);
        if let Some(folder) = machine_path(line) {
            findings.push(Finding::new(&place, format!("a path of one machine, {folder}: make it relative")));
        }
        if name.ends_with(".rs") {
            for (head, tail, reason) in BANNED {
                if line.contains(&format!("{head}{tail}")) {
                    findings.push(Finding::new(&place, format!("`{head}{tail}`: {reason}")));
                }
            }
        }
    }
    if name.ends_with(".rs") {
        findings.extend(check_header(name, text));
    }
    findings
}

fn check_header(name: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !text.starts_with("//! ") {
        findings.push(Finding::new(name, "starts without a `//!` sentence that says what it is for"));
    }
    let n_lines = text.lines().count();
    if n_lines > QUESTION_AT_LINES && !text.contains(EXCUSE) {
        let problem =
            format!("{n_lines} lines: split it by idea, or say `{}...` in its header", EXCUSE.trim_start());
        findings.push(Finding::new(name, problem));
    }
    findings
}

/// The first absolute path into a folder that is somebody's own, if the line has one.
fn machine_path(line: &str) -> Option<String> {
    MACHINE_FOLDERS.iter().map(|folder| format!("/{folder}/")).find(|needle| {
        line.match_indices(needle.as_str()).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + needle.len()..].chars().next();
            let starts_path = before.is_none_or(|c| !c.is_alphanumeric() && !"._~-}".contains(c));
            starts_path && after.is_some_and(char::is_alphanumeric)
        })
    })
}
