//! Inputs that are wrong: an error with file, line, field and hint, or a counted warning.

use super::*;
use crate::*;

/// What an error says about itself, with the folder left out.
fn said(format: Format, name: &str, content: &[u8]) -> String {
    let error = import_text(format, name, content).unwrap_err();
    assert!(!error.hint().is_empty());
    assert!(error.file().ends_with(name) || error.file().starts_with(std::env::temp_dir()), "{error}");
    let text = error.to_string();
    text.rsplit_once(": ").expect("the path comes last").0.to_owned()
}

#[test]
fn each_wrong_csv_names_its_problem_line_and_field() {
    let cases: &[(&str, &[u8], &str)] = &[
        ("empty", b"", "no rows"),
        ("header only", b"user_id,item_id,rating\n", "no rows"),
        (
            "wrong column",
            b"who,item_id\n1,2\n",
            "no column for the user id, the header has who, item_id (line 1)",
        ),
        (
            "bad number",
            b"user_id,item_id,rating\n1,2,3\n1,3,good\n",
            "`good` is not a number (line 3, field `rating`)",
        ),
        ("bad time", b"user_id,item_id,time\n1,2,now\n", "`now` is not a time (line 2, field `time`)"),
        ("nan", b"user_id,item_id,rating\n1,2,NaN\n", "rating NaN is not finite (line 2, field `rating`)"),
        (
            "infinite",
            b"user_id,item_id,rating\n1,2,1e99\n",
            "rating 1e99 is not finite (line 2, field `rating`)",
        ),
        ("short row", b"user_id,item_id,rating\n1,2,3\n1\n", "1 fields where the header has 3 (line 3)"),
        ("no user", b"user_id,item_id\n,2\n", "empty id (line 2, field `user`)"),
        ("nul", b"user_id,item_id\n1,2\n1,\0\n", "NUL byte at byte 22 (line 3)"),
        ("latin-1", b"user_id,item_id\n1,2\n1,caf\xe9\n", "not UTF-8 at byte 25 (line 3)"),
        ("cut character", b"user_id,item_id\n1,caf\xc3", "not UTF-8 at byte 21 (line 2)"),
        ("utf-16 cut", b"\xff\xfeu\0s\0e\0r\0,", "damaged file: not UTF-16 at byte 11"),
        ("utf-16 without a mark", b"u\0,\0i\0", "NUL byte at byte 1 (line 1)"),
        (
            "quote to the end",
            b"user_id,item_id\n1,2\n1,\"3\n1,4\n",
            "a quotation mark opens here that is never closed, or not where its field ends (line 3)",
        ),
        (
            "quote to the next",
            b"user_id,item_id,rating\n1,\"2,3\n1,3,3\n2,\"3,3\n",
            "a quotation mark opens here that is never closed, or not where its field ends (line 2)",
        ),
        (
            "no such day",
            b"user_id,item_id,time\n1,2,2023-02-31\n",
            "`2023-02-31` is not a time (line 2, field `time`)",
        ),
    ];
    for (case, content, expected) in cases {
        assert_eq!(said(Format::Csv, "log.csv", content), *expected, "{case}");
    }
}

