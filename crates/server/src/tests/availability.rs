//! What is withdrawn is in no slate, also after a restart and on another replica.

use super::check_problem;
use super::client::{Running, at_other};
use serde_json::{Value, json};

fn shown(server: &Running, wanted: &Value) -> Vec<String> {
    let slate = server.post("/v1/recommend", wanted).json();
    let items = slate["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_withdrawn_is_in_no_slate_until_it_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store.sqlite");
    let server = Running::at(&place, |_| {});
    let everything = json!({"k": 40});
    assert_eq!(shown(&server, &everything).len(), 40);
    let session = server.post("/v1/sessions", &json!({})).json()["id"].clone();
    let change = json!({"withdraw": ["id3", "the film part 9"]});
    let answer = server.post("/admin/availability", &change).json();
    assert_eq!(answer["unavailable"], json!(["id3", "id9"]));
    assert_eq!(server.get("/v1/items/id3").json()["available"], false);
    assert_eq!(
        server.get("/v1/items?q=part 9&limit=1".replace(' ', "%20").as_str()).json()["items"][0]["available"],
        false
    );
    assert_eq!(server.get("/v1/items/id4/similar?k=1").json()[0]["available"], true);
    assert_eq!(server.get("/console/traffic.json").json()["unavailable"], 2);
    let left = |server: &Running| {
        for wanted in [json!({"k": 40}), json!({"k": 40, "session": session, "exploration": true})] {
            let items = shown(server, &wanted);
            assert_eq!(items.len(), 38);
            assert!(!items.iter().any(|id| id == "id3" || id == "id9"));
        }
    };
    left(&server);
    // The rows of another catalogue are looked up anew.
    assert_eq!(server.post("/admin/policies", &json!({"path": at_other()})).status, 200);
    left(&server);
    server.stop();
    let server = Running::at(&place, |_| {});
    left(&server);
    check_problem(
        &server.post("/admin/availability", &json!({"withdraw": ["no"]})),
        422,
        Some("withdraw[0]"),
    );
    check_problem(&server.get("/v1/sessions/availability"), 404, None);
    let back = server.post("/admin/availability", &json!({"restore": ["id3", "id9", "gone"]})).json();
    assert_eq!(back["unavailable"], json!([]));
    assert_eq!(shown(&server, &everything).len(), 40);
}
