//! Requests and answers as JSON.

use serde::Deserialize;
use serde_json::Value;

use super::transport::Failure;
use crate::thoughts::is_silent;
use crate::{LlmError, StopReason, Usage};

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
    content: Value,
    #[serde(default)]
    refusal: Option<String>,
}

/// The text of a message: as it stands, or joined from its parts that are text.
pub(crate) fn text_of(content: &Value) -> Option<String> {
    let part = |part: &Value| match part {
        Value::String(text) => Some(text.clone()),
        _ => {
            let kind = part["type"].as_str().unwrap_or("text");
            part["text"].as_str().filter(|_| matches!(kind, "text" | "output_text")).map(str::to_owned)
        }
    };
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts: Vec<String> = parts.iter().filter_map(part).collect();
            (!texts.is_empty()).then(|| texts.concat())
        }
        _ => None,
    }
}

/// Reads the answer to a chat request that asked for at most so many tokens.
///
/// # Errors
/// What is wrong with it, which holds nothing of the answer; an answer in which nothing is said is none.
pub(crate) fn read_chat(bytes: &[u8], most_tokens: u32) -> Result<Written, Failure> {
    let answer: ChatAnswer = parse(bytes).map_err(Failure::Lost)?;
    let no_choice = || Failure::Lost("the answer has no choices".to_owned());
    let choice = answer.choices.into_iter().next().ok_or_else(no_choice)?;
    let reason = choice.finish_reason.unwrap_or_default();
    let ChatMessage { content, refusal } = choice.message;
    if !content.is_null() && !content.is_string() && !content.is_array() {
        return Err(Failure::Lost("the answer has another shape: its content is no text".to_owned()));
    }
    let text = text_of(&content).filter(|text| !text.is_empty()).or(refusal).unwrap_or_default();
    if reason == "content_filter" {
        let reason = "the server's content filter kept the answer back".to_owned();
        return Err(Failure::Useless(LlmError::Failed { reason }));
    }
    let is_cut = matches!(reason.as_str(), "length" | "max_tokens");
    match (is_silent(&text), is_cut) {
        // A model that thinks aside may have used all its tokens for it.
        (true, true) => Err(Failure::Useless(LlmError::CutOff { tokens: most_tokens })),
        (true, false) if reason == "tool_calls" => {
            Err(Failure::Lost("the answer has no text, it calls a tool".to_owned()))
        }
        (true, false) => Err(Failure::Lost("the answer has no text".to_owned())),
        (false, _) => {
            let stop = if is_cut { StopReason::Length } else { StopReason::Stop };
            Ok(Written { text, stop, usage: read_usage(&answer.usage) })
        }
    }
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
