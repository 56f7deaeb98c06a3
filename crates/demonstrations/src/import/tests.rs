//! Conformance with the published reader of traces, the playing of records, hostile files, and the real folders.

use super::scan::{Line, scan};
use super::*;
use crate::tests::{Table, shared_csv, small_world};
use crate::{GroundingStatus, tests::World};
use catalogue::Catalogue;
use environment::{Environment, ExitRule, ItemFeatures};
use mdp::{ExitReason, StepEnd, UserIdx};
use shared_data::shared_data;
use std::sync::Arc;

fn source(name: &str, text: &str) -> Vec<Source> {
    vec![Source { name: name.to_owned(), bytes: text.as_bytes().to_vec() }]
}

/// Two records: the first has a replaced step that is unknown in the middle of three, and stops at a replaced one
/// when `stops`; the second has one step.
fn fixture(stops: bool) -> Vec<Source> {
    let last = if stops { "-1000.000" } else { "3.000" };
    let text = serde_json::json!({
        "0": { "userid": 7, "traj_by_line": [
            "Thought 1: begin with what is liked.",
            "Action 1: recommend[Nothing Of The Kind]",
            "Observation: Nothing Of The Kind can not be recommended, instead, recommend[Beta, The (2000)]",
            "Observation 1: user continues, reward=4.000",
            "Action 2: recommend[Unheard Of]",
            "Observation 2: reward=2.5",
            "Action 3: Recommend[ Delta ] instead recommend[Gamma (2001)]",
            format!("Observation 3: user stops, reward={last}"),
        ]},
        "8": { "traj": "Action 1: recommend[Zeta (2004)]\nreward=4\nAction 2: recommend[Alpha (1999)]" }
    });
    source("a.json", &text.to_string())
}

fn options(play: Play, terminal_fallback: TerminalFallback) -> ImportOptions {
    ImportOptions { play, terminal_fallback, ..ImportOptions::default() }
}

fn recorded(stops: bool, fallback: TerminalFallback) -> Imported {
    let options = options(Play::Recorded, fallback);
    import(Format::Billp, &fixture(stops), &small_world().scene(), &options).unwrap()
}

#[test]
fn shuffled_users_get_each_others_records_and_nothing_is_lost() {
    let world = small_world();
    let owners = |shuffle_users: Option<u64>| {
        let options = ImportOptions { shuffle_users, ..ImportOptions::default() };
        let text = source("l.csv", "user,rank,title\n7,1,Zeta\n8,1,The Beta\n");
        let made = import(Format::Lists, &text, &world.scene(), &options).unwrap();
        assert_eq!(made.demonstrations.len(), 2);
        made.demonstrations.iter().map(|d| (d.user, d.steps[0].step.item)).collect::<Vec<_>>()
    };
    let own = owners(None);
    let shuffled: Vec<_> = (0..20).map(|seed| owners(Some(seed))).collect();
    assert!(shuffled.iter().all(|pairs| [pairs[0].1, pairs[1].1] == [own[0].1, own[1].1]));
    let n_swapped = shuffled.iter().filter(|pairs| pairs[0].0 == own[1].0).count();
    assert!((4..=16).contains(&n_swapped), "{n_swapped} of 20 seeds swap two users");
    assert!(shuffled.iter().all(|pairs| pairs[0].0 != pairs[1].0));
}

#[test]
fn lines_are_read_as_published() {
    let action = |requested, replacement| Line::Action { requested, replacement };
    assert_eq!(scan("Action 12: recommend[ Alpha ]"), action("Alpha", None));
    assert_eq!(scan("action: RECOMMEND[a [b] c]"), action("a [b", None));
    assert_eq!(scan("Action 1: recommend[X], instead recommend[Y]"), action("X", Some("Y")));
    assert_eq!(scan("instead, recommend[Y] reward=3"), Line::Replacement("Y"));
    assert_eq!(scan("the Reward=-1.0e3."), Line::Reward(-1000.0));
    assert_eq!(scan("reward=4.5, go on"), Line::Reward(4.5));
    assert_eq!(scan("Thought 3:  hm "), Line::Thought("hm"));
    for other in
        ["", "reward=", "Action 1: search[X]", "recommend[X]", "Aktion 1: recommend[X]", "reward=abc"]
    {
        assert_eq!(scan(other), Line::Other, "{other}");
    }
}

