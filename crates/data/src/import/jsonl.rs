//! JSON: logs, sequences and items, one object per line or in one list. What Python prints is read as well.

use super::categories::Categories;
use super::importer::{Importer, no_items};
use super::items::{Shelf, id_column};
use super::layout::Layout;
use super::unused::Unused;
use super::{Format, ImportOptions, Source, sequences};
use crate::collect::{At, Cell, Collector, RawRow};
use crate::error::shortened;
use crate::input::{
    ColumnMap, Encoding, Input, JSON_ENDS, Literal, Member, Object, Records, Role, find_column, missing,
    untyped_id,
};
use crate::understood::{Understood, names};
use crate::{DataError, Problem};
use std::collections::HashSet;
use std::path::Path;

/// How it is read.
pub(super) const IMPORTER: Importer =
    Importer { format: Format::Jsonl, name: "jsonl", is_text: false, list_items: no_items, read_rows };

/// Keys that are kept: files with more have keys that are values.
const MOST_KEYS: usize = 1_000;

/// Reads one interaction per object. Parts of one log are read one after another.
pub(super) fn read_rows(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let members = input.log(&JSON_ENDS)?;
    let mut present = Vec::new();
    for member in &members {
        match keys_of(member, options.encoding) {
            Err(error) if members.len() > 1 && matches!(error.problem(), Problem::Empty) => {}
            keys => present.extend(keys?),
        }
    }
    let mut known = HashSet::new();
    present.retain(|key| known.insert(key.clone()));
    let file = if let [member] = members[..] { member.shown_path() } else { input.path().to_owned() };
    if present.is_empty() {
        return Err(DataError::new(Problem::Empty, &file));
    }
    let names: Vec<&str> = present.iter().map(String::as_str).collect();
    let layout = Layout::of(&names, source, &file)?;
    let name = if let [member] = members[..] { member.name().to_owned() } else { input.name() };
    layout.begin(source, &name, collector)?;
    let mut unused = layout.unused();
    for member in members {
        read_log(member, &layout, (&names, source), options.encoding, &mut unused, collector)?;
    }
    unused.report(collector);
    Ok(())
}

fn read_log(
    member: &Member,
    layout: &Layout,
    (names, source): (&[&str], &Source),
    encoding: Encoding,
    unused: &mut Unused,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let [rating, time, propensity] =
        [layout.rating, layout.time, layout.propensity].map(|key| key.map(|key| names[key]));
    let mut wanted: Vec<&str> = vec![names[layout.user], names[layout.item]];
    wanted.extend(rating.into_iter().chain(time).chain(propensity));
    wanted.extend(unused.wanted().into_iter().map(|column| names[column]));
    for_each_object(member, &wanted, source, encoding, collector, |object, at, collector| {
        if !is_selected(object, source) {
            collector.not_selected(at);
            return Ok(());
        }
        for column in unused.wanted() {
            if let Some(value) = object.get(names[column]).and_then(Literal::scalar) {
                unused.see_value(column, value);
            }
        }
        let text = |key: usize| object.get(names[key]).and_then(id_of).unwrap_or_default();
        let [rating, time, propensity] = [rating, time, propensity].map(|key| cell(object, key));
        let (user, item) = (text(layout.user), text(layout.item));
        collector.push(RawRow { user, item, rating, time, propensity }, at)
    })
}

/// Reads one sequence per object. Begins a log where it is given a name for it; else one was begun.
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
    for_each_object(member, &[&user, &list], source, encoding, collector, |object, at, collector| {
        let user = object.get(&user).and_then(id_of).unwrap_or_default();
        let Some(Literal::List(values)) = object.get(&list) else {
            let problem = Problem::BadJson(format!("`{list}` is not a list"));
            return collector.bad_row(problem, Some(&list), at);
        };
        let ids = values.iter().map(|value| id_of(value).unwrap_or_default());
        sequences::push(user, ids, is_selected(object, source), at, collector)
    })
}

