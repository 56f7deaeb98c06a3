//! The key opens the door and shows nowhere else.

use std::sync::{Arc, Mutex};

use super::server::{Server, said};
use super::{ask_one, quick, status};
use crate::*;

const KEY: &str = "sk-a-very-secret-key-0123456789";

fn with_key(server: &Server) -> Http {
    Http::new(Endpoint::new(&server.base(), Some(KEY)).unwrap(), "tiny", quick(), 0)
}

#[test]
fn it_is_sent() {
    let seen = Arc::new(Mutex::new(String::new()));
    let keep = Arc::clone(&seen);
    let server = Server::start(move |r| {
        keep.lock().unwrap().clone_from(&r.head);
        said("well")
    });
    assert!(ask_one(&with_key(&server)).is_ok());
    let head = seen.lock().unwrap();
    assert!(head.to_lowercase().contains(&format!("authorization: bearer {KEY}")), "{head}");
}

#[test]
fn it_is_not_in_what_is_printed() {
    let server =
        Server::start(|_| status("401 Unauthorized", "", &format!(r#"{{"error":"bad key {KEY}"}}"#)));
    let model = with_key(&server);
    let error = ask_one(&model).unwrap_err();
    assert!(error.to_string().contains("bad key [key]"), "{error}");
    let refused = Endpoint::new(&server.base(), Some(&format!("{KEY}\nx"))).unwrap_err();
    let elsewhere = Endpoint::new(&format!("http://me:{KEY}@localhost/"), None).unwrap_err();
    for text in [format!("{error:?} {error}"), format!("{model:#?}"), format!("{refused:?} {elsewhere:?}")] {
        assert!(!text.contains(KEY) && !text.contains("very-secret"), "{text}");
    }
}

/// The error of a call that a server refuses with this body, and the key it must not show.
fn refusal(key: &str, body: String) -> String {
    let server = Server::start(move |_| status("401 Unauthorized", "", &body));
    let endpoint = Endpoint::new(&server.base(), Some(key)).unwrap();
    format!("{:?}", ask_one(&Http::new(endpoint, "tiny", quick(), 0)).unwrap_err())
}

#[test]
fn its_beginning_is_not_shown_either() {
    let error = refusal(KEY, format!(r#"{{"error":"no such key: {}..."}}"#, &KEY[..13]));
    assert!(error.contains("no such key: [key]..."), "{error}");
}

#[test]
fn no_part_of_it_is_shown_where_a_message_is_cut() {
    let begins = &KEY[..6];
    for n_before in (260..310).step_by(3) {
        let error = refusal(KEY, format!(r#"{{"error":"{} {KEY}"}}"#, "x".repeat(n_before)));
        assert!(!error.contains(begins), "{n_before}: {error}");
    }
    // The end of what is read falls into the key.
    for n_read in [6, 20, KEY.len() - 1] {
        let error = refusal(KEY, format!("{}{KEY} and more", " ".repeat((64 << 10) - n_read)));
        assert!(error.contains("401") && !error.contains(begins), "{n_read}: {error}");
    }
}

#[test]
fn it_is_not_shown_as_a_string_of_json_either() {
    let key = r#"sk-a"secret\key/0123456789"#;
    let escaped = serde_json::Value::from(key).to_string();
    let escaped = escaped.trim_matches('"');
    for shown in [escaped.to_owned(), escaped.replace('/', r"\/")] {
        for body in [format!(r#"{{"error":"bad key {shown}"}}"#), format!(r#"bad key "{shown}" {{"#)] {
            let error = refusal(key, body);
            assert!(error.contains("bad key") && error.contains("[key]"), "{error}");
            assert!(!error.contains("0123456789"), "{error}");
        }
    }
}

#[test]
fn it_is_not_in_the_cassette_even_if_the_server_repeats_it() {
    let server = Server::start(|_| said(&format!("your key is {KEY}")));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let cassette = Arc::new(Cassette::open(&path).unwrap());
    let answer = ask_one(&Recorded::new(with_key(&server), Arc::clone(&cassette)).unwrap()).unwrap();
    assert_eq!(answer.text, "your key is [key]");
    let mut lines = Vec::new();
    cassette.export(&mut lines).unwrap();
    let contains = |bytes: &[u8]| bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
    assert!(!contains(&lines));
    for file in std::fs::read_dir(folder.path()).unwrap() {
        assert!(!contains(&std::fs::read(file.unwrap().path()).unwrap()));
    }
}

/// Keeps all that the HTTP library says in its logs.
struct Listener(Mutex<String>);

impl log::Log for Listener {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.0.lock().unwrap().push_str(&record.args().to_string());
    }

    fn flush(&self) {}
}

static LISTENER: Listener = Listener(Mutex::new(String::new()));

#[test]
fn it_is_not_in_the_librarys_log() {
    log::set_logger(&LISTENER).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let server = Server::start(|_| said("well"));
    assert!(ask_one(&with_key(&server)).is_ok());
    let heard = LISTENER.0.lock().unwrap();
    assert!(heard.contains("chat/completions") && !heard.contains("very-secret"), "{heard}");
}

#[test]
fn a_word_that_is_no_secret_stays_in_answers() {
    let server = Server::start(|_| said("none of these"));
    let endpoint = Endpoint::new(&server.base(), Some("none")).unwrap();
    assert_eq!(ask_one(&Http::new(endpoint, "tiny", quick(), 0)).unwrap().text, "none of these");
}

#[test]
fn the_environment_names_server_and_key() {
    let endpoint = |base: &'static str, key: &'static str| {
        Endpoint::from_variables(move |name| {
            Some(if name == "OPENAI_BASE_URL" { base.to_owned() } else { key.to_owned() })
        })
    };
    assert_eq!(endpoint("", KEY).unwrap().base(), "https://api.openai.com/v1");
    assert_eq!(endpoint("http://localhost:11434", "").unwrap().base(), "http://localhost:11434/v1");
    assert_eq!(endpoint("https://host/api/v2/", "").unwrap().base(), "https://host/api/v2");
    for bad in ["", "localhost:11434", "ftp://host", "http://", "not an address", "http://h/?key=1"] {
        assert!(matches!(endpoint(bad, ""), Err(LlmError::Unavailable { .. })), "{bad}");
    }
}

#[test]
fn a_key_that_cannot_be_sent_is_refused_before_anything_is() {
    for key in ["sk-ключ", "sk-\u{a0}0123", "sk-one\ntwo", "sk-\u{7f}x"] {
        let error = Endpoint::new("http://localhost:1/v1", Some(key)).unwrap_err();
        assert!(error.hint().unwrap().contains("letters that are not ASCII"), "{error:?}");
    }
}

#[test]
fn no_proxy_leads_to_what_is_near() {
    use crate::http::endpoint::is_local;
    for near in [
        "localhost",
        "127.0.0.1",
        "127.9.9.9",
        "[::1]",
        "0.0.0.0",
        "[::]",
        "ollama",
        "box.local",
        "a.localhost",
    ] {
        assert!(is_local(near, None), "{near}");
    }
    for far in ["api.openai.com", "10.0.0.7", "192.168.1.2", "localhost.example.com", "[2001:db8::1]"] {
        assert!(!is_local(far, Some("box.example.com\n")), "{far}");
    }
    assert!(is_local("Box.example.com", Some("box.example.com\n")), "what this machine is called");
}
