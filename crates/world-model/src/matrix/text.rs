//! Matrices as plain text: a line for each row, numbers apart by blanks or commas, perhaps gzipped.

use std::io::Read as _;

const GZIP: &[u8] = &[0x1f, 0x8b];

/// Cells in row order as little-endian f32, with the shape.
pub(super) struct TextMatrix {
    pub(super) bytes: Vec<u8>,
    pub(super) shape: [usize; 2],
}

/// Whether a file is meant as text: it begins with a number, or is gzipped.
pub(super) fn is_text(file: &[u8]) -> bool {
    let first = file.iter().find(|byte| !byte.is_ascii_whitespace());
    file.starts_with(GZIP) || first.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-')
}

/// Reads all rows; blank lines are passed over.
pub(super) fn read(file: &[u8]) -> Result<TextMatrix, String> {
    let (mut text, mut plain) = (String::new(), file);
    let limit = data::expanded_limit(file.len() as u64);
    let read = match file.starts_with(GZIP) {
        true => flate2::read::MultiGzDecoder::new(file).take(limit + 1).read_to_string(&mut text),
        false => plain.read_to_string(&mut text),
    };
    read.map_err(|error| format!("not text: {error}"))?;
    if text.len() as u64 > limit {
        return Err(format!("gzipped, and more than {limit} bytes when unpacked"));
    }
    let (mut bytes, mut shape) = (Vec::new(), [0, 0]);
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let mut width = 0;
        for word in line.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
            let cell: f32 = word.parse().map_err(|_| format!("line {number}: `{word}` is not a number"))?;
            bytes.extend(cell.to_le_bytes());
            width += 1;
        }
        if shape[0] > 0 && width != shape[1] {
            return Err(format!("line {number}: {width} numbers where the first row has {}", shape[1]));
        }
        shape = [shape[0] + 1, width];
    }
    Ok(TextMatrix { bytes, shape })
}
