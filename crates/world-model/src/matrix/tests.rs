//! Arrays as NumPy writes them, and as somebody hostile would.

use super::*;
use std::path::PathBuf;

fn open(bytes: &[u8]) -> Result<DenseMatrix, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m");
    std::fs::write(&path, bytes).unwrap();
    DenseMatrix::open(&path).map_err(|e| e.to_string())
}

fn npy(version: u8, header: &str, elements: &[u8]) -> Vec<u8> {
    let mut out = b"\x93NUMPY".to_vec();
    out.extend([version, 0]);
    match version {
        1 => out.extend((header.len() as u16).to_le_bytes()),
        _ => out.extend((header.len() as u32).to_le_bytes()),
    }
    out.extend(header.as_bytes());
    out.extend(elements);
    out
}

fn cells(matrix: &DenseMatrix) -> Vec<f32> {
    (0..matrix.n_rows()).flat_map(|r| (0..matrix.n_columns()).map(move |c| matrix.get(r, c))).collect()
}

#[test]
fn npy_versions_types_and_orders() {
    let header = |descr: &str, fortran: &str| {
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': (2, 3), }}\n")
    };
    let wanted = [1.0f32, -2.0, 3.5, 4.0, 5.0, 6.0];
    let columns_first = [1.0, 4.0, -2.0, 5.0, 3.5, 6.0];
    let f4 = |order: &[f32]| order.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let f8: Vec<u8> = wanted.iter().flat_map(|x| f64::from(*x).to_le_bytes()).collect();
    let big: Vec<u8> = wanted.iter().flat_map(|x| x.to_be_bytes()).collect();
    for version in 1..=3 {
        assert_eq!(cells(&open(&npy(version, &header("<f4", "False"), &f4(&wanted))).unwrap()), wanted);
    }
    assert_eq!(cells(&open(&npy(1, &header("<f4", "True"), &f4(&columns_first))).unwrap()), wanted);
    assert_eq!(cells(&open(&npy(1, &header("<f8", "False"), &f8)).unwrap()), wanted);
    assert_eq!(cells(&open(&npy(1, &header(">f4", "False"), &big)).unwrap()), wanted);
    let bytes = open(&npy(1, &header("|i1", "False"), &[1, 0xfe, 3, 4, 5, 6])).unwrap();
    assert_eq!(cells(&bytes), [1.0, -2.0, 3.0, 4.0, 5.0, 6.0]);
    let halves: Vec<u8> =
        [0x3c00u16, 0xc000, 0x4300, 0x4400, 0x4500, 0x4600].iter().flat_map(|h| h.to_le_bytes()).collect();
    assert_eq!(cells(&open(&npy(2, &header("<f2", "False"), &halves)).unwrap()), wanted);
}

#[test]
fn hostile_npy_files_are_errors() {
    let whole = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\n";
    let good = npy(1, whole, &[0; 16]);
    assert!(open(&good).is_ok());
    for cut in 0..good.len() {
        assert!(open(&good[..cut]).is_err(), "cut at {cut}");
    }
    for (header, complaint) in [
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "impossible shape"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }", "the shape needs"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", "1 dimensions"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4), }", "0 x 4"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }", "type `|O`"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 2), }", "no element type"),
        ("{'descr': '<f4', 'shape': (2, 2), }", "no element order"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 2), }", "no shape"),
        ("", "no element type"),
    ] {
        let error = open(&npy(1, header, &[0; 16])).unwrap_err();
        assert!(error.contains(complaint), "{header}: {error}");
    }
    assert!(open(&npy(9, whole, &[0; 16])).unwrap_err().contains("version 9"));
    assert!(open(b"").is_err());
}

/// `pickle.dumps(numpy.array([[1, 2], [3, 4.5]], dtype="<f4"), protocol=2)` of NumPy 1: Latin-1 text as elements.
fn protocol_2() -> Vec<u8> {
    let mut out =
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02".to_vec();
    out.extend(b"c_codecs\nencode\nq\x03X\x01\x00\x00\x00bq\x04X\x06\x00\x00\x00latin1q\x05\x86q\x06Rq\x07\x87q\x08Rq\x09");
    out.extend(
        b"(K\x01K\x02K\x02\x86q\x0acnumpy\ndtype\nq\x0bX\x02\x00\x00\x00f4q\x0cK\x00K\x01\x87q\x0dRq\x0e",
    );
    out.extend(b"(K\x03X\x01\x00\x00\x00<q\x0fNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x10b\x89h\x03");
    let elements: Vec<u8> = [1.0f32, 2.0, 3.0, 4.5].iter().flat_map(|x| x.to_le_bytes()).collect();
    let text: String = elements.iter().map(|&b| char::from(b)).collect();
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
    out.extend(b"q\x11h\x05\x86q\x12Rq\x13tq\x14b.");
    out
}

/// The same of NumPy 2 under protocol 4.
fn protocol_4() -> Vec<u8> {
    let mut out = b"\x80\x04\x95\xa0\x00\x00\x00\x00\x00\x00\x00\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94".to_vec();
    out.extend(b"\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x02K\x02\x86\x94");
    out.extend(b"h\x03\x8c\x05dtype\x94\x93\x94\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94b\x89C\x10");
    out.extend([1.0f32, 2.0, 3.0, 4.5].iter().flat_map(|x| x.to_le_bytes()));
    out.extend(b"\x94t\x94b.");
    out
}

