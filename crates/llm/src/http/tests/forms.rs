//! What is sent where a server refuses a part of it, and answers that come in another form than was asked for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::server::{Reply, Server, http, said};
use super::{ask_one, client, quick};
use crate::http::stream::{as_json, whole_characters};
use crate::tests::ask;
use crate::*;

const PARAMETERS: [(Parameter, &str); 5] = [
    (Parameter::Temperature, "temperature"),
    (Parameter::TopP, "top_p"),
    (Parameter::Seed, "seed"),
    (Parameter::Stop, "stop"),
    (Parameter::MaxTokens, "max_tokens"),
];

/// The body that is sent with these settings.
fn sent(settings: HttpSettings, request: Generate) -> Value {
    let seen = Arc::new(Mutex::new(Value::Null));
    let keep = Arc::clone(&seen);
    let server = Server::start(move |received| {
        *keep.lock().unwrap() = serde_json::from_str(&received.body).unwrap();
        said("well")
    });
    client(&server, settings).generate(&[request])[0].as_ref().unwrap();
    std::mem::take(&mut *seen.lock().unwrap())
}

#[test]
fn every_parameter_can_be_left_out() {
    for choice in 0..1_usize << PARAMETERS.len() {
        let is_out = |place: usize| choice >> place & 1 == 1;
        let omit: BTreeSet<Parameter> =
            (0..PARAMETERS.len()).filter(|&place| is_out(place)).map(|place| PARAMETERS[place].0).collect();
        let mut request = ask("hello");
        request.sampling.stop = vec!["\n".to_owned()];
        let body = sent(HttpSettings { omit, ..quick() }, request);
        for (place, (_, name)) in PARAMETERS.iter().enumerate() {
            assert_eq!(body.get(name).is_none(), is_out(place), "{name} in {body}");
        }
    }
    for (parameter, name) in PARAMETERS {
        let settings: HttpSettings = toml::from_str(&format!("omit = [\"{name}\"]")).unwrap();
        assert!(settings.omit.contains(&parameter));
    }
    assert!(toml::from_str::<HttpSettings>("omit = [\"seeds\"]").is_err());
}

#[test]
fn standing_instructions_can_stand_in_the_first_message() {
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    let (system, user) = (message(Speaker::System, "Be brief."), message(Speaker::User, "hello"));
    let roles = |messages: Vec<Message>| {
        let settings = HttpSettings { system_role: false, ..quick() };
        sent(settings, Generate { messages, ..ask("") })["messages"].clone()
    };
    let folded = json!([{ "role": "user", "content": "Be brief.\n\nhello" }]);
    assert_eq!(roles(vec![system.clone(), user.clone()]), folded);
    assert_eq!(roles(vec![user.clone()]), json!([{ "role": "user", "content": "hello" }]));
    assert_eq!(roles(vec![system]), json!([{ "role": "user", "content": "Be brief." }]));
}

#[test]
fn an_answer_in_parts_is_joined() {
    let parts = [
        json!([{ "type": "text", "text": "one " }, { "type": "text", "text": "two" }]),
        json!([{ "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] }, { "type": "text", "text": "one two" }]),
        json!(["one ", { "text": "two" }]),
        json!([{ "type": "output_text", "text": "one two" }, { "type": "image" }]),
    ];
    for content in parts {
        let body = json!({ "choices": [{ "message": { "content": content }, "finish_reason": "stop" }] })
            .to_string();
        let server = Server::start(move |_| Reply::Whole(http("200 OK", "", body.as_bytes())));
        assert_eq!(ask_one(&client(&server, quick())).unwrap().text, "one two");
        assert_eq!(server.n_requests(), 1);
    }
}

#[test]
fn a_stream_that_breaks_off_is_no_answer() {
    let piece = r#"data: {"choices":[{"delta":{"content":"half"}}]}"#;
    for stream in [format!("{piece}\n\n"), format!("{piece}\n\ndata: {{\"choi"), "event: ping\n\n".to_owned()]
    {
        let server = Server::start(move |_| Reply::Whole(http("200 OK", "", stream.as_bytes())));
        let error = ask_one(&client(&server, quick())).unwrap_err();
        assert!(error.to_string().contains("the server streams"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_is_put_together_however_it_is_cut(
        pieces in prop::collection::vec("(?s).{0,12}", 1..12),
        ends_with_reason in any::<bool>(),
        is_windows in any::<bool>(),
        has_mark in any::<bool>(),
    ) {
        let end = if is_windows { "\r\n\r\n" } else { "\n\n" };
        let mut stream = String::from(": hello") + end;
        for piece in &pieces {
            let event = json!({ "choices": [{ "index": 0, "delta": { "content": piece }, "finish_reason": null }] });
            stream.push_str(&format!("data: {event}{end}"));
        }
        let last = json!({ "choices": [{ "delta": {}, "finish_reason": "length" }] });
        let usage = json!({ "choices": [], "usage": { "prompt_tokens": 7, "completion_tokens": 3 } });
        if ends_with_reason {
            stream.push_str(&format!("data: {last}{end}data: {usage}{end}"));
        }
        stream.push_str(&format!("data: [DONE]{end}"));
        let mark: &[u8] = if has_mark { b"\xef\xbb\xbf" } else { b"" };
        let answer: Value = serde_json::from_slice(&as_json([mark, stream.as_bytes()].concat()).unwrap()).unwrap();
        let whole = pieces.concat();
        prop_assert_eq!(answer["choices"][0]["message"]["content"].as_str(), Some(whole.as_str()));
        prop_assert_eq!(answer["choices"][0]["finish_reason"].as_str(), ends_with_reason.then_some("length"));
        prop_assert_eq!(answer["usage"]["prompt_tokens"].as_u64(), ends_with_reason.then_some(7));
    }

    #[test]
    fn halves_of_characters_become_the_mark_for_what_cannot_be_shown(
        units in prop::collection::vec(prop_oneof![
            0xd800_u16..0xe000, 0x20_u16..0x7f, Just(0x5c), any::<u16>(),
        ], 0..24),
    ) {
        let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
        let json = format!("{{\"text\":\"\\\\u{escaped}\\\"\"}}");
        let mended = whole_characters(json.as_bytes());
        let read: Value = serde_json::from_slice(&mended).unwrap();
        let expected = format!("\\u{}\"", String::from_utf16_lossy(&units));
        prop_assert_eq!(read["text"].as_str(), Some(expected.as_str()));
    }

    #[test]
    fn what_is_json_already_stays_as_it_is(text in "\\PC{0,40}") {
        let json = json!({ "text": text }).to_string().into_bytes();
        prop_assert_eq!(as_json(json.clone()).unwrap(), json);
    }
}
