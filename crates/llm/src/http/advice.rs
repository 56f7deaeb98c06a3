//! Which setting helps when a server refuses a part of a request.

/// What to do where a refusal is about nothing that has a setting of its own.
pub(crate) const WHAT_IS_SENT: &str = "the server refuses the request itself: the table `http` of the file behind \
    --llm-config says what is sent (`omit`, `system_role`, `max_completion_tokens`, `json_schema`)";

/// Words with which servers refuse a parameter.
const CUES: [&str; 14] = [
    "unsupported",
    "not support",
    "not permitted",
    "not allowed",
    "unknown",
    "unrecognized",
    "unrecognised",
    "unexpected",
    "invalid",
    "extra",
    "only",
    "deprecated",
    "must be",
    "cannot",
];

/// The parameters whose names mean nothing else, and what helps where one is refused.
const NAMED: [(&str, &str); 8] = [
    (
        "max_completion_tokens",
        "set `max_completion_tokens = false` in the table `http` of the file behind --llm-config",
    ),
    ("max_tokens", OTHER_NAME),
    ("top_p", "leave it out: `omit = [\"top_p\"]` in the table `http` of the file behind --llm-config"),
    ("response_format", "set `json_schema = false` in the table `http` of the file behind --llm-config"),
    ("json_schema", "set `json_schema = false` in the table `http` of the file behind --llm-config"),
    ("guided_json", "set `json_schema = false` in the table `http` of the file behind --llm-config"),
    (
        "continue_final_message",
        "set `continue_final_message = false` in the table `http` of the file behind --llm-config",
    ),
    (
        "add_generation_prompt",
        "set `continue_final_message = false` in the table `http` of the file behind --llm-config",
    ),
];

/// The same for parameters that are words of the language: they count only where the server speaks of parameters.
const WORDS: [(&str, &str); 3] = [
    (
        "temperature",
        "leave it out: `omit = [\"temperature\"]` in the table `http` of the file behind --llm-config; or give the \
         value that the server takes: --set sampling.temperature=1 --set sampling.critic_temperature=1",
    ),
    ("seed", "leave it out: `omit = [\"seed\"]` in the table `http` of the file behind --llm-config"),
    ("stop", "leave it out: `omit = [\"stop\"]` in the table `http` of the file behind --llm-config"),
];

const OTHER_NAME: &str =
    "set `max_completion_tokens = true` in the table `http` of the file behind --llm-config";
const SYSTEM_ROLE: &str = "let the instructions stand in the first message of the user: `system_role = false` in the \
    table `http` of the file behind --llm-config";
const TOO_MANY_TOKENS: &str = "the server does not write that many tokens: lower sampling.planner_tokens, sampling.actor_tokens, \
     sampling.critic_tokens or sampling.reflector_tokens";
const TOO_LONG: &str = "the prompt is too long for the server: lower `prompt_tokens` (--set prompt_tokens=N), or say \
    how much fits: `context = N` in the table `http` of the file behind --llm-config";

/// What helps against a refusal that would meet every such request: a parameter, named by the server (`parameter`) or
/// in its message, or a role that it does not know.
pub(crate) fn for_every_request(message: &str, parameter: &str) -> Option<&'static str> {
    let message = message.to_lowercase();
    let is_about_length = ["maximum context", "context length", "context window", "too long"];
    if is_about_length.iter().any(|words| message.contains(words)) {
        return None;
    }
    let exact = NAMED.iter().find(|(name, _)| parameter == *name);
    if let Some((name, hint)) = exact.or_else(|| NAMED.iter().find(|(name, _)| has_word(&message, name))) {
        let is_length = name.starts_with("max_");
        // A message may name the parameter that it wants beside the one that it refuses.
        let has_both = has_word(&message, "max_tokens") && has_word(&message, "max_completion_tokens");
        let is_about_size =
            ["too large", "at most", "maximum", "less than"].iter().any(|w| message.contains(w));
        return Some(match (is_length, has_both, is_about_size) {
            (true, true, _) if parameter != "max_completion_tokens" => OTHER_NAME,
            (true, false, true) => TOO_MANY_TOKENS,
            _ => hint,
        });
    }
    let is_refusal = CUES.iter().any(|cue| message.contains(cue));
    let is_meant = |name: &str| parameter == name || is_refusal && is_marked(&message, name);
    if let Some((_, hint)) = WORDS.iter().find(|(name, _)| is_meant(name)) {
        return Some(hint);
    }
    let is_system = has_word(&message, "system") && (message.contains("role") || message.contains("message"));
    let is_instruction = message.contains("developer instruction") || message.contains("system instruction");
    let is_order =
        message.contains("roles must alternate") || message.contains("only user and assistant roles");
    (is_system && is_refusal || is_instruction || is_order).then_some(SYSTEM_ROLE)
}

/// What helps against a refusal of one request.
pub(crate) fn for_this_request(message: &str, code: &str) -> &'static str {
    let message = message.to_lowercase();
    let is_length = code == "context_length_exceeded"
        || ["maximum context", "context length", "context window", "context size", "too long"]
            .iter()
            .any(|words| message.contains(words));
    if is_length { TOO_LONG } else { WHAT_IS_SENT }
}

/// Whether a name stands in a text by itself.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}

/// Whether a name stands in a text as a parameter does: quoted, after a path, before a colon, or beside a word that says
/// what it is.
fn is_marked(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        if before.ends_with(is_part) || after.starts_with(is_part) {
            return false;
        }
        let quotes = ['\'', '"', '`'];
        let is_quoted = before.ends_with(quotes) && after.starts_with(quotes) || before.ends_with("body.");
        let words = ["parameter", "argument", "field", "property", "keyword", "option", "supplied"];
        let beside = before.trim_end().rsplit(' ').next().unwrap_or("").trim_end_matches(':');
        let follows = after.trim_start().split(' ').next().unwrap_or("");
        let has_cue = |word: &str| words.iter().any(|w| word.starts_with(w));
        let is_subject = ["is", "does", "must", "cannot", "can", "only", "not"].contains(&follows);
        is_quoted || has_cue(beside) || has_cue(follows) || is_subject
    })
}
