//! Archives, folders, pipes, and every way in which one file is packed.

use super::*;
use crate::*;

const LOG: &[u8] = b"user,item,rating,time\nu,a,1,5\nu,b,5,6\n";

fn expected() -> [(&'static str, &'static str, i32, i64); 2] {
    [("u", "a", 100, 5), ("u", "b", 500, 6)]
}

pub(super) fn utf_16(text: &[u8], is_big: bool) -> Vec<u8> {
    let units = std::str::from_utf8(text).unwrap().encode_utf16();
    let bytes = |unit: u16| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    [0xfeff].into_iter().chain(units).flat_map(bytes).collect()
}

/// The smallest `.xz`: LZMA2 with a chunk that is not compressed, and no check.
pub(super) fn xz(content: &[u8]) -> Vec<u8> {
    let mut block = vec![2, 0, 0x21, 1, 0x16, 0, 0, 0];
    block.extend(crc32(&block).to_le_bytes());
    let header_size = block.len();
    for (place, chunk) in content.chunks(1 << 16).enumerate() {
        block.push(if place == 0 { 1 } else { 2 });
        block.extend(((chunk.len() - 1) as u16).to_be_bytes());
        block.extend(chunk);
    }
    block.push(0);
    let unpadded = block.len();
    assert!(header_size == 12 && !content.is_empty());
    block.resize(block.len().next_multiple_of(4), 0);
    let number = |mut n: usize| {
        let mut out = Vec::new();
        while n > 127 {
            out.push(n as u8 | 128);
            n >>= 7;
        }
        out.push(n as u8);
        out
    };
    let mut index = vec![0, 1];
    index.extend(number(unpadded));
    index.extend(number(content.len()));
    index.resize(index.len().next_multiple_of(4), 0);
    index.extend(crc32(&index).to_le_bytes());
    let flags = [0u8, 0];
    let mut out = b"\xfd7zXZ\0".to_vec();
    out.extend(flags);
    out.extend(crc32(&flags).to_le_bytes());
    out.extend(block);
    let backward = ((index.len() / 4 - 1) as u32).to_le_bytes();
    let footer = [&backward[..], &flags].concat();
    out.extend(index);
    out.extend(crc32(&footer).to_le_bytes());
    out.extend(footer);
    out.extend(b"YZ");
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[test]
fn one_file_in_every_packing() {
    let zstd = zstd::stream::encode_all(LOG, 3).unwrap();
    for (name, content) in [
        ("log.csv", LOG.to_vec()),
        ("log.csv.gz", gzipped(LOG)),
        ("log.csv.gz", [gzipped(LOG), vec![0; 17]].concat()),
        ("log.csv.gz", [gzipped(&LOG[..30]), gzipped(&LOG[30..]), vec![0; 70_000]].concat()),
        ("log.csv.gz", [gzipped(&LOG[..30]), vec![0; 512], gzipped(&LOG[30..])].concat()),
        ("without an end", gzipped(LOG)),
        ("log.csv.xz", xz(LOG)),
        ("log.csv.zst", zstd.clone()),
        ("log.csv", utf_16(LOG, false)),
        ("log.csv", utf_16(LOG, true)),
        ("log.csv.gz", gzipped(&utf_16(LOG, false))),
        ("log.zip", zipped(&[("log.csv", LOG)])),
        ("log.zip", zipped(&[("deep/in/log.csv", LOG), ("deep/README.md", b"words")])),
        ("log.zip", zipped(&[("log.csv.gz", &gzipped(LOG))])),
        ("log.zip", zipped(&[("log.csv.xz", &xz(LOG))])),
        ("log.zip", zipped(&[("log.csv", &utf_16(LOG, true))])),
    ] {
        let (dataset, _) = import_text(Format::Csv, name, &content).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(rows(&dataset), expected(), "{name}");
    }
}

#[test]
fn what_is_not_read_is_named_and_never_called_damaged() {
    let tar = [&[b'a'; 257][..], b"ustar\0", &[0; 249]].concat();
    for (content, what) in [
        (&b"BZh91AY&SY\x08\x14\xa1"[..], "bzip2"),
        (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive"),
        (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
        (b"\x80\x04\x95\x10\0\0", "a Python pickle"),
        (b"\x89HDF\r\n\x1a\n\0", "an HDF5 file"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"\xff\xfe\0\0u\0\0\0", "UTF-32"),
        (b"  <!DOCTYPE html><html>", "a web page (HTML)"),
        (b"PAR1\x15\0", "a Parquet table where a text is expected"),
        (&tar, "a tar archive"),
        (&gzipped(&tar), "a tar archive"),
        (&gzipped(&gzipped(&gzipped(LOG))), "a file that is packed more than twice"),
        (&zipped(&[("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")]), "an Excel workbook"),
    ] {
        for format in [Format::Csv, Format::Jsonl, Format::Movielens] {
            let error = import_text(format, "log.csv", content).unwrap_err();
            assert!(error.to_string().starts_with(&format!("not read: {what}")), "{error}");
            assert!(!error.hint().is_empty());
        }
    }
    let error = import_text(Format::Parquet, "log.parquet", LOG).unwrap_err();
    assert!(error.to_string().starts_with("not read: a file that is no Parquet table"), "{error}");
}

#[test]
fn packed_data_that_ends_early_or_is_damaged_is_an_error() {
    let packed = [gzipped(LOG), xz(LOG), zstd::stream::encode_all(LOG, 3).unwrap()];
    for whole in &packed {
        for length in [7, whole.len() / 2, whole.len() - 1] {
            let error = import_text(Format::Csv, "log.csv", &whole[..length]).unwrap_err();
            let is_told = matches!(error.problem(), Problem::Truncated | Problem::Damaged(_));
            assert!(is_told, "{length} of {}: {error}", whole.len());
        }
    }
    let error =
        import_text(Format::Csv, "log.csv.gz", &[gzipped(LOG), b"\0\0junk".to_vec()].concat()).unwrap_err();
    assert!(error.to_string().contains("something follows the compressed data"), "{error}");
}

#[test]
fn an_archive_from_a_mac() {
    let inter = b"user_id:token\titem_id:token\trating:float\nu\ta\t1\nu\tb\t5\n";
    let item = b"item_id:token\ttitle:token_seq\na\tA\nb\tB\n";
    let archive = zipped(&[
        ("my/my.inter", inter),
        ("my/my.item", item),
        ("my/.DS_Store", b"\0\0"),
        ("__MACOSX/my/._my.inter", b"\0\x05\x16\x07"),
        ("__MACOSX/my/._my.item", b"\0\x05\x16\x07"),
        ("my/._my.item", b"\0\x05\x16\x07"),
    ]);
    let (dataset, report) = import_text(Format::Recbole, "my.zip", &archive).unwrap();
    assert_eq!((dataset.n_interactions(), report.items_listed), (2, 2));
    let (dataset, _) =
        import_text(Format::Csv, "log.zip", &zipped(&[("log.csv", LOG), ("__MACOSX/._log.csv", b"\0")]))
            .unwrap();
    assert_eq!(dataset.n_interactions(), 2);
}

#[test]
fn two_logs_are_refused_by_name_and_parts_are_read() {
    let ratings = b"userId,movieId,rating,timestamp\n1,2,3,4\n";
    let two = zipped(&[("a/ratings.csv", ratings), ("b/ratings.csv", ratings)]);
    for format in [Format::Movielens, Format::Csv] {
        let error = import_text(format, "two.zip", &two).unwrap_err().to_string();
        assert!(error.starts_with("several files could be meant: a/ratings.csv, b/ratings.csv"), "{error}");
    }
    let other = zipped(&[("ratings.csv", ratings), ("movies.csv", b"movieId,title\n2,T\n")]);
    let error = import_text(Format::Csv, "two.zip", &other).unwrap_err().to_string();
    assert!(error.contains("movies.csv, ratings.csv"), "{error}");
    let header = b"user,item,rating,time\n";
    let files = Files::new(&[
        ("_SUCCESS", b""),
        ("._SUCCESS.crc", b"crc"),
        (".part-00000.csv.crc", b"crc"),
        ("part-00000-1f2e-c000.csv", LOG),
        ("part-00001-1f2e-c000.csv", header),
        ("part-00002-1f2e-c000.csv", b""),
        ("part-00010-1f2e-c000.csv.gz", &gzipped(b"user,item,rating,time\nv,a,5,7\n")),
        ("part-00009-1f2e-c000.csv", b"user,item,rating,time\nu,a,3,9\n"),
    ]);
    let (dataset, report) = import(&ImportOptions::new(Format::Csv, files.0.path())).unwrap();
    assert_eq!(rows(&dataset), [("u", "b", 500, 6), ("u", "a", 300, 9), ("v", "a", 500, 7)]);
    assert_eq!((report.rows_read, report.sources.len()), (4, 1));
    let files = Files::new(&[("part-0.csv", LOG), ("part-1.csv", b"user,item\nu,z\n")]);
    let error = import(&ImportOptions::new(Format::Csv, files.0.path())).unwrap_err();
    assert!(error.to_string().starts_with("another header"), "{error}");
    let json = |user: &str| format!("{{\"user\": \"{user}\", \"item\": 1}}\n").into_bytes();
    let files = Files::new(&[("part-0.json", &json("a")), ("part-1.json", &json("b")), ("part-2.json", b"")]);
    assert_eq!(import(&ImportOptions::new(Format::Jsonl, files.0.path())).unwrap().0.n_users(), 2);
}

#[cfg(unix)]
#[test]
fn pipes_are_read_and_devices_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let json = b"{\"user\": \"u\", \"item\": \"a\", \"rating\": 1, \"time\": 5}\n{\"user\": \"u\", \"item\": \"b\", \"rating\": 5, \"time\": 6}\n";
    for (format, content) in [(Format::Csv, LOG), (Format::Csv, &gzipped(LOG)), (Format::Jsonl, &json[..])] {
        let path = folder.path().join(format!("pipe-{}-{}", format.name(), content.len()));
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (to, bytes) = (path.clone(), content.to_vec());
        let writer = std::thread::spawn(move || std::fs::write(to, bytes).unwrap());
        let (dataset, _) = import(&ImportOptions::new(format, &path)).unwrap();
        writer.join().unwrap();
        assert_eq!(rows(&dataset), expected());
    }
    let error = import(&ImportOptions::new(Format::Csv, std::path::Path::new("/dev/zero"))).unwrap_err();
    assert!(error.to_string().starts_with("not read: something that is no file"), "{error}");
}
