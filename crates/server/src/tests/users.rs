//! A user who is named is known from earlier sessions.

use super::check_problem;
use super::client::Running;
use serde_json::{Value, json};

fn items(slate: &Value) -> Vec<&str> {
    slate["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[test]
fn a_user_is_known_from_earlier_sessions() {
    let server = Running::start(|_| {});
    for (user, item, other) in [("ann", "id1", "id2"), ("bob", "id5", "id6"), ("ann", "id3", "id1")] {
        let history = json!([{"item": item, "rating": 4}]);
        let started = server.post("/v1/sessions", &json!({"user": user, "history": history})).json();
        let feedback = format!("/v1/sessions/{}/feedback", started["id"].as_str().unwrap());
        assert_eq!(server.post(&feedback, &json!({"item": other, "feedback": "dislike"})).status, 200);
    }
    // Ann rated 1, 2, 3, and 1 again: what counts is the latest.
    let told = json!([
        {"item": "id2", "feedback": "dislike"}, {"item": "id3", "rating": 4}, {"item": "id1", "feedback": "dislike"},
    ]);
    let by_name = server.post("/v1/recommend", &json!({"user": "ann", "k": 40, "exploration": false})).json();
    let by_history =
        server.post("/v1/recommend", &json!({"history": told, "k": 40, "exploration": false})).json();
    assert_eq!((&by_name["known"], &by_history["known"]), (&json!(3), &Value::Null));
    assert_eq!(by_name["items"], by_history["items"]);
    assert_eq!(items(&by_name).len(), 37);
    let more = server
        .post("/v1/recommend", &json!({"user": "ann", "history": ["id7"], "k": 40, "exploration": false}))
        .json();
    assert_eq!(items(&more).len(), 36);
    let nobody = server
        .post("/v1/recommend", &json!({"user": "eve \"x\" ' --", "k": 40, "exploration": false}))
        .json();
    assert_eq!((&nobody["known"], items(&nobody).len()), (&json!(0), 40));
    check_problem(&server.post("/v1/recommend", &json!({"user": ""})), 422, Some("user"));
    check_problem(&server.post("/v1/recommend", &json!({"user": "ann", "session": "x"})), 422, Some("user"));
}
