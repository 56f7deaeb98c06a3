//! Datasets on disk: what is written is read, and nothing else is believed.

use super::*;
use crate::*;
use artefact::{Draft, Kind};
use catalogue::Catalogue;
use mdp::{Interaction, ItemIdx, UserIdx};
use std::path::Path;

fn sample() -> Dataset {
    let items = [
        ("a", "Alien", vec!["Sci|Fi", "back\\slash"]),
        ("ß", "", vec![]),
        ("c", "Heat", vec!["Crime, etc."]),
    ];
    let items = items
        .map(|(id, title, labels)| (id.into(), title.into(), labels.into_iter().map(String::from).collect()));
    let row = |item, rating, time| Interaction { item: ItemIdx(item), rating, time };
    let histories = vec![
        ("ann".to_owned(), vec![row(2, 4.5, 9), row(0, 1.0, 3)]),
        ("bob".to_owned(), Vec::new()),
        ("cleo".to_owned(), vec![row(1, 5.0, -4)]),
    ];
    Dataset::new(Catalogue::new(items.to_vec()).0, histories, Clock::Seconds).unwrap()
}

#[test]
fn a_round_trip_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = sample();
    let written =
        dataset.save(&folder.path().join("data"), 7, serde_json::json!({"format": "none"})).unwrap();
    let (read, artefact) = Dataset::open(&folder.path().join("data")).unwrap();
    assert_eq!(read, dataset);
    assert_eq!((artefact.hash(), artefact.manifest().seed), (written.hash(), 7));
    assert_eq!(read.interactions(UserIdx(0))[0].item, ItemIdx(0), "histories are in time order");
    assert_eq!((read.user_index("cleo"), read.user_index("dora")), (Some(UserIdx(2)), None));
    assert_eq!(read.catalogue.categories(), ["Crime, etc.", "Sci|Fi", "back\\slash"]);
}

/// Written by a program that knew no propensities.
fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v1")
}

#[test]
fn a_dataset_from_before_opens_and_keeps_its_hash() {
    let (dataset, artefact) = Dataset::open(&golden()).unwrap();
    let facts: serde_json::Value = artefact.read_json("dataset.json").unwrap();
    assert_eq!(facts["hash"], dataset.hash());
    assert_eq!((dataset.n_users(), dataset.n_items(), dataset.n_interactions()), (3, 4, 6));
    assert!(!dataset.has_propensities());
    assert!(dataset.propensities(UserIdx(0)).all(|p| p.is_none()));
    assert_eq!(dataset.propensities(UserIdx(0)).count(), dataset.interactions(UserIdx(0)).len());
    let folder = tempfile::tempdir().unwrap();
    dataset.save(&folder.path().join("data"), 0, serde_json::Value::Null).unwrap();
    let table = folder.path().join("data/interactions.parquet");
    let table = crate::store::ParquetTable::open(&table, &table).unwrap();
    assert_eq!(table.n_columns(), 4, "a log without propensities stays readable to programs from before");
}

#[test]
fn propensities_are_kept_and_count_in_the_hash() {
    let folder = tempfile::tempdir().unwrap();
    let plain = sample();
    let dataset = plain.clone().with_propensities(vec![0.0, 0.25, 1.0]).unwrap();
    assert_ne!(dataset.hash(), plain.hash());
    dataset.save(&folder.path().join("data"), 0, serde_json::Value::Null).unwrap();
    let (read, _) = Dataset::open(&folder.path().join("data")).unwrap();
    assert_eq!(read, dataset);
    let of = |user: u32| read.propensities(UserIdx(user)).collect::<Vec<_>>();
    assert_eq!((of(0), of(1), of(2)), (vec![None, Some(0.25)], vec![], vec![Some(1.0)]));
    let unknown = plain.clone().with_propensities(vec![0.0; 3]).unwrap();
    assert_eq!((unknown.has_propensities(), unknown.hash()), (false, plain.hash()));
    for wrong in [vec![0.5; 2], vec![0.5, 1.5, 0.5], vec![0.5, f32::NAN, 0.5], vec![0.5, -0.1, 0.5]] {
        assert!(plain.clone().with_propensities(wrong).is_err());
    }
}

