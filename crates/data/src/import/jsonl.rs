//! JSON lines: logs, sequences and items, one object per line.

use super::items::{categories_of, id_column};
use super::keys::Keys;
use super::layout::Layout;
use super::{ImportOptions, Source, sequences};
use crate::collect::{At, Cell, Collector, RawRow};
use crate::error::shortened;
use crate::input::{
    ColumnMap, Encoding, Input, Member, Role, find_column, for_each_line, missing, untyped_id,
};
use crate::understood::{Understood, names};
use crate::{DataError, Problem};
use serde::de::DeserializeSeed as _;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::path::Path;

type Object = Map<String, Value>;

/// Reads one interaction per line.
pub(super) fn read_rows(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let member = input.single().ok_or_else(|| input.lacks("single file"))?;
    let file = member.shown_path();
    let present = keys_of(member, options.encoding)?;
    let names: Vec<&str> = present.iter().map(String::as_str).collect();
    let layout = Layout::of(&names, source, &file)?;
    layout.begin(source, member.name(), collector)?;
    let mut unused = layout.unused();
    let (rating, time) = (layout.rating.map(|key| names[key]), layout.time.map(|key| names[key]));
    member.read_text(options.encoding, |text| {
        for_each_line(text, |line, number| {
            let at = At { file: &file, line: number };
            let Some(object) = object_of(line, at, collector)? else { return Ok(()) };
            if !is_selected(&object, source) {
                collector.not_selected(at);
                return Ok(());
            }
            for column in unused.wanted() {
                if let Some(value) = object.get(names[column]).and_then(scalar) {
                    unused.see_value(column, &value);
                }
            }
            let text = |key: usize| object.get(names[key]).and_then(scalar).unwrap_or_default();
            let (user, item) = (text(layout.user), text(layout.item));
            let (rating, time) = (cell(&object, rating), cell(&object, time));
            collector.push(RawRow { user: user.trim(), item: item.trim(), rating, time }, at)
        })
    })?;
    unused.report(collector);
    Ok(())
}

/// Reads one sequence per line. Begins a log where it is given a name for it; else one was begun.
pub(super) fn read_sequences(
    member: &Member,
    source: &Source,
    encoding: Encoding,
    name: Option<&str>,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let file = member.shown_path();
    let present = keys_of(member, encoding)?;
    let user = need(&present, Role::User, source.columns.user.as_deref(), &file)?;
    let list = need(&present, Role::Sequence, source.columns.item.as_deref(), &file)?;
    let ignored = names(present.iter().map(String::as_str).filter(|key| *key != user && *key != list));
    sequences::begin(source, name, &user, &list, ignored, collector)?;
    member.read_text(encoding, |text| {
        for_each_line(text, |line, number| {
            let at = At { file: &file, line: number };
            let Some(object) = object_of(line, at, collector)? else { return Ok(()) };
            let user = object.get(&user).and_then(scalar).unwrap_or_default();
            let Some(Value::Array(values)) = object.get(&list) else {
                return collector.bad_row(
                    Problem::BadJson(format!("`{list}` is not a list")),
                    Some(&list),
                    at,
                );
            };
            let ids: Vec<Cow<'_, str>> =
                values.iter().map(|value| scalar(value).unwrap_or_default()).collect();
            let wanted = is_selected(&object, source);
            sequences::push(&user, ids.iter().map(|id| id.trim()), wanted, at, collector)
        })
    })
}

