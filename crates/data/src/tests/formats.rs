//! One small example of every layout.

use super::*;
use crate::*;

#[test]
fn movielens_1m_and_100k_as_published() {
    let files = Files::new(&[
        ("ratings.dat", b"1::10::5::978300760\n2::20::1::978300761\n"),
        ("movies.dat", b"10::Mis\xe9rables, Les (1995)::Drama|Musical\n20::Toy: Story::Comedy\n"),
    ]);
    let (dataset, report) = import(&ImportOptions::new(Format::Movielens, files.0.path())).unwrap();
    assert_eq!(rows(&dataset), [("1", "10", 500, 978_300_760), ("2", "20", 100, 978_300_761)]);
    assert_eq!(dataset.catalogue.items()[0].title, "Mis\u{e9}rables, Les (1995)");
    assert_eq!(report.n_warned(Warning::ReadAsWindows1252), 1);

    let flags = |on: usize| (0..19).map(|f| if f == on { "|1" } else { "|0" }).collect::<String>();
    let items = format!("1|Toy Story (1995)|01-Jan-1995||http://x{}\n2|unknown|||{}\n", flags(5), &flags(0));
    let files =
        Files::new(&[("u.data", b"7\t1\t3\t881250949\n7\t2\t5\t881250950\n"), ("u.item", items.as_bytes())]);
    let (dataset, _) = import(&ImportOptions::new(Format::Movielens, files.0.path())).unwrap();
    assert_eq!(rows(&dataset), [("7", "1", 300, 881_250_949), ("7", "2", 500, 881_250_950)]);
    assert_eq!(dataset.catalogue.categories(), ["Comedy"], "`unknown` is no category");
}

#[test]
fn movielens_latest_as_a_zip_with_a_folder() {
    let archive = zipped(&[
        ("ml-latest-small/ratings.csv", b"userId,movieId,rating,timestamp\n1,2,0.5,9\n1,3,5.0,8\n"),
        (
            "ml-latest-small/movies.csv",
            b"movieId,title,genres\n2,\"Up, or Down (2009)\",A|B\n3,It,(no genres listed)\n",
        ),
    ]);
    let (dataset, report) = import_text(Format::Movielens, "ml.zip", &archive).unwrap();
    assert_eq!(rows(&dataset), [("1", "3", 500, 8), ("1", "2", 100, 9)]);
    assert_eq!(dataset.catalogue.items()[0].title, "Up, or Down (2009)");
    assert!(report.warnings.is_empty(), "{report:?}");
}

#[test]
fn recbole_files_whole_and_in_parts() {
    let header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n";
    let file = |row: &str| format!("{header}{row}\n").into_bytes();
    let files = Files::new(&[
        ("ml.train.inter", &file("u\ta\t1\t5.0")),
        ("ml.test.inter", &file("u\tb\t5\t1.0")),
        ("ml.item", b"item_id:token\tmovie_title:token_seq\tclass:token_seq\na\tToy Story\tAnimation Comedy\nb\tHeat\t\n"),
    ]);
    let (dataset, report) = import(&ImportOptions::new(Format::Recbole, files.0.path())).unwrap();
    assert_eq!(rows(&dataset), [("u", "b", 500, 1), ("u", "a", 100, 5)]);
    assert_eq!((dataset.catalogue.items()[0].title.as_str(), report.sources.len()), ("Toy Story", 1));
    assert_eq!(dataset.catalogue.categories(), ["Animation", "Comedy"]);
    let lists = b"user_id:token\titem_id_list:token_seq\titem_id:token\nu\ta b\tc\n";
    let (dataset, _) = import_text(Format::Recbole, "games.test.inter", lists).unwrap();
    assert_eq!(rows(&dataset), [("u", "a", 500, 0), ("u", "b", 500, 1), ("u", "c", 500, 2)]);
}

#[test]
fn json_lines_with_items_of_their_own() {
    let files = Files::new(&[
        ("log.jsonl", b"{\"user_id\": 7, \"item_id\": \"x\", \"rating\": 1}\n\n{\"user_id\": \"7\", \"item_id\": \"y\", \"rating\": 5.0}\n{\"user_id\": 7, \"item_id\": \"z\", \"rating\": null}\n"),
        ("items.jsonl", b"{\"id\": \"x\", \"title\": \"Ex\", \"genres\": [\"A\", \"B\"]}\n{\"id\": \"y\", \"title\": \"Why\", \"genres\": \"B\"}\n"),
    ]);
    let mut options = ImportOptions::new(Format::Jsonl, &files.path("log.jsonl"));
    options.items = Some(files.path("items.jsonl"));
    let (dataset, report) = import(&options).unwrap();
    assert_eq!(rows(&dataset), [("7", "x", 100, 0), ("7", "y", 500, 1)]);
    assert_eq!((dataset.catalogue.categories().len(), report.n_dropped(DropReason::WithoutRating)), (2, 1));
}

