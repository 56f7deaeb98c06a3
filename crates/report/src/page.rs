//! The page: one file, no script, nothing loaded from anywhere.

use crate::data::ReportData;
use crate::html::Html;
use crate::sections;

const STYLE: &str = include_str!("style.css");

/// What tells our pages from others.
const GENERATOR: &str = "<meta name=\"generator\" content=\"ilrec\">";
/// The beginning of pages from before that.
const OLDER: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
    <meta name=\"color-scheme\" content=\"light dark\">\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">";

/// Whether a file that begins with these bytes is a page of [`html_page`].
pub fn is_page(beginning: &[u8]) -> bool {
    let text = String::from_utf8_lossy(beginning);
    text.starts_with(OLDER) || text.contains(GENERATOR)
}

/// The whole page. It loads nothing, runs nothing, and shows text from the data as text, whatever it holds.
pub fn html_page(data: &ReportData) -> String {
    let mut out = Html::new();
    out.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    out.raw("<meta name=\"color-scheme\" content=\"light dark\">");
    out.raw(GENERATOR);
    out.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
    out.element("title", &data.title)
        .raw("<style>")
        .raw(chart::STYLE)
        .raw(STYLE)
        .raw("</style></head><body><header>");
    out.element("h1", &data.title);
    for paragraph in data.reading.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        out.element("p", paragraph.trim());
    }
    out.raw("</header><main>").push(&sections::about(data));
    for part in data.results.iter().filter(|part| !part.evaluations.is_empty()) {
        out.push(&sections::results(part, &data.subject));
    }
    let optional: [(bool, &dyn Fn() -> Html); 7] = [
        (!data.ablation.is_empty(), &|| sections::ablation(&data.ablation, &data.subject)),
        (data.learning.iter().any(|run| !run.points.is_empty()), &|| {
            sections::learning(&data.learning, &data.subject)
        }),
        (!data.grounding.is_empty(), &|| sections::grounding(&data.grounding)),
        (!data.demonstrations.is_empty(), &|| sections::demonstrations(&data.demonstrations)),
        (data.world_check.is_some(), &|| {
            data.world_check.as_ref().map(sections::world_check).unwrap_or_default()
        }),
        (!data.facts.is_empty(), &|| sections::facts(&data.facts)),
        (!data.configurations.is_empty(), &|| sections::configurations(&data.configurations)),
    ];
    for (_, section) in optional.iter().filter(|(is_there, _)| *is_there) {
        out.push(&section());
    }
    out.raw("</main></body></html>\n");
    out.into_string()
}
