//! Export and serve: what is acknowledged survives a kill.

use super::program::{command, domain, fails, json, scratch};
use artefact::{Artefact, Draft, Kind, Manifest};
use serde_json::{Value, json as value};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../serving/golden/v1");
/// Items of the golden.
const N_ITEMS: usize = 40;
const N_CLIENTS: usize = 4;

/// A served process and where it listens.
pub(crate) struct Served {
    child: Child,
    pub(crate) addr: String,
    /// For administration, where that was asked for.
    admin: Option<String>,
}

impl Served {
    pub(crate) fn start(dir: &Path, policy: &str) -> Self {
        Self::with(dir, policy, &[])
    }

    pub(crate) fn with(dir: &Path, policy: &str, more: &[&str]) -> Self {
        let usual = ["--addr", "127.0.0.1:0", "--store", "s.sqlite", "--json", "--quiet"];
        let arguments = [&["serve", "--policy", policy][..], &usual, more].concat();
        let mut child = command(dir, &arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut text = String::new();
        for line in BufReader::new(child.stdout.take().expect("it is piped")).lines() {
            text.push_str(&line.expect("UTF-8"));
            if text.ends_with('}') {
                break;
            }
        }
        let answer: Value = serde_json::from_str(&text).expect("an answer");
        let at = |field: &str| {
            let url = answer[field].as_str()?;
            Some(url.trim_start_matches("http://").trim_end_matches('/').to_owned())
        };
        let addr = at("url").expect("a url");
        Self { child, addr, admin: at("admin_url") }
    }

    /// Ends it as a power cut would.
    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The answer with status 2xx, or nothing where the server has gone.
pub(crate) fn call(addr: &str, method: &str, path: &str, body: &str) -> Option<Value> {
    let mut stream = TcpStream::connect(addr).ok()?;
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 2").then(|| serde_json::from_str(body).ok())?
}

/// Sends feedback until the server has gone, and reports what was acknowledged.
fn tell(addr: &str, acknowledged: &Sender<(String, String)>) {
    loop {
        let Some(started) = call(addr, "POST", "/v1/sessions", "{}") else { return };
        let session = started["id"].as_str().expect("an id").to_owned();
        for item in (0..N_ITEMS).map(|row| format!("id{row}")) {
            let body = value!({"item": item, "feedback": "like"}).to_string();
            let path = format!("/v1/sessions/{session}/feedback");
            if call(addr, "POST", &path, &body).is_none() {
                return;
            }
            acknowledged.send((session.clone(), item)).expect("somebody listens");
        }
    }
}

#[test]
fn a_kill_loses_no_acknowledged_feedback() {
    let dir = scratch();
    let mut kept: Vec<(String, String)> = Vec::new();
    for round in 0..4 {
        let served = Served::start(dir.path(), GOLDEN);
        let (sender, receiver) = channel();
        let clients: Vec<_> = (0..N_CLIENTS)
            .map(|_| {
                let (addr, sender) = (served.addr.clone(), sender.clone());
                std::thread::spawn(move || tell(&addr, &sender))
            })
            .collect();
        drop(sender);
        kept.extend(receiver.iter().take(23 + 31 * round));
        served.kill();
        clients.into_iter().for_each(|client| client.join().unwrap());
        kept.extend(receiver.iter());
    }
    let served = Served::start(dir.path(), GOLDEN);
    for (session, item) in &kept {
        let found = call(&served.addr, "GET", &format!("/v1/sessions/{session}"), "").unwrap();
        let steps = found["steps"].as_array().unwrap();
        assert!(steps.iter().any(|step| step["id"] == *item), "{item} of {session} is lost");
    }
}

#[test]
fn what_is_no_artefact_is_refused() {
    let dir = scratch();
    let error = fails(dir.path(), &["serve", "--policy", "nothing"], 2);
    assert!(error.contains("no such directory: nothing") && error.contains("ilrec train"), "{error}");
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    let error = fails(dir.path(), &["serve", "--policy", "empty"], 2);
    assert!(error.contains("not an ilrec policy directory"), "{error}");
    std::fs::create_dir(dir.path().join("copy")).unwrap();
    for entry in Path::new(GOLDEN).read_dir().unwrap().flatten() {
        std::fs::copy(entry.path(), dir.path().join("copy").join(entry.file_name())).unwrap();
    }
    std::fs::write(dir.path().join("copy/serving.json"), "{}").unwrap();
    let error = fails(dir.path(), &["serve", "--policy", "copy"], 2);
    assert!(error.contains("damaged file (hash differs)"), "{error}");
}

/// A policy trained on the small domain, exported once with its demonstrations.
pub(crate) fn artefact() -> &'static Path {
    static ARTEFACT: OnceLock<PathBuf> = OnceLock::new();
    ARTEFACT.get_or_init(|| {
        let (dir, own) = (domain(), scratch().keep());
        let place = |name: &str| own.join(name).display().to_string();
        let (policy, artefact) = (place("policy"), place("artefact"));
        let run = |line: &str| json(dir, &line.split(' ').collect::<Vec<_>>());
        let trained =
            run(&format!("train --data data --world world --demos demos --config train.toml --out {policy}"));
        let exported = run(&format!("export --policy {policy} --data data --demos demos --out {artefact}"));
        assert_eq!(exported["parameter_hash"], trained["parameter_hash"]);
        assert_eq!((&exported["items"], &exported["demonstrations"]), (&value!(80), &value!(40)));
        assert_eq!((&exported["table"]["precision"], &exported["onnx"]), (&value!("f32"), &Value::Null));
        assert_eq!(exported["table"]["recall_at_10"], 1.0);
        own.join("artefact")
    })
}

#[test]
fn every_source_of_demonstrations_explains_an_artefact() {
    let (dir, own) = (domain(), scratch());
    let place = |name: &str| own.path().join(name).display().to_string();
    let run = |line: &str| json(dir, &line.split(' ').collect::<Vec<_>>());
    let near = "--data data --world world";
    run(&format!("demos collect --llm builtin:expert --episodes 12 {near} --out {}", place("a")));
    run(&format!("demos collect --llm builtin:expert --episodes 7 --seed 5 {near} --out {}", place("b")));
    run(&format!("train --algo bc --set most_rounds=2 {near} --demos {} --out {}", place("a"), place("one")));
    let hash = |name: &str| Manifest::of(&own.path().join(name)).unwrap().hash();
    // As a run with two sources leaves it.
    let one = Artefact::open(Kind::Policy, &own.path().join("one")).unwrap();
    let manifest = one.manifest();
    let two = own.path().join("two");
    let mut draft = Draft::new(Kind::Policy, two.as_path(), manifest.seed, manifest.config.clone()).unwrap();
    manifest.inputs.iter().for_each(|(name, hash)| draft.input(name, hash));
    draft.input("demos-1", &hash("b"));
    manifest.files.keys().for_each(|name| draft.write(name, &one.read(name).unwrap()).unwrap());
    draft.write("training.json", &one.read("training.json").unwrap()).unwrap();
    draft.seal().unwrap();
    let explained = |line: &str, out: &str| {
        let exported = run(&format!("export {line} --data data --out {}", place(out)));
        let inputs = Manifest::of(&own.path().join(out)).unwrap().inputs;
        (exported["demonstrations"].clone(), inputs.get("demos").cloned(), inputs.get("demos-1").cloned())
    };
    let (a, b) = (Some(hash("a")), Some(hash("b")));
    let found = explained(&format!("--policy {}", place("two")), "found");
    assert_eq!(found, (value!(19), a.clone(), b.clone()), "those that it learned from");
    let named = explained(
        &format!("--policy {} --demos {} --demos {}", place("one"), place("b"), place("a")),
        "named",
    );
    assert_eq!(named, (value!(19), b.clone(), a), "those that were named, in their order");
    let other = explained(&format!("--policy {} --demos {}", place("two"), place("b")), "other");
    assert_eq!(other, (value!(7), b, None), "what was not asked for is no input");
}

#[test]
fn a_challenger_and_a_watched_folder_are_there_from_the_start() {
    let dir = scratch();
    let other = format!("{GOLDEN}/../v2");
    let slate = |more: &[&str]| {
        let served = Served::with(dir.path(), GOLDEN, more);
        call(&served.addr, "POST", "/v1/recommend", "{}").unwrap()
    };
    let alone = slate(&[]);
    assert_eq!(alone["arm"], Value::Null);
    let answered = slate(&["--challenger", &other, "--share", "1"]);
    assert_eq!(answered["arm"], "challenger");
    assert_ne!(answered["policy"], alone["policy"]);
    let shadowed = slate(&["--challenger", &other, "--shadow"]);
    assert_eq!((&shadowed["arm"], &shadowed["policy"]), (&value!("champion"), &alone["policy"]));
    std::fs::create_dir(dir.path().join("new")).unwrap();
    let served = Served::with(dir.path(), GOLDEN, &["--watch", "new"]);
    std::fs::create_dir(dir.path().join("new/.aside")).unwrap();
    for entry in Path::new(&other).read_dir().unwrap().flatten() {
        std::fs::copy(entry.path(), dir.path().join("new/.aside").join(entry.file_name())).unwrap();
    }
    std::fs::rename(dir.path().join("new/.aside"), dir.path().join("new/next")).unwrap();
    let ready = || call(&served.addr, "GET", "/health/ready", "").unwrap()["policy"].clone();
    assert!((0..1_000_000).any(|_| ready() == answered["policy"]), "the new one serves");
    for (more, said) in [
        (["--watch", "missing"], "no such folder"),
        (["--tls-cert", "cert.pem"], "--tls-key"),
        (["--share", "0.5"], "--challenger"),
    ] {
        let error = fails(dir.path(), &[&["serve", "--policy", GOLDEN][..], &more].concat(), 2);
        assert!(error.contains(said), "{error}");
    }
    let share = ["serve", "--policy", GOLDEN, "--challenger", &other, "--share", "2"];
    assert!(fails(dir.path(), &share, 2).contains("from 0 to 1"));
    let tls = ["serve", "--policy", GOLDEN, "--tls-cert", "no.pem", "--tls-key", "no.pem"];
    assert!(fails(dir.path(), &tls, 2).contains("cannot use for TLS"));
}

#[test]
fn administration_is_where_it_was_asked_for() {
    let dir = scratch();
    let usual = Served::start(dir.path(), GOLDEN);
    assert_eq!(usual.admin, None);
    assert_eq!(call(&usual.addr, "GET", "/admin/policies", ""), None);
    assert!(call(&usual.addr, "GET", "/v1/items", "").is_some());
    drop(usual);
    let served = Served::with(dir.path(), GOLDEN, &["--admin-addr", "127.0.0.1:0"]);
    let admin = served.admin.clone().unwrap();
    assert!(call(&admin, "GET", "/admin/policies", "").is_some());
    assert_eq!(call(&served.addr, "GET", "/admin/policies", ""), None);
    for (more, said) in [
        (["--admin-addr", "0.0.0.0:0"], "loopback address"),
        (["--public-url", "shop.example"], "https://shop.example/rec"),
        (["--trust-proxy", "nginx"], "10.0.0.0/8"),
        (["--allow-origin", "https://shop.example/rec"], "an origin is"),
    ] {
        let line = [&["serve", "--policy", GOLDEN, "--addr", "127.0.0.1:0"][..], &more].concat();
        let error = fails(dir.path(), &line, 2);
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_trained_policy_is_exported_and_served() {
    let own = scratch();
    let served = Served::start(own.path(), &artefact().display().to_string());
    let wanted = value!({"history": ["i3", "The 5th film"], "k": 3}).to_string();
    let slate = call(&served.addr, "POST", "/v1/recommend", &wanted).unwrap();
    let manifest = artefact::Artefact::open(artefact::Kind::Served, artefact()).unwrap();
    assert_eq!(slate["policy"], manifest.hash());
    let items = slate["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    for demonstration in items.iter().map(|item| &item["reason"]["demonstration"]) {
        assert!(demonstration["thought"].is_string(), "{demonstration}");
        let told = |field: &str| demonstration[field].as_f64().is_some_and(f64::is_finite);
        assert!(told("weight") && told("learned_value"), "what training made of it: {demonstration}");
    }
}

#[test]
fn a_small_table_is_exported_with_its_graph_and_served() {
    let (dir, own) = (domain(), scratch());
    let small = own.path().join("small").display().to_string();
    let policy = artefact().with_file_name("policy").display().to_string();
    let told = json(
        dir,
        &["export", "--policy", &policy, "--data", "data", "--table", "int8", "--onnx", "--out", &small],
    );
    let bytes = |field: &str| told["table"][field].as_u64().unwrap();
    assert!(bytes("bytes") * 2 < bytes("bytes_f32"), "{told}");
    assert!(Path::new(told["onnx"].as_str().unwrap()).is_file());
    let served = Served::start(own.path(), &small);
    assert_eq!(call(&served.addr, "POST", "/v1/recommend", "{}").unwrap()["policy"], told["hash"]);
}

#[test]
fn feedback_becomes_a_dataset_with_propensities_beside_it() {
    let dir = scratch();
    let served = Served::start(dir.path(), GOLDEN);
    let post = |path: &str, body: Value| call(&served.addr, "POST", path, &body.to_string()).unwrap();
    let history = value!([{"item": "id1", "rating": 3}, "id2"]);
    let session = post("/v1/sessions", value!({"user": "ann, \"a\"", "history": history}))["id"].clone();
    let wanted = value!({"session": session, "k": 1, "exploration": true});
    let item = post("/v1/recommend", wanted)["items"][0]["id"].clone();
    let unshown = if item == "id9" { "id8" } else { "id9" };
    for answer in [value!({"item": item, "rating": 4}), value!({"item": unshown, "feedback": "leave"})] {
        post(&format!("/v1/sessions/{}/feedback", session.as_str().unwrap()), answer);
    }
    served.kill();
    let line = ["data", "import", "serving-log", "--input", "s.sqlite", "--out", "data"];
    let data = json(dir.path(), &line);
    assert_eq!((&data["users"], &data["interactions"]), (&value!(1), &value!(4)));
    assert_eq!(data["propensities"], 1, "of what the policy chose");
    let chosen = std::fs::read_to_string(dir.path().join("data.propensities.csv")).unwrap();
    assert_eq!(chosen.lines().count(), 2, "what the policy chose, not what it did not: {chosen}");
    let missing = ["data", "import", "serving-log", "--input", "nothing", "--out", "data"];
    assert!(fails(dir.path(), &missing, 2).contains("no such file"));
}
