//! Round trip, refusal of other datasets, and hostile files.

use super::*;
use crate::tests::small_world;
use crate::{Format, ImportOptions, Source, import};

fn demos() -> Demos {
    let text = b"user,rank,title\n8,1,The Beta\n8,2,Omega\n8,3,Gamma\n".to_vec();
    let sources = [Source { name: "l.csv".to_owned(), bytes: text }];
    let imported =
        import(Format::Lists, &sources, &small_world().scene(), &ImportOptions::default()).unwrap();
    let origin = Origin::Imported { report: Box::new(imported.report) };
    Demos { origin, demonstrations: imported.demonstrations }
}

fn inputs() -> Inputs {
    Inputs { dataset: "d".to_owned(), world: "w".to_owned(), catalogue: "c".to_owned() }
}

fn save(demos: &Demos, path: &Path) -> Artefact {
    demos.save(path, &inputs(), (2, 6), 1, serde_json::Value::Null).unwrap()
}

#[test]
fn round_trip_with_a_stable_hash() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("demos");
    let written = save(&demos(), &path);
    let (read, artefact) = Demos::open_beside(&path, "d").unwrap();
    assert_eq!(read, demos());
    assert_eq!(artefact.hash(), written.hash());
    assert_eq!(save(&demos(), &dir.path().join("again")).hash(), written.hash());
    assert_eq!(artefact.manifest().inputs["world"], "w");
    assert!(matches!(Demos::open_beside(&path, "other"), Err(DemonstrationError::OtherDataset { .. })));
}

/// Saves demonstrations that break a rule and expects the reader to say so.
#[track_caller]
fn refused(change: impl Fn(&mut Demos), what: &str) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("demos");
    let mut demos = demos();
    change(&mut demos);
    save(&demos, &path);
    let message = Demos::open(&path).unwrap_err().to_string();
    assert!(message.contains(what), "{message}");
}

#[test]
fn what_a_demonstration_cannot_be_is_refused() {
    refused(|d| d.demonstrations[0].user.0 = 2, "user beyond");
    refused(|d| d.demonstrations[0].steps[0].step.item.0 = 6, "item beyond");
    refused(|d| d.demonstrations[0].steps.clear(), "no steps");
    refused(|d| d.demonstrations[0].steps[0].step.end = StepEnd::Truncated, "only there");
    refused(|d| d.demonstrations[0].steps[1].step.end = StepEnd::Continues, "only there");
    refused(|d| d.demonstrations[0].steps[0].step.reward = f32::NAN, "demonstration 1");
}

#[test]
fn hostile_bytes_are_errors() {
    for bytes in [
        &b""[..],
        b"not gzip",
        b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01",
        &packed(b"{\"id\": 3}\n"),
        &packed(b"\0\0"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("demos");
        let draft = Draft::new(Kind::Demos, &path, 0, serde_json::Value::Null).unwrap();
        let header = Header { n_users: 2, n_items: 6, n_demonstrations: 1, origin: demos().origin };
        draft.write_json(ORIGIN, &header).unwrap();
        draft.write(LINES, bytes).unwrap();
        draft.seal().unwrap();
        let error = Demos::open(&path).unwrap_err();
        assert!(matches!(error, DemonstrationError::Artefact(ArtefactError::Damaged { .. })), "{error}");
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
