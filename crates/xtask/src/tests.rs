//! Each rule fires on what it forbids and is silent on what it allows.

use crate::crates::{Workspace, first_sentence};
use crate::*;
use serde_json::json;

fn problems(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.problem.as_str()).collect()
}

#[test]
fn text_rules() {
    let check = |name: &str, text: &str| text::check(name, text).len();
    assert_eq!(check("a.rs", "//! Says something.\nfn a() {}\n"), 0);
    assert_eq!(check("a.rs", "fn a() {}\n"), 1, "no header");
    assert_eq!(check("a.rs", &format!("//! A.\n{}", ["to", "do!()"].concat())), 1);
    assert_eq!(check("a.md", &["see /tm", "p/file"].concat()), 1);
    assert_eq!(check("a.md", "see ../tmp/file and https://host/work/a"), 0);
    let long = "//! A.\n".to_owned() + &"//\n".repeat(600);
    assert_eq!(check("a.rs", &long), 1);
    assert_eq!(check("a.rs", &long.replacen("//! A.", "//! A.\n//! Long because it is one table.", 1)), 0);
}

#[test]
fn citations_lead_somewhere() {
    // Put together, so that this file passes its own check.
    let docs = |name: &str| ["docs", name].join("/");
    let page = "# A page\n\n## Policy loss\n\n```text\n# no heading\n```\n";
    let check = |name: &str, text: &str| {
        let files = [(docs("spec/a.md"), page.to_owned()), (name.to_owned(), text.to_owned())];
        let known = [docs("spec/a.md"), docs("b.md"), "presets/x.toml".to_owned()];
        let exists = |path: &str| known.iter().any(|known| known == path);
        links::check(&files, exists).len()
    };
    let cite = |rest: &str| format!("//! See `{}`.", docs(rest));
    assert_eq!(check("x.rs", &cite("spec/a.md")), 0);
    assert_eq!(check("x.rs", &cite("spec/a.md#policy-loss")), 0);
    assert_eq!(check("x.rs", &cite("spec/a.md#no-heading")), 1);
    assert_eq!(check("x.rs", &cite("spec/c.md")), 1);
    assert_eq!(check("x.rs", &format!("//! https://host/{}", docs("spec/c.md"))), 0, "another site's");
    assert_eq!(check("x.rs", &["//! Sp", "ec G.3."].concat()), 1, "a chapter of what is not here");
    assert_eq!(check(&docs("spec/b.md"), "[a](a.md#a-page), [b](../b.md), [x](../../presets/x.toml)"), 0);
    assert_eq!(check(&docs("spec/b.md"), "[a](a.md#b) [c](c.md) [out](https://host/c.md)"), 2);
    assert_eq!(check(&docs("b.md"), "[here](#somewhere)"), 1);
}

#[test]
fn sentences() {
    assert_eq!(first_sentence("//! One idea\n//! here. More.\n\nuse a;"), "One idea here");
    assert_eq!(first_sentence("//! Short.\n//!\n//! Longer."), "Short");
}

/// A workspace of `a` (which uses `b`, and `t` in tests only) and `b`, the latter reaching tokio.
fn metadata(dir: &Path) -> serde_json::Value {
    std::fs::write(dir.join("a.rs"), "//! The a.\n").unwrap();
    std::fs::write(dir.join("b.rs"), "//! The b.\n").unwrap();
    let package = |name: &str, file: &str| json!({"id": name, "name": name, "targets": [{"kind": ["lib"], "src_path": dir.join(file)}]});
    let edge = |to: &str, kind: serde_json::Value| json!({"pkg": to, "dep_kinds": [{"kind": kind}]});
    json!({
        "packages": [package("a", "a.rs"), package("kernels", "b.rs"), package("t", "b.rs"), package("tokio", "b.rs")],
        "workspace_members": ["a", "kernels", "t"],
        "resolve": {"nodes": [
            {"id": "a", "deps": [edge("kernels", json!(null)), edge("t", json!("dev"))]},
            {"id": "kernels", "deps": [edge("tokio", json!(null))]},
        ]},
    })
}

#[test]
fn the_table_and_cargo_must_agree_both_ways() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace::from_metadata(&metadata(dir.path())).unwrap();
    let head = "| crate | its one idea | uses |\n|---|---|---|\n";
    let good = table::parse(&format!(
        "{head}| `kernels` | The b | - |\n| `t` | The b | - |\n| `a` | The a | `kernels` |\n"
    ));
    assert_eq!(table::compare(&good.unwrap(), &workspace), []);
    let bad = table::parse(&format!(
        "{head}| `kernels` | Other | `t` |\n| `a` | The a | - |\n| `gone` | x | - |\n"
    ));
    assert_eq!(
        problems(&table::compare(&bad.unwrap(), &workspace)),
        [
            "kernels: the table says \"Other\", its root file \"The b\"",
            "kernels does not use t, the table says so",
            "a uses kernels, the table forbids it",
            "gone is in the table, not in the workspace",
            "t is in the workspace, not in the table",
        ]
    );
    assert!(table::parse("nothing").is_err());
    let heavy = workspace.check_frameworks();
    assert_eq!(problems(&heavy), ["depends on tokio, must build without tensor frameworks and async"]);
}

