//! `GET /v1/items`, `/v1/items/{id}`, `/v1/items/{id}/similar`.

use super::body::{Asked, At};
use super::worth::no_such_item;
use crate::answer::{self, ItemAnswer};
use crate::pool::Room;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use mdp::ItemIdx;
use serde::{Deserialize, Serialize};
use serving::Served;
use std::sync::Arc;

/// Which items.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Page {
    q: String,
    category: String,
    offset: u32,
    limit: Option<usize>,
}

/// Some of the items.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Items {
    total: usize,
    offset: u32,
    items: Vec<Listed>,
}

/// How many neighbours.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Neighbours {
    k: Option<usize>,
}

/// An item, and whether it can be had at the moment.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Listed {
    #[serde(flatten)]
    item: ItemAnswer,
    available: bool,
}

impl Listed {
    fn of(app: &App, served: &Served, row: ItemIdx) -> Self {
        let item = answer::item(served, row);
        Self { available: app.availability.has(&item.id), item }
    }
}

/// An item with how near it is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Neighbour {
    #[serde(flatten)]
    item: Listed,
    rating_distance: f32,
    text_similarity: f32,
}

const USUAL_LENGTH: usize = 20;
const MOST: usize = 1000;

/// Items in the catalogue's order, those whose titles contain `q` and that have the category.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _: Room,
    Asked(page): Asked<Page>,
) -> Result<Json<Items>, Problem> {
    let limit = page.limit.unwrap_or(USUAL_LENGTH);
    if limit > MOST {
        return Err(Problem::field("limit", format!("at most {MOST} items at once")));
    }
    let worker = app.clone();
    app.pool.run(app.deadline(), move || found_items(&worker, &page, limit)).await.map(Json)
}

/// As long as the catalogue is: ranked in its turn, as slates are.
fn found_items(app: &App, page: &Page, limit: usize) -> Items {
    let served = app.policies.current();
    let wanted = page.q.to_lowercase();
    let is_wanted = |row: &ItemIdx| {
        let title = served.item(*row).map(|item| item.title.to_lowercase()).unwrap_or_default();
        let has_category = |name: &&str| name.eq_ignore_ascii_case(&page.category);
        title.contains(&wanted)
            && (page.category.is_empty() || served.categories_of(*row).iter().any(has_category))
    };
    let found: Vec<ItemIdx> = (0..served.n_items() as u32).map(ItemIdx).filter(is_wanted).collect();
    let shown = found.iter().skip(page.offset as usize).take(limit);
    let items = shown.map(|&row| Listed::of(app, &served, row)).collect();
    Items { total: found.len(), offset: page.offset, items }
}

/// One item of a policy that answers, by id or title.
pub(crate) async fn one(State(app): State<Arc<App>>, At(id): At<String>) -> Result<Json<Listed>, Problem> {
    let (served, row) = found(&app, &id)?;
    Ok(Json(Listed::of(&app, &served, row)))
}

/// What is rated and called alike.
pub(crate) async fn similar(
    State(app): State<Arc<App>>,
    At(id): At<String>,
    Asked(neighbours): Asked<Neighbours>,
) -> Result<Json<Vec<Neighbour>>, Problem> {
    let k = neighbours.k.unwrap_or(10);
    if k > app.config.limits.k {
        return Err(Problem::field("k", format!("k is at most {}", app.config.limits.k)));
    }
    let (served, row) = found(&app, &id)?;
    let worker = app.clone();
    let job = move || {
        let similar = served.similar(row, k)?;
        let neighbour = |one: &serving::SimilarItem| Neighbour {
            item: Listed::of(&worker, &served, one.item),
            rating_distance: one.distance,
            text_similarity: one.text,
        };
        Ok::<_, serving::ServingError>(similar.iter().map(neighbour).collect::<Vec<_>>())
    };
    let found = app.pool.run(app.deadline(), job).await?;
    found.map(Json).map_err(|error| Problem::ranking("id", &error))
}

/// The policy that serves is asked first, then the one on trial.
fn found(app: &App, name: &str) -> Result<(Arc<Served>, ItemIdx), Problem> {
    let answering = app.policies.answering().into_iter();
    let mut rows = answering.filter_map(|served| served.find(name).map(|row| (served, row)));
    rows.next().ok_or_else(|| Problem::absent(no_such_item(name)))
}
