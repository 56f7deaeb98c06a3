//! What can be wrong with a log, where it is wrong, and what to do about it.

use artefact::ArtefactError;
use std::fmt;
use std::path::{Path, PathBuf};

/// An input that cannot be imported or a dataset that cannot be opened: the problem and its place.
#[derive(Debug)]
pub struct DataError {
    problem: Box<Problem>,
    file: PathBuf,
    line: Option<u64>,
    field: Option<String>,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The operating system refused, or the device failed.
    #[error("cannot read: {0}")]
    Io(#[from] std::io::Error),
    /// Nothing of the expected layout is in the folder or archive.
    #[error("no {expected} found")]
    NotFound {
        /// The files that were looked for.
        expected: String,
    },
    /// A file with nothing in it, or with a header only.
    #[error("no rows")]
    Empty,
    /// The header lacks a column that is needed.
    #[error("no column for {role}, the header has {present}")]
    MissingColumn {
        /// What the column would have held.
        role: &'static str,
        /// The header, joined by commas.
        present: String,
    },
    /// The header lacks a column that is needed, and reads like a row: its names are numbers.
    #[error("no column for {role}, the first line looks like a row without a header: {present}")]
    NoHeader {
        /// What the column would have held.
        role: &'static str,
        /// The first line, joined by commas.
        present: String,
    },
    /// A row with more or fewer fields than the header.
    #[error("{got} fields where the header has {expected}")]
    FieldCount {
        /// Fields in the header.
        expected: usize,
        /// Fields in the row.
        got: usize,
    },
    /// A user or item id that is empty.
    #[error("empty id")]
    MissingId,
    /// Text where a number belongs.
    #[error("`{value}` is not a number")]
    BadNumber {
        /// The text, shortened.
        value: String,
    },
    /// Text where a point in time belongs.
    #[error("`{value}` is not a time")]
    BadTime {
        /// The text, shortened.
        value: String,
    },
    /// A rating that is infinite or not a number.
    #[error("rating {value} is not finite")]
    NotFinite {
        /// The text.
        value: String,
    },
    /// A rating beyond the scale that was declared.
    #[error("rating {value} is outside the declared scale {lo} to {hi}")]
    OutsideScale {
        /// The rating.
        value: f32,
        /// The worst rating of the scale.
        lo: f32,
        /// The best rating of the scale.
        hi: f32,
    },
    /// A propensity that is no probability with which anything is chosen.
    #[error("propensity {value} is not above 0 and at most 1")]
    NotAProbability {
        /// The value.
        value: f32,
    },
    /// Bytes that are not UTF-8.
    #[error("not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// Position in the decompressed file.
        offset: u64,
    },
    /// A zero byte in a text.
    #[error("NUL byte at byte {offset}")]
    NulByte {
        /// Position in the decompressed file.
        offset: u64,
    },
    /// A compressed file that ends too early.
    #[error("the compressed data ends too early")]
    Truncated,
    /// A file that does not follow its format.
    #[error("damaged file: {0}")]
    Damaged(String),
    /// A file of a kind that is not read.
    #[error("not read: {what}")]
    NotRead {
        /// What it is.
        what: String,
        /// What to do instead.
        hint: &'static str,
    },
    /// Several files where one log is expected.
    #[error("several files could be meant: {names}")]
    Several {
        /// Their names, joined by commas.
        names: String,
    },
    /// A quotation mark that opens a field and is not closed where the field ends.
    #[error("a quotation mark opens here that is never closed, or not where its field ends")]
    UnclosedQuote,
    /// One record that is longer than any real one.
    #[error("a record of more than {limit} bytes")]
    RecordTooLong {
        /// The most a record may have.
        limit: u64,
    },
    /// A compressed file that unpacks to far more than logs do.
    #[error("unpacks to more than {limit} bytes")]
    Expands {
        /// The most this file may unpack to.
        limit: u64,
    },
    /// A name in an archive that points outside the archive.
    #[error("the archive holds the unsafe name `{0}`")]
    UnsafeName(String),
    /// A line that is not a JSON object, or a document of another shape.
    #[error("not the expected JSON: {0}")]
    BadJson(String),
    /// An option that does not fit the input or another option.
    #[error("{0}")]
    Option(String),
    /// More users, items or rows than a row number can hold.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Users, items or rows.
        what: &'static str,
        /// The most there can be.
        limit: u64,
    },
    /// The artefact directory itself.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
}

impl DataError {
    /// A problem with a file as a whole.
    pub fn new(problem: impl Into<Problem>, file: &Path) -> Self {
        Self { problem: Box::new(problem.into()), file: file.to_owned(), line: None, field: None }
    }

