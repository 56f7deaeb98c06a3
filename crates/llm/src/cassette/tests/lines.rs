//! Cassettes as text.

use std::path::Path;

use super::{parrot, record, recorded, texts};
use crate::tests::asks;
use crate::*;

fn exported(path: &Path) -> String {
    let mut text = Vec::new();
    Cassette::open(path).unwrap().export(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn read(text: &str) -> Result<Cassette, LlmError> {
    Cassette::from_lines(text.as_bytes(), Path::new("c.jsonl"))
}

#[test]
fn lines_play_back_as_the_file_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let expected = record(&path, 10);
    let text = exported(&path);
    let lines = folder.path().join("c.jsonl");
    std::fs::write(&lines, &text).unwrap();
    assert_eq!(texts(Replay::open(&lines, None).unwrap().generate(&asks(0..10))), expected);
    let mut again = Vec::new();
    read(&text).unwrap().export(&mut again).unwrap();
    assert_eq!(String::from_utf8(again).unwrap(), text);
}

#[test]
fn equal_cassettes_give_equal_lines_whatever_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let [there, back] = ["a", "b"].map(|name| folder.path().join(name));
    record(&there, 10);
    for n in (0..10).rev() {
        recorded(parrot("m"), &back).generate(&asks(n..n + 1));
    }
    assert_eq!(exported(&there), exported(&back));
    assert_eq!(exported(&there).lines().count(), 11);
}

#[test]
fn an_altered_line_is_refused_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    record(&path, 3);
    let text = exported(&path);
    let third = text.lines().nth(2).unwrap();
    let altered = [
        text.replace(third, &third.replace("\"to ", "\"no ")),
        text.replace(third, &third[..third.len() - 20]),
        text.replace(third, "{}"),
        text.replace(third, &third.replace("\"checksum\":\"", "\"checksum\":\"é")),
    ];
    for altered in altered {
        let error = read(&altered).unwrap_err().to_string();
        assert_eq!(error, "line 3 of the cassette is damaged: c.jsonl");
    }
}
