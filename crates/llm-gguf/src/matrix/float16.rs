//! Half-precision numbers as they stand in model files.

/// The value of IEEE 754 binary16 bits.
pub(super) fn from_half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10) & 31;
    let fraction = u32::from(bits) & 1023;
    match exponent {
        0 => {
            let magnitude = fraction as f32 * (1.0 / 16_777_216.0);
            f32::from_bits(magnitude.to_bits() | sign)
        }
        31 => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

/// The nearest binary16 at or below `value` in magnitude; for scales, which are small and finite.
pub(crate) fn to_half(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = ((bits >> 16) & 0x8000) as u16;
    let exponent = ((bits >> 23) & 255) as i32 - 112;
    match exponent {
        ..=0 => sign | (value.abs() * 16_777_216.0) as u16,
        31.. => sign | 0x7bff,
        _ => sign | ((exponent as u16) << 10) | ((bits >> 13) & 1023) as u16,
    }
}
