//! The layouts of MovieLens: `ratings.csv` + `movies.csv` (latest), `ratings.dat` + `movies.dat` (1M, 10M),
//! `u.data` + `u.item` (100K), and `pairs.csv` where the ratings are left out.

use super::categories::Categories;
use super::importer::Importer;
use super::items::{self, Shelf, Titles};
use super::{Format, ImportOptions, Source, log, table_of};
use crate::collect::{At, Collector};
use crate::input::{ColumnMap, Encoding, Input, Member, Separator, Table};
use crate::understood::Understood;
use crate::{DataError, Problem, Warning};

/// How it is read.
pub(super) const IMPORTER: Importer =
    Importer { format: Format::Movielens, name: "movielens", is_text: true, list_items, read_rows };

const RATINGS: [&str; 4] = ["userId", "movieId", "rating", "timestamp"];
const MOVIES: [&str; 3] = ["movieId", "title", "genres"];

/// The flags at the end of a line of `u.item`, in order; the first means that no genre is known.
const GENRES_100K: [&str; 19] = [
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
];
/// Fields of `u.item` before the flags: id, title, two dates, address.
const FIELDS_BEFORE_FLAGS: usize = 5;

/// Lists the movies that stand beside the ratings.
pub(super) fn list_items(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let Some(member) = input.find(&["movies.csv", "movies.dat", "u.item"])? else {
        return Ok(());
    };
    if member.base_name() == "movies.csv" {
        let (columns, titles) = (&source.columns, Titles::WithYear);
        return items::read_own(member, Separator::Guess, columns, titles, options.encoding, collector);
    }
    let mut shelf = Shelf::new(&member.shown_path());
    list_file(member, &source.columns, options.encoding, &mut shelf, collector)?;
    shelf.place(collector)
}

/// Puts the movies of `movies.dat` or `u.item` on the shelf.
pub(super) fn list_file(
    member: &Member,
    columns: &ColumnMap,
    encoding: Encoding,
    shelf: &mut Shelf,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let encoding = encoding_of(member, encoding, collector)?;
    member.read_text(encoding, |text| {
        if member.base_name() == "movies.dat" {
            let table = Table::open(text, Separator::Colons, Some(&MOVIES))?;
            return items::read_table(table, columns, Titles::AsTheyAre, shelf, collector);
        }
        list_100k(Table::open(text, Separator::Byte(b'|'), Some(&["movie id"]))?, shelf, collector)
    })
}

/// Reads the ratings.
pub(super) fn read_rows(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let member = match input.single() {
        Some(member) => Some(member),
        None => input.find(&["ratings.csv", "ratings.dat", "u.data", "pairs.csv"])?,
    };
    let member = member.ok_or_else(|| input.lacks("ratings.csv, ratings.dat, u.data or pairs.csv"))?;
    let (separator, header): (_, Option<&[&str]>) = match member.base_name() {
        "u.data" => (Separator::Byte(b'\t'), Some(&RATINGS)),
        name if name.ends_with(".dat") => (Separator::Colons, Some(&RATINGS)),
        _ => (Separator::Guess, None),
    };
    member.read_text(options.encoding, |text| {
        let table = match header {
            Some(_) => Table::open(text, Separator::of(source.separator, separator), header)?,
            None => table_of(text, source, separator)?,
        };
        log::read_table(table, source, Some(member.name()), collector)
    })
}

fn list_100k(mut table: Table<'_>, shelf: &mut Shelf, collector: &mut Collector) -> Result<(), DataError> {
    let understood = Understood::of_items(MOVIES.into_iter(), 0, Some(1), Some(2));
    collector.items_file(&items::shown_name(table.file()), understood);
    while table.advance()? {
        let expected = FIELDS_BEFORE_FLAGS + GENRES_100K.len();
        if table.n_fields() != expected {
            return Err(table.error(Problem::FieldCount { expected, got: table.n_fields() }));
        }
        let is_set = |flag: usize| table.field(FIELDS_BEFORE_FLAGS + flag) == "1";
        let genres = (1..GENRES_100K.len()).filter(|&flag| is_set(flag)).map(|flag| GENRES_100K[flag]);
        shelf.push(table.field(0), table.field(1), Categories::named(genres), table.line());
    }
    Ok(())
}

/// The older editions are in Latin-1, copies of them in UTF-8: a file that is not UTF-8 is read as
/// windows-1252, and that is counted as a warning.
fn encoding_of(member: &Member, wanted: Encoding, collector: &mut Collector) -> Result<Encoding, DataError> {
    let whole = member.read_text(wanted, |text| {
        let mut table = Table::open(text, Separator::Byte(b'\n'), Some(&[]))?;
        while table.advance()? {}
        Ok(())
    });
    match whole {
        Err(error) if matches!(error.problem(), Problem::NotUtf8 { .. }) => {
            let line = error.line().unwrap_or(0);
            collector.warn(Warning::ReadAsWindows1252, At { file: &member.shown_path(), line });
            Ok(Encoding::Windows1252)
        }
        Err(error) => Err(error),
        Ok(()) => Ok(wanted),
    }
}
