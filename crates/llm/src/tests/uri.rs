//! Naming models.

use crate::LlmUri;

#[test]
fn every_form_is_read_and_written() {
    let quality = |quality| LlmUri::Expert { quality };
    let replay = |cassette: &str, model: Option<&str>| LlmUri::Replay {
        cassette: cassette.into(),
        model: model.map(str::to_owned),
    };
    for (text, expected) in [
        ("openai:qwen2.5:0.5b", LlmUri::OpenAi { model: "qwen2.5:0.5b".into() }),
        ("gguf:a folder/m.gguf", LlmUri::Gguf { path: "a folder/m.gguf".into() }),
        ("minilm:a folder/", LlmUri::MiniLm { folder: "a folder/".into() }),
        ("builtin:expert", quality(1.0)),
        ("builtin:expert?quality=0.25", quality(0.25)),
        ("replay:runs/c.sqlite", replay("runs/c.sqlite", None)),
        ("replay:what?.sqlite", replay("what?.sqlite", None)),
        ("replay:c.jsonl?model=openai:m", replay("c.jsonl", Some("openai:m"))),
    ] {
        let read: LlmUri = text.parse().unwrap();
        assert_eq!(read, expected);
        assert_eq!(read.to_string().parse(), Ok(expected));
    }
}

#[test]
fn what_is_wrong_is_said_with_a_way_out() {
    for (text, message, hint) in [
        ("gpt-4", "no kind of model before a colon: gpt-4", "openai:MODEL"),
        ("m.gguf", "no kind of model before the path: m.gguf", "write gguf:m.gguf"),
        ("openai:", "nothing after openai:: openai:", "openai:MODEL"),
        ("ollama:x", "an unknown kind of model: ollama:x", "openai:MODEL"),
        ("http://localhost", "an address is not the name of a model: http://localhost", "OPENAI_BASE_URL"),
        ("builtin:oracle", "no builtin is called oracle: builtin:oracle", "builtin:expert"),
        ("builtin:expert?q=1", "builtin:expert has no setting q: builtin:expert?q=1", "quality=Q"),
        ("builtin:expert?quality=2", "2 is not a quality: builtin:expert?quality=2", "from 0 to 1"),
        ("builtin:expert?quality=nan", "nan is not a quality: builtin:expert?quality=nan", "from 0 to 1"),
    ] {
        let error = text.parse::<LlmUri>().unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.hint.contains(hint), "{error:?}");
    }
}

#[test]
fn paths_can_be_taken_from_a_folder() {
    for (text, expected) in [
        ("gguf:m.gguf", "gguf:runs/m.gguf"),
        ("gguf:/m.gguf", "gguf:/m.gguf"),
        ("minilm:vectors", "minilm:runs/vectors"),
        ("replay:c.sqlite?model=m", "replay:runs/c.sqlite?model=m"),
        ("openai:m", "openai:m"),
    ] {
        let uri: LlmUri = text.parse().unwrap();
        assert_eq!(uri.relative_to(std::path::Path::new("runs")).to_string(), expected);
    }
}
