//! What two spellings of a title have in common: a key without case, punctuation, article or year.

mod brackets;
mod fold;

pub(crate) use brackets::{bracket_group, strip_rating, year_beside};
use brackets::{trailing_brackets, unclosed_year};
use fold::fold;
pub(crate) use fold::{folded_words, is_article, is_moved_article, within};

/// The years in which things with titles may have appeared.
const YEARS: std::ops::RangeInclusive<u16> = 1870..=2049;

/// A title taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ParsedTitle {
    /// The title itself, then every name it gives in brackets.
    pub(crate) names: Vec<Name>,
    /// The year in trailing brackets.
    pub(crate) year: Option<u16>,
}

/// One name, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// Lower-case words, article in front, without anything that is not a letter or a digit.
    pub(crate) words: Vec<String>,
    /// How many leading words are articles; never all of them.
    pub(crate) n_articles: usize,
    /// Where it stood.
    pub(crate) kind: NameKind,
}

/// Where a name stood in its title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameKind {
    /// In front: what the thing is called.
    Main,
    /// In brackets behind `a.k.a.`: what it is called, too.
    Marked,
    /// In brackets: another name of it, or a remark.
    Bracketed,
    /// Most of a main name, before or behind its colon or dash.
    Part,
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

    /// What tells sequels apart, in order: words with a digit, and single letters (`Final Fantasy X`).
    pub(crate) fn numbers(&self) -> Vec<&str> {
        let is_number = |w: &&str| w.bytes().any(|b| b.is_ascii_digit());
        let is_letter = |w: &&str| w.len() == 1 && *w != "a";
        self.words
            .iter()
            .enumerate()
            .map(|(at, word)| (at, word.as_str()))
            .filter(|(at, word)| is_number(word) || (*at > 0 && is_letter(word)))
            .map(|(_, word)| word)
            .collect()
    }

    /// How many letters it has: articles, `and`, digits and years say nothing.
    pub(crate) fn weight(&self) -> usize {
        self.weighty().map(|word| word.chars().filter(|c| c.is_alphabetic()).count()).sum()
    }

    /// How many words have letters that say something.
    pub(crate) fn n_weighty(&self) -> usize {
        self.weighty().filter(|word| word.chars().any(char::is_alphabetic)).count()
    }

    /// The words that are neither article nor `and`.
    pub(crate) fn weighty(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str).filter(|word| !is_article(word) && *word != "and")
    }
}

/// Takes a title apart: rating and year behind it, names in brackets, article moved to the front.
pub(crate) fn parse(title: &str) -> ParsedTitle {
    let mut rest = strip_rating(title.trim());
    let mut year = None;
    if let Some((before, cut_off)) = unclosed_year(rest) {
        (rest, year) = (before, Some(cut_off));
    }
    let mut aliases = Vec::new();
    while let Some((before, inside)) = trailing_brackets(rest) {
        match year_beside(inside) {
            Some((found, beside)) if year.is_none() => {
                year = Some(found);
                aliases.extend((!beside.is_empty()).then_some((beside, NameKind::Bracketed)));
            }
            _ => aliases.push(marked(inside)),
        }
        if before.trim().is_empty() {
            break;
        }
        rest = before.trim_end();
    }
    aliases.reverse();
    let mut names = vec![fold(rest, NameKind::Main)];
    for (alias, kind) in aliases {
        let name = fold(alias, kind);
        if names.iter().all(|known| known.words != name.words) {
            names.push(name);
        }
    }
    names.retain(|name| !name.words.is_empty());
    if names.is_empty() {
        let raw = title.trim().to_lowercase();
        names.push(Name { words: vec![raw], n_articles: 0, kind: NameKind::Main });
    }
    ParsedTitle { names, year }
}

impl ParsedTitle {
    /// `Heat, 1995`, `Heat - 1995`, `Heat 1995`: the last word taken for the year; `None` where it cannot be one.
    pub(crate) fn with_bare_year(&self) -> Option<Self> {
        let (last, before) = self.names.first()?.words.split_last()?;
        if self.year.is_some() || before.is_empty() || last.len() != 4 {
            return None;
        }
        let year = last.parse::<u16>().ok().filter(|year| YEARS.contains(year))?;
        let mut names = self.names.clone();
        let main = names.first_mut()?;
        main.words.pop();
        main.n_articles = main.n_articles.min(main.words.len() - 1);
        Some(Self { names, year: Some(year) })
    }
}

/// A title of a catalogue taken apart, with the parts of its main name that are most of it: `Empire Strikes Back, The`
/// of `Star Wars: Episode V - The Empire Strikes Back`.
pub(crate) fn parse_with_parts(title: &str) -> ParsedTitle {
    let mut parsed = parse(title);
    let main = title.split(['(', '[']).next().unwrap_or(title).trim();
    let weight = parsed.names[0].weight();
    for sign in [": ", " - ", " – "] {
        let (Some((before, _)), Some((_, behind))) = (main.split_once(sign), main.rsplit_once(sign)) else {
            continue;
        };
        for part in [before, behind] {
            let name = fold(part, NameKind::Part);
            let is_most = 2 * name.weight() > weight;
            if is_most && parsed.names.iter().all(|known| known.words != name.words) {
                parsed.names.push(name);
            }
        }
    }
    parsed
}

/// A name in brackets without its `a.k.a.`.
fn marked(inside: &str) -> (&str, NameKind) {
    let trimmed = inside.trim();
    for mark in ["a.k.a. ", "a.k.a ", "aka ", "a.k.a.", "also known as "] {
        if let Some(head) = trimmed.get(..mark.len())
            && head.eq_ignore_ascii_case(mark)
        {
            return (&trimmed[mark.len()..], NameKind::Marked);
        }
    }
    (trimmed, NameKind::Bracketed)
}
