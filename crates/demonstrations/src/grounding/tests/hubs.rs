//! Vectors that all point the same way a little, as those of language models do, and a title in their middle.

use super::index;
use crate::GroundingStatus::{Embedding, Rejected};
use rand::RngExt as _;

const WIDTH: usize = 64;
const N_TITLES: usize = 120;
/// How many made-up texts are asked for.
const N_ASKED: usize = 200;

/// The common direction and something of its own; without the latter, the hub.
fn vector(own: f32, rng: &mut mdp::Rng) -> Vec<f32> {
    let noise = |rng: &mut mdp::Rng| own * (2.0 * rng.random::<f32>() - 1.0);
    (0..WIDTH).map(|_| 1.0 + noise(rng)).collect()
}

/// A word of its own for every number, without digits.
fn word(number: usize) -> String {
    let letter = |n: usize| char::from(b'a' + (n % 20) as u8);
    [number, number / 20, number * 7, number * 3 + 1, number * 11].into_iter().map(letter).collect()
}

/// How many of the texts become titles, by the vectors given.
fn n_found(titles: &[Vec<f32>], asked: &[Vec<f32>]) -> usize {
    let names: Vec<String> = (0..titles.len()).map(|n| format!("{} (19{})", word(n), 10 + n % 90)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let texts: Vec<String> = (0..asked.len()).map(|n| format!("zz{} yyyx", word(n))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let embed = |wanted: &[String]| -> Result<Vec<Vec<f32>>, String> {
        let at = |text: &String| texts.iter().position(|asked| asked == text).unwrap();
        Ok(wanted.iter().map(|text| asked[at(text)].clone()).collect())
    };
    let found = index(&names).ground_all(&texts, &titles.concat(), embed).unwrap();
    assert!(found.iter().all(|found| matches!(found.grounding.status, Embedding | Rejected)));
    found.iter().filter(|found| found.item.is_some()).count()
}

#[test]
fn what_is_near_to_everything_is_no_title_and_what_is_near_to_one_is() {
    let mut rng = mdp::rng_for(3, &[2]);
    let mut titles: Vec<Vec<f32>> = (0..N_TITLES).map(|_| vector(1.2, &mut rng)).collect();
    titles.push(vector(0.0, &mut rng));
    let noise: Vec<Vec<f32>> = (0..N_ASKED).map(|_| vector(0.8, &mut rng)).collect();
    let nearest_is_hub = noise.iter().all(|text| {
        let found = crate::nearest(text, &titles.concat(), crate::Metric::Cosine).unwrap();
        found.row == N_TITLES && found.distance < 0.15
    });
    assert!(nearest_is_hub, "all of the noise is near enough to the hub by its cosine alone");
    assert_eq!(n_found(&titles, &noise), 0);
    let meant: Vec<Vec<f32>> = (0..N_TITLES)
        .map(|row| titles[row].iter().map(|x| x + 0.2 * (2.0 * rng.random::<f32>() - 1.0)).collect())
        .collect();
    assert!(n_found(&titles, &meant) >= N_TITLES * 95 / 100, "{}", n_found(&titles, &meant));
}
