//! A pickle reader that can build one NumPy array and nothing else.
//!
//! Pickles are programs. This machine knows the opcodes that arrays are written with (protocols 2 to 5), resolves
//! eight names to inert markers, and refuses every other opcode and name; nothing is imported or called.

mod machine;
mod numpy;

pub(crate) use numpy::PickledArray;

/// Reads the one array that a pickle holds.
pub(crate) fn read_array(bytes: &[u8]) -> Result<PickledArray, String> {
    let value = machine::run(bytes)?;
    numpy::array_of(&value)
}
