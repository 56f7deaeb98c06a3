//! Points in time in the forms that logs have for them.

use super::*;
use crate::input::{iso_text, parse_time};
use crate::*;
use proptest::prelude::*;

#[test]
fn offsets_fractions_and_short_forms() {
    for text in [
        "2017-07-14 03:40:00+00:00",
        "2017-07-14T03:40:00Z",
        "2017-07-14T03:40:00.000Z",
        "2017-07-14T03:40Z",
        "2017-07-14T03:40",
        "2017-07-14 03:40:00 UTC",
        "2017-07-14 05:40:00+02:00",
        "2017-07-14 05:40:00+02",
        "2017-07-14 09:10:00+0530",
        "2017-07-13 22:40:00-05:00",
        "2017-07-13 22:40:00 -0500",
        "2017-07-14 03:40:00.123456789+00:00",
        "2017-07-14T03:40:00,5",
        "20170714T034000Z",
        "2017/07/14 03:40:00",
        "20170714034000",
    ] {
        assert_eq!(parse_time(text).unwrap(), (1_500_003_600, false), "{text}");
    }
    for text in [
        "2023-02-31",
        "2023-02-29",
        "2100-02-29",
        "2023-04-31",
        "2023-00-10",
        "2023-01-00",
        "2017-07-14 24:00:00",
        "2017-07-14 03:60:00",
        "2017-07-14T03",
        "2017-07-14T03:40:00+",
        "2017-07-14T03:40:00+2",
        "2017-07-14T03:40:00+24:00",
        "2017-07-14T03:40:00.",
        "2017-07-14T03:40:00Zulu",
        "2017-07/14",
        "2017-07-14x",
    ] {
        assert!(parse_time(text).is_err(), "{text}");
    }
}

#[test]
fn dates_in_eight_digits_are_dates_if_all_are() {
    let log = |times: [&str; 3]| {
        let [a, b, c] = times;
        let text = format!("user,item,time\nu,a,{a}\nu,b,{b}\nu,c,{c}\n");
        import_text(Format::Csv, "log.csv", text.as_bytes()).unwrap()
    };
    let (dataset, report) = log(["20200705", "20200229.0", "20191231"]);
    let times: Vec<i64> = rows(&dataset).iter().map(|row| row.3).collect();
    assert_eq!(times, [1_577_750_400, 1_582_934_400, 1_593_907_200]);
    assert_eq!(report.n_warned(Warning::DatesInDigits), 1);
    for times in [["20200705", "20200230", "20191231"], ["20200705", "5", "20191231"]] {
        let (dataset, report) = log(times);
        assert!(rows(&dataset).iter().all(|row| row.3 < 30_000_000), "seconds stay seconds");
        assert_eq!(report.n_warned(Warning::DatesInDigits), 0);
    }
}

proptest! {
    /// An instant is the same in every zone, with every precision.
    #[test]
    fn instants_do_not_depend_on_the_offset(
        seconds in -62_000_000_000i64..250_000_000_000,
        minutes in -1_439i64..1_440,
        separator in prop::sample::select(vec!["T", " ", "t"]),
        fraction in prop::sample::select(vec!["", ".5", ".000", ",123456789"]),
        form in 0u8..3,
    ) {
        let local = iso_text(seconds + 60 * minutes);
        let (date, clock) = local.split_once('T').unwrap_or((&local, "00:00:00Z"));
        let clock = clock.trim_end_matches('Z');
        let (sign, size) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
        let offset = match form {
            0 => format!("{sign}{:02}:{:02}", size / 60, size % 60),
            1 => format!("{sign}{:02}{:02}", size / 60, size % 60),
            _ => format!(" {sign}{:02}:{:02}:00", size / 60, size % 60),
        };
        let text = format!("{date}{separator}{clock}{fraction}{offset}");
        prop_assert_eq!(parse_time(&text).unwrap(), (seconds, false), "{}", text);
        prop_assert_eq!(parse_time(&iso_text(seconds)).unwrap(), (seconds, false));
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused(text in "[0-9TtZ:+., -]{0,40}", any in ".{0,40}") {
        let _ = (parse_time(&text), parse_time(&any));
    }
}
