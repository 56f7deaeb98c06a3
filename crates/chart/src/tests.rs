//! Colours are apart for everybody, by day and by night; policies keep theirs; labels do not cover each other.

use crate::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What people without one kind of cone see (Machado, Oliveira and Fernandes 2009, severity 1), and what others see.
const EYES: [[[f64; 3]; 3]; 4] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
];

/// Linear light of `#rrggbb`.
fn light(colour: &str) -> [f64; 3] {
    [1, 3, 5].map(|at| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

fn times(matrix: &[[f64; 3]; 3], x: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * x[0] + row[1] * x[1] + row[2] * x[2])
}

/// Björn Ottosson's OKLab, in which distances are about as large as they look.
fn oklab(light: [f64; 3]) -> [f64; 3] {
    let cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ];
    let opponents = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ];
    times(&opponents, times(&cones, light.map(|x| x.clamp(0.0, 1.0))).map(f64::cbrt))
}

fn distance(a: &str, b: &str, eyes: &[[f64; 3]; 3]) -> f64 {
    let [a, b] = [a, b].map(|colour| oklab(times(eyes, light(colour))));
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

fn contrast(a: &str, b: &str) -> f64 {
    let luminance = |colour| {
        let [red, green, blue] = light(colour);
        0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
    };
    let (a, b) = (luminance(a), luminance(b));
    a.max(b) / a.min(b)
}

/// The value of a variable in the part of the style for this time of day.
fn colour(name: &str, is_night: bool) -> String {
    let (day, night) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let part = if is_night { night } else { day };
    let (_, rest) = part.split_once(&format!("--{name}: ")).unwrap_or_else(|| panic!("no {name}"));
    rest[..7].to_owned()
}

/// Grounds that pictures are drawn on: the report's, the console's.
const GROUNDS: [[&str; 2]; 2] = [["#fdfdfb", "#ffffff"], ["#14181a", "#1b1e24"]];

#[test]
fn colours_are_apart_for_everybody_and_from_the_ground() {
    for is_night in [false, true] {
        let all: Vec<String> = (0..N_COLOURS).map(|k| colour(&format!("p{k}"), is_night)).collect();
        for (k, one) in all.iter().enumerate() {
            for ground in GROUNDS[usize::from(is_night)] {
                assert!(contrast(one, ground) >= 3.0, "p{k} {one} on {ground}, night {is_night}");
            }
            for (other, two) in all.iter().enumerate().take(k) {
                let seen = EYES.map(|eyes| distance(one, two, &eyes));
                let least = seen.iter().copied().fold(1.0, f64::min);
                assert!(
                    least > LEAST && seen[0] > LEAST_USUAL,
                    "p{other} {two} and p{k} {one}: {seen:?}, night {is_night}"
                );
            }
        }
    }
}

/// About three times what a trained eye can just tell apart in OKLab, for any eyes, and for most.
const LEAST: f64 = 0.045;
const LEAST_USUAL: f64 = 0.07;

#[test]
fn ways_to_end_have_colours_of_their_own() {
    let words = ["low reward", "category", "too similar", "too near", "repeat", "horizon", "record ends"];
    let classes: BTreeSet<_> = words.map(ending).into();
    assert_eq!(classes.len(), words.len());
    assert_eq!((ending("low reward"), ending("something new")), ("e0", "e6"));
    for is_night in [false, true] {
        let colours: BTreeSet<String> = classes.iter().map(|class| colour(class, is_night)).collect();
        assert_eq!(colours.len(), words.len());
    }
}

#[test]
fn every_class_sets_a_colour() {
    let policies = (0..N_COLOURS).map(|k| format!(".p{k} {{ --own: var(--p{k}); }}"));
    let endings = (0..7).map(|k| format!(".e{k} {{ --own: var(--e{k}); }}"));
    for rule in policies.chain(endings) {
        assert!(STYLE.contains(&rule), "{rule}");
    }
}

const USUAL: [&str; 13] = [
    "uniform",
    "popularity",
    "greedy",
    "random-fresh-genre",
    "demonstrator",
    "bc",
    "a2c",
    "il-rec",
    "train-planner",
    "judge-planner",
    "oracle",
    "planner",
    "untrained",
];

#[test]
fn the_policies_of_a_usual_table_never_share_a_colour() {
    assert_eq!(BTreeSet::from_iter(colours(USUAL)).len(), USUAL.len());
    let two = colours(["il-rec", "il-rec (other/policy)", "il-rec"]);
    assert!(two[0] == "p0" && two[1] != two[0] && two[2] == two[0], "{two:?}");
    assert_eq!(colours(["il-rec (released)"]), ["p0"], "alone it has the colour of its kind");
}

#[test]
fn runs_are_told_apart_by_policy_and_seed() {
    assert_eq!(policy_and_seed("no-hazard, seed 12", "il-rec"), ("no-hazard", "12"));
    assert_eq!(policy_and_seed("seed 3", "il-rec"), ("il-rec", "3"));
    assert_eq!(policy_and_seed("il-rec, no-hazard", "x"), ("il-rec, no-hazard", ""));
    let styles: BTreeSet<_> = (0..4).map(line_style).collect();
    assert!(styles.len() == 4 && styles.iter().all(|style| STYLE.contains(&format!(".line.{style} "))));
}

fn names() -> impl Strategy<Value = Vec<String>> {
    let name = prop_oneof![proptest::sample::select(&USUAL[..]).prop_map(str::to_owned), "[a-z-]{1,12}"];
    proptest::collection::btree_set(name, 1..=N_COLOURS)
        .prop_map(|names| names.into_iter().collect())
        .prop_shuffle()
}

proptest! {
    #[test]
    fn no_two_policies_of_a_picture_share_a_colour(names in names()) {
        let classes = colours(names.iter().map(String::as_str));
        prop_assert_eq!(BTreeSet::from_iter(&classes).len(), names.len());
        let mut sorted = names.clone();
        sorted.sort();
        let again = colours(sorted.iter().map(String::as_str));
        for (name, class) in sorted.iter().zip(again) {
            let at = names.iter().position(|other| other == name).unwrap();
            prop_assert_eq!(classes[at], class, "the order of the table says nothing");
        }
    }

    #[test]
    fn known_policies_have_one_colour_everywhere(names in names(), own in proptest::sample::select(&USUAL[..])) {
        let mut with = names;
        with.retain(|name| name != own && !name.starts_with(own));
        with.truncate(N_COLOURS - 1);
        with.push(own.to_owned());
        let classes = colours(with.iter().map(String::as_str));
        prop_assert_eq!(classes[with.len() - 1], colours([own])[0]);
    }

    #[test]
    fn labels_keep_their_order_and_their_distance(
        wanted in proptest::collection::vec(-50.0..1050.0f64, 0..24), gap in 1.0..90.0f64
    ) {
        let places = spread(&wanted, gap, (0.0, 1000.0));
        prop_assert_eq!(places.len(), wanted.len());
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]).then(a.cmp(&b)));
        let kept = gap.min(1000.0 / wanted.len().saturating_sub(1).max(1) as f64);
        for pair in order.windows(2) {
            prop_assert!(places[pair[1]] - places[pair[0]] >= kept - 1e-6, "{places:?}");
        }
        prop_assert!(places.iter().all(|place| (-1e-6..=1000.0 + 1e-6).contains(place)), "{places:?}");
    }

    #[test]
    fn labels_that_are_apart_stay_where_they_are(start in 0.0..100.0f64, n in 1..10usize) {
        let wanted: Vec<f64> = (0..n).map(|k| start + 90.0 * k as f64).collect();
        for (place, wanted) in spread(&wanted, 80.0, (0.0, 1000.0)).iter().zip(&wanted) {
            prop_assert!((place - wanted).abs() < 1e-9);
        }
    }
}
