//! A tiny model file with random weights and a vocabulary of bytes.

use rand::RngExt as _;

use crate::{GgufError, GgufModel, Options, open};

const WIDTH: usize = 64;
const INNER: usize = 96;
const KEYS: usize = 32;
const N_LAYERS: usize = 2;
/// Merged pairs of the vocabulary.
const MERGES: [(&str, &str); 4] = [("t", "h"), ("th", "e"), ("a", "n"), ("o", "n")];
const NAMED: [&str; 3] = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"];

/// What a file is made of.
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    /// The start of a file.
    pub(super) fn new(n_tensors: usize, n_values: usize) -> Self {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3u32.to_le_bytes());
        bytes.extend((n_tensors as u64).to_le_bytes());
        bytes.extend((n_values as u64).to_le_bytes());
        Self { bytes }
    }

    /// Where a tensor of this name, shape and storage lies.
    pub(super) fn tensor(&mut self, name: &str, shape: &[usize], code: u32, offset: usize) {
        self.text(name);
        self.bytes.extend((shape.len() as u32).to_le_bytes());
        shape.iter().for_each(|&side| self.bytes.extend((side as u64).to_le_bytes()));
        self.bytes.extend(code.to_le_bytes());
        self.bytes.extend((offset as u64).to_le_bytes());
    }

    /// Zeros up to where a tensor may start.
    pub(super) fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(32), 0);
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend((text.len() as u64).to_le_bytes());
        self.bytes.extend(text.as_bytes());
    }

    fn key(&mut self, key: &str, kind: u32) {
        self.text(key);
        self.bytes.extend(kind.to_le_bytes());
    }

    pub(super) fn number(&mut self, key: &str, number: u32) {
        self.key(key, 4);
        self.bytes.extend(number.to_le_bytes());
    }

    pub(super) fn flag(&mut self, key: &str, flag: bool) {
        self.key(key, 7);
        self.bytes.push(flag.into());
    }

    pub(super) fn float(&mut self, key: &str, float: f32) {
        self.key(key, 6);
        self.bytes.extend(float.to_le_bytes());
    }

    pub(super) fn floats(&mut self, key: &str, floats: &[f32]) {
        self.key(key, 9);
        self.bytes.extend(6u32.to_le_bytes());
        self.bytes.extend((floats.len() as u64).to_le_bytes());
        floats.iter().for_each(|float| self.bytes.extend(float.to_le_bytes()));
    }

    pub(super) fn string(&mut self, key: &str, text: &str) {
        self.key(key, 8);
        self.text(text);
    }

    pub(super) fn strings(&mut self, key: &str, texts: &[String]) {
        self.key(key, 9);
        self.bytes.extend(8u32.to_le_bytes());
        self.bytes.extend((texts.len() as u64).to_le_bytes());
        texts.iter().for_each(|text| self.text(text));
    }

    pub(super) fn numbers(&mut self, key: &str, numbers: &[u32]) {
        self.key(key, 9);
        self.bytes.extend(4u32.to_le_bytes());
        self.bytes.extend((numbers.len() as u64).to_le_bytes());
        numbers.iter().for_each(|number| self.bytes.extend(number.to_le_bytes()));
    }
}

/// Printable names of the 256 bytes, in the order of the vocabulary.
fn byte_names() -> Vec<String> {
    let printable = |byte: &u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let others = (0..256).filter(|byte| !printable(byte)).zip(0x100..).collect::<Vec<(u32, u32)>>();
    let name = |byte: u32| others.iter().find(|(other, _)| *other == byte).map_or(byte, |(_, name)| *name);
    (0..256).map(|byte| char::from_u32(name(byte)).unwrap().to_string()).collect()
}

/// The file of one architecture.
pub(super) fn file(architecture: &str) -> Vec<u8> {
    file_with(architecture, &|_, _, weight| weight)
}

