//! Configurations, the ledger of stages, and a run with a language model in it.

use crate::ledger::{Ledger, hash_path, key};
use crate::working::TrainingState;
use crate::*;
use artefact::{ArtefactError, Replace};
use experiment::Transform;
use std::path::Path;
use world_model::Side;

mod values;

#[test]
fn the_quickstart_is_a_checked_configuration() {
    quickstart_config(3).check().unwrap();
    assert_eq!(quickstart_config(3).seed, 3);
}

#[test]
fn mistakes_in_a_file_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.toml");
    let text = include_str!("../../../presets/quickstart.toml");
    let message = |text: String| {
        std::fs::write(&path, text).unwrap();
        RunConfig::read(&path).unwrap_err().to_string()
    };
    assert!(message(text.replace("training_seeds", "training_seed")).contains("training_seed"));
    assert!(message(text.replace("no-hazard", "no-hazards")).contains("no ablation is called no-hazards"));
    assert!(message(text.replace("[0, 1, 2]", "[]")).contains("at least one is needed"));
    assert!(message(format!("{text}\n[learner.hazard]\nbatches = 3\n")).contains("batches"));
}

#[test]
fn parameters_of_the_exit_rule_are_those_of_the_main_rule() {
    let text = include_str!("../../../presets/quickstart.toml");
    let config = |more: &str| toml::from_str::<RunConfig>(&format!("{text}\n{more}")).unwrap();
    let set = config(
        "[environment]\ncompare = [\"ilrec\"]\n[environment.rule]\nwindow = 5\nlow_reward.below = 1.5\n",
    );
    set.check().unwrap();
    let rules: Vec<_> = set.environment.by_rule().collect();
    assert!(!rules[0].rule.is_empty() && rules[1].rule.is_empty());
    let again: RunConfig = toml::from_str(&toml::to_string_pretty(&set).unwrap()).unwrap();
    assert_eq!(again, set);
    let plain = toml::to_string_pretty(&config("")).unwrap();
    assert!(!plain.contains("[environment.rule]"), "{plain}");
}

#[test]
fn variants_are_algorithms_and_il_rec_with_one_ingredient_changed() {
    let mut run = quickstart_config(0);
    run.learner = toml::from_str("training.discount = 0.5\ntraining.actor_learning_rate = 0.25").unwrap();
    let settings = |variant: Variant| variant.settings(&run).unwrap().value();
    let of = |name: &str| settings(Variant::of_algorithm(name).unwrap());
    let full = of("il-rec");
    assert_eq!((&full["training"]["discount"], &full["switches"]["hazard"]), (&0.5.into(), &true.into()));
    let a2c = of("a2c");
    assert_eq!((&a2c["training"]["discount"], &a2c["switches"]["hazard"]), (&0.5.into(), &false.into()));
    assert_eq!(of("planner")["training"]["actor_learning_rate"], 0.0, "what makes it the planner wins");
    assert!(of("bc")["training"].is_null(), "it has settings of its own");
    for name in ablation_names() {
        let variant = Variant::of_ablation(name).unwrap();
        let usual = of(variant.entry.name);
        let is_changed = settings(variant) != usual
            || variant.transform != Transform::Unchanged
            || variant.side == Side::Judge;
        assert!(is_changed, "{name}");
        assert_eq!(settings(variant)["training"]["discount"], usual["training"]["discount"], "{name}");
    }
}