#[test]
fn propensities_follow_their_rows_through_an_import() {
    // Out of time order, an item twice (the latest row stays), a row without, an item that is too rare.
    let log = "user,item,rating,time,chosen\n\
               a,1,5,30,0.3\na,2,4,10,0.1\na,3,3,20,\nb,1,2,5,0.5\na,2,1,40,0.4\nb,2,2,6,\na,4,2,50,0.9\nb,3,1,1,1\n";
    let read = |format: Format, name: &str, text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let columns = "propensity=chosen".parse().unwrap();
        let source = Source { columns, ..Source::new(format, &path) };
        import(&ImportOptions { min_item_interactions: 2, ..ImportOptions::of(vec![source]) })
    };
    let objects: String = log
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let [user, item, rating, time, chosen] = cells[..] else { panic!("five cells") };
            let chosen = if chosen.is_empty() { "null" } else { chosen };
            format!("{{\"user\":\"{user}\",\"item\":\"{item}\",\"rating\":{rating},\"time\":{time},\"chosen\":{chosen}}}\n")
        })
        .collect();
    for (format, name, text) in [(Format::Csv, "log.csv", log), (Format::Jsonl, "log.jsonl", &objects)] {
        let (dataset, report) = read(format, name, text).unwrap();
        let rows = |user: u32| {
            let ids = dataset.interactions(UserIdx(user)).iter();
            let ids = ids.map(|row| dataset.catalogue.items()[row.item.index()].id.clone());
            ids.zip(dataset.propensities(UserIdx(user))).collect::<Vec<_>>()
        };
        let row = |id: &str, p: Option<f32>| (id.to_owned(), p);
        assert_eq!(rows(0), [row("3", None), row("1", Some(0.3)), row("2", Some(0.4))], "{name}");
        assert_eq!(rows(1), [row("3", Some(1.0)), row("1", Some(0.5)), row("2", None)], "{name}");
        assert_eq!(report.sources[0].columns.propensity.as_deref(), Some("chosen"));
        assert_eq!(describe(&dataset).propensities, 4);
    }
    let wrong = read(Format::Csv, "log.csv", &log.replace("0.5", "1.5")).unwrap_err();
    assert!(matches!(wrong.problem(), Problem::NotAProbability { .. }), "{wrong}");
    let (unnamed, _) =
        import_text(Format::Csv, "log.csv", log.replace("chosen", "propensity").as_bytes()).unwrap();
    assert!(!unnamed.has_propensities(), "nobody said that it is one");
}

#[test]
fn an_import_keeps_its_report() {
    let (dataset, report) =
        import_text(Format::Csv, "log.csv", b"user,item,rating\n1,2,1\n1,2,5\n3,2,\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    dataset.save(&folder.path().join("data"), 0, serde_json::Value::Null).unwrap();
    let (read, _) = Dataset::open(&folder.path().join("data")).unwrap();
    assert_eq!(read.report, report);
    let described = describe(&read);
    assert_eq!(described.import.n_dropped(DropReason::WithoutRating), 1);
    assert_eq!((described.users, described.items, described.interactions), (1, 1, 1));
    assert_eq!(described.rating_histogram.iter().sum::<usize>(), 1);
    let text = serde_json::to_string(&described).unwrap();
    assert_eq!(serde_json::from_str::<Description>(&text).unwrap(), described);
}

#[test]
fn datasets_that_break_a_rule_are_refused() {
    let catalogue = || Catalogue::new(vec![("a".into(), "A".into(), Vec::new())]).0;
    let row = |item, rating| Interaction { item: ItemIdx(item), rating, time: 0 };
    let wrong: [Vec<(String, Vec<Interaction>)>; 6] = [
        vec![("u".into(), vec![row(1, 3.0)])],
        vec![("u".into(), vec![row(0, 3.0), row(0, 3.0)])],
        vec![("u".into(), vec![row(0, 0.5)])],
        vec![("u".into(), vec![row(0, f32::NAN)])],
        vec![("u".into(), vec![]), ("u".into(), vec![])],
        vec![(String::new(), vec![])],
    ];
    for histories in wrong {
        assert!(Dataset::new(catalogue(), histories, Clock::Unordered).is_err());
    }
}

/// Copies a dataset with one file changed, and seals it again so that the hashes are right.
fn resealed(from: &Path, to: &Path, name: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) {
    let draft = Draft::new(Kind::Dataset, to, 0, serde_json::Value::Null).unwrap();
    for file in ["items.parquet", "users.parquet", "interactions.parquet", "dataset.json"] {
        let bytes = std::fs::read(from.join(file)).unwrap();
        draft.write(file, &if file == name { change(bytes) } else { bytes }).unwrap();
    }
    draft.seal().unwrap();
}

#[test]
fn no_damage_to_any_byte_makes_opening_panic_or_lie() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good"), folder.path().join("bad"));
    let dataset = sample();
    dataset.save(&good, 0, serde_json::Value::Null).unwrap();
    for name in ["items.parquet", "users.parquet", "interactions.parquet"] {
        let length = std::fs::read(good.join(name)).unwrap().len();
        for at in (0..length).step_by(7) {
            resealed(&good, &bad, name, |mut bytes| {
                bytes[at] ^= 0x55;
                bytes
            });
            if let Ok((read, _)) = Dataset::open(&bad) {
                assert_eq!(read.hash(), dataset.hash(), "{name}, byte {at}");
            }
        }
        resealed(&good, &bad, name, |bytes| bytes[..length / 2].to_vec());
        assert!(Dataset::open(&bad).is_err(), "{name}");
    }
    resealed(&good, &bad, "dataset.json", |bytes| {
        String::from_utf8(bytes)
            .unwrap()
            .replace("\"n_interactions\": 3", "\"n_interactions\": 4")
            .into_bytes()
    });
    assert!(Dataset::open(&bad).is_err());
    std::fs::write(good.join("users.parquet"), b"changed").unwrap();
    let error = Dataset::open(&good).unwrap_err().to_string();
    let place = good.join("users.parquet").display().to_string();
    assert!(
        error.starts_with("damaged file (7 bytes where there were ") && error.ends_with(&place),
        "{error}"
    );
    let error = Dataset::open(&folder.path().join("absent")).unwrap_err();
    assert!(matches!(error.problem(), Problem::Artefact(_)) && error.file().ends_with("absent"), "{error}");
}
