//! Files are read back with an independent reader of the frames; kills are simulated by cutting files.

use crate::events::{Event, START, What, masked_crc};
use crate::*;
use prost::Message as _;
use std::fs;
use std::path::{Path, PathBuf};

/// An offline run: it takes no steps in an environment.
fn at(n_rounds: u64) -> Moment {
    Moment { n_rounds, n_env_steps: 0, wall_seconds: 1.7e9 + n_rounds as f64 }
}

fn event_files(directory: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(directory).expect("exists").map(|entry| entry.expect("readable").path());
    let mut out: Vec<_> = names.filter(|path| path.to_string_lossy().contains("tfevents")).collect();
    out.sort();
    out
}

/// Reads frames and checks every checksum.
fn events(path: &Path) -> Vec<Event> {
    let bytes = fs::read(path).expect("exists");
    let word = |from: usize| u32::from_le_bytes(bytes[from..from + 4].try_into().expect("four bytes"));
    let (mut from, mut out) = (0, Vec::new());
    while from < bytes.len() {
        let length = u64::from_le_bytes(bytes[from..from + 8].try_into().expect("eight bytes")) as usize;
        assert_eq!(word(from + 8), masked_crc(&bytes[from..from + 8]));
        let data = &bytes[from + 12..from + 12 + length];
        assert_eq!(word(from + 12 + length), masked_crc(data));
        out.push(Event::decode(data).expect("a message"));
        from += 16 + length;
    }
    out
}

#[test]
fn checksums_match_published_vectors() {
    // RFC 3720, B.4: 32 bytes of zeros and of ones; then the mask undone.
    let unmasked = |data: &[u8]| masked_crc(data).wrapping_sub(0xa282_ead8).rotate_left(15);
    assert_eq!(unmasked(&[0; 32]), 0x8a91_36aa);
    assert_eq!(unmasked(&[0xff; 32]), 0x62a8_ab43);
}

#[test]
fn both_files_hold_what_was_recorded() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut metrics = MetricsWriter::create(directory.path(), 1.7e9).expect("writable");
    metrics.record(at(10), &[("loss/actor", 0.5), ("validation/r_traj", 41.25)]).expect("writable");
    metrics.record(at(20), &[("loss/actor", f64::NAN)]).expect("writable");

    let lines = read_metrics(directory.path()).expect("ours");
    assert_eq!((lines.len(), lines[0].n_rounds, lines[0].value("validation/r_traj")), (2, 10, Some(41.25)));
    assert_eq!((lines[1].value("loss/actor"), lines[1].values.len()), (None, 1));

    let files = event_files(directory.path());
    let read = events(&files[0]);
    assert_eq!(read[0].what, Some(What::FileVersion("brain.Event:2".to_owned())));
    let Some(What::Summary(summary)) = &read[2].what else { unreachable!("third is the first record") };
    let values: Vec<_> = summary.value.iter().map(|v| (v.tag.as_str(), v.simple_value)).collect();
    assert_eq!(values, [("loss/actor", Some(0.5)), ("validation/r_traj", Some(41.25))]);
    assert_eq!((read[2].step, read[2].wall_time), (10, 1.7e9 + 10.0));
}

#[test]
fn a_killed_run_continues_from_its_checkpoint() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut metrics = MetricsWriter::create(directory.path(), 0.0).expect("writable");
    for step in [10, 20, 30] {
        metrics.record(at(step), &[("x", step as f64)]).expect("writable");
    }
    drop(metrics);
    // Killed while a line was being written; the checkpoint was taken after round 20.
    let path = directory.path().join("metrics.jsonl");
    let mut text = fs::read(&path).expect("exists");
    text.extend_from_slice(b"{\"n_rounds\":40,\"wall_se");
    fs::write(&path, text).expect("writable");
    assert_eq!(read_metrics(directory.path()).expect("torn lines are left out").len(), 3);

    let mut metrics = MetricsWriter::resume(directory.path(), 20, 5.0).expect("writable");
    metrics.record(at(30), &[("x", 31.0)]).expect("writable");
    let lines = read_metrics(directory.path()).expect("ours");
    let steps: Vec<_> = lines.iter().map(|line| (line.n_rounds, line.value("x"))).collect();
    assert_eq!(steps, [(10, Some(10.0)), (20, Some(20.0)), (30, Some(31.0))]);

    let files = event_files(directory.path());
    assert_eq!(files.len(), 2);
    let restart = &events(&files[1])[1];
    assert!(matches!(&restart.what, Some(What::SessionLog(log)) if log.status == START));
    assert_eq!(restart.step, 21);
}

#[test]
fn starting_over_forgets_and_nothing_reads_as_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    assert_eq!(read_metrics(directory.path()).expect("no file is no lines"), []);
    let mut metrics = MetricsWriter::create(directory.path(), 0.0).expect("writable");
    metrics.record(at(1), &[("x", 1.0)]).expect("writable");
    MetricsWriter::create(directory.path(), 0.0).expect("writable");
    assert_eq!(read_metrics(directory.path()).expect("empty"), []);
}

#[test]
fn foreign_lines_are_refused_with_their_number() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("metrics.jsonl"), "{\"n_env_steps\":1,\"wall_seconds\":0}\nhello\n")
        .expect("writable");
    let message = read_metrics(directory.path()).expect_err("not ours").to_string();
    assert!(message.starts_with("line 2 is not a line of metrics"), "{message}");
    assert!(MetricsWriter::resume(directory.path(), 9, 0.0).is_err());
}
