//! What BiLLP publishes, in its own layout (`datamaps.json`, `list_genre.json`, `train.json`, `test.json`) or as
//! tables (`items.csv`, `test_sequences.jsonl` or `histories.jsonl`, `observed_rewards.csv`).
//!
//! Sequences are positive signals in time order. Revealed rewards were given after the histories, so they stand
//! behind them. They exist on two scales which do not agree (whole numbers and raw model values): one is read,
//! `scale=int` unless another is selected.

use super::categories::Categories;
use super::importer::Importer;
use super::items::{self, Shelf, Titles};
use super::{Format, ImportOptions, Selection, Source, jsonl, log, sequences};
use crate::collect::{At, Collector};
use crate::input::{Encoding, Input, Member, Separator, Table, Text, plain_name, reading_error};
use crate::understood::Understood;
use crate::{Clock, DataError, Problem, ScaleChoice};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;

/// How it is read.
pub(super) const IMPORTER: Importer =
    Importer { format: Format::Billp, name: "billp", is_text: false, list_items, read_rows };

/// `datamaps.json`. Several ids can share a title; the title map knows only one of them.
#[derive(Deserialize)]
struct Datamaps {
    item2id_dict: HashMap<String, Value>,
    id2item_dict: BTreeMap<String, String>,
}

/// One user of `train.json` or `test.json`.
#[derive(Deserialize)]
struct Sequence {
    userid_encoded: Value,
    pos_seq_name: Vec<String>,
}

/// Lists the catalogue.
pub(super) fn list_items(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    if let Some(member) = input.find(&["datamaps.json"])? {
        let mut shelf = Shelf::new(&member.shown_path());
        list_datamaps(member, input.find(&["list_genre.json"])?, options.encoding, &mut shelf, collector)?;
        return shelf.place(collector);
    }
    let Some(member) = input.find(&["items.csv"])? else {
        return Ok(());
    };
    let (columns, titles) = (&source.columns, Titles::AsTheyAre);
    items::read_own(member, Separator::Guess, columns, titles, options.encoding, collector)
}

/// Puts the items of `datamaps.json` on the shelf in order of their ids, which are the columns of the reward matrices.
pub(super) fn list_datamaps(
    maps: &Member,
    genres: Option<&Member>,
    encoding: Encoding,
    shelf: &mut Shelf,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let file = maps.shown_path();
    let genres: HashMap<String, Value> =
        genres.map(|member| document(member, encoding)).transpose()?.unwrap_or_default();
    let names = ["id2item_dict", "id2item_dict", "list_genre.json"];
    let n_names = if genres.is_empty() { 2 } else { 3 };
    let understood = Understood::of_items(names[..n_names].iter().copied(), 0, Some(1), Some(2));
    collector.items_file(maps.name(), understood);
    let mut rows = Vec::new();
    for (id, title) in document::<Datamaps>(maps, encoding)?.id2item_dict {
        let column: u32 = id.parse().map_err(|_| {
            DataError::new(Problem::BadNumber { value: id.clone() }, &file).in_field("id2item_dict")
        })?;
        rows.push((column, title));
    }
    rows.sort_unstable();
    for (column, title) in rows {
        let categories = match genres.get(&title) {
            Some(Value::String(text)) => Categories::of_text(text),
            Some(Value::Array(names)) => Categories::named(names.iter().filter_map(Value::as_str)),
            _ => Categories::Names(Vec::new()),
        };
        shelf.push(&column.to_string(), &title, categories, 0);
    }
    Ok(())
}

/// Reads sequences, then rewards; at least one of them must be there.
pub(super) fn read_rows(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let documents: Vec<&Member> =
        [input.find(&["train.json"])?, input.find(&["test.json"])?].into_iter().flatten().collect();
    let lines = input.find(&["test_sequences.jsonl", "histories.jsonl"])?;
    let rewards = input.find(&["observed_rewards.csv"])?;
    if documents.is_empty() && lines.is_none() && rewards.is_none() {
        return Err(input
            .lacks("train.json, test.json, test_sequences.jsonl, histories.jsonl or observed_rewards.csv"));
    }
    let mut positive = source.clone();
    positive.scale = ScaleChoice::Positive;
    if !documents.is_empty() {
        let near = || documents[0].beside("datamaps.json");
        let listed = || options.items.as_ref().map(|path| Member::file(path));
        let maps = input.find(&["datamaps.json"])?.cloned().or_else(near).or_else(listed);
        let maps = maps.filter(|member| member.base_name() == "datamaps.json");
        let maps = maps.ok_or_else(|| input.lacks("datamaps.json (in the folder or as the items file)"))?;
        let titles = document::<Datamaps>(&maps, options.encoding)?.item2id_dict;
        let understood = Understood::of("userid_encoded", "pos_seq_name", None, Clock::Positions);
        collector.begin(&positive, documents[0].name(), understood)?;
        for member in documents {
            read_document(member, &titles, options.encoding, collector)?;
        }
    }
    if let Some(member) = lines {
        // `split` and `scale` tell rewards apart; sequences have one `split` at most, and keep to it.
        positive
            .select
            .retain(|selection| selection.column == "split" && member.base_name() == "histories.jsonl");
        jsonl::read_sequences(member, &positive, options.encoding, Some(member.name()), collector)?;
    }
    rewards.map_or(Ok(()), |member| read_rewards(member, source, options.encoding, collector))
}

fn read_rewards(
    member: &Member,
    source: &Source,
    encoding: Encoding,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let mut source = source.clone();
    let chosen = source.select.iter().find(|selection| plain_name(&selection.column) == "scale");
    let is_whole = chosen.is_none_or(|selection| selection.value == "int");
    if chosen.is_none() {
        source.select.push(Selection { column: "scale".into(), value: "int".into() });
    }
    if is_whole && source.scale == ScaleChoice::Auto {
        source.scale = ScaleChoice::Linear { lo: 1.0, hi: 5.0 };
    }
    member.read_text(encoding, |text| {
        let table = Table::open(text, Separator::Guess, None)?;
        log::begin(&table, &source, member.name(), Clock::Positions, collector)?;
        log::read_table(table, &source, None, collector)
    })
}

fn read_document(
    member: &Member,
    titles: &HashMap<String, Value>,
    encoding: Encoding,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let file = member.shown_path();
    let at = At { file: &file, line: 0 };
    for Sequence { userid_encoded, pos_seq_name } in document::<Vec<Sequence>>(member, encoding)? {
        let user = plain(&userid_encoded);
        let mut ids = Vec::with_capacity(pos_seq_name.len());
        for title in &pos_seq_name {
            match titles.get(title) {
                Some(id) => ids.push(plain(id)),
                None => collector.unmapped_item(at),
            }
        }
        if pos_seq_name.is_empty() || !ids.is_empty() {
            sequences::push(&user, ids.iter().map(String::as_str), true, at, collector)?;
        }
    }
    Ok(())
}

/// An id that may be written as text or number.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A whole JSON document of a known shape.
fn document<T: DeserializeOwned>(member: &Member, encoding: Encoding) -> Result<T, DataError> {
    let file = member.shown_path();
    member.read_text(encoding, |text: Text<'_>| {
        let mut whole = String::new();
        text.into_document().read_to_string(&mut whole).map_err(|error| reading_error(error, &file))?;
        serde_json::from_str(&whole).map_err(|error| {
            DataError::new(Problem::BadJson(error.to_string()), &file).at_line(error.line() as u64)
        })
    })
}
