//! What stands where a command writes: replaced only where that loses nothing, or is asked for.

use crate::program::{command, domain, fails, ilrec, json, scratch, stderr, write_log};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// All files under a folder.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in folder.read_dir().expect("it is there") {
        let path = entry.expect("it is there").path();
        let name = path.file_name().expect("it is there").to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(contents(&path).into_iter().map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else {
            found.insert(name, std::fs::read(&path).expect("it is there"));
        }
    }
    found
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("it is there");
    for (name, bytes) in contents(from) {
        std::fs::write(to.join(name), bytes).expect("it is there");
    }
}

/// A web application, as its author sees it.
fn application(at: &Path) {
    std::fs::create_dir_all(at.join("src")).expect("it is there");
    std::fs::write(at.join("manifest.json"), r#"{"name": "my app", "version": 1}"#).expect("it is there");
    std::fs::write(at.join("src/a.js"), "precious").expect("it is there");
}

/// Every command that writes a directory, without its `--out`; the inputs are those of the shared domain.
fn writers() -> Vec<String> {
    let domain = domain().display();
    let (data, world) = (format!("--data {domain}/data"), format!("--world {domain}/world"));
    vec![
        format!("data import csv --input {domain}/log.csv --out"),
        format!("world train {data} --config {domain}/world.toml --out"),
        format!("demos collect {data} {world} --llm builtin:expert --episodes 4 --out"),
        format!(
            "train {data} {world} --demos {domain}/demos --config {domain}/train.toml \
             --set training.n_env_steps=512 --out"
        ),
        format!("eval --policy random {data} {world} --eval-seeds 1 --out"),
        "quickstart --dir".to_owned(),
    ]
}

#[test]
fn a_strangers_folder_or_file_is_left_as_it_is_by_every_command() {
    let own = scratch();
    let app = own.path().join("app");
    application(&app);
    std::fs::write(own.path().join("thesis.html"), "<html>three years").unwrap();
    let before = contents(own.path());
    for line in writers() {
        for target in ["app", "thesis.html"] {
            let text = fails(own.path(), &words(&format!("{line} {target}")), 2);
            assert!(text.contains("not replaced") && text.contains(target), "{line}: {text}");
            assert_eq!(text.contains("--force"), !text.contains("where the run's folder"), "{text}");
            assert_eq!(contents(own.path()), before, "{line}");
        }
    }
    let eval = format!("{} e", writers()[4]);
    json(own.path(), &words(&eval));
    let text = fails(own.path(), &words("report e --out thesis.html"), 2);
    assert!(text.contains("a file that this command did not write"), "{text}");
    fails(own.path(), &words("report e --out app"), 2);
    std::fs::remove_dir_all(own.path().join("e")).unwrap();
    assert_eq!(contents(own.path()), before);
}

#[test]
fn force_replaces_and_what_is_ours_is_replaced_without() {
    let own = scratch();
    let app = own.path().join("app");
    application(&app);
    let import = format!("{} app", writers()[0]);
    json(own.path(), &words(&format!("{import} --force")));
    assert!(!app.join("src").exists());
    json(own.path(), &words(&import));
    json(own.path(), &words(&format!("{} e", writers()[4])));
    for _ in 0..2 {
        json(own.path(), &words("report e --out page.html"));
    }
    assert_eq!(own.path().read_dir().unwrap().count(), 3, "nothing is left beside them");
}

#[test]
fn another_kind_is_not_replaced_even_if_it_is_an_input() {
    let own = scratch();
    for name in ["data", "world", "demos"] {
        copied(&domain().join(name), &own.path().join(name));
    }
    let before = contents(own.path());
    for line in [
        "train --data data --world world --demos demos --out demos",
        "train --data data --world world --demos demos --out data",
        "world train --data data --out data",
        "data import csv --input data --out world",
        "demos collect --data data --world world --llm builtin:expert --episodes 2 --out world",
        "eval --policy random --data data --world world --out world",
    ] {
        let text = fails(own.path(), &words(line), 2);
        assert!(text.contains("directory: ") && text.contains("--force"), "{line}: {text}");
    }
    assert_eq!(contents(own.path()), before);
}

#[test]
fn demonstrations_made_another_way_or_paid_for_are_asked_about() {
    let own = scratch();
    copied(&domain().join("demos"), &own.path().join("demos"));
    let collect = format!("{} demos", writers()[2]);
    json(own.path(), &words(&collect));
    let lists = "user,rank,title\nu1,1,The 3th film\nu1,2,The 4th film\nu2,1,The 5th film\n";
    std::fs::write(own.path().join("lists.csv"), lists).unwrap();
    let domain = domain().display();
    let import =
        format!("demos import lists --input lists.csv --data {domain}/data --world {domain}/world --out");
    let text = fails(own.path(), &words(&format!("{import} demos")), 2);
    assert!(text.contains("made by `demos collect`"), "{text}");
    let output = ilrec(own.path(), &words(&format!("{import} lists")));
    if output.status.success() {
        let text = fails(own.path(), &words(&format!("{} lists", writers()[2])), 2);
        assert!(text.contains("made by `demos import`"), "{text}");
    }
}

#[test]
fn equal_trainings_have_equal_hashes() {
    let own = scratch();
    let hash = |name: &str, extra: &str| {
        json(own.path(), &words(&format!("{} {name} {extra}", writers()[3])));
        let manifest = artefact::Manifest::of(&own.path().join(name)).unwrap();
        let story = std::fs::read(own.path().join(name).join("training.json")).unwrap();
        let story: serde_json::Value = serde_json::from_slice(&story).unwrap();
        assert!(story["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "scripts read it");
        manifest.hash()
    };
    let one = hash("one", "");
    assert_eq!(hash("two", "--threads 1"), one);
    assert_ne!(hash("three", "--seed 5"), one);
    let demos = |name: &str| {
        json(own.path(), &words(&format!("{} {name}", writers()[2])));
        artefact::Manifest::of(&own.path().join(name)).unwrap().hash()
    };
    assert_eq!(demos("a"), demos("b"));
}

#[test]
fn the_second_of_two_trainings_is_refused_at_once_and_a_kill_frees_the_place() {
    let own = scratch();
    let endless = format!("{} two --set training.n_env_steps=90000000", writers()[3]);
    let mut first = command(own.path(), &words(&endless)).stderr(Stdio::null()).spawn().unwrap();
    let since = Instant::now();
    let checkpoint = own.path().join("two.part/metrics.jsonl");
    while !checkpoint.is_file() {
        assert!(first.try_wait().unwrap().is_none(), "it trains for hours");
        assert!(since.elapsed() < Duration::from_secs(300), "it has not begun");
        std::thread::yield_now();
    }
    for extra in ["", "--force", "--resume"] {
        let line = format!("{} two {extra}", writers()[3]);
        let text = fails(own.path(), &words(&line), 1);
        assert!(text.contains("another command is writing there: two"), "{text}");
    }
    assert!(checkpoint.is_file(), "what the first one wrote is untouched");
    first.kill().unwrap();
    first.wait().unwrap();
    json(own.path(), &words(&format!("{} two", writers()[3])));
    assert_eq!(own.path().read_dir().unwrap().count(), 1);
}

#[test]
fn what_is_refused_leaves_nothing() {
    let own = scratch();
    let domain = domain().display();
    let train =
        format!("train --data {domain}/data --world {domain}/world --set switches.demonstrations=true");
    for line in [
        format!("{train} --out deep/down/policy"),
        format!("{train} --preset released --out deep/policy"),
        format!("train --data nowhere --world {domain}/world --out deep/policy"),
        format!("eval --policy nobody --data {domain}/data --world {domain}/world --out deep/e"),
        format!("export --policy {domain}/demos --out deep/served"),
    ] {
        fails(own.path(), &words(&line), 2);
        assert_eq!(contents(own.path()).len(), 0, "{line}");
        assert_eq!(own.path().read_dir().unwrap().count(), 0, "{line}");
    }
    let text = "title = \"T\"\ntraining_seeds = [0]\n[data.import]\nsources = [{format = \"csv\", path = \"no.csv\"}]\n\
                [[demonstrations]]\nkind = \"builtin\"\nquality = 0.9\nn_episodes = 4\n";
    std::fs::write(own.path().join("run.toml"), text).unwrap();
    let said = fails(own.path(), &words("run run.toml"), 2);
    assert!(said.contains("no.csv"), "{said}");
    let lists = text.replace("[data.import]", "[data.sample]\nn_items = 60\nn_users = 60\n#");
    let lists = lists.replace("sources =", "#").replace(
        "kind = \"builtin\"\nquality = 0.9\nn_episodes = 4",
        "kind = \"lists\"\npath = \"no-lists\"",
    );
    std::fs::write(own.path().join("run.toml"), lists).unwrap();
    let said = fails(own.path(), &words("run run.toml --out a/b"), 2);
    assert!(said.contains("no-lists"), "{said}");
    assert_eq!(own.path().read_dir().unwrap().count(), 1, "neither runs/ nor a/");
}

#[test]
fn a_training_that_starts_over_says_so() {
    let own = scratch();
    let line = format!("{} policy", writers()[3]);
    let output = ilrec(own.path(), &words(&format!("{line} --resume")));
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("no checkpoint to go on from"), "{}", stderr(&output));
    let endless = format!("{} other --set training.n_env_steps=90000000", writers()[3]);
    let mut first = command(own.path(), &words(&endless)).stderr(Stdio::null()).spawn().unwrap();
    let (since, checkpoint) = (Instant::now(), own.path().join("other.part/checkpoint"));
    while !checkpoint.is_file() {
        assert!(first.try_wait().unwrap().is_none(), "it trains for hours");
        assert!(since.elapsed() < Duration::from_secs(300), "no checkpoint");
        std::thread::yield_now();
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let mut second = command(own.path(), &words(&endless)).stderr(Stdio::piped()).spawn().unwrap();
    let said = std::io::BufReader::new(second.stderr.take().unwrap());
    let first_line =
        std::io::BufRead::lines(said).map_while(Result::ok).find(|line| line.contains("checkpoint"));
    second.kill().unwrap();
    second.wait().unwrap();
    assert!(first_line.is_some_and(|line| line.contains("--resume goes on from it")));
}

#[test]
fn somebodys_folder_beside_a_policy_is_not_taken_for_a_checkpoint() {
    let own = scratch();
    let part = own.path().join("policy.part");
    std::fs::create_dir(&part).unwrap();
    std::fs::write(part.join("poem.txt"), "mine").unwrap();
    let text = fails(own.path(), &words(&format!("{} policy", writers()[3])), 2);
    assert!(text.contains("poem.txt"), "{text}");
    assert_eq!(std::fs::read(part.join("poem.txt")).unwrap(), b"mine");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_is_said_to_be_written() {
    let own = scratch();
    write_log(own.path());
    // A file may have 512 bytes here; the signal that would come instead of an error is not heard.
    let limited = format!("trap '' XFSZ; ulimit -f 1; exec {} \"$@\"", env!("CARGO_BIN_EXE_ilrec"));
    let import = "data import csv --input log.csv --items items.csv --out data";
    let output = std::process::Command::new("sh")
        .args(["-c", &limited, "sh"])
        .args(words(import))
        .current_dir(own.path())
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("cannot write") && !text.contains("cannot read"), "{text}");
    assert_eq!(own.path().read_dir().unwrap().count(), 2, "nothing but the log and its items");
}

#[cfg(unix)]
#[test]
fn a_link_is_written_through() {
    let own = scratch();
    let disk = scratch();
    let link = own.path().join("data");
    std::os::unix::fs::symlink(disk.path().join("data"), &link).unwrap();
    for _ in 0..2 {
        json(own.path(), &words(&format!("{} data", writers()[0])));
        assert!(link.is_symlink() && disk.path().join("data/manifest.json").is_file());
        assert_eq!((own.path().read_dir().unwrap().count(), disk.path().read_dir().unwrap().count()), (1, 1));
    }
    std::fs::remove_file(&link).unwrap();
    application(&disk.path().join("app"));
    std::os::unix::fs::symlink(disk.path().join("app"), &link).unwrap();
    let text = fails(own.path(), &words(&format!("{} data --force", writers()[0])), 2);
    assert!(text.contains("behind a link"), "{text}");
    assert!(disk.path().join("app/src/a.js").is_file());
}
