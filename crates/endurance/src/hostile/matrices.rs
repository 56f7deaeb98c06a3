//! Reward matrices as numpy writes them, damaged.

use super::damage::{damaged, rng};
use super::small::{N_ITEMS, N_USERS};
use super::watched::harmless;
use super::{Attacked, clear};
use crate::Outcome;

/// Each is imported beside a whole one.
pub(super) fn attack(attacked: &Attacked<'_>) -> Outcome<usize> {
    let n = attacked.n(1200, 20);
    let whole = attacked.place.join("whole.npy");
    std::fs::write(&whole, matrix())?;
    let (whole, data) = (whole.display().to_string(), attacked.small.data.display().to_string());
    attacked.each(n, |at| {
        let path = attacked.place.join(format!("matrix-{at}.npy"));
        let out = attacked.place.join(format!("matrix-{at}-out"));
        let bytes = damaged(matrix(), &mut rng(attacked.seed, "matrix", at));
        std::fs::write(&path, headed(bytes, at))?;
        let (name, out_name) = (path.display().to_string(), out.display().to_string());
        let words = [
            "world",
            "import-matrix",
            "--data",
            &data,
            "--train",
            &name,
            "--test",
            &whole,
            "--out",
            &out_name,
        ];
        if harmless(attacked, &format!("matrix {at}"), &words)? {
            clear(&path);
        }
        clear(&out);
        Ok(())
    })?;
    Ok(n)
}

/// A whole one.
pub(super) fn matrix() -> Vec<u8> {
    let mut bytes =
        head(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({N_USERS}, {N_ITEMS}), }}"));
    for cell in 0..N_USERS * N_ITEMS {
        bytes.extend((1.0 + (cell * 7 % 41) as f64 / 10.0).to_le_bytes());
    }
    bytes
}

fn head(text: &str) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let length = (bytes.len() + 2 + text.len() + 1).next_multiple_of(64) - bytes.len() - 2;
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(9 + length, b' ');
    bytes.push(b'\n');
    bytes
}

/// Every third one has a header of its own that promises something else than there is.
fn headed(bytes: Vec<u8>, at: usize) -> Vec<u8> {
    const HEADERS: [&str; 10] = [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967295, 4294967295), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551615, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 30), }",
        "{'descr': '<f8', 'fortran_order': True, 'shape': (40, 30), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (40, 30), }",
        "{'descr': '>f2', 'fortran_order': False, 'shape': (40, 30), }",
        "{'descr': '<c16', 'fortran_order': False, 'shape': (40, 30), }",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (40,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': ((((((((40, 30), }",
    ];
    if !at.is_multiple_of(3) {
        return bytes;
    }
    let mut own = head(HEADERS[at / 3 % HEADERS.len()]);
    own.extend(bytes.iter().skip(128));
    own
}
