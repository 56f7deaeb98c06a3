//! Stores whose pages are damaged: read as a log, and served.

use super::damage::{damaged, rng};
use super::target::{PATIENCE, Target, command, spawned, wait};
use super::watched::{harmless, panicked};
use super::{Attacked, clear};
use crate::Outcome;
use serde_json::json;
use std::path::PathBuf;

const PAGE: usize = 4096;

/// Every fourth one is served; the others are read.
pub(super) fn attack(attacked: &Attacked<'_>) -> Outcome<usize> {
    let n = attacked.n(600, 16);
    let whole = std::fs::read(kept(attacked)?)?;
    attacked.each(n, |at| {
        let path = attacked.place.join(format!("store-{at}.sqlite"));
        std::fs::write(&path, pages(whole.clone(), attacked.seed, at))?;
        let is_harmless =
            if at % 4 == 0 { serves(attacked, &path, at)? } else { reads(attacked, &path, at)? };
        if is_harmless {
            ["", "-wal", "-shm", ".lock"].iter().for_each(|ending| {
                clear(&PathBuf::from(format!("{}{ending}", path.display())));
            });
        }
        Ok(())
    })?;
    Ok(n)
}

/// A store with some sessions in it.
fn kept(attacked: &Attacked<'_>) -> Outcome<PathBuf> {
    let path = attacked.place.join("kept.sqlite");
    let target = Target::start(attacked, "kept", &path, &[])?;
    for user in 0..20 {
        let started =
            target.ask("POST", "/v1/sessions", &json!({ "user": format!("u{user}"), "history": ["1"] }))?;
        let id = started.json()["id"].as_str().ok_or("no session")?.to_owned();
        for item in 2..12 {
            target.ask("POST", "/v1/recommend", &json!({ "session": id, "k": 10 }))?;
            let told = json!({ "item": item.to_string(), "rating": 4 });
            let answer = target.ask("POST", &format!("/v1/sessions/{id}/feedback"), &told)?;
            if answer.status != 200 {
                return Err(format!("feedback: {}", String::from_utf8_lossy(&answer.body)).into());
            }
        }
    }
    target.terminate(PATIENCE)?;
    Ok(path)
}

/// Damaged bytes, or pages in each other's place.
fn pages(mut bytes: Vec<u8>, seed: u64, at: usize) -> Vec<u8> {
    use rand::RngExt as _;
    let mut rng = rng(seed, "store", at);
    let n = bytes.len() / PAGE;
    if n < 2 || rng.random_range(0..3) != 0 {
        return damaged(bytes, &mut rng);
    }
    let (from, to) = (rng.random_range(0..n), rng.random_range(1..n));
    bytes.copy_within(from * PAGE..(from + 1) * PAGE, to * PAGE);
    bytes
}

fn reads(attacked: &Attacked<'_>, path: &std::path::Path, at: usize) -> Outcome<bool> {
    let out = attacked.place.join(format!("store-{at}-out"));
    let (name, out_name) = (path.display().to_string(), out.display().to_string());
    let words = ["data", "import", "serving-log", "--input", &name, "--out", &out_name];
    let is_harmless = harmless(attacked, &format!("store {at}"), &words);
    clear(&out);
    clear(&out.with_extension("propensities.csv"));
    is_harmless
}

/// It starts or refuses; once it serves, it ends when it is told to.
fn serves(attacked: &Attacked<'_>, path: &std::path::Path, at: usize) -> Outcome<bool> {
    let log = attacked.place.join(format!("store-{at}.log"));
    let (mut child, said) = spawned(&mut command(attacked, path, &[]), &log)?;
    if said.is_some() {
        std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
    }
    let ended = wait(&mut child, PATIENCE)?;
    let fault = match ended.map(|status| status.code()) {
        None => Some("it does not end"),
        Some(Some(0..=2)) => panicked(&std::fs::read(&log)?),
        Some(_) => Some("a panic or a signal"),
    };
    match fault {
        None => clear(&log),
        Some(fault) => attacked.fault(format!("store {at}: served: {fault}: {}", path.display())),
    }
    Ok(fault.is_none())
}