/// Puts one item per object on the shelf; categories may be a list, objects with names, or one field.
pub(super) fn list_items(
    member: &Member,
    columns: &ColumnMap,
    encoding: Encoding,
    shelf: &mut Shelf,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let file = member.shown_path();
    let present = keys_of(member, encoding)?;
    let names: Vec<&str> = present.iter().map(String::as_str).collect();
    let id = id_column(&names, columns, &file)?;
    let title = find_column(names.iter().copied(), Role::Title, columns.title.as_deref(), &file)?;
    let genres = find_column(names.iter().copied(), Role::Genres, columns.genres.as_deref(), &file)?;
    collector.items_file(member.name(), Understood::of_items(names.iter().copied(), id, title, genres));
    let name = |column: usize| names[column];
    let (title, genres) = (title.map(name), genres.map(name));
    let wanted: Vec<&str> = [Some(names[id]), title, genres].into_iter().flatten().collect();
    member.read_text(encoding, |text| {
        let mut records = Records::new(text);
        while let Some((record, line)) = records.advance()? {
            let object = match Object::parse(record, |key| wanted.contains(&key)) {
                Ok(object) => object,
                Err(error) => {
                    collector.bad_item(Problem::BadJson(error.to_string()), At { file: &file, line })?;
                    continue;
                }
            };
            let value = |key: Option<&str>| key.and_then(|key| object.get(key));
            let text = |key: Option<&str>| value(key).and_then(Literal::scalar).unwrap_or_default();
            let categories = value(genres).map_or(Categories::Names(Vec::new()), Categories::of_literal);
            let id = value(Some(names[id])).and_then(id_of).unwrap_or_default();
            shelf.push(id, text(title), categories, line);
        }
        Ok(())
    })
}

/// Hands out every object with the keys that are wanted or that a selection names. What is no object is counted if
/// such rows are to be skipped.
fn for_each_object(
    member: &Member,
    wanted: &[&str],
    source: &Source,
    encoding: Encoding,
    collector: &mut Collector,
    mut take: impl FnMut(&Object<'_>, At<'_>, &mut Collector) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let file = member.shown_path();
    let selected = |key: &str| source.select.iter().any(|selection| selection.column == key);
    member.read_text(encoding, |text| {
        let mut records = Records::new(text);
        while let Some((record, line)) = records.advance()? {
            let at = At { file: &file, line };
            let is_wanted = |key: &str| wanted.contains(&key) || selected(key);
            match Object::parse(record, is_wanted) {
                Ok(object) => take(&object, at, collector)?,
                Err(error) => {
                    collector.bad_row(Problem::BadJson(shortened(&error.to_string())), None, at)?;
                }
            }
        }
        Ok(())
    })
}

/// The keys of all objects, in order of appearance; of files with more kinds of keys, the first.
///
/// # Errors
/// When there is no object: what the first record is instead.
fn keys_of(member: &Member, encoding: Encoding) -> Result<Vec<String>, DataError> {
    let file = member.shown_path();
    let (mut keys, mut known) = (Vec::new(), HashSet::new());
    let (mut first_error, mut n_objects) = (None, 0u64);
    member.read_text(encoding, |text| {
        let mut records = Records::new(text);
        while let Some((record, line)) = records.advance()? {
            let mut found: Vec<String> = Vec::new();
            let note = |key: &str| {
                if keys.len() < MOST_KEYS && !known.contains(key) {
                    found.push(key.to_owned());
                }
                false
            };
            match Object::parse(record, note) {
                Ok(_) => {
                    n_objects += 1;
                    let new = found.into_iter().filter(|key| known.insert(key.clone()));
                    keys.extend(new.take(MOST_KEYS));
                }
                // It is told where it is read, unless there is nothing else.
                Err(error) => {
                    first_error.get_or_insert((error.to_string(), line));
                }
            }
        }
        Ok(())
    })?;
    match first_error {
        Some((what, line)) if n_objects == 0 => {
            Err(DataError::new(Problem::BadJson(what), &file).at_line(line))
        }
        _ if n_objects == 0 => Err(DataError::new(Problem::Empty, &file)),
        _ => Ok(keys),
    }
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

/// A selection on a key that an object lacks does not hold.
fn is_selected(object: &Object<'_>, source: &Source) -> bool {
    let holds = |selection: &super::Selection| {
        object.get(&selection.column).and_then(Literal::scalar).is_some_and(|text| text == selection.value)
    };
    source.select.iter().all(holds)
}

/// An id: a whole number that was written with a fraction of zeros is the number.
fn id_of<'l>(value: &'l Literal<'_>) -> Option<&'l str> {
    let text = value.scalar()?.trim();
    Some(if matches!(value, Literal::Number(_)) { untyped_id(text) } else { text })
}

fn cell<'o>(object: &'o Object<'_>, key: Option<&str>) -> Cell<'o> {
    match key.map(|key| object.get(key)) {
        None => Cell::NoColumn,
        Some(Some(Literal::Number(number))) => Cell::Number(number.parse().unwrap_or(f64::NAN)),
        Some(Some(Literal::Text(text))) => Cell::Text(text.trim()),
        Some(Some(Literal::Truth(truth))) => Cell::Number(f64::from(u8::from(*truth))),
        Some(_) => Cell::Text(""),
    }
}