#[test]
fn recorded_traces_keep_order_rewards_of_the_world_and_recorded_ends() {
    let imported = recorded(true, TerminalFallback::Keep);
    let [first, second] = imported.demonstrations.as_slice() else { panic!("two records") };
    assert_eq!((first.id.as_str(), second.id.as_str()), ("a.json:0", "a.json:8"));
    let steps = &first.steps;
    assert_eq!(steps.iter().map(|s| s.source_step).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(steps.iter().map(|s| s.step.reward).collect::<Vec<_>>(), [4.0, 3.0], "from the world");
    assert!(steps[0].step.end.continues() && steps[1].step.end.is_terminated());
    assert_eq!(second.steps[0].step.end, StepEnd::Truncated, "the last kept step always ends");
    assert_eq!(steps[0].requested_title, "Nothing Of The Kind");
    assert_eq!(steps[0].replacement.as_deref(), Some("Beta, The (2000)"));
    assert_eq!(steps[0].thought.as_deref(), Some("begin with what is liked."));
    assert_eq!(steps[1].observed_reward, Some(-1000.0));
    let report = &imported.report;
    assert_eq!((report.steps_seen, report.steps_kept, report.rewards_seen), (5, 3, 4));
    assert_eq!((report.skipped_ungrounded, report.skipped_missing_reward), (1, 1));
    assert_eq!(report.action_replacements, 2);
    assert_eq!(report.grounding.rejected_texts, [("Unheard Of".to_owned(), 1)]);
}

#[test]
fn a_stop_counts_nothing_in_the_source_metric() {
    let traces = read_billp(&fixture(true)).unwrap();
    let metric: Vec<_> = traces.records[0].steps.iter().map(RecordedStep::metric_reward).collect();
    assert_eq!(metric, [Some(4.0), Some(2.5), Some(0.0)]);
}

#[test]
fn terminal_fallbacks() {
    let dropped = recorded(true, TerminalFallback::Drop);
    let steps = &dropped.demonstrations[0].steps;
    assert_eq!((steps.len(), steps[0].step.end), (1, StepEnd::Truncated), "the step before becomes the last");
    assert_eq!(dropped.report.skipped_terminal_fallback, 1);
    for (fallback, reward) in
        [(TerminalFallback::RewardMinus1000, -1000.0), (TerminalFallback::RewardZero, 0.0)]
    {
        let imported = recorded(true, fallback);
        let last = &imported.demonstrations[0].steps[1];
        assert_eq!((last.step.reward, last.is_reward_overridden), (reward, true));
        assert_eq!(imported.report.rewards_overridden, 1);
        assert!(!recorded(false, fallback).demonstrations[0].steps[1].is_reward_overridden, "only at stops");
    }
}

#[test]
fn contradictions_are_errors() {
    let world = small_world();
    let played = options(Play::Segments, TerminalFallback::RewardZero);
    assert!(import(Format::Billp, &fixture(true), &world.scene(), &played).is_err());
    let lists = source("l.csv", "user,rank,title\n7,1,Gamma\n");
    let recorded = options(Play::Recorded, TerminalFallback::Keep);
    assert!(import(Format::Lists, &lists, &world.scene(), &recorded).is_err());
    let dropping = options(Play::Segments, TerminalFallback::Drop);
    assert!(import(Format::Lists, &lists, &world.scene(), &dropping).is_err());
}

#[test]
fn files_of_another_shape_are_errors_and_empty_ones_give_nothing() {
    let message = |text: &str| read_billp(&source("x.json", text)).unwrap_err().to_string();
    assert!(message("[1, 2]").contains("must contain a JSON object"));
    assert!(message("{\"1\": {}}").contains("no trajectory"));
    assert!(message("{\"1\": {\"traj_by_line\": [3]}}").contains("no trajectory"));
    assert!(message("{\"u\": {\"traj\": \"\"}}").contains("not a whole number"));
    assert!(message("{\"1\": {\"userid\": [1], \"traj\": \"\"}}").contains("not a whole number"));
    assert!(message("{").contains("x.json"));
    assert_eq!(read_billp(&source("x.json", "{}")).unwrap().records, []);
    let blank = read_billp(&source("x.json", " \n")).unwrap();
    assert_eq!((blank.records.len(), blank.n_problems), (0, 1));
    let bytes = Source { name: "x.csv".to_owned(), bytes: b"user,rank,title\n7,1,\xff\n".to_vec() };
    assert!(read_lists(&[bytes]).unwrap_err().to_string().contains("not UTF-8 in line 2"));
    assert!(read_lists(&source("x.csv", "a,b\n1,2\n")).unwrap_err().to_string().contains("expected columns"));
    let nothing =
        import(Format::Billp, &source("x.json", "{}"), &small_world().scene(), &ImportOptions::default());
    assert!(matches!(nothing, Err(DemonstrationError::Nothing(_))));
}

#[test]
fn lists_are_played_to_the_exit_and_go_on_as_new_sessions() {
    let text =
        "user,rank,title\n7,2,Omega\n7,1,The Beta\n7,3,Alpha\n7,4,Gamma\n7,5,gamma\n7,6,Delta\n9,1,Gamma\n";
    let world = small_world();
    let play = |play| {
        let options = options(play, TerminalFallback::Keep);
        import(Format::Lists, &source("l.csv", text), &world.scene(), &options).unwrap()
    };
    let segments = play(Play::Segments);
    let [first, second] = segments.demonstrations.as_slice() else { panic!("two sessions") };
    assert_eq!((first.id.as_str(), second.id.as_str()), ("l.csv:7", "l.csv:7#2"));
    let shown = |d: &crate::Demonstration| d.steps.iter().map(|s| s.step.item.0).collect::<Vec<_>>();
    assert_eq!((shown(first), shown(second)), (vec![1, 4], vec![2, 3]));
    assert_eq!(first.steps[1].step.end, StepEnd::Terminated(ExitReason::LowReward));
    assert_eq!(second.steps[1].step.end, StepEnd::Truncated);
    assert_eq!(first.history_titles, ["Alpha (1999)"]);
    let report = &segments.report;
    assert_eq!((report.skipped_in_history, report.skipped_repeated, report.skipped_unknown_user), (1, 1, 1));
    assert_eq!(report.records_of_unknown_users, 1);
    let first_exit = play(Play::FirstExit);
    assert_eq!((first_exit.demonstrations.len(), first_exit.report.skipped_after_exit), (1, 2));
    adds_up(report);
    adds_up(&first_exit.report);
}

#[test]
fn repeats_of_a_trace_are_played_and_end_the_session() {
    let lines = r#"{"user_id": 8, "end": "max_steps_or_cut", "steps": [
        {"t": 1, "llm_title": "Gamma (2001)", "item_title": "Gamma (2001)", "item_id": 2, "reward": 4},
        {"t": 2, "llm_title": "Gamma (2001)", "item_title": "Gamma (2001)", "item_id": 2, "reward": 4}]}"#;
    let sources = source("r.jsonl", &lines.replace('\n', " "));
    let imported =
        import(Format::Billp, &sources, &small_world().scene(), &ImportOptions::default()).unwrap();
    let last = imported.demonstrations[0].steps[1].step;
    assert_eq!(last.end, StepEnd::Terminated(ExitReason::Repeat));
}

