//! One table in every format is one dataset.

use super::packed::{utf_16, xz};
use super::parquet_types::{Leaf, Stored, leaf, parquet_file};
use super::*;
use crate::*;
use ::parquet::basic::Compression;
use proptest::prelude::*;

/// User, item, rating in halves, and time.
type Row = (String, String, u8, i64);

fn table() -> impl Strategy<Value = Vec<Row>> {
    let id = || "[a-zA-Z0-9é日,;|'\"\\[{ ]{0,5}".prop_map(|middle| format!("i{middle}d"));
    prop::collection::vec((id(), id(), 2u8..11, 0i64..4_000_000_000), 1..20).prop_map(|mut rows| {
        rows.push(("low".into(), "low".into(), 2, 1));
        rows.push(("high".into(), "high".into(), 10, 2));
        rows
    })
}

fn csv_of(rows: &[Row], separator: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    writer.write_record(["user_id", "item_id", "rating", "timestamp"]).unwrap();
    for (user, item, rating, time) in rows {
        let fields = [user.clone(), item.clone(), (f32::from(*rating) / 2.0).to_string(), time.to_string()];
        writer.write_record(&fields).unwrap();
    }
    writer.into_inner().unwrap()
}

fn objects_of(rows: &[Row]) -> Vec<String> {
    let object = |(user, item, rating, time): &Row| {
        serde_json::json!({"user_id": user, "item_id": item, "rating": f32::from(*rating) / 2.0, "timestamp": time})
            .to_string()
    };
    rows.iter().map(object).collect()
}

fn python_of(rows: &[Row]) -> String {
    let quoted = |text: &str| format!("u'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let line = |(user, item, rating, time): &Row| {
        let rating = f32::from(*rating) / 2.0;
        format!(
            "{{'user_id': {}, 'item_id': {}, 'rating': {rating}, 'timestamp': {time}}}\n",
            quoted(user),
            quoted(item)
        )
    };
    rows.iter().map(line).collect()
}

fn parquet_of(rows: &[Row], is_typed: bool, compression: Compression) -> Vec<u8> {
    let bytes = |text: fn(&Row) -> &String| {
        Stored::Bytes(rows.iter().map(|row| text(row).as_bytes().to_vec()).collect())
    };
    let (ratings, times, columns) = if is_typed {
        let ratings = Stored::Ints(rows.iter().map(|row| i32::from(row.2) * 50).collect());
        let times = Stored::Longs(rows.iter().map(|row| row.3 * 1_000_000 + 7).collect());
        (ratings, times, ("optional int32 rating (DECIMAL(9,2))", "(TIMESTAMP(MICROS,true))"))
    } else {
        let ratings = Stored::Doubles(rows.iter().map(|row| f64::from(row.2) / 2.0).collect());
        (ratings, Stored::Longs(rows.iter().map(|row| row.3).collect()), ("optional double rating", ""))
    };
    let columns = format!(
        "required binary user_id (STRING); required binary item_id (STRING); {}; required int64 timestamp {};",
        columns.0, columns.1
    );
    let ratings = Leaf { stored: ratings, definitions: Some(vec![1; rows.len()]), repetitions: None };
    parquet_file(
        &columns,
        compression,
        &[leaf(bytes(|row| &row.0)), leaf(bytes(|row| &row.1)), ratings, leaf(times)],
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_table_is_the_same_dataset_in_every_format(table in table(), at in any::<prop::sample::Index>()) {
        let csv = csv_of(&table, b',');
        let lines = objects_of(&table).join("\n").into_bytes();
        let list = format!("[{}]", objects_of(&table).join(",\n ")).into_bytes();
        let lines_of = |part: &[Row]| objects_of(part).iter().map(|object| format!("{object}\n")).collect::<String>();
        let (first, second) = table.split_at(at.index(table.len()));
        let (first, second) = (lines_of(first), lines_of(second));
        let parts = zipped(&[("part-0.jsonl", first.as_bytes()), ("part-1.jsonl", second.as_bytes())]);
        let expected = import_text(Format::Csv, "log.csv", &csv).unwrap().0.hash();
        for (format, name, content) in [
            (Format::Csv, "log.tsv", csv_of(&table, b'\t')),
            (Format::Csv, "log.csv.gz", gzipped(&csv)),
            (Format::Csv, "log.csv.gz", [gzipped(&csv), vec![0; 9]].concat()),
            (Format::Csv, "log.csv.xz", xz(&csv)),
            (Format::Csv, "log.csv.zst", zstd::stream::encode_all(&csv[..], 1).unwrap()),
            (Format::Csv, "log.zip", zipped(&[("a/log.csv", &csv), ("__MACOSX/a/._log.csv", b"\0\x05")])),
            (Format::Csv, "log.csv", utf_16(&csv, false)),
            (Format::Csv, "log.csv", utf_16(&csv, true)),
            (Format::Jsonl, "log.jsonl", lines.clone()),
            (Format::Jsonl, "log.jsonl.gz", gzipped(&lines)),
            (Format::Jsonl, "log.json", list),
            (Format::Jsonl, "log.json", python_of(&table).into_bytes()),
            (Format::Jsonl, "log.jsonl", utf_16(&lines, false)),
            (Format::Jsonl, "log.zip", parts),
            (Format::Parquet, "log.parquet", parquet_of(&table, false, Compression::SNAPPY)),
            (Format::Parquet, "log.parquet", parquet_of(&table, true, Compression::LZ4_RAW)),
            (Format::Parquet, "log.zip", zipped(&[("log.parquet", &parquet_of(&table, true, Compression::UNCOMPRESSED))])),
        ] {
            let got = import_text(format, name, &content);
            prop_assert!(got.is_ok(), "{} as {}: {}", name, format.name(), got.unwrap_err());
            prop_assert_eq!(&got.unwrap().0.hash(), &expected, "{} as {}", name, format.name());
        }
    }
}
