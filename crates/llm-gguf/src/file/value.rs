//! Metadata values.

use super::cursor::Cursor;
use crate::GgufError;

/// Elements of arrays that one file may hold altogether; the largest vocabularies stay below a tenth of it.
const MAX_ELEMENTS: usize = 16 << 20;

/// One metadata value. Numbers lose their width: integers up to 64 bits and floats are all that is ever asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Integer(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    Integers(Vec<i64>),
    Floats(Vec<f64>),
    Texts(Vec<String>),
}

const BOOL: u32 = 7;
const TEXT: u32 = 8;
const ARRAY: u32 = 9;

/// Reads one value of type `kind`; `budget` is how many array elements the file may still hold.
pub(crate) fn read(cursor: &mut Cursor<'_>, kind: u32, budget: &mut usize) -> Result<Value, GgufError> {
    match kind {
        BOOL => Ok(Value::Bool(cursor.array::<1>()?[0] != 0)),
        TEXT => cursor.string().map(Value::Text),
        ARRAY => read_array(cursor, budget),
        _ => number(cursor, kind),
    }
}

/// The budget of a new file.
pub(crate) fn budget() -> usize {
    MAX_ELEMENTS
}

fn number(cursor: &mut Cursor<'_>, kind: u32) -> Result<Value, GgufError> {
    Ok(match kind {
        0 => Value::Integer(u8::from_le_bytes(cursor.array()?).into()),
        1 => Value::Integer(i8::from_le_bytes(cursor.array()?).into()),
        2 => Value::Integer(u16::from_le_bytes(cursor.array()?).into()),
        3 => Value::Integer(i16::from_le_bytes(cursor.array()?).into()),
        4 => Value::Integer(u32::from_le_bytes(cursor.array()?).into()),
        5 => Value::Integer(i32::from_le_bytes(cursor.array()?).into()),
        6 => Value::Float(f32::from_le_bytes(cursor.array()?).into()),
        // Numbers above the range of i64 mean nothing in a model; they are read as its end.
        10 => Value::Integer(i64::try_from(cursor.u64()?).unwrap_or(i64::MAX)),
        11 => Value::Integer(i64::from_le_bytes(cursor.array()?)),
        12 => Value::Float(f64::from_le_bytes(cursor.array()?)),
        _ => return Err(cursor.damaged(format!("a metadata value of unknown type {kind}"))),
    })
}

fn read_array(cursor: &mut Cursor<'_>, budget: &mut usize) -> Result<Value, GgufError> {
    let kind = cursor.u32()?;
    let least = match kind {
        0 | 1 | BOOL => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 | TEXT => 8,
        _ => return Err(cursor.damaged(format!("an array of unknown type {kind}"))),
    };
    let n = cursor.count(least, "array elements")?;
    if n > *budget {
        return Err(cursor.damaged(format!("{n} array elements, more than any model has")));
    }
    *budget -= n;
    match kind {
        TEXT => (0..n).map(|_| cursor.string()).collect::<Result<_, _>>().map(Value::Texts),
        6 | 12 => {
            (0..n).map(|_| number(cursor, kind)).map(float).collect::<Result<_, _>>().map(Value::Floats)
        }
        _ => {
            let kind = if kind == BOOL { 0 } else { kind };
            (0..n).map(|_| number(cursor, kind)).map(integer).collect::<Result<_, _>>().map(Value::Integers)
        }
    }
}

fn float(value: Result<Value, GgufError>) -> Result<f64, GgufError> {
    value.map(|value| if let Value::Float(float) = value { float } else { f64::NAN })
}

fn integer(value: Result<Value, GgufError>) -> Result<i64, GgufError> {
    value.map(|value| if let Value::Integer(integer) = value { integer } else { 0 })
}
