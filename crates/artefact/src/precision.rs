//! Tables in fewer bits: what is written is rounded, what is read is f32 again.

use half::f16;
use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};

/// How the numbers of a table are kept on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// As they are, in 32 bits: can be mapped.
    #[default]
    #[serde(rename = "f32")]
    Single,
    /// In 16 bits: 11 significant ones.
    #[serde(rename = "f16")]
    Half,
    /// In 8 bits, as integers from -127 to 127 with one factor a row.
    #[serde(rename = "int8")]
    Byte,
}

impl Precision {
    /// The name in arguments and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Single => "f32",
            Self::Half => "f16",
            Self::Byte => "int8",
        }
    }
}

/// What `table: [rows, width]` is after it was written and read. Rounding again changes nothing.
pub fn rounded(table: &[f32], width: usize, precision: Precision) -> Vec<f32> {
    let (dtype, bytes, factors) = encoded(table, width, precision);
    decoded(dtype, &bytes, width, &factors).unwrap_or_default()
}

/// Type, bytes and, for bytes, the factor of each row.
pub(crate) fn encoded(table: &[f32], width: usize, precision: Precision) -> (Dtype, Vec<u8>, Vec<f32>) {
    match precision {
        Precision::Single => (Dtype::F32, bytemuck::cast_slice(table).to_vec(), Vec::new()),
        Precision::Half => {
            let bytes = table.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes());
            (Dtype::F16, bytes.collect(), Vec::new())
        }
        Precision::Byte => {
            let factors: Vec<f32> = table.chunks(width.max(1)).map(factor).collect();
            let rows = table.chunks(width.max(1)).zip(&factors);
            let bytes = rows.flat_map(|(row, factor)| row.iter().map(move |x| byte(x / factor)));
            (Dtype::I8, bytes.collect(), factors)
        }
    }
}

/// The numbers; `None` for a type that is not ours, or factors that do not fit.
pub(crate) fn decoded(dtype: Dtype, bytes: &[u8], width: usize, factors: &[f32]) -> Option<Vec<f32>> {
    match dtype {
        Dtype::F32 => Some(bytes.as_chunks().0.iter().map(|&cell| f32::from_le_bytes(cell)).collect()),
        Dtype::F16 => {
            Some(bytes.as_chunks().0.iter().map(|&cell| f16::from_le_bytes(cell).to_f32()).collect())
        }
        Dtype::I8 if bytes.chunks(width.max(1)).len() == factors.len() => {
            let rows = bytes.chunks(width.max(1)).zip(factors);
            Some(
                rows.flat_map(|(row, factor)| row.iter().map(move |&x| f32::from(x as i8) * factor))
                    .collect(),
            )
        }
        _ => None,
    }
}

fn byte(x: f32) -> u8 {
    (x.round_ties_even().clamp(-127.0, 127.0) as i8) as u8
}

/// What makes 127 the largest byte of a row, rounded up to 16 significant bits: products with bytes are exact then, so
/// that a row that was rounded once has the same factor again.
fn factor(row: &[f32]) -> f32 {
    const DROPPED: u32 = 0xFF;
    let largest = row.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    let factor = f32::from_bits((largest / 127.0).to_bits().wrapping_add(DROPPED) & !DROPPED);
    if factor.is_normal() { factor } else { 1.0 }
}