/// Lists one item per line; categories may be a list or one field.
pub(super) fn list_items(
    member: &Member,
    columns: &ColumnMap,
    encoding: Encoding,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let file = member.shown_path();
    let present = keys_of(member, encoding)?;
    let names: Vec<&str> = present.iter().map(String::as_str).collect();
    let id = id_column(&names, columns, &file)?;
    let title = find(&present, Role::Title, columns.title.as_deref(), &file)?;
    let genres = find(&present, Role::Genres, columns.genres.as_deref(), &file)?;
    let place =
        |key: &Option<String>| key.as_ref().and_then(|key| present.iter().position(|name| name == key));
    let understood = Understood::of_items(names.iter().copied(), id, place(&title), place(&genres));
    collector.items_file(member.name(), understood);
    let id = &present[id];
    member.read_text(encoding, |text| {
        for_each_line(text, |line, number| {
            let at = At { file: &file, line: number };
            let object: Object = serde_json::from_str(line).map_err(|error| {
                DataError::new(Problem::BadJson(error.to_string()), &file).at_line(number)
            })?;
            let text = |key: Option<&String>| {
                key.and_then(|key| object.get(key)).and_then(scalar).unwrap_or_default()
            };
            let categories = match genres.as_ref().and_then(|key| object.get(key)) {
                Some(Value::Array(values)) => values
                    .iter()
                    .filter_map(scalar)
                    .map(Cow::into_owned)
                    .filter(|name| !name.is_empty())
                    .collect(),
                _ => categories_of(&text(genres.as_ref())),
            };
            collector.list_item(text(Some(id)).trim(), text(title.as_ref()).trim(), categories, at)
        })
    })
}

/// The keys of all objects, in order of appearance; of files with more kinds of keys, the first.
fn keys_of(member: &Member, encoding: Encoding) -> Result<Vec<String>, DataError> {
    let file = member.shown_path();
    let mut keys = Keys::default();
    let mut n_lines = 0;
    member.read_text(encoding, |text| {
        for_each_line(text, |line, _| {
            n_lines += 1;
            // A line that is no object is told where it is read.
            let _ = keys.deserialize(&mut serde_json::Deserializer::from_str(line));
            Ok(())
        })
    })?;
    if n_lines == 0 { Err(DataError::new(Problem::Empty, &file)) } else { Ok(keys.in_order) }
}

fn find(
    present: &[String],
    role: Role,
    named: Option<&str>,
    file: &Path,
) -> Result<Option<String>, DataError> {
    let found = find_column(present.iter().map(String::as_str), role, named, file)?;
    Ok(found.map(|place| present[place].clone()))
}

fn need(present: &[String], role: Role, named: Option<&str>, file: &Path) -> Result<String, DataError> {
    let names = || present.iter().map(String::as_str).collect::<Vec<_>>();
    find(present, role, named, file)?.ok_or_else(|| missing(role, &names(), file))
}

/// One line as an object; `None` (and counted) if bad lines are to be skipped.
fn object_of(line: &str, at: At<'_>, collector: &mut Collector) -> Result<Option<Object>, DataError> {
    match serde_json::from_str(line) {
        Ok(object) => Ok(Some(object)),
        Err(error) => {
            collector.bad_row(Problem::BadJson(shortened(&error.to_string())), None, at).map(|()| None)
        }
    }
}

/// A selection on a key that an object lacks does not hold.
fn is_selected(object: &Object, source: &Source) -> bool {
    let holds = |selection: &super::Selection| {
        object.get(&selection.column).and_then(scalar).is_some_and(|text| text == selection.value)
    };
    source.select.iter().all(holds)
}

/// A text or number (or truth value) as text.
fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(untyped_id(&number.to_string()).to_owned())),
        Value::Bool(truth) => Some(Cow::Borrowed(if *truth { "1" } else { "0" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn cell<'o>(object: &'o Object, key: Option<&str>) -> Cell<'o> {
    match key.map(|key| object.get(key)) {
        None => Cell::NoColumn,
        Some(Some(Value::Number(number))) => Cell::Number(number.as_f64().unwrap_or(f64::NAN)),
        Some(Some(Value::String(text))) => Cell::Text(text.trim()),
        Some(Some(Value::Bool(truth))) => Cell::Number(f64::from(u8::from(*truth))),
        Some(_) => Cell::Text(""),
    }
}
