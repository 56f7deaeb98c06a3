//! Logs that are longer than a block of rows, read with and without a thread of their own.

use super::*;

/// A log of so many rows, one of which has a broken rating; `damage` is appended as it is.
fn log(n_rows: usize, broken: Option<usize>, damage: &[u8]) -> Vec<u8> {
    let mut text = b"user,item,rating,time\n".to_vec();
    for row in 0..n_rows {
        let rating = if broken == Some(row) { "x".to_owned() } else { (1 + row % 5).to_string() };
        writeln!(text, "u{},i{},{rating},{row}", row * 7 % 301, row % 997).unwrap();
    }
    text.extend_from_slice(damage);
    text
}

fn import_on(n_threads: usize, text: &[u8]) -> Result<(Dataset, ImportReport), DataError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    pool.install(|| import_text(Format::Csv, "log.csv", text))
}

#[test]
fn threads_change_nothing() {
    for n_rows in [1, 1_023, 1_024, 1_025, 20_000] {
        let text = log(n_rows, None, b"");
        let ((one, report), (two, other)) = (import_on(1, &text).unwrap(), import_on(2, &text).unwrap());
        assert_eq!(rows(&one), rows(&two));
        assert_eq!((report.rows_read, report.rows_kept), (other.rows_read, other.rows_kept));
        assert_eq!(report.rows_read, n_rows as u64);
    }
}

#[test]
fn the_first_error_is_told() {
    for n_threads in [1, 2] {
        let said = |text: &[u8]| import_on(n_threads, text).unwrap_err().to_string();
        let (broken, damaged) = (log(9_000, Some(8_500), b""), log(9_000, None, b"u1,\xff,3,4\n"));
        assert!(said(&broken).contains("8502"), "{}", said(&broken));
        assert!(said(&damaged).contains("9002"), "{}", said(&damaged));
        let both = said(&log(9_000, Some(100), b"u1,\xff,3,4\n"));
        assert!(both.contains("102"), "{both}");
    }
}
