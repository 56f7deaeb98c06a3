//! What the binary is made of: which licences its dependencies have, where they come from, and the notices that
//! whoever passes the binary on owes their authors.

use crate::Finding;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Licences that ask for no more than their text and the authors' names.
const ACCEPTED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that may not come in, and why.
const BANNED: [(&str, &str); 3] = [
    ("openssl-sys", "TLS is rustls: no system library"),
    ("native-tls", "TLS is rustls: no system library"),
    ("async-std", "sockets and timers are tokio's, in `server` alone"),
];

/// One dependency that is not ours.
struct Package {
    name: String,
    version: String,
    licence: String,
    source: String,
    folder: PathBuf,
}

/// Every dependency has an accepted licence, comes from the registry, and is not banned.
///
/// # Errors
/// When cargo does not answer.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>, String> {
    Ok(packages(root)?.iter().flat_map(problems).collect())
}

fn problems(package: &Package) -> Vec<Finding> {
    let place = format!("{} {}", package.name, package.version);
    let mut found = Vec::new();
    if !is_accepted(&package.licence) {
        let problem = format!("its licence `{}` is none of {}", package.licence, ACCEPTED.join(", "));
        found.push(Finding::new(&place, problem));
    }
    if !package.source.starts_with("registry+") {
        found.push(Finding::new(&place, format!("it comes from {}, not from a registry", package.source)));
    }
    let banned = BANNED.iter().filter(|(name, _)| *name == package.name);
    found.extend(banned.map(|(_, why)| Finding::new(&place, format!("it may not come in: {why}"))));
    found
}

/// Writes every dependency with the texts of its licence files, each text once.
///
/// # Errors
/// When cargo does not answer or the file cannot be written.
pub(crate) fn notices(root: &Path, out: &str) -> Result<Vec<Finding>, String> {
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut list =
        String::from("The program contains these packages, under the licences named beside them.\n\n");
    for package in packages(root)? {
        let name = format!("{} {}", package.name, package.version);
        let _ = writeln!(list, "{name}: {}", package.licence);
        for text in licence_texts(&package.folder) {
            texts.entry(text).or_default().insert(name.clone());
        }
    }
    for (text, names) in texts {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        let _ = write!(list, "\n{}\n{names}\n\n{}\n", "-".repeat(80), text.trim());
    }
    std::fs::write(out, list).map_err(|e| format!("cannot write: {e}: {out}"))?;
    Ok(Vec::new())
}

fn licence_texts(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.sort();
    let is_licence = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"].iter().any(|word| name.starts_with(word))
    };
    files
        .iter()
        .filter(|path| is_licence(path))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect()
}

/// Whether an SPDX expression can be fulfilled with accepted licences. An exception (`WITH`) only ever permits more;
/// `/` is the old way to write `OR`. `AND` binds more strongly than `OR`.
fn is_accepted(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any(&words, &mut at) == Some(true) && at == words.len()
}

/// `None` where the expression is none.
fn any(words: &[&str], at: &mut usize) -> Option<bool> {
    let mut accepted = all(words, at)?;
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        accepted |= all(words, at)?;
    }
    Some(accepted)
}

fn all(words: &[&str], at: &mut usize) -> Option<bool> {
    let mut accepted = one(words, at)?;
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        accepted &= one(words, at)?;
    }
    Some(accepted)
}

fn one(words: &[&str], at: &mut usize) -> Option<bool> {
    let word = *words.get(*at)?;
    *at += 1;
    if word == "(" {
        let inner = any(words, at)?;
        *at += 1;
        return (words.get(*at - 1) == Some(&")")).then_some(inner);
    }
    if words.get(*at) == Some(&"WITH") {
        *at += 2;
    }
    Some(ACCEPTED.contains(&word))
}

/// What the workspace is built from, beside itself.
fn packages(root: &Path) -> Result<Vec<Package>, String> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .map_err(|e| format!("cargo metadata: {e}"))?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo metadata: {e}"))?;
    let all = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    Ok(all.iter().filter(|package| !package["source"].is_null()).map(package).collect())
}

fn package(value: &Value) -> Package {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    Package {
        name: text("name"),
        version: text("version"),
        licence: text("license"),
        source: text("source"),
        folder: Path::new(&text("manifest_path")).parent().map(Path::to_owned).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
