//! Cutting text into the words inside which pieces are merged.
//!
//! # Source
//! The patterns are those of the tokenizers' authors as llama.cpp applies them. Their look-ahead (spaces before a
//! word leave their last one to it) is done by hand, so that matching takes linear time on any input.

use regex::Regex;

use crate::GgufError;

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+";
const QWEN2: &str = r"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+";
const LLAMA3: &str = r"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+";

/// How one family of tokenizers cuts.
#[derive(Debug)]
pub(super) struct Words {
    pattern: Regex,
    /// Whether each digit is cut out before anything else.
    digits_apart: bool,
    /// Whether a word that is in the vocabulary is taken whole, whatever the merges say.
    pub(super) takes_known_words: bool,
    /// Whether the text starts with the begin-of-text token when the file does not say.
    pub(super) starts_with_bos: bool,
}

impl Words {
    /// By the name in the file.
    pub(super) fn named(name: &str) -> Result<Self, GgufError> {
        let (pattern, digits_apart, is_llama3) = match name {
            "smollm" | "starcoder" | "refact" | "command-r" => (GPT2, true, false),
            "gpt-2" => (GPT2, false, false),
            "qwen2" | "deepseek-r1-qwen" => (QWEN2, false, false),
            "llama-bpe" | "llama3" | "llama-v3" => (LLAMA3, false, true),
            _ => return Err(GgufError::unsupported(format!("the tokenizer {name}"))),
        };
        let pattern = Regex::new(pattern).expect("the patterns are valid");
        Ok(Self { pattern, digits_apart, takes_known_words: is_llama3, starts_with_bos: is_llama3 })
    }

    /// The words of `text`, which together are the text.
    pub(super) fn cut<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut words = Vec::new();
        if !self.digits_apart {
            self.cut_part(text, &mut words);
            return words;
        }
        let mut rest = text;
        while let Some((at, digit)) = rest.char_indices().find(|(_, char)| char.is_numeric()) {
            let (before, from_digit) = rest.split_at(at);
            self.cut_part(before, &mut words);
            let (digit, after) = from_digit.split_at(digit.len_utf8());
            words.push(digit);
            rest = after;
        }
        self.cut_part(rest, &mut words);
        words
    }

    fn cut_part<'a>(&self, text: &'a str, words: &mut Vec<&'a str>) {
        let mut at = 0;
        while let Some(found) = self.pattern.find_at(text, at) {
            let mut word = found.as_str();
            let last = word.chars().next_back().unwrap_or_default();
            let is_run = word.len() > last.len_utf8() && word.chars().all(char::is_whitespace);
            let before_word = found.end() < text.len();
            if is_run && before_word && !(self.cuts_at_newlines() && matches!(last, '\r' | '\n')) {
                word = &word[..word.len() - last.len_utf8()];
            }
            words.push(word);
            at = found.start() + word.len();
        }
    }

    fn cuts_at_newlines(&self) -> bool {
        self.pattern.as_str() != GPT2
    }
}
