//! The tokenizer of a model file: byte-pair encoding of bytes, or of letters with scores.

use std::collections::HashMap;

use regex::Regex;

use super::merges::{Merges, merge};
use super::scored::{self, Scored};
use super::words::Words;
use crate::GgufError;
use crate::file::GgufFile;

/// Names under which vocabularies keep the tokens that end a turn.
const ENDS: [&str; 6] =
    ["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<|end|>", "<end_of_turn>"];
const UNKNOWN: i64 = 2;
const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;
const BYTE: i64 = 6;

/// Stands after every letter of a control token's name that is only text. Unicode keeps this character out of texts.
const MARK: char = '\u{fdd0}';

/// Whether the names of control tokens in a text mean these tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// They do: text from a chat template.
    Template,
    /// They are text like any other.
    Plain,
}

/// How text between named tokens is encoded.
#[derive(Debug)]
enum Scheme {
    /// Bytes of words, merged in the order of a list.
    Words(Words, Merges),
    /// Letters, merged by score.
    Scored(Scored),
}

/// Vocabulary and the way to it.
#[derive(Debug)]
pub(crate) struct Tokenizer {
    scheme: Scheme,
    /// The token of each byte; a vocabulary may lack some.
    of_byte: [Option<u32>; 256],
    /// What each token writes.
    bytes: Vec<Vec<u8>>,
    by_bytes: HashMap<Vec<u8>, u32>,
    by_name: HashMap<String, u32>,
    named_in_templates: Option<Regex>,
    named_anywhere: Option<Regex>,
    /// Names that mean something in templates only.
    named_by_templates: Option<Regex>,
    ends: Vec<bool>,
    bos: Option<u32>,
    adds_bos: bool,
}

impl Tokenizer {
    /// Reads the vocabulary.
    pub(crate) fn read(file: &GgufFile) -> Result<Self, GgufError> {
        let is_scored = match file.text("tokenizer.ggml.model").unwrap_or("none") {
            "gpt2" => false,
            "llama" => true,
            model => return Err(GgufError::unsupported(format!("tokenizers of the kind {model}"))),
        };
        let texts = file.texts("tokenizer.ggml.tokens")?;
        let kinds = file.integers("tokenizer.ggml.token_type").unwrap_or_default();
        let kind = |token: usize| kinds.get(token).copied().unwrap_or(1);
        let has_name = |token: usize| [UNKNOWN, CONTROL, USER_DEFINED].contains(&kind(token));
        let single = |token: usize| scored::byte_of(&texts[token]).filter(|_| kind(token) == BYTE);
        let bytes: Vec<Vec<u8>> = (0..texts.len())
            .map(|token| match kind(token) {
                UNKNOWN | CONTROL => Vec::new(),
                USER_DEFINED => texts[token].as_bytes().to_vec(),
                BYTE if is_scored => single(token).into_iter().collect(),
                _ if is_scored => scored::bytes_of(&texts[token]),
                _ => bytes_of(&texts[token]),
            })
            .collect();
        let numbered = || (0..texts.len()).map(|token| (token, token as u32));
        let by_bytes: HashMap<Vec<u8>, u32> = numbered()
            .filter(|&(token, _)| !has_name(token) && single(token).is_none())
            .map(|(token, id)| (bytes[token].clone(), id))
            .collect();
        let by_name: HashMap<String, u32> = numbered()
            .filter(|&(token, _)| has_name(token) && !texts[token].is_empty())
            .map(|(token, id)| (texts[token].clone(), id))
            .collect();
        let is_user_defined = |name: &str| kind(by_name[name] as usize) == USER_DEFINED;
        let token = |key: &str| {
            let id = file.integer(key).and_then(|id| u32::try_from(id).ok());
            id.filter(|&id| (id as usize) < texts.len())
        };
        let given =
            ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"].into_iter().filter_map(token);
        let singles: HashMap<u8, u32> =
            numbered().filter_map(|(token, id)| Some((single(token)?, id))).collect();
        let of_byte = |byte: usize| {
            let own = singles.get(&(byte as u8)).filter(|_| is_scored).copied();
            own.or_else(|| by_bytes.get(&[byte as u8][..]).copied())
        };
        let scheme = match is_scored {
            true => Scheme::Scored(Scored::read(file, texts.len())?),
            false => Scheme::Words(
                Words::named(file.text("tokenizer.ggml.pre").unwrap_or("without a name"))?,
                read_merges(file.texts("tokenizer.ggml.merges")?, &by_bytes),
            ),
        };
        let starts_with_bos = match &scheme {
            Scheme::Words(words, _) => words.starts_with_bos,
            Scheme::Scored(_) => true,
        };
        Ok(Self {
            of_byte: std::array::from_fn(of_byte),
            named_in_templates: any_of(by_name.keys().map(String::as_str))?,
            named_anywhere: any_of(by_name.keys().map(String::as_str).filter(|name| is_user_defined(name)))?,
            named_by_templates: any_of(
                by_name.keys().map(String::as_str).filter(|name| !is_user_defined(name)),
            )?,
            ends: ends(texts.len(), &by_name, given),
            bos: token("tokenizer.ggml.bos_token_id"),
            adds_bos: file.bool("tokenizer.ggml.add_bos_token").unwrap_or(starts_with_bos),
            scheme,
            bytes,
            by_bytes,
            by_name,
        })
    }

