//! Words and pieces, and folders that are not what they should be.

use llm::{LanguageModel as _, LlmError};

use super::folder::{CONFIG, TOKENIZER, weights, write};
use crate::{MiniLm, MiniLmError, open};

fn number(n: usize) -> f32 {
    ((n * 37 % 11) as f32 - 5.0) / 7.0
}

fn opened(config: &str, tokenizer: &str, weights: &[u8]) -> Result<MiniLm, MiniLmError> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), config, tokenizer, weights);
    open(folder.path())
}

#[test]
fn words_are_cut_into_the_longest_known_pieces() {
    let model = opened(CONFIG, TOKENIZER, &weights(number)).unwrap();
    for (text, expected) in [
        ("", &[1, 2][..]),
        ("ABC a!", &[1, 4, 5, 3, 6, 2]),
        ("áb\u{301}c", &[1, 4, 5, 2]),
        ("a\u{200b}b a海a", &[1, 4, 3, 7, 3, 2]),
        ("cab", &[1, 0, 2]),
        ("abcccc ab", &[1, 0, 4, 2]),
        ("a a a a a a a a a a", &[1, 3, 3, 3, 3, 3, 3, 3, 2]),
        ("[CLS]", &[1, 0, 0, 0, 2]),
    ] {
        assert_eq!(model.tokens(text), expected, "{text:?}");
    }
}

#[test]
fn the_name_is_that_of_the_weights_wherever_they_lie() {
    let name = |weights: &[u8]| opened(CONFIG, TOKENIZER, weights).unwrap().capabilities().model.clone();
    assert_eq!(name(&weights(number)), name(&weights(number)));
    assert_ne!(name(&weights(number)), name(&weights(|n| -number(n))));
    assert!(name(&weights(number)).starts_with("minilm:4x1@"));
}

#[test]
fn weights_that_are_no_numbers_give_an_error_and_no_vector() {
    let model = opened(CONFIG, TOKENIZER, &weights(|_| f32::NAN)).unwrap();
    assert!(matches!(model.embed(&["ab".to_owned()]), Err(LlmError::Failed { .. })));
    assert!(model.embed(&[]).unwrap().is_empty());
}

#[test]
fn what_is_wrong_with_a_folder_is_said() {
    let empty = tempfile::tempdir().unwrap();
    let error = open(empty.path()).unwrap_err();
    assert!(
        error.to_string().contains("config.json") && error.hint().contains("model.safetensors"),
        "{error}"
    );
    let whole = weights(number);
    let html = b"<html>not found</html>";
    for (config, tokenizer, weights, complaint) in [
        ("<html>", TOKENIZER, &whole[..], "not a file of an embedding model"),
        (&CONFIG.replace("bert", "gpt2"), TOKENIZER, &whole, "a gpt2 network"),
        (
            &CONFIG.replace("\"num_attention_heads\": 2", "\"num_attention_heads\": 3"),
            TOKENIZER,
            &whole,
            "contradicts",
        ),
        (
            &CONFIG.replace("\"num_attention_heads\": 2", "\"num_attention_heads\": 0"),
            TOKENIZER,
            &whole,
            "contradicts",
        ),
        (
            &CONFIG.replace("\"hidden_size\": 4", "\"hidden_size\": 1048576"),
            TOKENIZER,
            &whole,
            "expected F32",
        ),
        (
            &CONFIG.replace("\"num_hidden_layers\": 1", "\"num_hidden_layers\": 2"),
            TOKENIZER,
            &whole,
            "layer.1.",
        ),
        (CONFIG, &TOKENIZER.replace("WordPiece", "BPE"), &whole, "not BERT's WordPiece"),
        (CONFIG, &TOKENIZER.replace("\"海\": 7", "\"海\": 8"), &whole, "beyond the network's 8"),
        (CONFIG, &TOKENIZER.replace("[SEP]", "[END]"), &whole, "without [SEP]"),
        (CONFIG, TOKENIZER, html, "not a file of an embedding model"),
        (CONFIG, TOKENIZER, &whole[..whole.len() - 1], "not a file of an embedding model"),
    ] {
        let error = opened(config, tokenizer, weights).unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}, expected {complaint}");
    }
}

#[test]
fn changed_bytes_never_stop_the_program() {
    let whole = weights(number);
    let text = ["ab c! 海".to_owned()];
    let mut n_refused = 0;
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        match opened(CONFIG, TOKENIZER, &bytes) {
            Ok(model) => drop(model.embed(&text)),
            Err(_) => n_refused += 1,
        }
    }
    assert!(n_refused > 0);
}
