//! `report`: one page about several runs and evaluations.

mod opening;

use super::eval::{EVALUATION, EVALUATIONS, Judged};
use crate::context::Global;
use crate::failure::Failure;
use artefact::{Artefact, Kind, replace_file};
use evaluation::Evaluation;
use experiment::paired_differences;
use pipeline::{RuleResults, RunResults};
use report::{ReportData, Results, html_page};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `report`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Run directories (of `run` and `quickstart`) and evaluation directories (of `eval`)
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// The page to write
    #[arg(long, value_name = "FILE.html")]
    out: PathBuf,
    /// The heading
    #[arg(long, default_value = "IL-Rec: results")]
    title: String,
}

/// The policy a page is about, where it is there.
const SUBJECT: &str = "il-rec";

#[derive(Serialize)]
struct Answer<'a> {
    report: &'a Path,
    tables: usize,
}

/// Writes the page.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let _lock = global.claim_file(&arguments.out, report::is_page)?;
    let mut page =
        ReportData { title: arguments.title.clone(), subject: SUBJECT.to_owned(), ..ReportData::default() };
    let mut single = Results { title: "Evaluations".to_owned(), ..Results::default() };
    let (mut about, mut inputs) = (Vec::new(), Vec::new());
    for path in &arguments.runs {
        let results = path.join("results.json");
        if results.is_file() {
            let bytes = std::fs::read(&results).map_err(|e| Failure::reading(&results, &e))?;
            let run: RunResults = serde_json::from_slice(&bytes)
                .map_err(|e| Failure::input(format!("damaged file: {e}: {}", results.display())))?;
            let (opening, check) = opening::of_run(path, &run, global.seed())?;
            about.push(opening);
            page.world_check = page.world_check.or(check);
            page.results.extend(run.rules.into_iter().map(|rule| table(&run.title, rule)));
        } else {
            let artefact = Artefact::open(Kind::Evaluation, path)?;
            let made_from = &artefact.manifest().inputs;
            let of = |name: &str| made_from.get(name).map(|hash| format!("{name} {hash}"));
            inputs.extend(["dataset", "world"].into_iter().filter_map(of));
            if artefact.manifest().files.contains_key(EVALUATIONS) {
                single.evaluations.extend(artefact.read_json::<Judged>(EVALUATIONS)?.evaluations);
            } else {
                single.evaluations.push(artefact.read_json::<Evaluation>(EVALUATION)?);
            }
        }
    }
    if !single.evaluations.is_empty() {
        let rows: Vec<_> = single.evaluations.iter().map(|evaluation| &evaluation.row).collect();
        about.push(opening::of_evaluations(&rows, &inputs));
        let ours = single.evaluations.iter().position(|evaluation| evaluation.row.policy == SUBJECT);
        single.differences = paired_differences(&single.evaluations, ours.unwrap_or(0))?;
        if page.results.is_empty()
            && let Some(first) = single.evaluations.get(ours.unwrap_or(0))
        {
            page.subject.clone_from(&first.row.policy);
        }
        page.results.push(single);
    }
    page.about = about.join("\n\n");
    replace_file(&arguments.out, html_page(&page).as_bytes())?;
    let text = format!("report: {}", arguments.out.display());
    global.format().emit(&Answer { report: &arguments.out, tables: page.results.len() }, &text)
}

fn table(title: &str, rule: RuleResults) -> Results {
    let mut evaluations = rule.evaluations;
    evaluations.extend(rule.ablations.into_iter().map(|ablation| ablation.evaluation));
    Results { title: format!("{title}: {}", rule.exit_rule), evaluations, differences: rule.differences }
}
