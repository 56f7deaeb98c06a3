//! Titles within running text: where a name can begin and end, and what shows that it is meant.

use super::words::{
    begins_high, closing, is_background, is_closing, is_connective, is_cue, is_frame, is_negation, is_prose,
    is_reason,
};
use crate::title::{bracket_group, folded_words, is_article, is_moved_article, within, year_beside};
use std::ops::Range;

/// How many words of an answer are looked through.
const N_TOKENS: usize = 240;
/// How many words back a sentence is asked whether it speaks of the past.
const N_BACK: usize = 6;

/// A text cut into words.
#[derive(Debug)]
pub(super) struct Running<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
}

#[derive(Debug)]
struct Token<'a> {
    start: usize,
    text: &'a str,
    /// Whether it stands in round brackets.
    is_aside: bool,
    /// Folded, at the front of a name.
    plain: String,
    /// Folded, behind the word before it.
    inner: String,
}

/// How a name begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Left {
    is_cued: bool,
    opened: Option<char>,
}

/// How a name ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    /// With its sentence, line or a reason.
    End,
    /// Before a small word.
    Word,
    /// Not here.
    Goes,
}

/// A stretch of words that could be a name, with what stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The name without articles, as [`Name::bare_key`](crate::title::Name::bare_key) has it.
    pub(super) key: String,
    /// The year behind it.
    pub(super) year: Option<u16>,
    /// Whether the year stands there without brackets, so that it could be a part of the name.
    pub(super) is_bare_year: bool,
    /// Whether it stands in quotes or emphasis of its own.
    pub(super) is_quoted: bool,
    /// Whether a word that recommends stands before it, and nothing but a reason behind it.
    pub(super) is_cued: bool,
    /// Whether its words begin with capitals and it ends where a name can.
    pub(super) is_marked_off: bool,
    /// Whether the sentence speaks of what was liked or seen, or advises against it.
    pub(super) is_background: bool,
    last: usize,
}

impl<'a> Running<'a> {
    /// Cuts a text.
    pub(super) fn of(text: &'a str) -> Self {
        let mut tokens: Vec<Token<'a>> = Vec::new();
        let (mut start, mut depth) = (None, 0_usize);
        let signs: Vec<(usize, char)> = text.char_indices().collect();
        for (n, &(at, c)) in signs.iter().enumerate() {
            let next = signs.get(n + 1).map(|&(_, c)| c);
            let is_inner = is_apostrophe(c) && start.is_some() && next.is_some_and(char::is_alphanumeric);
            let is_mark = start.is_some() && ('\u{300}'..='\u{36f}').contains(&c);
            if c.is_alphanumeric() || is_inner || is_mark {
                start.get_or_insert(at);
                continue;
            }
            if let Some(from) = start.take() {
                push(&mut tokens, text, from..at, depth > 0);
            }
            match c {
                '&' => push(&mut tokens, text, at..at + 1, depth > 0),
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if tokens.len() >= N_TOKENS {
                return Self { text, tokens };
            }
        }
        if let Some(from) = start {
            push(&mut tokens, text, from..text.len(), depth > 0);
        }
        Self { text, tokens }
    }

    /// How many words it has.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The first stretch at or behind a word that `is_name` and `is_meant` accept, the longest at its place; and the
    /// word behind it. Names have at most `n_longest` words.
    pub(super) fn find(
        &self,
        from: usize,
        n_longest: usize,
        is_name: impl Fn(&str) -> bool,
        is_meant: impl Fn(&Stretch) -> bool,
    ) -> Option<(Stretch, usize)> {
        for first in from..self.len() {
            // Articles before a name are no part of its key.
            if is_article(&self.tokens[first].plain) || self.tokens[first].is_aside {
                continue;
            }
            let Some(left) = self.left(first) else { continue };
            let mut key = String::new();
            let mut best = None;
            for last in first..(first + n_longest).min(self.len()) {
                let token = &self.tokens[last];
                let is_front = last == first && !self.has_article_before(first);
                key.push_str(if is_front { &token.plain } else { &token.inner });
                if is_name(&key) {
                    best = Some(self.stretch(key.clone(), left, first, last)).filter(&is_meant).or(best);
                }
            }
            if let Some(found) = best {
                let behind = found.last + 1;
                return Some((found, behind));
            }
        }
        None
    }

    fn has_article_before(&self, at: usize) -> bool {
        at > 0 && is_article(&self.tokens[at - 1].plain) && self.gap(at).trim().is_empty()
    }

    /// What stands between a word and the one before it.
    fn gap(&self, at: usize) -> &'a str {
        let from = at.checked_sub(1).map_or(0, |before| self.tokens[before].end());
        &self.text[from..self.tokens[at].start]
    }

