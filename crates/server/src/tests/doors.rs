//! Who is let in where: administration, the console, and names that are not the server's.

use super::client::{Running, refused};
use crate::{Config, Keys, ServerError, StoreAt};
use serde_json::json;
use std::net::SocketAddr;

fn any() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A server as it is started without a word about administration.
fn plain(folder: &std::path::Path) -> Running {
    Running::just(Config::new(any(), StoreAt::File(folder.join("store.sqlite"))))
}

fn keys(folder: &std::path::Path) -> Keys {
    let file = folder.join("keys");
    std::fs::write(&file, "api abcdefghijklmnop\nconsole ABCDEFGHIJKLMNOP\nadmin qrstuvwxyzabcdef\n")
        .unwrap();
    Keys::read(&file).unwrap()
}

const ADMIN: [(&str, &str); 6] = [
    ("GET", "/admin/policies"),
    ("POST", "/admin/policies"),
    ("POST", "/admin/policies/rollback"),
    ("GET", "/admin/availability"),
    ("POST", "/admin/availability"),
    ("DELETE", "/admin/experiment"),
];
const PATHS: [&str; 12] = [
    "/",
    "/admin/policies",
    "/console",
    "/console/traffic.json",
    "/console/assets/console.css",
    "/docs",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/nowhere",
    "/openapi.json",
    "/v1/items",
];
const SHOP: &str = "https://shop.example";

#[test]
fn without_keys_there_is_no_administration_where_everybody_comes() {
    let folder = tempfile::tempdir().unwrap();
    let server = plain(folder.path());
    let own = server.addr().to_string();
    // What a proxy on this machine sends, one that tells and one that does not, and what a person at it sends.
    let senders: [&[(&str, &str)]; 4] = [
        &[("host", &own)],
        &[("host", "localhost")],
        &[("host", &own), ("x-forwarded-for", "1.2.3.4")],
        &[("host", &own), ("origin", &format!("http://{own}"))],
    ];
    for (method, path) in ADMIN {
        for headers in senders {
            let headers = [headers, &[("content-type", "application/json")]].concat();
            assert_eq!(server.send(method, path, &headers, "{}").status, 403, "{method} {path} {headers:?}");
        }
    }
    assert_eq!(server.get("/v1/items").status, 200);
}

#[test]
fn administration_without_keys_is_behind_a_door_of_its_own() {
    let server = Running::start(|_| {});
    let public = server.addr();
    for (method, path) in ADMIN {
        let headers = [("content-type", "application/json")];
        assert_eq!(server.send_to(public, method, path, &headers, "{}").status, 403, "{method} {path}");
        assert_ne!(server.send(method, path, &headers, "{}").status / 100, 5);
    }
    let status = |name: &str, value: &str| server.send("GET", "/admin/policies", &[(name, value)], "").status;
    assert_eq!(server.get("/admin/policies").status, 200);
    for name in ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "via", "x-real-ip"]
    {
        assert_eq!(status(name, "1.2.3.4"), 403, "{name}");
    }
    assert_eq!(status("host", "shop.example"), 403);
    assert_eq!(status("origin", SHOP), 403);
    assert_eq!(status("origin", "http://localhost"), 200);
}

#[test]
fn what_would_open_administration_to_others_is_refused() {
    let open = refused(|config| config.admin = Some(SocketAddr::from(([0, 0, 0, 0], 0))));
    assert!(matches!(open, ServerError::AdminAddr { .. }));
    let folder = tempfile::tempdir().unwrap();
    let keys = keys(folder.path());
    let server = Running::like(move |config| {
        config.keys = keys;
        config.admin = Some(any());
    });
    let key = [("x-api-key", "qrstuvwxyzabcdef")];
    assert_eq!(server.send("GET", "/admin/policies", &[], "").status, 401, "a key is needed there, too");
    assert_eq!(server.send("GET", "/admin/policies", &key, "").status, 200);
    assert_eq!(server.send_to(server.addr(), "GET", "/admin/policies", &key, "").status, 403);
}

#[test]
fn a_key_opens_what_it_is_for() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keys(folder.path());
    let server = Running::like(move |config| config.keys = keys);
    let status = |path: &str, key: &str| server.send("GET", path, &[("x-api-key", key)], "").status;
    let [api, console, admin] = ["abcdefghijklmnop", "ABCDEFGHIJKLMNOP", "qrstuvwxyzabcdef"];
    for path in ["/v1/items", "/metrics", "/openapi.json", "/console/assets/console.css"] {
        assert_eq!([api, console, admin].map(|key| status(path, key)), [200; 3], "{path}");
    }
    for path in ["/", "/console", "/console/traffic.json", "/console/coverage", "/console/demonstrations/0"] {
        assert_eq!([api, console, admin].map(|key| status(path, key)), [403, 200, 200], "{path}");
        assert_eq!(server.get(path).status, 401, "{path}");
    }
    assert_eq!([api, console, admin].map(|key| status("/admin/policies", key)), [403, 403, 200]);
}

