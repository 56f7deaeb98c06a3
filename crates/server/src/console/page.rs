//! Templates into pages.

use crate::problem::Problem;
use axum::response::Html;
use minijinja::Environment;
use minijinja::value::Serde;
use std::sync::LazyLock;

const TEMPLATES: [(&str, &str); 8] = [
    ("layout.html", include_str!("../../assets/layout.html")),
    ("playground.html", include_str!("../../assets/playground.html")),
    ("demonstrations.html", include_str!("../../assets/demonstrations.html")),
    ("demonstration.html", include_str!("../../assets/demonstration.html")),
    ("runs.html", include_str!("../../assets/runs.html")),
    ("coverage.html", include_str!("../../assets/coverage.html")),
    ("traffic.html", include_str!("../../assets/traffic.html")),
    ("docs.html", include_str!("../../assets/docs.html")),
];

/// All templates; what is put into them is escaped.
static PAGES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    for (name, text) in TEMPLATES {
        pages.add_template(name, text)?;
    }
    Ok(pages)
});

/// Fills a template.
///
/// # Errors
/// When the template does not fit its values: a mistake of ours.
pub(crate) fn render(name: &str, values: &serde_json::Value) -> Result<Html<String>, Problem> {
    let pages = PAGES.as_ref().map_err(|error| Problem::internal(error))?;
    let page = pages.get_template(name).and_then(|template| template.render(Serde(values)));
    page.map(Html).map_err(|error| Problem::internal(&error))
}
