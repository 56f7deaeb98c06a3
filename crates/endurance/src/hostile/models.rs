//! Language models in GGUF files, damaged: the file is made here, with random weights and a vocabulary of bytes.

use super::damage::{damaged, rng};
use super::watched::{harmless, refused};
use super::{Attacked, clear};
use crate::Outcome;
use rand::{Rng, RngExt as _};

const WIDTH: usize = 32;
const INNER: usize = 48;
const KEYS: usize = 16;
const NAMED: [&str; 3] = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"];
/// Numbers that weights must not be, and usual ones.
const WEIGHTS: [f32; 6] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3e38, -3e38, 1e-45];

/// Each is asked for one session of demonstrations.
pub(super) fn attack(attacked: &Attacked<'_>) -> Outcome<usize> {
    let n = attacked.n(600, 16);
    let (data, world) =
        (attacked.small.data.display().to_string(), attacked.small.world.display().to_string());
    attacked.each(n, |at| {
        let path = attacked.place.join(format!("model-{at}.gguf"));
        let out = attacked.place.join(format!("model-{at}-out"));
        let mut rng = rng(attacked.seed, "model", at);
        std::fs::write(&path, one(at, &mut rng))?;
        let (uri, out_name) = (format!("gguf:{}", path.display()), out.display().to_string());
        let words = [
            "demos",
            "collect",
            "--data",
            &data,
            "--world",
            &world,
            "--llm",
            &uri,
            "--agent",
            "act-only",
            "--episodes",
            "1",
            "--budget-tokens",
            "3000",
            "--horizon",
            "2",
            "--out",
            &out_name,
        ];
        let what = format!("model {at}");
        // A model that computes no numbers has demonstrated nothing.
        let is_harmless = match weight(at) {
            Some(weight) if weight.abs() > 1.0 || weight.is_nan() => refused(attacked, &what, &words)?,
            _ => harmless(attacked, &what, &words)?,
        };
        if is_harmless {
            clear(&path);
        }
        clear(&out);
        Ok(())
    })?;
    Ok(n)
}

/// Some with weights that are no numbers, some with a template that does too much, the others with damaged bytes.
fn one(at: usize, rng: &mut impl Rng) -> Vec<u8> {
    let deep = format!("{}{{{{ messages }}}}{}", "{% if 1 %}".repeat(3_000), "{% endif %}".repeat(3_000));
    let nest = "{% set ns = namespace(x=[]) %}{% for i in range(90000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}";
    let templates = [
        deep.as_str(),
        nest,
        "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
        "{{ 'x' * 999999999 }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ messages[0].content ~ ('a' * 100000) }}",
    ];
    match at % 4 {
        0 => file(weight(at), None, rng),
        1 => file(None, Some(templates[at / 4 % templates.len()]), rng),
        // Most of a file is weights; what is read first lies at its beginning.
        2 => {
            let mut bytes = file(None, None, rng);
            let rest = bytes.split_off(bytes.len().min(6_000));
            let mut start = damaged(bytes, rng);
            start.extend(rest);
            start
        }
        _ => damaged(file(None, None, rng), rng),
    }
}

/// The one weight of all, in every fourth model.
fn weight(at: usize) -> Option<f32> {
    at.is_multiple_of(4).then(|| WEIGHTS[at / 4 % WEIGHTS.len()])
}

fn file(weight: Option<f32>, template: Option<&str>, rng: &mut impl Rng) -> Vec<u8> {
    let mut tokens: Vec<String> = byte_names();
    tokens.extend(NAMED.map(str::to_owned));
    let n_tokens = tokens.len();
    let kinds: Vec<u32> = (0..n_tokens).map(|i| if i < 256 { 1 } else { 3 }).collect();
    let tensors = tensors(n_tokens);
    let mut file = Gguf::new(tensors.len(), 13 + usize::from(template.is_some()));
    file.text_of("general.architecture", "llama");
    for (name, size) in [
        ("block_count", 1),
        ("context_length", 8192),
        ("embedding_length", WIDTH),
        ("feed_forward_length", INNER),
        ("attention.head_count", 4),
        ("attention.head_count_kv", 2),
    ] {
        file.number(&format!("llama.{name}"), size as u32);
    }
    file.text_of("tokenizer.ggml.model", "gpt2");
    file.text_of("tokenizer.ggml.pre", "qwen2");
    file.texts("tokenizer.ggml.tokens", &tokens);
    file.numbers("tokenizer.ggml.token_type", &kinds);
    file.texts("tokenizer.ggml.merges", &["t h".to_owned()]);
    file.number("tokenizer.ggml.eos_token_id", n_tokens as u32 - 2);
    if let Some(template) = template {
        file.text_of("tokenizer.chat_template", template);
    }
    file.weights(&tensors, weight, rng);
    file.0
}

