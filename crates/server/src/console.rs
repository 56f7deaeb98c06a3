//! Pages for people, from the same binary: a playground, demonstrations, runs, coverage, traffic.

mod coverage;
mod demos;
mod page;
mod runs;

use crate::api::body::{Asked, At};
use crate::api::experiment::ExperimentAnswer;
use crate::metrics::Seen;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use page::render;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serving::Served;
use std::sync::Arc;

/// Which page of a list, and what is looked for in it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ListQuery {
    page: Option<usize>,
    search: Option<String>,
}

/// What the traffic page asks for again and again.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Traffic {
    requests: u64,
    sessions: usize,
    policy: String,
    answers: std::collections::BTreeMap<&'static str, u64>,
    unavailable: usize,
    #[serde(flatten)]
    experiment: ExperimentAnswer,
    recent: Vec<Seen>,
}

/// The longest text that is looked for.
const LONGEST_SEARCH: usize = 200;
const ASSETS: [(&str, &str, &str); 5] = [
    ("chart.css", "text/css", chart::STYLE),
    ("console.css", "text/css", include_str!("../assets/console.css")),
    ("playground.js", "text/javascript", include_str!("../assets/playground.js")),
    ("traffic.js", "text/javascript", include_str!("../assets/traffic.js")),
    ("docs.js", "text/javascript", include_str!("../assets/docs.js")),
];

/// A session by hand: pick a history, answer, see what comes next and why.
pub(crate) async fn playground(State(app): State<Arc<App>>) -> Result<Html<String>, Problem> {
    let served = app.policies.current();
    let categories = served.catalogue().categories();
    filled(&served, "playground.html", "playground", json!({ "categories": categories }))
}

/// The demonstrations that the policy learned from, or those in which a text occurs.
pub(crate) async fn demonstrations(
    State(app): State<Arc<App>>,
    Asked(ListQuery { page, search }): Asked<ListQuery>,
) -> Result<Html<String>, Problem> {
    let served = app.policies.current();
    let page = page.unwrap_or(0).min(1 << 30);
    let search: String = search.unwrap_or_default().trim().chars().take(LONGEST_SEARCH).collect();
    let (listed, wanted) = (served.clone(), search.clone());
    let listing = tokio::task::spawn_blocking(move || demos::list(&listed, &wanted, page));
    let mut values = listing.await.map_err(|error| Problem::internal(&error))?;
    values["link"] = match search.is_empty() {
        true => "?".into(),
        false => {
            let query =
                form_urlencoded::Serializer::new(String::new()).append_pair("search", &search).finish();
            format!("?{query}&").into()
        }
    };
    values["search"] = search.into();
    filled(&served, "demonstrations.html", "demonstrations", values)
}

/// One demonstration, step by step.
pub(crate) async fn demonstration(
    State(app): State<Arc<App>>,
    At(number): At<usize>,
) -> Result<Html<String>, Problem> {
    let served = app.policies.current();
    let demo = served
        .demonstrations()
        .get(number)
        .ok_or_else(|| Problem::absent(format!("there is no demonstration {number}")))?;
    let steps: Vec<Value> = demo
        .steps
        .iter()
        .map(|step| {
            let title = served.item(step.item).map(|item| item.title.clone());
            json!({ "title": title, "categories": served.categories_of(step.item), "step": step })
        })
        .collect();
    let reward: f32 = demo.steps.iter().map(|step| step.reward).sum();
    let has_next = number + 1 < served.demonstrations().len();
    let values =
        json!({ "number": number, "demo": demo, "steps": steps, "reward": reward, "has_next": has_next });
    filled(&served, "demonstration.html", "demonstrations", values)
}

