//! Ids as numbers, items that nobody knows, bodies that were compressed.

use super::check_problem;
use super::client::{Running, at_other};
use crate::api::body::Id;
use proptest::prelude::*;
use serde_json::{Value, json};

proptest! {
    #[test]
    fn a_whole_number_is_its_decimal_text(unsigned in any::<u64>(), signed in any::<i64>(), text in ".{0,20}") {
        let read = |value: Value| serde_json::from_str::<Id>(&value.to_string());
        prop_assert_eq!(read(json!(unsigned)).unwrap().0, unsigned.to_string());
        prop_assert_eq!(read(json!(signed)).unwrap().0, signed.to_string());
        prop_assert_eq!(read(json!(text)).unwrap().0, text);
    }

    #[test]
    fn what_would_lose_digits_is_none(number in "[1-9][0-9]{20,30}|[0-9]\\.[0-9]{1,4}|[1-9]e[1-9]|true|null|\\[1\\]|\\{\\}") {
        prop_assert!(serde_json::from_str::<Id>(&number).is_err());
    }
}

#[test]
fn ids_may_be_numbers_wherever_they_are_asked_for() {
    let server = Running::start(|_| {});
    let slate =
        server.post("/v1/recommend", &json!({"user": 7, "history": [1, {"item": 2, "rating": 4}]})).json();
    assert_eq!(slate["unknown"], json!(["1", "2"]));
    let session = server.post("/v1/sessions", &json!({"user": 7})).json();
    assert_eq!(session["user"], "7");
    let path = format!("/v1/sessions/{}/feedback", session["id"].as_str().unwrap());
    let told = json!({"item": "id5", "feedback": "like", "event_id": 12});
    assert_eq!(server.post(&path, &told).json()["kept"], 1);
    assert_eq!(server.post(&path, &told).json()["repeated"], 1);
    let named = json!({"item": "id5", "feedback": "like", "event_id": "12"});
    assert_eq!(server.post(&path, &named).json()["repeated"], 1, "the same name");
    assert_eq!(server.post("/v1/recommend", &json!({"user": "7"})).json()["known"], 1);
    check_problem(&server.post(&path, &json!({"item": 5, "feedback": "like"})), 422, Some("item"));
    let float = server.post("/v1/recommend", &json!({"history": [1.5]}));
    check_problem(&float, 422, Some("history[0]"));
    assert!(float.body.contains("as text"), "{}", float.body);
}

#[test]
fn what_no_catalogue_has_is_passed_over_and_named() {
    let server = Running::start(|_| {});
    let with = |history: Value| json!({"history": history, "k": 5, "seed": 1, "exploration": true});
    let all = server.post("/v1/recommend", &with(json!(["id1", "id2"]))).json();
    assert_eq!(all.get("unknown"), None);
    let some = json!(["id1", "gone", {"item": "lost", "feedback": "dislike"}, "id2"]);
    let rest = server.post("/v1/recommend", &with(some.clone())).json();
    assert_eq!((&rest["items"], &rest["unknown"]), (&all["items"], &json!(["gone", "lost"])));
    let session = server.post("/v1/sessions", &json!({"history": some}));
    assert_eq!(session.status, 201);
    assert_eq!(session.json()["unknown"], json!(["gone", "lost"]));
    assert_eq!(session.json()["history"].as_array().unwrap().len(), 2);
    let long = "x".repeat(10_000);
    let told = server.post("/v1/recommend", &json!({"history": [long]})).json();
    assert_eq!(told["unknown"][0].as_str().unwrap().len(), 80, "not the whole of it");
    check_problem(
        &server.post("/v1/recommend", &json!({"history": [{"item": "gone", "rating": 9}]})),
        422,
        Some("history[0].rating"),
    );
    check_problem(&server.get("/v1/items/gone"), 404, None);
    let path = format!("/v1/sessions/{}/feedback", session.json()["id"].as_str().unwrap());
    check_problem(&server.post(&path, &json!({"item": "gone", "feedback": "like"})), 422, Some("item"));
}

/// The numbers of double precision next to the range, which are within it in single precision, and others beside it.
const NO_RATINGS: [&str; 9] = [
    "5.000000000000001",
    "0.9999999999999999",
    "5.00000001",
    "0.99999999",
    "6",
    "0",
    "-0.0",
    "18446744073709551615",
    "1e308",
];

#[test]
fn a_rating_beside_the_range_is_refused_wherever_it_is_sent_and_of_whatever_item() {
    let server = Running::start(|_| {});
    let session = server.post("/v1/sessions", &json!({})).json()["id"].as_str().unwrap().to_owned();
    let send =
        |path: &str, body: &str| server.send("POST", path, &[("content-type", "application/json")], body);
    for (item, rating) in ["id1", "gone"].into_iter().flat_map(|item| NO_RATINGS.map(|rating| (item, rating)))
    {
        for path in ["/v1/recommend", "/v1/sessions"] {
            let body = format!(r#"{{"history": ["id2", {{"item": "{item}", "rating": {rating}}}]}}"#);
            check_problem(&send(path, &body), 422, Some("history[1].rating"));
        }
    }
    for rating in NO_RATINGS {
        let told = format!(r#""item": "id1", "rating": {rating}}}"#);
        let one = send(&format!("/v1/sessions/{session}/feedback"), &format!("{{{told}"));
        check_problem(&one, 422, Some("rating"));
        let batch = send("/v1/feedback", &format!(r#"[{{"session": "{session}", {told}]"#));
        check_problem(&batch, 422, Some("[0].rating"));
    }
    for rating in ["1", "5", "1.0000000000000002", "4.999999999999999"] {
        let body = format!(r#"{{"history": [{{"item": "id1", "rating": {rating}}}]}}"#);
        assert_eq!(send("/v1/recommend", &body).status, 200, "{rating}");
    }
}

#[test]
fn an_item_without_a_name_is_a_mistake() {
    let server = Running::start(|_| {});
    for path in ["/v1/recommend", "/v1/sessions"] {
        check_problem(&server.post(path, &json!({"history": ["id1", ""]})), 422, Some("history[1]"));
        let judged = json!({"history": [{"item": "", "feedback": "like"}]});
        check_problem(&server.post(path, &judged), 422, Some("history[0].item"));
    }
    check_problem(&server.post("/v1/recommend", &json!({"exclude": [""]})), 422, Some("exclude[0]"));
}

#[test]
fn a_compressed_body_is_refused_by_the_name_of_its_coding() {
    let server = Running::start(|_| {});
    let send = |coding: &str| {
        let headers = [("content-type", "application/json"), ("content-encoding", coding)];
        server.send("POST", "/v1/recommend", &headers, "{}")
    };
    for coding in ["gzip", "br", "identity, gzip", "deflate", "zstd"] {
        let answer = send(coding);
        check_problem(&answer, 415, None);
        assert!(answer.body.contains("Content-Encoding"), "{}", answer.body);
    }
    assert_eq!(send("identity").status, 200);
}

#[test]
fn a_swap_is_answered_in_short() {
    let server = Running::start(|_| {});
    let all = server.get("/admin/policies").json();
    let swapped = server.post("/admin/policies", &json!({"path": at_other()})).json();
    let back = server.post("/admin/policies/rollback", &json!({})).json();
    assert!(all["current"]["judged"].is_array());
    for short in [&swapped, &back] {
        assert!(short["current"].get("judged").is_none() && short["previous"].get("judged").is_none());
        assert!(short.to_string().len() < 1000, "{short}");
    }
    assert_eq!(back["current"]["hash"], all["current"]["hash"]);
}
