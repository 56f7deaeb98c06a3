//! A directory is whole or absent, and damage is seen.

use crate::*;

mod hostile;
mod kills;
mod ownership;

fn sample(target: &std::path::Path) -> Artefact {
    let mut draft = Draft::new(Kind::Dataset, target, 3, serde_json::json!({"a": 1})).unwrap();
    draft.input("log", "abc");
    let mut tensors = Tensors::default();
    tensors.insert("w", &[2, 1], vec![1.0, -2.5]);
    tensors.save(&draft, "weights.safetensors").unwrap();
    draft.write_json("note.json", &[1, 2]).unwrap();
    draft.seal().unwrap()
}

#[test]
fn round_trip_and_replace() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("data");
    let written = sample(&target);
    sample(&target);
    let opened = Artefact::open(Kind::Dataset, &target).unwrap();
    assert_eq!(opened.hash(), written.hash());
    let tensors = Tensors::load(&opened, "weights.safetensors").unwrap();
    assert_eq!(tensors.get("w").unwrap().1, [1.0, -2.5]);
    assert_eq!(opened.read_json::<Vec<u32>>("note.json").unwrap(), [1, 2]);
    assert_eq!(dir.path().read_dir().unwrap().count(), 1, "nothing half-written is left");
}

#[test]
fn damage_other_kinds_and_strangers_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("data");
    sample(&target);
    assert!(matches!(Artefact::open(Kind::Policy, &target), Err(ArtefactError::WrongKind { .. })));
    std::fs::write(target.join("note.json"), b"[1, 3]").unwrap();
    assert!(matches!(Artefact::open(Kind::Dataset, &target), Err(ArtefactError::Damaged { .. })));
    let stranger = dir.path().join("photos");
    std::fs::create_dir(&stranger).unwrap();
    std::fs::write(stranger.join("cat.png"), b"x").unwrap();
    let refused = Draft::new(Kind::World, &stranger, 0, serde_json::Value::Null);
    assert!(matches!(refused, Err(ArtefactError::Occupied { .. })));
    assert!(stranger.join("cat.png").exists());
}

#[test]
fn hostile_tensor_files_are_errors() {
    for bytes in [&b""[..], &[0xff; 16], b"\x08\0\0\0\0\0\0\0{}garbag"] {
        assert!(Tensors::from_bytes(bytes).is_err());
    }
}

#[test]
fn a_file_is_replaced_as_a_whole_and_keeps_its_note() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoints/last.safetensors");
    let mut tensors = Tensors::default();
    tensors.insert("w", &[1], vec![0.5]);
    tensors.set_note("{\"n\": 7}".into());
    for _ in 0..2 {
        replace_file(&path, &tensors.to_bytes()).unwrap();
    }
    assert_eq!(Tensors::from_bytes(&std::fs::read(&path).unwrap()).unwrap(), tensors);
    assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1);
}

/// Where the child of the next test writes.
const WRITER_PLACE: &str = "ILREC_TEST_WRITER_PLACE";

/// Run as a test it does nothing; run by the next test it writes until it is killed.
#[test]
fn a_writer_that_never_ends() {
    let Some(target) = std::env::var_os(WRITER_PLACE) else { return };
    let draft = Draft::new(Kind::World, std::path::Path::new(&target), 0, serde_json::Value::Null).unwrap();
    draft.write("half", b"of it").unwrap();
    std::io::Write::write_all(&mut std::io::stdout(), b"\nwriting\n").unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn writer(target: &std::path::Path) -> std::process::Child {
    let arguments = ["--exact", "tests::a_writer_that_never_ends", "--nocapture"];
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .env(WRITER_PLACE, target)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let said = std::io::BufReader::new(child.stdout.take().unwrap());
    assert!(std::io::BufRead::lines(said).any(|line| line.unwrap() == "writing"));
    child
}

#[test]
fn what_a_killed_writer_left_is_removed_and_a_living_one_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let names = || {
        let entries = dir.path().read_dir().unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let mut living = writer(&dir.path().join("one"));
    let mut killed = writer(&dir.path().join("two"));
    assert_eq!(names().len(), 2);
    killed.kill().unwrap();
    killed.wait().unwrap();
    sample(&dir.path().join("data"));
    let left = names();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(&"data".to_owned()));
    living.kill().unwrap();
    living.wait().unwrap();
    sample(&dir.path().join("data"));
    assert_eq!(names(), ["data"]);
}

#[test]
fn writers_at_the_same_time_do_not_take_each_others_directories() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let target = dir.path().join(writer.to_string());
            scope.spawn(move || (0..20).for_each(|_| drop(sample(&target))));
        }
    });
    assert_eq!(dir.path().read_dir().unwrap().count(), 8);
    for writer in 0..8 {
        assert!(Artefact::open(Kind::Dataset, &dir.path().join(writer.to_string())).is_ok());
    }
}