/// Runs side by side, those whose names are asked for.
pub(crate) async fn runs(
    State(app): State<Arc<App>>,
    Asked(asked): Asked<Vec<(String, String)>>,
) -> Result<Html<String>, Problem> {
    let served = app.policies.current();
    let chosen: Vec<String> = asked.into_iter().filter(|(key, _)| key == "run").map(|(_, run)| run).collect();
    let comparison = match app.config.runs.clone() {
        None => None,
        Some(runs) => {
            // As long as it is asked for by many, one after the other.
            let turn = tokio::time::timeout(app.config.limits.deadline, app.pages.acquire()).await;
            let turn = turn.map_err(|_| Problem::busy("too many ask for runs"))?;
            let read = tokio::task::spawn_blocking(move || runs::compare(&runs.read(), &chosen));
            let _turn = turn.map_err(|error| Problem::internal(&error))?;
            Some(read.await.map_err(|error| Problem::internal(&error))?)
        }
    };
    filled(&served, "runs.html", "runs", json!({ "comparison": comparison }))
}

/// What of the catalogue was shown since the start.
pub(crate) async fn coverage(State(app): State<Arc<App>>) -> Result<Html<String>, Problem> {
    let served = app.policies.current();
    let (worker, policy) = (app.clone(), served.clone());
    let count = move || coverage::of(&policy, &worker.metrics.shown());
    let coverage = app.pool.run(app.deadline(), count).await?;
    filled(&served, "coverage.html", "coverage", json!({ "coverage": coverage }))
}

/// Requests as they come.
pub(crate) async fn traffic(State(app): State<Arc<App>>) -> Result<Html<String>, Problem> {
    let served = app.policies.current();
    filled(&served, "traffic.html", "traffic", json!({}))
}

/// The numbers of the traffic page.
pub(crate) async fn traffic_data(State(app): State<Arc<App>>) -> Json<Traffic> {
    let (requests, recent) = app.metrics.recent();
    Json(Traffic {
        requests,
        sessions: app.sessions.len(),
        policy: app.policies.current().hash().to_owned(),
        answers: app.metrics.answers(),
        unavailable: app.availability.n_unavailable(),
        experiment: ExperimentAnswer::of(&app),
        recent,
    })
}

/// What the interface can do, from its own description.
pub(crate) async fn docs(State(app): State<Arc<App>>) -> Result<Html<String>, Problem> {
    let served = app.policies.current();
    filled(&served, "docs.html", "docs", json!({}))
}

/// Styles and scripts.
pub(crate) async fn asset(At(name): At<String>) -> Result<Response, Problem> {
    let found = ASSETS.iter().find(|(own, ..)| *own == name);
    let (_, kind, text) = found.ok_or_else(|| Problem::absent("there is no such file"))?;
    let headers = [(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "max-age=300")];
    Ok((headers, *text).into_response())
}

/// A row with every place that the page looks at; what is not told is null.
fn judged(row: &Value) -> Value {
    let interval = |name: &str| {
        let at = |part: &str| row[name][part].clone();
        json!({ "mean": at("mean"), "lo": at("lo"), "hi": at("hi") })
    };
    json!({
        "policy": row["policy"],
        "privileged": row["privileged"],
        "r_traj": interval("r_traj"),
        "len": interval("len"),
        "coverage": row["coverage"],
    })
}

/// The way from a page to the root, which need not be that of the host: a proxy may put all of this beneath a path.
fn root(template: &str) -> &'static str {
    match template {
        "playground.html" | "docs.html" => "./",
        "demonstration.html" => "../../",
        _ => "../",
    }
}

/// A page with what every page says about the policy.
fn filled(served: &Served, template: &str, place: &str, mut values: Value) -> Result<Html<String>, Problem> {
    let about = served.about();
    let policy = json!({
        "name": about.name,
        "hash": served.hash(),
        "items": served.n_items(),
        "demonstrations": served.demonstrations().len(),
        "judged": about.judged.iter().map(judged).collect::<Vec<_>>(),
    });
    if let Value::Object(map) = &mut values {
        map.insert("policy".into(), policy);
        map.insert("place".into(), place.into());
        map.insert("root".into(), root(template).into());
    }
    render(template, &values)
}
