//! What the values of a Parquet column mean: the logical type, where the physical one says how they are stored.

use parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, Type};
use parquet::schema::types::ColumnDescriptor;

/// What is to be made of stored values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Themselves.
    Plain,
    /// Integers without sign.
    Unsigned,
    /// Whole numbers with the decimal point so many digits from their end.
    Decimal { scale: u32 },
    /// Days since 1970.
    Date,
    /// Parts of seconds since 1970.
    Timestamp { per_second: i64 },
    /// Floating-point numbers of 16 bits.
    Half,
    /// Sixteen bytes of an id.
    Uuid,
}

impl Meaning {
    /// The meaning of a column, or the name of a type that is not read.
    pub(super) fn of(column: &ColumnDescriptor) -> Result<Self, String> {
        let meaning = match column.logical_type_ref() {
            Some(logical) => of_logical(logical)?,
            None => of_converted(column)?,
        };
        let (physical, is_fixed) =
            (column.physical_type(), column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY);
        match meaning {
            Self::Plain if is_fixed && column.logical_type_ref().is_none() => {
                Err(format!("bytes of fixed length ({})", column.type_length()))
            }
            Self::Decimal { .. }
                if matches!(physical, Type::FLOAT | Type::DOUBLE | Type::INT96 | Type::BOOLEAN) =>
            {
                Err(format!("decimal as {physical}"))
            }
            _ => Ok(meaning),
        }
    }
}

fn of_logical(logical: &LogicalType) -> Result<Meaning, String> {
    Ok(match logical {
        LogicalType::Decimal(decimal) => decimal_of(decimal.scale)?,
        LogicalType::Date => Meaning::Date,
        LogicalType::Timestamp(timestamp) => Meaning::Timestamp { per_second: parts_of(timestamp.unit) },
        LogicalType::Integer(integer) if !integer.is_signed => Meaning::Unsigned,
        LogicalType::Float16 => Meaning::Half,
        LogicalType::Uuid => Meaning::Uuid,
        LogicalType::Integer(_)
        | LogicalType::String
        | LogicalType::Enum
        | LogicalType::Json
        | LogicalType::Unknown => Meaning::Plain,
        LogicalType::Time(_) => return Err("time of day".into()),
        other => return Err(format!("{other:?}").to_lowercase()),
    })
}

fn of_converted(column: &ColumnDescriptor) -> Result<Meaning, String> {
    Ok(match column.converted_type() {
        ConvertedType::DECIMAL => decimal_of(column.type_scale())?,
        ConvertedType::DATE => Meaning::Date,
        ConvertedType::TIMESTAMP_MILLIS => Meaning::Timestamp { per_second: 1_000 },
        ConvertedType::TIMESTAMP_MICROS => Meaning::Timestamp { per_second: 1_000_000 },
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
            Meaning::Unsigned
        }
        ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS => return Err("time of day".into()),
        ConvertedType::BSON | ConvertedType::INTERVAL => {
            return Err(column.converted_type().to_string().to_lowercase());
        }
        _ => Meaning::Plain,
    })
}

fn decimal_of(scale: i32) -> Result<Meaning, String> {
    match u32::try_from(scale) {
        Ok(scale) if scale <= 38 => Ok(Meaning::Decimal { scale }),
        _ => Err(format!("decimal of scale {scale}")),
    }
}

fn parts_of(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}

/// The name of a compression that is not read.
pub(super) fn compression(used: Compression) -> Result<(), String> {
    match used {
        Compression::UNCOMPRESSED
        | Compression::SNAPPY
        | Compression::GZIP(_)
        | Compression::ZSTD(_)
        | Compression::LZ4
        | Compression::LZ4_RAW
        | Compression::BROTLI(_) => Ok(()),
        other => Err(other.to_string()),
    }
}

/// A whole number in big-endian two's complement, with the decimal point so many digits from its end.
pub(super) fn decimal_text(bytes: &[u8], scale: u32) -> Option<String> {
    let (kept, sign) =
        (bytes.len().min(16), if bytes.first().is_some_and(|&byte| byte > 127) { 255 } else { 0 });
    let (above, low) = bytes.split_at(bytes.len() - kept);
    let is_whole =
        above.iter().all(|&byte| byte == sign) && (above.is_empty() || (low[0] > 127) == (sign > 0));
    let mut wide = [sign; 16];
    wide[16 - kept..].copy_from_slice(low);
    let value = i128::from_be_bytes(wide);
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
    let minus = if value < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    is_whole.then(|| format!("{minus}{whole}{point}{fraction}"))
}

/// Sixteen bytes as a UUID is written.
pub(super) fn uuid_text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
