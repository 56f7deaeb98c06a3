//! The whole chain from one file: what changed runs again, the rest does not.

use crate::program::{SMALL_WORLD, domain, fails, ilrec, json, scratch, stderr, write_log};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const EXPERIMENT: &str = r#"
title = "A small experiment"
training_seeds = [0, 1]

[data.import]
items = "items.csv"
[[data.import.sources]]
format = "csv"
path = "log.csv"

[[demonstrations]]
kind = "builtin"
quality = 1.0
n_episodes = 40

[learner.training]
n_env_steps = 2000
steps_per_iteration = 256
warm_start_iterations = 2
n_validation_users = 8
"#;

/// The experiment with a small world, in a directory of its own.
fn experiment() -> tempfile::TempDir {
    let dir = scratch();
    write_log(dir.path());
    let world =
        SMALL_WORLD.replace("[deepfm]", "[world.deepfm]").replace("[factorisation]", "[world.factorisation]");
    std::fs::write(dir.path().join("small.toml"), format!("{EXPERIMENT}\n{world}"))
        .expect("the run is whole");
    dir
}

/// A directory of runs: the small experiment, made once, and a published one, of which the results alone are there, under a
/// second rule, too.
pub(crate) fn runs() -> &'static Path {
    static RUNS: OnceLock<PathBuf> = OnceLock::new();
    RUNS.get_or_init(|| {
        let dir = experiment().keep();
        json(&dir, &["run", "small.toml"]);
        let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/runs/steam/results.json");
        let copy = dir.join("runs/published");
        std::fs::create_dir(&copy).expect("the disk has room");
        let text = std::fs::read_to_string(published).expect("it is published");
        let mut results: Value = serde_json::from_str(&text).expect("it is JSON");
        // A parameter of the rule is drawn, and stands in its name.
        let small = std::fs::read_to_string(dir.join("runs/small/results.json")).expect("it was made");
        let small: Value = serde_json::from_str(&small).expect("it is JSON");
        let rule = small["rules"][0]["evaluations"][0]["row"]["exit_rule"].clone();
        let mut second = results["rules"][0].clone();
        for evaluation in results["rules"][0]["evaluations"].as_array_mut().expect("a table") {
            evaluation["row"]["exit_rule"] = rule.clone();
        }
        results["rules"][0]["exit_rule"] = small["rules"][0]["exit_rule"].clone();
        second["exit_rule"] = "ilrec".into();
        for evaluation in second["evaluations"].as_array_mut().expect("a table") {
            evaluation["row"]["exit_rule"] = "ilrec".into();
        }
        results["rules"].as_array_mut().expect("tables").push(second);
        std::fs::write(copy.join("results.json"), results.to_string()).expect("the disk has room");
        dir.join("runs")
    })
}

#[test]
fn policies_of_a_run_are_explained_by_what_they_learned_from() {
    let (rule, own) = (runs().join("small/fatigue"), scratch());
    let n_demonstrations = |name: &str| {
        let (policy, out) =
            (rule.join(name).display().to_string(), own.path().join(name).display().to_string());
        json(own.path(), &["export", "--policy", &policy, "--out", &out])["demonstrations"].clone()
    };
    assert_eq!(n_demonstrations("il-rec-s0"), 40);
    assert_eq!(n_demonstrations("a2c-s0"), 0);
}

#[test]
fn agents_without_a_backend_are_refused_with_advice() {
    let dir = experiment();
    let text = std::fs::read_to_string(dir.path().join("small.toml")).expect("it was written");
    let source = "kind = \"agents\"\nllm = \"nobody:m\"\nsettings = { n_episodes = 4, agent = \"react\" }";
    let with = |source: &str| text.replace("kind = \"builtin\"\nquality = 1.0\nn_episodes = 40", source);
    std::fs::write(dir.path().join("agents.toml"), with(source)).expect("the disk has room");
    let said = fails(dir.path(), &["run", "agents.toml", "--out", "run"], 1);
    assert!(said.contains("nobody:m") && said.contains("builtin:expert"), "{said}");
    std::fs::write(dir.path().join("typo.toml"), with(&source.replace("agent =", "agnet ="))).expect("room");
    let said = fails(dir.path(), &["run", "typo.toml", "--out", "run"], 2);
    assert!(said.contains("agnet"), "{said}");
    std::fs::write(dir.path().join("zero.toml"), with(&source.replace("= 4", "= 0"))).expect("room");
    let said = fails(dir.path(), &["run", "zero.toml", "--out", "run"], 2);
    assert!(said.contains("must be at least 1"), "{said}");
}

