//! What a user is told when something is wrong, and that nothing is left behind.

use crate::program::{domain, fails, ilrec, scratch, stderr, write_log};

#[test]
fn wrong_usage_is_code_two() {
    let dir = scratch();
    for arguments in [&[][..], &["nonsense"], &["data", "import", "csv"], &["doctor", "--threads", "0"]] {
        assert_eq!(ilrec(dir.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert!(ilrec(dir.path(), &["--help"]).status.success());
}

#[test]
fn a_bad_row_is_named_with_file_line_field_and_hint() {
    let dir = scratch();
    std::fs::write(dir.path().join("log.csv"), "user,item,rating\na,x,4\na,y,many\n").unwrap();
    let arguments = ["data", "import", "csv", "--input", "log.csv", "--out", "data"];
    let text = fails(dir.path(), &arguments, 2);
    for part in ["`many` is not a number", "line 3", "field `rating`", "log.csv", "help:"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(dir.path().read_dir().unwrap().count(), 1, "nothing but the log");
    let text = fails(dir.path(), &["data", "import", "csv", "--input", "gone.csv", "--out", "data"], 2);
    assert!(text.contains("gone.csv"), "{text}");
}

#[test]
fn unknown_settings_name_the_nearest_one() {
    let dir = domain();
    let train = ["train", "--data", "data", "--world", "world", "--out", "never"];
    let text = fails(dir, &[&train[..], &["--set", "training.n_env_step=5"]].concat(), 2);
    assert!(text.contains("unknown key `training.n_env_step`"), "{text}");
    assert!(text.contains("did you mean `n_env_steps`?"), "{text}");
    std::fs::write(dir.join("typo.toml"), "[training]\ndiscuont = 0.9\n").unwrap();
    let text = fails(dir, &[&train[..], &["--config", "typo.toml"]].concat(), 2);
    assert!(text.contains("typo.toml:2:1") && text.contains("did you mean `discount`?"), "{text}");
    let text = fails(dir, &[&train[..], &["--set", "training.discount=high"]].concat(), 2);
    assert!(text.contains("is a number, got a string"), "{text}");
    let text = fails(dir, &[&train[..], &["--set", "training.discount=7"]].concat(), 2);
    assert!(text.contains("training.discount is 7"), "{text}");
    assert!(!dir.join("never").exists() && !dir.join("never.part").exists());
}

#[test]
fn directories_of_another_kind_are_refused_with_the_way_to_make_the_right_one() {
    let dir = domain();
    let text = fails(dir, &["data", "describe", "world"], 2);
    assert!(text.contains("world") && text.contains("ilrec data import"), "{text}");
    let text = fails(dir, &["demos", "describe", "nowhere"], 2);
    assert!(text.contains("nowhere") && text.contains("ilrec demos import"), "{text}");
    let text = fails(dir, &["eval", "--policy", "nobody", "--data", "data", "--world", "world"], 2);
    assert!(text.contains("nobody") && text.contains("popularity"), "{text}");
    let text = fails(dir, &["demos", "show", "demos", "--user", "stranger"], 2);
    assert!(text.contains("stranger"), "{text}");
}

#[test]
fn a_world_serves_its_own_dataset_only() {
    let dir = scratch();
    write_log(dir.path());
    let import = ["data", "import", "csv", "--input", "log.csv", "--out", "other"];
    let output = ilrec(dir.path(), &import);
    assert!(output.status.success(), "{}", stderr(&output));
    let world = domain().join("world");
    let arguments = ["eval", "--policy", "random", "--data", "other", "--world", world.to_str().unwrap()];
    let text = fails(dir.path(), &arguments, 2);
    assert!(text.contains("the world was made from dataset"), "{text}");
}

#[test]
fn options_of_agents_are_refused_where_there_are_none() {
    let place = "--episodes 2 --data data --world world --out never";
    for (line, what) in [
        ("--llm builtin:expert --agent react", "has no agents"),
        ("--llm builtin:expert --dry-run", "has no use for --dry-run"),
        ("--agent random-fresh-genre --llm builtin:expert", "asks no model"),
        ("--agent react", "no language model was named"),
        ("--llm openai:m --actor score --decode catalogue", "nothing to decode"),
        ("--llm openai:m --set memory.reflectons=3", "did you mean `reflections`?"),
        ("--llm nonsense", "no kind of model before a colon"),
        ("--llm gguf:missing.gguf", "missing.gguf"),
        ("--llm replay:missing.sqlite", "missing.sqlite"),
    ] {
        let line = format!("demos collect {line} {place}");
        let text = fails(domain(), &line.split(' ').collect::<Vec<_>>(), 2);
        assert!(text.contains(what), "{line}: {text}");
    }
    assert!(!domain().join("never").exists() && !domain().join("never.run").exists());
}

#[test]
fn the_control_without_a_model_collects() {
    let line = "demos collect --agent random-fresh-genre --episodes 6 --data data --world world --out fresh";
    let output = ilrec(domain(), &line.split(' ').collect::<Vec<_>>());
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with("source     random-fresh-genre\n"), "{text}");
}

#[test]
fn a_threshold_is_refused_where_the_rule_has_none() {
    let line = "eval --policy random --data data --world world --threshold 3";
    let text = fails(domain(), &line.split(' ').collect::<Vec<_>>(), 2);
    assert!(text.contains("fatigue has no threshold"), "{text}");
    assert!(text.contains("similarity-window, ilrec, billp"), "{text}");
    let twice = "eval --policy random --data data --world world --exit-rule ilrec --threshold 3 --exit-set threshold=4";
    let text = fails(domain(), &twice.split(' ').collect::<Vec<_>>(), 2);
    assert!(
        text.contains("the threshold is given twice") && text.contains("leave one of them out"),
        "{text}"
    );
}

/// Every command of the program, by walking through its own help.
fn commands(dir: &std::path::Path, above: &[String]) -> Vec<Vec<String>> {
    let arguments: Vec<&str> = above.iter().map(String::as_str).chain(["--help"]).collect();
    let help = String::from_utf8(ilrec(dir, &arguments).stdout).expect("help is text");
    let Some((_, list)) = help.split_once("Commands:\n") else { return vec![above.to_vec()] };
    let names =
        list.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    let below = names.filter(|name| *name != "help").map(|name| [above, &[name.to_owned()]].concat());
    below.flat_map(|command| commands(dir, &command)).collect()
}

#[test]
fn settings_are_printed_without_anything_else_to_work_on() {
    let dir = scratch();
    let mut printed = Vec::new();
    for command in commands(dir.path(), &[]) {
        let with =
            |option: &'static str| command.iter().map(String::as_str).chain([option]).collect::<Vec<_>>();
        let help = ilrec(dir.path(), &with("--help"));
        if !String::from_utf8_lossy(&help.stdout).contains("--print-config") {
            continue;
        }
        let output = ilrec(dir.path(), &with("--print-config"));
        assert!(output.status.success(), "{command:?}: {}", stderr(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(toml_keys(&text) > 0, "{command:?} prints settings: {text}");
        printed.push(command.join(" "));
    }
    for name in ["train", "run", "quickstart", "world train", "demos collect", "demos import", "data import"]
    {
        assert!(printed.iter().any(|one| one == name), "{name} in {printed:?}");
    }
    assert_eq!(dir.path().read_dir().unwrap().count(), 0, "printing leaves nothing behind");
    let text = fails(dir.path(), &["train"], 2);
    assert!(text.contains("--data") && text.contains("--out"), "{text}");
}

fn toml_keys(text: &str) -> usize {
    text.lines().filter(|line| line.contains(" = ") || line.starts_with('[')).count()
}

#[test]
fn a_runs_file_is_told_of_by_what_it_needs() {
    let dir = scratch();
    std::fs::create_dir(dir.path().join("runs of mine")).unwrap();
    let run = |text: &str| {
        std::fs::write(dir.path().join("runs of mine/run.toml"), text).unwrap();
        fails(dir.path(), &["run", "runs of mine/run.toml", "--out", "out"], 2)
    };
    let empty = run("");
    assert!(empty.contains("missing field") && empty.contains("ilrec run --print-config"), "{empty}");
    let whole = "title = \"x\"\ntraining_seeds = [0]\n[[demonstrations]]\nkind = \"builtin\"\nquality = 1.0\n\
                 n_episodes = 4\n[data.import]\nitems = \"gone.csv\"\n[[data.import.sources]]\nformat = \"csv\"\n\
                 path = \"log.csv\"\n";
    let absent = run(whole);
    assert!(absent.contains("runs of mine/log.csv") && absent.contains("relative to the file"), "{absent}");
    assert!(!absent.contains("where the command runs"), "{absent}");
    let unlike = run(&format!("foo = 1\n{whole}"));
    assert!(unlike.contains("unknown field `foo`") && !unlike.contains("did you mean"), "{unlike}");
    let kind = run(&whole.replace("builtin", "buildin"));
    assert!(kind.contains("did you mean `builtin`?"), "{kind}");
    let learner = run(&format!("{whole}[learner.hazard]\nbatches = 3\n"));
    assert!(learner.contains("settings of il-rec: unknown field `batches`"), "{learner}");
    assert!(learner.contains("did you mean `batch`?"), "{learner}");
    let rule = run(&format!("{whole}[environment]\nexit_rule = \"categry-window\"\n"));
    assert!(rule.contains("no exit rule is called categry-window"), "{rule}");
    assert!(rule.contains("did you mean category-window?") && !dir.path().join("out").exists(), "{rule}");
    for (parameter, said) in [
        ("depth = 1", "exit rule fatigue has no parameter depth"),
        ("window = 0", "window.length of exit rule fatigue is 1 to 1000, not 0"),
        ("window = \"5\"", "not \"5\""),
        ("low_reward = { above = 1.0 }", "no parameter low_reward.above"),
    ] {
        let refused = run(&format!("{whole}[environment.rule]\n{parameter}\n"));
        assert!(refused.contains(said), "{refused}");
        assert!(refused.contains("parameters of fatigue: window.length (1 to 1000)"), "{refused}");
    }
}

#[test]
fn a_policy_is_called_unknown_only_where_it_is() {
    let judge = |policy: &str| {
        let arguments = ["eval", "--policy", policy, "--data", "data", "--world", "world"];
        fails(domain(), &arguments, 2)
    };
    let text = judge("popularty");
    assert!(
        text.contains("did you mean popularity?") && text.contains("a directory of `ilrec train`"),
        "{text}"
    );
    assert!(!judge("x").contains("did you mean"));
    let dir = scratch();
    let rows = (0..5)
        .flat_map(|user| (0..12).map(move |item| format!("u{user},i{item},{}\n", 1 + (user + item) % 5)));
    std::fs::write(
        dir.path().join("log.csv"),
        rows.fold("user,item,rating\n".to_owned(), |all, row| all + row.as_str()),
    )
    .unwrap();
    std::fs::write(dir.path().join("world.toml"), crate::program::SMALL_WORLD).unwrap();
    let all = "world train --data data --config world.toml --set users.train=0.9 --set users.validation=0.1 --out world";
    for line in ["data import csv --input log.csv --out data", all] {
        let output = ilrec(dir.path(), &line.split(' ').collect::<Vec<_>>());
        assert!(output.status.success(), "{line}: {}", stderr(&output));
    }
    let line = "eval --policy uniform --data data --world world --exit-rule none";
    let text = fails(dir.path(), &line.split(' ').collect::<Vec<_>>(), 2);
    assert!(text.contains("no test users") && text.contains("users.train"), "{text}");
    assert!(!text.contains("there is no directory"), "{text}");
}

#[test]
fn a_place_that_cannot_be_written_is_not_taken_for_another_artefact() {
    let dir = scratch();
    write_log(dir.path());
    let text =
        fails(dir.path(), &["data", "import", "csv", "--input", "log.csv", "--out", "items.csv/data"], 1);
    assert!(text.contains("a part of the path is a file") && !text.contains("that `ilrec"), "{text}");
}

#[test]
fn a_place_without_runs_is_refused() {
    let policy = super::serving::artefact().display().to_string();
    let text = fails(domain(), &["serve", "--policy", &policy, "--runs", "nowhere"], 2);
    assert!(text.contains("no such directory: nowhere"), "{text}");
}