#[test]
fn algorithms_and_their_settings_are_checked_by_name() {
    let refused = |change: &dyn Fn(&mut RunConfig)| {
        let mut run = quickstart_config(0);
        change(&mut run);
        run.check().unwrap_err().to_string()
    };
    assert!(refused(&|run| run.algorithms.push("dqm".into())).contains("no algorithm is called dqm"));
    assert!(refused(&|run| run.algorithms.clear()).contains("at least one is needed"));
    let without_its_algorithm = refused(&|run| {
        run.algorithms.retain(|name| name != "lookahead");
        run.ablations.push("lookahead-shuffled".into());
    });
    assert!(
        without_its_algorithm.contains("changes lookahead, which is not one of"),
        "{without_its_algorithm}"
    );
    let table = || toml::from_str("learning_rates = 1.0").unwrap();
    assert!(refused(&|run| drop(run.algorithm.insert("bc".into(), table()))).contains("learning_rates"));
    assert!(refused(&|run| drop(run.algorithm.insert("paper".into(), table()))).contains("not one of"));
    let fixed = || toml::from_str("training.actor_learning_rate = 0.5").unwrap();
    assert!(
        refused(&|run| drop(run.algorithm.insert("planner".into(), fixed()))).contains("actor_learning_rate")
    );
    assert!(refused(&|run| run.algorithms.push("bc".into())).contains("each may be there once"));
    assert!(refused(&|run| run.training_seeds = vec![1, 2, 1]).contains("each may be there once"));
    let whole = quickstart_config(0).laid_out().unwrap();
    assert!(
        whole.learner["training"].get("discount").is_some()
            && whole.algorithm["bc"].get("patience").is_some()
    );
    whole.check().unwrap();
    assert_eq!(whole.laid_out().unwrap(), whole, "nothing is left to lay out");
    // What is il-rec's alone stays il-rec's alone.
    let mut run = quickstart_config(0);
    run.algorithm.insert("il-rec".into(), toml::from_str("training.n_env_steps = 77").unwrap());
    let steps = |run: &RunConfig, name: &str| {
        Variant::of_algorithm(name).unwrap().settings(run).unwrap().value()["training"]["n_env_steps"].clone()
    };
    let whole = run.laid_out().unwrap();
    for name in ["il-rec", "a2c", "planner"] {
        assert_eq!(steps(&whole, name), steps(&run, name), "{name}");
    }
    assert!(steps(&run, "il-rec") == 77 && steps(&run, "a2c") != 77);
}

#[test]
fn terms_go_to_whoever_asks_them() {
    let mut run = quickstart_config(0);
    run.term.insert("entropy".into(), toml::from_str("coefficient = 0.5").unwrap());
    run.check().unwrap();
    let term = |run: &RunConfig, name: &str| {
        Variant::of_algorithm(name).unwrap().settings(run).unwrap().value()["term"]["entropy"].clone()
    };
    for name in ["il-rec", "a2c", "bc"] {
        assert_eq!(term(&run, name)["coefficient"], 0.5, "{name}");
    }
    assert!(term(&run, "untrained").is_null() && term(&run, "paper").is_null());
    let whole = run.laid_out().unwrap();
    whole.check().unwrap();
    assert_eq!(whole.laid_out().unwrap(), whole, "nothing is left to lay out");
    let unheard = RunConfig { algorithms: vec!["ease".into(), "untrained".into()], ..run.clone() };
    let unheard = RunConfig { ablations: Vec::new(), ..unheard };
    assert!(unheard.check().unwrap_err().to_string().contains("none of `algorithms` would hear entropy"));
    run.term.insert("entropie".into(), toml::Table::new());
    assert!(run.check().unwrap_err().to_string().contains("no term is called entropie"));
}

#[test]
fn a_stage_is_finished_only_with_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path());
    let made_of = |n: u32| key(&[&"world", &n]);
    ledger.finish("world", &made_of(1), 0.5).unwrap();
    let reopened = Ledger::open(dir.path());
    assert!(reopened.finished("world", &made_of(1)));
    assert!(!reopened.finished("world", &made_of(2)) && !reopened.finished("data", &made_of(1)));
    std::fs::write(dir.path().join("stages.json"), b"{torn").unwrap();
    assert!(!Ledger::open(dir.path()).finished("world", &made_of(1)), "a torn ledger is an empty one");
}

