//! Whatever the file holds: no panic, and every row read is kept or counted.

use super::*;
use crate::*;
use proptest::prelude::*;

/// Fields that are right, wrong, missing and odd.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0u32..6).prop_map(|n| n.to_string()),
        1 => Just(String::new()),
        1 => Just("NaN".into()),
        1 => Just("-3.5".into()),
        1 => Just("1500000000000".into()),
        1 => Just("x".into()),
        1 => Just("\"a,b\"".into()),
    ]
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::collection::vec(field(), 4).prop_map(|fields| fields.join(",")),
        1 => prop::collection::vec(field(), 0..6).prop_map(|fields| fields.join(",")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn rows_read_are_rows_kept_and_rows_counted(
        lines in prop::collection::vec(line(), 0..40),
        min_item in 0u32..4,
        min_user in 0u32..4,
        only_listed in any::<bool>(),
        declared in any::<bool>(),
    ) {
        let log = format!("user,item,rating,time\n{}\n", lines.join("\n"));
        let files = Files::new(&[("log.csv", log.as_bytes()), ("items.csv", b"id,title\n1,One\n2,Two\n3,Three\n")]);
        let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
        options.items = Some(files.path("items.csv"));
        (options.min_item_interactions, options.min_user_interactions) = (min_item, min_user);
        (options.only_listed_items, options.bad_rows) = (only_listed, BadRows::Skip);
        if declared {
            options.sources[0].scale = ScaleChoice::Linear { lo: 0.0, hi: 5.0 };
        }
        let n_rows = lines.iter().filter(|line| !line.is_empty()).count() as u64;
        match import(&options) {
            Ok((dataset, report)) => {
                prop_assert!(report.adds_up(), "{:?}", report);
                prop_assert_eq!(report.rows_read, n_rows);
                prop_assert_eq!(report.rows_kept as usize, dataset.n_interactions());
                prop_assert!(dataset.histories().all(|(_, history)| !history.is_empty()));
            }
            Err(error) => prop_assert!(matches!(error.problem(), Problem::Empty | Problem::Option(_)), "{}", error),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_bytes_make_an_importer_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), odd in "[\\[{\":,0-9a\n| ']{0,80}") {
        for format in Format::ALL {
            for name in ["log.csv", "log.jsonl", "u.data", "ratings.dat"] {
                for content in [&bytes[..], odd.as_bytes()] {
                    let _ = import_text(format, name, content);
                }
            }
        }
    }
}

#[test]
fn selections_and_minima_are_counted() {
    let log = b"user,item,part\na,1,x\na,2,x\nb,1,x\nb,2,y\nc,1,x\n";
    let files = Files::new(&[("log.csv", log)]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
    options.sources[0].select = vec!["part=x".parse().unwrap()];
    options.min_item_interactions = 2;
    let (dataset, report) = import(&options).unwrap();
    assert_eq!(report.n_dropped(DropReason::NotSelected), 1);
    assert_eq!(report.n_dropped(DropReason::RareItem), 1);
    assert_eq!((dataset.n_users(), dataset.n_items(), dataset.n_interactions()), (3, 1, 3));
    options.min_user_interactions = 2;
    let error = import(&options).unwrap_err();
    assert!(error.to_string().starts_with("none of the 5 rows is left"), "{error}");
}
