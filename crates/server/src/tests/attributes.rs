//! Filters by a table that stands beside the catalogue.

use super::check_problem;
use super::client::Running;
use crate::{Attributes, ServerError};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

fn table(folder: &Path, text: &str) -> Result<Attributes, ServerError> {
    let path = folder.join("attributes.csv");
    std::fs::write(&path, text).unwrap();
    Attributes::read(&path)
}

fn shown(server: &Running, attributes: &Value) -> Vec<String> {
    let slate = server.post("/v1/recommend", &json!({"k": 40, "attributes": attributes})).json();
    let items = slate["items"].as_array().unwrap().iter();
    let mut ids: Vec<String> = items.map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn only_items_whose_attributes_are_so_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let text = "item,Language,year\nid1,en|fr,1990\nid2,en,2001.5\nid3,\"de\",\nid4,Épopée,1980|1991\nnowhere,en,1990\n";
    let attributes = Arc::new(table(folder.path(), text).unwrap());
    let server = Running::like(move |config| config.attributes = attributes);
    assert_eq!(shown(&server, &json!({})).len(), 40);
    assert_eq!(shown(&server, &json!({"language": "FR"})), ["id1"]);
    assert_eq!(shown(&server, &json!({"language": ["en", "de"]})), ["id1", "id2", "id3"]);
    assert_eq!(shown(&server, &json!({"year": {"from": 1990, "to": 1990}})), ["id1"]);
    assert_eq!(shown(&server, &json!({"year": {"to": 2002}, "language": ["de", "en"]})), ["id1", "id2"]);
    assert_eq!(shown(&server, &json!({"language": []})), [""; 0]);
    assert_eq!(shown(&server, &json!({"year": ""})), [""; 0]);
    assert_eq!(shown(&server, &json!({"year": [1991, 2001.5]})), ["id2", "id4"]);
    assert_eq!(shown(&server, &json!({"year": {"from": 1991, "to": 1995}})), ["id4"]);
    assert_eq!(shown(&server, &json!({"language": "épopée"})), ["id4"]);
    let session = server.post("/v1/sessions", &json!({})).json()["id"].clone();
    let wanted = json!({"session": session, "exploration": true, "attributes": {"language": "de"}});
    let drawn = server.post("/v1/recommend", &wanted).json();
    assert_eq!((&drawn["items"][0]["id"], &drawn["items"][0]["propensity"]), (&json!("id3"), &json!(1.0)));
    for (attributes, field) in [
        (json!({"colour": "red"}), "attributes.colour"),
        (json!({"year": {}}), "attributes.year"),
        (json!({"year": {"from": 2, "to": 1}}), "attributes.year"),
        (json!({"year": {"from": 1, "too": 2}}), "attributes.year"),
        (json!({"year": vec!["1990"; 1001]}), "attributes"),
        (json!({"year": {"from": "x"}}), "attributes.year"),
        (json!(["en"]), "attributes"),
    ] {
        check_problem(&server.post("/v1/recommend", &json!({"attributes": attributes})), 422, Some(field));
    }
    let without = Running::start(|_| {});
    let wanted = json!({"attributes": {"language": "en"}});
    check_problem(&without.post("/v1/recommend", &wanted), 422, Some("attributes.language"));
}

#[test]
fn tables_that_say_too_little_or_too_much_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (text, why) in [
        ("item\nid1\n", "an attribute are needed"),
        ("", "an attribute are needed"),
        ("item,year\nid1,1990\nid1,1991\n", "line 3"),
        ("item,year\nid1,1990\nid2\n", "line: 3"),
        ("item,year,Year\n", "`Year`"),
        ("item,year,\n", "``"),
    ] {
        let error = table(folder.path(), text).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("attributes.csv"), "{error}");
    }
    assert!(Attributes::read(&folder.path().join("none.csv")).is_err());
}

#[test]
fn a_table_may_be_wide_and_no_wider() {
    let folder = tempfile::tempdir().unwrap();
    let wide = |n: usize| {
        let names: Vec<String> = (0..n).map(|number| format!("Column {number}")).collect();
        format!("item,{}\nid1,{}\n", names.join(","), vec!["x"; n].join(","))
    };
    let attributes = Arc::new(table(folder.path(), &wide(10_000)).unwrap());
    for n in [10_001, 100_000] {
        let error = table(folder.path(), &wide(n)).unwrap_err().to_string();
        assert!(error.contains("10000") && error.contains(&n.to_string()), "{error}");
    }
    let server = Running::like(move |config| config.attributes = attributes);
    assert_eq!(shown(&server, &json!({"column 9999": "X"})), ["id1"]);
    let unknown = server.post("/v1/recommend", &json!({"attributes": {"colour": "red"}}));
    check_problem(&unknown, 422, Some("attributes.colour"));
    assert!(unknown.body.len() < 2000 && unknown.body.contains("and others"), "{}", unknown.body);
}
