//! A GGUF file: metadata, and tensors that stay where they are in the memory map.
//!
//! # Source
//! The GGUF specification of the ggml project, versions 2 and 3.

mod cursor;
mod value;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;

use crate::GgufError;
use crate::matrix::Quantisation;
use cursor::Cursor;
pub(crate) use value::Value;

const MAGIC: [u8; 4] = *b"GGUF";
/// Where tensors start when the file does not say.
const ALIGNMENT: usize = 32;
const MAX_DIMENSIONS: u32 = 4;

/// Where a tensor lies and how it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    /// Elements along each dimension, the fastest first; never empty, no zero among them.
    pub(crate) shape: Vec<usize>,
    pub(crate) quantisation: Quantisation,
    bytes: Range<usize>,
}

/// An opened file.
#[derive(Debug)]
pub(crate) struct GgufFile {
    map: Mmap,
    metadata: BTreeMap<String, Value>,
    tensors: BTreeMap<String, Tensor>,
}

impl GgufFile {
    /// Maps the file and checks that everything it announces is there.
    pub(crate) fn open(path: &Path) -> Result<Self, GgufError> {
        let read = |source| GgufError::Read { path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(read)?;
        if file.metadata().map_err(read)?.is_dir() {
            return Err(read(std::io::ErrorKind::IsADirectory.into()));
        }
        #[expect(unsafe_code, reason = "models are larger than what should be read at once")]
        // SAFETY: the map is read-only and every access is a bounds-checked read of bytes, any value of which is
        // valid; like every reader of memory maps this relies on nobody shortening the file meanwhile.
        let map = unsafe { Mmap::map(&file) }.map_err(read)?;
        let (metadata, tensors) = parse(&map)?;
        Ok(Self { map, metadata, tensors })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.metadata.get(key)
    }

    pub(crate) fn integer(&self, key: &str) -> Option<i64> {
        if let Some(Value::Integer(integer)) = self.get(key) { Some(*integer) } else { None }
    }

    /// A count between 1 and `most`.
    pub(crate) fn count(&self, key: &str, most: usize) -> Result<usize, GgufError> {
        let found = self.integer(key).ok_or_else(|| GgufError::unfit(format!("no number {key}")))?;
        match usize::try_from(found) {
            Ok(n) if (1..=most).contains(&n) => Ok(n),
            _ => Err(GgufError::unfit(format!("{key} is {found}, expected 1 to {most}"))),
        }
    }

    pub(crate) fn float(&self, key: &str) -> Option<f64> {
        match self.get(key) {
            Some(Value::Float(float)) => Some(*float),
            Some(Value::Integer(integer)) => Some(*integer as f64),
            _ => None,
        }
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        if let Some(Value::Text(text)) = self.get(key) { Some(text) } else { None }
    }

    pub(crate) fn bool(&self, key: &str) -> Option<bool> {
        if let Some(Value::Bool(bool)) = self.get(key) { Some(*bool) } else { None }
    }

    pub(crate) fn texts(&self, key: &str) -> Result<&[String], GgufError> {
        match self.get(key) {
            Some(Value::Texts(texts)) => Ok(texts),
            _ => Err(GgufError::unfit(format!("no list of texts {key}"))),
        }
    }

    pub(crate) fn integers(&self, key: &str) -> Option<&[i64]> {
        if let Some(Value::Integers(integers)) = self.get(key) { Some(integers) } else { None }
    }

    /// Sixteen hexadecimal digits that stand for the whole content.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = blake3::hash(&self.map).to_hex();
        hash.truncate(16);
        hash.to_string()
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// The bytes of one of this file's tensors.
    pub(crate) fn bytes(&self, tensor: &Tensor) -> &[u8] {
        &self.map[tensor.bytes.clone()]
    }
}

type Contents = (BTreeMap<String, Value>, BTreeMap<String, Tensor>);

fn parse(bytes: &[u8]) -> Result<Contents, GgufError> {
    let mut cursor = Cursor::new(bytes);
    check_start(&mut cursor)?;
    // A tensor takes a name's length, a dimension count, a type and an offset at least; a value a key's length, a
    // type and one byte.
    let n_tensors = cursor.count(24, "tensors")?;
    let n_values = cursor.count(13, "metadata values")?;
    let mut budget = value::budget();
    let mut metadata = BTreeMap::new();
    for _ in 0..n_values {
        let key = cursor.string()?;
        let kind = cursor.u32()?;
        metadata.insert(key, value::read(&mut cursor, kind, &mut budget)?);
    }
    let announced: Vec<_> = (0..n_tensors).map(|_| announcement(&mut cursor)).collect::<Result<_, _>>()?;
    let start = data_start(&cursor, &metadata)?;
    let mut tensors = BTreeMap::new();
    for (name, shape, quantisation, offset) in announced {
        let tensor = locate(&name, shape, quantisation, start, offset, bytes.len())?;
        tensors.insert(name, tensor);
    }
    check_apart(&tensors, start)?;
    Ok((metadata, tensors))
}

/// Refuses tensors that share bytes: without that, a small file could announce any amount of weights.
fn check_apart(tensors: &BTreeMap<String, Tensor>, at: usize) -> Result<(), GgufError> {
    let mut ranges: Vec<(&Range<usize>, &String)> =
        tensors.iter().map(|(name, tensor)| (&tensor.bytes, name)).collect();
    ranges.sort_by_key(|(range, _)| (range.start, range.end));
    match ranges.windows(2).find(|pair| pair[1].0.start < pair[0].0.end) {
        Some(pair) => {
            let what = format!("tensors {} and {} share bytes", pair[0].1, pair[1].1);
            Err(GgufError::Damaged { what, at })
        }
        None => Ok(()),
    }
}

fn check_start(cursor: &mut Cursor<'_>) -> Result<(), GgufError> {
    if cursor.left() < 8 {
        return Err(GgufError::Foreign { found: format!("{} bytes", cursor.left()) });
    }
    let magic: [u8; 4] = cursor.array()?;
    if magic != MAGIC {
        return Err(GgufError::Foreign { found: format!("it starts with {}", magic.escape_ascii()) });
    }
    match cursor.u32()? {
        2 | 3 => Ok(()),
        version => Err(GgufError::unsupported(format!("GGUF version {version}"))),
    }
}

fn announcement(cursor: &mut Cursor<'_>) -> Result<(String, Vec<usize>, u32, u64), GgufError> {
    let name = cursor.string()?;
    let n_dimensions = cursor.u32()?;
    if !(1..=MAX_DIMENSIONS).contains(&n_dimensions) {
        return Err(cursor.damaged(format!("tensor {name} has {n_dimensions} dimensions")));
    }
    let mut shape = Vec::new();
    for _ in 0..n_dimensions {
        let side = usize::try_from(cursor.u64()?).ok().filter(|&side| side > 0);
        shape.push(side.ok_or_else(|| cursor.damaged(format!("tensor {name} has an impossible side")))?);
    }
    Ok((name, shape, cursor.u32()?, cursor.u64()?))
}

fn data_start(cursor: &Cursor<'_>, metadata: &BTreeMap<String, Value>) -> Result<usize, GgufError> {
    let alignment = match metadata.get("general.alignment") {
        Some(Value::Integer(integer)) => usize::try_from(*integer).unwrap_or(0),
        _ => ALIGNMENT,
    };
    if !alignment.is_power_of_two() || alignment > 1 << 20 {
        return Err(cursor.damaged(format!("an alignment of {alignment} bytes")));
    }
    Ok(cursor.at().next_multiple_of(alignment))
}

fn locate(
    name: &str,
    shape: Vec<usize>,
    kind: u32,
    start: usize,
    offset: u64,
    end: usize,
) -> Result<Tensor, GgufError> {
    let damaged = |what: &str| GgufError::Damaged { what: format!("tensor {name}: {what}"), at: start };
    let quantisation = Quantisation::from_code(kind)
        .map_err(|what| GgufError::unsupported(format!("{what} (tensor {name})")))?;
    let n_rows = shape[1..].iter().try_fold(1usize, |product, &side| product.checked_mul(side));
    let n_bytes = quantisation.row_bytes(shape[0]).zip(n_rows).and_then(|(row, rows)| row.checked_mul(rows));
    let n_bytes = n_bytes.ok_or_else(|| damaged("an impossible shape"))?;
    let from = usize::try_from(offset).ok().and_then(|offset| start.checked_add(offset));
    let range = from.and_then(|from| Some(from..from.checked_add(n_bytes)?)).filter(|range| range.end <= end);
    let bytes = range.ok_or_else(|| damaged("lies beyond the end of the file"))?;
    Ok(Tensor { shape, quantisation, bytes })
}
