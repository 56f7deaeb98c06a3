//! The first rows of a log as they are understood.

use super::answer::notes;
use crate::context::Global;
use crate::failure::Failure;
use data::{ImportOptions, ImportReport, Preview, PreviewRow};
use serde::Serialize;

/// Rows that are shown, and characters of a title or of categories.
const N_ROWS: usize = 10;
const WIDTH: usize = 40;

#[derive(Serialize)]
struct Answer<'a> {
    understood: String,
    rows: &'a [PreviewRow],
    import: &'a ImportReport,
}

/// Reads the log and shows how it begins; nothing is written.
pub(super) fn show(options: &ImportOptions, global: &Global) -> Result<(), Failure> {
    let preview = data::preview(options, N_ROWS)?;
    let report = &preview.dataset.report;
    let answer = Answer { understood: report.understood().join("\n"), rows: &preview.rows, import: report };
    global.format().emit(&answer, &format!("{}nothing was written", text(&preview)))
}

/// What was understood, the first rows, and what was noticed.
pub(in crate::commands) fn text(preview: &Preview) -> String {
    let report = &preview.dataset.report;
    let mut text = format!("{}\n\n{}\n", report.understood().join("\n"), table(&preview.rows));
    for (key, note) in notes(report) {
        text.push_str(&format!("{key}: {note}\n"));
    }
    text
}

fn table(rows: &[PreviewRow]) -> String {
    let mut cells =
        vec![["user", "item", "rating", "of 1 to 5", "time", "title", "categories"].map(str::to_owned)];
    cells.extend(rows.iter().map(|row| {
        [
            cut(&row.user),
            cut(&row.item),
            cut(&row.rating_read),
            format!("{:.2}", row.rating),
            row.date.clone().unwrap_or_default(),
            cut(&row.title),
            cut(&row.categories.join(", ")),
        ]
    }));
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..cells[0].len()).map(width).collect();
    let line = |row: &[String; 7]| {
        let padded = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cells.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A text on one line, shortened.
fn cut(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WIDTH + 1).collect();
    if plain.chars().count() <= WIDTH {
        return plain;
    }
    plain.chars().take(WIDTH - 2).chain("..".chars()).collect()
}
