//! Titles within sentences: found in every frame, and never made of what only surrounds titles.

use super::{FILMS, index};
use crate::tests::shared_catalogue;
use crate::{GroundingConfig, GroundingStatus, TitleIndex};
use proptest::prelude::*;

/// Sentences with a title in the place of `{}`.
const FRAMES: &[&str] = &[
    "{}",
    "**{}**",
    "\"{}\"",
    "“{}”",
    "«{}»",
    "1. {}",
    "- {}",
    "3) **{}**",
    "Title: {}",
    "Recommendation: {}",
    "**Final answer:** {}",
    "I would recommend {} because it is full of ideas.",
    "I would recommend \"{}\" because it is full of ideas.",
    "I'd suggest **{}**, which is a great fit.",
    "You should watch {}.",
    "How about {}?",
    "My recommendation is {}.",
    "Based on your taste, I recommend {} next.",
    "1. {} - a gripping story about friendship and loss",
    "{} is a wonderful choice for tonight.",
    "Ich empfehle {}, weil es gut zu dir passt.",
    "Je vous recommande {} parce que vous aimez les histoires vraies.",
    "Te recomiendo {} porque te va a gustar.",
    "Here is what I would pick:\n\n1. {}\n",
];

fn framed(frame: &str, title: &str) -> String {
    frame.replace("{}", title)
}

/// What a sentence means among [`FILMS`]: the title's row.
#[track_caller]
fn check(text: &str, expected: Option<u32>) {
    assert_eq!(index(FILMS).ground(text).item.map(|item| item.0), expected, "{text}");
}

#[test]
fn every_film_is_found_in_every_frame() {
    let index = index(FILMS);
    // One word without a year has to be pointed at: `Life is Strange` is not about `Life`.
    for (row, title) in FILMS.iter().enumerate().filter(|(_, title)| title.contains(' ')) {
        for frame in FRAMES {
            let text = framed(frame, title);
            let found = index.ground(&text).item.map(|item| FILMS[item.index()]);
            assert_eq!(found, Some(*title), "{text} (row {row})");
        }
    }
}

#[test]
fn sentences_name_the_first_that_they_recommend() {
    check("Since you liked Die Hard (1988), I recommend Inglourious Basterds (2009).", Some(5));
    check("I recommend The Matrix (1999) because you enjoyed Die Hard (1988).", Some(0));
    check("Try The Matrix (1999), Little Women (1994) or Emma (1996).", Some(0));
    check("1. Little Women (1994)\n2. The Matrix (1999)", Some(3));
    check("Die Hard, The Matrix and Little Women", Some(10));
    check("I would not recommend Die Hard (1988).", None);
    check("Instead of Die Hard (1988) I would go with Emma (1996).", Some(11));
    check("The Matrix, 1999", Some(0));
    check("The Matrix (Warner, 1999)", Some(0));
    check("The Matrix (1999", Some(0));
    check("i would recommend little women because it is touching", Some(3));
    check("I would recommend Pixies because they are loud.", Some(13));
    check("1. Pixies - a loud band from Boston", Some(13));
    check("Pixies is what some say", None);
    check("I recommend Inglorious Basterds (2009) because it is bold.", Some(5));
}

#[test]
fn long_texts_cost_little() {
    let film = "The Matrix (1999)";
    for filler in ["lorem ipsum dolor ", "é", "\"", "((((", "recommend ", "the ", "1. ", "**", "- "] {
        let text = format!("{} because {}", film, filler.repeat(300_000));
        let found = index(FILMS).ground(&text);
        assert!(found.item.is_none() || found.item.unwrap().0 == 0, "{filler}");
        index(FILMS).ground(&filler.repeat(300_000));
    }
}

#[test]
fn a_part_of_another_title_is_not_the_title() {
    for text in [
        "A Matrix of Die Hardest Cases",
        "Die Harder (1990)",
        "Terminator 3: Rise of the Machines (2003)",
        "The Making of Die Hard",
        "Die Hard: The Video Game",
        "Waiting for Emma (1996)",
        "My Dark Matter and Other Stories",
        "Seven Psychopaths (2012)",
        "Little Women and Werewolves",
        "Emma, or the Unfortunate Attachment",
    ] {
        check(text, None);
    }
}

#[test]
fn numbers_articles_and_years_are_no_title() {
    let index =
        index(&["42 (2013)", "The The", "54 (1998)", "4", "+44", "9 (2009)", "Heat (1995)", "1984 (1984)"]);
    let row = |text: &str| index.ground(text).item.map(|item| item.0);
    for text in [
        "The (1993), The (2015) and the (4.2)",
        "4.2",
        "The 42",
        "42",
        "The 42 (2013)",
        "(42)",
        "4.2 (2013)",
        "44",
        "4/5",
        "1. 4",
        "I recommend 42 because it is a number",
        "the the (1995)",
        "9.",
        "1984",
        "54",
    ] {
        assert_eq!(row(text), None, "{text}");
    }
    assert_eq!(
        (row("42 (2013)"), row("**42 (2013)**"), row("4"), row("The The")),
        (Some(0), Some(0), Some(3), Some(1))
    );
    assert_eq!(row("I would recommend 42 (2013) because it is moving."), Some(0));
    assert_eq!(row("1984 (1984) 5/5"), Some(7));
}

