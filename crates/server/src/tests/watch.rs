//! A new artefact in the watched folder serves; an unsound one does not.

use super::client::{Running, at_golden, at_other};
use crate::ServerError;
use crate::watch::Watcher;
use std::path::Path;
use std::time::Duration;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in from.read_dir().unwrap().flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Asks until the answer is as wanted, as long as a slow machine may need.
fn until(wanted: impl Fn() -> bool) -> bool {
    (0..100_000).any(|_| wanted())
}

#[test]
fn a_sound_artefact_is_swapped_in_and_a_damaged_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let watched = folder.path().to_owned();
    let server = Running::like(|config| {
        config.watch = Some(watched.clone());
        config.limits.look = Duration::from_millis(5);
    });
    let serving = || server.get("/health/ready").json()["policy"].as_str().unwrap().to_owned();
    let metric = |line: &str| server.get("/metrics").body.lines().any(|own| own == line);
    let first = serving();
    let aside = watched.join(".being-written");
    let appear = |name: &str| std::fs::rename(&aside, watched.join(name)).unwrap();
    copy(&at_other(), &aside);
    std::fs::write(aside.join("catalogue.json"), "{}").unwrap();
    appear("damaged");
    assert!(until(|| metric("ilrec_policies_refused_total 1")));
    assert_eq!(serving(), first, "the old one stays");
    copy(&at_other(), &aside);
    appear("next");
    assert!(until(|| serving() != first));
    let second = serving();
    // Repaired, it is looked at again; it is what serves already.
    std::fs::copy(at_other().join("catalogue.json"), &aside).unwrap();
    appear("damaged/catalogue.json");
    copy(&at_golden(), &aside);
    appear("back");
    assert!(until(|| serving() == first));
    assert_ne!(first, second);
    assert!(until(|| metric("ilrec_policy_swaps_total 2")) && metric("ilrec_policies_refused_total 1"));
}

#[test]
fn what_is_still_being_copied_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::new(folder.path().to_owned());
    assert!(watcher.look().is_empty());
    let place = folder.path().join("a");
    copy(&at_golden(), &place);
    assert!(watcher.look().is_empty(), "seen for the first time");
    std::fs::write(place.join("more"), "x").unwrap();
    assert!(watcher.look().is_empty(), "changed since");
    assert_eq!(watcher.look(), std::slice::from_ref(&place));
    assert!(watcher.look().is_empty(), "handed out once");
    std::fs::remove_dir_all(&place).unwrap();
    assert!(watcher.look().is_empty());
    std::fs::create_dir(&place).unwrap();
    assert!(watcher.look().is_empty() && watcher.look().is_empty(), "no manifest, no artefact");
}

#[test]
#[cfg(unix)]
fn a_pipe_in_an_artefact_holds_up_neither_later_ones_nor_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let watched = folder.path().to_owned();
    let server = Running::like(|config| {
        config.watch = Some(watched.clone());
        config.limits.look = Duration::from_millis(5);
    });
    let first = server.get("/health/ready").json()["policy"].clone();
    for (at, name) in ["manifest.json", "catalogue.json"].into_iter().enumerate() {
        let aside = watched.join(".being-written");
        copy(&at_other(), &aside);
        std::fs::remove_file(aside.join(name)).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(aside.join(name)).status().unwrap().success());
        let place = watched.join(format!("piped-{at}"));
        std::fs::rename(&aside, &place).unwrap();
        let refused = format!("ilrec_policies_refused_total {}", at + 1);
        assert!(until(|| server.get("/metrics").body.contains(&refused)), "{name}");
        // An administrator is told at once, too.
        let load = server.post("/admin/policies", &serde_json::json!({"path": place}));
        assert!(load.body.contains("not a regular file"), "{}", load.body);
    }
    let aside = watched.join(".being-written");
    copy(&at_other(), &aside);
    std::fs::rename(&aside, watched.join("sound")).unwrap();
    assert!(until(|| server.get("/health/ready").json()["policy"] != first));
    server.stop();
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing");
    let refused = super::client::refused(|config| config.watch = Some(path));
    assert!(matches!(refused, ServerError::Watch { .. }));
}
