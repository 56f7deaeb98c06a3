//! How many instructions the kernels take, counted by callgrind and compared with the committed counts: a guard against
//! slower code that no busy machine can fool.

use crate::Finding;
use std::path::Path;
use std::process::Command;

/// Where the counts are.
const FILE: &str = "bench/instructions.toml";
/// What is counted.
const KERNELS: [&str; 5] = ["head", "row-adam", "top-byte", "top-half", "top-single"];
const ROUNDS: u64 = 8;
/// By how much a count may change, in per cent, before somebody has to look.
const TOLERANCE: f64 = 3.0;

/// Counts every kernel of the file; with `write`, the file becomes what was counted.
pub(crate) fn check(root: &Path, write: bool) -> Result<Vec<Finding>, String> {
    let text = std::fs::read_to_string(root.join(FILE)).map_err(|e| format!("{FILE}: {e}"))?;
    let committed = parse(&text)?;
    if committed.iter().map(|(kernel, _)| kernel.as_str()).ne(KERNELS) {
        return Err(format!("{FILE}: the kernels are {}", KERNELS.join(", ")));
    }
    let program = build(root)?;
    let mut counts = Vec::new();
    for (kernel, _) in &committed {
        let (idle, busy) = (count(&program, kernel, 0)?, count(&program, kernel, ROUNDS)?);
        counts.push((kernel.clone(), busy.saturating_sub(idle) / ROUNDS));
    }
    if write {
        let header: String =
            text.lines().take_while(|line| line.starts_with('#')).map(|l| format!("{l}\n")).collect();
        let lines: String = counts.iter().map(|(kernel, count)| format!("{kernel} = {count}\n")).collect();
        std::fs::write(root.join(FILE), header + &lines).map_err(|e| format!("{FILE}: {e}"))?;
        return Ok(Vec::new());
    }
    Ok(compare(&committed, &counts))
}

/// Kernels and their counts.
fn parse(text: &str) -> Result<Vec<(String, u64)>, String> {
    let table: toml::Table = text.parse().map_err(|e| format!("{FILE}: {e}"))?;
    let count = |value: &toml::Value| value.as_integer().and_then(|count| u64::try_from(count).ok());
    let counts = table.iter().map(|(kernel, value)| Some((kernel.clone(), count(value)?)));
    counts.collect::<Option<_>>().ok_or_else(|| format!("{FILE}: a count is a whole number"))
}

/// What changed too much, in either direction.
pub(crate) fn compare(committed: &[(String, u64)], counts: &[(String, u64)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ((kernel, before), (_, now)) in committed.iter().zip(counts) {
        let change = 100.0 * (*now as f64 / (*before).max(1) as f64 - 1.0);
        if change.abs() > TOLERANCE {
            let problem = format!(
                "{before} instructions a round became {now} ({change:+.1} %); if that is meant: \
                 cargo xtask instructions --write"
            );
            findings.push(Finding::new(format!("{FILE}: {kernel}"), problem));
        }
    }
    findings
}

fn build(root: &Path) -> Result<std::path::PathBuf, String> {
    let arguments =
        ["build", "--release", "--locked", "--quiet", "--package", "kernels", "--example", "instructions"];
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(arguments).current_dir(root).status().map_err(|e| e.to_string())?;
    if !status.success() {
        return Err("the example `instructions` does not build".to_owned());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    Ok(target.join("release/examples/instructions"))
}

/// Instructions of one run on one thread.
fn count(program: &Path, kernel: &str, rounds: u64) -> Result<u64, String> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([kernel, &rounds.to_string()])
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .map_err(|e| format!("valgrind: {e}; it counts the instructions, install it"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{kernel} under callgrind: {}", text.trim()));
    }
    collected(&text).ok_or_else(|| format!("callgrind did not say what it collected: {}", text.trim()))
}

/// The number behind `Collected :` in what callgrind says.
pub(crate) fn collected(text: &str) -> Option<u64> {
    let (_, rest) = text.lines().find_map(|line| line.split_once("Collected :"))?;
    rest.trim().parse().ok()
}
