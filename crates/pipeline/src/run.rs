//! One run, stage by stage.

use crate::ledger::{Ledger, key};
use crate::results::{RuleResults, RunResults, StageRecord};
use crate::stages::{self, Place};
use crate::{PipelineError, RunConfig, RunFolder, inputs, page, values};
use agents::{Models, NoModels};
use artefact::Replace;
use std::path::Path;
use std::sync::Arc;

/// Told what a run does.
pub trait Watcher {
    /// A stage begins.
    fn started(&mut self, stage: &str);
    /// A stage is over.
    fn finished(&mut self, record: &StageRecord);
    /// A log was imported: what was understood and noticed stands in the report.
    fn imported(&mut self, _report: &data::ImportReport) {}
    /// A collection from a language model went on.
    fn demonstrated(&mut self, _stage: &str, _progress: &agents::Progress) {}
    /// A training run went on. `seconds` is the time it has taken.
    fn trained(&mut self, stage: &str, progress: &learning::Progress, seconds: f64);
}

/// A run in progress: where it writes and what it has to say.
pub(crate) struct Session<'a> {
    pub(crate) config: &'a RunConfig,
    pub(crate) place: Place<'a>,
    ledger: Ledger,
    pub(crate) watcher: &'a mut dyn Watcher,
    pub(crate) models: &'a dyn Models,
    /// What stages may replace.
    pub(crate) replace: Replace,
    stages: Vec<StageRecord>,
}

impl Session<'_> {
    /// Runs a stage unless it is up to date. `open` reads what the stage left, and a stage whose result cannot
    /// be read is run again; `make` makes it anew.
    pub(crate) fn stage<T>(
        &mut self,
        name: &str,
        key: &str,
        open: impl Fn() -> Result<T, PipelineError>,
        make: impl FnOnce(&mut dyn Watcher) -> Result<T, PipelineError>,
    ) -> Result<T, PipelineError> {
        self.watcher.started(name);
        let kept = self.ledger.finished(name, key).then(&open).and_then(Result::ok);
        let skipped = kept.is_some();
        let clock = std::time::Instant::now();
        let value = match kept {
            Some(value) => value,
            None => make(self.watcher)?,
        };
        let seconds = if skipped { 0.0 } else { clock.elapsed().as_secs_f64() };
        if !skipped {
            self.ledger.finish(name, key, seconds)?;
        }
        let record = StageRecord { name: name.to_owned(), seconds, skipped };
        self.watcher.finished(&record);
        self.stages.push(record);
        Ok(value)
    }
}

/// Runs everything that a configuration asks for into `out`. `base` is what relative paths start from. Stages
/// that are up to date are skipped; an interrupted run goes on where it was, training from its last checkpoint.
/// No language model can be asked: that is [`run_with`].
///
/// # Errors
/// Whatever stops a stage.
pub fn run(
    config: &RunConfig,
    base: &Path,
    out: &Path,
    watcher: &mut dyn Watcher,
) -> Result<RunResults, PipelineError> {
    run_with(config, base, out, &NoModels, watcher)
}

/// The same with language models behind the demonstrations that ask for one.
///
/// # Errors
/// Whatever stops a stage.
pub fn run_with(
    config: &RunConfig,
    base: &Path,
    out: &Path,
    models: &dyn Models,
    watcher: &mut dyn Watcher,
) -> Result<RunResults, PipelineError> {
    config.check()?;
    run_in(config, base, &RunFolder::claim(out, Replace::OwnWay)?, models, watcher)
}

/// The same in a folder that was claimed before.
///
/// # Errors
/// Whatever stops a stage.
pub fn run_in(
    config: &RunConfig,
    base: &Path,
    folder: &RunFolder,
    models: &dyn Models,
    watcher: &mut dyn Watcher,
) -> Result<RunResults, PipelineError> {
    config.check()?;
    let out = folder.path();
    let place = Place { base, out };
    inputs::check(config, &place)?;
    let (ledger, replace) = (Ledger::open(out), folder.replace());
    let mut session = Session { config, place, ledger, watcher, models, replace, stages: Vec::new() };
    let dataset = stages::data(&mut session)?;
    let domain = Arc::new(stages::world(&mut session, dataset)?);
    let mut rules: Vec<RuleResults> = Vec::new();
    for (position, settings) in config.environment.by_rule().enumerate() {
        let ablations: &[String] = if position == 0 { &config.ablations } else { &[] };
        rules.push(stages::rule(&mut session, &domain, &settings, ablations)?);
    }
    let report = out.join("report.html");
    let page_key = key(&[&rules, &config]);
    session.stage(
        "report",
        &page_key,
        || {
            std::fs::metadata(&report)
                .map(drop)
                .map_err(|source| PipelineError::Read { path: report.clone(), source })
        },
        |_| {
            let html = page::page(config, &place, &domain, &rules)?;
            Ok(artefact::replace_file(&report, html.as_bytes())?)
        },
    )?;
    values::write(&rules, &domain.dataset.users, config.seed, out)?;
    let results = RunResults {
        title: config.title.clone(),
        about: page::about(config, &domain),
        environment: Some(config.environment.clone()),
        stages: session.stages,
        results: rules[0].evaluations.iter().map(|evaluation| evaluation.row.clone()).collect(),
        rules,
        report: report.display().to_string(),
    };
    let bytes = serde_json::to_vec_pretty(&results).expect("plain data");
    artefact::replace_file(&out.join("results.json"), &bytes)?;
    Ok(results)
}