#[test]
fn tables_in_fewer_bits_are_read_as_they_were_rounded() {
    let folder = tempfile::tempdir().unwrap();
    let table: Vec<f32> =
        (0..21).map(|i| (i as f32 * 0.37).sin() * if i < 7 { 1000.0 } else { 0.01 }).collect();
    let mut tensors = Tensors::default();
    tensors.insert("table", &[3, 7], table.clone());
    tensors.insert("column", &[3], vec![0.1, 0.2, 0.3]);
    for (precision, bound) in
        [(Precision::Single, 0.0), (Precision::Half, 1.0 / 2048.0), (Precision::Byte, 0.5 / 127.0)]
    {
        let once = rounded(&table, 7, precision);
        assert_eq!(once, rounded(&once, 7, precision), "rounding again changes nothing");
        for (row, got) in table.chunks(7).zip(once.chunks(7)) {
            let largest = row.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
            assert!(
                row.iter().zip(got).all(|(x, y)| (x - y).abs() <= 1.001 * bound * largest),
                "{precision:?}"
            );
        }
        let out = folder.path().join(precision.word());
        let draft = Draft::new(Kind::Served, &out, 0, ().into()).unwrap();
        draft.write("t", &tensors.to_bytes_with(&["table"], precision)).unwrap();
        let mapped = MappedTensors::open(&draft.seal().unwrap(), "t").unwrap();
        assert_eq!(*mapped.get("table", &[3, 7]).unwrap(), *once);
        assert_eq!(*mapped.get("column", &[3]).unwrap(), [0.1, 0.2, 0.3]);
        assert!(mapped.get("table", &[7, 3]).is_none() && mapped.get("nothing", &[3]).is_none());
    }
}

#[cfg(unix)]
#[test]
fn others_may_read_what_the_umask_lets_them_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let place = |name: &str| dir.path().join(name);
    std::fs::write(place("usual"), "x").unwrap();
    std::fs::create_dir(place("usual-folder")).unwrap();
    replace_file(&place("page.html"), b"x").unwrap();
    assert_eq!(mode(&place("page.html")), mode(&place("usual")));
    sample(&place("data"));
    assert_eq!(mode(&place("data")), mode(&place("usual-folder")));
    assert_eq!(mode(&place("data").join("note.json")), mode(&place("usual")));
}

#[test]
fn kinds_have_their_article() {
    assert_eq!([with_article("evaluation"), with_article("world")], ["an evaluation", "a world"]);
}

#[test]
fn settings_in_any_order_are_the_same_bytes() {
    let fields = [("b", serde_json::json!([{"y": 1, "x": {"d": 1, "c": 2}}])), ("a", serde_json::json!(0.5))];
    let object = |order: &[usize]| -> serde_json::Value {
        order.iter().map(|&at| (fields[at].0.to_owned(), fields[at].1.clone())).collect()
    };
    let text = r#"{"a":0.5,"b":[{"x":{"c":2,"d":1},"y":1}]}"#;
    let dir = tempfile::tempdir().unwrap();
    let mut written = Vec::new();
    for (at, order) in [[0, 1], [1, 0]].iter().enumerate() {
        assert_eq!(canonical(object(order)).to_string(), text);
        let target = dir.path().join(at.to_string());
        let draft = Draft::new(Kind::Policy, &target, 0, object(order)).unwrap();
        draft.write("w", b"1").unwrap();
        let hash = draft.seal().unwrap().hash();
        let manifest = std::fs::read_to_string(target.join("manifest.json")).unwrap();
        written.push((
            hash,
            serde_json::from_str::<serde_json::Value>(&manifest).unwrap()["config"].to_string(),
        ));
    }
    assert_eq!(written[0], written[1]);
    assert_eq!(written[0].1, text);
}

#[test]
fn a_manifest_whose_settings_were_in_another_order_opens_and_has_the_same_hash() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str, config: &str| {
        let target = dir.path().join(name);
        std::fs::create_dir(&target).unwrap();
        std::fs::write(target.join("w"), b"1").unwrap();
        let file = blake3::hash(b"1").to_hex().to_string();
        let manifest = format!(
            r#"{{"kind":"policy","format_version":1,"inputs":{{}},"config":{config},"seed":0,"files":{{"w":"{file}"}}}}"#
        );
        std::fs::write(target.join("manifest.json"), manifest).unwrap();
        Artefact::open(Kind::Policy, &target).unwrap().hash()
    };
    let hash = place("sorted", r#"{"a":1,"b":{"c":2,"d":3}}"#);
    assert_eq!(place("unsorted", r#"{"b":{"d":3,"c":2},"a":1}"#), hash);
    assert_eq!(hash, "abaaff763fd89be7");
}
