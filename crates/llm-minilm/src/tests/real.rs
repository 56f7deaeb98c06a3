//! The real model against a forward pass in f64 and the tokenizers library (`golden.json`, written by
//! `bench/reference/minilm.py`).

use llm::LanguageModel as _;
use serde::Deserialize;

use crate::{MiniLm, open};

#[derive(Deserialize)]
struct Golden {
    texts: Vec<String>,
    tokens: Vec<Vec<u32>>,
    first: Vec<Vec<f32>>,
    last: Vec<Vec<f32>>,
    cosines: Vec<Vec<f32>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden.json")).unwrap()
}

fn real() -> Option<MiniLm> {
    Some(open(&shared_data::shared_model("minilm")?).unwrap())
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[test]
fn vectors_are_those_of_the_reference() {
    let Some(model) = real() else { return };
    let golden = golden();
    for (text, expected) in golden.texts.iter().zip(&golden.tokens) {
        assert_eq!(&model.tokens(text), expected, "{text:?}");
    }
    let vectors = model.embed(&golden.texts).unwrap();
    for (at, vector) in vectors.iter().enumerate() {
        assert_eq!(vector.len(), 384);
        let found = vector[..8].iter().chain(&vector[376..]);
        let expected = golden.first[at].iter().chain(&golden.last[at]);
        let distance = found.zip(expected).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        assert!(distance < 1e-4, "{:?}: {distance}", golden.texts[at]);
        for (other, expected) in vectors.iter().zip(&golden.cosines[at]) {
            assert!((cosine(vector, other) - expected).abs() < 1e-4, "{:?}", golden.texts[at]);
        }
    }
}

#[test]
fn a_vector_depends_on_its_text_alone_and_knows_what_it_means() {
    let Some(model) = real() else { return };
    let golden = golden();
    let all = model.embed(&golden.texts).unwrap();
    for at in [0, 7, 11, 24] {
        assert_eq!(model.embed(&golden.texts[at..=at]).unwrap()[0], all[at], "{:?}", golden.texts[at]);
    }
    let place = |start: &str| golden.texts.iter().position(|text| text.starts_with(start)).unwrap();
    let likeness = |a: &str, b: &str| cosine(&all[place(a)], &all[place(b)]);
    assert!(likeness("Toy Story (", "Toy Story 2") > likeness("Toy Story (", "The Godfather"));
    assert!(likeness("a crime drama", "The Godfather") > likeness("a crime drama", "Toy Story ("));
    assert!(likeness("a funny film", "A Bug's Life") > likeness("a funny film", "Goodfellas"));
}
