//! Where bytes come from: a file, a folder or a zip archive, compressed or not, checked while they stream by.

mod dialect;
mod kinds;
mod literal;
mod member;
mod missing;
pub(crate) mod names;
mod number;
mod quotes;
mod records;
mod roles;
mod separator;
mod table;
mod text;
mod time;
mod unpack;

pub use dialect::{Decimal, FieldSeparator};
pub(crate) use literal::{Literal, Object};
pub(crate) use member::Member;
pub use missing::Missing;
pub(crate) use names::plain_name;
pub(crate) use number::{is_nothing, parse_rating, truth, untyped_id};
pub(crate) use records::Records;
pub use roles::ColumnMap;
pub(crate) use roles::{Role, find_column, missing};
pub(crate) use separator::Separator;
pub(crate) use table::{Row, Table};
pub use text::Encoding;
pub(crate) use text::{Text, reading_error};
pub(crate) use time::{iso_text, parse_time, read_dates_in_digits, time_of_number};
pub use unpack::expanded_limit;

use crate::{DataError, Problem};
use std::path::{Component, Path, PathBuf};

/// Ends of the names of delimited texts, the most telling first.
pub(crate) const TABLE_ENDS: [&str; 6] = [".csv", ".tsv", ".psv", ".tab", ".txt", ".dat"];
/// Ends of the names of JSON texts.
pub(crate) const JSON_ENDS: [&str; 3] = [".jsonl", ".ndjson", ".json"];

/// What the user named: a file, a folder, or an archive.
#[derive(Debug)]
pub(crate) struct Input {
    path: PathBuf,
    members: Vec<Member>,
}

impl Input {
    /// Looks at a path. A folder's own files are its members (not those of its folders); of an archive, all. What
    /// systems leave beside the files of users is passed over. A pipe is read to its end.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let fail = |error: std::io::Error| DataError::new(error, path);
        let mut members = Vec::new();
        if path.is_dir() {
            for entry in std::fs::read_dir(path).map_err(fail)? {
                let file = entry.map_err(fail)?.path();
                if file.is_file() {
                    members.push(Member::file(&file));
                }
            }
        } else {
            let member = Member::open(path)?;
            if member.starts_with(b"PK\x03\x04")? {
                members = members_of(&member, path)?;
            } else {
                return Ok(Self { path: path.to_owned(), members: vec![member] });
            }
        }
        members.retain(|member| !is_left_by_a_system(&member.place()));
        members.sort_by_cached_key(|member| natural(&member.place()));
        Ok(Self { path: path.to_owned(), members })
    }

    /// The path as the user gave it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The name without directories, for reports.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The member itself, where the input is a single file.
    pub(crate) fn single(&self) -> Option<&Member> {
        match &self.members[..] {
            [member] if !member.is_packed_in(&self.path) => Some(member),
            _ => None,
        }
    }

    /// The files of one log: the file itself; of a folder or archive those with the first of these ends that any
    /// has, if there is one, or if they are the parts of one table; else the only file.
    pub(crate) fn log(&self, ends: &[&str]) -> Result<Vec<&Member>, DataError> {
        if let Some(member) = self.single() {
            return Ok(vec![member]);
        }
        let with = |end: &&str| self.matching(|name| name.ends_with(*end));
        let found = ends.iter().map(with).find(|members| !members.is_empty());
        let members = found.unwrap_or_else(|| self.members.iter().collect());
        match &members[..] {
            [] => Err(self.lacks(&format!("file ({})", ends.join(", ")))),
            [_] => Ok(members),
            [first, rest @ ..] if rest.iter().all(|other| are_parts(&first.place(), &other.place())) => {
                Ok(members)
            }
            _ => Err(self.several(&members)),
        }
    }

    /// The member that has the first of these names that any has; `.gz` may follow.
    ///
    /// # Errors
    /// When it is there twice, in different folders.
    pub(crate) fn find(&self, names: &[&str]) -> Result<Option<&Member>, DataError> {
        let with = |name: &&str| self.matching(|other| other == *name);
        let found = names.iter().map(with).find(|members| !members.is_empty()).unwrap_or_default();
        match &found[..] {
            [first, rest @ ..] if rest.iter().any(|other| other.folder() != first.folder()) => {
                Err(self.several(&found))
            }
            _ => Ok(found.first().copied()),
        }
    }

    /// All members whose name (without `.gz`) satisfies `wanted`.
    pub(crate) fn matching(&self, wanted: impl Fn(&str) -> bool) -> Vec<&Member> {
        self.members.iter().filter(|member| wanted(member.base_name())).collect()
    }

    /// The error for a layout that is not there.
    pub(crate) fn lacks(&self, expected: &str) -> DataError {
        DataError::new(Problem::NotFound { expected: expected.to_owned() }, &self.path)
    }

    /// The error for a file that is there more than once.
    pub(crate) fn several(&self, members: &[&Member]) -> DataError {
        let mut names: Vec<String> = members.iter().take(4).map(|member| member.place()).collect();
        if members.len() > names.len() {
            names.push("...".into());
        }
        DataError::new(Problem::Several { names: names.join(", ") }, &self.path)
    }
}

