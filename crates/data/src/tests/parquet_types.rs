//! Parquet by its logical types, its nesting and its compressions.

use super::*;
use crate::*;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::data_type::*;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use std::sync::Arc;

/// The values of one leaf column that are there.
#[derive(Clone, Debug)]
pub(super) enum Stored {
    Truths(Vec<bool>),
    Ints(Vec<i32>),
    Longs(Vec<i64>),
    Int96s(Vec<Int96>),
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
    Bytes(Vec<Vec<u8>>),
    Fixed(Vec<Vec<u8>>),
}

/// One leaf column, with definition and repetition levels where its schema needs them.
pub(super) struct Leaf {
    pub(super) stored: Stored,
    pub(super) definitions: Option<Vec<i16>>,
    pub(super) repetitions: Option<Vec<i16>>,
}

pub(super) fn leaf(stored: Stored) -> Leaf {
    Leaf { stored, definitions: None, repetitions: None }
}

pub(super) fn texts(values: &[&str]) -> Leaf {
    leaf(Stored::Bytes(values.iter().map(|text| text.as_bytes().to_vec()).collect()))
}

/// A file of one row group.
pub(super) fn parquet_file(columns: &str, compression: Compression, leaves: &[Leaf]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&format!("message table {{ {columns} }}")).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for leaf in leaves {
        let mut column = group.next_column().unwrap().unwrap();
        let (d, r) = (leaf.definitions.as_deref(), leaf.repetitions.as_deref());
        let arrays =
            |values: &[Vec<u8>]| values.iter().map(|v| ByteArray::from(v.clone())).collect::<Vec<_>>();
        match &leaf.stored {
            Stored::Truths(values) => column.typed::<BoolType>().write_batch(values, d, r),
            Stored::Ints(values) => column.typed::<Int32Type>().write_batch(values, d, r),
            Stored::Longs(values) => column.typed::<Int64Type>().write_batch(values, d, r),
            Stored::Int96s(values) => column.typed::<Int96Type>().write_batch(values, d, r),
            Stored::Floats(values) => column.typed::<FloatType>().write_batch(values, d, r),
            Stored::Doubles(values) => column.typed::<DoubleType>().write_batch(values, d, r),
            Stored::Bytes(values) => column.typed::<ByteArrayType>().write_batch(&arrays(values), d, r),
            Stored::Fixed(values) => {
                let values: Vec<FixedLenByteArray> = arrays(values).into_iter().map(Into::into).collect();
                column.typed::<FixedLenByteArrayType>().write_batch(&values, d, r)
            }
        }
        .unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

/// Imports a log of two rows whose further column is the given one.
fn log_with(column: &str, stored: Stored) -> Result<(Dataset, ImportReport), DataError> {
    let columns = format!("required binary user (STRING); required binary item (STRING); {column};");
    let file =
        parquet_file(&columns, Compression::SNAPPY, &[texts(&["u", "u"]), texts(&["a", "b"]), leaf(stored)]);
    let files = Files::new(&[("log.parquet", &file)]);
    let mut options = ImportOptions::new(Format::Parquet, &files.path("log.parquet"));
    options.sources[0].scale = ScaleChoice::Linear { lo: -5.0, hi: 5.0 };
    import(&options)
}

fn int96(seconds: i64) -> Int96 {
    let mut time = Int96::new();
    let nanoseconds = seconds.rem_euclid(86_400) as u64 * 1_000_000_000;
    time.set_data(
        nanoseconds as u32,
        (nanoseconds >> 32) as u32,
        (seconds.div_euclid(86_400) + 2_440_588) as u32,
    );
    time
}

#[test]
fn ratings_of_every_type() {
    let fixed = |values: [i16; 2]| Stored::Fixed(values.iter().map(|v| v.to_be_bytes().to_vec()).collect());
    let half = |x: f32| half::f16::from_f32(x).to_le_bytes().to_vec();
    for (column, stored) in [
        ("required int32 rating (DECIMAL(9,2))", Stored::Ints(vec![-250, 450])),
        ("required int64 rating (DECIMAL(18,3))", Stored::Longs(vec![-2_500, 4_500])),
        ("required fixed_len_byte_array(2) rating (DECIMAL(4,1))", fixed([-25, 45])),
        ("required binary rating (DECIMAL(4,1))", Stored::Bytes(vec![vec![0xe7], vec![0, 45]])),
        ("required fixed_len_byte_array(2) rating (FLOAT16)", Stored::Fixed(vec![half(-2.5), half(4.5)])),
        ("required float rating", Stored::Floats(vec![-2.5, 4.5])),
        ("required double rating", Stored::Doubles(vec![-2.5, 4.5])),
        ("required binary rating (STRING)", Stored::Bytes(vec![b"-2.5".to_vec(), b"4.5".to_vec()])),
    ] {
        let (dataset, _) = log_with(column, stored).unwrap_or_else(|e| panic!("{column}: {e}"));
        assert_eq!(rows(&dataset), [("u", "a", 200, 0), ("u", "b", 480, 1)], "{column}");
    }
    for (column, stored) in [
        ("required boolean rating", Stored::Truths(vec![false, true])),
        ("required int32 rating (INTEGER(8,true))", Stored::Ints(vec![0, 1])),
        ("required int32 rating (INTEGER(8,false))", Stored::Ints(vec![0, 1])),
        ("required int64 rating (INTEGER(64,false))", Stored::Longs(vec![0, 1])),
    ] {
        let (dataset, _) = log_with(column, stored).unwrap();
        assert_eq!(rows(&dataset), [("u", "a", 300, 0), ("u", "b", 340, 1)], "{column}");
    }
}

#[test]
fn times_of_every_type() {
    let days = [17_361, 17_362];
    let seconds = days.map(|day| day * 86_400);
    let longs = |per_second: i64| Stored::Longs(seconds.map(|s| s * per_second + per_second / 2).to_vec());
    for (column, stored) in [
        ("required int32 time (DATE)", Stored::Ints(days.map(|day| day as i32).to_vec())),
        ("required int64 time (TIMESTAMP(MILLIS,true))", longs(1_000)),
        ("required int64 time (TIMESTAMP(MICROS,false))", longs(1_000_000)),
        ("required int64 time (TIMESTAMP(NANOS,true))", longs(1_000_000_000)),
        ("required int64 time (TIMESTAMP_MILLIS)", longs(1_000)),
        ("required int96 time", Stored::Int96s(seconds.map(int96).to_vec())),
        ("required int64 time", longs(1)),
        (
            "required binary time (STRING)",
            Stored::Bytes(vec![b"2017-07-14".to_vec(), b"2017-07-15T00:00Z".to_vec()]),
        ),
    ] {
        let (dataset, report) = log_with(column, stored).unwrap_or_else(|e| panic!("{column}: {e}"));
        let times: Vec<i64> = rows(&dataset).iter().map(|row| row.3).collect();
        assert_eq!(times, seconds, "{column}");
        assert_eq!(report.n_warned(Warning::FineTimes), 0, "{column}");
    }
}

#[test]
fn ids_of_every_type() {
    let big = [u64::MAX - 1, 1].map(|id| id as i64).to_vec();
    let small = [u32::MAX, 1].map(|id| id as i32).to_vec();
    for (column, stored, first) in [
        ("required int64 item (INTEGER(64,false))", Stored::Longs(big), "18446744073709551614"),
        ("required int32 item (INTEGER(32,false))", Stored::Ints(small), "4294967295"),
        ("required int64 item (DECIMAL(18,0))", Stored::Longs(vec![7, 8]), "7"),
        (
            "required fixed_len_byte_array(16) item (UUID)",
            Stored::Fixed(vec![(0..16).collect(), vec![255; 16]]),
            "00010203-0405-0607-0809-0a0b0c0d0e0f",
        ),
        ("required int32 item (DATE)", Stored::Ints(vec![17_361, 17_362]), "2017-07-14"),
    ] {
        let columns = format!("required binary user (STRING); {column};");
        let file = parquet_file(&columns, Compression::UNCOMPRESSED, &[texts(&["u", "v"]), leaf(stored)]);
        let (dataset, _) = import_text(Format::Parquet, "log.parquet", &file).unwrap();
        assert_eq!((dataset.n_items(), rows(&dataset)[0].1), (2, first), "{column}");
    }
}

#[test]
fn types_that_are_not_read_are_named() {
    for (column, stored, what) in [
        ("required int64 rating (TIME(MICROS,true))", Stored::Longs(vec![1, 2]), "time of day"),
        (
            "required fixed_len_byte_array(3) rating",
            Stored::Fixed(vec![vec![0; 3]; 2]),
            "bytes of fixed length (3)",
        ),
        ("required binary rating (BSON)", Stored::Bytes(vec![vec![0]; 2]), "bson"),
    ] {
        let error = log_with(column, stored).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("not read: a column of type {what} (field `rating`)")),
            "{error}"
        );
        assert!(error.hint().starts_with("cast the column"), "{}", error.hint());
    }
}

