//! The words by which sentences recommend, reason and look back, in the languages that answers come in, folded
//! but for those of reasons.

use std::collections::HashSet;
use std::sync::LazyLock;

type Words = LazyLock<HashSet<&'static str>>;

fn list(words: &'static str) -> HashSet<&'static str> {
    words.split_whitespace().collect()
}

/// A recommendation follows.
static CUES: Words = Words::new(|| {
    list(
        "recommend recommends recommended recommending recommendation suggest suggests suggested suggesting \
     suggestion watch watching try trying see consider choose chosen pick play read propose called titled \
     named choice answer about empfehle empfehlen empfehlung vorschlagen schlage recommande conseille suggere \
     recomiendo recomendaria sugiero recomendo sugiro consiglio raccomando suggerisco polecam \
     proponuje рекомендую советую предлагаю rekommenderar anbefaler",
    )
});

/// What may stand with a capital before a title without being a part of it.
static FRAMES: Words = Words::new(|| {
    list(
        "i id ill you we my your would will should could might may can how what next then perhaps maybe \
     definitely certainly sure yes okay ok well so based given for here movie movies film films game games \
     book books artist artists band bands song album series show title item listen enjoy go let lets please \
     also another one first finally final top is be action option number name this that it ich wir je nous yo \
     eu io ja я jag jeg der pelicula spiel buch livre libro filme als",
    )
});

/// What may follow a title and only says why.
static REASONS: Words = Words::new(|| {
    list(
        "because since as which if due given where who when while but by starring directed would is was has weil \
     da denn parce car puisque porque ya pois perché poiché ponieważ bo потому так eftersom fordi",
    )
});

/// Small words inside titles and sentences alike.
static CONNECTIVES: Words = Words::new(|| {
    list(
        "of and the a an in on to for at by from with or vs no de la le du des del da do di der die das und et y \
     e el en x feat ft featuring presents meets",
    )
});

/// What was liked or seen before: a title behind them is no recommendation.
static BACKGROUND: Words = Words::new(|| {
    list(
        "liked loved enjoyed watched seen rated instead unlike than already similar fan fans history avoid skip \
     likes loves gefallen mochten aime gusto",
    )
});

/// What turns a recommendation into its opposite.
static NEGATIONS: Words = Words::new(|| list("not never dont wouldnt cannot cant nicht pas не"));

/// Words of a remark in brackets behind a title, which is no other name of it.
static REMARKS: Words = Words::new(|| {
    list(
        "edition version ver cut chapter soundtrack soundtracks live feat ft featuring classic classics remix \
     remastered part vol volume dlc beta demo series tv album cover cast motion english book unabridged \
     paperback",
    )
});

/// Words of a label: `Final answer:`.
static LABELS: Words = Words::new(|| {
    list(
        "recommendation recommendations recommended recommend suggestion title answer item movie film game book \
     artist band pick choice action name final my next the top best number option result output empfehlung \
     titel titre titulo",
    )
});

/// Whether a recommendation follows this word.
pub(super) fn is_cue(word: &str) -> bool {
    CUES.contains(word)
}

/// Whether this word may stand before a title without being a part of it, whatever its case.
pub(super) fn is_frame(word: &str) -> bool {
    CUES.contains(word) || FRAMES.contains(word)
}

/// Whether this word begins a reason.
pub(super) fn is_reason(word: &str) -> bool {
    REASONS.contains(word)
}

/// Whether this word joins others in a title.
pub(super) fn is_connective(word: &str) -> bool {
    CONNECTIVES.contains(word)
}

/// Whether a title behind this word is one that was liked or seen before.
pub(super) fn is_background(word: &str) -> bool {
    BACKGROUND.contains(word)
}

/// Whether this word negates.
pub(super) fn is_negation(word: &str) -> bool {
    NEGATIONS.contains(word)
}

/// Whether this word makes a text in brackets a remark.
pub(super) fn is_remark(word: &str) -> bool {
    REMARKS.contains(word)
}

/// Whether this word belongs to a label.
pub(super) fn is_label(word: &str) -> bool {
    LABELS.contains(word) || (!word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a text begins with a capital, a digit, or a letter of a script without case.
pub(super) fn begins_high(text: &str) -> bool {
    text.chars().find(|c| c.is_alphanumeric()).is_some_and(|c| !c.is_lowercase())
}

/// Whether what follows a title is a sentence about it and not more of the title: most of its words begin low.
pub(super) fn is_prose(text: &str) -> bool {
    // A further dash begins something else.
    let text = [" - ", " – ", " — "].iter().fold(text, |text, dash| text.split(dash).next().unwrap_or(text));
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).take(12);
    let telling = words.skip(1).filter(|word| !is_connective(&word.to_lowercase()));
    let (high, low): (Vec<&str>, Vec<&str>) = telling.partition(|word| begins_high(word));
    low.len() >= 2 && low.len() > high.len()
}

/// The sign that closes what this one opens.
pub(super) fn closing(open: char) -> Option<char> {
    Some(match open {
        '"' | '*' | '_' | '`' | '\'' => open,
        '“' => '”',
        '„' => '“',
        '‘' | '‚' => '’',
        '«' => '»',
        '‹' => '›',
        '[' => ']',
        '「' => '」',
        '『' => '』',
        '《' => '》',
        _ => return None,
    })
}

/// Whether a sign can close a quotation or an emphasis.
pub(super) fn is_closing(c: char) -> bool {
    matches!(c, '"' | '*' | '_' | '`' | '\'' | '”' | '“' | '’' | '»' | '›' | '「' | '」' | '』' | '》' | ']')
}
