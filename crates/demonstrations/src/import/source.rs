//! Files as named bytes, unpacked.

use crate::DemonstrationError;
use std::io::Read;
use std::path::Path;

/// The most that one file may unpack to.
const MAX_BYTES: u64 = 1 << 30;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name without directory and without `.gz`.
    pub name: String,
    /// Its unpacked content.
    pub bytes: Vec<u8>,
}

impl Source {
    /// The content as text, without a byte order mark.
    pub(crate) fn text(&self) -> Result<&str, DemonstrationError> {
        let text = std::str::from_utf8(&self.bytes).map_err(|error| {
            let line = 1 + self.bytes[..error.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
            DemonstrationError::malformed(&self.name, format!("not UTF-8 in line {line}"))
        })?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
    }
}

/// Reads a file, or all files with one of the extensions (before a possible `.gz`) of a directory in order of
/// name.
///
/// # Errors
/// When nothing is there, a file cannot be read, is a damaged gzip, or unpacks to more than a gibibyte.
pub fn read_sources(path: &Path, format: super::Format) -> Result<Vec<Source>, DemonstrationError> {
    let extensions: &[&str] = match format {
        super::Format::Billp => &["json", "jsonl"],
        super::Format::Lists => &["csv"],
    };
    let io = |source| DemonstrationError::Io { path: path.to_owned(), source };
    if !path.is_dir() {
        return Ok(vec![read_source(path)?]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io)? {
        let file = entry.map_err(io)?.path();
        let name = plain_name(&file);
        if extensions.iter().any(|extension| name.ends_with(&format!(".{extension}"))) {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(DemonstrationError::NoSource { format: format.word(), path: path.to_owned() });
    }
    files.iter().map(|file| read_source(file)).collect()
}

fn read_source(path: &Path) -> Result<Source, DemonstrationError> {
    let io = |source| DemonstrationError::Io { path: path.to_owned(), source };
    let packed = std::fs::read(path).map_err(io)?;
    let mut bytes = Vec::new();
    if packed.starts_with(&[0x1f, 0x8b]) {
        let mut reader = flate2::read::MultiGzDecoder::new(packed.as_slice()).take(MAX_BYTES + 1);
        reader.read_to_end(&mut bytes).map_err(io)?;
    } else {
        bytes = packed;
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(DemonstrationError::TooLarge { limit: MAX_BYTES, path: path.to_owned() });
    }
    Ok(Source { name: plain_name(path), bytes })
}

fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.strip_suffix(".gz").map(str::to_owned).unwrap_or(name)
}