#[test]
fn structs_are_read_by_their_path() {
    let columns = "required binary user (STRING);
        optional group item { required int32 rating; required binary id (STRING); }";
    let one = |stored| Leaf { stored, definitions: Some(vec![1, 1]), repetitions: None };
    let names = Stored::Bytes(vec![b"a".to_vec(), b"b".to_vec()]);
    let leaves = [texts(&["u", "u"]), one(Stored::Ints(vec![1, 5])), one(names)];
    let file = parquet_file(columns, Compression::SNAPPY, &leaves);
    let (dataset, _) = import_text(Format::Parquet, "log.parquet", &file).unwrap();
    assert_eq!(rows(&dataset), [("u", "a", 100, 0), ("u", "b", 500, 1)]);
    let files = Files::new(&[("log.parquet", &file)]);
    let mut options = ImportOptions::new(Format::Parquet, &files.path("log.parquet"));
    options.sources[0].columns = "item=item.id,rating=item.rating".parse().unwrap();
    assert_eq!(rows(&import(&options).unwrap().0), [("u", "a", 100, 0), ("u", "b", 500, 1)]);
    options.sources[0].columns = "item=item".parse().unwrap();
    let error = import(&options).unwrap_err().to_string();
    assert!(error.contains("the header has user, item.rating, item.id"), "{error}");
}

