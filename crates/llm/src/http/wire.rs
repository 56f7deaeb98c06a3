//! Requests and answers as JSON.

use serde::Deserialize;
use serde_json::{Value, json};

use super::HttpSettings;
use crate::{Generate, Speaker, StopReason, Usage};

/// Seeds are folded into this many bits, which every server accepts.
const SEED_BITS: u32 = 31;

/// The body of a chat request.
pub(crate) fn chat_body(model: &str, request: &Generate, settings: &HttpSettings) -> String {
    let sampling = &request.sampling;
    let mut body = json!({
        "model": model,
        "messages": request.messages,
        "temperature": short(sampling.temperature),
        "top_p": short(sampling.top_p),
        "seed": (sampling.seed ^ (sampling.seed >> SEED_BITS)) & ((1 << SEED_BITS) - 1),
    });
    let longest = if settings.max_completion_tokens { "max_completion_tokens" } else { "max_tokens" };
    body[longest] = sampling.max_tokens.into();
    if !sampling.stop.is_empty() {
        body["stop"] = json!(sampling.stop);
    }
    if let Some(schema) = request.schema.as_ref().filter(|_| settings.json_schema) {
        let format = json!({ "name": "answer", "strict": true, "schema": schema });
        body["response_format"] = json!({ "type": "json_schema", "json_schema": format });
    }
    if settings.continue_final_message && begun(request).is_some() {
        body["continue_final_message"] = true.into();
        body["add_generation_prompt"] = false.into();
    }
    body.to_string()
}

/// The body of an embedding request.
pub(crate) fn embedding_body(model: &str, texts: &[String]) -> String {
    json!({ "model": model, "input": texts, "encoding_format": "float" }).to_string()
}

/// The beginning of the answer that the request holds.
pub(crate) fn begun(request: &Generate) -> Option<&str> {
    let last = request.messages.last().filter(|message| message.role == Speaker::Assistant)?;
    Some(&last.content)
}

/// The shortest decimal number, 0.7 and not 0.699999988.
fn short(x: f32) -> Value {
    x.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

/// What a server wrote.
#[derive(Debug, PartialEq)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) stop: StopReason,
    pub(crate) usage: Option<Usage>,
}

#[derive(Deserialize)]
struct ChatAnswer {
    choices: Vec<ChatChoice>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct ChatChoice {
    message: ChatMessage,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct ChatMessage {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

/// Reads the answer to a chat request.
///
/// # Errors
/// What is wrong with it; holds nothing of the answer.
pub(crate) fn read_chat(bytes: &[u8]) -> Result<Written, String> {
    let answer: ChatAnswer = parse(bytes)?;
    let choice = answer.choices.into_iter().next().ok_or("the answer has no choices")?;
    let is_cut = choice.finish_reason.as_deref() == Some("length");
    let text = match (choice.message.content, choice.message.refusal) {
        (Some(text), _) | (None, Some(text)) => text,
        // A model that thinks aside may have used all its tokens for it.
        (None, None) if is_cut => String::new(),
        (None, None) => return Err("the answer has no text".to_owned()),
    };
    let stop = if is_cut { StopReason::Length } else { StopReason::Stop };
    Ok(Written { text, stop, usage: read_usage(&answer.usage) })
}

#[derive(Deserialize)]
struct EmbeddingAnswer {
    data: Vec<EmbeddingRow>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct EmbeddingRow {
    embedding: Vec<f32>,
    #[serde(default)]
    index: Option<usize>,
}

/// Reads the answer to an embedding request for `n` texts: their vectors, of one width and of unit length.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read_embeddings(bytes: &[u8], n: usize) -> Result<(Vec<Vec<f32>>, Option<Usage>), String> {
    let answer: EmbeddingAnswer = parse(bytes)?;
    let usage = read_usage(&answer.usage);
    let mut rows: Vec<(usize, Vec<f32>)> = answer
        .data
        .into_iter()
        .enumerate()
        .map(|(place, row)| (row.index.unwrap_or(place), row.embedding))
        .collect();
    rows.sort_by_key(|(index, _)| *index);
    let width = rows.first().map_or(0, |(_, row)| row.len());
    let is_complete = rows.len() == n && rows.iter().enumerate().all(|(place, (index, _))| place == *index);
    if !is_complete || rows.iter().any(|(_, row)| row.len() != width || row.is_empty()) {
        return Err("the answer does not have one vector per text".to_owned());
    }
    let vectors: Option<Vec<Vec<f32>>> = rows.into_iter().map(|(_, row)| unit(row)).collect();
    Ok((vectors.ok_or("the answer has a vector without a direction")?, usage))
}

#[derive(Deserialize)]
struct ModelList {
    data: Vec<ModelRow>,
}

#[derive(Deserialize)]
struct ModelRow {
    id: String,
}

/// Reads the names of a server's models.
///
/// # Errors
/// What is wrong with the answer.
pub(crate) fn read_models(bytes: &[u8]) -> Result<Vec<String>, String> {
    let list: ModelList = parse(bytes)?;
    Ok(list.data.into_iter().map(|row| row.id).collect())
}

fn unit(mut row: Vec<f32>) -> Option<Vec<f32>> {
    let length = row.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
    row.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
    row.iter().all(|x| x.is_finite()).then_some(row)
}

/// What the server says it cost, as far as it says so.
pub(crate) fn read_usage(usage: &Value) -> Option<Usage> {
    let tokens_in = usage["prompt_tokens"].as_u64()?;
    let reused = usage["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap_or(0);
    let tokens_out = usage["completion_tokens"].as_u64().unwrap_or(0);
    Some(Usage { tokens_in, tokens_reused: reused.min(tokens_in), tokens_out, seconds: 0.0 })
}

/// The parser's message says where, never what.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => {
                format!("the answer has another shape (line {line}, column {column})")
            }
            _ => format!("the answer is not JSON (line {line}, column {column})"),
        }
    })
}
