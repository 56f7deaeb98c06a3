//! JSON and Python literals: ids as they are written, lists of objects, and what is neither.

use super::*;
use crate::input::{Literal, Object};
use crate::*;
use proptest::prelude::*;
use serde_json::Value;

#[test]
fn ids_of_any_length_stay_as_they_are_written() {
    let ids = [
        "18446744073709551617",
        "18446744073709551618",
        "340282366920938463463374607431768211455",
        "007",
        "1.50",
    ];
    let line = |id: &&str| format!("{{\"user\": {id}, \"item\": {id}, \"rating\": 3}}\n");
    let log: String = ids.iter().map(line).collect();
    let (dataset, report) = import_text(Format::Jsonl, "log.jsonl", log.as_bytes()).unwrap();
    assert_eq!(dataset.users, ids);
    assert_eq!((dataset.n_items(), report.rows_kept), (5, 5));
    let list = format!("{{\"user\": 1, \"items\": [{}]}}\n", ids.join(","));
    assert_eq!(import_text(Format::Sequences, "log.jsonl", list.as_bytes()).unwrap().0.n_items(), 5);
}

#[test]
fn one_log_as_lines_as_a_list_and_as_python_prints_it() {
    let expected = [("a", "x", 100, 5), ("a", "y", 500, 6)];
    for (name, text) in [
        (
            "lines",
            "{\"user\": \"a\", \"item\": \"x\", \"rating\": 1, \"time\": 5}\n{\"user\": \"a\", \"item\": \"y\", \"rating\": 5, \"time\": 6}",
        ),
        (
            "list",
            "[{\"user\":\"a\",\"item\":\"x\",\"rating\":1,\"time\":5},{\"user\":\"a\",\"item\":\"y\",\"rating\":5,\"time\":6}]",
        ),
        (
            "list of lines",
            "\n [\n{\"user\": \"a\",\n \"item\": \"x\", \"rating\": 1, \"time\": 5},\n{\"user\": \"a\", \"item\": \"y\",\n\"rating\": 5, \"time\": 6}\n]\n",
        ),
        (
            "lists",
            "[{\"user\": \"a\", \"item\": \"x\", \"rating\": 1, \"time\": 5}]\n[{\"user\": \"a\", \"item\": \"y\", \"rating\": 5, \"time\": 6}]\n",
        ),
        (
            "python",
            "{u'user': u'a', u'item': u'x', u'rating': 1.0, u'time': 5L, 'early': True, 'x': None}\n{'user': \"a\", 'item': 'y', 'rating': 5, 'time': 6, 'tags': ('a', \"it's\")}\n",
        ),
        (
            "mark",
            "\u{feff}{\"user\": \"a\", \"item\": \"x\", \"rating\": 1, \"time\": 5}\r\n{\"user\": \"a\", \"item\": \"y\", \"rating\": 5, \"time\": 6}\r\n",
        ),
        (
            "escapes",
            "{\"us\\u0065r\": \"\\u0061\", \"item\": \"x\", \"rating\": 1, \"time\": 5}\n{\"user\": \"a\", \"item\": \"y\", \"rating\": 5, \"time\": 6}",
        ),
    ] {
        let (dataset, _) =
            import_text(Format::Jsonl, "log.json", text.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(rows(&dataset), expected, "{name}");
    }
}

#[test]
fn what_is_no_object_is_said_with_its_line() {
    let good = "{\"user\": 1, \"item\": 2}";
    for (text, expected) in [
        ("user,item\n1,2\n".to_owned(), "not the expected JSON: no object (column 1) (line 1)"),
        (
            "[[1, 2], [3, 4]]".to_owned(),
            "not the expected JSON: a list where an object belongs (column 1) (line 1)",
        ),
        (format!("[{good},\n 7]"), "not the expected JSON: no object (column 1) (line 2)"),
        (format!("[{good},\n{good}\n"), "not the expected JSON: a list that is not closed (line 3)"),
        (format!("[{good}]\n{good}"), "not the expected JSON: something after the list (line 2)"),
        (format!("{good}\n{{\"user\": 1,\n"), "not the expected JSON: ends too early (column 12) (line 2)"),
        (format!("{good} {good}"), "not the expected JSON: more than one value (column 24) (line 1)"),
        (
            "{\"user\": 1, \"item\": oops}".to_owned(),
            "not the expected JSON: a word without quotation marks (column 21) (line 1)",
        ),
    ] {
        let error = import_text(Format::Jsonl, "log.jsonl", text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error.rsplit_once(": ").unwrap().0, expected, "{text}");
    }
}

#[test]
fn bad_elements_are_skipped_and_counted() {
    let files =
        Files::new(&[("log.json", b"[{\"user\": 1, \"item\": 2}, 3, {\"user\": 1, \"item\": 4}, {bad}]")]);
    let mut options = ImportOptions::new(Format::Jsonl, &files.path("log.json"));
    options.bad_rows = BadRows::Skip;
    let (dataset, report) = import(&options).unwrap();
    assert_eq!((dataset.n_interactions(), report.n_dropped(DropReason::BadJson)), (2, 2));
}

#[test]
fn a_line_with_very_many_keys_takes_no_more_than_its_length() {
    let keys: String = (0..300_000).map(|key| format!("\"k{key}\":1,")).collect();
    let line = format!("{{\"user\":1,\"item\":2,{keys}\"last\":0}}\n");
    let (dataset, _) = import_text(Format::Jsonl, "log.jsonl", line.as_bytes()).unwrap();
    assert_eq!(dataset.n_interactions(), 1);
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("(", ")"), ("set(", ")")] {
        let text =
            format!("{{\"user\":1,\"item\":2,\"x\":{}1{}}}\n", open.repeat(100_000), close.repeat(100_000));
        let error = import_text(Format::Jsonl, "log.jsonl", text.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("nested too deeply"), "{error}");
    }
}

fn json(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(|x: f64| Value::from(x)),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Whether a literal says what a value says.
fn is_same(literal: &Literal<'_>, value: &Value) -> bool {
    match (literal, value) {
        (Literal::Null, Value::Null) => true,
        (Literal::Truth(a), Value::Bool(b)) => a == b,
        (Literal::Number(text), Value::Number(number)) => *text == number.to_string(),
        (Literal::Text(a), Value::String(b)) => a == b,
        (Literal::List(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Literal::Object(a), Value::Object(b)) => {
            a.entries().count() == b.len()
                && b.iter().all(|(key, b)| a.get(key).is_some_and(|a| is_same(a, b)))
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn all_json_is_read_as_another_reader_reads_it(value in json(4), is_pretty in any::<bool>()) {
        let text = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let literal = Literal::parse(&text);
        prop_assert!(literal.as_ref().is_ok_and(|literal| is_same(literal, &value)), "{} {:?}", text, literal);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\](){}:,'\"\\\\ua-e0-9 .-]{0,60}", any in ".{0,60}") {
        for text in [&text, &any] {
            let _ = (Literal::parse(text), Object::parse(text, |_| true));
        }
    }
}
