//! The storage types of tensors and what their bytes mean.
//!
//! # Source
//! The block layouts of the ggml project. A *unit* is what one set of scales belongs to: 32 elements in the classic
//! types, 256 in the K types, which have finer scales inside.

use rayon::prelude::*;

use super::float16::{from_half, to_half};

/// No weight of a model is larger; beyond it, and beyond binary16, sums are not finite any more.
const LARGEST: f32 = 1e6;
/// Elements that one thread looks at.
const PIECE: usize = 1 << 14;

/// How a tensor is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantisation {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q4K,
    Q5K,
    Q6K,
}

/// One unit taken apart: element `i` is `d * scale(i) * code - minimum(i)`.
#[derive(Clone)]
pub(super) struct Unit {
    /// Codes, unsigned; symmetric types are shifted by half their range.
    pub(super) codes: [u8; 256],
    /// Binary16 scale and minimum.
    pub(super) d: u16,
    pub(super) minimum: u16,
    /// Finer scales (as stored: signed for Q6_K) and minima of K types.
    pub(super) scales: [u8; 16],
    pub(super) minima: [u8; 8],
}

impl Unit {
    pub(super) fn empty() -> Self {
        Self { codes: [0; 256], d: 0, minimum: 0, scales: [0; 16], minima: [0; 8] }
    }
}

impl Quantisation {
    /// From the number in the file.
    pub(crate) fn from_code(code: u32) -> Result<Self, String> {
        Ok(match code {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::Q4_0,
            3 => Self::Q4_1,
            6 => Self::Q5_0,
            7 => Self::Q5_1,
            8 => Self::Q8_0,
            12 => Self::Q4K,
            13 => Self::Q5K,
            14 => Self::Q6K,
            30 => Self::Bf16,
            _ => return Err(format!("tensors of type number {code}")),
        })
    }

    /// Elements and bytes of one unit.
    fn unit(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            Self::Q4_0 => (32, 18),
            Self::Q4_1 => (32, 20),
            Self::Q5_0 => (32, 22),
            Self::Q5_1 => (32, 24),
            Self::Q8_0 => (32, 34),
            Self::Q4K => (256, 144),
            Self::Q5K => (256, 176),
            Self::Q6K => (256, 210),
        }
    }

    /// Elements of one unit.
    pub(super) fn unit_len(self) -> usize {
        self.unit().0
    }

    /// Bytes of a row of `n` elements; `None` if it does not consist of whole units.
    pub(crate) fn row_bytes(self, n: usize) -> Option<usize> {
        let (elements, bytes) = self.unit();
        if n.is_multiple_of(elements) { (n / elements).checked_mul(bytes) } else { None }
    }

    /// Whether codes have a minimum instead of being symmetric.
    pub(super) fn is_affine(self) -> bool {
        matches!(self, Self::Q4_1 | Self::Q5_1 | Self::Q4K | Self::Q5K)
    }

    /// Bits of a code.
    pub(super) fn bits(self) -> usize {
        match self {
            Self::Q4_0 | Self::Q4_1 | Self::Q4K => 4,
            Self::Q5_0 | Self::Q5_1 | Self::Q5K => 5,
            Self::Q6K => 6,
            _ => 8,
        }
    }

    /// What is subtracted from the codes of symmetric types.
    pub(super) fn offset(self) -> i32 {
        if self.is_affine() { 0 } else { 1 << (self.bits() - 1) }
    }

    /// Whether scales come in two levels.
    pub(super) fn has_super_scales(self) -> bool {
        matches!(self, Self::Q4K | Self::Q5K | Self::Q6K)
    }

    /// The same, as a type that products know: floats become eight-bit codes.
    pub(super) fn in_products(self) -> Self {
        if self.unit_len() == 1 { Self::Q8_0 } else { self }
    }

    /// The units of one row of `n` elements; floats are rounded to [`Self::in_products`].
    pub(super) fn units(self, row: &[u8]) -> Vec<Unit> {
        if self.unit_len() == 1 {
            return self.floats(row).chunks(32).map(round).collect();
        }
        row.chunks_exact(self.unit().1).map(|bytes| self.take_apart(bytes)).collect()
    }

    fn take_apart(self, bytes: &[u8]) -> Unit {
        let mut unit = Unit::empty();
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        unit.d = if self == Self::Q6K { half(208) } else { half(0) };
        if self.is_affine() {
            unit.minimum = half(2);
        }
        match self {
            Self::Q4_0 => nibbles(&bytes[2..], &mut unit.codes),
            Self::Q4_1 => nibbles(&bytes[4..], &mut unit.codes),
            Self::Q5_0 => five_bits(&bytes[2..], &mut unit.codes),
            Self::Q5_1 => five_bits(&bytes[4..], &mut unit.codes),
            Self::Q4K => {
                finer_scales(&bytes[4..16], &mut unit);
                nibbles_by_64(&bytes[16..], &mut unit.codes);
            }
            Self::Q5K => {
                finer_scales(&bytes[4..16], &mut unit);
                nibbles_by_64(&bytes[48..], &mut unit.codes);
                for (i, code) in unit.codes.iter_mut().enumerate() {
                    *code |= (bytes[16 + i % 32] >> (i / 32) & 1) << 4;
                }
            }
            Self::Q6K => six_bits(bytes, &mut unit),
            _ => {
                for (code, byte) in unit.codes.iter_mut().zip(&bytes[2..34]) {
                    *code = byte ^ 0x80;
                }
            }
        }
        unit
    }

    /// Whether all weights of a tensor are numbers to calculate with: finite, and not too large.
    pub(crate) fn is_sound(self, bytes: &[u8]) -> bool {
        let (_, unit_bytes) = self.unit();
        let is_number = |half: u16| half & 0x7c00 != 0x7c00;
        let half = |unit: &[u8], at: usize| u16::from_le_bytes([unit[at], unit[at + 1]]);
        let is_unit_sound = |unit: &[u8]| match self {
            Self::F32 | Self::F16 | Self::Bf16 => true,
            Self::Q6K => is_number(half(unit, 208)),
            _ => is_number(half(unit, 0)) && (!self.is_affine() || is_number(half(unit, 2))),
        };
        let is_piece_sound = |piece: &[u8]| match self {
            // A comparison with what is no number is false.
            Self::F32 | Self::F16 | Self::Bf16 => self.floats(piece).iter().all(|x| x.abs() <= LARGEST),
            _ => piece.chunks_exact(unit_bytes).all(is_unit_sound),
        };
        bytes.par_chunks(PIECE * unit_bytes).all(is_piece_sound)
    }

    /// The elements of one row, exact up to the rounding of floats.
    pub(crate) fn floats(self, row: &[u8]) -> Vec<f32> {
        match self {
            Self::F32 => row.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            Self::F16 => {
                row.as_chunks::<2>().0.iter().map(|bytes| from_half(u16::from_le_bytes(*bytes))).collect()
            }
            Self::Bf16 => {
                let wide = |bytes: &[u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
                row.as_chunks::<2>().0.iter().map(wide).collect()
            }
            _ => self.units(row).iter().flat_map(|unit| self.unit_floats(unit)).collect(),
        }
    }

    fn unit_floats(self, unit: &Unit) -> Vec<f32> {
        let (d, minimum) = (from_half(unit.d), from_half(unit.minimum));
        let value = |i: usize| {
            let code = (i32::from(unit.codes[i]) - self.offset()) as f32;
            match self {
                Self::Q6K => d * f32::from(unit.scales[i / 16] as i8) * code,
                Self::Q4K | Self::Q5K => {
                    d * f32::from(unit.scales[i / 32]) * code - minimum * f32::from(unit.minima[i / 32])
                }
                _ => d * code + minimum,
            }
        };
        (0..self.unit_len()).map(value).collect()
    }
}

