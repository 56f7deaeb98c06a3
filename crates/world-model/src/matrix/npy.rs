//! The header of NumPy's `.npy` format: versions 1 to 3.
//!
//! # Source
//! NumPy enhancement proposal 1; the header is a Python literal, of which only the three keys are understood.

use super::element::Element;

/// What a header promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NpyHeader {
    pub(crate) element: Element,
    pub(crate) is_fortran: bool,
    pub(crate) shape: Vec<usize>,
    /// Where the elements start, in bytes.
    pub(crate) start: usize,
}

const MAGIC: &[u8] = b"\x93NUMPY";
const MAX_HEADER: usize = 1 << 16;

impl NpyHeader {
    /// Reads the header of a file and checks that the file holds all elements.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let rest = bytes.strip_prefix(MAGIC).ok_or("not a .npy file")?;
        let (&[major, _], rest) = rest.split_first_chunk::<2>().ok_or("cut off in the version")?;
        let (length, n_length_bytes) = match major {
            1 => (rest.first_chunk().map(|b| u16::from_le_bytes(*b) as usize), 2),
            2 | 3 => (rest.first_chunk().map(|b| u32::from_le_bytes(*b) as usize), 4),
            other => return Err(format!("version {other}; versions 1 to 3 are known")),
        };
        let length = length.ok_or("cut off in the header's length")?;
        if length > MAX_HEADER {
            return Err(format!("a header of {length} bytes"));
        }
        let text = rest.get(n_length_bytes..n_length_bytes + length).ok_or("cut off in the header")?;
        let text = std::str::from_utf8(text).map_err(|_| "a header that is not text")?;
        let start = MAGIC.len() + 2 + n_length_bytes + length;
        let out = Self {
            element: Element::parse(string_of(text, "descr").ok_or("no element type in the header")?)?,
            is_fortran: flag_of(text, "fortran_order").ok_or("no element order in the header")?,
            shape: shape_of(text).ok_or("no shape in the header")?,
            start,
        };
        let n_bytes = byte_size(&out.shape, out.element)?;
        if bytes.len() - start < n_bytes {
            return Err(format!("{} bytes of elements, the shape needs {n_bytes}", bytes.len() - start));
        }
        Ok(out)
    }
}

/// Bytes of an array of a shape; an error where that number does not exist.
pub(crate) fn byte_size(shape: &[usize], element: Element) -> Result<usize, String> {
    let product = shape.iter().try_fold(element.n_bytes(), |product, &side| product.checked_mul(side));
    product.filter(|&n| n <= isize::MAX as usize).ok_or_else(|| format!("impossible shape {shape:?}"))
}

/// The text behind `'key':`.
fn value_of<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let quoted = [format!("'{key}'"), format!("\"{key}\"")];
    let at = quoted.iter().find_map(|name| Some(header.find(name.as_str())? + name.len()))?;
    header[at..].trim_start().strip_prefix(':').map(str::trim_start)
}

fn string_of<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let value = value_of(header, key)?;
    let quote = value.chars().next().filter(|c| ['\'', '"'].contains(c))?;
    value[1..].split_once(quote).map(|(text, _)| text)
}

fn flag_of(header: &str, key: &str) -> Option<bool> {
    let value = value_of(header, key)?;
    if value.starts_with("True") { Some(true) } else { value.starts_with("False").then_some(false) }
}

fn shape_of(header: &str) -> Option<Vec<usize>> {
    let (inside, _) = value_of(header, "shape")?.strip_prefix('(')?.split_once(')')?;
    let sides = inside.split(',').map(str::trim).filter(|side| !side.is_empty());
    sides.map(|side| side.trim_end_matches('L').parse().ok()).collect()
}
