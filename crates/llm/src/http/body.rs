//! Requests as JSON, as the server at hand takes them.

use serde_json::{Value, json};

use super::HttpSettings;
use super::settings::Parameter;
use crate::{Generate, Message, Speaker};

/// Seeds are folded into this many bits, which every server accepts.
const SEED_BITS: u32 = 31;

/// The body of a chat request.
pub(crate) fn chat_body(model: &str, request: &Generate, settings: &HttpSettings) -> String {
    let sampling = &request.sampling;
    let mut body = json!({ "model": model, "messages": messages(&request.messages, settings) });
    let longest = if settings.max_completion_tokens { "max_completion_tokens" } else { "max_tokens" };
    let seed = (sampling.seed ^ (sampling.seed >> SEED_BITS)) & ((1 << SEED_BITS) - 1);
    let parameters = [
        (Parameter::Temperature, "temperature", short(sampling.temperature)),
        (Parameter::TopP, "top_p", short(sampling.top_p)),
        (Parameter::Seed, "seed", seed.into()),
        (Parameter::MaxTokens, longest, sampling.max_tokens.into()),
        (Parameter::Stop, "stop", json!(sampling.stop)),
    ];
    for (parameter, name, value) in parameters {
        let is_empty = value.as_array().is_some_and(Vec::is_empty);
        if settings.sends(parameter) && !is_empty {
            body[name] = value;
        }
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

/// The messages; standing instructions stand before what the user says first where the server takes no such role.
fn messages(all: &[Message], settings: &HttpSettings) -> Value {
    if settings.system_role {
        return json!(all);
    }
    let (standing, mut others): (Vec<Message>, Vec<Message>) =
        all.iter().cloned().partition(|message| message.role == Speaker::System);
    let standing: Vec<String> = standing.into_iter().map(|message| message.content).collect();
    if !standing.is_empty() {
        let standing = standing.join("\n\n");
        match others.iter_mut().find(|message| message.role == Speaker::User) {
            Some(first) => first.content = format!("{standing}\n\n{}", first.content),
            None => others.insert(0, Message { role: Speaker::User, content: standing }),
        }
    }
    json!(others)
}

/// The body of an embedding request.
pub(crate) fn embedding_body(model: &str, texts: &[String]) -> String {
    json!({ "model": model, "input": texts, "encoding_format": "float" }).to_string()
}

/// The body of a request that lets a prompt be repeated with its log-probabilities. One token has to be written: not
/// every server takes none for none.
pub(crate) fn score_body(model: &str, prefix: &str, text: &str, settings: &HttpSettings) -> String {
    let prompt = format!("{prefix}{text}");
    let mut body = json!({ "model": model, "prompt": prompt, "max_tokens": 1, "echo": true, "logprobs": 1 });
    if settings.sends(Parameter::Temperature) {
        body["temperature"] = 0.into();
    }
    body.to_string()
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
