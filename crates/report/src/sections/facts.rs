//! Data, world and settings.

use crate::caption::{number, percent};
use crate::data::{Configuration, FactTable, WorldCheckSummary};
use crate::html::Html;

/// Lists of facts side by side where there is room.
pub(crate) fn facts(tables: &[FactTable]) -> Html {
    let mut out = Html::new();
    out.raw("<section><h2>Data and worlds</h2><div class=\"columns\">");
    for table in tables {
        out.raw("<div>").element("h3", &table.title).raw("<dl>");
        for fact in &table.facts {
            out.element("dt", &fact.name).element("dd", &fact.value);
        }
        out.raw("</dl></div>");
    }
    out.raw("</div></section>");
    out
}

/// Is this world worth training in.
pub(crate) fn world_check(check: &WorldCheckSummary) -> Html {
    let mut out = Html::new();
    out.raw("<section><h2>Is this world worth training in?</h2>");
    out.raw(if check.is_sound { "<p class=\"verdict sound\">" } else { "<p class=\"verdict unsound\">" });
    out.text(&check.verdict)
        .raw("</p><div class=\"scroll\"><table class=\"compact\"><thead><tr><th scope=\"col\">policy</th>");
    out.raw("<th scope=\"col\">reward per session</th><th scope=\"col\">steps</th></tr></thead><tbody>");
    for row in &check.rows {
        out.raw("<tr><th scope=\"row\">").text(&row.policy).raw("</th>");
        out.element("td", &number(row.r_traj)).element("td", &number(row.len)).raw("</tr>");
    }
    out.raw("</tbody></table></div><p>Of the variance of rewards, ");
    out.text(&percent(check.explained.user)).raw(" is who rates, ").text(&percent(check.explained.item));
    out.raw(" is what is rated, and ").text(&percent(check.explained.pair));
    out.raw(" is the pair of both: what personalisation can gain.</p></section>");
    out
}

/// Settings word for word.
pub(crate) fn configurations(all: &[Configuration]) -> Html {
    let mut out = Html::new();
    out.raw("<section><h2>Settings and hashes</h2>");
    for one in all {
        out.raw("<details><summary>").text(&one.name);
        if !one.hash.is_empty() {
            out.raw(" ").classed("code", "hash", &one.hash);
        }
        out.raw("</summary><pre>").text(&one.text).raw("</pre></details>");
    }
    out.raw("</section>");
    out
}
