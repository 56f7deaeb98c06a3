//! Artefacts whose files are sealed and wrong: every one is refused, or serves; none panics or asks for the moon.

use super::{golden, history};
use crate::*;
use artefact::{Draft, Kind};
use proptest::prelude::*;
use serde_json::Value;
use std::path::Path;

const FILES: [&str; 4] = ["policy.safetensors", "catalogue.json", "demonstrations.json", "serving.json"];

/// What happens to a file.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Vec<(usize, u8)>),
    Cut(usize),
    Insert(usize, Vec<u8>),
    /// Another value in the place of one of the JSON values.
    Replace(usize, Value),
    /// One of the JSON values is gone.
    Remove(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0usize..1 << 16;
    prop_oneof![
        prop::collection::vec((at.clone(), 1u8..), 1..4).prop_map(Damage::Flip),
        at.clone().prop_map(Damage::Cut),
        (at.clone(), prop::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (at.clone(), value()).prop_map(|(at, value)| Damage::Replace(at, value)),
        at.prop_map(Damage::Remove),
    ]
}

/// Numbers that sizes and rows must not be believed with, and other things that are not expected.
fn value() -> impl Strategy<Value = Value> {
    let numbers = [0.0, -1.0, 1.0, 2.0, 39.0, 40.0, 65536.0, 4294967295.0, 1e12, 1.8e19, 1e38, 1e300];
    let mut values: Vec<Value> = numbers.iter().map(|&x| serde_json::json!(x)).collect();
    let whole = [0u64, 1, 2, 39, 40, 41, 65_535, 65_536, u32::MAX.into(), 1 << 40, u64::MAX];
    values.extend(whole.iter().map(|&x| serde_json::json!(x)));
    values.extend([
        Value::Null,
        Value::from(true),
        Value::from(""),
        serde_json::json!([]),
        serde_json::json!({}),
    ]);
    prop::sample::select(values)
}

/// Visits the values of a document from outside in, until one is enough; whether one was.
fn places(value: &mut Value, visit: &mut dyn FnMut(&mut Value) -> bool) -> bool {
    if visit(value) {
        return true;
    }
    match value {
        Value::Array(items) => items.iter_mut().any(|item| places(item, visit)),
        Value::Object(fields) => fields.values_mut().any(|field| places(field, visit)),
        _ => false,
    }
}

fn count(value: &mut Value) -> usize {
    let mut n = 0;
    places(value, &mut |_| {
        n += 1;
        false
    });
    n
}

fn change(bytes: &[u8], at: usize, with: impl Fn(&mut Value)) -> Vec<u8> {
    let Ok(mut document) = serde_json::from_slice::<Value>(bytes) else { return bytes.to_vec() };
    let mut left = at % count(&mut document);
    places(&mut document, &mut |value| {
        let is_here = left == 0;
        if is_here {
            with(value);
        }
        left = left.saturating_sub(1);
        is_here
    });
    serde_json::to_vec(&document).unwrap()
}

fn damaged(mut bytes: Vec<u8>, damage: &Damage) -> Vec<u8> {
    let length = bytes.len();
    match damage {
        Damage::Flip(flips) => flips.iter().for_each(|(at, with)| bytes[at % length] ^= with),
        Damage::Cut(at) => bytes.truncate(at % length),
        Damage::Insert(at, more) => drop(bytes.splice(at % length..at % length, more.iter().copied())),
        Damage::Replace(at, value) => return change(&bytes, *at, |place| *place = value.clone()),
        Damage::Remove(at) => {
            return change(&bytes, *at, |place| match place {
                Value::Array(items) => drop(items.pop()),
                Value::Object(fields) => fields.retain(|_, field| field.is_object()),
                other => *other = Value::Null,
            });
        }
    }
    bytes
}

/// Opens it and, where it opens, asks everything of it.
fn try_out(artefact: &Path) {
    let Ok(served) = Served::open(artefact) else { return };
    let Ok(session) = served.start(&history(3)) else { return };
    for selection in [Selection::Greedy, Selection::Sample] {
        let request = Request { k: 50, selection: Some(selection), ..Request::default() };
        drop(served.recommend(&session, &request));
    }
    drop(served.similar(mdp::ItemIdx(3), 5));
}

/// The golden artefact with other facts, sealed as if that were right.
fn sealed_with(place: &Path, change: impl FnOnce(&mut Value)) {
    let draft = Draft::new(Kind::Served, place, 7, serde_json::json!({"version": VERSION})).unwrap();
    let mut change = Some(change);
    for name in FILES {
        let mut bytes = std::fs::read(golden().join(name)).unwrap();
        if name == "serving.json" {
            let mut facts = serde_json::from_slice(&bytes).unwrap();
            change.take().unwrap()(&mut facts);
            bytes = serde_json::to_vec(&facts).unwrap();
        }
        draft.write(name, &bytes).unwrap();
    }
    draft.seal().unwrap();
}

#[test]
fn results_that_could_not_be_shown_are_refused_at_once_also_where_they_are_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let right = serde_json::json!([{"policy": "il-rec", "r_traj": {"mean": 1, "lo": 0, "hi": 2}}]);
    sealed_with(&folder.path().join("right"), |facts| facts["about"]["judged"] = right);
    Served::open(&folder.path().join("right")).unwrap();
    let wrong =
        serde_json::json!([7, "x", {}, [7], [["il-rec"]], [{"policy": 7}], [{"policy": "a", "len": 3}]]);
    for (at, wrong) in wrong.as_array().unwrap().iter().enumerate() {
        let place = folder.path().join(at.to_string());
        sealed_with(&place, |facts| facts["about"]["judged"] = wrong.clone());
        let opened = Served::open(&place);
        assert!(matches!(opened, Err(ServingError::Mismatch(_))), "{wrong}: {opened:?}");
    }
}

proptest! {
    #[test]
    fn what_is_sealed_and_wrong_is_refused_or_serves(which in 0..FILES.len(), damage in damage()) {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("damaged");
        let draft = Draft::new(Kind::Served, &place, 7, serde_json::json!({"version": VERSION})).unwrap();
        for (at, name) in FILES.iter().enumerate() {
            let bytes = std::fs::read(golden().join(name)).unwrap();
            let bytes = if at == which { damaged(bytes, &damage) } else { bytes };
            draft.write(name, &bytes).unwrap();
        }
        draft.seal().unwrap();
        try_out(&place);
    }

    #[test]
    fn a_wrong_manifest_is_refused_or_serves(damage in damage()) {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy");
        super::copied(&copy);
        let file = copy.join("manifest.json");
        std::fs::write(&file, damaged(std::fs::read(&file).unwrap(), &damage)).unwrap();
        try_out(&copy);
    }
}
