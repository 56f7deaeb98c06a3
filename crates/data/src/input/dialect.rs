//! How a text writes its fields and numbers, where nobody can guess it.

use crate::Problem;
use std::fmt;
use std::str::FromStr;

/// What stands between two fields. As text: `auto`, `tab`, `blank`, `::`, or one character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldSeparator {
    /// Whatever the first lines show: tab, semicolon, bar, comma, two colons or blanks, or what a line `sep=;` says.
    #[default]
    Auto,
    /// One character; fields that hold it stand in quotation marks (RFC 4180).
    Byte(u8),
    /// Two colons.
    Colons,
    /// Any run of blanks and tabs.
    Blank,
}

/// What stands before the decimals of a number. As text: `auto`, `.` or `,`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decimal {
    /// A point; a comma where it cannot set thousands apart (`1,5`, not `1,500`), which is counted as noticed.
    #[default]
    Guess,
    /// A point.
    Point,
    /// A comma.
    Comma,
}

impl FromStr for FieldSeparator {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        match text {
            "auto" => Ok(Self::Auto),
            "tab" | "\\t" => Ok(Self::Byte(b'\t')),
            "::" => Ok(Self::Colons),
            "blank" | "space" | " " => Ok(Self::Blank),
            _ => match text.as_bytes() {
                &[byte] if !byte.is_ascii_alphanumeric() && byte != 0 && !b"\"\r\n".contains(&byte) => {
                    Ok(Self::Byte(byte))
                }
                _ => Err(Problem::Option(format!(
                    "`{text}` is no separator: auto, tab, blank, :: or one character"
                ))),
            },
        }
    }
}

impl fmt::Display for FieldSeparator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Byte(b'\t') => f.write_str("tab"),
            Self::Byte(byte) => write!(f, "{}", char::from(*byte)),
            Self::Colons => f.write_str("::"),
            Self::Blank => f.write_str("blank"),
        }
    }
}

impl FromStr for Decimal {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        match text {
            "auto" => Ok(Self::Guess),
            "." => Ok(Self::Point),
            "," => Ok(Self::Comma),
            _ => Err(Problem::Option(format!("`{text}` does not stand before decimals: auto, `.` or `,`"))),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Guess => "auto",
            Self::Point => ".",
            Self::Comma => ",",
        })
    }
}
