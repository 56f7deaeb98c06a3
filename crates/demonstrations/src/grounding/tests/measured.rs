//! Precision and recall on real answers, and how much made-up noise is taken for a title: two tables, with bounds.
//! `docs/grounding.md` has the figures of the last change.

#![expect(clippy::print_stderr, reason = "the tables are what a reader of the test wants to see")]

use crate::tests::{shared_catalogue, shared_csv};
use crate::{GroundingConfig, TitleIndex};
use catalogue::Catalogue;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};

const FILMS: &str = "movielens-latest-small/movies.csv.gz";
const ARTISTS: &str = "lastfm-2k/artists.csv.gz";
const BOOKS: &str = "amazon-book-billp/items.csv.gz";
const GAMES: &str = "steam-billp/items.csv.gz";

fn indexed(catalogue: &str) -> Option<(Catalogue, TitleIndex)> {
    let catalogue = shared_catalogue(catalogue)?;
    let index = TitleIndex::build(&catalogue, GroundingConfig::default());
    Some((catalogue, index))
}

/// What became of the rows of one list, against the ids that name what was meant.
#[derive(Debug, Default)]
struct Row {
    texts: usize,
    found: usize,
    named: usize,
    right: usize,
    wrong: usize,
    /// The same among titles that the prompt had shown.
    named_shown: usize,
    right_shown: usize,
    /// Found where the list names nothing.
    unnamed_found: usize,
    unnamed: usize,
}

impl Row {
    fn recall(&self) -> f64 {
        self.right as f64 / self.named as f64
    }

    fn wrong_share(&self) -> f64 {
        self.wrong as f64 / self.named as f64
    }
}

fn measured(list: &str, (catalogue, index): &(Catalogue, TitleIndex)) -> Option<Row> {
    let rows = shared_csv(list)?;
    let mut texts: Vec<&str> = rows.iter().map(|row| &row[3]).collect();
    texts.sort_unstable();
    texts.dedup();
    let answers: BTreeMap<&str, _> = texts
        .par_iter()
        .map(|text| (*text, index.ground(text).item))
        .collect::<Vec<_>>()
        .into_iter()
        .collect();
    let title = |item| catalogue.item(item).title.as_str();
    let mut row = Row { texts: rows.len(), ..Row::default() };
    for line in &rows {
        let found = answers[&line[3]];
        row.found += usize::from(found.is_some());
        let Some(meant) = catalogue.find(&line[4]) else {
            row.unnamed += 1;
            row.unnamed_found += usize::from(found.is_some());
            continue;
        };
        let is_right = found.is_some_and(|item| is_same(title(item), title(meant)));
        row.named += 1;
        row.right += usize::from(is_right);
        row.wrong += usize::from(found.is_some() && !is_right);
        if &line[6] == "1" || &line[6] == "True" {
            row.named_shown += 1;
            row.right_shown += usize::from(is_right);
        }
    }
    Some(row)
}

/// Whether two titles are the same words of the same year: catalogues list `Jason Derulo` and `Jason Derülo`.
fn is_same(a: &str, b: &str) -> bool {
    let name = |title: &str| (unaccented(title), title.rsplit_once('(').map(|(_, year)| year.to_owned()));
    a == b || name(a) == name(b)
}

/// As [`plain`], with plain letters for those with accents.
fn unaccented(title: &str) -> String {
    let letters = plain(&title.replace('&', " and ")).chars().collect::<Vec<_>>();
    letters
        .into_iter()
        .map(|c| match c {
            'é' => 'e',
            'ó' => 'o',
            'ü' => 'u',
            'ö' => 'o',
            'ä' => 'a',
            c => c,
        })
        .collect()
}

#[test]
fn real_lists_are_found_and_not_mistaken() {
    let mut table = String::from(
        "list                           texts  found    recall   wrong    shown    found where nothing is named\n",
    );
    for (catalogue, folder, least_recall, most_wrong) in
        [(FILMS, "movielens-llm-lists", 0.995, 0.0005), (ARTISTS, "lastfm-2k", 0.999, 0.0005)]
    {
        let Some(indexed) = indexed(catalogue) else { return };
        for llm in ["chatgpt-3.5-turbo", "text-davinci-003"] {
            let Some(row) = measured(&format!("{folder}/llm_lists_{llm}.csv.gz"), &indexed) else { return };
            table.push_str(&format!(
                "{:<30} {:>5}  {:.4}   {:.4}   {:.5}  {:.4}   {} of {}\n",
                format!("{} {}", folder.split('-').next().unwrap_or(folder), llm),
                row.texts,
                row.found as f64 / row.texts as f64,
                row.recall(),
                row.wrong_share(),
                row.right_shown as f64 / row.named_shown.max(1) as f64,
                row.unnamed_found,
                row.unnamed
            ));
            assert!(row.recall() > least_recall && row.wrong_share() < most_wrong, "{table}{row:?}");
        }
    }
    eprintln!("{table}");
}

