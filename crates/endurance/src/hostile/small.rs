//! Something of each kind, small enough to be damaged thousands of times.

use crate::Outcome;
use crate::report::say;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Users and items are called by their numbers, so that matrices fit.
pub(super) const N_USERS: usize = 40;
pub(super) const N_ITEMS: usize = 30;
const N_RATINGS: usize = 12;

/// Where everything lies.
#[derive(Clone, Debug)]
pub(crate) struct Small {
    pub(crate) data: PathBuf,
    pub(crate) world: PathBuf,
    pub(crate) demos: PathBuf,
    pub(crate) policy: PathBuf,
    pub(crate) artefact: PathBuf,
}

impl Small {
    /// Made once a directory.
    pub(crate) fn made(ilrec: &Path, dir: &Path) -> Outcome<Self> {
        let dir = dir.join("small");
        std::fs::create_dir_all(&dir)?;
        let dir = dir.canonicalize()?;
        let place = |name: &str| dir.join(name);
        let small = Self {
            data: place("data"),
            world: place("world"),
            demos: place("demos"),
            policy: place("policy"),
            artefact: place("artefact"),
        };
        if small.artefact.exists() {
            return Ok(small);
        }
        say("making something of each kind from a generated log");
        std::fs::write(place("log.csv"), log())?;
        std::fs::write(place("items.csv"), items())?;
        for old in [&small.data, &small.world, &small.demos, &small.policy] {
            super::clear(old);
        }
        for line in [
            "data import csv --input log.csv --items items.csv --out data",
            "world train --data data --out world",
            "demos collect --data data --world world --llm builtin:expert --episodes 6 --out demos",
            "train --data data --world world --demos demos --out policy --set training.n_env_steps=60 \
             --set training.n_validation_users=2",
            "export --policy policy --data data --demos demos --out artefact",
        ] {
            let words = line.split_whitespace();
            let done = Command::new(ilrec).args(words).arg("--quiet").current_dir(&dir).output()?;
            if !done.status.success() {
                let why = String::from_utf8_lossy(&done.stderr);
                return Err(format!("ilrec {line}: {}: {why}", done.status).into());
            }
        }
        Ok(small)
    }
}

fn log() -> String {
    let mut text = String::from("user,item,rating,time\n");
    for user in 0..N_USERS {
        for at in 0..N_RATINGS {
            let item = (user * 7 + at * 11) % N_ITEMS;
            let rating = 1 + (user * item + at) % 5;
            // Writing into a string cannot fail.
            let _ = writeln!(text, "{user},{item},{rating},{}", 1000 * user + at);
        }
    }
    text
}

fn items() -> String {
    let mut text = String::from("item,title,genres\n");
    for item in 0..N_ITEMS {
        let _ = writeln!(text, "{item},The {item}th Film of Many,Genre {}|Genre {}", item % 4, item % 7);
    }
    text
}
