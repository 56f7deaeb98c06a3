//! `data import --preview` and `init`: what is shown before anything is written, and what is written then.

use crate::program::{fails, ilrec, json, scratch, stderr};

const LOG: &str =
    "customer;product;stars;date;tags\na;x;1,5;2020-01-01;t\nb;x;5,0;2020-01-02;t\nb;y;3,0;2020-01-03;t\n";

#[test]
fn a_preview_shows_the_first_rows_and_writes_nothing() {
    let dir = scratch();
    std::fs::write(dir.path().join("log.csv"), LOG).unwrap();
    let arguments = ["data", "import", "csv", "--input", "log.csv", "--preview"];
    let answer = json(dir.path(), &arguments);
    let understood = answer["understood"].as_str().unwrap();
    assert!(
        understood.starts_with("user=customer item=product rating=stars (guessed scale: 1..5"),
        "{understood}"
    );
    assert!(understood.ends_with("time=date; ignored: tags"), "{understood}");
    assert_eq!(answer["rows"][0]["rating_read"], "1,5");
    assert_eq!(answer["rows"][1]["rating"], 5.0);
    assert_eq!(answer["rows"][1]["date"], "2020-01-02 00:00:00");
    let text = String::from_utf8(ilrec(dir.path(), &arguments).stdout).unwrap();
    assert!(text.contains("2020-01-03 00:00:00") && text.contains("nothing was written"), "{text}");
    assert_eq!(dir.path().read_dir().unwrap().count(), 1, "nothing but the log");
}

#[test]
fn an_import_says_what_it_understood_and_what_it_noticed() {
    let dir = scratch();
    std::fs::write(dir.path().join("log.csv"), "1|x|3|?\n1|y|4|?\n2|x|-1|?\n2|z|NaN|?\n").unwrap();
    let arguments = [
        "data",
        "import",
        "csv",
        "--input",
        "log.csv",
        "--no-header",
        "--separator",
        "|",
        "--map",
        "user=1,item=2,rating=3",
        "--missing",
        "NaN",
        "--missing",
        "-1",
        "--out",
        "d",
    ];
    let answer = json(dir.path(), &arguments);
    assert!(answer["understood"].as_str().unwrap().starts_with("user=1 item=2 rating=3 ("), "{answer}");
    assert_eq!(answer["interactions"], 2);
    std::fs::write(dir.path().join("log.csv"), "user,item,userScoreGiven\na,x,3\na,y,4\nb,x,3\n").unwrap();
    let output = ilrec(dir.path(), &["data", "import", "csv", "--input", "log.csv", "--out", "e"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("no rating column among user, item, userScoreGiven: every row counts as liked"),
        "{text}"
    );
    assert!(text.contains("--map rating=userScoreGiven uses it"), "{text}");
}

#[test]
fn a_run_can_be_begun_without_reading_about_its_file() {
    let dir = scratch();
    let log: String = (0..60).map(|n| format!("u{},i{},{},{n}\n", n % 6, n % 10, n % 5 + 1)).collect();
    std::fs::write(dir.path().join("log.csv"), format!("customer,product,stars,date\n{log}")).unwrap();
    std::fs::write(dir.path().join("items.csv"), "id,name,year\ni1,One,7\n").unwrap();
    let arguments = ["init", "--input", "log.csv", "--out", "run.toml", "--yes"];
    let answer = json(dir.path(), &arguments);
    assert_eq!((answer["format"].as_str(), answer["file"].as_str()), (Some("csv"), Some("run.toml")));
    let text = std::fs::read_to_string(dir.path().join("run.toml")).unwrap();
    for part in ["path = \"log.csv\"", "items = \"items.csv\"", "user = \"customer\"", "title = \"name\""] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let settings = json(dir.path(), &["run", "run.toml", "--print-config"]);
    assert_eq!(settings["data"]["import"]["sources"][0]["columns"]["rating"], "stars");
    let again = fails(dir.path(), &arguments, 2);
    assert!(again.contains("there is a file already") && again.contains("--force"), "{again}");
    let output = ilrec(dir.path(), &[&arguments[..], &["--force"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
}

/// The blocks of the reference that stands in `docs/`, which begin with a fence.
fn block(fence: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/run-file.md");
    let text = std::fs::read_to_string(path).expect("it is there");
    let (_, after) = text.split_once(&format!("{fence}\n")).expect("it is there");
    after.split_once("```").expect("it is there").0.to_owned()
}

#[test]
fn the_files_of_the_reference_are_read_as_they_stand() {
    let dir = scratch();
    std::fs::write(dir.path().join("run.toml"), block("```toml")).unwrap();
    let settings = json(dir.path(), &["run", "run.toml", "--print-config"]);
    assert_eq!(settings["data"]["import"]["sources"][0]["path"], "ratings.csv");
    // With every optional line of the log in force, and the other kinds of demonstrations left out.
    let whole: String = block("```toml")
        .lines()
        .map(|line| {
            let is_other = ["# kind", "# path", "# llm", "# budget", "# compare", "# ablations"]
                .iter()
                .any(|key| line.starts_with(key));
            let line = if is_other { line } else { line.strip_prefix("# ").unwrap_or(line) };
            format!("{line}\n")
        })
        .collect();
    std::fs::write(dir.path().join("whole.toml"), whole).unwrap();
    let settings = json(dir.path(), &["run", "whole.toml", "--print-config"]);
    let source = &settings["data"]["import"]["sources"][0];
    assert_eq!((source["separator"].as_str(), source["no_header"].as_bool()), (Some("|"), Some(true)));
    assert_eq!(source["missing"], serde_json::json!([-1.0, "NaN"]));
    std::fs::write(dir.path().join("llm.toml"), block("```toml llm").replace("\n# ", "\n")).unwrap();
    let text = fails(dir.path(), &["run", "run.toml", "--llm-config", "llm.toml"], 2);
    assert!(text.contains("ratings.csv") && !text.contains("llm.toml"), "the log is what lacks: {text}");
}
