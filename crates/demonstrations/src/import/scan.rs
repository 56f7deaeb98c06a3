//! The three patterns of BiLLP's logged lines, case-insensitive.

/// What a line holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line<'a> {
    /// A recommendation, and the replacement if the same line names one.
    Action { requested: &'a str, replacement: Option<&'a str> },
    /// What was shown instead.
    Replacement(&'a str),
    /// What the user answered.
    Reward(f32),
    /// What the expert was thinking before its next recommendation.
    Thought(&'a str),
    /// Anything else.
    Other,
}

/// Reads one line. The first pattern that matches wins, in the order of [`Line`]'s variants.
pub(super) fn scan(line: &str) -> Line<'_> {
    let lower = line.to_ascii_lowercase();
    if let Some(requested) = action(line, &lower) {
        return Line::Action { requested, replacement: replacement(line, &lower) };
    }
    if let Some(title) = replacement(line, &lower) {
        return Line::Replacement(title);
    }
    if let Some(reward) = reward(&lower) {
        return Line::Reward(reward);
    }
    thought(line, &lower).map_or(Line::Other, Line::Thought)
}

/// `Action <digits?>: recommend[ X ]`, X up to the first `]`.
fn action<'a>(line: &'a str, lower: &str) -> Option<&'a str> {
    starts(lower, "action").find_map(|at| {
        let rest = lower[at..].trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let rest = rest.strip_prefix(':')?.trim_start();
        bracketed(line, lower, rest)
    })
}

/// `instead,? recommend[ X ]`.
fn replacement<'a>(line: &'a str, lower: &str) -> Option<&'a str> {
    starts(lower, "instead").find_map(|at| {
        let rest = &lower[at..];
        let rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        bracketed(line, lower, rest)
    })
}

/// `reward=<signed float, exponent allowed>`.
fn reward(lower: &str) -> Option<f32> {
    starts(lower, "reward").find_map(|at| {
        let rest = lower[at..].trim_start().strip_prefix('=')?.trim_start();
        let end = rest.find(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c))).unwrap_or(rest.len());
        // A sentence may end right behind the number: give up characters until it reads as one.
        (1..=end).rev().find_map(|n| rest[..n].parse::<f32>().ok()).filter(|value| value.is_finite())
    })
}

/// `Thought <digits?>: text`.
fn thought<'a>(line: &'a str, lower: &str) -> Option<&'a str> {
    let rest = lower.trim_start().strip_prefix("thought")?.trim_start();
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().strip_prefix(':')?;
    Some(line[line.len() - rest.len()..].trim())
}

/// The text in `recommend[ .. ]` at the start of `rest`, which is the end of `lower`.
fn bracketed<'a>(line: &'a str, lower: &str, rest: &str) -> Option<&'a str> {
    let inside = rest.strip_prefix("recommend")?.trim_start().strip_prefix('[')?;
    let start = lower.len() - inside.len();
    let end = start + inside.find(']')?;
    Some(line[start..end].trim())
}

/// The places right behind each occurrence of `word`.
fn starts<'a>(lower: &'a str, word: &'static str) -> impl Iterator<Item = usize> + 'a {
    lower.match_indices(word).map(|(at, found)| at + found.len())
}