    /// Whether a name can begin at a word, and how.
    fn left(&self, at: usize) -> Option<Left> {
        let gap = self.gap(at);
        let outside = gap.trim_end_matches(|c| closing(c).is_some());
        let opened = gap[outside.len()..].chars().last();
        // Signs within a word (`Watch_Dogs`) open nothing.
        if opened.is_some() && at > 0 && outside.is_empty() {
            return None;
        }
        Some(Left { opened, ..self.left_of_gap(at, outside)? })
    }

    fn left_of_gap(&self, at: usize, gap: &str) -> Option<Left> {
        let start = Left::default();
        if at == 0 || gap.contains(['\n', ';', '…', '|', '→', '•']) {
            return (!gap.ends_with('(')).then_some(start);
        }
        let is_small = self.tokens[at - 1].is_low() || self.is_frame(at - 1) || self.is_list_number(at - 1);
        match gap.trim() {
            "" if is_article(&self.tokens[at - 1].plain) && gap.len() < 2 => self.left(at - 1),
            "" if !gap.is_empty() => self.left_of_word(at),
            "." if self.is_list_number(at - 1) => Some(start),
            "." | "!" | "?" if gap.ends_with(' ') => self.ends_sentence(at - 1).then_some(start),
            ":" => is_small.then_some(Left { is_cued: true, opened: None }),
            "," => is_small.then_some(start),
            ")" | ")." | ")," => Some(start),
            "-" | "–" | "—" if gap.starts_with(' ') => is_small.then_some(start),
            _ => None,
        }
    }

    /// The same behind a blank.
    fn left_of_word(&self, at: usize) -> Option<Left> {
        let begins_high = begins_high(self.tokens[at].text);
        let mut before = at - 1;
        while is_connective(&self.tokens[before].plain) && !self.is_cue(before) {
            if before == 0 || !self.gap(before).trim().is_empty() {
                return begins_high.then_some(Left::default());
            }
            before -= 1;
        }
        if self.is_cue(before) {
            return Some(Left { is_cued: true, opened: None });
        }
        let word = &self.tokens[before];
        let is_free = self.is_frame(before)
            || self.is_list_number(before)
            || word.text.ends_with("'s")
            || word.text.ends_with("’s")
            || (word.is_low() && begins_high);
        is_free.then_some(Left::default())
    }

    /// Whether a stop behind a word ends a sentence: abbreviations are short, and joined by what follows.
    fn ends_sentence(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        !is_connective(&token.plain) && (token.text.chars().count() > 3 || token.is_low())
    }

    /// Whether a word begins its sentence or line.
    fn is_first(&self, at: usize) -> bool {
        at == 0 || self.gap(at).contains(['\n', '.', '!', '?', ':', ',', ';'])
    }

    /// Whether a recommendation follows a word: a small one, or the first of its sentence.
    fn is_cue(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        is_cue(&token.plain) && (token.is_low() || self.is_first(at) || self.is_frame(at - 1))
    }

    /// Whether a word may stand before a title without being a part of it.
    fn is_frame(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        is_frame(&token.plain)
            && (token.is_low() || token.plain == "i" || self.is_first(at) || self.is_frame(at - 1))
    }

    fn is_list_number(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        let is_first = at == 0 || self.gap(at).contains('\n');
        is_first && token.text.len() <= 3 && token.text.bytes().all(|b| b.is_ascii_digit())
    }

    fn stretch(&self, key: String, left: Left, first: usize, last: usize) -> Stretch {
        let tail = self.tail(last);
        let right = self.right(tail.rest);
        let is_high = self.tokens[first..=last]
            .iter()
            .all(|token| begins_high(token.text) || is_connective(&token.plain) || token.text == "&");
        let begins_high = begins_high(self.tokens[first].text);
        Stretch {
            key,
            year: tail.year,
            is_bare_year: tail.is_bare_year,
            is_quoted: left.opened.and_then(closing).is_some_and(|close| tail.closed.contains(&close)),
            is_cued: left.is_cued && begins_high && right != Right::Goes,
            is_marked_off: is_high && begins_high && right != Right::Goes,
            is_background: self.is_background(first),
            last,
        }
    }

