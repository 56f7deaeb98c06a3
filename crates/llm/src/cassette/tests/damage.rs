//! Rows and files that are not as they were written.

use std::path::Path;

use super::{parrot, record, recorded, texts};
use crate::tests::asks;
use crate::*;

/// Changes rows behind the cassette's back.
fn alter(path: &Path, statement: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    assert_eq!(connection.execute(statement, []).unwrap(), 1, "{statement}");
}

const ALTERATIONS: [&str; 7] = [
    "UPDATE calls SET answer = replace(answer, 'to', 'no') WHERE answer LIKE '%question 1%'",
    "UPDATE calls SET answer = substr(answer, 1, 20) WHERE answer LIKE '%question 1%'",
    "UPDATE calls SET answer = '' WHERE answer LIKE '%question 1%'",
    "UPDATE calls SET answer = x'ff00' WHERE answer LIKE '%question 1%'",
    "UPDATE calls SET checksum = zeroblob(32) WHERE answer LIKE '%question 1%'",
    "UPDATE calls SET request = request || ' ' WHERE answer LIKE '%question 1%'",
    "UPDATE calls SET (answer, checksum) = (SELECT answer, checksum FROM calls WHERE answer LIKE '%question 2%')
        WHERE answer LIKE '%question 1%'",
];

#[test]
fn an_altered_row_is_asked_again_or_refused() {
    for alteration in ALTERATIONS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.sqlite");
        let first = record(&path, 3);
        alter(&path, alteration);
        let played = Replay::open(&path, None).unwrap().generate(&asks(0..3));
        assert!(matches!(played[1], Err(LlmError::Unavailable { .. })), "{alteration}");
        assert!(played[0].is_ok() && played[2].is_ok());
        let exported = Cassette::open(&path).unwrap().export(&mut Vec::new());
        assert!(exported.is_err(), "{alteration}");
        let paid = Cassette::open(&path).unwrap().paid(&Prices::default()).unwrap();
        assert_eq!(paid[&AgentRole::Actor].calls, 2, "{alteration}");
        let inner = parrot("m");
        assert_eq!(texts(recorded(&inner, &path).generate(&asks(0..3))), first, "{alteration}");
        assert_eq!(inner.n_asked(), 1, "{alteration}");
        assert_eq!(texts(Replay::open(&path, None).unwrap().generate(&asks(0..3))), first);
    }
}

/// Every answer that a broken file still gives is the one that was recorded.
fn check_broken(path: &Path, expected: &[Completion]) -> usize {
    let Ok(replay) = Replay::open(path, None) else { return 0 };
    let answers = replay.generate(&asks(0..expected.len()));
    let given =
        answers.iter().zip(expected).filter_map(|(answer, expected)| Some((answer.as_ref().ok()?, expected)));
    given.map(|(answer, expected)| assert_eq!(answer, expected)).count()
}

#[test]
fn a_broken_file_never_gives_a_wrong_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let expected = record(&path, 200);
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(check_broken(&path, &expected), 200);
    let broken = folder.path().join("broken.sqlite");
    let mut n_given = Vec::new();
    for place in (0..whole.len()).step_by(whole.len() / 60) {
        std::fs::write(&broken, &whole[..place]).unwrap();
        n_given.push(check_broken(&broken, &expected));
        let mut flipped = whole.clone();
        flipped[place..].iter_mut().take(16).for_each(|byte| *byte ^= 0x55);
        std::fs::write(&broken, &flipped).unwrap();
        n_given.push(check_broken(&broken, &expected));
    }
    assert!(n_given.iter().any(|&n| n > 0 && n < 200), "{n_given:?}");
}

#[test]
fn a_torn_log_loses_at_most_its_last_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let model = recorded(parrot("m"), &path);
    let expected = texts(model.generate(&asks(0..50)));
    // The log is there as long as the cassette is open: what a killed process leaves.
    let copy = folder.path().join("copy.sqlite");
    std::fs::copy(&path, &copy).unwrap();
    let log = std::fs::read(folder.path().join("c.sqlite-wal")).unwrap();
    std::fs::write(folder.path().join("copy.sqlite-wal"), &log[..log.len() - 100]).unwrap();
    let n_given = check_broken(&copy, &expected);
    assert!((1..50).contains(&n_given), "{n_given}");
    let inner = parrot("m");
    assert_eq!(texts(recorded(&inner, &copy).generate(&asks(0..50))), expected);
    assert_eq!(inner.n_asked() as usize, 50 - n_given);
}

#[test]
fn a_foreign_file_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("other.sqlite");
    rusqlite::Connection::open(&database).unwrap().execute_batch("CREATE TABLE calls (x)").unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a cassette, although long enough to be a header of one, or two".repeat(20))
        .unwrap();
    for path in [&database, &text] {
        let before = std::fs::read(path).unwrap();
        let refused = [Cassette::open(path).unwrap_err(), Cassette::open_to_read(path).unwrap_err()];
        assert!(refused.iter().all(|error| matches!(error, LlmError::Unavailable { .. })));
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
    assert!(Cassette::open(&folder.path().join("no-such-folder").join("c")).is_err());
}