#[test]
fn the_hash_of_an_input_is_that_of_its_bytes_and_names() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    file("a.csv", "1");
    let first = hash_path(dir.path()).unwrap();
    assert_eq!(hash_path(dir.path()).unwrap(), first);
    file("a.csv", "2");
    assert_ne!(hash_path(dir.path()).unwrap(), first);
    assert!(hash_path(&dir.path().join("absent")).is_err());
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_run_takes_folders_of_runs_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name);
    let occupied = |name: &str, replace| match RunFolder::claim(&place(name), replace) {
        Err(PipelineError::Artefact(ArtefactError::Occupied { is_forceable, .. })) => is_forceable,
        other => panic!("{name}: {other:?}"),
    };
    std::fs::create_dir(place("photos")).unwrap();
    std::fs::write(place("photos/cat.png"), "x").unwrap();
    std::fs::write(place("file"), "x").unwrap();
    assert!(occupied("photos", Replace::Cheap) && !occupied("file", Replace::Anything));
    assert_eq!(names(&place("photos")), ["cat.png"]);
    std::fs::create_dir(place("empty")).unwrap();
    for name in ["empty", "deep/new"] {
        let folder = RunFolder::claim(&place(name), Replace::Cheap).unwrap();
        let second = RunFolder::claim(&place(name), Replace::Anything);
        assert!(
            matches!(second, Err(PipelineError::Artefact(ArtefactError::Busy { path })) if path == place(name))
        );
        drop(folder);
    }
    assert_eq!(names(dir.path()), ["empty", "file", "photos"], "what came to nothing goes away again");
    assert_eq!(names(&place("empty")), [""; 0]);
    let folder = RunFolder::claim(&place("run"), Replace::Cheap).unwrap();
    Ledger::open(folder.path()).finish("data", "key", 0.1).unwrap();
    drop(folder);
    drop(RunFolder::claim(&place("run"), Replace::Cheap).unwrap());
    assert_eq!(names(&place("run")), ["stages.json"]);
    drop(RunFolder::claim(&place("photos"), Replace::Anything).unwrap());
    assert!(place("photos/cat.png").exists(), "nothing in it was replaced");
}

#[test]
fn a_training_that_comes_to_nothing_leaves_nothing_and_one_with_a_checkpoint_can_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("policy");
    drop(Working::open(&out, "a", Resume::Demanded).unwrap().metrics(None).unwrap());
    assert_eq!(names(dir.path()), [""; 0]);
    assert_eq!(Working::found(&out, "a"), Found::Nothing);
    let working = Working::open(&out, "a", Resume::Never).unwrap();
    working.keep(&TrainingState::default(), &artefact::Tensors::default()).unwrap();
    drop(working);
    assert_eq!(names(dir.path()), ["policy.part"]);
    assert_eq!((Working::found(&out, "a"), Working::found(&out, "b")), (Found::Same, Found::Other));
    let other = Working::open(&out, "b", Resume::Demanded);
    assert!(matches!(other, Err(PipelineError::OtherCheckpoint { .. })));
    assert!(Working::open(&out, "a", Resume::IfSame).unwrap().kept().unwrap().is_some());
    // As an earlier version left it, whose checkpoints have another form.
    std::fs::write(Working::place(&out).join("key"), "a").unwrap();
    assert_eq!(Working::found(&out, "a"), Found::Other);
    let working = Working::open(&out, "a", Resume::IfSame).unwrap();
    assert!(working.kept().unwrap().is_none(), "begun anew");
    working.keep(&TrainingState::default(), &artefact::Tensors::default()).unwrap();
    drop(working);
    let part = Working::place(&out);
    std::fs::write(part.join("poem.txt"), "mine").unwrap();
    let refused = Working::open(&out, "b", Resume::Never);
    assert!(matches!(refused, Err(PipelineError::Artefact(ArtefactError::Occupied { .. }))));
    assert!(part.join("poem.txt").exists());
}

