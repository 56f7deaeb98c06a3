//! Every architecture against what llama.cpp says of the same tiny files (`architectures.json`, written by
//! `bench/reference/architectures.py`): random weights in the storage types of real files, drawn here and there from
//! one generator of bytes.

use llm::{Message, Speaker};
use serde_json::Value;

use super::message;
use super::tiny::{Writer, open_bytes};
use crate::evaluate::Context;
use crate::matrix::to_half;
use crate::sampling::log_normaliser;
use crate::{GgufModel, Options};

const GOLDEN: &str = include_str!("architectures.json");
/// Nats by which two programs, which round activations differently, may differ on average.
const CLOSE: f64 = 0.06;
/// Nats by which the second choice may be behind when they may choose differently.
const UNDECIDED: f64 = 0.2;

fn golden() -> Value {
    serde_json::from_str(GOLDEN).unwrap()
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().unwrap().iter().map(read).collect()
}

fn size(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn tokens(value: &Value) -> Vec<u32> {
    list(value, |token| size(token) as u32)
}

/// The high bytes of a linear congruential generator.
struct Bytes {
    state: u64,
}

impl Iterator for Bytes {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some((self.state >> 56) as u8)
    }
}

/// Number of a storage type, and a tensor's bytes.
fn tensor(kind: &str, n: usize, types: &Value, random: &mut Bytes) -> (u32, Vec<u8>) {
    let mut floats = |float: fn(f32) -> f32| -> Vec<f32> {
        random.by_ref().take(n).map(|byte| float(f32::from(byte))).collect()
    };
    let to_bytes = |floats: Vec<f32>| floats.into_iter().flat_map(f32::to_le_bytes).collect();
    match kind {
        "norm" => return (0, to_bytes(floats(|byte| 0.75 + byte / 512.0))),
        "bias" => return (0, to_bytes(floats(|byte| (byte - 128.0) / 512.0))),
        "F16" => {
            let floats = floats(|byte| (byte - 128.0) / 1024.0);
            return (1, floats.into_iter().flat_map(|float| to_half(float).to_le_bytes()).collect());
        }
        _ => {}
    }
    let kind = &types[kind];
    let (code, elements, block) = (size(&kind[0]) as u32, size(&kind[1]), size(&kind[2]));
    let mut bytes: Vec<u8> = random.by_ref().take(n / elements * block).collect();
    for block in bytes.chunks_exact_mut(block) {
        for half in kind[3].as_array().unwrap() {
            let bits = to_half(half[1].as_f64().unwrap() as f32).to_le_bytes();
            block[size(&half[0])..][..2].copy_from_slice(&bits);
        }
    }
    (code, bytes)
}

fn file(contents: &Value, types: &Value) -> Vec<u8> {
    let tensors = contents["tensors"].as_array().unwrap();
    let metadata = contents["metadata"].as_array().unwrap();
    let mut writer = Writer::new(tensors.len(), metadata.len());
    for entry in metadata {
        let (key, value) = (entry[0].as_str().unwrap(), &entry[2]);
        match entry[1].as_str().unwrap() {
            "text" => writer.string(key, value.as_str().unwrap()),
            "number" => writer.number(key, size(value) as u32),
            "float" => writer.float(key, value.as_f64().unwrap() as f32),
            "flag" => writer.flag(key, value.as_bool().unwrap()),
            "texts" => writer.strings(key, &list(value, |text| text.as_str().unwrap().to_owned())),
            "integers" => writer.numbers(key, &tokens(value)),
            _ => writer.floats(key, &list(value, |float| float.as_f64().unwrap() as f32)),
        }
    }
    let mut random = Bytes { state: contents["seed"].as_u64().unwrap() };
    let (mut data, mut offset) = (Vec::new(), 0);
    for entry in tensors {
        let shape = list(&entry[1], size);
        let (code, bytes) = tensor(entry[2].as_str().unwrap(), shape.iter().product(), types, &mut random);
        writer.tensor(entry[0].as_str().unwrap(), &shape, code, offset);
        offset += bytes.len().next_multiple_of(32);
        data.push(bytes);
    }
    for bytes in data {
        writer.align();
        writer.bytes.extend(bytes);
    }
    writer.bytes
}

