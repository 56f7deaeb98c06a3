//! What a model says, apart from what it thinks aloud.

const THINK: &str = "<think>";
const THOUGHT: &str = "</think>";

/// An answer without the blocks in which the model thinks aloud, and whether the last of them was never closed. A first
/// block may also have been opened by the prompt.
pub fn without_thoughts(answer: &str) -> (String, bool) {
    let mut rest = answer;
    let mut text = String::new();
    if let Some(end) = rest.find(THOUGHT)
        && rest.find(THINK).is_none_or(|start| start > end)
    {
        rest = &rest[end + THOUGHT.len()..];
    }
    while let Some(start) = rest.find(THINK) {
        text.push_str(&rest[..start]);
        let Some(end) = rest[start..].find(THOUGHT) else { return (text, true) };
        rest = &rest[start + end + THOUGHT.len()..];
    }
    text.push_str(rest);
    (text, false)
}

/// Whether nothing is said beside thoughts.
pub(crate) fn is_silent(answer: &str) -> bool {
    without_thoughts(answer).0.trim().is_empty()
}
