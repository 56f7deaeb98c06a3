//! One name without case, accents, punctuation: lower-case words in which two spellings meet.

use super::{Name, NameKind};

/// Articles that catalogues move behind the title.
const MOVED_ARTICLES: &[&str] = &[
    "the", "a", "an", "la", "le", "les", "l", "un", "une", "el", "los", "las", "il", "lo", "gli", "i", "der",
    "die", "das", "den", "det", "de", "het", "o", "os", "as", "en", "et", "ein", "eine",
];

/// Leading articles that may be missing or added: the above without those that are words of their own in
/// English titles (`Die Hard`, `I, Robot`, `As Good as It Gets`).
const LOOSE_ARTICLES: &[&str] =
    &["the", "a", "an", "la", "le", "les", "el", "los", "las", "il", "der", "das"];

/// Words behind which a single letter is a number: `Episode V`.
const COUNTED: &[&str] = &["episode", "part", "chapter", "volume", "vol", "act", "book", "season"];

/// Whether a folded word is an article that may be missing.
pub(crate) fn is_article(word: &str) -> bool {
    LOOSE_ARTICLES.contains(&word)
}

/// Whether a folded word is an article that catalogues move behind a title.
pub(crate) fn is_moved_article(word: &str) -> bool {
    MOVED_ARTICLES.contains(&word)
}

/// Folds one name: `Matrix, The` to `the matrix`, signs dropped, accents removed, Roman numerals to digits where
/// they can be nothing else.
pub(super) fn fold(name: &str, kind: NameKind) -> Name {
    let moved = name.rsplit_once(", ").filter(|(_, tail)| is_moved_article(&folded_words(tail).concat()));
    let mut words = match moved {
        Some((head, article)) => [folded_words(article), folded_words(head)].concat(),
        None => folded_words(name),
    };
    for at in 1..words.len() {
        if let Some(plain) = within(&words[at - 1], &words[at]) {
            words[at] = plain.to_owned();
        }
    }
    let leading = words.iter().take_while(|w| is_article(w)).count();
    let n_articles = leading.min(words.len().saturating_sub(1));
    Name { words, n_articles, kind }
}

/// What a word stands for behind another one: Roman numerals are numbers, `n` is `and`.
pub(crate) fn within(before: &str, word: &str) -> Option<&'static str> {
    Some(match word {
        "ii" => "2",
        "iii" => "3",
        "iv" => "4",
        "vi" => "6",
        "vii" => "7",
        "viii" => "8",
        "ix" => "9",
        "xi" => "11",
        "xii" => "12",
        "xiii" => "13",
        "xiv" => "14",
        "xv" => "15",
        "n" => "and",
        "i" if COUNTED.contains(&before) => "1",
        "v" if COUNTED.contains(&before) => "5",
        "x" if COUNTED.contains(&before) => "10",
        _ => return None,
    })
}

/// Lower-case words of letters and digits. Apostrophes, dots in abbreviations and trademark signs leave no gap.
pub(crate) fn folded_words(text: &str) -> Vec<String> {
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = rest.strip_prefix("&amp;").map_or(&rest[c.len_utf8()..], |after| after);
        match c {
            '\'' | '’' | '‘' | '`' | '´' | '™' | '®' | '©' | '℠' => {}
            '&' => folded.push_str(" and "),
            '½' => folded.push_str(" 1 2 "),
            _ if c.is_ascii_alphanumeric() => folded.push(c.to_ascii_lowercase()),
            _ if c.is_ascii() => folded.push(' '),
            _ => push_folded(c, &mut folded),
        }
    }
    folded.split_whitespace().map(str::to_owned).collect()
}

fn push_folded(c: char, out: &mut String) {
    for lower in c.to_lowercase() {
        match unaccented(lower) {
            Some(plain) => out.push_str(plain),
            None if lower.is_alphanumeric() => out.push(lower),
            None if ('\u{300}'..='\u{36f}').contains(&lower) => {}
            None => out.push(' '),
        }
    }
}

fn unaccented(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'č' | 'ĉ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ł' | 'ļ' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => "o",
        'ř' | 'ŕ' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ţ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => return None,
    })
}
