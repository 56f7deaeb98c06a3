//! Answers that come in another form than was asked for: as a stream of events, after a byte order mark, with halves of
//! characters.

use std::borrow::Cow;

use serde_json::{Value, json};

/// What some servers put before JSON.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The JSON of an answer, whatever it was sent as.
///
/// # Errors
/// What is wrong with a stream.
pub(crate) fn as_json(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let body = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    let start = body.trim_ascii_start();
    if [&b"data:"[..], b"event:", b"id:", b"retry:", b": "].iter().any(|field| start.starts_with(field)) {
        return assembled(start).map(|answer| answer.to_string().into_bytes());
    }
    match whole_characters(body) {
        Cow::Owned(mended) => Ok(mended),
        Cow::Borrowed(body) if body.len() < bytes.len() => Ok(body.to_vec()),
        Cow::Borrowed(_) => Ok(bytes),
    }
}

/// One answer out of the events of a stream.
fn assembled(stream: &[u8]) -> Result<Value, String> {
    let streamed = |what: &str| format!("the server streams, although it was not asked to, and {what}");
    let text = String::from_utf8_lossy(stream).replace("\r\n", "\n").replace('\r', "\n");
    let (mut said, mut reason, mut usage, mut is_over) = (String::new(), Value::Null, Value::Null, false);
    let mut n_pieces = 0;
    for event in text.split("\n\n") {
        let data: Vec<&str> =
            event.lines().filter_map(|line| Some(line.strip_prefix("data:")?.trim_start())).collect();
        let data = data.join("\n");
        if data.is_empty() {
            continue;
        }
        if data.trim() == "[DONE]" {
            is_over = true;
            break;
        }
        let data = whole_characters(data.as_bytes());
        let event: Value = serde_json::from_slice(&data).map_err(|_| streamed("an event is not JSON"))?;
        if !event["error"].is_null() {
            return Ok(event);
        }
        let choice = &event["choices"][0];
        if !choice["logprobs"].is_null() && choice["text"].is_string() {
            return Err(streamed("log-probabilities cannot be put together"));
        }
        for piece in [&choice["delta"]["content"], &choice["message"]["content"], &choice["text"]] {
            if let Some(piece) = super::wire::text_of(piece) {
                said.push_str(&piece);
                n_pieces += 1;
            }
        }
        if !choice["error"].is_null() {
            return Ok(event);
        }
        if let Some(why) = choice["finish_reason"].as_str() {
            (reason, is_over) = (why.into(), true);
        }
        if event["usage"].is_object() {
            usage = event["usage"].clone();
        }
    }
    if !is_over {
        return Err(streamed("the stream ends before the answer does"));
    }
    let content = if n_pieces > 0 { Value::from(said) } else { Value::Null };
    Ok(json!({
        "choices": [{ "message": { "role": "assistant", "content": content }, "finish_reason": reason }],
        "usage": usage,
    }))
}

/// JSON in which no character is half: an escape that is one half of a pair without the other becomes the mark for what
/// cannot be shown.
pub(crate) fn whole_characters(json: &[u8]) -> Cow<'_, [u8]> {
    if !json.windows(3).any(|part| part[0] == b'\\' && part[1] == b'u' && part[2] | 0x20 == b'd') {
        return Cow::Borrowed(json);
    }
    let escape = |at: usize| -> Option<u16> {
        let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let (mut mended, mut at) = (Vec::with_capacity(json.len()), 0);
    while at < json.len() {
        if json[at] != b'\\' {
            mended.push(json[at]);
            at += 1;
            continue;
        }
        let is_pair = |high: u16| {
            (0xd800..0xdc00).contains(&high)
                && escape(at + 6).is_some_and(|low| (0xdc00..0xe000).contains(&low))
        };
        let n_bytes = match escape(at) {
            Some(unit) if is_pair(unit) => 12,
            Some(unit) if (0xd800..0xe000).contains(&unit) => {
                mended.extend(b"\\ufffd");
                at += 6;
                continue;
            }
            Some(_) => 6,
            None => 2,
        };
        let end = (at + n_bytes).min(json.len());
        mended.extend(&json[at..end]);
        at = end;
    }
    Cow::Owned(mended)
}