#[test]
fn members_are_listed_in_story_order_with_a_comment() {
    let rows = table::parse("| crate | its one idea | uses |\n|---|---|---|\n| a | A | - |\n| b | B | a |\n")
        .unwrap();
    let good = "[workspace]\nmembers = [\n  \"crates/a\", # first\n  \"crates/b\", # second\n]\n";
    assert_eq!(table::check_manifest(&rows, good).unwrap(), []);
    let bad = "[workspace]\nmembers = [\n  \"crates/b\",\n  \"crates/a\", # first\n]\n";
    assert_eq!(table::check_manifest(&rows, bad).unwrap().len(), 2);
}

#[test]
fn the_tree_is_walked_without_what_commands_made() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["target", ".git", ".ci", "bench/runs", "runs"] {
        std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        std::fs::write(dir.path().join(folder).join("file"), "text").unwrap();
    }
    let names: Vec<String> =
        tree::text_files(dir.path()).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [".ci/file", "bench/runs/file"]);
}

#[test]
fn algorithms_have_a_folder_and_a_line_of_the_registry() {
    let file = |name: &str, text: &str| (format!("crates/algorithms/src/{name}"), text.to_owned());
    let registry =
        |lines: &str| file("registry.rs", &format!("pub static REGISTRY: &[Entry] = &[\n{lines}\n];"));
    let mut files =
        vec![registry("    crate::bc::ENTRY,"), file("bc/README.md", ""), file("bc/preset.toml", "")];
    files.push(file("tests/laws.rs", ""));
    assert_eq!(registry::check(&files), []);
    files.push(file("dqn/README.md", ""));
    assert_eq!(registry::check(&files).len(), 1, "no line");
    files[0] = registry("    crate::bc::ENTRY,\n    crate::dqn::ENTRY,\n    crate::sac::ENTRY,");
    assert_eq!(registry::check(&files).len(), 1, "no folder");
    files.remove(1);
    assert_eq!(registry::check(&files).len(), 2, "no page");
}

#[test]
fn exit_rules_have_a_file_and_a_line_of_the_registry() {
    let file = |name: &str, text: &str| (format!("crates/environment/src/{name}"), text.to_owned());
    let registry =
        |lines: &str| file("rules.rs", &format!("mod none;\npub const RULES: [_; 1] = [\n{lines}\n];"));
    let mut files = vec![registry("    none::ENTRY,"), file("rules/none.rs", "")];
    assert_eq!(registry::check(&files), []);
    files.push(file("rules/tired.rs", ""));
    assert_eq!(registry::check(&files).len(), 1, "no line");
    files[0] = registry("    none::ENTRY,\n    tired::ENTRY,\n    bored::ENTRY,");
    assert_eq!(registry::check(&files).len(), 1, "no file");
}

#[test]
fn importers_have_a_file_and_a_line_of_the_registry() {
    let file = |name: &str, text: &str| (format!("crates/data/src/import/{name}.rs"), text.to_owned());
    let registry = |lines: &str| file("importer", &format!("const IMPORTERS: &[Importer] = &[\n{lines}\n];"));
    let importer = |name: &str| file(name, "pub(super) const IMPORTER: Importer = Importer {");
    let mut files = vec![registry("    super::log::IMPORTER,"), importer("log"), file("layout", "")];
    assert_eq!(registry::check(&files), []);
    files.push(importer("orc"));
    assert_eq!(registry::check(&files).len(), 1, "no line");
    files[0] = registry("    super::log::IMPORTER,\n    super::orc::IMPORTER,\n    super::avro::IMPORTER,");
    assert_eq!(registry::check(&files).len(), 1, "no file");
}

#[test]
fn results_must_be_whole_and_won() {
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.html");
    std::fs::write(&report, "page").unwrap();
    let answer = |subject_lo: f64, skipped: bool| {
        let row = |policy: &str, lo: f64| json!({"policy": policy, "r_traj": {"lo": lo, "mean": lo + 1.0, "hi": lo + 2.0}});
        let mut results: Vec<_> = [
            "uniform",
            "popularity",
            "bc",
            "a2c",
            "planner",
            "untrained",
            "ease",
            "item-knn",
            "bpr-mf",
            "lookahead",
            "greedy",
            "demonstrator",
            "train-planner",
            "judge-planner",
            "oracle",
        ]
        .map(|policy| row(policy, 10.0))
        .to_vec();
        results.push(row("il-rec", subject_lo));
        let stages = [json!({"name": "data", "seconds": 1.0, "skipped": skipped})];
        json!({"stages": stages, "results": results, "report": report}).to_string()
    };
    assert_eq!(results::check("a", &answer(20.0, false), false), []);
    assert_eq!(results::check("a", &answer(20.0, true), true), []);
    assert_eq!(results::check("a", &answer(20.0, false), true).len(), 1, "a stage ran again");
    assert_eq!(results::check("a", &answer(11.0, false), false).len(), 3, "it beats nobody");
    assert_eq!(results::check("a", "{}", false).len(), 18, "no stages, sixteen rows, no report");
    assert_eq!(results::check("a", "{} {}", false).len(), 1);
}

#[test]
fn instruction_counts_are_read_and_may_change_a_little() {
    let text = "==7== Events    : Ir\n==7== Collected : 1234567\n==7==\n";
    assert_eq!(crate::instructions::collected(text), Some(1_234_567));
    assert_eq!(crate::instructions::collected("valgrind: no such file"), None);
    let counts = |n: u64| vec![("head".to_owned(), n)];
    let compare = |before, now| crate::instructions::compare(&counts(before), &counts(now)).len();
    assert_eq!(
        [compare(1000, 1000), compare(1000, 1029), compare(1000, 1040), compare(1000, 900)],
        [0, 0, 1, 1]
    );
}
