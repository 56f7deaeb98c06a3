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
    assert!(text.contains("category-window has no threshold"), "{text}");
}
