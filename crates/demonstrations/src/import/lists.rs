//! Ranked lists: one CSV row per user, rank and title (or item id).

use super::recorded::{Recorded, RecordedStep, RecordedTraces};
use super::source::Source;
use crate::DemonstrationError;
use std::collections::BTreeMap;

/// Where the columns are.
struct Columns {
    list: Option<usize>,
    user: usize,
    rank: usize,
    title: Option<usize>,
    item: Option<usize>,
}

impl Columns {
    fn find(header: &csv::StringRecord) -> Option<Self> {
        let at = |names: &[&str]| {
            header.iter().position(|name| names.iter().any(|n| name.trim().eq_ignore_ascii_case(n)))
        };
        let found = Self {
            list: at(&["llm", "list", "model"]),
            user: at(&["user", "user_id", "userId"])?,
            rank: at(&["rank"])?,
            title: at(&["title"]),
            item: at(&["item", "item_id", "itemId"]),
        };
        (found.title.is_some() || found.item.is_some()).then_some(found)
    }
}

/// One row that could be read.
struct Row {
    list: String,
    user: String,
    rank: u32,
    step: RecordedStep,
}

/// Reads ranked lists. The header names the columns: `user` (or `user_id`), `rank`, `title` and/or `item` (or
/// `item_id`), and `llm` (or `list`) where a file holds several lists per user. With several sources, files
/// without these columns are named as ignored.
///
/// A row without user, with a rank that is not a positive number, or with neither title nor item is counted as a
/// problem with its line. Rows of one list and rank follow each other as in the file.
///
/// # Errors
/// When no file has the columns, or a file is not UTF-8.
pub fn read_lists(sources: &[Source]) -> Result<RecordedTraces, DemonstrationError> {
    let mut traces = RecordedTraces::default();
    for source in sources {
        let text = source.text()?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let header = reader
            .headers()
            .map_err(|error| DemonstrationError::malformed(&source.name, error.to_string()))?
            .clone();
        match Columns::find(&header) {
            Some(columns) => {
                read_file(source, reader, &columns, &mut traces);
                traces.files.push(source.name.clone());
            }
            None => traces.files_ignored.push(source.name.clone()),
        }
    }
    if traces.files.is_empty() {
        let names = traces.files_ignored.join(", ");
        return Err(DemonstrationError::malformed(&names, "expected columns user, rank, and title or item"));
    }
    Ok(traces)
}

fn read_file(
    source: &Source,
    mut reader: csv::Reader<&[u8]>,
    columns: &Columns,
    traces: &mut RecordedTraces,
) {
    let mut lists: BTreeMap<(String, String), BTreeMap<(u32, u64), RecordedStep>> = BTreeMap::new();
    let mut order = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                traces.problem(&source.name, line, error.to_string());
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        match read_row(&record, columns) {
            Ok(row) => {
                let key = (row.list, row.user);
                if !lists.contains_key(&key) {
                    order.push(key.clone());
                }
                traces.actions_seen += 1;
                lists.entry(key).or_default().insert((row.rank, line), row.step);
            }
            Err(what) => traces.problem(&source.name, line, what),
        }
    }
    for key in order {
        let Some(steps) = lists.remove(&key) else { continue };
        let (list, user) = key;
        let origin = if list.is_empty() { source.name.clone() } else { list };
        traces.records.push(Recorded {
            id: format!("{origin}:{user}"),
            user_id: user,
            steps: steps.into_values().collect(),
        });
    }
}

fn read_row(record: &csv::StringRecord, columns: &Columns) -> Result<Row, String> {
    let text = |column: usize| record.get(column).unwrap_or("");
    let user = text(columns.user).trim();
    if user.is_empty() {
        return Err("no user".to_owned());
    }
    let rank_text = text(columns.rank).trim();
    let rank: u32 = rank_text.parse().map_err(|_| format!("rank `{rank_text}` is not a positive number"))?;
    let rank_from_zero = rank.checked_sub(1).ok_or("rank 0, ranks count from 1")?;
    let title = columns.title.map_or("", text);
    let item_id = columns.item.map(text).map(str::trim).filter(|id| !id.is_empty());
    if title.trim().is_empty() && item_id.is_none() {
        return Err("neither title nor item".to_owned());
    }
    let step = RecordedStep {
        title: title.to_owned(),
        requested_title: title.to_owned(),
        item_id: item_id.map(str::to_owned),
        source_step: rank_from_zero,
        ..RecordedStep::default()
    };
    let list = columns.list.map_or("", text).trim().to_owned();
    Ok(Row { list, user: user.to_owned(), rank, step })
}
