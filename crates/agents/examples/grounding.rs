//! What is measured: how well titles that somebody half remembers are found by vectors, those of MiniLM beside character
//! n-grams, at every threshold: of titles in the catalogue, how many are found and how many are taken for another; of
//! titles that are not in it, how many are taken for something. Texts that letters alone decide do not count.
//!
//! Usage: cargo run --release -p agents --example grounding -- MINILM_FOLDER TITLES.txt

#![expect(clippy::print_stdout, reason = "the result of a measurement is what this prints")]

use catalogue::Catalogue;
use demonstrations::{GroundingConfig, GroundingStatus, TitleIndex};
use llm::{LanguageModel, LlmError};
use std::error::Error;
use std::path::Path;

const COSINES: [f32; 9] = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9];
/// One title in so many is asked for.
const ONE_IN: usize = 20;

/// A half-remembered title, and the row of the title that was meant.
type Asked = (String, usize);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, titles] = words.as_slice() else {
        return Err("give MiniLM's folder and a file with a title a line".into());
    };
    let model = llm_minilm::open(Path::new(folder))?;
    let titles: Vec<String> = std::fs::read_to_string(titles)?.lines().map(str::to_owned).collect();
    let asked: Vec<Asked> =
        (0..titles.len()).step_by(ONE_IN).flat_map(|row| half_remembered(&titles[row], row)).collect();
    let others: Vec<String> =
        (0..titles.len()).filter(|row| row % ONE_IN != 0).map(|row| titles[row].clone()).collect();
    let [vectors, other_vectors] = [model.embed(&titles)?.concat(), model.embed(&others)?.concat()];
    println!(
        "titles {}, asked for {} texts of {} titles",
        titles.len(),
        asked.len(),
        titles.len().div_ceil(ONE_IN)
    );
    println!(
        "years     cosine   MiniLM: found wrong, absent taken   n-grams: found wrong, absent taken   texts"
    );
    for has_year in [true, false] {
        let asked: Vec<&Asked> = asked.iter().filter(|(text, _)| text.ends_with(')') == has_year).collect();
        for cosine in COSINES {
            let present = shares((&titles, &vectors), &asked, cosine, &model)?;
            let absent = shares((&others, &other_vectors), &asked, cosine, &model)?;
            let years = if has_year { "named" } else { "unnamed" };
            let [m, n] = [0, 1].map(|by| {
                let ([found, wrong], taken) = (present.by[by], absent.by[by]);
                format!("{:>5.1} % {:>5.1} %, {:>5.1} %", found, wrong, taken[0] + taken[1])
            });
            println!("{years:<9} {cosine:>5}    {m:>26}           {n:>26}        {}", present.n_texts);
        }
    }
    Ok(())
}

/// Shares in percent: the text's own title was found, another one was taken; by the model and by n-grams.
struct Shares {
    by: [[f64; 2]; 2],
    n_texts: usize,
}

fn shares(
    (titles, vectors): (&[String], &[f32]),
    asked: &[&Asked],
    cosine: f32,
    model: &dyn LanguageModel,
) -> Result<Shares, LlmError> {
    let rows = titles.iter().enumerate().map(|(row, title)| (row.to_string(), title.clone(), Vec::new()));
    let catalogue = Catalogue::new(rows.collect()).0;
    let config = GroundingConfig {
        embedding_min_cosine: cosine,
        embedding_min_cosine_without_year: cosine,
        ..GroundingConfig::default()
    };
    let index = TitleIndex::build(&catalogue, config);
    let texts: Vec<&str> = asked.iter().map(|(text, _)| text.as_str()).collect();
    let by_model = index.ground_all(&texts, vectors, |texts| model.embed(texts))?;
    let by_letters = texts.iter().map(|text| index.ground(text));
    let mut shares = Shares { by: [[0.0; 2]; 2], n_texts: 0 };
    for ((by_model, by_ngrams), (_, row)) in by_model.iter().zip(by_letters).zip(asked) {
        let both = [by_model, &by_ngrams];
        let is_open = |status| matches!(status, GroundingStatus::Embedding | GroundingStatus::Rejected);
        if !is_open(by_model.grounding.status) {
            continue;
        }
        shares.n_texts += 1;
        for (share, grounded) in shares.by.iter_mut().zip(both) {
            let Some(item) = grounded.item else { continue };
            let is_meant = catalogue.item(item).id == row.to_string();
            share[usize::from(!is_meant)] += 1.0;
        }
    }
    let all = shares.n_texts.max(1) as f64;
    shares.by.iter_mut().flatten().for_each(|share| *share *= 100.0 / all);
    Ok(shares)
}

/// What is left of a title when a word is forgotten or two change places, with its year and without.
fn half_remembered(title: &str, row: usize) -> Vec<Asked> {
    let (name, year) = match title.rsplit_once(" (") {
        Some((name, year)) if year.ends_with(')') => (name, Some(year)),
        _ => (title, None),
    };
    let words: Vec<&str> = name.split_whitespace().collect();
    if words.len() < 3 {
        return Vec::new();
    }
    let at = row / ONE_IN % words.len();
    let without: Vec<&str> =
        words.iter().enumerate().filter(|(k, _)| *k != at).map(|(_, word)| *word).collect();
    let mut swapped = words.clone();
    swapped.swap(at, (at + 1) % words.len());
    let texts = [without.join(" "), swapped.join(" ")];
    let dated = texts.iter().filter_map(|text| Some((format!("{text} ({}", year?), row)));
    dated.chain(texts.iter().map(|text| (text.clone(), row))).collect()
}