#[test]
fn pickled_arrays_are_read() {
    assert_eq!(cells(&open(&protocol_2()).unwrap()), [1.0, 2.0, 3.0, 4.5]);
    assert_eq!(cells(&open(&protocol_4()).unwrap()), [1.0, 2.0, 3.0, 4.5]);
}

#[test]
fn pickles_that_would_do_something_are_refused() {
    let system = b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.";
    assert!(open(system).unwrap_err().contains("os.system"));
    let builtin = b"\x80\x04\x8c\x08builtins\x94\x8c\x04eval\x94\x93\x94.";
    assert!(open(builtin).unwrap_err().contains("builtins.eval"));
    for bytes in [
        &b"\x80\x02cnumpy\nload\n."[..],
        b"\x80\x02N.",
        b"\x80\x00.",
        b"\x80\x02i",
        b"\x80\x02(t(t\x86.",
        b"\x80\x02h\x07.",
        b"\x80\x02\x8a\xff",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x80\x02cnumpy\nndarray\n)R.",
    ] {
        assert!(open(bytes).is_err(), "{bytes:?}");
    }
    let nested: Vec<u8> = b"\x80\x02N".iter().copied().chain(std::iter::repeat_n(0x85, 1_000_000)).collect();
    assert!(open(&nested).unwrap_err().contains("more steps"));
}

#[test]
fn cut_and_flipped_pickles_never_panic() {
    for good in [protocol_2(), protocol_4()] {
        for cut in 0..good.len() {
            assert!(open(&good[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..good.len() {
            for flip in [0x01, 0x20, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] ^= flip;
                if let Ok(matrix) = open(&bytes) {
                    assert!(cells(&matrix).len() <= 16);
                }
            }
        }
    }
}

#[test]
fn what_is_written_is_read_back() {
    let matrix = open(&protocol_4()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    matrix.write_npy(&dir.path().join("w.npy")).unwrap();
    let again = DenseMatrix::open(&dir.path().join("w.npy")).unwrap();
    assert_eq!(cells(&again), cells(&matrix));
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped() {
    eprintln!("skipped: there is no python3 with numpy; the byte literals of the other tests stand in");
}

/// Arrays as whatever NumPy is installed writes them.
#[test]
fn arrays_of_a_real_numpy() {
    let dir = tempfile::tempdir().unwrap();
    let program = "import sys, pickle, numpy as np\n\
        m = np.array([[1, 2.5, 3], [4, 5, 255]], dtype=np.float32)\n\
        for p in (2, 3, 4, 5):\n\
        \x20   for k, a in (('c', m), ('f', np.asfortranarray(m.astype('>f8'))), ('i', m.astype(np.int64))):\n\
        \x20       open(f'{sys.argv[1]}/{k}{p}', 'wb').write(pickle.dumps(a, protocol=p))\n\
        np.save(f'{sys.argv[1]}/n.npy', np.asfortranarray(m))\n\
        big = np.arange(300000, dtype=np.float64).reshape(300, 1000)\n\
        open(f'{sys.argv[1]}/b', 'wb').write(pickle.dumps(big, protocol=4))\n";
    let run = std::process::Command::new("python3").args(["-c", program]).arg(dir.path()).output();
    if !run.is_ok_and(|output| output.status.success()) {
        return skipped();
    }
    let read = |name: &str| DenseMatrix::open(&PathBuf::from(dir.path()).join(name)).unwrap();
    for protocol in 2..=5 {
        assert_eq!(cells(&read(&format!("c{protocol}"))), [1.0, 2.5, 3.0, 4.0, 5.0, 255.0]);
        assert_eq!(cells(&read(&format!("f{protocol}"))), [1.0, 2.5, 3.0, 4.0, 5.0, 255.0]);
        assert_eq!(cells(&read(&format!("i{protocol}"))), [1.0, 2.0, 3.0, 4.0, 5.0, 255.0]);
    }
    assert_eq!(cells(&read("n.npy")), [1.0, 2.5, 3.0, 4.0, 5.0, 255.0]);
    assert_eq!(read("b").get(299, 999), 299_999.0);
}

#[test]
fn text_has_a_line_for_each_row() {
    let plain = b" 1 -2,3.5\n\n4\t5 6\n".as_slice();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, plain).unwrap();
    for bytes in [plain, &encoder.finish().unwrap()[..]] {
        let matrix = open(bytes).unwrap();
        assert_eq!((matrix.n_rows(), cells(&matrix)), (2, vec![1.0, -2.0, 3.5, 4.0, 5.0, 6.0]));
    }
    for (text, complaint) in
        [("1 2\n3\n", "line 2: 1 numbers"), ("1 x\n", "`x` is not a number"), ("1 nan", "")]
    {
        match open(text.as_bytes()) {
            Err(error) => assert!(error.contains(complaint) && !complaint.is_empty(), "{error}"),
            Ok(matrix) => assert_eq!(matrix.find_not_finite(), Some((0, 1)), "refused where it is used"),
        }
    }
    assert!(open(&[0x1f, 0x8b, 1, 2]).is_err());
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..80 {
        std::io::Write::write_all(&mut encoder, &vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(open(&bomb).unwrap_err().contains("when unpacked"), "{} bytes", bomb.len());
}
