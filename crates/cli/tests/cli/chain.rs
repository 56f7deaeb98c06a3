//! One command after another, as a user would.

use crate::program::{command, domain, fails, ilrec, json, scratch, stderr};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn train(dir: &Path, out: &Path, extra: &str) -> Value {
    let out = out.display();
    let line =
        format!("train --data data --world world --demos demos --config train.toml --out {out} {extra}");
    json(dir, &words(&line))
}

#[test]
fn data_and_demonstrations_are_described() {
    let dir = domain();
    let described = json(dir, &["data", "describe", "data"]);
    assert_eq!((&described["users"], &described["items"]), (&60.into(), &80.into()));
    assert_eq!(described["categories"], 8);
    let text = ilrec(dir, &["data", "describe", "data"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("1,440"), "interactions, for people");
    let demos = json(dir, &["demos", "describe", "demos"]);
    for field in
        ["episodes", "steps", "len", "r_traj", "repeats", "llm_calls", "tokens_in", "tokens_out", "seconds"]
    {
        assert!(demos[field].is_number(), "{field} in {demos}");
    }
    for field in ["exact", "fuzzy", "embedding", "rejected"] {
        assert!(demos["grounding"][field].is_number(), "{field} in {demos}");
    }
    assert_eq!(demos["llm_calls"], 0, "the stand-in is no language model");
    let shown = ilrec(dir, &["demos", "show", "demos"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("film"), "{}", stderr(&shown));
}

#[test]
fn a_world_is_checked() {
    let output = ilrec(domain(), &["world", "check", "world", "--data", "data", "--json"]);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let policies: Vec<&str> =
        answer["rows"].as_array().unwrap().iter().filter_map(|row| row["policy"].as_str()).collect();
    assert!(policies.contains(&"oracle") && policies.contains(&"popularity"), "{policies:?}");
    let share = |of: &str| answer["explained"][of].as_f64().unwrap();
    assert!((share("user") + share("item") + share("pair") + share("noise") - 1.0).abs() < 1e-6);
    assert_eq!(answer["verdict"]["is_sound"] == true, output.status.success());
}

#[test]
fn a_policy_is_trained_judged_and_reported() {
    let (dir, own) = (domain(), scratch());
    let policy = own.path().join("policy");
    let trained = train(dir, &policy, "");
    for field in ["episodes", "env_steps", "gradient_steps", "seconds", "env_steps_per_second"] {
        assert!(trained[field].is_number(), "{field} in {trained}");
    }
    assert!(policy.join("metrics.jsonl").is_file() && policy.join("checkpoint").is_file());
    assert!(!own.path().join("policy.part").exists());
    let eval = own.path().join("eval");
    let line = format!(
        "eval --policy {} --data data --world world --eval-seeds 2 --out {}",
        policy.display(),
        eval.display()
    );
    let row = json(dir, &words(&line));
    for field in ["mean", "lo", "hi"] {
        for metric in ["r_traj", "r_each", "len"] {
            assert!(row[metric][field].is_number(), "{metric}.{field} in {row}");
        }
    }
    for field in ["distinct_items", "coverage", "repeat_rate", "gini", "ndcg@10", "hit@10"] {
        assert!(row[field].is_number(), "{field} in {row}");
    }
    for (field, value) in [("policy", "il-rec"), ("world", "judge"), ("scoring", "raw"), ("protocol", "warm")]
    {
        assert_eq!(row[field], value);
    }
    let rule = row["exit_rule"].as_str().unwrap();
    assert!(rule.starts_with("fatigue (window.length=") && row["validity"].is_object(), "{row}");
    assert!(row["exits"]["low_reward"].is_number() && row["exits"]["horizon"].is_number());
    let page = own.path().join("page.html");
    let report = json(dir, &["report", eval.to_str().unwrap(), "--out", page.to_str().unwrap()]);
    assert_eq!(report["tables"], 1);
    assert!(std::fs::read_to_string(page).unwrap().contains("il-rec"));
}

#[test]
fn every_control_can_be_judged() {
    let dir = domain();
    let earned = |policy: &str| {
        let line = format!("eval --policy {policy} --data data --world world --demos demos --eval-seeds 1");
        json(dir, &words(&line))["r_traj"]["mean"].as_f64().unwrap()
    };
    let oracle = earned("oracle");
    for policy in ["uniform", "random-fresh-genre", "popularity", "greedy", "train-planner", "demos"] {
        let mean = earned(policy);
        assert!(mean > 0.0 && mean <= oracle + 1e-9, "{policy} earns {mean}, the oracle {oracle}");
    }
}

#[test]
fn several_logs_come_from_settings_and_one_may_be_translated_and_prefixed() {
    let own = scratch();
    let write = |name: &str, bytes: &[u8]| std::fs::write(own.path().join(name), bytes).unwrap();
    write("one.csv", b"user,item,rating\nann,1,5\nbob,2,1\n");
    write("two.csv", b"user,item,rating\nann,x,2\nann,y,4\n");
    write("names.csv", b"item,title\n1,Caf\xe9\n2,Tea\n");
    write("map.csv", b"theirs,ours\nx,1\ny,2\n");
    let sources = "[[sources]]\nformat = \"csv\"\npath = \"one.csv\"\nscale = \"1..5\"\n\
                   [[sources]]\nformat = \"csv\"\npath = \"two.csv\"\nscale = \"1..5\"\nuser_prefix = \"b:\"\n\
                   [sources.item_ids]\npath = \"map.csv\"\nfrom = \"theirs\"\nto = \"ours\"\n";
    write("both.toml", sources.as_bytes());
    let rest = "--items names.csv --encoding windows-1252";
    let both = json(own.path(), &words(&format!("data import --config both.toml {rest} --out both")));
    assert_eq!((&both["users"], &both["items"], &both["interactions"]), (&3.into(), &2.into(), &4.into()));
    let flags =
        "data import csv --input two.csv --scale 1..5 --user-prefix b: --item-ids map.csv:theirs=ours";
    let one = json(own.path(), &words(&format!("{flags} {rest} --out one")));
    assert_eq!((&one["users"], &one["interactions"]), (&1.into(), &2.into()));
    let unsaid = format!("{flags} --items names.csv --out never");
    assert_eq!(ilrec(own.path(), &words(&unsaid)).status.code(), Some(2), "the titles are not UTF-8");
    let twice = format!("{flags} --config both.toml {rest} --out never");
    assert_eq!(ilrec(own.path(), &words(&twice)).status.code(), Some(2));
    assert_eq!(ilrec(own.path(), &words("data import --out never")).status.code(), Some(2));
}

#[test]
fn uniform_choice_has_two_names_in_arguments_and_one_in_tables() {
    let row = |name: &str| {
        json(domain(), &words(&format!("eval --policy {name} --data data --world world --eval-seeds 1")))
    };
    let uniform = row("uniform");
    assert_eq!(uniform["policy"], "uniform");
    assert_eq!(row("random"), uniform);
}

#[test]
fn tables_show_the_metrics_that_are_named_and_json_has_all() {
    let eval = "eval --policy uniform --data data --world world --eval-seeds 1";
    let all = json(domain(), &words(eval));
    assert!(all["metrics"]["itemcoverage@10"].is_f64() && all["strata"]["tail"]["recall@10"].is_f64());
    assert_eq!(all["metrics"].as_object().unwrap().len(), evaluation::metrics::METRICS.len());
    let shown = ilrec(domain(), &words(&format!("{eval} --metrics itemcoverage@10,mrr@10")));
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains("  itemcoverage@10  mrr@10  ") && !text.contains("ndcg@10"), "{text}");
    let said = fails(domain(), &words(&format!("{eval} --metrics coverage@10")), 2);
    assert!(
        said.contains("no metric `coverage@10`") && said.contains("itemcoverage@10, giniindex@10"),
        "{said}"
    );
}

#[test]
fn a_world_is_checked_without_its_dataset_as_with_it() {
    let check = |line: &str| {
        let output = ilrec(domain(), &words(line));
        assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let alone = check("world check world --json");
    assert_eq!(alone, check("world check world --data data --json"));
    let names: Vec<_> = alone["rows"].as_array().unwrap().iter().map(|row| row["policy"].clone()).collect();
    assert_eq!(names, ["uniform", "popularity", "greedy", "train-planner", "oracle"]);
}

#[test]
fn threads_do_not_change_parameters_and_seeds_do() {
    let (dir, own) = (domain(), scratch());
    let hash = |name: &str, extra: &str| train(dir, &own.path().join(name), extra)["parameter_hash"].clone();
    let one = hash("one", "--threads 1 --seed 3");
    assert_eq!(one, hash("two", "--threads 2 --seed 3"));
    assert_ne!(one, hash("other", "--seed 4"));
}

#[test]
fn a_killed_training_run_leaves_nothing_half_written_and_resumes_to_the_same_parameters() {
    killed_and_resumed("--config train.toml --set training.n_env_steps=20000");
}

#[test]
fn a_killed_run_of_the_published_code_resumes_to_the_same_parameters() {
    killed_and_resumed(&format!("--algo released --set rollout.n_episodes=400 {SMALL_PUBLISHED}"));
}

#[test]
fn a_killed_run_of_sessions_stepped_together_resumes_to_the_same_parameters() {
    let settings = "--algo vectorised --set rollout.n_episodes=2000 --set rollout.sessions_together=64 \
                    --set replay.batch_size=64";
    killed_and_resumed(&format!("{settings} {SMALL_PUBLISHED}"));
}

#[test]
fn a_killed_run_of_the_papers_loop_resumes_to_the_same_parameters() {
    killed_and_resumed(&format!("--preset paper --set rollout.n_episodes=200 {SMALL_PUBLISHED}"));
}

#[test]
fn a_killed_run_of_behaviour_cloning_resumes_to_the_same_parameters() {
    killed_and_resumed("--algo bc --set learning_rate=0.001 --set patience=60");
}

/// Settings with which the published learner trains in a moment.
const SMALL_PUBLISHED: &str = "--set discriminator.text_width=16 --set advantages.n_gradient_steps=5";

/// Trains without and with a kill at the first checkpoint; both must end with the same parameters, and no round may be told of
/// twice.
fn killed_and_resumed(settings: &str) {
    let (dir, own) = (domain(), scratch());
    let line = |out: &str| {
        let out = own.path().join(out);
        format!("train --data data --world world --demos demos --out {} {settings}", out.display())
    };
    let whole = json(dir, &words(&line("whole")));
    let killed = own.path().join("killed");
    let mut child =
        command(dir, &words(&line("killed"))).stderr(Stdio::null()).spawn().expect("the program starts");
    let checkpoint = own.path().join("killed.part").join("checkpoint");
    let since = Instant::now();
    while !checkpoint.is_file() && child.try_wait().expect("a child of ours").is_none() {
        assert!(since.elapsed() < Duration::from_secs(300), "no checkpoint");
        std::thread::yield_now();
    }
    child.kill().expect("a child of ours");
    child.wait().expect("a child of ours");
    assert!(!killed.exists() || !checkpoint.exists(), "finished, or not there at all");
    if checkpoint.exists() {
        let refused = ilrec(dir, &words(&format!("{} --resume --seed 9", line("killed"))));
        assert_eq!(refused.status.code(), Some(2), "the checkpoint of another run is refused");
    }
    let resumed = json(dir, &words(&format!("{} --resume --force", line("killed"))));
    assert_eq!(resumed["parameter_hash"], whole["parameter_hash"]);
    assert_eq!(resumed["env_steps"], whole["env_steps"]);
    let rounds = |out: &str| -> Vec<u64> {
        let metrics =
            std::fs::read_to_string(own.path().join(out).join("metrics.jsonl")).expect("it is kept");
        let line = |line| serde_json::from_str::<Value>(line).expect("lines are JSON");
        let round = |text| line(text)["n_rounds"].as_u64().expect("a number");
        metrics.lines().map(round).collect()
    };
    assert!(!rounds("whole").is_empty());
    assert_eq!(rounds("killed"), rounds("whole"));
}

#[cfg(unix)]
#[test]
fn a_training_run_that_is_told_to_end_says_what_is_kept() {
    let (dir, own) = (domain(), scratch());
    let out = own.path().join("stopped").display().to_string();
    let line = "train --data data --world world --demos demos --config train.toml --set training.n_env_steps=500000 --out";
    let told = crate::program::interrupted(
        command(dir, &[&words(line)[..], &[&out]].concat()),
        "metrics until it is done",
    );
    let place = format!("{out}.part");
    assert!(
        told.contains("nothing is kept") || told.contains("with --resume") && told.contains(&place),
        "{told}"
    );
}

#[test]
fn the_published_learner_trains_and_is_judged() {
    let (dir, own) = (domain(), scratch());
    for preset in ["released", "vectorised", "paper"] {
        let policy = own.path().join(preset);
        let line = format!(
            "train --algo {preset} --data data --world world --demos demos --out {} \
             --set rollout.n_episodes=30 {SMALL_PUBLISHED}",
            policy.display()
        );
        assert_eq!(json(dir, &words(&line))["episodes"], 30);
        let line = format!("eval --policy {} --data data --world world --eval-seeds 1", policy.display());
        assert_eq!(json(dir, &words(&line))["policy"], preset);
    }
}

#[test]
fn printed_settings_can_be_fed_back() {
    let dir = domain();
    let train = ["train", "--data", "data", "--world", "world", "--out", "never", "--print-config"];
    let first = ilrec(dir, &[&train[..], &["--set", "training.discount=0.5"]].concat());
    assert!(first.status.success(), "{}", stderr(&first));
    std::fs::write(dir.join("printed.toml"), &first.stdout).unwrap();
    let again = ilrec(dir, &[&train[..], &["--config", "printed.toml"]].concat());
    assert_eq!(first.stdout, again.stdout);
    assert!(!dir.join("never").exists());
}

#[test]
fn several_policies_are_judged_in_one_table_with_their_differences() {
    let (dir, own) = (domain(), scratch());
    let (learned, without) = (own.path().join("learned"), own.path().join("without"));
    train(dir, &learned, "");
    let named = train(dir, &without, "--set switches.demonstrations=false");
    assert_eq!(named["name"], "no-demonstrations");
    let eval = own.path().join("eval");
    let place = |path: &Path| path.display().to_string();
    let line = format!(
        "eval --policy {} {} judge-planner --policy uniform --data data --world world --eval-seeds 1 --out {}",
        place(&learned),
        place(&without),
        place(&eval)
    );
    let judged = json(dir, &words(&line));
    let names = |rows: &Value, field: &str| -> Vec<String> {
        rows.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&judged["rows"], "policy"), ["il-rec", "no-demonstrations", "judge-planner", "uniform"]);
    assert_eq!(names(&judged["differences"], "against"), ["no-demonstrations", "judge-planner", "uniform"]);
    let mean = |at: usize| judged["rows"][at]["r_traj"]["mean"].as_f64().unwrap();
    let difference = judged["differences"][2]["r_traj"]["mean"].as_f64().unwrap();
    assert!((difference - (mean(0) - mean(3))).abs() < 1e-6, "{judged}");
    assert_eq!(
        (&judged["rows"][2]["privileged"], &judged["rows"][3]["privileged"]),
        (&true.into(), &false.into())
    );
    let text = ilrec(dir, &words(&line));
    let text = String::from_utf8_lossy(&text.stdout);
    assert!(text.contains("il-rec - uniform") && text.matches("  policy").count() == 1, "{text}");
    let page = own.path().join("page.html");
    let told = json(dir, &["report", &place(&eval), "--out", &place(&page)]);
    assert_eq!(told["tables"], 1);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("Against each control, user by user") && page.contains("<dt>judge-planner *</dt>"));
    assert!(page.contains("Evaluations, of dataset ") && page.contains("rewards are counted raw"));
    let twice = format!("eval --policy {0} {0} --data data --world world --eval-seeds 1", place(&learned));
    let twice = names(&json(dir, &words(&twice))["rows"], "policy");
    assert!(twice[0] == "il-rec" && twice[1].starts_with("il-rec ("), "{twice:?}");
}

#[test]
fn the_next_command_can_be_copied_whatever_the_folders_are_called() {
    let (dir, own) = (domain(), scratch());
    let odd = own.path().join("it's p ñ $x; `y` & \"z\"");
    std::fs::create_dir(&odd).unwrap();
    let policy = odd.join("policy").display().to_string();
    let train = "train --data data --world world --demos demos --config train.toml --out";
    let output = ilrec(dir, &[&words(train)[..], &[&policy]].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("return of validation users: "), "{}", stderr(&output));
    let told = stderr(&output);
    assert!(told.contains("tensorboard --logdir '"), "{told}");
    let next =
        text.lines().find_map(|line| line.strip_prefix("next: ilrec ")).expect("there is a next command");
    let program = env!("CARGO_BIN_EXE_ilrec");
    let line = format!("'{program}' {next} --eval-seeds 1 --json");
    let judged = std::process::Command::new("sh").current_dir(dir).arg("-c").arg(line).output().unwrap();
    assert!(judged.status.success(), "{}", stderr(&judged));
    assert_eq!(serde_json::from_slice::<Value>(&judged.stdout).unwrap()["policy"], "il-rec");
}
