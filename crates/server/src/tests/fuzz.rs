//! Whatever comes through the routes, the answer is no 5xx. `PROPTEST_CASES=N` says how much is tried.

use super::client::at_golden;
use crate::hosts::Door;
use crate::policies::Policies;
use crate::pool::Pool;
use crate::routes::routes;
use crate::state::App;
use crate::store::SqliteStore;
use crate::{Config, Limits, StoreAt};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};
use serving::Served;
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// Routes without a socket, on a store of their own.
struct Bench {
    runtime: Runtime,
    routes: Router,
    session: Mutex<String>,
    _folder: tempfile::TempDir,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store.sqlite");
    let limits = Limits { n_threads: 1, ..Limits::default() };
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    let usual = Config::new(addr, StoreAt::File(place.clone()));
    let config = Config { limits, admin: Some(addr), ..usual };
    let policies = Policies::new(Served::open(&at_golden()).unwrap());
    let store = Arc::new(SqliteStore::open(&place).unwrap());
    let app = Arc::new(App::new(config, policies, Pool::new(1, 64), store).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let routes = routes(&app).layer(axum::Extension(Door::Admin));
    let session = Mutex::new(started(&runtime, &routes));
    Bench { runtime, routes, session, _folder: folder }
});

/// The id of a new session.
fn started(runtime: &Runtime, routes: &Router) -> String {
    let start =
        Request::post("/v1/sessions").header("host", "localhost").header("content-type", "application/json");
    let start = start.body(Body::from("{}")).unwrap();
    let answer = runtime.block_on(routes.clone().oneshot(start)).unwrap();
    let bytes = runtime.block_on(axum::body::to_bytes(answer.into_body(), 1 << 20)).unwrap();
    let session: Value = serde_json::from_slice(&bytes).unwrap();
    session["id"].as_str().unwrap().to_owned()
}

/// The text with the id of a session whose user is still there.
fn named(text: &str) -> String {
    text.replace("SESSION", BENCH.session.lock().unwrap().as_str())
}

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"];
const PATHS: [&str; 16] = [
    "/v1/recommend",
    "/v1/sessions",
    "/v1/sessions/SESSION",
    "/v1/sessions/SESSION/feedback",
    "/v1/feedback",
    "/v1/items",
    "/v1/items/id3",
    "/v1/items/id3/similar",
    "/admin/policies",
    "/admin/policies/rollback",
    "/console/demonstrations",
    "/console/demonstrations/0",
    "/console/runs",
    "/console/assets/console.css",
    "/health/ready",
    "/metrics",
];
const FIELDS: [&str; 14] = [
    "session",
    "history",
    "k",
    "exclude",
    "categories",
    "exploration",
    "seed",
    "user",
    "item",
    "rating",
    "feedback",
    "event_id",
    "path",
    "nonsense",
];
const WORDS: [&str; 12] = [
    "id1",
    "the film part 9",
    "like",
    "leave",
    "Category 1",
    "SESSION",
    "",
    "\0",
    "..",
    "\u{202e}",
    "NaN",
    "😀",
];

/// JSON of the shapes that the routes know, with other things in their places.
fn document() -> impl Strategy<Value = Value> {
    let numbers = [0.0, -1.0, 1.0, 3.5, 5.0, 100.0, 101.0, 1e9, 1.8446744073709552e19, 1e300, -1e300, 5e-324];
    let leaf = prop_oneof![
        prop::sample::select(WORDS.to_vec()).prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        prop::sample::select(numbers.to_vec()).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let fields = prop::collection::vec((prop::sample::select(FIELDS.to_vec()), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            fields.prop_map(|fields| {
                fields.into_iter().fold(json!({}), |mut object, (name, value)| {
                    object[name] = value;
                    object
                })
            }),
        ]
    })
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    document().prop_map(|document| named(&document.to_string()).into_bytes())
}

/// The text of a document, now and then with a byte changed or an end cut away; or something else.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let broken = (text(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(
        |(mut bytes, at, with, cut)| {
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] = with;
            }
            bytes
        },
    );
    let literal = prop::sample::select(vec![
        "{\"k\": NaN}",
        "{\"k\": 1e999}",
        "[[[[",
        "{\"k\": 1, \"k\": 2}",
        "\u{feff}{}",
        "{} {}",
        "nul",
        "\"",
    ]);
    prop_oneof![
        6 => text(),
        3 => broken,
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => literal.prop_map(|text| text.as_bytes().to_vec()),
    ]
}