#[test]
fn a_scale_that_was_declared_is_kept_to() {
    let files = Files::new(&[("log.csv", b"user_id,item_id,rating\n1,2,5\n1,3,5.5\n")]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
    options.sources[0].scale = "1..5".parse().unwrap();
    let error = import(&options).unwrap_err();
    assert_eq!((error.line(), error.field()), (Some(3), Some("rating")));
    assert!(matches!(error.problem(), Problem::OutsideScale { .. }), "{error}");
    options.bad_rows = BadRows::Skip;
    let (dataset, report) = import(&options).unwrap();
    assert_eq!((dataset.n_interactions(), report.n_dropped(DropReason::OutsideScale)), (1, 1));
    assert_eq!(report.dropped[&DropReason::OutsideScale].first.as_deref(), Some("log.csv, line 3"));
}

#[test]
fn gzip_that_ends_early_or_is_damaged() {
    let whole = gzipped(b"user_id,item_id\n1,2\n1,3\n");
    for length in [3, 12, whole.len() - 9, whole.len() - 3] {
        assert_eq!(
            said(Format::Csv, "log.csv.gz", &whole[..length]),
            "the compressed data ends too early",
            "{length}"
        );
    }
    let mut wrong = whole.clone();
    let last = wrong.len() - 6;
    wrong[last] ^= 0xff;
    assert!(said(Format::Csv, "log.csv.gz", &wrong).starts_with("damaged file"));
}

#[test]
fn gzip_of_several_members_is_read_whole() {
    let both = [gzipped(b"user_id,item_id\n1,2\n"), gzipped(b"1,3\n")].concat();
    let (dataset, _) = import_text(Format::Csv, "log.csv", &both).unwrap();
    assert_eq!(dataset.n_interactions(), 2);
}

#[test]
fn a_compressed_file_cannot_fill_the_memory() {
    let bomb = gzipped(&[b"user_id,item_id\n".to_vec(), b"1,1\n".repeat(40 << 20)].concat());
    assert!(said(Format::Csv, "log.csv.gz", &bomb).starts_with("unpacks to more than"));
    let quote = gzipped(&[b"user_id,item_id\n1,\"".to_vec(), b"ab\n".repeat(8 << 20)].concat());
    assert!(said(Format::Csv, "log.csv.gz", &quote).ends_with("its field ends (line 2)"));
    let line = [b"{\"user\": \"".to_vec(), b"x".repeat(17 << 20)].concat();
    assert!(said(Format::Jsonl, "log.jsonl", &line).starts_with("a record of more than"));
}

#[test]
fn an_archive_with_a_name_that_leaves_it_is_refused() {
    for name in ["../ratings.csv", "a/../../ratings.csv", "/ratings.csv", "..\\ratings.csv", "C:ratings.csv"]
    {
        let archive = zipped(&[(name, b"userId,movieId,rating,timestamp\n1,2,3,4\n")]);
        let text = said(Format::Movielens, "ml.zip", &archive);
        assert_eq!(text, format!("the archive holds the unsafe name `{name}`"));
    }
    assert!(said(Format::Movielens, "ml.zip", b"PK\x03\x04 and then nothing").starts_with("damaged file"));
}

#[test]
fn what_costs_no_row_is_counted() {
    let files = Files::new(&[
        (
            "log.csv",
            b"user,item,rating,ts\nann,a,4,1500000000000\nann,a,5,1600000000\nbob,zzz,3,1\nbob,b,1,2\n",
        ),
        (
            "items.csv",
            b"id,title,genres\na,Alien,Horror|Sci-Fi\nb,,(no genres listed)\na,Again,\n,Nameless,\n",
        ),
    ]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
    options.items = Some(files.path("items.csv"));
    let (dataset, report) = import(&options).unwrap();
    assert_eq!(
        rows(&dataset),
        [("ann", "a", 500, 1_600_000_000), ("bob", "zzz", 300, 1), ("bob", "b", 100, 2)]
    );
    assert_eq!(report.n_dropped(DropReason::Duplicate), 1);
    for warning in
        [Warning::FineTimes, Warning::RowOfUnlistedItem, Warning::RepeatedItemId, Warning::ItemWithoutId]
    {
        assert_eq!(report.n_warned(warning), 1, "{warning:?}");
    }
    assert_eq!(report.n_warned(Warning::ItemWithoutTitle), 2, "`b` and the unlisted item");
    assert_eq!(dataset.catalogue.items()[1].title, "b");
    assert_eq!(dataset.catalogue.categories(), ["Horror", "Sci-Fi"]);
    options.only_listed_items = true;
    let (dataset, report) = import(&options).unwrap();
    assert_eq!((dataset.n_items(), report.n_dropped(DropReason::UnlistedItem)), (2, 1));
}

#[test]
fn json_lines_and_parquet_that_are_not() {
    assert!(
        said(Format::Jsonl, "log.jsonl", b"{\"user\": 1, \"item\": 2}\n{\"user\": 1,\n").contains("(line 2)")
    );
    assert_eq!(said(Format::Jsonl, "log.jsonl", b"\n"), "no rows");
    assert!(said(Format::Parquet, "log.parquet", b"PAR1 and then nothing PAR1").starts_with("damaged file"));
    assert!(
        said(Format::Sequences, "log.jsonl", b"{\"user_id\": 1, \"item_ids\": 7}\n")
            .contains("is not a list")
    );
    let lists = b"{\"user_id\": [1], \"item_ids\": [7]}\n";
    assert!(said(Format::Sequences, "log.jsonl", lists).starts_with("empty id (line 1, field `user`)"));
}

#[test]
fn layouts_that_are_not_there() {
    let files = Files::new(&[("readme.txt", b"hello")]);
    for format in [Format::Movielens, Format::Recbole, Format::Billp] {
        let error = import(&ImportOptions::new(format, files.0.path())).unwrap_err();
        assert!(matches!(error.problem(), Problem::NotFound { .. }), "{error}");
    }
    let error = import(&ImportOptions::new(Format::Csv, &files.path("absent.csv"))).unwrap_err();
    assert!(matches!(error.problem(), Problem::Io(_)), "{error}");
    let error = import(&ImportOptions::of(Vec::new())).unwrap_err();
    assert!(matches!(error.problem(), Problem::Option(_)), "{error}");
}