#[test]
fn inputs_that_are_not_there_are_named_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = quickstart_config(0);
    config.demonstrations = vec![DemonstrationSource::Lists { path: "no-lists".into(), shown: Vec::new() }];
    let out = dir.path().join("runs/one");
    let refused = run(&config, dir.path(), &out, &mut Silent).unwrap_err();
    assert!(refused.to_string().contains("no-lists"), "{refused}");
    assert_eq!(names(dir.path()), [""; 0]);
}

const WITH_AGENTS: &str = r#"
title = "Agents demonstrate"
training_seeds = [0]
[data.sample]
n_items = 60
n_users = 60
[world.deepfm]
embedding_dim = 4
hidden = [8]
n_members = 1
max_epochs = 3
[world.factorisation]
dim = 4
n_passes = 5
[environment]
horizon = 8
[[demonstrations]]
kind = "agents"
llm = "script:5"
settings = { n_episodes = 12, agent = "act-only", decode = "catalogue", batch = 4 }
[learner.training]
n_env_steps = 1000
steps_per_iteration = 256
warm_start_iterations = 2
n_validation_users = 8
"#;

/// Models that take the first choice they may, until the calls of their address are used up.
struct Scripts;

struct Script {
    can: llm::Capabilities,
    calls_left: std::sync::atomic::AtomicUsize,
}

impl agents::Models for Scripts {
    fn open(
        &self,
        address: &str,
        terms: &agents::Terms,
    ) -> Result<Box<dyn llm::LanguageModel>, llm::LlmError> {
        assert!(terms.run.ends_with("demos-0.run"), "{terms:?}");
        let calls: usize = address.trim_start_matches("script:").parse().unwrap();
        let can = llm::Capabilities {
            model: "script".into(),
            context: None,
            generates: true,
            scores: false,
            embeds: false,
            obeys_schema: false,
            obeys_choices: true,
            batch: 4,
        };
        Ok(Box::new(Script { can, calls_left: calls.into() }))
    }

    fn open_embedder(
        &self,
        address: &str,
        _: &agents::Terms,
    ) -> Result<Box<dyn llm::LanguageModel>, llm::LlmError> {
        panic!("nobody named an embedder, not {address} either");
    }
}

impl llm::LanguageModel for Script {
    fn capabilities(&self) -> &llm::Capabilities {
        &self.can
    }

    fn generate(&self, requests: &[llm::Generate]) -> Vec<Result<llm::Completion, llm::LlmError>> {
        use std::sync::atomic::Ordering::SeqCst;
        let answer = |request: &llm::Generate| {
            let left = self.calls_left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
            left.map_err(|_| llm::LlmError::Budget { what: "no calls left".into() })?;
            let texts = &request.choices.as_ref().unwrap().texts;
            let row = (0..).find(|row| request.excluded.binary_search(row).is_err()).unwrap();
            Ok(llm::Completion {
                text: texts[row as usize].clone(),
                stop: llm::StopReason::Choice,
                log_prob: Some(-1.0),
                choice: Some(row),
                usage: llm::Usage { tokens_in: 7, tokens_out: 2, ..Default::default() },
            })
        };
        requests.iter().map(answer).collect()
    }
}

struct Silent;

impl Watcher for Silent {
    fn started(&mut self, _: &str) {}
    fn finished(&mut self, _: &StageRecord) {}
    fn trained(&mut self, _: &str, _: &learning::Progress, _: f64) {}
}

