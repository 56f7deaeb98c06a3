//! What the markers mean: an array out of its constructor's arguments and state.

use super::machine::{Reduced, Value};
use crate::matrix::element::Element;
use crate::matrix::npy::byte_size;

/// The names that arrays are written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Global {
    Reconstruct,
    FromBuffer,
    Array,
    Type,
    /// `_codecs.encode`: protocol 2 writes bytes as Latin-1 text.
    Encode,
}

impl Global {
    pub(crate) fn find(module: &str, name: &str) -> Result<Self, String> {
        match (module, name) {
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Ok(Self::Reconstruct),
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Ok(Self::FromBuffer),
            ("numpy", "ndarray") => Ok(Self::Array),
            ("numpy", "dtype") => Ok(Self::Type),
            ("_codecs", "encode") => Ok(Self::Encode),
            _ => Err(format!("the pickle asks for {module}.{name}, which is not part of an array; refused")),
        }
    }
}

/// A numeric array.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PickledArray {
    pub(crate) element: Element,
    pub(crate) is_fortran: bool,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

/// Reads the result of a pickle as an array.
pub(crate) fn array_of(value: &Value) -> Result<PickledArray, String> {
    let Value::Reduced(reduced) = value else {
        return Err("the pickle does not hold an array".into());
    };
    let array = match reduced.global {
        Global::Reconstruct => from_state(reduced)?,
        Global::FromBuffer => from_buffer(reduced)?,
        _ => return Err("the pickle does not hold an array".into()),
    };
    if array.bytes.len() != byte_size(&array.shape, array.element)? {
        return Err(format!("{} bytes for the shape {:?}", array.bytes.len(), array.shape));
    }
    Ok(array)
}

/// State (version, shape, type, is_fortran, bytes).
fn from_state(reduced: &Reduced) -> Result<PickledArray, String> {
    let Some(Value::Tuple(state)) = &reduced.state else {
        return Err("an array without its state".into());
    };
    let [Value::Int(_), shape, element, Value::Bool(is_fortran), bytes] = &state[..] else {
        return Err("an array's state of an unknown form".into());
    };
    Ok(PickledArray {
        element: element_of(element)?,
        is_fortran: *is_fortran,
        shape: shape_of(shape)?,
        bytes: bytes_of(bytes)?,
    })
}

/// Protocol 5: (buffer, type, shape, order).
fn from_buffer(reduced: &Reduced) -> Result<PickledArray, String> {
    let [bytes, element, shape, Value::Text(order)] = &reduced.arguments[..] else {
        return Err("an array's buffer of an unknown form".into());
    };
    Ok(PickledArray {
        element: element_of(element)?,
        is_fortran: &**order == "F",
        shape: shape_of(shape)?,
        bytes: bytes_of(bytes)?,
    })
}

/// dtype('f4', False, True) with the state (version, byte order, ...).
fn element_of(value: &Value) -> Result<Element, String> {
    let reduced = match value {
        Value::Reduced(reduced) if reduced.global == Global::Type => reduced,
        _ => return Err("an element type of an unknown form".into()),
    };
    let Some(Value::Text(name)) = reduced.arguments.first() else {
        return Err("an element type without a name".into());
    };
    let element = Element::parse(name)?;
    match &reduced.state {
        None => Ok(element),
        Some(Value::Tuple(state)) => match state.get(1) {
            Some(Value::Text(order)) => Ok(element.with_order(order)),
            _ => Err("an element type without a byte order".into()),
        },
        Some(_) => Err("an element type's state of an unknown form".into()),
    }
}

fn shape_of(value: &Value) -> Result<Vec<usize>, String> {
    let Value::Tuple(sides) = value else {
        return Err("a shape that is not a tuple".into());
    };
    let side = |side: &Value| match side {
        Value::Int(n) => usize::try_from(*n).map_err(|_| format!("a side of length {n}")),
        _ => Err("a side that is not a number".to_owned()),
    };
    sides.iter().map(side).collect()
}

fn bytes_of(value: &Value) -> Result<Vec<u8>, String> {
    match value {
        Value::Bytes(bytes) => Ok(bytes.to_vec()),
        Value::Text(text) => latin1(text), // Python 2 wrote bytes that happened to be text
        Value::Reduced(reduced) if reduced.global == Global::Encode => match &reduced.arguments[..] {
            [Value::Text(text), Value::Text(codec)] if &**codec == "latin1" => latin1(text),
            _ => Err("bytes in an unknown encoding".into()),
        },
        _ => Err("elements that are not bytes".into()),
    }
}

fn latin1(text: &str) -> Result<Vec<u8>, String> {
    let byte = |c: char| u8::try_from(u32::from(c)).map_err(|_| "a character that is not a byte".to_owned());
    text.chars().map(byte).collect()
}