    /// The tokens of a text, nothing added.
    pub(crate) fn encode(&self, text: &str, reading: Reading) -> Vec<u32> {
        let names = match reading {
            Reading::Template => &self.named_in_templates,
            Reading::Plain => &self.named_anywhere,
        };
        let mut tokens = Vec::new();
        let mut at = 0;
        for name in names.iter().flat_map(|names| names.find_iter(text)) {
            self.encode_between(&text[at..name.start()], &mut tokens);
            tokens.extend(self.by_name.get(name.as_str()));
            at = name.end();
        }
        self.encode_between(&text[at..], &mut tokens);
        tokens
    }

    /// The text of a user, marked so that no prompt that contains it has a control token there.
    pub(crate) fn mark(&self, text: &str) -> String {
        let text = text.replace(MARK, "");
        let Some(names) = &self.named_by_templates else { return text };
        let marked =
            |name: &regex::Captures<'_>| name[0].chars().flat_map(|char| [char, MARK]).collect::<String>();
        names.replace_all(&text, marked).into_owned()
    }

    /// The text as it was before it was marked.
    pub(crate) fn unmark(text: &str) -> String {
        text.replace(MARK, "")
    }

    /// The tokens of a prompt that a chat template wrote, with the begin-of-text token where the model wants one.
    pub(crate) fn encode_prompt(&self, text: &str) -> Vec<u32> {
        let mut tokens = self.encode(text, Reading::Template);
        if let Some(bos) = self.bos.filter(|bos| self.adds_bos && tokens.first() != Some(bos)) {
            tokens.insert(0, bos);
        }
        tokens
    }

    /// What a token writes; nothing for control tokens.
    pub(crate) fn bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether a token ends the answer.
    pub(crate) fn is_end(&self, token: u32) -> bool {
        self.ends.get(token as usize).copied().unwrap_or(false)
    }

    /// Tokens that end the answer, ascending.
    pub(crate) fn ends(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.ends).filter(|(_, is_end)| **is_end).map(|(token, _)| token)
    }

    /// The control or user-defined token of this name.
    pub(crate) fn named(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// Name of the begin-of-text token, for templates.
    pub(crate) fn bos_name(&self) -> &str {
        let name = self.by_name.iter().find(|(_, token)| Some(**token) == self.bos);
        name.map_or("", |(name, _)| name)
    }

    /// Tokens of the vocabulary.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    fn encode_between(&self, text: &str, tokens: &mut Vec<u32>) {
        if text.contains(MARK) {
            return tokens.extend(self.encode(&Self::unmark(text), Reading::Plain));
        }
        let (words, merges) = match &self.scheme {
            Scheme::Words(words, merges) => (words, merges),
            Scheme::Scored(scored) => {
                return tokens.extend(scored.encode(text, &self.by_bytes, &self.of_byte));
            }
        };
        for word in words.cut(text) {
            if let Some(whole) = self.by_bytes.get(word.as_bytes()).filter(|_| words.takes_known_words) {
                tokens.push(*whole);
                continue;
            }
            let singles: Vec<u32> = word.bytes().filter_map(|byte| self.of_byte[usize::from(byte)]).collect();
            tokens.extend(merge(&singles, |left, right| merges.get(&(left, right)).copied()));
        }
    }
}

/// Which tokens end an answer: those that the file gives, and those with a well-known name.
fn ends(n: usize, by_name: &HashMap<String, u32>, given: impl Iterator<Item = u32>) -> Vec<bool> {
    let mut ends = vec![false; n];
    for end in ENDS.iter().filter_map(|name| by_name.get(*name).copied()).chain(given) {
        ends[end as usize] = true;
    }
    ends
}

fn any_of<'a>(names: impl Iterator<Item = &'a str>) -> Result<Option<Regex>, GgufError> {
    let mut names: Vec<&str> = names.collect();
    if names.is_empty() {
        return Ok(None);
    }
    // The longest name first: the first that matches is taken.
    names.sort_by_key(|name| (std::cmp::Reverse(name.len()), *name));
    let pattern = names.iter().map(|name| regex::escape(name)).collect::<Vec<_>>().join("|");
    Regex::new(&pattern).map(Some).map_err(|_| GgufError::unsupported("so many named tokens"))
}

fn read_merges(lines: &[String], by_bytes: &HashMap<Vec<u8>, u32>) -> Merges {
    let token = |text: &str| by_bytes.get(&bytes_of(text)).copied();
    let mut merges = Merges::with_capacity(lines.len());
    for (rank, line) in (0..).zip(lines) {
        // The first character may itself be a space in odd files; the cut is at the first space after it.
        let cut = line.char_indices().skip(1).find(|(_, char)| *char == ' ').map(|(at, _)| at);
        let Some((left, right)) = cut.map(|at| (&line[..at], &line[at + 1..])) else { continue };
        let merged = token(&format!("{left}{right}"));
        if let (Some(left), Some(right), Some(merged)) = (token(left), token(right), merged) {
            merges.entry((left, right)).or_insert((rank, merged));
        }
    }
    merges
}

/// The bytes that a vocabulary entry stands for: printable bytes stand for themselves, the others for characters
/// from U+0100 on, in order. Characters outside this code stand for their UTF-8.
fn bytes_of(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for char in text.chars() {
        match u32::from(char) {
            code @ (0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff) => bytes.push(code as u8),
            code @ 0x100..=0x120 => bytes.push((code - 0x100) as u8),
            code @ 0x121..=0x142 => bytes.push((code - 0x121 + 0x7f) as u8),
            0x143 => bytes.push(0xad),
            _ => bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}
