//! Where demonstrations come from, and one to read.

use crate::caption::percent;
use crate::data::{DemonstratedStep, DemonstrationView, GroundingSummary};
use crate::html::Html;

/// What became of the titles of each source.
pub(crate) fn grounding(sources: &[GroundingSummary]) -> Html {
    let mut out = Html::new();
    out.raw("<section><h2>Demonstrations</h2><p>");
    out.text("How the demonstrators' titles were found in the catalogue: as they stand, after normalising case and punctuation, by few wrong letters, by nearness of their text vectors (embedding); rejected titles are left out.");
    out.raw("</p><div class=\"scroll\"><table><thead><tr><th scope=\"col\">source</th><th scope=\"col\">sessions</th>");
    out.raw("<th scope=\"col\">steps</th><th scope=\"col\">exact</th><th scope=\"col\">normalised</th>");
    out.raw("<th scope=\"col\">fuzzy</th><th scope=\"col\">embedding</th><th scope=\"col\">rejected</th>");
    out.raw("</tr></thead><tbody>");
    for source in sources {
        let found = [source.exact, source.normalised, source.fuzzy, source.embedding, source.rejected];
        let total: usize = found.iter().sum();
        out.raw("<tr><th scope=\"row\">").text(&source.source).raw("</th>");
        out.element("td", &source.episodes.to_string()).element("td", &source.steps.to_string());
        for count in found {
            out.raw("<td>").text(&count.to_string()).raw(" <span class=\"range\">");
            out.text(&percent(count as f64 / total.max(1) as f64)).raw("</span></td>");
        }
        out.raw("</tr>");
    }
    out.raw("</tbody></table></div></section>");
    out
}

/// How much of a demonstration is seen at once: steps, and titles of its history.
const N_STEPS: usize = 6;
const N_TITLES: usize = 12;

/// Demonstrations step by step; the first is open, and what is long is folded.
pub(crate) fn demonstrations(views: &[DemonstrationView]) -> Html {
    let mut out = Html::new();
    out.raw("<section><h2>Demonstrations to read</h2>");
    for (index, view) in views.iter().enumerate() {
        out.raw(if index == 0 { "<details open><summary>" } else { "<details><summary>" });
        out.text(&view.title).raw("</summary>").push(&history(&view.history));
        let (first, rest) = view.steps.split_at(view.steps.len().min(N_STEPS));
        out.push(&steps(first, 1));
        if !rest.is_empty() {
            let words = format!("{} further steps", rest.len());
            out.raw("<details class=\"more\">").element("summary", &words);
            out.push(&steps(rest, first.len() + 1)).raw("</details>");
        }
        out.raw("</details>");
    }
    out.raw("</section>");
    out
}

/// The latest titles of a history, and all of it on demand.
fn history(titles: &[String]) -> Html {
    let mut out = Html::new();
    if titles.is_empty() {
        return out;
    }
    let latest = titles.get(titles.len().saturating_sub(N_TITLES)..).unwrap_or_default();
    out.raw("<p class=\"note\">").text(if latest.len() < titles.len() {
        "Latest of the history: "
    } else {
        "History: "
    });
    out.text(&latest.join(" · ")).raw("</p>");
    if latest.len() < titles.len() {
        out.raw("<details class=\"more\">")
            .element("summary", &format!("all {} of the history", titles.len()));
        out.classed("p", "note", &titles.join(" · ")).raw("</details>");
    }
    out
}

fn steps(steps: &[DemonstratedStep], from: usize) -> Html {
    let mut out = Html::new();
    out.raw("<ol class=\"steps\" start=\"").text(&from.to_string()).raw("\">");
    for step in steps {
        out.push(&one_step(step));
    }
    out.raw("</ol>");
    out
}

fn one_step(step: &DemonstratedStep) -> Html {
    let mut out = Html::new();
    out.raw("<li><p><strong>").text(&step.title).raw("</strong> <span class=\"reward\">");
    out.text(&format!("reward {:.1}", step.reward)).raw("</span>");
    if let Some(weight) = step.weight {
        out.raw(" <span class=\"reward\">").text(&format!("weight {weight:.2}")).raw("</span>");
    }
    for category in &step.categories {
        out.raw(" ").classed("span", "tag", category);
    }
    if !step.end.is_empty() {
        out.raw(" ").classed("span", "end", &step.end);
    }
    out.raw("</p>");
    if !step.thought.is_empty() {
        out.classed("p", "thought", &step.thought);
    }
    out.raw("</li>");
    out
}
