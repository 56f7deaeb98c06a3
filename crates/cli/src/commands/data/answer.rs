//! What a dataset is, for people and for programs.

use crate::context::Global;
use crate::failure::Failure;
use crate::table::grouped;
use data::{Dataset, Description, ImportReport};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Answer<'a> {
    data: &'a Path,
    /// One line for each log and items file.
    understood: String,
    #[serde(flatten)]
    description: &'a Description,
}

/// Says what a dataset is.
pub(super) fn answer(dataset: &Dataset, path: &Path, global: &Global) -> Result<(), Failure> {
    let description = data::describe(dataset);
    let understood = description.import.understood().join("\n");
    let answer = Answer { data: path, understood, description: &description };
    global.format().emit(&answer, &for_people(&description))
}

fn for_people(d: &Description) -> String {
    let count = |n: usize| grouped(n as u64);
    let spread = |[least, middle, most]: [usize; 3]| {
        format!("{} to {}, median {}", count(least), count(most), count(middle))
    };
    let clock = match d.time_span {
        Some([first, last]) => {
            format!("{} days", grouped(last.saturating_sub(first).unsigned_abs() / 86_400))
        }
        None => format!("{:?}", d.clock).to_lowercase(),
    };
    let understood = d.import.understood();
    let mut rows: Vec<(&str, String)> = understood.into_iter().map(|line| ("understood", line)).collect();
    rows.extend([
        ("users", format!("{} with {} interactions", count(d.users), spread(d.per_user))),
        ("items", format!("{} with {} interactions", count(d.items), spread(d.per_item))),
        ("interactions", format!("{}, density {:.3} %", count(d.interactions), 100.0 * d.density)),
        ("coverage", format!("{:.1} % of the items have interactions", 100.0 * d.catalogue_coverage)),
        ("categories", format!("{}; {} items without", d.categories, count(d.items_without_category))),
        ("time", clock),
        ("mean rating", format!("{:.2} on 1 to 5", d.rating_mean)),
        ("ratings", d.rating_histogram.map(count).join(" ") + "  (1.0, 1.5, .. 4.5 and over)"),
        ("hash", d.hash.clone()),
    ]);
    if d.propensities > 0 {
        rows.push(("propensities", format!("known for {} interactions", count(d.propensities))));
    }
    let notes = notes(&d.import);
    rows.extend(notes.iter().map(|(key, text)| (key.as_str(), text.clone())));
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    rows.iter().map(|(key, text)| format!("{key:<width$}  {text}\n")).collect()
}

/// What was left out and what was noticed; in sentences where there are some.
pub(super) fn notes(report: &ImportReport) -> Vec<(String, String)> {
    let counted = |key: String, tally: &data::Tally| {
        let first = tally.first.as_ref().map(|place| format!(", first at {place}")).unwrap_or_default();
        (key, format!("{} rows{first}", grouped(tally.n)))
    };
    let dropped = report.dropped.iter().map(|(reason, tally)| counted(word("left out", reason), tally));
    let noticed = report.warnings.iter().flat_map(|(warning, tally)| {
        let key = word("noticed", warning);
        match &tally.said[..] {
            [] => vec![counted(key, tally)],
            said => said.iter().map(|sentence| (key.clone(), sentence.clone())).collect(),
        }
    });
    dropped.chain(noticed).collect()
}

/// The name of a reason as the JSON has it.
fn word(what: &str, reason: &impl Serialize) -> String {
    let name = serde_json::to_value(reason).ok().and_then(|value| value.as_str().map(str::to_owned));
    format!("{what}: {}", name.unwrap_or_default().replace('_', " "))
}
