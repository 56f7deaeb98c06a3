//! Commands that are printed to be copied: what a shell would take apart is quoted.

use std::path::Path;

/// A path as one word of a POSIX shell.
pub(crate) fn path(path: &Path) -> String {
    word(&path.to_string_lossy())
}

/// A text as one word of a POSIX shell: as it is where nothing in it means anything to a shell, else in single quotes.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |c: char| {
        c.is_ascii_alphanumeric() || "/._-+:,@%".contains(c) || (c.is_alphabetic() && !c.is_ascii())
    };
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    /// The words that a shell makes of a line.
    fn shell(line: &str) -> Vec<String> {
        let line = format!("for word in {line}; do printf '%s\\0' \"$word\"; done");
        let output = Command::new("sh").arg("-c").arg(line).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    #[test]
    fn usual_paths_stay_as_they_are() {
        assert_eq!(word("runs/il-rec_s0.v2"), "runs/il-rec_s0.v2");
        assert_eq!(path(Path::new("p ñ")), "'p ñ'");
        assert_eq!(word("größe"), "größe");
        assert_eq!(word(""), "''");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_gives_back_what_was_quoted(
            first in "[ -~]{0,12}", second in "\\PC{0,8}", third in "[ \t\n'\"$`\\\\*?~!#&;|<>()]{1,8}"
        ) {
            let words = vec![first, second, third];
            let line = words.iter().map(|text| word(text)).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(shell(&line), words);
        }
    }
}