fn tensors(n_tokens: usize) -> Vec<(String, Vec<usize>)> {
    let layer = [
        ("attn_norm", vec![WIDTH]),
        ("attn_q", vec![WIDTH, WIDTH]),
        ("attn_k", vec![WIDTH, KEYS]),
        ("attn_v", vec![WIDTH, KEYS]),
        ("attn_output", vec![WIDTH, WIDTH]),
        ("ffn_norm", vec![WIDTH]),
        ("ffn_gate", vec![WIDTH, INNER]),
        ("ffn_up", vec![WIDTH, INNER]),
        ("ffn_down", vec![INNER, WIDTH]),
    ];
    let around = [
        ("token_embd.weight".to_owned(), vec![WIDTH, n_tokens]),
        ("output_norm.weight".to_owned(), vec![WIDTH]),
    ];
    let layer = layer.into_iter().map(|(name, shape)| (format!("blk.0.{name}.weight"), shape));
    around.into_iter().chain(layer).collect()
}

/// Printable names of the 256 bytes, as byte-level vocabularies have them.
fn byte_names() -> Vec<String> {
    let is_printable = |byte: u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut next = 0x100;
    let name = |byte: u32| {
        let code = if is_printable(byte) {
            byte
        } else {
            next += 1;
            next - 1
        };
        char::from_u32(code).map(String::from).unwrap_or_default()
    };
    (0..256).map(name).collect()
}

/// The bytes of a file.
struct Gguf(Vec<u8>);

impl Gguf {
    fn new(n_tensors: usize, n_values: usize) -> Self {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3u32.to_le_bytes());
        bytes.extend((n_tensors as u64).to_le_bytes());
        bytes.extend((n_values as u64).to_le_bytes());
        Self(bytes)
    }

    fn text(&mut self, text: &str) {
        self.0.extend((text.len() as u64).to_le_bytes());
        self.0.extend(text.as_bytes());
    }

    fn key(&mut self, key: &str, kind: u32) {
        self.text(key);
        self.0.extend(kind.to_le_bytes());
    }

    fn number(&mut self, key: &str, number: u32) {
        self.key(key, 4);
        self.0.extend(number.to_le_bytes());
    }

    fn text_of(&mut self, key: &str, text: &str) {
        self.key(key, 8);
        self.text(text);
    }

    fn list(&mut self, key: &str, kind: u32, n: usize) {
        self.key(key, 9);
        self.0.extend(kind.to_le_bytes());
        self.0.extend((n as u64).to_le_bytes());
    }

    fn texts(&mut self, key: &str, texts: &[String]) {
        self.list(key, 8, texts.len());
        texts.iter().for_each(|text| self.text(text));
    }

    fn numbers(&mut self, key: &str, numbers: &[u32]) {
        self.list(key, 4, numbers.len());
        numbers.iter().for_each(|number| self.0.extend(number.to_le_bytes()));
    }

    /// Where each tensor lies, then the tensors.
    fn weights(&mut self, tensors: &[(String, Vec<usize>)], weight: Option<f32>, rng: &mut impl Rng) {
        const APART: usize = 32;
        let mut offset = 0;
        for (name, shape) in tensors {
            self.text(name);
            self.0.extend((shape.len() as u32).to_le_bytes());
            shape.iter().for_each(|&side| self.0.extend((side as u64).to_le_bytes()));
            self.0.extend(0u32.to_le_bytes());
            self.0.extend((offset as u64).to_le_bytes());
            offset += (shape.iter().product::<usize>() * 4).next_multiple_of(APART);
        }
        for (_, shape) in tensors {
            self.0.resize(self.0.len().next_multiple_of(APART), 0);
            let center = if shape.len() == 1 { 1.0 } else { 0.0 };
            for _ in 0..shape.iter().product::<usize>() {
                let usual = center + rng.random_range(-0.3f32..0.3);
                self.0.extend(weight.unwrap_or(usual).to_le_bytes());
            }
        }
        self.0.resize(self.0.len().next_multiple_of(APART), 0);
    }
}
