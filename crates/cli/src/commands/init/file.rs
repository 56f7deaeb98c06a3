//! The text of a run's file, with what each part is for.

use crate::failure::Failure;
use data::{ColumnMap, Dataset, Format, ImportOptions};
use std::path::{Path, PathBuf};

/// Sessions of the stand-in, as in the quickstart.
const N_EPISODES: usize = 300;

/// The file for a log, to stand at `out`.
pub(super) fn text(options: &ImportOptions, dataset: &Dataset, out: &Path) -> Result<String, Failure> {
    let source = &options.sources[0];
    let report = &dataset.report;
    let understood = report.understood().into_iter().map(|line| format!("#   {}\n", plain(&line)));
    let noticed = report.warnings.values().flat_map(|tally| &tally.said);
    let noticed = noticed.map(|sentence| format!("#   noticed: {}\n", plain(sentence)));
    let title = source.path.file_stem().unwrap_or_default().to_string_lossy();
    let mut text = format!(
        "# A run of ilrec: `ilrec run {}`. Every setting with its default: add --print-config.\n\
         # Of the log was understood:\n{}{}\n\
         title = {}\ntraining_seeds = [0, 1, 2]\n\n[data.import]\n",
        out.file_name().unwrap_or_default().to_string_lossy(),
        understood.collect::<String>(),
        noticed.collect::<String>(),
        quoted(&title),
    );
    if let Some(items) = &options.items {
        text.push_str(&format!("items = {}\n", path_from(items, out)?));
    }
    text.push_str(&format!(
        "\n[[data.import.sources]]\nformat = {}\npath = {}\n",
        quoted(source.format.name()),
        path_from(&source.path, out)?,
    ));
    let columns = columns(options, dataset);
    if !columns.is_empty() {
        text.push_str(&format!("columns = {{ {} }}\n", columns.join(", ")));
    }
    text.push_str("# scale = \"1..5\"       # or \"counts\", \"positive\"; without it the values decide\n");
    text.push_str("# missing = -1         # a rating that means \"not rated\"\n");
    text.push_str(&format!(
        "\n# Who demonstrates: the rule-based stand-in, free and offline. For a language model:\n\
         # kind = \"agents\" and llm = \"openai:MODEL\" in place of these three lines.\n\
         [[demonstrations]]\nkind = \"builtin\"\nquality = 1.0\nn_episodes = {N_EPISODES}\n"
    ));
    Ok(text)
}

/// The columns that were found by their names, of layouts whose columns have names of their own.
fn columns(options: &ImportOptions, dataset: &Dataset) -> Vec<String> {
    let has_names = matches!(options.sources[0].format, Format::Csv | Format::Jsonl | Format::Parquet);
    let Some(source) = dataset.report.sources.first().filter(|_| has_names) else { return Vec::new() };
    let items = dataset.report.items_files.first().map(|file| &file.columns);
    let ColumnMap { user, item, rating, time, propensity, .. } = &source.columns;
    let (title, genres) = items.map_or((&None, &None), |items| (&items.title, &items.genres));
    let roles = [
        ("user", user),
        ("item", item),
        ("rating", rating),
        ("time", time),
        ("title", title),
        ("genres", genres),
        ("propensity", propensity),
    ];
    let named = roles.into_iter().filter_map(|(role, column)| Some((role, column.as_ref()?)));
    named.map(|(role, column)| format!("{role} = {}", quoted(column))).collect()
}

/// A path as the file has it: relative to the file where it is below its folder, else from the root.
fn path_from(path: &Path, out: &Path) -> Result<String, Failure> {
    let whole = |path: &Path| std::path::absolute(path).map_err(|e| Failure::reading(path, &e));
    let path = whole(path)?;
    let folder = whole(out)?.parent().map(Path::to_owned).unwrap_or_default();
    let short: PathBuf = path.strip_prefix(&folder).map(Path::to_owned).unwrap_or(path);
    Ok(quoted(&short.to_string_lossy()))
}

/// A text as TOML and JSON both write it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text that stays in its comment.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
