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

fn candidate(item: u32, title: &str, log_prob: f64, lift: f64) -> crate::Candidate {
    crate::Candidate { item: mdp::ItemIdx(item), title: title.to_owned(), log_prob, lift }
}

/// The first demonstration with everything an agent can say about it.
fn explained() -> Demos {
    let mut demos = demos();
    let demonstration = &mut demos.demonstrations[0];
    demonstration.reminded_of = vec!["vary the kinds".to_owned()];
    demonstration.lesson = Some("word ".repeat(30).trim_end().to_owned());
    let step = &mut demonstration.steps[0];
    step.critic_value = Some(2.0);
    step.explanation = Some(Box::new(crate::Explanation {
        plan: Some("go on".to_owned()),
        encouraged: vec!["Gamma (2001)".to_owned()],
        discouraged: vec!["Omega (2003)".to_owned()],
        refused: vec!["Nonsense".to_owned(), "Zeta 9".to_owned()],
        value_before: Some(1.0),
        advantage: Some(4.0),
        log_prob: Some(-3.25),
        lift: Some(0.5),
        slate: vec![candidate(2, "Gamma (2001)", -1.0, 0.25), candidate(1, "Beta, The (2000)", -3.25, 0.5)],
    }));
    demos
}

#[test]
fn explanations_are_kept_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("demos");
    save(&explained(), &path);
    assert_eq!(Demos::open(&path).unwrap().0, explained());
    let text = crate::show(&explained().demonstrations[0]);
    for line in [
        "reminded of: vary the kinds\n",
        "  1  plan: go on\n     went well before: Gamma (2001)\n     went badly before: Omega (2003)\n",
        "     asked in vain for: Nonsense · Zeta 9\n",
        "     → Beta, The (2000)  [asked for `The Beta`]  reward 4.0 (critic 2.0)\n       advantage +4.0 · log p -3.25 · raised by the history +0.50\n",
        "\n       all 2 candidates: Beta, The (2000) -3.25 (+0.50) · Gamma (2001) -1.00 (+0.25)\n",
        "\nlesson: word word",
        "word\n        word",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn what_is_shown_keeps_to_the_terminal() {
    let mut demos = explained();
    let demo = &mut demos.demonstrations[0];
    demo.id = "a\u{1b}]0;owned\u{7}:1".to_owned();
    demo.history_titles = vec!["One\r\nTwo".to_owned(), "\u{1b}[31mRed\u{9b}2J".to_owned()];
    demo.steps[0].title = format!("Long {}\u{202e} (1999)", "x".repeat(90));
    demo.steps[0].requested_title = "two\nlines".to_owned();
    demo.steps[0].thought = Some("said\u{1b}[2Jso \u{8}".to_owned());
    for width in [0, 24, 40, 80, 100, 1000] {
        let text = crate::show_within(&demos.demonstrations[0], width);
        assert!(text.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')), "{text:?}");
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width.clamp(24, 100), "{widest} at {width}: {text}");
        for part in ["\\u{1b}]0;owned\\u{7}:1", "One Two", "reward 4.0", "\\u{1b}[2Jso"] {
            let joined: String = text.split_whitespace().collect();
            let part: String = part.split_whitespace().collect();
            assert!(joined.contains(&part), "{part} in {text}");
        }
    }
}

#[test]
fn demonstrations_without_explanations_still_load() {
    let line = r#"{"id":"a:1","user":0,"user_id":"7","history_titles":[],"steps":[{"item":1,"reward":4.0,
        "log_prob_behavior":0.0,"end":"truncated","title":"Beta","requested_title":"beta",
        "grounding":{"status":"normalised","distance":0.0},"source_step":0}]}"#;
    let read: Demonstration = serde_json::from_str(line).unwrap();
    assert_eq!((read.steps[0].explanation.as_deref(), read.lesson, read.reminded_of.len()), (None, None, 0));
    let explanation: crate::Explanation = serde_json::from_str(r#"{"log_prob":-3.25,"lift":0.5}"#).unwrap();
    assert_eq!(
        (explanation.slate.len(), explanation.lift),
        (0, Some(0.5)),
        "of a version that kept no slates"
    );
    assert!(!serde_json::to_string(&explanation).unwrap().contains("slate"));
    let report = serde_json::to_value(CollectReport::default()).unwrap();
    assert!(report.get("agents").is_none(), "an account that is not there leaves no trace: {report}");
    let account = crate::AgentAccount { stopped: Some("enough".to_owned()), ..Default::default() };
    let report = CollectReport { agents: Some(Box::new(account)), ..CollectReport::default() };
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<CollectReport>(&text).unwrap(), report);
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
    let slate =
        |item| crate::Explanation { slate: vec![candidate(item, "x", -1.0, 0.0)], ..Default::default() };
    refused(|d| d.demonstrations[0].steps[0].explanation = Some(Box::new(slate(6))), "item beyond");
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