/// The same, with other weights: what becomes of a tensor's element.
pub(super) fn file_with(architecture: &str, change: &dyn Fn(&str, usize, f32) -> f32) -> Vec<u8> {
    let mut tokens = byte_names();
    tokens.extend(MERGES.iter().map(|(left, right)| format!("{left}{right}")));
    tokens.extend(NAMED.map(str::to_owned));
    let n_tokens = tokens.len();
    let kinds: Vec<u32> = (0..n_tokens).map(|i| if i + NAMED.len() < n_tokens { 1 } else { 3 }).collect();
    let mut tensors: Vec<(String, Vec<usize>)> = vec![
        ("token_embd.weight".to_owned(), vec![WIDTH, n_tokens]),
        ("output_norm.weight".to_owned(), vec![WIDTH]),
    ];
    for layer in 0..N_LAYERS {
        let mut add = |name: &str, shape: &[usize]| {
            tensors.push((format!("blk.{layer}.{name}.weight"), shape.to_vec()));
        };
        add("attn_norm", &[WIDTH]);
        add("attn_q", &[WIDTH, WIDTH]);
        add("attn_k", &[WIDTH, KEYS]);
        add("attn_v", &[WIDTH, KEYS]);
        add("attn_output", &[WIDTH, WIDTH]);
        add("ffn_norm", &[WIDTH]);
        add("ffn_gate", &[WIDTH, INNER]);
        add("ffn_up", &[WIDTH, INNER]);
        add("ffn_down", &[INNER, WIDTH]);
        if architecture == "qwen3" {
            add("attn_q_norm", &[WIDTH / 4]);
            add("attn_k_norm", &[WIDTH / 4]);
        }
    }
    let mut writer = Writer::new(tensors.len(), 13);
    writer.string("general.architecture", architecture);
    let sizes = [
        ("block_count", N_LAYERS),
        ("context_length", 512),
        ("embedding_length", WIDTH),
        ("feed_forward_length", INNER),
        ("attention.head_count", 4),
        ("attention.head_count_kv", 2),
    ];
    for (name, size) in sizes {
        writer.number(&format!("{architecture}.{name}"), size as u32);
    }
    writer.string("tokenizer.ggml.model", "gpt2");
    writer.string("tokenizer.ggml.pre", "qwen2");
    writer.strings("tokenizer.ggml.tokens", &tokens);
    writer.numbers("tokenizer.ggml.token_type", &kinds);
    writer.strings("tokenizer.ggml.merges", &MERGES.map(|(left, right)| format!("{left} {right}")));
    writer.number("tokenizer.ggml.eos_token_id", n_tokens as u32 - 2);
    write_tensors(&mut writer, &tensors, change);
    writer.bytes
}

fn write_tensors(
    writer: &mut Writer,
    tensors: &[(String, Vec<usize>)],
    change: &dyn Fn(&str, usize, f32) -> f32,
) {
    let mut offset = 0;
    for (name, shape) in tensors {
        writer.tensor(name, shape, 0, offset);
        offset += (shape.iter().product::<usize>() * 4).next_multiple_of(32);
    }
    let mut rng = mdp::rng_for(1, &[]);
    writer.align();
    for (name, shape) in tensors {
        let n: usize = shape.iter().product();
        let center = if shape.len() == 1 { 1.0 } else { 0.0 };
        for element in 0..n {
            let weight = change(name, element, center + rng.random_range(-0.3f32..0.3));
            writer.bytes.extend(weight.to_le_bytes());
        }
        writer.align();
    }
}

/// Opens bytes as a model.
pub(super) fn open_bytes(bytes: &[u8], options: &Options) -> Result<GgufModel, GgufError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tiny.gguf");
    std::fs::write(&path, bytes).unwrap();
    open(&path, options)
}

/// The tiny model of one architecture.
pub(super) fn model(architecture: &str, n_threads: usize) -> GgufModel {
    let options = Options { context: 256, cached_tokens: 1024, n_threads };
    open_bytes(&file(architecture), &options).unwrap_or_else(|error| panic!("{error}"))
}
