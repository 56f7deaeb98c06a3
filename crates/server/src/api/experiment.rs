//! `/admin/experiment`: a challenger on trial, and what came of it.

use super::body::Sent;
use crate::arms::ArmAnswer;
use crate::experiment::{Mode, Trial};
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serving::Served;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The trial and the counts of all arms since the start.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ExperimentAnswer {
    experiment: Option<Running>,
    arms: Vec<ArmAnswer>,
    /// What the policies that are loaded are called, by hash.
    names: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize)]
struct Running {
    champion: String,
    challenger: String,
    mode: Mode,
    share: f64,
    salt: String,
}

/// The longest name of a split.
const LONGEST_SALT: usize = 200;

/// What runs.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Json<ExperimentAnswer> {
    Json(ExperimentAnswer::of(&app))
}

/// Opens a challenger, checks and self-tests it, and puts it on trial. A refused one changes nothing.
pub(crate) async fn start(
    State(app): State<Arc<App>>,
    Sent(trial): Sent<Trial>,
) -> Result<Json<ExperimentAnswer>, Problem> {
    if !(0.0..=1.0).contains(&trial.share) {
        return Err(Problem::field("share", "a share is from 0 to 1"));
    }
    if trial.salt.as_ref().is_some_and(|salt| salt.len() > LONGEST_SALT) {
        return Err(Problem::field("salt", format!("a salt has {LONGEST_SALT} bytes at most")));
    }
    let worker = app.clone();
    let opened = tokio::task::spawn_blocking(move || worker.policies.try_out(trial)).await;
    opened
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::field("path", error.to_string()))?;
    app.sessions.unbind();
    Ok(Json(ExperimentAnswer::of(&app)))
}

/// Ends the trial.
pub(crate) async fn end(State(app): State<Arc<App>>) -> Result<Json<ExperimentAnswer>, Problem> {
    match app.policies.end_trial() {
        Some(_) => {
            app.sessions.unbind();
            Ok(Json(ExperimentAnswer::of(&app)))
        }
        None => Err(Problem::new(StatusCode::CONFLICT, "there is no experiment")),
    }
}

impl ExperimentAnswer {
    /// What runs and what was counted.
    pub(crate) fn of(app: &App) -> Self {
        let current = app.policies.current();
        let name = |served: &Served| (served.hash().to_owned(), served.about().name.clone());
        let mut names = BTreeMap::from([name(&current)]);
        let experiment = app.policies.experiment();
        names.extend(experiment.as_ref().map(|experiment| name(&experiment.challenger)));
        let experiment = experiment.map(|experiment| Running {
            champion: current.hash().to_owned(),
            challenger: experiment.challenger.hash().to_owned(),
            mode: experiment.mode,
            share: experiment.share,
            salt: experiment.salt,
        });
        Self { experiment, arms: app.arms.all(), names }
    }
}