#[test]
fn a_language_model_demonstrates_stops_at_its_budget_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let run = |calls: &str| {
        let config: RunConfig = toml::from_str(&WITH_AGENTS.replace("script:5", calls)).unwrap();
        run_with(&config, dir.path(), &out, &Scripts, &mut Silent)
    };
    let stopped = run("script:5").unwrap_err();
    assert!(matches!(stopped, PipelineError::Agents(_) | PipelineError::Stopped(_)), "{stopped}");
    assert!(stopped.hint().unwrap().contains("larger budget"));
    let results = run("script:9999").unwrap();
    let described = &results.rules[0].demonstrations;
    assert_eq!(described.episodes, 12);
    let config: RunConfig = toml::from_str(WITH_AGENTS).unwrap();
    let names: Vec<String> = results.stages.iter().map(|stage| stage.name.clone()).collect();
    assert_eq!(stage_names(&config), names, "the stages are known beforehand");
    let skipped = |results: &RunResults| {
        results.stages.iter().find(|stage| stage.name.ends_with("demos-0")).map(|stage| stage.skipped)
    };
    assert_eq!(skipped(&results), Some(false));
    assert_eq!(skipped(&run("script:9999").unwrap()), Some(true));
}

#[test]
fn the_stand_in_plays_to_the_horizon_of_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let text = WITH_AGENTS
        .replace("n_items = 60", "n_items = 240")
        .replace("horizon = 8", "exit_rule = \"none\"\nhorizon = 130");
    let mut config: RunConfig = toml::from_str(&text).unwrap();
    config.demonstrations = vec![DemonstrationSource::Builtin { quality: 1.0, n_episodes: 2 }];
    config.algorithms = vec!["untrained".to_owned()];
    config.ablations.clear();
    let results = run(&config, dir.path(), &dir.path().join("run"), &mut Silent).unwrap();
    let described = &results.rules[0].demonstrations;
    assert_eq!((described.episodes, described.steps), (2, 260));
}

#[test]
fn draws_have_worlds_of_their_own_and_are_brought_together() {
    let dir = tempfile::tempdir().unwrap();
    let text = WITH_AGENTS.replace("[world.deepfm]", "[world]\nfeedback = \"engagement\"\n[world.deepfm]");
    let mut config: RunConfig = toml::from_str(&text).unwrap();
    config.demonstrations = vec![DemonstrationSource::Builtin { quality: 1.0, n_episodes: 2 }];
    config.algorithms = vec!["item-knn".to_owned(), "untrained".to_owned()];
    config.ablations.clear();
    config.contrasts = Some(vec!["untrained".to_owned(), "nobody".to_owned()]);
    assert!(config.check().unwrap_err().to_string().contains("nobody"), "before hours have gone by");
    config.contrasts = Some(vec!["untrained".to_owned(), "popularity".to_owned()]);
    let folder = RunFolder::claim(&dir.path().join("run"), Replace::OwnWay).unwrap();
    let mut seen = Vec::new();
    let mut go = || {
        let watch = &mut |config: &RunConfig, seed: u64| -> Box<dyn Watcher> {
            seen.push((seed, config.training_seeds.clone()));
            Box::new(Silent)
        };
        run_draws(&config, 2, dir.path(), &folder, &agents::NoModels, watch).unwrap()
    };
    let found = go();
    let of_draw = |seed: u64| {
        let bytes = std::fs::read(dir.path().join(format!("run/draw-{seed}/results.json"))).unwrap();
        serde_json::from_slice::<RunResults>(&bytes).unwrap()
    };
    let draws = [of_draw(0), of_draw(1)];
    assert_ne!(draws[0].results[0].r_traj, draws[1].results[0].r_traj, "uniform in two worlds");
    let written = std::fs::read(dir.path().join("run/draws.json")).unwrap();
    assert_eq!(serde_json::from_slice::<DrawsResults>(&written).unwrap(), found);
    assert_eq!(found.seeds, [0, 1]);
    assert!(found.validity.iter().all(Option::is_some));
    let rule = &found.rules[0];
    for (row, evaluation) in rule.rows.iter().zip(&draws[1].rules[0].evaluations) {
        assert_eq!(row.policy, evaluation.row.policy);
        let (over, alone) = (row.r_traj.mean.means[1], evaluation.row.r_traj.mean);
        assert!((over - alone).abs() < 1e-9, "{}: the table of a draw is the one of its run", row.policy);
        if let (Some(over), Some(alone)) = (&row.ndcg, evaluation.row.ndcg_at_10) {
            assert!((over.mean.means[1] - alone).abs() < 1e-9, "{}", row.policy);
        }
    }
    let row = &rule.rows[0];
    let of_draws = draws.each_ref().map(|draw| draw.results[0].metrics["itemcoverage@10"]);
    assert_eq!(row.metrics["itemcoverage@10"].mean, f64::midpoint(of_draws[0], of_draws[1]));
    assert!(row.strata["tail"].contains_key("ndcg@10"));
    let named: Vec<(&str, &str)> = rule
        .contrasts
        .iter()
        .map(|found| (found.measure.as_str(), found.contrast.against.as_str()))
        .collect();
    let both = |measure| [(measure, "untrained"), (measure, "popularity")];
    assert_eq!(named, [both("r_traj"), both("ndcg@10")].concat());
    assert!(rule.contrasts.iter().all(|found| found.adjusted_p >= found.contrast.p));
    assert_eq!(rule.untold, Vec::<String>::new());
    assert_eq!(go(), found, "what is done is not done again");
    assert_eq!(seen, [(0, vec![0]), (1, vec![1]), (0, vec![0]), (1, vec![1])]);
}