#[test]
fn bad_rows_are_counted_with_their_line() {
    let text = "llm,user_id,rank,title,item_id\nm,7,1,Gamma,\nm,7,x,Gamma,\nm,,2,Gamma,\nm,7,0,Gamma,\nm,7,3,,\n\
                m,7,1,Delta,\nm,7,4,,5\n";
    let traces = read_lists(&source("l.csv", text)).unwrap();
    assert_eq!(traces.problems.iter().map(|p| p.line).collect::<Vec<_>>(), [3, 4, 5, 6]);
    let imported =
        import(Format::Lists, &source("l.csv", text), &small_world().scene(), &ImportOptions::default())
            .unwrap();
    let items: Vec<u32> =
        imported.demonstrations.iter().flat_map(|d| &d.steps).map(|s| s.step.item.0).collect();
    assert_eq!((items, imported.report.unreadable_lines), (vec![2, 3, 5], 4));
    let bad_line = "{\"user_id\": 8, \"steps\": []}\n{oops\n{\"user_id\": [], \"steps\": []}\n";
    assert_eq!(read_billp(&source("b.jsonl", bad_line)).unwrap().n_problems, 2);
}

#[test]
fn what_letters_leave_open_is_asked_of_the_vectors_that_are_given() {
    let text = source("l.csv", "user,rank,title\n8,1,Zeta\n8,2,the last letter\n8,3,no letter at all\n");
    let embed = |texts: &[String]| -> Result<Vec<Vec<f32>>, String> {
        let is_last = |text: &String| text.starts_with("Omega") || text == "the last letter";
        Ok(texts
            .iter()
            .map(|text| if is_last(text) { vec![0.0, 1.0] } else { vec![1.0, text.len() as f32 - 30.0] })
            .collect())
    };
    let (world, options) = (small_world(), ImportOptions::default());
    let imported = import_with_vectors(Format::Lists, &text, &world.scene(), &options, Some(&embed)).unwrap();
    let steps: Vec<_> = imported.demonstrations.iter().flat_map(|d| &d.steps).collect();
    let found: Vec<_> = steps.iter().map(|s| (s.step.item.0, s.grounding.status)).collect();
    assert_eq!(found[..2], [(5, GroundingStatus::Normalised), (4, GroundingStatus::Embedding)]);
    let busy = |_: &[String]| Err("busy".to_owned());
    let error = import_with_vectors(Format::Lists, &text, &world.scene(), &options, Some(&busy)).unwrap_err();
    assert!(error.to_string().ends_with("busy"), "{error}");
}

