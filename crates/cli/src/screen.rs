//! What is seen of a run on standard error: which stage of how many, how it goes on, and how long the rest will take.

use crate::progress::{Progress, duration, patience};
use crate::stage::train::show;
use pipeline::{RunConfig, StageRecord, Watcher};
use std::time::{Duration, Instant};

/// Shows a run.
pub(crate) struct Screen {
    shown: Option<Progress>,
    /// The stages that are still to come.
    to_come: Vec<String>,
    n_stages: usize,
    n_done: usize,
    /// How long each training run took that was not up to date.
    trainings: Vec<f64>,
    started: Instant,
    told_at: Instant,
}

impl Screen {
    /// Knows the stages of a run.
    pub(crate) fn of(config: &RunConfig) -> Self {
        let to_come = pipeline::stage_names(config);
        let (n_stages, started) = (to_come.len(), Instant::now());
        Self { shown: None, to_come, n_stages, n_done: 0, trainings: Vec::new(), started, told_at: started }
    }

    fn name(&self, stage: &str) -> String {
        format!("[{}/{}] {stage}", self.n_done + 1, self.n_stages)
    }

    /// Most of the time goes into training: what is left, where one training run shows how long they take.
    fn left(&self) -> Option<Duration> {
        let n_left = self.to_come.iter().filter(|stage| is_training(stage)).count();
        let mean = self.trainings.iter().sum::<f64>() / self.trainings.len().max(1) as f64;
        (mean > 0.0 && n_left > 0).then(|| Duration::from_secs_f64(mean * n_left as f64))
    }
}

/// Whether a stage is a training run: its name ends with a seed.
fn is_training(stage: &str) -> bool {
    let seed = stage.rsplit_once("-s").map(|(_, seed)| seed);
    seed.is_some_and(|seed| !seed.is_empty() && seed.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Watcher for Screen {
    fn started(&mut self, stage: &str) {
        tracing::debug!("{stage}: starts");
        self.shown = Some(Progress::within(&self.name(stage), self.started));
    }

    fn imported(&mut self, report: &data::ImportReport) {
        report.understood().iter().for_each(|line| tracing::info!("understood: {line}"));
        let said = report.warnings.values().flat_map(|tally| &tally.said);
        said.for_each(|sentence| tracing::warn!("{sentence}"));
    }

    fn finished(&mut self, record: &StageRecord) {
        self.shown = None;
        let name = self.name(&record.name);
        self.n_done += 1;
        self.to_come.retain(|stage| *stage != record.name);
        if is_training(&record.name) && !record.skipped {
            self.trainings.push(record.seconds);
        }
        let took = match record.skipped {
            true => "up to date".to_owned(),
            false => format!("{:.1} s", record.seconds),
        };
        let left = self
            .left()
            .map(|left| format!(", about {} of training left", duration(left)))
            .unwrap_or_default();
        // Most stages take a moment.
        if self.told_at.elapsed() >= patience(self.started) {
            self.told_at = Instant::now();
            tracing::info!("{name}: {took}{left}");
        } else {
            tracing::debug!("{name}: {took}{left}");
        }
    }

    fn demonstrated(&mut self, _stage: &str, progress: &agents::Progress) {
        if let Some(shown) = &self.shown {
            shown.at(progress.sessions as u64, progress.of_sessions as u64, &progress.to_string());
        }
    }

    fn trained(&mut self, _stage: &str, progress: &learning::Progress, seconds: f64) {
        if let Some(shown) = &self.shown {
            show(shown, progress, seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_reckoned_from_the_training_runs_so_far() {
        let mut screen = Screen::of(&pipeline::quickstart_config(0));
        assert_eq!(screen.n_stages, screen.to_come.len());
        let stages = screen.to_come.clone();
        let n_trainings = stages.iter().filter(|stage| is_training(stage)).count();
        assert!(n_trainings > 3 && n_trainings < stages.len(), "{stages:?}");
        let mut record = StageRecord { name: String::new(), seconds: 9.0, skipped: false };
        for (n_done, stage) in stages.iter().enumerate() {
            assert_eq!(screen.n_done, n_done);
            record.name.clone_from(stage);
            screen.started(stage);
            screen.finished(&record);
        }
        assert_eq!((screen.left(), screen.trainings.len()), (None, n_trainings));
        screen.to_come = stages;
        assert_eq!(screen.left(), Some(Duration::from_secs(9 * n_trainings as u64)));
    }

    #[test]
    fn a_training_run_is_known_by_its_seed() {
        assert!(is_training("category-window/il-rec-s0") && is_training("none/no-hazard-s12"));
        for other in
            ["data", "world", "category-window/demos-0", "similarity-window/evaluation", "report", "a-s"]
        {
            assert!(!is_training(other), "{other}");
        }
    }
}
