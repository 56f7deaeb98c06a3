//! A model of four coordinates in a folder.

use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};

pub(super) const CONFIG: &str = r#"{"model_type": "bert", "hidden_act": "gelu", "hidden_size": 4, "intermediate_size": 6,
    "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 9, "type_vocab_size": 1,
    "vocab_size": 8, "layer_norm_eps": 1e-12}"#;
pub(super) const TOKENIZER: &str = r####"{"normalizer": {"type": "BertNormalizer", "lowercase": true,
    "strip_accents": null, "handle_chinese_chars": true}, "model": {"type": "WordPiece", "unk_token": "[UNK]",
    "continuing_subword_prefix": "##", "max_input_chars_per_word": 5,
    "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "ab": 4, "##c": 5, "!": 6, "海": 7}}}"####;

fn shapes() -> Vec<(String, Vec<usize>)> {
    let mut all = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![8, 4]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![9, 4]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![1, 4]),
    ];
    let mut affine = |name: &str, shape: &[usize]| {
        all.push((format!("{name}.weight"), shape.to_vec()));
        all.push((format!("{name}.bias"), shape[..1].to_vec()));
    };
    affine("embeddings.LayerNorm", &[4]);
    for (name, shape) in [
        ("attention.self.query", &[4, 4][..]),
        ("attention.self.key", &[4, 4]),
        ("attention.self.value", &[4, 4]),
        ("attention.output.dense", &[4, 4]),
        ("attention.output.LayerNorm", &[4]),
        ("intermediate.dense", &[6, 4]),
        ("output.dense", &[4, 6]),
        ("output.LayerNorm", &[4]),
    ] {
        affine(&format!("encoder.layer.0.{name}"), shape);
    }
    all
}

/// The weights as a file; `value` gives the n-th number.
pub(super) fn weights(value: impl Fn(usize) -> f32) -> Vec<u8> {
    let bytes: Vec<u8> = (0..64).flat_map(|n| value(n).to_le_bytes()).collect();
    let shapes = shapes();
    let view = |shape: &[usize]| {
        let n_bytes = 4 * shape.iter().product::<usize>();
        TensorView::new(Dtype::F32, shape.to_vec(), &bytes[..n_bytes]).unwrap()
    };
    safetensors::serialize(shapes.iter().map(|(name, shape)| (name, view(shape))), None).unwrap()
}

/// Writes a folder.
pub(super) fn write(folder: &Path, config: &str, tokenizer: &str, weights: &[u8]) {
    std::fs::write(folder.join("config.json"), config).unwrap();
    std::fs::write(folder.join("tokenizer.json"), tokenizer).unwrap();
    std::fs::write(folder.join("model.safetensors"), weights).unwrap();
}
