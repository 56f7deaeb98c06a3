//! JSON and the literals of Python as one language, because logs are written in either: numbers stay as they are
//! written, however long they are.

use std::borrow::Cow;
use std::fmt;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal<'a> {
    /// `null`, `None`.
    Null,
    /// `true`, `True`, `false`, `False`.
    Truth(bool),
    /// A number as it is written, `NaN` and `inf` among them.
    Number(&'a str),
    /// A text between quotation marks of either kind.
    Text(Cow<'a, str>),
    /// A list, tuple, set, or array.
    List(Vec<Literal<'a>>),
    /// An object or dict.
    Object(Object<'a>),
}

/// Keys and values in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Literal<'a>)>);

/// Why a text is no literal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    what: &'static str,
    at: usize,
}

/// How deep lists and objects may be nested.
const DEPTH_LIMIT: usize = 64;

/// Calls that stand for their argument when Python prints them.
const CALLS: [&str; 10] =
    ["set", "frozenset", "array", "list", "tuple", "OrderedDict", "Decimal", "ObjectId", "UUID", "str_"];

impl<'a> Literal<'a> {
    /// Reads a whole text as one value.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Unreadable> {
        let mut reader = Reader { text, at: 0, depth: 0 };
        let value = reader.value()?;
        reader.end().map(|()| value)
    }

    /// A text, number or truth value as text.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => number.parse().is_ok_and(f64::is_finite).then_some(*number),
            Self::Truth(truth) => Some(if *truth { "1" } else { "0" }),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }
}

impl<'a> Object<'a> {
    /// Reads a whole text as one object, of which only the keys that are wanted are kept.
    pub(crate) fn parse(text: &'a str, is_wanted: impl FnMut(&str) -> bool) -> Result<Self, Unreadable> {
        let mut reader = Reader { text, at: 0, depth: 0 };
        reader.skip_blanks();
        if reader.peek() != Some(b'{') {
            return Err(reader.unreadable(match reader.peek() {
                Some(b'[') => "a list where an object belongs",
                _ => "no object",
            }));
        }
        match reader.braces(is_wanted)? {
            Literal::Object(object) => reader.end().map(|()| object),
            _ => Err(Unreadable { what: "a set where an object belongs", at: 0 }),
        }
    }

    /// The value of a key; of a key that is repeated, the last.
    pub(crate) fn get(&self, key: &str) -> Option<&Literal<'a>> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Keys and values in the order of the text.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Literal<'a>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (column {})", self.what, self.at + 1)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

type Read<T> = Result<T, Unreadable>;

impl<'a> Reader<'a> {
    fn unreadable(&self, what: &'static str) -> Unreadable {
        Unreadable { what, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    fn take_while(&mut self, holds: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(&holds) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn skip_blanks(&mut self) {
        self.take_while(|byte| byte.is_ascii_whitespace());
    }

    fn end(&mut self) -> Read<()> {
        self.skip_blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(self.unreadable("more than one value")) }
    }

    fn value(&mut self) -> Read<Literal<'a>> {
        self.skip_blanks();
        match self.peek() {
            None => Err(self.unreadable("ends too early")),
            Some(b'"' | b'\'') => self.quoted().map(Literal::Text),
            Some(b'[') => self.list(b']'),
            Some(b'(') => self.list(b')'),
            Some(b'{') => self.braces(|_| true),
            Some(b'0'..=b'9' | b'-' | b'+' | b'.') => self.number(),
            Some(byte) if byte.is_ascii_alphabetic() => self.word(),
            Some(_) => Err(self.unreadable("no value")),
        }
    }

    fn number(&mut self) -> Read<Literal<'a>> {
        let start = self.at;
        let text = self.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'));
        let text = text.strip_suffix('L').unwrap_or(text);
        if text.parse::<f64>().is_err() {
            return Err(Unreadable { what: "no number", at: start });
        }
        Ok(Literal::Number(text))
    }

    /// A name: a constant, what stands before a quotation mark, or a call.
    fn word(&mut self) -> Read<Literal<'a>> {
        let start = self.at;
        let word = self.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        match (word, self.peek()) {
            ("u" | "U" | "b" | "r", Some(b'"' | b'\'')) => self.quoted().map(Literal::Text),
            ("null" | "None", _) => Ok(Literal::Null),
            ("true" | "True", _) => Ok(Literal::Truth(true)),
            ("false" | "False", _) => Ok(Literal::Truth(false)),
            ("NaN" | "nan" | "Infinity" | "inf", _) => Ok(Literal::Number(word)),
            (_, Some(b'(')) if is_transparent(word) => self.call(),
            _ => Err(Unreadable { what: "a word without quotation marks", at: start }),
        }
    }

