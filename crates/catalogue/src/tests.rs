//! Rows, categories and text vectors.

use crate::*;
use mdp::ItemIdx;

fn catalogue(rows: &[(&str, &str, &[&str])]) -> (Catalogue, Vec<usize>) {
    Catalogue::new(
        rows.iter()
            .map(|(id, title, labels)| {
                (id.to_string(), title.to_string(), labels.iter().map(|l| l.to_string()).collect())
            })
            .collect(),
    )
}

#[test]
fn rows_follow_input_and_repeated_ids_are_reported() {
    let (c, repeated) =
        catalogue(&[("7", "Heat", &["Crime", "Action"]), ("3", "Up", &[]), ("7", "Heat 2", &[])]);
    assert_eq!(repeated, [2]);
    assert_eq!(c.find("3"), Some(ItemIdx(1)));
    assert_eq!(c.categories(), ["Action", "Crime"]);
    assert_eq!(c.item(ItemIdx(0)).categories, [0, 1]);
}

#[test]
fn the_hash_sees_every_field() {
    let hash = |rows: &[(&str, &str, &[&str])]| catalogue(rows).0.hash();
    let base = hash(&[("1", "A", &["x"])]);
    assert_ne!(base, hash(&[("2", "A", &["x"])]));
    assert_ne!(base, hash(&[("1", "B", &["x"])]));
    assert_ne!(base, hash(&[("1", "A", &["y"])]));
}

#[test]
fn alike_titles_are_near_and_others_far() {
    let (c, _) = catalogue(&[
        ("1", "Star Wars: Episode IV", &[]),
        ("2", "Star Wars: Episode V", &[]),
        ("3", "The Godfather", &[]),
        ("4", "", &[]),
    ]);
    let vectors = TextVectors::embed(&c, 256);
    let near = vectors.similarity(ItemIdx(0), ItemIdx(1));
    let far = vectors.similarity(ItemIdx(0), ItemIdx(2));
    assert!(near > 0.6 && far < 0.2, "near {near}, far {far}");
    assert!((vectors.similarity(ItemIdx(0), ItemIdx(0)) - 1.0).abs() < 1e-5);
    assert!(vectors.row(ItemIdx(3)).iter().all(|x| x.is_finite()));
    assert_eq!(vectors.embed_text("Star Wars: Episode V"), vectors.row(ItemIdx(1)));
}

#[test]
fn a_written_catalogue_that_contradicts_itself_is_refused() {
    let (whole, _) = catalogue(&[("1", "A", &["x"]), ("2", "B", &["y"])]);
    let text = serde_json::to_string(&whole).unwrap();
    assert_eq!(serde_json::from_str::<Catalogue>(&text).unwrap(), whole);
    for (from, to, complaint) in [
        ("\"categories\":[1]", "\"categories\":[2]", "category 2 of 2"),
        ("\"2\":1", "\"2\":7", "ids do not name the rows"),
        ("\"2\":1", "\"3\":1", "ids do not name the rows"),
        ("\"categories\":[1]", "\"categories\":[65537]", "u16"),
    ] {
        assert!(text.contains(from), "{text}");
        let error = serde_json::from_str::<Catalogue>(&text.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
    }
}

#[test]
fn text_of_others_moves_no_cursor() {
    for (text, expected) in [
        ("Heat (1995)", "Heat (1995)"),
        ("a\u{1b}[2J\u{7}b", "a\\u{1b}[2J\\u{7}b"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("two\r\nlines\tand  blanks ", "two lines and blanks"),
        ("\u{202e}drawkcab\u{2066}", "\\u{202e}drawkcab\\u{2066}"),
        ("nul\0", "nul\\u{0}"),
        ("Amélie 千と千尋 🎬", "Amélie 千と千尋 🎬"),
    ] {
        assert_eq!(one_line(text), expected);
    }
    assert_eq!(visible("two\n\tlines\r"), "two\n\tlines\\u{d}");
    let all: String = (0..0x2_0000).filter_map(char::from_u32).collect();
    assert!(!one_line(&all).chars().any(|c| c.is_control()));
}