/// Every step seen is kept or skipped for one reason.
fn adds_up(report: &ImportReport) {
    let skipped = report.skipped_unknown_user
        + report.skipped_ungrounded
        + report.skipped_in_history
        + report.skipped_repeated
        + report.skipped_after_exit
        + report.skipped_missing_reward
        + report.skipped_terminal_fallback;
    assert_eq!(report.steps_seen, report.steps_kept + skipped, "{}", report.summary());
}

/// A world over real items and users, with made-up rewards and no histories.
fn made_up_world(catalogue: Catalogue, user_ids: Vec<String>) -> World {
    let n_items = catalogue.len();
    let row = |user: usize| (0..n_items).map(|item| (1 + (user * 7 + item * 13) % 5) as f32).collect();
    let rewards = Table((0..user_ids.len()).map(row).collect());
    let features = ItemFeatures::of(&catalogue, None);
    let environment =
        Environment::new(Arc::new(rewards), features, ExitRule::category_window(), 100).unwrap();
    let histories = user_ids.iter().map(|_| Vec::new()).collect();
    World { catalogue, user_ids, histories, environment }
}

fn distinct(rows: &[csv::StringRecord], column: usize) -> Vec<String> {
    let ids: std::collections::BTreeSet<&str> = rows.iter().map(|row| &row[column]).collect();
    ids.into_iter().map(str::to_owned).collect()
}

