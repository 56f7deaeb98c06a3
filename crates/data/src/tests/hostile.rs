//! Files that are made to fill the memory, and files that are broken at random.

use super::packed::{utf_16, xz};
use super::parquet_types::{Leaf, Stored, leaf, parquet_file, texts};
use super::*;
use crate::*;
use ::parquet::basic::Compression;
use proptest::prelude::*;

/// One long text that a dictionary names for every row.
fn dictionary_bomb(column: &str, n_rows: usize, n_bytes: usize) -> Vec<u8> {
    let columns = format!("required int32 id; required int32 user; {column}");
    let ids = || leaf(Stored::Ints((0..n_rows as i32).collect()));
    let long = Stored::Bytes(vec![vec![b'x'; n_bytes]; n_rows]);
    parquet_file(&columns, Compression::ZSTD(Default::default()), &[ids(), ids(), leaf(long)])
}

#[test]
fn a_dictionary_cannot_fill_the_memory() {
    let bomb = dictionary_bomb("required binary item (STRING);", 300, 1 << 18);
    assert!(bomb.len() < 1 << 17, "{}", bomb.len());
    let error = import_text(Format::Parquet, "log.parquet", &bomb).unwrap_err();
    assert!(matches!(error.problem(), Problem::Expands { .. }), "{error}");
    for column in ["required binary title (STRING);", "required binary genres (STRING);"] {
        let files = Files::new(&[
            ("log.csv", b"user,item\nu,1\n"),
            ("items.parquet", &dictionary_bomb(column, 300, 1 << 18)),
        ]);
        let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
        options.items = Some(files.path("items.parquet"));
        let error = import(&options).unwrap_err();
        assert!(matches!(error.problem(), Problem::Expands { .. }), "{error}");
    }
}

#[test]
fn texts_that_are_repeated_often_are_no_bomb() {
    let n_rows = 60_000;
    let name = "x".repeat(900);
    let users: Vec<&str> = vec![name.as_str(); n_rows];
    let items = leaf(Stored::Ints((0..n_rows as i32).collect()));
    let columns = "required binary user (STRING); required int32 item;";
    let file = parquet_file(columns, Compression::SNAPPY, &[texts(&users), items]);
    assert!(file.len() < 1 << 19);
    assert_eq!(import_text(Format::Parquet, "log.parquet", &file).unwrap().0.n_items(), n_rows);
}

