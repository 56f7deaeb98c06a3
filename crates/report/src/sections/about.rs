//! What the page is about: the domain, the rules, the policies, the measures, each in one line.

use crate::data::ReportData;
use crate::html::Html;
use crate::words;
use evaluation::EvalRow;

/// The domain in the words of whoever ran it, then what tables and figures mean.
pub(crate) fn about(data: &ReportData) -> Html {
    let rows: Vec<&EvalRow> =
        data.results.iter().flat_map(crate::data::Results::rows).chain(&data.ablation).collect();
    let mut out = Html::new();
    if data.about.trim().is_empty() && rows.is_empty() {
        return out;
    }
    out.raw("<section><h2>What is compared</h2>");
    for paragraph in data.about.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        out.element("p", paragraph.trim());
    }
    if !rows.is_empty() {
        out.raw(
            "<details class=\"glossary\"><summary>Policies, rules and measures, each in one line</summary>",
        );
        list(&mut out, "Policies", &policies(&rows));
        list(&mut out, "When users leave", &named(&rows, |row| row.exit_rule.clone(), words::rule));
        list(
            &mut out,
            "How rewards are counted",
            &named(&rows, |row| row.scoring.to_string(), words::scoring),
        );
        let measures = words::MEASURES.map(|(name, what)| (name.to_owned(), what.to_owned()));
        list(&mut out, "Measures", &measures);
        out.raw("</details>");
    }
    out.raw("</section>");
    out
}

/// Every policy with its line, in the order of the tables; a star where it is privileged.
fn policies(rows: &[&EvalRow]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for row in rows {
        let name = if row.privileged { format!("{} *", row.policy) } else { row.policy.clone() };
        let words = words::policy(&row.policy).unwrap_or("a policy of this run");
        if !all.iter().any(|(known, _)| *known == name) {
            all.push((name, words.to_owned()));
        }
    }
    all
}

fn named(
    rows: &[&EvalRow],
    name: impl Fn(&EvalRow) -> String,
    words: impl Fn(&str) -> Option<&'static str>,
) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for name in rows.iter().map(|row| name(row)) {
        if let Some(words) = words(&name).filter(|_| !all.iter().any(|(known, _)| *known == name)) {
            all.push((name, words.to_owned()));
        }
    }
    all
}

fn list(out: &mut Html, title: &str, lines: &[(String, String)]) {
    if lines.is_empty() {
        return;
    }
    out.element("h3", title).raw("<dl class=\"words\">");
    for (name, words) in lines {
        out.element("dt", name).element("dd", words);
    }
    out.raw("</dl>");
}
