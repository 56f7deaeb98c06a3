//! Running the program, and the small domain the tests share.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The program, in a directory of its own.
pub(crate) fn ilrec(dir: &Path, arguments: &[&str]) -> Output {
    command(dir, arguments).output().expect("the program starts")
}

/// The same, not started yet.
pub(crate) fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ilrec"));
    command.current_dir(dir).args(arguments).env("NO_COLOR", "1").env_remove("RUST_LOG");
    command.env_remove("OPENAI_BASE_URL").env_remove("OPENAI_API_KEY");
    command
}

/// Runs, expects success, and reads standard output as the one JSON object it has to be.
pub(crate) fn json(dir: &Path, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--json"]].concat();
    let output = ilrec(dir, &arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("standard output is one JSON object")
}

/// Runs, expects an exit code, and gives standard error.
pub(crate) fn fails(dir: &Path, arguments: &[&str], code: i32) -> String {
    let output = ilrec(dir, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
    assert!(output.stdout.is_empty(), "standard output is data only");
    stderr(&output)
}

/// Runs until standard error says something, presses Ctrl-C, and gives what was said from then on.
#[cfg(unix)]
pub(crate) fn interrupted(mut command: Command, at: &str) -> String {
    use std::io::{BufRead as _, BufReader, Read as _};
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().expect("the program starts");
    let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut line = String::new();
    while !line.contains(at) {
        line.clear();
        assert!(said.read_line(&mut line).expect("it is text") > 0, "ended without `{at}`");
    }
    let process = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &process]).status().expect("there is `kill`").success());
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("it is text");
    assert_eq!(child.wait().expect("a child of ours").code(), Some(130), "{rest}");
    rest
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A fresh directory that goes away with the test.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target directory can be written")
}

/// Settings with which a world is fitted in a moment.
pub(crate) const SMALL_WORLD: &str = "\
[deepfm]
embedding_dim = 4
hidden = [8]
n_members = 1
max_epochs = 3
[factorisation]
dim = 4
n_passes = 5
";

/// Settings with which a policy is trained in a moment.
pub(crate) const SMALL_TRAINING: &str = "\
[training]
n_env_steps = 4000
steps_per_iteration = 256
warm_start_iterations = 2
validation_interval = 1
n_validation_users = 8
";

/// A directory with `log.csv`, `items.csv`, `data`, `world` and `demos`, made once.
pub(crate) fn domain() -> &'static Path {
    static DOMAIN: OnceLock<PathBuf> = OnceLock::new();
    DOMAIN.get_or_init(|| {
        let dir = scratch().keep();
        write_log(&dir);
        std::fs::write(dir.join("world.toml"), SMALL_WORLD).expect("writable");
        std::fs::write(dir.join("train.toml"), SMALL_TRAINING).expect("writable");
        for line in [
            "data import csv --input log.csv --items items.csv --out data",
            "world train --data data --config world.toml --out world",
            "demos collect --data data --world world --llm builtin:expert --episodes 40 --out demos",
        ] {
            let output = ilrec(&dir, &line.split(' ').collect::<Vec<_>>());
            assert!(output.status.success(), "{line}: {}", stderr(&output));
        }
        dir
    })
}

/// 60 people, 80 films of 8 genres; who likes which genre is a matter of arithmetic.
pub(crate) fn write_log(dir: &Path) {
    let mut log = String::from("user,item,rating,time\n");
    for user in 0..60 {
        for step in 0..24 {
            let item = (user * 7 + step * 11) % 80;
            let rating = if (item % 8 + user) % 3 == 0 { 5 } else { 2 + (item + user) % 3 };
            log.push_str(&format!("u{user},i{item},{rating},{}\n", 1_000_000 + step * 86_400));
        }
    }
    let mut items = String::from("item,title,genres\n");
    for item in 0..80 {
        items.push_str(&format!("i{item},The {item}th film,Genre {}\n", item % 8));
    }
    std::fs::write(dir.join("log.csv"), log).expect("writable");
    std::fs::write(dir.join("items.csv"), items).expect("writable");
}
