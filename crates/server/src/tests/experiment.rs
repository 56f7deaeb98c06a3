//! Who is answered by which policy, and what is counted.

use super::client::{Running, at_golden, at_other};
use super::{check_problem, soon};
use crate::store::{Event, SqliteStore, Store as _};
use crate::{Mode, RemotePolicy, StoreAt, Trial};
use mdp::{Interaction, ItemIdx, ItemSet, Policy as _, SessionContext, UserIdx};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn arms_of_users(server: &Running, n: usize) -> BTreeMap<String, String> {
    let arm = |number: usize| {
        let user = format!("user {number}");
        let slate = server.post("/v1/recommend", &json!({"user": user, "k": 1})).json();
        (user, slate["arm"].as_str().unwrap().to_owned())
    };
    (0..n).map(arm).collect()
}

fn counts(server: &Running, arm: &str, policy: &Value) -> Value {
    let answer = server.get("/admin/experiment").json();
    let arms = answer["arms"].as_array().unwrap();
    arms.iter().find(|one| one["arm"] == arm && one["policy"] == *policy).cloned().unwrap_or_default()
}

#[test]
fn a_share_of_the_users_meets_the_challenger_and_stays_with_it() {
    let server = Running::start(|_| {});
    let champion = server.get("/admin/policies").json()["current"]["hash"].clone();
    assert_eq!(server.post("/v1/recommend", &json!({})).json().get("arm"), None);
    let trial = json!({"path": at_other(), "share": 0.3, "salt": "first"});
    let running = server.post("/admin/experiment", &trial).json()["experiment"].clone();
    let challenger = running["challenger"].clone();
    assert_eq!((&running["champion"], &running["mode"]), (&champion, &json!("split")));
    let first = arms_of_users(&server, 400);
    let n_challenged = first.values().filter(|arm| *arm == "challenger").count();
    // Three standard deviations of a binomial of 400 and 0.3.
    assert!((120 - 28..=120 + 28).contains(&n_challenged), "{n_challenged}");
    assert_eq!(first, arms_of_users(&server, 400), "the same users");
    server.post("/admin/experiment", &json!({"path": at_other(), "share": 0.3, "salt": "second"})).json();
    assert_ne!(first, arms_of_users(&server, 400), "another salt splits anew");
    assert_eq!(server.post("/admin/experiment", &trial).status, 200);
    for (user, arm) in first.iter().take(40) {
        let policy = if arm == "challenger" { &challenger } else { &champion };
        let before = counts(&server, arm, policy);
        let session = server.post("/v1/sessions", &json!({"user": user})).json();
        assert_eq!(session["policy"], *policy);
        let id = session["id"].as_str().unwrap();
        let slate = server.post("/v1/recommend", &json!({"session": id, "k": 2})).json();
        assert_eq!((&slate["arm"], &slate["policy"]), (&json!(arm), policy));
        let told = json!({"item": slate["items"][0]["id"], "feedback": "leave"});
        let kept = server.post(&format!("/v1/sessions/{id}/feedback"), &told).json();
        let propensity = &slate["items"][0]["propensity"];
        assert_eq!(
            kept,
            json!({"kept": 1, "repeated": 0, "policy": policy, "arm": arm, "propensity": propensity})
        );
        let after = counts(&server, arm, policy);
        let grown = |name: &str| after[name].as_f64().unwrap() - before[name].as_f64().unwrap_or(0.0);
        let all = ["slates", "items", "answers", "reward", "leaves"].map(grown);
        assert_eq!(all, [1.0, 2.0, 1.0, 2.0, 1.0]);
    }
    let metrics = server.get("/metrics").body;
    let line = format!("ilrec_arm_slates_total{{arm=\"challenger\",policy={challenger}}}");
    assert!(metrics.contains(&line), "{metrics}");
    assert_eq!(server.send("DELETE", "/admin/experiment", &[], "").json()["experiment"], Value::Null);
    assert_eq!(server.post("/v1/recommend", &json!({})).json()["policy"], champion);
    check_problem(&server.send("DELETE", "/admin/experiment", &[], ""), 409, None);
    check_problem(
        &server.post("/admin/experiment", &json!({"path": at_other(), "share": 1.5})),
        422,
        Some("share"),
    );
    check_problem(&server.post("/admin/experiment", &json!({"path": "no", "share": 0.5})), 422, Some("path"));
}

