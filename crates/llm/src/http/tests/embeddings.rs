//! Vectors from a server.

use std::num::NonZeroU16;

use super::server::Server;
use super::{client, quick, status};
use crate::*;

fn texts(n: usize) -> Vec<String> {
    (0..n).map(|n| n.to_string()).collect()
}

#[test]
fn vectors_stand_in_the_order_of_the_texts_whatever_the_servers() {
    let server = Server::start(|r| {
        assert!(r.head.starts_with("POST /v1/embeddings "));
        let body: serde_json::Value = serde_json::from_str(&r.body).unwrap();
        let rows = body["input"].as_array().unwrap().iter().enumerate().rev();
        let row = |(index, text): (usize, &serde_json::Value)| {
            let number: f32 = text.as_str().unwrap().parse().unwrap();
            serde_json::json!({ "index": index, "embedding": [3.0 * number, 4.0 * number, 0.5] })
        };
        let answer =
            serde_json::json!({ "data": rows.map(row).collect::<Vec<_>>(), "usage": { "prompt_tokens": 5 } });
        status("200 OK", "", &answer.to_string())
    });
    let settings = HttpSettings { embedding_batch: NonZeroU16::new(3).unwrap(), ..quick() };
    let embedded = client(&server, settings).embed_counted(&texts(8)).unwrap();
    assert_eq!((server.n_requests(), embedded.usage.tokens_in), (3, 15));
    for (number, vector) in embedded.vectors.iter().enumerate() {
        let length = (25.0 * (number * number) as f32 + 0.25).sqrt();
        let expected = [3.0 * number as f32, 4.0 * number as f32, 0.5].map(|x| x / length);
        let distance: f32 = vector.iter().zip(expected).map(|(x, y)| (x - y).abs()).sum();
        assert!(distance < 1e-5, "{number}: {vector:?}");
    }
}

#[test]
fn vectors_that_are_missing_or_none_are_a_failure() {
    for body in [
        r#"{"data":[{"embedding":[1.0]}]}"#,
        r#"{"data":[{"embedding":[1.0]},{"embedding":[1.0,2.0]}]}"#,
        r#"{"data":[{"index":0,"embedding":[1.0]},{"index":0,"embedding":[1.0]}]}"#,
        r#"{"data":[{"embedding":[]},{"embedding":[]}]}"#,
        r#"{"data":[{"embedding":[0.0]},{"embedding":[1.0]}]}"#,
        r#"{"data":[{"embedding":[1e39]},{"embedding":[1.0]}]}"#,
        r#"{"data":"none"}"#,
    ] {
        let server = Server::start(move |_| status("200 OK", "", body));
        let result = client(&server, quick()).embed(&texts(2));
        assert!(matches!(result, Err(LlmError::Failed { .. })), "{body}: {result:?}");
    }
}
