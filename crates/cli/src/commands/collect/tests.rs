//! The command with a scripted model behind it: from directories to a directory.

use super::*;
use ::data::{Clock, Dataset};
use clap::Parser as _;
use llm::{Capabilities, Completion, Generate, LlmError, StopReason, Usage};
use mdp::{Interaction, ItemIdx};
use std::path::Path;
use world_model::{World, WorldConfig};

/// The command line without the binary.
#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    arguments: CollectArgs,
    #[command(flatten)]
    global: Global,
}

/// Names the first title that the prompt does not hold.
struct FirstNew(Capabilities, Vec<String>);

impl LanguageModel for FirstNew {
    fn capabilities(&self) -> &Capabilities {
        &self.0
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        let answer = |request: &Generate| {
            let prompt = &request.messages[1].content;
            let text =
                self.1.iter().find(|title| !prompt.contains(title.as_str())).cloned().unwrap_or_default();
            let usage = Usage { tokens_in: prompt.len() as u64, tokens_out: 3, ..Usage::default() };
            Ok(Completion { text, stop: StopReason::Stop, log_prob: None, choice: None, usage })
        };
        requests.iter().map(answer).collect()
    }
}

fn first_new(dataset: &Dataset) -> FirstNew {
    let can = Capabilities {
        model: "script".into(),
        context: None,
        generates: true,
        scores: false,
        embeds: false,
        obeys_schema: false,
        obeys_choices: false,
        batch: 8,
    };
    FirstNew(can, dataset.catalogue.items().iter().map(|item| item.title.clone()).collect())
}

/// Forty users of thirty items, three kinds in turn.
fn dataset() -> Dataset {
    let kind = |i: usize| vec![["red", "green", "blue"][i % 3].to_owned()];
    let rows = (0..30).map(|i| (i.to_string(), format!("Item {i:02}x"), kind(i))).collect();
    let rated = |u: usize, i: usize| Interaction {
        item: ItemIdx(i as u32),
        rating: 1.0 + ((u + i) % 5) as f32,
        time: i as i64,
    };
    let histories = (0..40)
        .map(|u| (format!("u{u}"), (0..30).filter(|i| (u * 7 + i) % 3 == 0).map(|i| rated(u, i)).collect()))
        .collect();
    Dataset::new(catalogue::Catalogue::new(rows).0, histories, Clock::Positions).unwrap()
}

fn run_line(dir: &Path, dataset: &Dataset, extra: &str) -> Result<(), Failure> {
    let path = |name: &str| dir.join(name).display().to_string();
    let (data, world, out) = (path("data"), path("world"), path("demos"));
    let line =
        format!("collect --llm script --episodes 12 --data {data} --world {world} --out {out} {extra}");
    let line = Line::try_parse_from(line.split_whitespace()).map_err(|e| Failure::input(e.to_string()))?;
    let settings = settings(&line.arguments, &line.global)?.expect("nothing is printed");
    act((&first_new(dataset), None), &settings, &line.arguments, &line.global, Arc::default())
}

#[test]
fn from_directories_to_demonstrations() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = dataset();
    dataset.save(&dir.path().join("data"), 0, serde_json::Value::Null).unwrap();
    World::train(&dataset, &WorldConfig::default(), 0).unwrap().save(&dir.path().join("world")).unwrap();

    run_line(dir.path(), &dataset, "--agent act-only --dry-run").unwrap();
    assert!(!dir.path().join("demos").exists() && !dir.path().join("demos.run").exists());

    run_line(dir.path(), &dataset, "--agent act-only --set horizon=6").unwrap();
    let open = || demonstrations::Demos::open(&dir.path().join("demos")).unwrap();
    let (demos, artefact) = open();
    assert_eq!(demos.demonstrations.len(), 12);
    assert!(demos.demonstrations.iter().all(|d| (1..=6).contains(&d.steps.len())));
    let described = demonstrations::describe(&demos);
    assert_eq!(described.source, "script, agent act-only, writing freely");
    assert!(described.llm_calls.is_some_and(|calls| calls >= described.steps as u64));
    assert_eq!(described.agents.unwrap().calls.keys().collect::<Vec<_>>(), ["actor"]);

    run_line(dir.path(), &dataset, "--agent act-only --set horizon=6").unwrap();
    assert_eq!(open().1.hash(), artefact.hash(), "a rerun gives the same demonstrations");
    let error = run_line(dir.path(), &dataset, "--agent act-only --set horizon=7").unwrap_err().to_string();
    assert!(error.contains("another collection was begun"), "{error}");
    let error = run_line(dir.path(), &dataset, "--actor score").unwrap_err().to_string();
    assert!(error.contains("cannot say how likely a text is"), "{error}");
}