#[test]
fn categories_in_lists_and_structs() {
    let lists = |columns: &str, definitions: Vec<i16>, repetitions: Vec<i16>| {
        let values = ["Drama", "Sci-Fi", "Comedy"].map(|name| name.as_bytes().to_vec()).to_vec();
        let genres = Leaf {
            stored: Stored::Bytes(values),
            definitions: Some(definitions),
            repetitions: Some(repetitions),
        };
        let columns = format!("required binary id (STRING); {columns}");
        let items = parquet_file(&columns, Compression::SNAPPY, &[texts(&["a", "b", "c"]), genres]);
        let files = Files::new(&[("log.csv", b"user,item\nu,a\nu,b\n"), ("items.parquet", &items)]);
        let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
        options.items = Some(files.path("items.parquet"));
        let (dataset, _) = import(&options).unwrap();
        let items = dataset.catalogue.items().iter();
        items.map(|item| item.categories.len()).collect::<Vec<_>>()
    };
    let three_levels =
        "optional group genres (LIST) { repeated group list { optional binary element (STRING); } }";
    assert_eq!(lists(three_levels, vec![3, 3, 3, 0], vec![0, 1, 0, 0]), [2, 1, 0]);
    assert_eq!(lists("repeated binary genres (STRING);", vec![1, 1, 1, 0], vec![0, 1, 0, 0]), [2, 1, 0]);
    let two_levels = "optional group genres (LIST) { repeated binary array (STRING); }";
    assert_eq!(lists(two_levels, vec![2, 2, 2, 1], vec![0, 1, 0, 0]), [2, 1, 0]);
    let structs = "optional group genres (LIST) { repeated group list { optional group element { optional binary name (STRING); } } }";
    assert_eq!(lists(structs, vec![4, 4, 4, 0], vec![0, 1, 0, 0]), [2, 1, 0]);
    let nested = "optional group genres (LIST) { repeated group list { optional group element (LIST) {
        repeated group list { optional binary element (STRING); } } } }";
    assert_eq!(lists(nested, vec![5, 5, 5, 0], vec![0, 2, 0, 0]), [2, 1, 0]);
}

#[test]
fn every_compression_and_a_folder_and_a_zip() {
    let columns = "required binary user (STRING); required binary item (STRING);";
    let file =
        |compression, user| parquet_file(columns, compression, &[texts(&[user, user]), texts(&["a", "b"])]);
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::BROTLI(BrotliLevel::default()),
    ] {
        let (dataset, _) = import_text(Format::Parquet, "log.parquet", &file(compression, "u")).unwrap();
        assert_eq!(rows(&dataset), [("u", "a", 500, 0), ("u", "b", 500, 1)], "{compression}");
    }
    let [u, v] = ["u", "v"].map(|user| file(Compression::SNAPPY, user));
    let files = Files::new(&[
        ("part-0-c000.snappy.parquet", &u),
        ("part-1-c000.snappy.parquet", &v),
        ("_SUCCESS", b""),
    ]);
    let (dataset, report) = import(&ImportOptions::new(Format::Parquet, files.0.path())).unwrap();
    assert_eq!((dataset.users.clone(), report.sources.len()), (vec!["u".to_owned(), "v".to_owned()], 1));
    let (dataset, _) = import_text(Format::Parquet, "log.zip", &zipped(&[("data/log.parquet", &u)])).unwrap();
    assert_eq!(dataset.n_interactions(), 2);
    let (dataset, _) = import_text(Format::Parquet, "log.parquet.gz", &gzipped(&u)).unwrap();
    assert_eq!(dataset.n_interactions(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A decimal says the same however many bytes store it.
    #[test]
    fn decimals_do_not_depend_on_their_width(value in -1_000_000i64..1_000_000, scale in 0u32..6, width in 4usize..20) {
        let narrow = value.to_be_bytes();
        let sign = if value < 0 { 255 } else { 0 };
        let wide = [vec![sign; width.saturating_sub(8)], narrow[8usize.saturating_sub(width)..].to_vec()].concat();
        let column = format!("required fixed_len_byte_array({width}) item (DECIMAL(9,{scale}))");
        let columns = format!("required binary user (STRING); {column};");
        let file = parquet_file(&columns, Compression::SNAPPY, &[texts(&["u"]), leaf(Stored::Fixed(vec![wide]))]);
        let (dataset, _) = import_text(Format::Parquet, "log.parquet", &file).unwrap();
        let got: f64 = dataset.catalogue.items()[0].id.parse().unwrap();
        prop_assert!((got - value as f64 / 10f64.powi(scale as i32)).abs() < 1e-9, "{}", got);
    }
}
