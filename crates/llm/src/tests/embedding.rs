//! Vectors without a model.

use crate::*;
use catalogue::Catalogue;

#[test]
fn a_misspelt_title_is_nearest_to_its_own() {
    let titles = ["Star Wars: Episode IV", "The Godfather", "Toy Story", "Heat"];
    let rows = titles.iter().map(|title| ((*title).to_owned(), (*title).to_owned(), Vec::new()));
    let (catalogue, _) = Catalogue::new(rows.collect());
    let model = BuiltinEmbedder::new(&catalogue, 256);
    let texts = ["the godfathr", "Star Wars Episode 4", "toystory"].map(str::to_owned);
    let nearest = |vector: &Vec<f32>| {
        let cosine = |row: &[f32]| row.iter().zip(vector).map(|(x, y)| x * y).sum::<f32>();
        let rows = model.catalogue_vectors().rows().chunks(256).map(cosine).enumerate();
        rows.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0
    };
    let vectors = model.embed(&texts).unwrap();
    assert_eq!(vectors.iter().map(nearest).collect::<Vec<_>>(), [1, 0, 2]);
    let lengths = vectors.iter().map(|vector| vector.iter().map(|x| x * x).sum::<f32>());
    assert!(lengths.into_iter().all(|length| (length - 1.0).abs() < 1e-5));
    assert!(matches!(model.generate(&[super::ask("x")])[..], [Err(LlmError::Unsupported { .. })]));
}
