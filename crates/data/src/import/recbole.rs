//! RecBole's atomic files. The columns say their types (`user_id:token`); sequences stand in `token_seq`.

use super::importer::Importer;
use super::items::{self, Titles};
use super::{Format, ImportOptions, Source, log, sequences, table_of};
use crate::DataError;
use crate::collect::Collector;
use crate::input::{Input, Member, Role, Separator, Table, find_column, plain_name};

/// How it is read.
pub(super) const IMPORTER: Importer =
    Importer { format: Format::Recbole, name: "recbole", is_text: true, list_items, read_rows };

/// Tabs as published; whatever the header shows where another `field_separator` was set.
const TAB: Separator = Separator::TabOrGuess;

/// Lists the items of the `.item` file, if there is one.
pub(super) fn list_items(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    match &input.matching(|name| name.ends_with(".item"))[..] {
        [] => Ok(()),
        [member] => {
            let separator = items::separator_of(member, source, TAB, options.encoding)?;
            let titles = Titles::AsTheyAre;
            items::read_own(member, separator, &source.columns, titles, options.encoding, collector)
        }
        members => Err(input.several(members)),
    }
}

/// Reads NAME.inter, or the parts NAME.train.inter, NAME.valid.inter and NAME.test.inter in this order, as one
/// log. Rows with a list of items (sequential benchmarks) stand for the list and then the row's own item.
pub(super) fn read_rows(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let members = parts(input)?;
    for (place, member) in members.iter().enumerate() {
        member.read_text(options.encoding, |text| {
            let table = table_of(text, source, TAB)?;
            let name = (place == 0).then(|| member.name());
            if let Some(list) = list_column(&table, source)? {
                return sequences::read_table(table, source, list, name, collector);
            }
            log::read_table(table, source, name, collector)
        })?;
    }
    Ok(())
}

/// The column that holds lists of items: of those that hold tokens, the one the user named, or that is called so. A
/// review is a sequence of tokens too.
fn list_column(table: &Table<'_>, source: &Source) -> Result<Option<usize>, DataError> {
    let named = source.columns.item.as_deref().filter(|named| {
        let is_it = |name: &&String| name.ends_with(":token_seq") && plain_name(name) == plain_name(named);
        table.header().iter().any(|name| is_it(&name))
    });
    let names = table.header().iter().map(|name| if name.ends_with(":token_seq") { name } else { "" });
    find_column(names, Role::Sequence, named, table.file())
}

fn parts(input: &Input) -> Result<Vec<&Member>, DataError> {
    if let Some(member) = input.single() {
        return Ok(vec![member]);
    }
    let is_part = |name: &str| PARTS.iter().any(|end| name.ends_with(end));
    let whole = input.matching(|name| name.ends_with(".inter") && !is_part(name));
    let of_part = |end: &&str| input.matching(|name| name.ends_with(*end));
    let parts: Vec<Vec<&Member>> = PARTS.iter().map(of_part).collect();
    if let Some(members) = [&whole].into_iter().chain(&parts).find(|members| members.len() > 1) {
        return Err(input.several(members));
    }
    let members = if whole.is_empty() { parts.concat() } else { whole };
    if members.is_empty() { Err(input.lacks("`.inter` file")) } else { Ok(members) }
}

const PARTS: [&str; 3] = [".train.inter", ".valid.inter", ".test.inter"];
