//! `GET /v1/items`, `/v1/items/{id}`, `/v1/items/{id}/similar`.

use super::body::{Asked, At};
use crate::answer::{self, ItemAnswer};
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
    items: Vec<ItemAnswer>,
}

/// How many neighbours.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Neighbours {
    k: Option<usize>,
}

/// An item with how near it is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Neighbour {
    #[serde(flatten)]
    item: ItemAnswer,
    rating_distance: f32,
    text_similarity: f32,
}

const USUAL_LENGTH: usize = 20;
const MOST: usize = 1000;

/// Items in the catalogue's order, those whose titles contain `q` and that have the category.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Asked(page): Asked<Page>,
) -> Result<Json<Items>, Problem> {
    let limit = page.limit.unwrap_or(USUAL_LENGTH);
    if limit > MOST {
        return Err(Problem::field("limit", format!("at most {MOST} items at once")));
    }
    let served = app.policies.current();
    let wanted = page.q.to_lowercase();
    let is_wanted = |row: &ItemIdx| {
        let title = served.item(*row).map(|item| item.title.to_lowercase()).unwrap_or_default();
        let has_category = |name: &&str| name.eq_ignore_ascii_case(&page.category);
        title.contains(&wanted)
            && (page.category.is_empty() || served.categories_of(*row).iter().any(has_category))
    };
    let found: Vec<ItemIdx> = (0..served.n_items() as u32).map(ItemIdx).filter(is_wanted).collect();
    let items =
        found.iter().skip(page.offset as usize).take(limit).map(|&row| answer::item(&served, row)).collect();
    Ok(Json(Items { total: found.len(), offset: page.offset, items }))
}

/// One item, by id or title.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    At(id): At<String>,
) -> Result<Json<ItemAnswer>, Problem> {
    let served = app.policies.current();
    let row = row_of(&served, &id)?;
    Ok(Json(answer::item(&served, row)))
}

/// What is rated and called alike.
pub(crate) async fn similar(
    State(app): State<Arc<App>>,
    At(id): At<String>,
    Asked(neighbours): Asked<Neighbours>,
) -> Result<Json<Vec<Neighbour>>, Problem> {
    let served = app.policies.current();
    let k = neighbours.k.unwrap_or(10);
    if k > app.config.limits.k {
        return Err(Problem::field("k", format!("k is at most {}", app.config.limits.k)));
    }
    let row = row_of(&served, &id)?;
    let job = move || {
        let similar = served.similar(row, k)?;
        let neighbour = |one: &serving::Similar| Neighbour {
            item: answer::item(&served, one.item),
            rating_distance: one.distance,
            text_similarity: one.text,
        };
        Ok::<_, serving::ServingError>(similar.iter().map(neighbour).collect::<Vec<_>>())
    };
    let found = app.pool.run(app.deadline(), job).await?;
    found.map(Json).map_err(|error| Problem::ranking("id", &error))
}

fn row_of(served: &Served, id: &str) -> Result<ItemIdx, Problem> {
    let shown: String = id.chars().take(80).collect();
    served.find(id).ok_or_else(|| Problem::absent(format!("there is no item with the id or title `{shown}`")))
}