#[test]
fn requests_for_another_name_are_refused_everywhere() {
    let server = Running::start(|_| {});
    let own = server.addr().to_string();
    for path in PATHS {
        for host in
            ["evil.example", "evil.example:8080", "192.0.2.1", "localhost.evil.example", "127.0.0.1.nip.io"]
        {
            assert_eq!(server.send("GET", path, &[("host", host)], "").status, 403, "{path} {host}");
        }
        let json = ("content-type", "application/json");
        let rebound = [("host", "evil.example"), ("origin", "http://evil.example"), json];
        assert_eq!(server.send("POST", path, &rebound, "{}").status, 403, "{path}");
        let foreign = [("host", own.as_str()), ("origin", "http://evil.example"), json];
        assert_eq!(server.send("POST", path, &foreign, "{}").status, 403, "{path}");
        let unnamed = server.unfinished(&format!("GET {path} HTTP/1.1\r\nconnection: close\r\n\r\n"));
        assert!(unnamed.starts_with("HTTP/1.1 400"), "{path}: {unnamed}");
        let twice =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        assert!(server.unfinished(&twice).starts_with("HTTP/1.1 400"), "{path}");
    }
    let old = server.unfinished("GET /health/live HTTP/1.0\r\n\r\n");
    assert!(old.starts_with("HTTP/1.0 200") || old.starts_with("HTTP/1.1 200"), "{old}");
}

#[test]
fn a_proxy_may_give_it_a_name_and_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(any(), StoreAt::File(folder.path().join("store.sqlite")));
    config.sites = vec![format!("{SHOP}/rec").parse().unwrap()];
    let server = Running::just(config);
    let own = server.addr().to_string();
    let json = ("content-type", "application/json");
    // As nginx sends it, which names the server itself, and as others send it, which keep the name.
    for host in [own.as_str(), "shop.example"] {
        for path in ["/v1/recommend", "/rec/v1/recommend"] {
            let sent = [("host", host), ("origin", SHOP), json];
            assert_eq!(server.send("POST", path, &sent, "{}").status, 200, "{host} {path}");
            let foreign = [("host", host), ("origin", "https://evil.example"), json];
            assert_eq!(server.send("POST", path, &foreign, "{}").status, 403, "{host} {path}");
        }
        assert_eq!(server.send("GET", "/rec/admin/policies", &[("host", host)], "").status, 403);
    }
    let moved = server.get("/rec");
    assert_eq!((moved.status, moved.header("location")), (308, Some("/rec/")));
    assert_eq!(server.get("/rec/console/runs").status, 200);
    assert_eq!(server.get("/record").status, 404);
}

#[test]
fn pages_name_nothing_from_the_root_of_the_host() {
    let server = Running::start(|_| {});
    let assets = ["console.css", "playground.js", "traffic.js", "docs.js"]
        .map(|name| format!("/console/assets/{name}"));
    let pages = [
        "/",
        "/console",
        "/console/demonstrations",
        "/console/demonstrations/0",
        "/console/runs",
        "/console/coverage",
    ];
    let pages = pages.into_iter().chain(["/console/traffic", "/docs"]).map(str::to_owned);
    for path in pages.chain(assets) {
        let page = server.get(&path);
        assert_eq!(page.status, 200, "{path}");
        let text = page.body.replace("&#x2f;", "/");
        for sign in
            ["href=\"/", "src=\"/", "action=\"/", "url(/", "fetch(\"/", "fetch(`/", "href: `/", "href: \"/"]
        {
            assert!(!text.contains(sign), "{path} has {sign}");
        }
        // Every link leads from the page to something that is there, also where a path stands before it.
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let is_page = link.starts_with('.');
            let target = is_page.then(|| resolved(&path, link));
            let found = target.as_ref().map_or(200, |target| server.get(target).status);
            assert_eq!(found, 200, "{path} leads to {link}: {target:?}");
        }
    }
}

/// Where a relative link of a page leads.
fn resolved(page: &str, link: &str) -> String {
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in link.split('/') {
        match step {
            "." | "" => {}
            ".." => drop(steps.pop().expect("no link leads out of the server")),
            step => steps.push(step),
        }
    }
    format!("/{}", steps.join("/"))
}

#[test]
fn feedback_by_a_proxy_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(any(), StoreAt::File(folder.path().join("store.sqlite")));
    config.sites = vec![format!("{SHOP}/rec").parse().unwrap()];
    let server = Running::just(config);
    let json = ("content-type", "application/json");
    let session = server.send("POST", "/rec/v1/sessions", &[("origin", SHOP), json], "{}").json();
    let told = json!({"item": "id5", "feedback": "like"}).to_string();
    let path = format!("/rec/v1/sessions/{}/feedback", session["id"].as_str().unwrap());
    assert_eq!(server.send("POST", &path, &[("origin", SHOP), json], &told).json()["kept"], 1);
}