/// The elements of a small tensor of any type.
pub(crate) fn read_floats(quantisation: Quantisation, bytes: &[u8]) -> Vec<f32> {
    quantisation.floats(bytes)
}

fn nibbles(bytes: &[u8], codes: &mut [u8; 256]) {
    for i in 0..16 {
        codes[i] = bytes[i] & 15;
        codes[i + 16] = bytes[i] >> 4;
    }
}

fn five_bits(bytes: &[u8], codes: &mut [u8; 256]) {
    nibbles(&bytes[4..], codes);
    for (i, code) in codes.iter_mut().take(32).enumerate() {
        *code |= (bytes[i / 8] >> (i % 8) & 1) << 4;
    }
}

fn nibbles_by_64(bytes: &[u8], codes: &mut [u8; 256]) {
    for (source, target) in bytes.chunks_exact(32).zip(codes.chunks_exact_mut(64)) {
        for i in 0..32 {
            target[i] = source[i] & 15;
            target[i + 32] = source[i] >> 4;
        }
    }
}

/// Six-bit scales and minima: the first four lie whole, the upper bits of the last four lie above them.
fn finer_scales(bytes: &[u8], unit: &mut Unit) {
    for i in 0..4 {
        unit.scales[i] = bytes[i] & 63;
        unit.minima[i] = bytes[i + 4] & 63;
        unit.scales[i + 4] = bytes[i + 8] & 15 | bytes[i] >> 6 << 4;
        unit.minima[i + 4] = bytes[i + 8] >> 4 | bytes[i + 4] >> 6 << 4;
    }
}

fn six_bits(bytes: &[u8], unit: &mut Unit) {
    for (i, code) in unit.codes.iter_mut().enumerate() {
        let (half, quarter, place) = (i / 128, i % 128 / 32, i % 32);
        let low = bytes[half * 64 + quarter % 2 * 32 + place] >> (quarter / 2 * 4) & 15;
        let high = bytes[128 + half * 32 + place] >> (quarter * 2) & 3;
        *code = low | high << 4;
    }
    unit.scales.copy_from_slice(&bytes[192..208]);
}

/// Rounds up to 32 floats to eight-bit codes; what is not finite becomes 0.
fn round(floats: &[f32]) -> Unit {
    let mut unit = Unit::empty();
    let finite = |x: f32| if x.is_finite() { x } else { 0.0 };
    let largest = floats.iter().fold(0.0f32, |largest, &x| largest.max(finite(x).abs()));
    // Rounding the scale up keeps the largest element within reach of the codes.
    unit.d = to_half(largest / 127.0 * 1.001);
    let d = from_half(unit.d);
    unit.codes[..32].fill(128);
    for (code, &x) in unit.codes.iter_mut().zip(floats) {
        let rounded = if d > 0.0 { (finite(x) / d).round_ties_even().clamp(-127.0, 127.0) } else { 0.0 };
        *code = (rounded as i32 + 128) as u8;
    }
    unit
}
