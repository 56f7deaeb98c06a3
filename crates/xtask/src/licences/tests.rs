//! Tests of the licence check.

use super::*;

#[test]
fn expressions_are_read_as_spdx_writes_them() {
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-3.0 OR MIT",
        "(MIT OR GPL-2.0) AND BSD-3-Clause",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        "GPL-2.0 AND GPL-3.0 OR ISC",
    ] {
        assert!(is_accepted(good), "{good}");
    }
    for bad in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT",
        "MIT OR",
        "MIT Apache-2.0",
        "MIT AND (GPL-2.0 OR AGPL-3.0)",
    ] {
        assert!(!is_accepted(bad), "{bad}");
    }
}

#[test]
fn licence_source_and_name_are_looked_at() {
    let of = |name: &str, licence: &str, source: &str| Package {
        name: name.into(),
        version: "1.0.0".into(),
        licence: licence.into(),
        source: source.into(),
        folder: PathBuf::new(),
    };
    assert!(problems(&of("serde", "MIT", "registry+index")).is_empty());
    assert_eq!(problems(&of("serde", "SSPL-1.0", "git+somewhere")).len(), 2);
    assert_eq!(problems(&of("openssl-sys", "MIT", "registry+index")).len(), 1);
}

#[test]
fn a_text_is_written_once() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("LICENSE-MIT"), "free").unwrap();
    std::fs::write(dir.path().join("license.txt"), "also free").unwrap();
    std::fs::write(dir.path().join("lib.rs"), "code").unwrap();
    assert_eq!(licence_texts(dir.path()), ["free", "also free"]);
}