#[test]
fn parquet_tables_that_this_crate_wrote_itself() {
    let (dataset, _) =
        import_text(Format::Csv, "log.csv", b"user,item,rating,time\n1,0,1,5\n1,1,5,6\n0,1,3,7\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let artefact = dataset.save(&folder.path().join("data"), 0, serde_json::Value::Null).unwrap();
    let mut options = ImportOptions::new(Format::Parquet, &artefact.file("interactions.parquet").unwrap());
    options.items = Some(artefact.file("items.parquet").unwrap());
    let (read, report) = import(&options).unwrap();
    assert_eq!(rows(&read), [("0", "0", 100, 5), ("0", "1", 500, 6), ("1", "1", 300, 7)]);
    assert_eq!(report.items_listed, 2);
    options.sources[0].select = vec!["user=1".parse().unwrap()];
    assert_eq!(import(&options).unwrap().1.n_dropped(DropReason::NotSelected), 2);
}

#[test]
fn sequences_with_blanks_and_as_lists() {
    let csv = b"user_id,item_ids\nu,3 1 2\nv,\nw,3 3\n";
    let (dataset, report) = import_text(Format::Sequences, "s.csv", csv).unwrap();
    assert_eq!(
        rows(&dataset),
        [("u", "3", 500, 0), ("u", "1", 500, 1), ("u", "2", 500, 2), ("w", "3", 500, 1)]
    );
    assert_eq!((report.rows_read, report.n_warned(Warning::EmptySequence)), (5, 1));
    assert_eq!(dataset.clock(), Clock::Positions);
    let json = b"{\"user_id\": 4, \"item_ids\": [3, \"1\"]}\n";
    assert_eq!(
        rows(&import_text(Format::Sequences, "s.jsonl", json).unwrap().0),
        [("4", "3", 500, 0), ("4", "1", 500, 1)]
    );
}

#[test]
fn matrices_dense_named_and_sparse() {
    let named = b"user,i1,i2\nann,1,\nbob,nan,5\n";
    assert_eq!(
        rows(&import_text(Format::Matrix, "m.csv", named).unwrap().0),
        [("ann", "i1", 100, 0), ("bob", "i2", 500, 0)]
    );
    let files = Files::new(&[("m.csv", b"-10,99\n0,10\n")]);
    let mut options = ImportOptions::new(Format::Matrix, &files.path("m.csv"));
    options.sources[0].missing = Missing::from_iter(["99"]);
    options.sources[0].scale = "-10..10".parse().unwrap();
    let (dataset, report) = import(&options).unwrap();
    assert_eq!(rows(&dataset), [("0", "0", 100, 0), ("1", "0", 300, 0), ("1", "1", 500, 1)]);
    assert_eq!(report.n_dropped(DropReason::WithoutRating), 1);
    let triples = b"user_id,joke_id,rating\n0,5,-10\n0,6,10\n";
    assert_eq!(
        rows(&import_text(Format::Matrix, "m.csv", triples).unwrap().0),
        [("0", "5", 100, 0), ("0", "6", 500, 1)]
    );
}

#[test]
fn billp_as_published() {
    let files = Files::new(&[
        (
            "datamaps.json",
            br#"{"item2id_dict": {"B": 10, "A": 2}, "id2item_dict": {"10": "B", "2": "A", "11": "B"}}"#,
        ),
        (
            "list_genre.json",
            br#"{"A": "['Mystery, Thriller & Suspense', \"Children's Books\"]", "B": ["X"]}"#,
        ),
        ("test.json", br#"[{"userid_encoded": 21, "pos_seq_name": ["B", "A", "Unknown"], "question": ""}]"#),
    ]);
    let (dataset, report) = import(&ImportOptions::new(Format::Billp, files.0.path())).unwrap();
    assert_eq!(rows(&dataset), [("21", "10", 500, 0), ("21", "2", 500, 1)]);
    assert_eq!(report.n_dropped(DropReason::UnmappedItem), 1);
    let ids: Vec<&str> = dataset.catalogue.items().iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["2", "10", "11"], "in order of number");
    assert_eq!(dataset.catalogue.categories(), ["Children's Books", "Mystery, Thriller & Suspense", "X"]);
}

#[test]
fn text_with_a_mark_with_carriage_returns_and_in_windows_1252() {
    let marked = b"\xef\xbb\xbfuser_id,item_id\r\n1,\"a,\r\nb\"\r\n\r\n2,c\r\n";
    let (dataset, _) = import_text(Format::Csv, "log.csv", marked).unwrap();
    assert_eq!(rows(&dataset), [("1", "a,\r\nb", 500, 0), ("2", "c", 500, 0)]);
    let files = Files::new(&[("log.csv", b"user_id,item_id\n1,caf\xe9\n")]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
    options.encoding = Encoding::Windows1252;
    assert_eq!(rows(&import(&options).unwrap().0), [("1", "caf\u{e9}", 500, 0)]);
}

#[test]
fn options_are_read_from_text_and_refuse_unknown_keys() {
    let text = r#"{"sources": [{"format": "csv", "path": "a.csv", "scale": "0.5..5", "user_prefix": "x:",
        "columns": {"user": "who"}, "select": [{"column": "split", "value": "train"}]}], "encoding": "windows-1252"}"#;
    let options: ImportOptions = serde_json::from_str(text).unwrap();
    assert_eq!(options.sources[0].scale, ScaleChoice::Linear { lo: 0.5, hi: 5.0 });
    assert_eq!(options.sources[0].columns.user.as_deref(), Some("who"));
    let written = serde_json::to_string(&options).unwrap();
    assert_eq!(serde_json::from_str::<ImportOptions>(&written).unwrap(), options);
    assert!(serde_json::from_str::<ImportOptions>(&text.replace("user_prefix", "prefix")).is_err());
    for format in Format::ALL {
        assert_eq!(format.name().parse::<Format>().unwrap(), format);
    }
    assert!("pickle".parse::<Format>().is_err());
}

#[test]
fn every_format_has_its_importer_under_the_name_that_settings_have() {
    // `unknown variant `x`, expected one of `movielens`, ...`
    let error = serde_json::from_str::<Format>("\"x\"").unwrap_err().to_string();
    let known: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
    assert_eq!(known, Format::ALL.map(Format::name));
}
