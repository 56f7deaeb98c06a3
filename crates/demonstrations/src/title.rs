//! What two spellings of a title have in common: a key without case, punctuation, article or year.

/// Articles that catalogues move behind the title.
const MOVED_ARTICLES: &[&str] = &[
    "the", "a", "an", "la", "le", "les", "l", "un", "une", "el", "los", "las", "il", "lo", "gli", "i", "der",
    "die", "das", "den", "det", "de", "het", "o", "os", "as", "en", "et", "ein", "eine",
];

/// Leading articles that may be missing or added: the above without those that are words of their own in
/// English titles (`Die Hard`, `I, Robot`, `As Good as It Gets`).
const LOOSE_ARTICLES: &[&str] =
    &["the", "a", "an", "la", "le", "les", "el", "los", "las", "il", "der", "das"];

/// A title taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ParsedTitle {
    /// The title itself, then every name it gives in brackets.
    pub(crate) names: Vec<Name>,
    /// The year in trailing brackets.
    pub(crate) year: Option<u16>,
}

/// One name, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name {
    /// Lower-case words, article in front, without anything that is not a letter or a digit.
    pub(crate) words: Vec<String>,
    /// How many leading words are articles; never all of them.
    pub(crate) n_articles: usize,
}

impl Name {
    /// All words run together: `spider-man` and `spiderman` meet here.
    pub(crate) fn full_key(&self) -> String {
        self.words.concat()
    }

    /// The same without leading articles.
    pub(crate) fn bare_key(&self) -> String {
        self.words[self.n_articles..].concat()
    }

    /// The words without leading articles, with blanks between: what similarity is measured on.
    pub(crate) fn bare_text(&self) -> String {
        self.words[self.n_articles..].join(" ")
    }

    /// The numbers in it, in order: sequels that differ in them are different titles.
    pub(crate) fn numbers(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).filter(|w| w.bytes().any(|b| b.is_ascii_digit())).collect()
    }
}

/// Takes a title apart: rating and year behind it, names in brackets, article moved to the front.
pub(crate) fn parse(title: &str) -> ParsedTitle {
    let mut rest = strip_rating(title.trim());
    let mut year = None;
    let mut aliases = Vec::new();
    while let Some((before, inside)) = trailing_brackets(rest) {
        match parse_year(inside) {
            Some(found) if year.is_none() => year = Some(found),
            _ => aliases.push(strip_alias_mark(inside)),
        }
        if before.trim().is_empty() {
            break;
        }
        rest = before.trim_end();
    }
    aliases.reverse();
    let mut names = vec![fold(rest)];
    names.extend(aliases.into_iter().map(fold));
    names.retain(|name| !name.words.is_empty());
    names.dedup();
    if names.is_empty() {
        let raw = title.trim().to_lowercase();
        names.push(Name { words: vec![raw], n_articles: 0 });
    }
    ParsedTitle { names, year }
}

/// Removes a rating such as ` 5/5`, ` - 4.5/5` or ` (4/5)` that a model has appended.
pub(crate) fn strip_rating(title: &str) -> &str {
    let inner = title.strip_suffix(')').unwrap_or(title);
    let Some(before) = inner.strip_suffix("/5").or_else(|| inner.strip_suffix("/10")) else { return title };
    let kept = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if kept.len() == before.len() || !kept.ends_with([' ', '(', '-', ':']) {
        return title;
    }
    kept.trim_end_matches([' ', '(', '-', ':', '–'])
}

/// Splits `text (inside)` into its two parts, if it ends so with balanced brackets.
fn trailing_brackets(text: &str) -> Option<(&str, &str)> {
    let body = text.trim_end().strip_suffix(')')?;
    let mut depth = 1;
    for (at, c) in body.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&body[..at], &body[at + 1..]));
        }
    }
    None
}

/// `1999`, `1999-2003`, `1999–`: the first year.
fn parse_year(inside: &str) -> Option<u16> {
    let digits = inside.get(..4)?;
    let rest = inside.get(4..)?.trim_start_matches([' ', '-', '–', '—']);
    let is_year = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    if !is_year(digits) || !(rest.is_empty() || is_year(rest)) {
        return None;
    }
    digits.parse().ok()
}

fn strip_alias_mark(inside: &str) -> &str {
    let trimmed = inside.trim();
    for mark in ["a.k.a. ", "a.k.a ", "aka ", "a.k.a.", "also known as "] {
        if let Some(head) = trimmed.get(..mark.len())
            && head.eq_ignore_ascii_case(mark)
        {
            return &trimmed[mark.len()..];
        }
    }
    trimmed
}

/// Folds one name: `Matrix, The` to `the matrix`, signs dropped, accents removed, small Roman numerals to digits.
fn fold(name: &str) -> Name {
    let moved = name
        .rsplit_once(", ")
        .filter(|(_, tail)| MOVED_ARTICLES.contains(&folded_words(tail).concat().as_str()));
    let mut words = match moved {
        Some((head, article)) => [folded_words(article), folded_words(head)].concat(),
        None => folded_words(name),
    };
    for word in words.iter_mut().skip(1) {
        if let Some(digits) = roman(word) {
            *word = digits.to_owned();
        }
    }
    let leading = words.iter().take_while(|w| LOOSE_ARTICLES.contains(&w.as_str())).count();
    let n_articles = leading.min(words.len().saturating_sub(1));
    Name { words, n_articles }
}

fn roman(word: &str) -> Option<&'static str> {
    Some(match word {
        "ii" => "2",
        "iii" => "3",
        "iv" => "4",
        "vi" => "6",
        "vii" => "7",
        "viii" => "8",
        "ix" => "9",
        _ => return None,
    })
}

/// Lower-case words of letters and digits. Apostrophes, dots in abbreviations and trademark signs leave no gap.
fn folded_words(text: &str) -> Vec<String> {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
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
