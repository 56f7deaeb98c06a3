//! Which separator a delimited text has, by its first lines.

use super::FieldSeparator;

/// What stands between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    /// Whatever the first lines show; fields may be quoted.
    Guess,
    /// A tab, never quoted, if the header has one (as RecBole writes it); else a guess.
    TabOrGuess,
    /// One byte, never quoted.
    Byte(u8),
    /// One byte; fields that hold it are quoted as in RFC 4180.
    Quoted(u8),
    /// Two colons, never quoted.
    Colons,
    /// Runs of blanks and tabs; fields may be quoted.
    Blank,
}

impl Separator {
    /// The user's word, or what the layout has.
    pub(crate) fn of(choice: FieldSeparator, layout: Self) -> Self {
        match choice {
            FieldSeparator::Auto => layout,
            FieldSeparator::Byte(byte) => Self::Quoted(byte),
            FieldSeparator::Colons => Self::Colons,
            FieldSeparator::Blank => Self::Blank,
        }
    }

    /// What it turns out to be for a text that begins with `head`.
    pub(super) fn settled(self, head: &[u8]) -> Self {
        match self {
            Self::Guess => guess(head),
            Self::TabOrGuess if lines(head).next().is_some_and(|line| line.contains(&b'\t')) => {
                Self::Byte(b'\t')
            }
            Self::TabOrGuess => guess(head),
            settled => settled,
        }
    }
}

/// The separator that a first line `sep=;` declares, as spreadsheets write it.
pub(super) fn declared(head: &[u8]) -> Option<Separator> {
    let line = head.split(|&byte| byte == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (name, rest) = line.split_at_checked(4)?;
    match rest {
        &[byte] if name.eq_ignore_ascii_case(b"sep=") => Some(Separator::Quoted(byte)),
        _ => None,
    }
}

/// In order of preference, where they split the first line equally often.
const BYTES: [u8; 4] = [b'\t', b';', b'|', b','];

/// The byte that splits the first line most often, those first that split the second line as often; else two colons, else
/// blanks if they split two lines alike, else a comma.
fn guess(head: &[u8]) -> Separator {
    let mut lines = lines(head);
    let (first, second) = (lines.next().unwrap_or_default(), lines.next());
    let mut best = (false, 0, b',');
    for byte in BYTES {
        let n = n_outside_quotes(first, byte);
        let agrees = second.is_none_or(|line| n_outside_quotes(line, byte) == n);
        if n > 0 && (agrees, n) > (best.0, best.1) {
            best = (agrees, n, byte);
        }
    }
    if best.2 == b',' && is_row_of_decimal_commas(first) {
        return Separator::Quoted(b';');
    }
    if best.1 > 0 {
        return Separator::Quoted(best.2);
    }
    let n_words = |line: &[u8]| String::from_utf8_lossy(line).split_whitespace().count();
    if first.windows(2).any(|pair| pair == b"::") {
        Separator::Colons
    } else if n_words(first) > 1 && second.is_some_and(|line| n_words(line) == n_words(first)) {
        Separator::Blank
    } else {
        Separator::Quoted(b',')
    }
}

/// The lines that are not blank.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.trim_ascii().is_empty())
}

fn n_outside_quotes(line: &[u8], wanted: u8) -> usize {
    let mut is_inside = false;
    let mut n = 0;
    for &byte in line {
        is_inside ^= byte == b'"';
        n += usize::from(byte == wanted && !is_inside);
    }
    n
}

/// Whether a line without a header is of numbers such as `1,5`, with semicolons between them.
fn is_row_of_decimal_commas(line: &[u8]) -> bool {
    let is_number = |field: &[u8]| {
        let digits = field.trim_ascii();
        let digits = digits.strip_prefix(b"-").unwrap_or(digits);
        let mut parts = digits.split(|&byte| byte == b',');
        let is_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        parts.by_ref().take(2).all(is_digits) && parts.next().is_none()
    };
    line.contains(&b';') && line.split(|&byte| byte == b';').all(is_number)
}

/// The fields of a line between runs of blanks; one that starts with a quotation mark ends with the next.
pub(super) fn split_blanks<'l>(line: &'l str, mut take: impl FnMut(&'l str)) {
    let mut rest = line.trim();
    while !rest.is_empty() {
        let quoted = rest.strip_prefix('"').and_then(|inside| inside.split_once('"'));
        let (field, after) = match quoted {
            Some((field, after)) if after.is_empty() || after.starts_with(char::is_whitespace) => {
                (field, after)
            }
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        take(field);
        rest = after.trim_start();
    }
}
