//! Collections from servers that answer with nothing, refuse, are late or are cut off in the middle.

use crate::program::{command, domain, scratch, stderr};
use crate::server::{Received, Reply, Server, http, said};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn body(received: &Received) -> Value {
    serde_json::from_str(&received.body).expect("a client sends JSON")
}

/// A title for the actor, a value for the critic, words for the others.
fn sensible(received: &Received) -> Reply {
    let prompt = body(received)["messages"].to_string();
    if prompt.contains("-5 to 5") {
        return said("2");
    }
    said(&format!("The {}th film", received.number * 7 % 80))
}

fn answer(value: &Value) -> Reply {
    Reply::Whole(http("200 OK", "", value.to_string().as_bytes()))
}

fn collecting(server: &Server, out: &Path, more: &[&str]) -> Command {
    let out = out.to_str().expect("a path of letters");
    let words =
        ["demos", "collect", "--data", "data", "--world", "world", "--llm", "openai:tiny", "--out", out];
    let short = ["--set", "horizon=2", "--episodes", "4", "--json"];
    let mut command = command(domain(), &[&words[..], &short[..], more].concat());
    command.env("OPENAI_BASE_URL", server.base());
    command
}

fn collect(server: &Server, out: &Path, more: &[&str]) -> Output {
    collecting(server, out, more).output().expect("the program starts")
}

/// Settings that do not wait.
fn hasty(dir: &Path) -> String {
    let path = dir.join("llm.toml");
    std::fs::write(&path, "[http]\nretries = 1\nfirst_delay_ms = 1\nlongest_delay_ms = 2\n")
        .expect("writable");
    path.display().to_string()
}

#[test]
fn an_error_instead_of_an_answer_is_asked_for_again_by_the_same_command() {
    let own = scratch();
    let (out, config) = (own.path().join("demos"), hasty(own.path()));
    let more = ["--agent", "act-only", "--llm-config", &config];
    let broken = Server::start(|_| {
        answer(
            &json!({ "choices": [{ "finish_reason": "error", "message": { "role": "assistant", "content": "" },
            "error": { "code": 502, "message": "Upstream error" } }] }),
        )
    });
    let output = collect(&broken, &out, &more);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("Upstream error") && !out.exists(), "{}", stderr(&output));
    let well = Server::start(sensible);
    let output = collect(&well, &out, &more);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(well.n_requests() >= 8, "{} requests", well.n_requests());
    let described: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(described["episodes"], 4);
}

#[test]
fn a_refused_parameter_is_said_with_its_setting_and_nothing_is_stored() {
    let own = scratch();
    let out = own.path().join("demos");
    let server = Server::start(|received| {
        match body(received)["temperature"] == 1.0 {
        true => sensible(received),
        false => Reply::Whole(http(
            "400 Bad Request",
            "",
            br#"{"error":{"message":"Unsupported value: 'temperature' does not support 0.0 with this model.","param":"temperature"}}"#,
        )),
    }
    });
    let agent = ["--agent", "il-rec", "--set", "sampling.temperature=1.0"];
    let output = collect(&server, &out, &agent);
    let told = stderr(&output);
    assert!(!output.status.success() && !out.exists(), "{told}");
    assert!(
        told.contains("critic: the server said 400: Unsupported value: 'temperature' does not"),
        "{told}"
    );
    assert!(
        told.contains("sampling.critic_temperature") && !told.contains("same command asks again"),
        "{told}"
    );
    // A run that was begun with other settings says which; elsewhere the advice works.
    let advised = [&agent[..], &["--set", "sampling.critic_temperature=1.0"]].concat();
    let told = stderr(&collect(&server, &out, &advised));
    assert!(told.contains("settings.sampling.critic_temperature unset instead of 1.0"), "{told}");
    let output = collect(&server, &own.path().join("other"), &advised);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn a_model_that_thinks_all_its_tokens_away_is_found_out_early() {
    let own = scratch();
    let server = Server::start(|_| {
        answer(
            &json!({ "choices": [{ "finish_reason": "length", "message": { "content": null, "reasoning": "long" } }] }),
        )
    });
    let output = collect(&server, &own.path().join("demos"), &["--agent", "act-only"]);
    let told = stderr(&output);
    assert!(!output.status.success(), "{told}");
    assert!(told.contains("answers of the actor were cut off at 40 tokens before a title came"), "{told}");
    assert!(told.contains("sampling.actor_tokens"), "{told}");
    assert!(server.n_requests() <= 16, "{} requests", server.n_requests());
}

#[test]
fn sessions_without_a_title_are_an_error_that_counts_them() {
    let own = scratch();
    let first = std::sync::Mutex::new(None);
    // One person is recommended something, the others nothing that there is.
    let server = Server::start(move |received| {
        let prompt = body(received)["messages"][1]["content"].as_str().unwrap_or_default().to_owned();
        let history = prompt.split("\n\n").next().unwrap_or_default().to_owned();
        let mut first = first.lock().expect("no test panics here");
        let chosen = first.get_or_insert_with(|| history.clone());
        if *chosen == history { sensible(received) } else { said("Zzyzx, the unmade") }
    });
    let output = collect(&server, &own.path().join("demos"), &["--agent", "act-only"]);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("most sessions were lost: 4 sessions asked for, 1 kept"), "{told}");
}

#[test]
#[cfg(unix)]
fn whoever_ends_it_is_told_what_is_kept() {
    let own = scratch();
    let out = own.path().join("demos");
    // Some answers, then silence.
    let server = Server::start(|received| if received.number < 3 { sensible(received) } else { Reply::Hang });
    let mut command = collecting(&server, &out, &["--agent", "act-only"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    while server.n_requests() < 4 {
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill is there").success());
    let output = child.wait_with_output().expect("it ends");
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(128 + 15), "{told}");
    assert!(
        told.contains("answers and 0 of 4 sessions are kept; the same command goes on from there"),
        "{told}"
    );
    let well = Server::start(sensible);
    assert!(collect(&well, &out, &["--agent", "act-only"]).status.success());
}

#[test]
fn a_server_behind_a_proxy_that_is_not_there_names_the_proxy() {
    let own = scratch();
    let doctor = |base: &str| {
        let mut command = command(own.path(), &["doctor"]);
        command.env("OPENAI_BASE_URL", base).env("HTTP_PROXY", "http://me:secret@127.0.0.1:1");
        for name in
            ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "http_proxy", "NO_PROXY", "no_proxy"]
        {
            command.env_remove(name);
        }
        String::from_utf8(command.output().expect("the program starts").stdout).expect("text")
    };
    let told = doctor("http://models.example.com/v1");
    assert!(told.contains("by way of the proxy 127.0.0.1:1; NO_PROXY=models.example.com"), "{told}");
    assert!(!told.contains("secret"), "{told}");
    let near = Server::start(|_| answer(&json!({ "data": [{ "id": "tiny" }] })));
    let port =
        near.base().rsplit(':').next().and_then(|rest| rest.split('/').next()).unwrap_or_default().to_owned();
    let told = doctor(&format!("http://0.0.0.0:{port}/v1"));
    assert!(told.contains("its models are tiny"), "{told}");
}

#[test]
fn a_key_of_other_letters_is_refused_before_anything_is_asked() {
    let (own, server) = (scratch(), Server::start(sensible));
    let mut command = collecting(&server, &own.path().join("demos"), &[]);
    let output = command.env("OPENAI_API_KEY", "sk-ключ").output().expect("the program starts");
    assert_eq!((output.status.code(), server.n_requests()), (Some(2), 0));
    assert!(stderr(&output).contains("letters that are not ASCII"), "{}", stderr(&output));
}