#[test]
fn the_movielens_lists_are_imported_whole() {
    let Some(folder) = shared_data("movielens-llm-lists") else { return };
    let catalogue = crate::tests::shared_catalogue("movielens-latest-small/movies.csv.gz").unwrap();
    let rows = shared_csv("movielens-llm-lists/llm_lists_chatgpt-3.5-turbo.csv.gz").unwrap();
    let world = made_up_world(catalogue, distinct(&rows, 1));
    assert_eq!(world.user_ids.len(), 603);
    let sources = read_sources(&folder, Format::Lists).unwrap();
    let imported = import(Format::Lists, &sources, &world.scene(), &ImportOptions::default()).unwrap();
    let report = &imported.report;
    assert_eq!(report.files_ignored, ["split.csv"]);
    assert_eq!((report.records, report.steps_seen, report.unreadable_lines), (1_206, 29_975 + 29_649, 0));
    adds_up(report);
    assert!(report.grounding.rejected < 1_700, "{:?}", report.grounding);
    let longest = imported.demonstrations.iter().map(|d| d.steps.len()).max().unwrap();
    assert!((5..=50).contains(&longest));
    for demonstration in &imported.demonstrations {
        let (last, before) = demonstration.steps.split_last().unwrap();
        assert!(before.iter().all(|s| s.step.end.continues()) && !last.step.end.continues());
    }
}

#[test]
fn the_traces_of_billp_are_imported_whole() {
    let (Some(runs), Some(expected)) =
        (shared_data("billp-llm-trajectories/runs"), shared_data("billp-llm-trajectories/runs.csv"))
    else {
        return;
    };
    assert!(expected.is_file());
    for (catalogue, word, n_records) in
        [("steam-billp", "steam_", 612), ("amazon-book-billp", "amazon_", 158)]
    {
        let catalogue = crate::tests::shared_catalogue(&format!("{catalogue}/items.csv.gz")).unwrap();
        let mut sources = read_sources(&runs, Format::Billp).unwrap();
        assert_eq!(sources.len(), 10);
        sources.retain(|s| s.name.starts_with(word));
        let traces = read_billp(&sources).unwrap();
        assert_eq!((traces.records.len(), traces.n_problems), (n_records, 0));
        let mut user_ids: Vec<String> = traces.records.iter().map(|r| r.user_id.clone()).collect();
        user_ids.sort();
        user_ids.dedup();
        let world = made_up_world(catalogue, user_ids);
        let options = options(Play::Recorded, TerminalFallback::Keep);
        let imported = import(Format::Billp, &sources, &world.scene(), &options).unwrap();
        let report = &imported.report;
        adds_up(report);
        let grounding = &report.grounding;
        assert_eq!(
            (grounding.rejected, grounding.fuzzy, grounding.embedding),
            (0, 0, 0),
            "final titles are exact"
        );
        assert_eq!(grounding.ambiguous, 0, "the item ids tell twins apart");
        let replaced = grounding.replaced_by_source as f64 / report.steps_kept as f64;
        assert!((0.36..0.85).contains(&replaced), "{replaced}");
        let stops =
            imported.demonstrations.iter().filter(|d| d.steps.last().unwrap().step.end.is_terminated());
        assert!(stops.count() >= n_records - 3);
        let by_hub = grounding.hubs.first().unwrap();
        assert!(by_hub.distinct_texts >= 4, "{by_hub:?}");
    }
}

#[test]
fn item_ids_are_believed_only_with_their_title() {
    let text = "user,rank,title,item\n8,1,Gamma (2001),3\n8,2,,5\n";
    let imported =
        import(Format::Lists, &source("l.csv", text), &small_world().scene(), &ImportOptions::default())
            .unwrap();
    let items: Vec<u32> = imported.demonstrations[0].steps.iter().map(|s| s.step.item.0).collect();
    assert_eq!((items, imported.report.item_ids_refused), (vec![2, 5], 1));
    assert_eq!(imported.demonstrations[0].steps[1].grounding.status, GroundingStatus::Exact);
    assert_eq!(imported.demonstrations[0].user, UserIdx(1));
}