fn skipped(answer: &Value) -> Vec<(String, bool)> {
    let stages = answer["stages"].as_array().expect("the run is whole");
    stages
        .iter()
        .map(|stage| (stage["name"].as_str().expect("the run is whole").to_owned(), stage["skipped"] == true))
        .collect()
}

#[test]
fn only_what_changed_runs_again() {
    let dir = experiment();
    let first = json(dir.path(), &["run", "small.toml"]);
    assert!(skipped(&first).iter().all(|(_, skipped)| !skipped), "everything is made once");
    let rows: Vec<&str> =
        first["results"].as_array().unwrap().iter().filter_map(|row| row["policy"].as_str()).collect();
    for policy in [
        "il-rec",
        "bc",
        "a2c",
        "planner",
        "untrained",
        "ease",
        "item-knn",
        "popularity",
        "demonstrator",
        "train-planner",
        "oracle",
    ] {
        assert!(rows.contains(&policy), "{policy} in {rows:?}");
    }
    let report = dir.path().join(first["report"].as_str().unwrap());
    assert!(report.ends_with("runs/small/report.html") && report.is_file());

    let again = json(dir.path(), &["run", "small.toml"]);
    assert!(skipped(&again).iter().all(|(_, skipped)| *skipped), "{:?}", skipped(&again));
    assert_eq!(again["results"], first["results"]);

    let judged = json(dir.path(), &["run", "small.toml", "--set", "evaluation.eval_seeds=2"]);
    for (name, skipped) in skipped(&judged) {
        let depends = name.contains("evaluation") || name == "report";
        assert_eq!(!skipped, depends, "{name}");
    }

    let page = ilrec(dir.path(), &["report", "runs/small", "--out", "page.html"]);
    assert!(page.status.success(), "{}", stderr(&page));
    let page = std::fs::read_to_string(dir.path().join("page.html")).unwrap();
    for part in [
        "A small experiment",
        "Users leave by the rule fatigue",
        "rewards are counted raw",
        "World check: ",
        "Is this world worth training in?",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let about = judged["about"].as_str().unwrap();
    assert!(about.contains("users") && page.contains(about.split("\n\n").last().unwrap()), "{about}");
}

#[cfg(unix)]
#[test]
fn a_run_that_is_told_to_end_says_that_the_same_command_goes_on() {
    let dir = experiment();
    let told = crate::program::interrupted(
        crate::program::command(dir.path(), &["run", "small.toml"]),
        "understood:",
    );
    assert!(told.contains("the same command goes on from there: runs/small"), "{told}");
    json(dir.path(), &["run", "small.toml"]);
}

#[test]
fn a_mistake_in_the_file_is_shown_where_it_stands() {
    let dir = experiment();
    let path = dir.path().join("small.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("training_seeds", "training_seads")).unwrap();
    let told = fails(dir.path(), &["run", "small.toml"], 2);
    assert!(told.contains("training_seads") && told.contains("did you mean `training_seeds`?"), "{told}");
    assert!(told.contains("small.toml:3"), "{told}");
    std::fs::write(&path, text).unwrap();
    let told = fails(dir.path(), &["run", "small.toml", "--set", "learner.training.n_env_step=1"], 2);
    assert!(told.contains("did you mean `n_env_steps`?"), "{told}");
    assert!(!dir.path().join("runs").exists());
}

#[test]
fn the_quickstart_is_an_experiment_like_any_other() {
    let dir = scratch();
    let printed = ilrec(dir.path(), &["quickstart", "--print-config", "--seed", "5"]);
    assert!(printed.status.success(), "{}", stderr(&printed));
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(text.contains("seed = 5") && text.contains("[learner.switches]"), "{text}");
    std::fs::write(dir.path().join("mine.toml"), &text).unwrap();
    let again = ilrec(dir.path(), &["run", "mine.toml", "--print-config"]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), text);
    assert_eq!(dir.path().read_dir().unwrap().count(), 1);
}

/// What a row says, beside its name and who trained it.
fn figures(row: &Value) -> Vec<&Value> {
    let kept = [
        "users",
        "r_traj",
        "r_each",
        "len",
        "exits",
        "distinct_items",
        "coverage",
        "gini",
        "ndcg@10",
        "hit@10",
    ];
    kept.iter().map(|key| &row[*key]).collect()
}

#[test]
fn a_run_its_parts_and_single_commands_agree_to_the_last_digit() {
    let (dir, own) = (experiment(), scratch());
    let text = std::fs::read_to_string(dir.path().join("small.toml")).expect("it was written");
    let algorithms = ["il-rec", "bc", "a2c", "planner", "untrained", "released", "paper"];
    let published =
        "rollout.n_episodes = 40\ndiscriminator.text_width = 16\nadvantages.n_gradient_steps = 5\n";
    let changed = format!(
        "algorithms = {algorithms:?}\n{text}\n[algorithm.released]\n{published}\n[algorithm.paper]\n{published}"
    );
    std::fs::write(dir.path().join("small.toml"), changed).expect("the disk has room");
    let one_seed = ["run", "small.toml", "--set", "training_seeds=[1]"];
    let run = json(dir.path(), &one_seed);
    let row = |name: &str| {
        let rows = run["results"].as_array().expect("the run has rows").iter();
        rows.clone().find(|row| row["policy"] == name).unwrap_or_else(|| panic!("no row {name}")).clone()
    };
    let eval = |policy: &str, rest: &[&str]| {
        let line = ["eval", "--policy", policy, "--data", "runs/small/data", "--world", "runs/small/world"];
        json(dir.path(), &[&line[..], rest].concat())
    };
    for control in
        ["uniform", "popularity", "greedy", "random-fresh-genre", "train-planner", "judge-planner", "oracle"]
    {
        assert_eq!(figures(&eval(control, &[])), figures(&row(control)), "{control}");
    }
    let demos = "runs/small/fatigue/demos-0";
    assert_eq!(figures(&eval("demos", &["--demos", demos])), figures(&row("demonstrator")));

    let learner =
        text.split("[learner.training]").nth(1).and_then(|rest| rest.split("[world").next()).expect("there");
    std::fs::write(dir.path().join("learner.toml"), format!("[training]{learner}"))
        .expect("the disk has room");
    std::fs::write(dir.path().join("published.toml"), published).expect("the disk has room");
    std::fs::write(dir.path().join("none.toml"), "").expect("the disk has room");
    for algo in algorithms {
        let folder = format!("runs/small/fatigue/{algo}-s1");
        assert_eq!(figures(&eval(&folder, &[])), figures(&row(algo)), "{algo}");
        let settings = match algo {
            "bc" => "none.toml",
            "released" | "paper" => "published.toml",
            _ => "learner.toml",
        };
        let out = own.path().join(algo).display().to_string();
        let line = [
            "train",
            "--algo",
            algo,
            "--data",
            "runs/small/data",
            "--world",
            "runs/small/world",
            "--seed",
            "1",
        ];
        let rest = ["--demos", demos, "--config", settings, "--out", &out];
        let trained = json(dir.path(), &[&line[..], &rest].concat());
        let story =
            std::fs::read_to_string(dir.path().join(&folder).join("training.json")).expect("it was sealed");
        let story: Value = serde_json::from_str(&story).expect("it is JSON");
        assert_eq!(trained["parameter_hash"], story["parameter_hash"], "{algo}");
        assert_eq!(trained["gradient_steps"], story["gradient_steps"], "{algo}");
    }
}

#[test]
fn the_registry_is_told_and_a_page_of_it_shown() {
    let dir = scratch();
    let lines = json(dir.path(), &["algorithms"]);
    let lines = lines.as_array().expect("a list");
    let names: Vec<&str> = lines.iter().filter_map(|line| line["name"].as_str()).collect();
    assert_eq!(names, algorithms::REGISTRY.iter().map(|entry| entry.name).collect::<Vec<_>>());
    for line in lines {
        assert!(line["faithful"].is_boolean() && line["needs"].is_array(), "{line}");
        for field in ["kind", "source", "about"] {
            assert!(line[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {line}");
        }
    }
    let page = ilrec(dir.path(), &["algorithms", "planner"]);
    let page = String::from_utf8(page.stdout).expect("it is text");
    assert!(page.starts_with("# planner") && page.contains("actor_learning_rate = 0.0"), "{page}");
    let unknown = fails(dir.path(), &["algorithms", "planer"], 2);
    assert!(unknown.contains("did you mean planner?"), "{unknown}");
}

#[test]
fn exit_rules_are_told_and_their_parameters_set_and_recorded() {
    let dir = domain();
    let lines = json(dir, &["rules"]);
    let names: Vec<&str> =
        lines.as_array().expect("a list").iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, experiment::EXIT_RULES);
    let ilrec_rule = json(dir, &["rules", "ilrec"]);
    let parameters = ilrec_rule["parameters"].as_array().expect("a list");
    let threshold = parameters.iter().find(|parameter| parameter["name"] == "threshold").expect("it has one");
    assert_eq!((threshold["range"].as_str(), &threshold["default"]), (Some("0 or more"), &Value::Null));
    assert!(fails(dir, &["rules", "ilrek"], 2).contains("did you mean ilrec?"));
    let out = scratch();
    let out = out.path().join("evaluation");
    let judge = |sets: &[&str]| {
        let whole = "eval --policy uniform --data data --world world --exit-rule ilrec --out";
        let mut arguments: Vec<String> = whole.split(' ').map(str::to_owned).collect();
        arguments.push(out.display().to_string());
        sets.iter().for_each(|set| arguments.extend(["--exit-set".to_owned(), (*set).to_owned()]));
        arguments
    };
    let soft = judge(&["window=6", "threshold=1.5", "softness=0.5", "low_reward.on_first_step=false"]);
    json(dir, &soft.iter().map(String::as_str).collect::<Vec<_>>());
    let manifest = std::fs::read_to_string(out.join("manifest.json")).expect("it was sealed");
    let manifest: Value = serde_json::from_str(&manifest).expect("it is JSON");
    let rule = &manifest["config"]["rule"];
    assert_eq!((&rule["name"], &rule["window"]["length"]), (&"ilrec".into(), &6.into()), "{rule}");
    assert_eq!((&rule["threshold"], &rule["softness"]), (&1.5.into(), &0.5.into()), "{rule}");
    assert_eq!(rule["low_reward"]["on_first_step"], false);
    for (set, said) in [("depth=1", "no parameter depth"), ("softness=-1", "0 or more, not -1")] {
        let arguments = judge(&[set]);
        let refused = fails(dir, &arguments.iter().map(String::as_str).collect::<Vec<_>>(), 2);
        assert!(refused.contains(said) && refused.contains("parameters of ilrec: "), "{refused}");
    }
}

#[test]
fn which_algorithms_there_are_decides_whose_settings_there_are() {
    let dir = experiment();
    let line = ["run", "small.toml", "--print-config", "--set", "algorithm.paper.rollout.n_episodes=100"];
    let text = fails(dir.path(), &line, 2);
    assert!(text.contains("unknown key `algorithm.paper`"), "{text}");
    let with = ["--set", "algorithms=[\"il-rec\", \"paper\"]"];
    let printed = json(dir.path(), &[&line[..], &with].concat());
    assert_eq!(printed["algorithm"]["paper"]["rollout"]["n_episodes"], 100);
    assert!(printed["algorithm"]["bc"].is_null(), "{printed}");
}

#[test]
fn terms_are_told_and_a_term_of_weight_nought_is_none() {
    let (dir, own) = (domain(), scratch());
    let lines = json(dir, &["terms"]);
    let names: Vec<&str> =
        lines.as_array().expect("a list").iter().filter_map(|line| line["name"].as_str()).collect();
    assert_eq!(names, algorithms::TERMS.iter().map(|term| term.name).collect::<Vec<_>>());
    let page = ilrec(dir, &["terms", "entropy"]);
    assert!(String::from_utf8_lossy(&page.stdout).contains("coefficient = 0.01"));
    assert!(fails(dir, &["terms", "entropie"], 2).contains("did you mean entropy?"));
    let line = "train --data data --world world --demos demos --config train.toml --out";
    let trained = |out: &str, rest: &[&str]| {
        let out = own.path().join(out).display().to_string();
        let words: Vec<&str> = line.split(' ').chain([out.as_str()]).chain(rest.iter().copied()).collect();
        let answer = json(dir, &words);
        (answer["parameter_hash"].clone(), answer["name"].clone())
    };
    let (plain, _) = trained("plain", &[]);
    let (nought, name) = trained("nought", &["--term", "entropy:coefficient=0"]);
    assert_eq!((nought, name), (plain.clone(), "il-rec, with entropy".into()));
    assert_ne!(trained("entropy", &["--term", "entropy:coefficient=5"]).0, plain);
    let refused = "train --data data --world world --demos demos --algo untrained --term entropy --out x";
    let told = fails(dir, &refused.split(' ').collect::<Vec<_>>(), 2);
    assert!(
        told.contains("the term entropy acts through the hook `loss`, which untrained never calls"),
        "{told}"
    );
}