#[test]
fn other_spellings_in_brackets_and_after_colons() {
    let index = index(&[
        "Amelie (Fabuleux destin d'Amélie Poulain, Le) (2001)",
        "Men in Black III (M.III.B.) (M.I.B.³) (2012)",
        "Death Rally (Classic)",
        "Marley & Me (2008)",
        "Final Fantasy X",
        "Birdman: Or (The Unexpected Virtue of Ignorance) (2014)",
        "Rocky (1976)",
        "Breach &amp; Clear",
    ]);
    let row = |text: &str| index.ground(text).item.map(|item| item.0);
    assert_eq!(row("Le fabuleux destin d'Amelie Poulain (2001)"), Some(0));
    assert_eq!(row("Amélie (The Fabulous Destiny of Amelie) (2001)"), Some(0));
    assert_eq!(row("Men in Black 3 (2012)"), Some(1));
    assert_eq!((row("Classic"), row("Death Rally")), (None, Some(2)));
    assert_eq!((row("Marley and Me"), row("Breach & Clear")), (Some(3), Some(7)));
    assert_eq!((row("Final Fantasy V"), row("Final Fantasy 10")), (None, None));
    assert_eq!((row("Birdman (2014)"), row("Rocky 2"), row("Death Rally 2021")), (Some(5), None, None));
    assert_eq!(
        (row("Rocky (Extended Edition) (1976)"), row("Voyage into a Very Long Night (Rocky)")),
        (Some(6), None)
    );
}

/// Words that surround titles and make none.
const EMPTY_WORDS: &[&str] = &[
    "the", "The", "a", "An", "and", "la", "les", "Der", "(1993)", "(2015)", "1999", "42", "4.2", "4/5",
    "5/5", "-", "&", "(4.2)", "[7]", ",", ".", "...", "1.", "#2", "*", "\"", "'", "(", ")", ":", "½", "³",
];

/// Titles as catalogues have them.
fn title() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "Winter", "Élan", "Harbour", "Glass", "Über", "Falcon", "Señor", "Midnight", "Orchard", "Ōkami",
        "River's", "Saint", "Voltage", "Quartz", "Meadow",
    ]);
    let words = prop::collection::vec(word, 2..5).prop_map(|words| words.join(" "));
    (words, prop::sample::select(vec!["", ", The", ", A", " 2", " III"]), 1930..2019_u16)
        .prop_map(|(words, behind, year)| format!("{words}{behind} ({year})"))
}

proptest! {
    #[test]
    fn any_title_is_found_in_any_frame(titles in prop::collection::vec(title(), 1..6), frame in 0..FRAMES.len()) {
        let all: Vec<&str> = titles.iter().map(String::as_str).collect();
        let index = index(&all);
        for title in &all {
            let text = framed(FRAMES[frame], title);
            let found = index.ground(&text);
            prop_assert_eq!(found.item.map(|item| all[item.index()]), Some(*title), "{}", text);
        }
    }

    #[test]
    fn no_row_of_numbers_articles_and_years_is_a_title(words in prop::collection::vec(prop::sample::select(EMPTY_WORDS.to_vec()), 1..9)) {
        let index = index(&["42 (2013)", "9 (2009)", "+44", "A.I. (2001)", "Heat (1995)", "1999", "Them! (1954)"]);
        let text = words.join(" ");
        let found = index.ground(&text);
        prop_assert!(found.item.is_none() || found.grounding.status == GroundingStatus::Exact, "{text}: {found:?}");
    }
}

/// Every seventh title of a real catalogue in every frame, and random letters against all of them.
#[test]
fn real_titles_are_found_in_frames_and_random_letters_are_not() {
    let Some(catalogue) = shared_catalogue("movielens-latest-small/movies.csv.gz") else { return };
    let index = TitleIndex::build(&catalogue, GroundingConfig::default());
    let (mut n_asked, mut n_missed) = (0, Vec::new());
    for item in catalogue.items().iter().step_by(7) {
        for frame in FRAMES {
            let text = framed(frame, &item.title);
            let found = index.ground(&text).item.map(|found| catalogue.item(found).title.as_str());
            n_asked += 1;
            if found != Some(item.title.as_str()) {
                n_missed.push(format!("{text} -> {found:?}"));
            }
        }
    }
    let share = n_missed.len() as f64 / f64::from(n_asked);
    assert!(share < 0.002, "{share} of {n_asked}: {:#?}", &n_missed[..n_missed.len().min(60)]);
}