/// What of the requests that BiLLP's environment replaced by a neighbour is a title of the catalogue after all.
#[test]
fn what_a_source_replaced_is_mostly_no_title() {
    let Some(folder) = shared_data::shared_data("billp-llm-trajectories/runs") else { return };
    for (catalogue, word) in [(GAMES, "steam_"), (BOOKS, "amazon_")] {
        let Some((catalogue, index)) = indexed(catalogue) else { return };
        let mut sources = crate::read_sources(&folder, crate::Format::Billp).unwrap();
        sources.retain(|source| source.name.starts_with(word));
        let traces = crate::read_billp(&sources).unwrap();
        let mut texts: Vec<&str> = traces
            .records
            .iter()
            .flat_map(|record| &record.steps)
            .filter(|step| step.is_replaced)
            .map(|step| step.requested_title.as_str())
            .collect();
        let n_steps = texts.len();
        texts.sort_unstable();
        texts.dedup();
        let found: Vec<(&str, crate::Grounded)> = texts
            .par_iter()
            .map(|text| (*text, index.ground(text)))
            .filter(|(_, f)| f.item.is_some())
            .collect();
        let named: Vec<String> = found
            .iter()
            .map(|(text, grounded)| {
                format!(
                    "{:?} {text} -> {}",
                    grounded.grounding.status,
                    catalogue.item(grounded.item.unwrap()).title
                )
            })
            .collect();
        eprintln!("{word} {} found of {} texts of {n_steps} replaced steps", found.len(), texts.len());
        // All of them were read: the same work but for signs, case, articles or a typing error.
        assert!(found.len() < texts.len() * 13 / 100, "{named:#?}");
    }
}

const SENTENCES: &[&str] = &[
    "I would recommend something that the whole family can enjoy.",
    "I'm sorry, but I can't help with that.",
    "As an AI language model, I do not have personal preferences.",
    "Based on your history, you seem to like drama and comedy.",
    "The user tends to like action films from the 1990s.",
    "Here are some recommendations for you:",
    "None of the above.",
    "I don't know.",
    "It depends on your mood.",
    "Please provide more information about your taste.",
    "A gripping tale of love and loss set in the old town.",
    "You should watch it because it is great.",
    "I recommend it.",
    "Try it out and see how you like it!",
    "This one is a must, and it is a lot of fun for all ages.",
    "Thought: the user is tired of comedies, so I should switch to a thriller.",
    "Observation: reward=4.0",
    "Action 3: recommend[]",
    "The best option would be to pick something new.",
    "My recommendation is the first one on the list.",
    "Sure! Let me think about what you might enjoy next.",
    "Recommendation: unknown",
    "Title: n/a",
    "no title",
    "N/A",
    "null",
    "undefined",
    "{\"title\": \"\"}",
    "Answer: 4",
    "Rating: 4.5/5",
    "5/5",
    "The first, the second (1999) and the third (2001).",
    "The (1993), The (2015) and the (4.2)",
    "A film by a director whom you have liked before (2004).",
    "I would go with a classic from the golden age of cinema.",
    "Something funny, please - nothing too long.",
    "1. 2. 3. 4. 5.",
    "1) the 2) a 3) an",
    "Ich würde etwas Lustiges für die ganze Familie empfehlen.",
    "Leider kann ich dabei nicht helfen.",
    "Je vous recommande quelque chose de plus léger pour ce soir.",
    "Je ne sais pas, cela dépend de votre humeur.",
    "Te recomiendo algo diferente porque te gustan las historias largas.",
    "No tengo suficiente información para responder.",
    "Consiglio qualcosa di nuovo per questa sera.",
    "Eu recomendo algo mais calmo depois de tanta ação.",
    "Я бы посоветовал что-нибудь весёлое для всей семьи.",
    "何か新しいものをお勧めします。",
    "我会推荐一些适合全家观看的内容。",
    "가족 모두가 즐길 수 있는 것을 추천합니다.",
    "أوصي بشيء جديد لهذا المساء.",
];

const WORDS: &[&str] = &[
    "table",
    "green",
    "walking",
    "under",
    "seven",
    "paper",
    "quickly",
    "river",
    "although",
    "engine",
    "purple",
    "question",
    "between",
    "carpet",
    "noise",
    "running",
    "seldom",
    "butter",
    "window",
    "yesterday",
    "cloud",
    "bitter",
    "measure",
    "garden",
    "silent",
    "thirty",
    "corner",
    "copper",
    "always",
    "station",
    "orange",
    "letter",
    "winter",
    "pocket",
    "sudden",
    "bridge",
    "candle",
    "market",
    "finger",
    "mirror",
    "thunder",
    "basket",
    "ladder",
    "the",
    "a",
    "of",
    "and",
    "in",
    "with",
    "for",
    "never",
    "about",
];