/// What a route expects, with one field as it is not expected.
fn nearly_right() -> impl Strategy<Value = (String, Vec<u8>)> {
    let aims = [
        ("/v1/recommend", json!({"history": ["id1", {"item": "id2", "rating": 3.5}], "k": 5, "seed": 7})),
        ("/v1/recommend", json!({"session": "SESSION", "k": 3, "exploration": true, "exclude": ["id1"]})),
        ("/v1/sessions", json!({"user": "ann", "history": [{"item": "id1", "feedback": "like"}]})),
        ("/v1/sessions/SESSION/feedback", json!({"item": "id5", "rating": 4, "event_id": "a"})),
        ("/v1/feedback", json!([{"session": "SESSION", "item": "id5", "feedback": "skip"}])),
        ("/admin/policies", json!({"path": "nowhere"})),
    ];
    let field = prop::sample::select(FIELDS.to_vec());
    (prop::sample::select(aims.to_vec()), prop::option::of((field, document()))).prop_map(
        |((path, mut body), change)| {
            let place = if body.is_array() { &mut body[0] } else { &mut body };
            if let Some((field, value)) = change {
                place[field] = value;
            }
            (named(path), named(&body.to_string()).into_bytes())
        },
    )
}

fn path() -> impl Strategy<Value = String> {
    let known = prop::sample::select(PATHS.to_vec()).prop_map(named);
    let piece = prop::sample::select(vec![
        "..",
        "%2e%2e",
        "%00",
        "%ff",
        "",
        "id1",
        "a%2fb",
        "%",
        "%zz",
        "9999999999999999999999",
    ]);
    let query = prop::sample::select(vec![
        "",
        "?",
        "?limit=1000",
        "?limit=-1",
        "?offset=18446744073709551615",
        "?offset=99999999999999999999999",
        "?k=0",
        "?k=100",
        "?k=1e3",
        "?page=18446744073709551615",
        "?page=a",
        "?q=%00&q=b",
        "?run=a&run=&x",
        "?%ff=%fe",
    ]);
    let more = prop::collection::vec(piece, 0..3)
        .prop_map(|pieces| pieces.iter().map(|one| format!("/{one}")).collect::<String>());
    (known, prop_oneof![3 => Just(String::new()), 1 => more], query)
        .prop_map(|(known, more, query): (String, String, &str)| format!("{known}{more}{query}"))
}

fn header() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let name = prop::sample::select(vec![
        "content-type",
        "content-length",
        "x-request-id",
        "authorization",
        "x-api-key",
        "origin",
        "host",
        "accept",
    ]);
    let known = prop::sample::select(vec![
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "Bearer x",
        "Basic !!!!",
        "Basic eDp5",
        "null",
        "http://localhost",
        "://",
        "0",
        "-1",
        "99999999999999999999",
    ]);
    let value = prop_oneof![
        known.prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..80),
    ];
    (name, value)
}

fn answered(
    method: &str,
    path: &str,
    body: Vec<u8>,
    headers: Vec<(&'static str, Vec<u8>)>,
) -> Option<StatusCode> {
    // What no client can send is refused by the HTTP library before there is a request.
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    let mut request = request.body(Body::from(body)).ok()?;
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            let (name, headers) = (HeaderName::from_static(name), request.headers_mut());
            // Most names are not ours; a second one is refused before that is seen.
            match name == "host" {
                true => drop(headers.insert(name, value)),
                false => drop(headers.append(name, value)),
            }
        }
    }
    let bench = &*BENCH;
    let status = bench.runtime.block_on(bench.routes.clone().oneshot(request)).unwrap().status();
    if status == StatusCode::CONFLICT {
        *bench.session.lock().unwrap() = started(&bench.runtime, &bench.routes);
    }
    Some(status)
}

#[test]
fn no_request_makes_it_fail() {
    let as_json = ("content-type", b"application/json".to_vec());
    let (done, refused) = (Cell::new(0), Cell::new(0));
    proptest!(|(
        method in prop_oneof![3 => Just("POST"), 1 => prop::sample::select(METHODS.to_vec())],
        (path, body) in prop_oneof![(path(), body()), nearly_right()],
        more in prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(header(), 1..3)],
    )| {
        let headers = [vec![as_json.clone()], more].concat();
        let status = answered(method, &path, body, headers).map_or(400, |status| status.as_u16());
        prop_assert!(status < 500, "{method} {path}: {status}");
        let counter = if status < 300 { &done } else { &refused };
        counter.set(counter.get() + 1);
    });
    let (n_done, n_refused) = (done.get(), refused.get());
    assert!(
        n_done >= n_refused / 20,
        "{n_done} requests were done, {n_refused} refused: they miss their aim"
    );
}