    /// What follows a name: closing signs, a moved article, brackets, a year.
    fn tail(&self, last: usize) -> Tail<'a> {
        let mut end = self.tokens[last].end();
        if let Some(next) = self.tokens.get(last + 1).filter(|next| is_moved_article(&next.plain))
            && self.gap(last + 1) == ", "
        {
            let behind = self.text[next.end()..].trim_start_matches(is_closing).trim_start();
            if behind.is_empty() || behind.starts_with(['(', '[', '.']) {
                end = next.end();
            }
        }
        let mut tail = Tail { year: None, is_bare_year: false, closed: Vec::new(), rest: &self.text[end..] };
        loop {
            let rest = tail.rest.trim_start_matches([' ', '™', '®', '©']);
            let unsigned = rest.trim_start_matches(['!', '?', '.', '…', '*', ' ']);
            if let Some(c) = tail.rest.chars().next().filter(|&c| is_closing(c)) {
                tail.closed.push(c);
                tail.rest = &tail.rest[c.len_utf8()..];
            } else if let Some((inside, after)) = bracket_group(rest).or_else(|| bracket_group(unsigned)) {
                tail.year = tail.year.or(year_beside(inside.trim()).map(|(year, _)| year));
                tail.rest = after;
            } else if let Some((year, after)) = bare_year(tail.rest).filter(|_| tail.year.is_none()) {
                (tail.year, tail.rest, tail.is_bare_year) = (Some(year), after, true);
            } else {
                return tail;
            }
        }
    }

    fn right(&self, rest: &str) -> Right {
        let rest = rest.trim_start_matches(['*', '_', '™', '®']);
        let Some(sign) = rest.chars().next() else { return Right::End };
        let after = &rest[sign.len_utf8()..];
        let is_spaced = after.is_empty() || after.starts_with([' ', '\n', '"', '”']);
        let next = after.split_whitespace().next().unwrap_or_default();
        match sign {
            '\n' | ';' | '|' | ')' => Right::End,
            '.' | '!' | '?' | '…'
                if is_spaced
                    && (after.trim_matches(is_closing).trim().is_empty()
                        || after.starts_with('\n')
                        || is_prose(after)) =>
            {
                Right::End
            }
            // Behind a comma a capital could be more of the title.
            ',' if is_spaced && goes_low(after) => Right::End,
            ':' if is_spaced && is_prose(after) => Right::End,
            ' ' if matches!(next, "-" | "–" | "—") => {
                let behind = after.trim_start().trim_start_matches(['-', '–', '—']);
                if is_prose(behind) { Right::End } else { Right::Goes }
            }
            ' ' if next.is_empty() => Right::End,
            ' ' if is_reason(next.trim_end_matches([',', ':'])) => Right::End,
            ' ' if goes_low(after) => Right::Word,
            _ => Right::Goes,
        }
    }

    /// Whether the words before a name speak of what was liked or seen, or advise against.
    fn is_background(&self, first: usize) -> bool {
        let mut has_cue = false;
        for at in (first.saturating_sub(N_BACK)..first).rev() {
            if self.gap(at + 1).contains(['.', '!', '?', ';', '\n']) {
                return false;
            }
            let word = self.tokens[at].plain.as_str();
            if has_cue {
                return is_negation(word);
            }
            let is_liking = word == "like" && at > 0 && self.tokens[at - 1].plain == "you";
            if is_background(word) || is_liking {
                return true;
            }
            has_cue = self.is_cue(at);
        }
        false
    }
}

/// What stands behind a name.
struct Tail<'a> {
    year: Option<u16>,
    is_bare_year: bool,
    closed: Vec<char>,
    rest: &'a str,
}

impl Token<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn is_low(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_lowercase)
    }
}

fn push<'a>(tokens: &mut Vec<Token<'a>>, text: &'a str, range: Range<usize>, is_aside: bool) {
    let words = folded_words(&text[range.clone()]);
    if words.is_empty() {
        return;
    }
    let plain = words.concat();
    let before = tokens.last().map_or("", |token| token.plain.as_str());
    let inner = within(before, &plain).map_or_else(|| plain.clone(), str::to_owned);
    tokens.push(Token { start: range.start, text: &text[range], is_aside, plain, inner });
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`' | '´')
}

/// Whether a text goes on with a small word that does not lead to a capital.
fn goes_low(text: &str) -> bool {
    let mut words = text.split_whitespace().map(|word| word.trim_end_matches(['.', ',', ':']));
    match words.find(|word| !is_connective(word)) {
        Some(word) => word.chars().next().is_some_and(char::is_lowercase),
        None => false,
    }
}

/// `, 1995`, ` 1995`, ` - 1995`: the year, and what follows it.
fn bare_year(text: &str) -> Option<(u16, &str)> {
    let rest = text.trim_start_matches([',', ' ', '-', '–', '—']);
    let digits = rest.get(..4).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
    let after = &rest[4..];
    let is_over = !after.starts_with(|c: char| c.is_alphanumeric());
    let year = digits.parse().ok()?;
    (rest.len() < text.len() && is_over && (1870..=2049).contains(&year)).then_some((year, after))
}
