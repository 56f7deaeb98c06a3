//! Texts to tokens: BERT's normalisation, words, and the longest known pieces of each word.
//!
//! # Source
//! Devlin et al. 2019, and Wu et al. 2016 for the pieces. Names of control tokens in a text are text like any other.

use std::collections::HashMap;

use regex::Regex;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;

use crate::MiniLmError;

/// `tokenizer.json`, as far as it matters.
#[derive(Deserialize)]
pub(crate) struct TokenizerFile {
    normalizer: NormalizerFile,
    model: ModelFile,
}

#[derive(Deserialize)]
struct NormalizerFile {
    r#type: String,
    lowercase: bool,
    strip_accents: Option<bool>,
    handle_chinese_chars: bool,
}

#[derive(Deserialize)]
struct ModelFile {
    r#type: Option<String>,
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    vocab: HashMap<String, u32>,
}

/// A WordPiece tokenizer.
#[derive(Debug)]
pub(crate) struct Tokenizer {
    vocabulary: HashMap<String, u32>,
    /// What pieces within a word begin with.
    within: String,
    longest_word: usize,
    /// The longest piece in bytes: no longer one is looked up.
    longest_piece: usize,
    unknown: u32,
    start: u32,
    end: u32,
    is_lowercased: bool,
    strips_accents: bool,
    separates_ideographs: bool,
    invisible: Regex,
    accents: Regex,
    words: Regex,
}

/// A punctuation mark, or a run of anything else that is no blank. BERT counts all ASCII symbols as punctuation.
const WORDS: &str = r"[\p{P}$+<=>^`|~]|[^\s\p{P}$+<=>^`|~]+";
/// Controls and unassigned code points, blanks excepted.
const INVISIBLE: &str = r"[\p{C}\u{FFFD}&&[^\t\n\r]]";

impl Tokenizer {
    /// Checks a file against the number of tokens that the network knows.
    pub(crate) fn new(file: TokenizerFile, n_tokens: usize) -> Result<Self, MiniLmError> {
        let TokenizerFile { normalizer, model } = file;
        let is_ours =
            normalizer.r#type == "BertNormalizer" && model.r#type.is_none_or(|kind| kind == "WordPiece");
        if !is_ours {
            return Err(MiniLmError::unfit("a tokenizer that is not BERT's WordPiece"));
        }
        if let Some((piece, token)) = model.vocab.iter().find(|(_, token)| **token as usize >= n_tokens) {
            return Err(MiniLmError::unfit(format!(
                "token {token} ({piece:?}) beyond the network's {n_tokens}"
            )));
        }
        let named = |name: &str| {
            let missing = || MiniLmError::unfit(format!("a vocabulary without {name}"));
            model.vocab.get(name).copied().ok_or_else(missing)
        };
        Ok(Self {
            unknown: named(&model.unk_token)?,
            start: named("[CLS]")?,
            end: named("[SEP]")?,
            longest_piece: model.vocab.keys().map(String::len).max().unwrap_or(0),
            within: model.continuing_subword_prefix,
            longest_word: model.max_input_chars_per_word,
            is_lowercased: normalizer.lowercase,
            strips_accents: normalizer.strip_accents.unwrap_or(normalizer.lowercase),
            separates_ideographs: normalizer.handle_chinese_chars,
            invisible: Regex::new(INVISIBLE).expect("a constant"),
            accents: Regex::new(r"\p{Mn}").expect("a constant"),
            words: Regex::new(WORDS).expect("a constant"),
            vocabulary: model.vocab,
        })
    }

    /// The tokens of a text with start and end, at most `longest` of them: what is beyond is cut off.
    pub(crate) fn encode(&self, text: &str, longest: usize) -> Vec<u32> {
        let mut tokens = vec![self.start];
        let text = self.normalised(text);
        for word in self.words.find_iter(&text) {
            if tokens.len() >= longest {
                break;
            }
            self.push_pieces(word.as_str(), &mut tokens);
        }
        tokens.truncate(longest.saturating_sub(1));
        tokens.push(self.end);
        tokens
    }

    fn normalised(&self, text: &str) -> String {
        let mut text = self.invisible.replace_all(text, "").into_owned();
        if self.separates_ideographs {
            text = text.chars().fold(String::with_capacity(text.len()), separated);
        }
        if self.strips_accents {
            text = self.accents.replace_all(&text.nfd().collect::<String>(), "").into_owned();
        }
        if self.is_lowercased { text.chars().flat_map(char::to_lowercase).collect() } else { text }
    }

    /// The longest known piece from the front, again and again; a word with a gap is unknown as a whole.
    fn push_pieces(&self, word: &str, tokens: &mut Vec<u32>) {
        let n_before = tokens.len();
        let mut rest = word;
        if word.chars().count() > self.longest_word {
            rest = "";
            tokens.push(self.unknown);
        }
        while !rest.is_empty() {
            let prefix = if rest.len() == word.len() { "" } else { self.within.as_str() };
            let Some((token, n_bytes)) = self.longest_at(prefix, rest) else {
                tokens.truncate(n_before);
                tokens.push(self.unknown);
                return;
            };
            tokens.push(token);
            rest = &rest[n_bytes..];
        }
    }

    fn longest_at(&self, prefix: &str, rest: &str) -> Option<(u32, usize)> {
        let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
        let ends: Vec<usize> = ends.take_while(|end| prefix.len() + end <= self.longest_piece).collect();
        ends.into_iter().rev().find_map(|end| {
            let piece = format!("{prefix}{}", &rest[..end]);
            self.vocabulary.get(&piece).map(|&token| (token, end))
        })
    }
}

fn separated(mut text: String, c: char) -> String {
    if is_ideograph(c) {
        text.extend([' ', c, ' ']);
    } else {
        text.push(c);
    }
    text
}

/// The blocks of CJK ideographs, as BERT counts them.
fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c),
        0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x2_0000..=0x2_A6DF | 0x2_A700..=0x2_B73F | 0x2_B740..=0x2_B81F
        | 0x2_B920..=0x2_CEAF | 0xF900..=0xFAFF | 0x2_F800..=0x2_FA1F)
}
