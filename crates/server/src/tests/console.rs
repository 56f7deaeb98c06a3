//! Pages find what is looked for, and call policies by their names.

use super::client::{Running, at_other};
use serde_json::json;

/// The parts of a page that stand in a card's heading.
fn cards(page: &str) -> Vec<String> {
    page.split("<a class=\"card\"").skip(1).map(|card| between(card, "<b>", "</b>")).collect()
}

fn between(text: &str, from: &str, to: &str) -> String {
    let (_, rest) = text.split_once(from).unwrap();
    rest.split_once(to).unwrap().0.to_owned()
}

#[test]
fn demonstrations_are_found_by_name_title_and_thought() {
    let server = Running::start(|_| {});
    let all = cards(&server.get("/console/demonstrations").body);
    assert!(!all.is_empty());
    let one = server.get("/console/demonstrations/0").body;
    let title = between(&one, "<p><b>", "</b>");
    let escaped: String = url_escaped(&title);
    let found = cards(&server.get(&format!("/console/demonstrations?search={escaped}")).body);
    assert!(found.contains(&all[0]) && found.len() <= all.len(), "{title}: {found:?}");
    let loud = server.get(&format!("/console/demonstrations?search={}", url_escaped(&title.to_uppercase())));
    assert_eq!(cards(&loud.body), found, "large and small letters are the same");
    let nothing = server.get("/console/demonstrations?search=%3Cscript%3Ezzz&page=3").body;
    assert!(cards(&nothing).is_empty() && nothing.contains("&lt;script&gt;zzz"), "{nothing}");
    assert!(!nothing.contains("<script>zzz"));
    assert_eq!(server.get(&format!("/console/demonstrations?search={}", "x".repeat(5000))).status, 200);
}

fn url_escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn policies_on_trial_have_names_beside_their_hashes() {
    let server = Running::start(|_| {});
    let trial = json!({"path": at_other(), "share": 0.5});
    let running = server.post("/admin/experiment", &trial).json();
    for which in ["champion", "challenger"] {
        let hash = running["experiment"][which].as_str().unwrap();
        assert!(running["names"][hash].is_string(), "{running}");
    }
    assert_eq!(server.get("/console/traffic.json").json()["names"], running["names"]);
}

#[test]
fn one_palette_serves_the_report_and_the_console() {
    let server = Running::start(|_| {});
    let style = server.get("/console/assets/chart.css");
    assert_eq!((style.status, style.body.as_str()), (200, chart::STYLE));
    assert!(server.get("/").body.contains("/console/assets/chart.css"));
}