fn log_probs(model: &GgufModel, tokens: &[u32]) -> Vec<f64> {
    let mut cache = model.cache();
    cache.begin();
    let (_, state, _) = Context::of_prompt(&model.network, &mut cache, tokens.to_vec());
    let logits = model.network.logits_of_row(&state, 0);
    let normaliser = log_normaliser(&logits);
    logits.iter().map(|&logit| f64::from(logit) - normaliser).collect()
}

/// Root of the mean squared difference of those log-probabilities that were kept.
fn difference(found: &[f64], expected: &Value, golden: &Value) -> f64 {
    let kept = found.iter().step_by(size(&golden["stride"]));
    let expected = list(expected, |x| x.as_f64().unwrap());
    assert_eq!(kept.len(), expected.len());
    let squares: f64 = kept.zip(&expected).map(|(a, b)| (a - b) * (a - b)).sum();
    (squares / expected.len() as f64).sqrt()
}

fn open_model(contents: &Value, types: &Value) -> GgufModel {
    let options = Options { context: 256, cached_tokens: 256, n_threads: 1 };
    open_bytes(&file(contents, types), &options).unwrap_or_else(|error| panic!("{error}"))
}

fn check(name: &str) {
    let golden = golden();
    let contents = &golden["models"][name];
    let model = open_model(contents, &golden["types"]);
    assert_eq!(model.prompt(&chat(&golden)).unwrap(), contents["rendered"].as_str().unwrap(), "{name}");
    for answer in contents["answers"].as_array().unwrap() {
        let what = format!("{name}, {}", answer["prompt"]);
        let mut context = model.tokenize_prompt(answer["prompt"].as_str().unwrap());
        assert_eq!(context, tokens(&answer["tokens"]), "{what}");
        let first = difference(&log_probs(&model, &context), &answer["log_probs"], &golden);
        let margins = answer["margins"].as_array().unwrap();
        for (token, margin) in tokens(&answer["greedy"]).into_iter().zip(margins) {
            let found = log_probs(&model, &context);
            let best = (0..found.len()).max_by(|&a, &b| found[a].total_cmp(&found[b])).unwrap();
            let is_undecided = margin.as_f64().unwrap() < UNDECIDED;
            assert!(best == token as usize || is_undecided, "{what}: {best}, not {token}, {margin} apart");
            context.push(token);
        }
        let last = difference(&log_probs(&model, &context), &answer["last_log_probs"], &golden);
        assert!(first < CLOSE && last < CLOSE, "{what}: {first} and {last} nats");
    }
}

fn chat(golden: &Value) -> Vec<Message> {
    list(&golden["chat"], |turn| {
        let role = match turn[0].as_str().unwrap() {
            "system" => Speaker::System,
            "user" => Speaker::User,
            _ => Speaker::Assistant,
        };
        message(role, turn[1].as_str().unwrap())
    })
}

#[test]
fn llama_is_as_in_llama_cpp() {
    check("llama");
    check("llama-letters");
}

#[test]
fn qwen_is_as_in_llama_cpp() {
    check("qwen2");
    check("qwen3");
}

#[test]
fn gemma_is_as_in_llama_cpp() {
    check("gemma3");
    check("gemma3-scaled");
}

/// What the comparison would say of a network with other constants.
#[test]
fn the_comparison_notices_small_changes() {
    let golden = golden();
    let changes = [
        ("gemma3", "gemma3.attention.sliding_window", 7.0),
        ("gemma3", "gemma3.attention.sliding_window", 9.0),
        ("gemma3", "gemma3.rope.freq_base", 1e4),
        ("gemma3-scaled", "gemma3.rope.scaling.factor", 4.0),
        ("qwen3", "qwen3.rope.freq_base", 1e4),
    ];
    for (name, key, number) in changes {
        let mut contents = golden["models"][name].clone();
        let entries = contents["metadata"].as_array_mut().unwrap();
        let entry = entries.iter_mut().find(|entry| entry[0] == key).unwrap();
        entry[2] = if entry[1] == "float" { number.into() } else { (number as u64).into() };
        let model = open_model(&contents, &golden["types"]);
        let of_answer = |answer: &Value| {
            let answered: Vec<u32> = [tokens(&answer["tokens"]), tokens(&answer["greedy"])].concat();
            difference(&log_probs(&model, &answered), &answer["last_log_probs"], &golden)
        };
        let found = list(&contents["answers"], of_answer).into_iter().fold(0.0, f64::max);
        assert!(found > CLOSE, "{name}, {key} = {number}: {found} nats");
    }
}