    /// The same error with the line it was found on, counted from one.
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same error with the field (column or key) it was found in.
    pub fn in_field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The file; for a member of an archive, the archive's path followed by the member's name.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The line, counted from one, where the problem has one.
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// The column or key, where the problem has one.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        self.problem.hint()
    }
}

impl Problem {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io(_) => "check the path and the permissions",
            Self::Artefact(ArtefactError::Io { .. }) => "check the permissions and the space on the disk",
            Self::Artefact(ArtefactError::Occupied { .. } | ArtefactError::Busy { .. }) => "write elsewhere",
            Self::Artefact(_) => "name a directory that `ilrec data import` wrote, or import the log again",
            Self::NotFound { .. } => "check the format name and the path; `.gz` may follow every file name",
            Self::Empty => "check that the download or export is complete",
            Self::MissingColumn { present, .. } if !present.contains(", ") => {
                "the header is one column: name what stands between the fields (--separator), or the columns (--map)"
            }
            Self::MissingColumn { .. } => "name the columns: --map user=..,item=..,rating=..,time=..",
            Self::NoHeader { .. } => {
                "columns are 1, 2, 3 where there is no header: --no-header --map user=1,item=2,rating=3"
            }
            Self::FieldCount { .. } => {
                "check quotation marks and separators, or skip such rows and count them"
            }
            Self::MissingId => "fill the id, or skip such rows and count them",
            Self::BadNumber { value } if has_decimal_comma(value) => {
                "commas before decimals: --decimal ,; a value that means \"not rated\": --missing VALUE"
            }
            Self::BadNumber { .. } | Self::NotFinite { .. } => {
                "check which column holds the ratings (--map rating=..), name a value that means \"not rated\" \
                 (--missing NaN), or skip such rows and count them"
            }
            Self::BadTime { .. } => {
                "times are unix seconds (or milliseconds) or ISO 8601 dates; --map time= leaves the times out"
            }
            Self::OutsideScale { .. } => "declare the scale the ratings really have, or skip such rows",
            Self::NotAProbability { .. } => {
                "leave the field empty where nobody chose the item, name another column (--map propensity=..), or skip \
                 such rows and count them"
            }
            Self::NotUtf8 { .. } => "convert the file to UTF-8, or name its encoding (windows-1252)",
            Self::NulByte { .. } => "the file is damaged, binary, or UTF-16: convert it to UTF-8",
            Self::Truncated => "the download is incomplete: fetch the file again",
            Self::Damaged(_) => "fetch or write the file again",
            Self::NotRead { hint, .. } => hint,
            Self::Several { .. } => "name the file itself, or leave the others out of the folder or archive",
            Self::UnclosedQuote => {
                "remove the mark, or double it and put the whole field between quotation marks"
            }
            Self::RecordTooLong { .. } => "look for an opening quotation mark that is never closed",
            Self::Expands { .. } => "unpack the file yourself if you trust it",
            Self::UnsafeName(_) => {
                "do not trust this archive; unpack the files you need and import the folder"
            }
            Self::BadJson(_) => "JSON is read as one object per line, or as one list of objects",
            Self::Option(_) => "see the options of the import",
            Self::TooMany { what: "categories", .. } => {
                "a column with a value for every item is no category: name another one (--map genres=..)"
            }
            Self::TooMany { .. } => "split the log",
        }
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.problem)?;
        if matches!(*self.problem, Problem::Artefact(_)) {
            return Ok(()); // it ends with the path already
        }
        match (self.line, &self.field) {
            (Some(line), Some(field)) => write!(f, " (line {line}, field `{field}`)")?,
            (Some(line), None) => write!(f, " (line {line})")?,
            (None, Some(field)) => write!(f, " (field `{field}`)")?,
            (None, None) => {}
        }
        write!(f, ": {}", self.file.display())
    }
}

impl std::error::Error for DataError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.problem.source()
    }
}

impl From<ArtefactError> for DataError {
    fn from(error: ArtefactError) -> Self {
        let path = error.path().to_owned();
        Self::new(error, &path)
    }
}

fn has_decimal_comma(value: &str) -> bool {
    value.contains(',') && value.bytes().all(|byte| byte.is_ascii_digit() || b",.-+".contains(&byte))
}

/// A text for messages: at most 40 characters of it.
pub(crate) fn shortened(text: &str) -> String {
    let mut out: String = text.chars().take(40).collect();
    if out.len() < text.len() {
        out.push_str("...");
    }
    out
}