#[test]
fn the_log_says_which_arm_chose() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("log.sqlite");
    // The same policy in both arms: only the arm tells them apart.
    let trial = Trial { path: at_golden(), mode: Mode::Split, share: 0.5, salt: None };
    let server = Running::like(|config| {
        config.store = StoreAt::File(place.clone());
        config.trial = Some(trial);
    });
    for number in 0..20 {
        let started = server.post("/v1/sessions", &json!({"user": format!("u{number}")})).json();
        let id = started["id"].as_str().unwrap();
        let slate = server.post("/v1/recommend", &json!({"session": id, "k": 1})).json();
        let told = json!({"item": slate["items"][0]["id"], "feedback": "like"});
        assert_eq!(server.post(&format!("/v1/sessions/{id}/feedback"), &told).status, 200);
    }
    server.stop();
    let records = SqliteStore::open(&place).unwrap().since(0, 1000, soon()).unwrap();
    let mut shown = BTreeMap::new();
    let mut n_answered = BTreeMap::<_, u32>::new();
    for (_, record) in records {
        match record.event {
            Event::Shown { arm, .. } => drop(shown.insert(record.session, arm.unwrap())),
            Event::Answered { arm, .. } => {
                assert_eq!(arm, shown.get(&record.session).copied());
                *n_answered.entry(arm.unwrap()).or_default() += 1;
            }
            _ => {}
        }
    }
    assert_eq!(n_answered.len(), 2, "both arms");
    assert_eq!(n_answered.values().sum::<u32>(), 20);
}

#[test]
fn a_shadow_is_compared_and_answers_nobody() {
    let server = Running::start(|_| {});
    let champion = server.get("/admin/policies").json()["current"]["hash"].clone();
    // Of the champion itself: whatever it would have shown is what was shown, in histories and in sessions.
    for (path, is_same) in [(at_golden(), true), (at_other(), false)] {
        let trial = json!({"path": path, "mode": "shadow", "share": 1.0});
        let challenger = server.post("/admin/experiment", &trial).json()["experiment"]["challenger"].clone();
        let session = server.post("/v1/sessions", &json!({"history": ["id1"]})).json()["id"].clone();
        for number in 0..5 {
            let in_session = json!({"session": session, "k": 4, "exploration": true, "seed": number});
            for wanted in [json!({"history": [format!("id{number}")], "k": 4}), in_session] {
                let slate = server.post("/v1/recommend", &wanted).json();
                assert_eq!((&slate["policy"], &slate["arm"]), (&champion, &json!("champion")));
            }
            let told = json!({"item": format!("id{}", 30 + number), "feedback": "like"});
            let path = format!("/v1/sessions/{}/feedback", session.as_str().unwrap());
            assert_eq!(server.post(&path, &told).status, 200);
        }
        let mut compared = Value::Null;
        for _ in 0..10_000 {
            compared = counts(&server, "challenger", &challenger);
            if compared["shadow_slates"] == 10 {
                break;
            }
        }
        assert_eq!((&compared["shadow_slates"], &compared["shadow_skipped"]), (&json!(10), &json!(0)));
        assert_eq!((&compared["slates"], &compared["answers"]), (&json!(0), &json!(0)));
        let overlap = compared["shadow_overlap"].as_f64().unwrap();
        assert!(overlap > 5.0 && overlap <= 10.0, "{compared}");
        if is_same {
            assert_eq!((overlap, &compared["shadow_same_first"]), (10.0, &json!(10)));
        }
    }
}

#[test]
fn whoever_is_judged_over_http_is_told_to_be_one_or_several() {
    let server = Running::start(|_| {});
    let items = server.get("/v1/items?limit=40").json();
    let ids: Vec<String> = items["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();
    let judged = |n: u32| {
        let policy = RemotePolicy::new(&format!("http://{}/", server.addr()), None, ids.clone());
        let hash = policy.hash().unwrap();
        for user in 0..n {
            let context = SessionContext { user: UserIdx(user), history: &[] };
            let mut session = policy.start(context);
            session.choose(&ItemSet::empty(ids.len()), &mut mdp::rng_for(1, &[u64::from(user)]));
            let mut log_probs = vec![0.0; ids.len()];
            assert!(session.log_probs(&ItemSet::empty(ids.len()), &mut log_probs).is_err());
        }
        (policy.trouble(), policy.mixture(&hash).map(|policies| policies.len()))
    };
    assert_eq!(judged(5), (None, None));
    let trial = |mode: &str, share: f64| {
        let trial = json!({"path": at_other(), "mode": mode, "share": share});
        assert_eq!(server.post("/admin/experiment", &trial).status, 200);
    };
    trial("shadow", 1.0);
    assert_eq!(judged(5), (None, None), "a shadow chooses nothing");
    trial("split", 1.0);
    assert_eq!(judged(5), (None, Some(1)), "one, but not the one that serves");
    trial("split", 0.5);
    // Both arms, but for one time in 2^63.
    assert_eq!(judged(64), (None, Some(2)));
    let more = [ids.clone(), vec!["nowhere".to_owned()]].concat();
    let policy = RemotePolicy::new(&format!("http://{}", server.addr()), None, more);
    let history = [Interaction { item: ItemIdx(ids.len() as u32), rating: 4.0, time: 0 }];
    drop(policy.start(SessionContext { user: UserIdx(0), history: &history }));
    assert!(policy.trouble().unwrap().contains("nowhere"), "a history that the server does not know");
}