    /// The first argument of a call; those that have names are passed over.
    fn call(&mut self) -> Read<Literal<'a>> {
        self.deeper()?;
        self.take(b'(');
        self.skip_blanks();
        let value = if self.peek() == Some(b')') { Literal::List(Vec::new()) } else { self.value()? };
        self.skip_blanks();
        while self.take(b',') {
            self.skip_blanks();
            self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !self.take(b'=') {
                return Err(self.unreadable("a call of several arguments"));
            }
            self.take_while(|byte| !matches!(byte, b',' | b')'));
        }
        self.close(b')').map(|()| value)
    }

    /// A list; its values may stand beside each other without commas, as NumPy prints them.
    fn list(&mut self, end: u8) -> Read<Literal<'a>> {
        self.deeper()?;
        self.at += 1;
        self.rest_of_list(Vec::new(), end)
    }

    fn rest_of_list(&mut self, mut values: Vec<Literal<'a>>, end: u8) -> Read<Literal<'a>> {
        loop {
            self.skip_blanks();
            if self.take(b',') {
                if values.is_empty() {
                    return Err(self.unreadable("a comma without a value"));
                }
                self.skip_blanks();
            }
            if self.peek() == Some(end) {
                return self.close(end).map(|()| Literal::List(values));
            }
            values.push(self.value()?);
        }
    }

    /// An object, dict or set.
    fn braces(&mut self, mut is_wanted: impl FnMut(&str) -> bool) -> Read<Literal<'a>> {
        self.deeper()?;
        self.take(b'{');
        let mut entries = Vec::new();
        self.skip_blanks();
        while self.peek() != Some(b'}') {
            let start = self.at;
            let key = self.value()?;
            self.skip_blanks();
            if entries.is_empty() && matches!(self.peek(), Some(b',' | b'}' | b'"' | b'\'')) {
                return self.rest_of_list(vec![key], b'}');
            }
            if !self.take(b':') {
                return Err(self.unreadable("no colon after a key"));
            }
            let key = match key {
                Literal::Text(key) => key,
                Literal::Number(key) => Cow::Borrowed(key),
                _ => return Err(Unreadable { what: "a key that is no text", at: start }),
            };
            let value = self.value()?;
            if is_wanted(&key) {
                entries.push((key, value));
            }
            self.skip_blanks();
            if !self.take(b',') && self.peek() != Some(b'}') {
                return Err(self.unreadable(if self.peek().is_none() {
                    "ends too early"
                } else {
                    "no comma between entries"
                }));
            }
            self.skip_blanks();
        }
        self.close(b'}').map(|()| Literal::Object(Object(entries)))
    }

    fn deeper(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT { Err(self.unreadable("nested too deeply")) } else { Ok(()) }
    }

    fn close(&mut self, end: u8) -> Read<()> {
        if !self.take(end) {
            return Err(self.unreadable("ends too early"));
        }
        self.depth -= 1;
        Ok(())
    }

    fn quoted(&mut self) -> Read<Cow<'a, str>> {
        let start = self.at;
        let mark = self.peek().unwrap_or_default();
        self.at += 1;
        let plain = self.take_while(|byte| byte != mark && byte != b'\\');
        if self.take(mark) {
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        loop {
            text.push_str(self.take_while(|byte| byte != mark && byte != b'\\'));
            if self.take(mark) {
                return Ok(Cow::Owned(text));
            }
            if !self.take(b'\\') {
                return Err(Unreadable { what: "a text that is not closed", at: start });
            }
            self.escaped(&mut text)?;
        }
    }

    /// What follows a backslash. What means nothing stays as it is, as in Python.
    fn escaped(&mut self, text: &mut String) -> Read<()> {
        let Some(character) = self.text[self.at..].chars().next() else {
            return Err(self.unreadable("ends too early"));
        };
        self.at += character.len_utf8();
        match character {
            '"' | '\'' | '\\' | '/' => text.push(character),
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'u' => {
                let code = self.hexadecimal(4)?;
                text.push(self.joined(code));
            }
            'x' => text.push(unit(self.hexadecimal(2)?)),
            'U' => text.push(unit(self.hexadecimal(8)?)),
            other => text.extend(['\\', other]),
        }
        Ok(())
    }

    /// A character out of one or two UTF-16 units; half of a pair stands for nothing and is shown as that.
    fn joined(&mut self, first: u32) -> char {
        let before = self.at;
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            if let Ok(second @ 0xdc00..0xe000) = self.hexadecimal(4) {
                return unit(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            }
            self.at = before;
        }
        unit(first)
    }

    fn hexadecimal(&mut self, n: usize) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + n);
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.unreadable("an escape that is cut off"))?;
        self.at += n;
        Ok(code)
    }
}

fn unit(code: u32) -> char {
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Whether a call is shown where its argument is meant: of a collection, or one of NumPy's scalars.
fn is_transparent(word: &str) -> bool {
    let name = word.rsplit('.').next().unwrap_or(word);
    CALLS.contains(&name) || word.starts_with("np.") || word.starts_with("numpy.")
}
