//! The element types of numeric arrays.

/// How one element is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    kind: Kind,
    width: u8,
    is_big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Float,
    Signed,
    Unsigned,
    Bool,
}

impl Element {
    /// Understands NumPy's short names (`<f4`, `>i8`, `|u1`, `f8`).
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let unknown =
            || format!("elements of type `{text}`; floats of 2, 4, 8 bytes, integers and booleans are known");
        let (order, name) = match text.as_bytes().first() {
            Some(b'<' | b'|' | b'=') => ('<', &text[1..]),
            Some(b'>') => ('>', &text[1..]),
            _ => ('<', text),
        };
        let kind = match name.as_bytes().first() {
            Some(b'f') => Kind::Float,
            Some(b'i') => Kind::Signed,
            Some(b'u') => Kind::Unsigned,
            Some(b'b') => Kind::Bool,
            _ => return Err(unknown()),
        };
        let width: u8 = name[1..].parse().map_err(|_| unknown())?;
        let is_known = match kind {
            Kind::Float => matches!(width, 2 | 4 | 8),
            Kind::Signed | Kind::Unsigned => matches!(width, 1 | 2 | 4 | 8),
            Kind::Bool => width == 1,
        };
        if is_known { Ok(Self { kind, width, is_big_endian: order == '>' }) } else { Err(unknown()) }
    }

    /// The same with another byte order, as pickled types carry it apart (`<`, `>`, `|`, `=`).
    pub(crate) fn with_order(self, order: &str) -> Self {
        Self { is_big_endian: order == ">", ..self }
    }

    pub(crate) fn n_bytes(self) -> usize {
        self.width as usize
    }

    /// One element; `bytes` has its width. Wide integers and doubles are rounded to the nearest f32.
    pub(crate) fn read(self, bytes: &[u8]) -> f32 {
        let mut word = [0u8; 8];
        for (at, slot) in word[..bytes.len()].iter_mut().enumerate() {
            *slot = bytes[if self.is_big_endian { bytes.len() - 1 - at } else { at }];
        }
        let bits = u64::from_le_bytes(word);
        let unused = 64 - 8 * u32::from(self.width);
        match (self.kind, self.width) {
            (Kind::Float, 8) => f64::from_bits(bits) as f32,
            (Kind::Float, 4) => f32::from_bits(bits as u32),
            (Kind::Float, _) => half(bits as u16),
            (Kind::Signed, _) => ((bits << unused) as i64 >> unused) as f32,
            (Kind::Unsigned, _) => bits as f32,
            (Kind::Bool, _) => f32::from(u8::from(bits != 0)),
        }
    }
}

/// A 16-bit float.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}
