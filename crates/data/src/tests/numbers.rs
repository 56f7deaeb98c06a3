//! Scales, times, and category fields.

use super::*;
use crate::input::names::RatingKind;
use crate::input::{parse_time, time_of_number};
use crate::scale::{Values, apply, decide};
use crate::*;

#[test]
fn every_scale_lands_on_one_to_five() {
    let cases: &[(&str, &[f32], &[f32])] = &[
        ("0.5..5", &[0.5, 2.75, 5.0], &[1.0, 3.0, 5.0]),
        ("-10..10", &[-10.0, 0.0, 10.0], &[1.0, 3.0, 5.0]),
        ("counts", &[1.0, 10.0, 10.0, 1000.0], &[1.5, 3.0, 3.0, 4.5]),
        ("positive", &[0.0, 7.0], &[5.0, 5.0]),
        ("auto", &[0.0, 1.0, 1.0], &[1.0, 5.0, 5.0]),
        ("auto", &[1.0, 1.0], &[5.0, 5.0]),
        ("auto", &[1.0, 10.0], &[1.0, 5.0]),
        ("auto", &[0.5, 3.0, 70_000.0], &[1.0 + 4.0 / 6.0, 3.0, 1.0 + 20.0 / 6.0]),
    ];
    for (choice, raw, expected) in cases {
        let choice: ScaleChoice = choice.parse().unwrap();
        let mut mapped = raw.to_vec();
        apply(decide(choice, RatingKind::Graded, Values::of(raw)), &mut mapped);
        for (got, want) in mapped.iter().zip(*expected) {
            assert!((got - want).abs() < 1e-5, "{choice}: {mapped:?}");
        }
    }
}

#[test]
fn scales_are_read_and_written_as_text() {
    for text in ["auto", "counts", "positive", "0.5..5", "-10..10"] {
        assert_eq!(text.parse::<ScaleChoice>().unwrap().to_string(), text);
    }
    for text in ["", "1..", "5..1", "1..nan", "0..inf", "stars"] {
        assert!(text.parse::<ScaleChoice>().is_err(), "{text}");
    }
}

#[test]
fn times_in_all_their_forms() {
    for (text, expected) in [
        ("964982703", (964_982_703, false)),
        ("9.64982703e8", (964_982_703, false)),
        ("964982703000", (964_982_703, true)),
        ("964982703000000000", (964_982_703, true)),
        ("-1", (-1, false)),
        ("2000-07-30", (964_915_200, false)),
        ("2000-07-30T18:45:03Z", (964_982_703, false)),
        ("2000-07-30 18:45:03.25", (964_982_703, false)),
        ("1969-12-31T23:59:59", (-1, false)),
        ("2000-02-29", (951_782_400, false)),
    ] {
        assert_eq!(parse_time(text).unwrap(), expected, "{text}");
    }
    for text in
        ["", "soon", "2000-13-01", "2000-07-30T25:00:00", "2000-07-30T", "2000-7-3", "inf", "nan", "1e40"]
    {
        assert!(parse_time(text).is_err(), "{text}");
    }
    assert_eq!(time_of_number(f64::INFINITY), None);
}

#[test]
fn columns_are_found_by_their_usual_names_or_by_the_users_word() {
    for header in
        ["userId,movieId,rating", "User_ID,game_id,hours", "reviewerID,asin,overall", "uid,iid,score"]
    {
        let content = format!("{header}\n1,2,3\n1,3,4\n");
        assert_eq!(
            import_text(Format::Csv, "log.csv", content.as_bytes()).unwrap().0.n_interactions(),
            2,
            "{header}"
        );
    }
    let map: ColumnMap = "user=who,item=what,rating=how much".parse().unwrap();
    let files = Files::new(&[("log.csv", b"when;what;who;how much\n1;a;b;3\n")]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
    options.sources[0].columns = map;
    assert_eq!(rows(&import(&options).unwrap().0), [("b", "a", 500, 0)]);
    options.sources[0].columns = "time=moment,user=who,item=what".parse().unwrap();
    let error = import(&options).unwrap_err();
    assert_eq!(error.field(), Some("moment"));
    for text in ["user", "colour=x", "user=a,user=b"] {
        assert!(text.parse::<ColumnMap>().is_err(), "{text}");
    }
}