/// A kind of noise and how to make one of it.
type Noise = (&'static str, fn(&mut mdp::Rng) -> String);

const NOISES: &[Noise] = &[
    ("random words", |rng| joined(rng, 2..=6, |rng| (*WORDS.choose(rng).unwrap()).to_owned())),
    ("random words, years", |rng| {
        let year = rng.random_range(1930..=2020);
        joined(rng, 2..=4, |rng| (*WORDS.choose(rng).unwrap()).to_owned()) + &format!(" ({year})")
    }),
    ("random letters", |rng| joined(rng, 1..=4, letters)),
    ("random letters, years", |rng| {
        let year = rng.random_range(1930..=2020);
        joined(rng, 1..=3, letters) + &format!(" ({year})")
    }),
    ("numbers", |rng| joined(rng, 1..=3, number)),
    ("articles, numbers, years", |rng| {
        joined(rng, 1..=6, |rng| match rng.random_range(0..4) {
            0 => (*["the", "The", "a", "An", "and", "les", "Der"].choose(rng).unwrap()).to_owned(),
            1 => format!("({})", rng.random_range(1930..=2020)),
            2 => number(rng),
            _ => (*["(4.2)", ",", "-", "&", "[7]", "The,"].choose(rng).unwrap()).to_owned(),
        })
    }),
];

fn joined(
    rng: &mut mdp::Rng,
    n: std::ops::RangeInclusive<usize>,
    one: impl Fn(&mut mdp::Rng) -> String,
) -> String {
    let n = rng.random_range(n);
    (0..n).map(|_| one(rng)).collect::<Vec<_>>().join(" ")
}

fn letters(rng: &mut mdp::Rng) -> String {
    let n = rng.random_range(2..=9);
    (0..n).map(|_| char::from(b'a' + (rng.next_u32() % 26) as u8)).collect()
}

fn number(rng: &mut mdp::Rng) -> String {
    match rng.random_range(0..4) {
        0 => rng.random_range(0..100).to_string(),
        1 => format!("{}.{}", rng.random_range(0..10), rng.random_range(0..10)),
        2 => rng.random_range(0..3000).to_string(),
        _ => format!("{}/{}", rng.random_range(0..10), rng.random_range(1..11)),
    }
}

/// A title without article, year, case and signs: titles of two catalogues that agree in it are the same words.
fn plain(title: &str) -> String {
    let name = title.split(" (").next().unwrap_or(title).to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|w| !["", "the", "a", "an"].contains(w));
    words.collect()
}

/// The titles of another catalogue whose words are no title here.
fn foreign(own: &Catalogue, other: &str) -> Option<Vec<String>> {
    let known: HashSet<String> = own.items().iter().map(|item| plain(&item.title)).collect();
    let other = shared_catalogue(other)?;
    let titles = other.items().iter().map(|item| item.title.clone());
    Some(titles.filter(|title| !known.contains(&plain(title))).collect())
}

#[test]
fn noise_is_no_title() {
    let mut table = String::from("catalogue  noise                      texts  taken\n");
    let mut rng = mdp::rng_for(7, &[1]);
    for (own, name, others) in [
        (FILMS, "films", [("books", BOOKS), ("games", GAMES), ("artists", ARTISTS)]),
        (BOOKS, "books", [("films", FILMS), ("games", GAMES), ("artists", ARTISTS)]),
    ] {
        let Some((catalogue, index)) = indexed(own) else { return };
        let mut kinds: Vec<(String, Vec<String>, f64)> = NOISES
            .iter()
            .map(|(kind, make)| {
                let bound = if kind.contains("letters") || kind.contains("words") { 0.01 } else { 0.0 };
                ((*kind).to_owned(), (0..300).map(|_| make(&mut rng)).collect(), bound)
            })
            .collect();
        kinds.push(("sentences".to_owned(), SENTENCES.iter().map(|s| (*s).to_owned()).collect(), 0.0));
        for (other, path) in others {
            let Some(titles) = foreign(&catalogue, path) else { return };
            let some: Vec<String> = titles.into_iter().step_by(11).take(700).collect();
            kinds.push((format!("titles of {other}"), some, 0.015));
        }
        for (kind, texts, bound) in kinds {
            let is_title: HashSet<&str> = catalogue.items().iter().map(|item| item.title.as_str()).collect();
            let taken: Vec<(&String, crate::Grounded)> = texts
                .par_iter()
                .filter(|text| !is_title.contains(text.as_str()))
                .map(|text| (text, index.ground(text)))
                .filter(|(_, found)| found.item.is_some())
                .collect();
            let share = taken.len() as f64 / texts.len() as f64;
            table.push_str(&format!("{name:<10} {kind:<25} {:>6}  {share:.4}\n", texts.len()));
            let titles = taken.iter().map(|(text, found)| format!("{text} -> {:?}", found.item));
            assert!(share <= bound, "{table}{:#?}", titles.collect::<Vec<_>>());
        }
    }
    eprintln!("{table}");
}
