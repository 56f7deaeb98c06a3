//! `init`: a run's file for somebody's log, with what was guessed of it shown first.

mod file;

use super::data::preview_text;
use crate::context::Global;
use crate::failure::Failure;
use crate::progress::to_stderr;
use data::{ColumnMap, Format, ImportOptions, Preview, Source};
use serde::Serialize;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

/// Arguments of `init`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The log: a file, folder or zip [default: asked for]
    #[arg(long, value_name = "PATH")]
    input: Option<PathBuf>,
    /// Its layout [default: the first that can read it]
    #[arg(long, value_name = "FORMAT", value_parser = clap::builder::PossibleValuesParser::new(Format::ALL.map(Format::name)))]
    format: Option<String>,
    /// The items file [default: items.csv, movies.csv and the like beside the log]
    #[arg(long, value_name = "PATH")]
    items: Option<PathBuf>,
    /// Names of columns that are not recognised: user=..,item=..,rating=..,time=..,title=..,genres=..
    #[arg(long, value_name = "ROLE=COLUMN,..", default_value = "", hide_default_value = true)]
    map: ColumnMap,
    /// The run's file to write
    #[arg(long, value_name = "RUN.toml", default_value = "run.toml")]
    out: PathBuf,
    /// Ask nothing: take what was guessed
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    file: &'a Path,
    format: &'static str,
    understood: String,
    rows: &'a [data::PreviewRow],
}

/// Rows that are shown.
const N_ROWS: usize = 10;

/// Names of items files that are looked for beside a log.
const ITEMS_FILES: [&str; 7] =
    ["items.csv", "items.tsv", "items.jsonl", "items.parquet", "movies.csv", "books.csv", "products.csv"];

/// Guesses, shows, asks, writes.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    if arguments.out.exists() && !global.force {
        return Err(Failure::input(format!("there is a file already: {}", arguments.out.display()))
            .hint("name another with --out, or replace it with --force"));
    }
    let input = match &arguments.input {
        Some(input) => input.clone(),
        None if arguments.yes => {
            return Err(Failure::input("no log is named").hint("name it: --input PATH"));
        }
        None => PathBuf::from(ask("the log (a file, folder or zip): ")?),
    };
    let (options, preview) = guess(arguments, &input)?;
    let understood = preview.dataset.report.understood().join("\n");
    let shown = preview_text(&preview);
    if !arguments.yes {
        to_stderr(&shown);
        let answer = ask(&format!("write {} for this log? [y/n] ", arguments.out.display()))?;
        if !matches!(answer.as_str(), "" | "y" | "Y" | "yes") {
            return Err(Failure::input("nothing was written")
                .hint("name columns with --map user=..,item=..,rating=.., the layout with --format"));
        }
    }
    let text = file::text(&options, &preview.dataset, &arguments.out)?;
    artefact::replace_file(&arguments.out, text.as_bytes())?;
    let answer = Answer {
        file: &arguments.out,
        format: options.sources[0].format.name(),
        understood,
        rows: &preview.rows,
    };
    let told = if arguments.yes { format!("{shown}\n") } else { String::new() };
    let out = arguments.out.display();
    global.format().emit(&answer, &format!("{told}wrote {out}\nnext: ilrec run {out}"))
}

/// The first layout that reads the log, and how the log begins in it.
fn guess(arguments: &Arguments, input: &Path) -> Result<(ImportOptions, Preview), Failure> {
    let formats = match &arguments.format {
        Some(name) => vec![name.parse().map_err(|e: data::Problem| Failure::input(e.to_string()))?],
        None => candidates(input),
    };
    let mut first = None;
    for format in formats {
        let mut options =
            ImportOptions::of(vec![Source { columns: arguments.map.clone(), ..Source::new(format, input) }]);
        let brings_items = matches!(format, Format::Movielens | Format::Recbole | Format::Billp);
        options.items = arguments.items.clone().or_else(|| beside(input).filter(|_| !brings_items));
        match data::preview(&options, N_ROWS) {
            Ok(preview) => return Ok((options, preview)),
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    Err(first.map_or_else(|| Failure::input("no layout to try"), Failure::from))
}

/// The layouts a path may have, the likeliest first.
fn candidates(input: &Path) -> Vec<Format> {
    let name = input.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if input.is_dir() || ends(&[".zip"]) {
        vec![Format::Movielens, Format::Recbole, Format::Billp, Format::Csv, Format::Parquet]
    } else if ends(&[".inter"]) {
        vec![Format::Recbole]
    } else if ends(&[".parquet", ".pq"]) {
        vec![Format::Parquet]
    } else if ends(&[".jsonl", ".ndjson", ".json"]) {
        vec![Format::Jsonl, Format::Sequences]
    } else if ends(&["u.data", ".dat"]) {
        vec![Format::Movielens, Format::Csv]
    } else {
        vec![Format::Csv, Format::Sequences, Format::Matrix]
    }
}

/// An items file in the same folder, with or without `.gz`.
fn beside(input: &Path) -> Option<PathBuf> {
    let folder = if input.is_dir() { input } else { input.parent()? };
    let names = ITEMS_FILES.iter().flat_map(|name| [(*name).to_owned(), format!("{name}.gz")]);
    names.map(|name| folder.join(name)).find(|path| path.is_file() && path.as_path() != input)
}

/// One line from somebody at a terminal.
fn ask(question: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::input("there is nobody to ask")
            .hint("name the log and take the guess: --input PATH --yes"));
    }
    to_stderr(question);
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|e| Failure::machine(format!("cannot read the answer: {e}")))?;
    Ok(line.trim().to_owned())
}