#[test]
fn rows_and_lists_of_next_to_no_bytes_are_refused() {
    let n = 5 << 20;
    let ones = || leaf(Stored::Ints(vec![1; n]));
    let rows =
        parquet_file("required int32 user; required int32 item;", Compression::SNAPPY, &[ones(), ones()]);
    let error = import_text(Format::Parquet, "log.parquet", &rows).unwrap_err();
    assert!(rows.len() < 1 << 16 && matches!(error.problem(), Problem::Expands { .. }), "{error}");
    let genres = Leaf {
        stored: Stored::Ints(vec![1; n]),
        definitions: Some(vec![1; n]),
        repetitions: Some([vec![0], vec![1; n - 1]].concat()),
    };
    let list = parquet_file(
        "required int32 id; repeated int32 genres;",
        Compression::SNAPPY,
        &[leaf(Stored::Ints(vec![1])), genres],
    );
    let files = Files::new(&[("log.csv", b"user,item\nu,1\n"), ("items.parquet", &list)]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
    options.items = Some(files.path("items.parquet"));
    let error = import(&options).unwrap_err();
    assert!(list.len() < 1 << 16 && matches!(error.problem(), Problem::Expands { .. }), "{error}");
}

#[test]
fn one_long_line_in_any_packing_is_refused() {
    let csv = [b"user,item\n1,".to_vec(), vec![b'1'; 20 << 20]].concat();
    let json = [b"[{\"user\": 1, \"item\": \"".to_vec(), vec![b'1'; 20 << 20]].concat();
    for (format, content) in [(Format::Csv, csv), (Format::Jsonl, json)] {
        for packed in [
            gzipped(&content),
            zstd::stream::encode_all(&content[..], 1).unwrap(),
            xz(&content),
            utf_16(&content, true),
        ] {
            let error = import_text(format, "log", &packed).unwrap_err();
            assert!(matches!(error.problem(), Problem::RecordTooLong { .. }), "{error}");
        }
    }
}

#[test]
fn a_zip_whose_files_share_their_bytes_is_refused() {
    let one =
        zipped(&[("a.csv", &b"user,item\n1,2\n".repeat(50)), ("b.csv", &b"user,item\n1,2\n".repeat(50))]);
    let place = |bytes: &[u8], magic: &[u8], nth: usize| {
        bytes.windows(4).enumerate().filter(|(_, four)| *four == magic).nth(nth).unwrap().0
    };
    let mut shared = one.clone();
    let second = place(&one, b"PK\x01\x02", 1);
    shared[second + 42..second + 46].copy_from_slice(&0u32.to_le_bytes());
    assert!(import_text(Format::Csv, "a.zip", &one).is_err(), "two logs");
    let error = import_text(Format::Csv, "a.zip", &shared).unwrap_err();
    assert!(error.to_string().contains("overlap"), "{error}");
}

/// Small valid files in every format.
fn valid() -> Vec<(Format, &'static str, Vec<u8>)> {
    let csv = b"user_id,item_id,rating,timestamp\nu,\"a,b\",1,5\nu,c,5,6\nv,c,3,2017-07-14 03:40:00+02:00\n"
        .to_vec();
    let json = b"{\"user_id\": \"u\", \"item_id\": 18446744073709551617, \"rating\": 1.5, \"tags\": [\"x\", null]}\n{'user_id': u'v', 'item_id': 7, 'rating': 5, 'ok': True}\n".to_vec();
    let columns = "required binary user_id (STRING); required int64 item_id (INTEGER(64,false));
        required int32 rating (DECIMAL(9,2)); required int64 time (TIMESTAMP(MICROS,true));";
    let leaves = || {
        [
            texts(&["u", "u", "v"]),
            leaf(Stored::Longs(vec![-1, 2, 3])),
            leaf(Stored::Ints(vec![50, 450, 500])),
            leaf(Stored::Longs(vec![1_000_000, 2_000_000, 3])),
        ]
    };
    let list = format!("[{}]", String::from_utf8(json.clone()).unwrap().trim().replace('\n', ", "));
    vec![
        (Format::Csv, "log.csv", csv.clone()),
        (Format::Csv, "log.csv.gz", gzipped(&csv)),
        (Format::Csv, "log.csv.xz", xz(&csv)),
        (Format::Csv, "log.csv.zst", zstd::stream::encode_all(&csv[..], 1).unwrap()),
        (Format::Csv, "log.csv", utf_16(&csv, false)),
        (Format::Csv, "log.zip", zipped(&[("log.csv", &csv)])),
        (Format::Jsonl, "log.jsonl", json),
        (Format::Jsonl, "log.json", list.into_bytes()),
        (Format::Parquet, "log.parquet", parquet_file(columns, Compression::SNAPPY, &leaves())),
        (Format::Parquet, "log.parquet", parquet_file(columns, Compression::LZ4_RAW, &leaves())),
        (
            Format::Parquet,
            "log.parquet",
            parquet_file(columns, Compression::BROTLI(Default::default()), &leaves()),
        ),
        (
            Format::Recbole,
            "l.inter",
            b"user_id:token\titem_id_list:token_seq\titem_id:token\nu\ta b\tc\n".to_vec(),
        ),
        (Format::Sequences, "log.csv", b"user,items\nu,\"[1, 2, 'x']\"\nv,3 4\n".to_vec()),
        (Format::Matrix, "log.csv", b"user,i,j\nu,1,\nv,2,nan\n".to_vec()),
        (Format::Billp, "test_sequences.jsonl", b"{\"user_id\": 1, \"item_ids\": [3, 4]}\n".to_vec()),
        (Format::Movielens, "ratings.dat", b"1::2::3::978300760\n1::3::4::978300761\n".to_vec()),
    ]
}

#[test]
fn the_valid_files_are_valid() {
    for (format, name, content) in valid() {
        if format == Format::Billp {
            continue;
        }
        import_text(format, name, &content).unwrap_or_else(|e| panic!("{name} as {}: {e}", format.name()));
    }
}

/// One change of a file.
#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    let odd = prop::sample::select(vec![0u8, 1, 10, 13, 34, 39, 44, 91, 123, 127, 128, 255]);
    prop_oneof![
        4 => (at(), odd).prop_map(|(at, byte)| Change::Set(at, byte)),
        4 => (at(), 0u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => at().prop_map(Change::Cut),
        1 => (at(), at()).prop_map(|(a, b)| Change::Repeat(a, b)),
        2 => (at(), prop::collection::vec(any::<u8>(), 1..6)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
    ]
}

fn changed(mut content: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let n = content.len().max(1);
        match change {
            Change::Set(at, byte) => {
                content.get_mut(at.index(n)).into_iter().for_each(|place| *place = *byte);
            }
            Change::Flip(at, bit) => {
                content.get_mut(at.index(n)).into_iter().for_each(|place| *place ^= 1 << bit);
            }
            Change::Cut(at) => content.truncate(at.index(n)),
            Change::Repeat(a, b) => {
                let (a, b) = (a.index(n).min(b.index(n)), a.index(n).max(b.index(n)));
                let part = content.get(a..b).unwrap_or_default().to_vec();
                content.splice(b.min(content.len())..b.min(content.len()), part);
            }
            Change::Insert(at, bytes) => {
                let at = at.index(n).min(content.len());
                content.splice(at..at, bytes.iter().copied());
            }
        }
    }
    content
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever happens to a file, its import ends: with a dataset, or an error that has a hint.
    #[test]
    fn no_change_of_a_file_makes_an_importer_panic(
        changes in prop::collection::vec(change(), 1..5),
        is_skipping in any::<bool>(),
    ) {
        for (format, name, content) in valid() {
            let files = Files::new(&[(name, &changed(content, &changes))]);
            let mut options = ImportOptions::new(format, &files.path(name));
            options.bad_rows = if is_skipping { BadRows::Skip } else { BadRows::Refuse };
            options.items = is_skipping.then(|| files.path(name));
            match import(&options) {
                Ok((_, report)) => prop_assert!(report.adds_up()),
                Err(error) => prop_assert!(!error.hint().is_empty()),
            }
        }
    }
}