/// What `training.json` said before there was one schema for `train` and `run`.
#[test]
fn records_of_earlier_versions_are_read() {
    let of_train = r#"{"episodes": 40, "env_steps": 200, "gradient_steps": 7, "seconds": 1.5, "env_steps_per_second": 133.3,
        "gradient_steps_per_second": 4.6, "parameter_hash": "ab", "name": "bc", "preset": "robust", "family": "published",
        "seed": 3, "validation": [{"n_env_steps": 100, "r_traj": 2.5}]}"#;
    let record: TrainingRecord = serde_json::from_str(of_train).unwrap();
    assert_eq!((record.name.as_str(), record.network.as_str(), record.seed), ("bc", "published", 3));
    assert!(record.has_curve() && record.algorithm.is_empty());
    let of_run = r#"{"progress": {"n_iterations": 9, "n_env_steps": 100}, "curve": [{"n_env_steps": 100, "r_traj": 2.5}],
        "seconds": 2.0, "parameter_hash": "cd", "weight_auc": 0.75}"#;
    let record: TrainingRecord = serde_json::from_str(of_run).unwrap();
    assert_eq!((record.validation.len(), record.weight_auc, record.seconds), (1, Some(0.75), 2.0));
    assert!(record.network.is_empty() && record.name.is_empty(), "the directory's name and IL-Rec's network");
}

#[test]
fn learners_are_told_what_was_scored_for_every_step() {
    let step = |item: u32, explanation: &str| {
        format!(
            r#"{{"item":{item},"reward":4.0,"log_prob_behavior":0.0,"end":"continues","title":"t",
               "requested_title":"t","grounding":{{"status":"exact","distance":0.0}},"source_step":0{explanation}}}"#
        )
    };
    let session = |steps: [String; 2]| -> learning::Demonstrated {
        let text = format!(
            r#"{{"id":"e:0","user":0,"user_id":"7","history_titles":[],"steps":[{}]}}"#,
            steps.join(",")
        );
        crate::demonstrated(&serde_json::from_str(&text).unwrap())
    };
    let scored = r#","explanation":{"log_prob":-1.0,"lift":0.5,"slate":[
        {"item":3,"title":"c","log_prob":-1.5,"lift":-0.25},{"item":1,"title":"t","log_prob":-1.0,"lift":0.5}]}"#;
    let one = |item, log_prob, lift| learning::ScoredItem { item: mdp::ItemIdx(item), log_prob, lift };
    let told = session([step(1, scored), step(2, "")]);
    assert_eq!(told.slates, [vec![one(3, -1.5, -0.25), one(1, -1.0, 0.5)], vec![]]);
    assert!(
        session([step(1, ""), step(2, "")]).slates.is_empty(),
        "an expert that scores nothing has no slates"
    );
}