/// The files of an archive.
fn members_of(file: &Member, path: &Path) -> Result<Vec<Member>, DataError> {
    let fail = |problem: Problem| DataError::new(problem, path);
    let mut names = Vec::new();
    let mut archive = file.archive()?;
    if archive.has_overlapping_files().map_err(|error| fail(Problem::Damaged(error.to_string())))? {
        return Err(fail(Problem::Damaged("files of the archive overlap".into())));
    }
    for name in archive.file_names() {
        let name = name.map_err(|error| fail(Problem::Damaged(error.to_string())))?;
        if name == "[Content_Types].xml" {
            let hint = "write the table as CSV or Parquet";
            return Err(fail(Problem::NotRead { what: "an Excel workbook".into(), hint }));
        }
        if !is_safe(&name) {
            return Err(fail(Problem::UnsafeName(name.into_owned())));
        }
        if !name.ends_with('/') {
            names.push(name.into_owned());
        }
    }
    Ok(file.members(archive, names))
}

/// Whether a name stays inside the archive: relative, without `..`, without drive letters or backslashes.
fn is_safe(name: &str) -> bool {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !name.contains(['\\', ':', '\0']) && !name.starts_with('/') && Path::new(name).components().all(is_plain)
}

/// What a Mac, Windows or Spark puts beside the files that a user means.
fn is_left_by_a_system(place: &str) -> bool {
    let name = place.rsplit('/').next().unwrap_or(place);
    place.split('/').any(|folder| folder == "__MACOSX")
        || name.starts_with('.')
        || ["_committed_", "_started_"].iter().any(|start| name.starts_with(start))
        || matches!(name, "_SUCCESS" | "_metadata" | "_common_metadata" | "Thumbs.db" | "desktop.ini")
        || name.ends_with(".crc")
}

/// Whether two files are parts of one table: in the same folder, with names that differ in numbers alone, or that
/// both say that they are parts.
fn are_parts(one: &str, other: &str) -> bool {
    let parted = |place: &str| match place.rsplit_once('/') {
        Some((folder, name)) => (folder.to_owned(), name.to_owned()),
        None => (String::new(), place.to_owned()),
    };
    let ((folder, one), (other_folder, other)) = (parted(one), parted(other));
    let letters = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "");
    let is_part =
        |name: &str| name.strip_prefix("part").is_some_and(|rest| rest.starts_with(['-', '.', '_']));
    folder == other_folder && (letters(&one) == letters(&other) || (is_part(&one) && is_part(&other)))
}

/// A name whose numbers sort as numbers.
fn natural(name: &str) -> String {
    let mut key = String::new();
    let mut digits = String::new();
    for character in name.chars().chain(['\0']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        if !digits.is_empty() {
            key.push_str(&format!("{:0>20}", digits.trim_start_matches('0')));
            digits.clear();
        }
        key.push(character);
    }
    key
}
