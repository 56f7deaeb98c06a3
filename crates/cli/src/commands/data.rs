//! `data`: logs in, datasets out, described.

use crate::context::{Global, SettingsArgs};
use crate::failure::Failure;
use crate::stage::serving_log;
use crate::table::grouped;
use data::{
    BadRows, ColumnMap, Dataset, Description, Encoding, Format, ImportOptions, ItemIdMap, ScaleChoice,
    Selection, Source,
};
use serde::Serialize;
use server::StoreAt;
use std::path::PathBuf;

/// Subcommands of `data`.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum DataCommand {
    /// Read an interaction log into a dataset directory
    Import(Box<Import>),
    /// Counts, density, ratings, coverage, what was dropped
    Describe {
        /// The dataset directory
        data: PathBuf,
    },
}

/// Arguments of `data import`.
#[derive(clap::Args, Debug)]
pub(crate) struct Import {
    /// The layout of the log; with --config it can stand there
    #[arg(value_parser = formats(), required_unless_present_any = ["config", "set", "print_config"], requires = "input")]
    format: Option<String>,
    /// The log: a file, folder or zip; `.gz` is read everywhere; of serving-log the store, a file or redis://…
    #[arg(long, value_name = "PATH", requires = "format")]
    input: Option<PathBuf>,
    /// The items file, where the layout does not bring one or another is wanted
    #[arg(long, value_name = "PATH")]
    items: Option<PathBuf>,
    /// Names of columns that are not recognised: user=..,item=..,rating=..,time=..,title=..,genres=..
    #[arg(long, value_name = "ROLE=COLUMN,..", default_value = "", hide_default_value = true)]
    map: ColumnMap,
    /// The scale of the ratings: auto, counts, positive or LO..HI
    #[arg(long, default_value = "auto")]
    scale: ScaleChoice,
    /// Keep only rows with this value in this column; may be repeated
    #[arg(long, value_name = "COLUMN=VALUE")]
    select: Vec<Selection>,
    /// A rating that means "not rated", such as 99
    #[arg(long, value_name = "RATING", allow_negative_numbers = true)]
    missing: Option<f32>,
    /// A table that translates the log's item ids into those of the items file, and its two columns
    #[arg(long, value_name = "PATH:FROM=TO")]
    item_ids: Option<ItemIdMap>,
    /// Put before every user id, so that users of different logs stay apart
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    user_prefix: String,
    /// The encoding of text files: utf-8 or windows-1252
    #[arg(long, default_value = "utf-8")]
    encoding: Encoding,
    /// Leave out and count rows that cannot be understood, instead of stopping
    #[arg(long)]
    skip_bad_rows: bool,
    /// Leave out rows of items that the items file does not have
    #[arg(long)]
    only_listed_items: bool,
    /// Leave out items with fewer interactions than this
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_item_interactions: u32,
    /// Leave out users with fewer interactions than this
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_user_interactions: u32,
    /// The dataset directory to write
    #[arg(long, value_name = "DATA")]
    out: PathBuf,
    /// Several logs are `[[sources]]` of a settings file, with the keys that a run's `[data.import]` has; paths are
    /// relative to the working directory
    #[command(flatten)]
    settings: SettingsArgs,
}

/// The store of `ilrec serve`, beside the formats of logs.
const SERVING_LOG: &str = "serving-log";

fn formats() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(Format::ALL.map(Format::name).into_iter().chain([SERVING_LOG]))
}

#[derive(Serialize)]
struct Answer<'a> {
    data: &'a std::path::Path,
    #[serde(flatten)]
    description: &'a Description,
}

/// Runs a subcommand of `data`.
pub(crate) fn run(command: &DataCommand, global: &Global) -> Result<(), Failure> {
    match command {
        DataCommand::Import(arguments) if arguments.format.as_deref() == Some(SERVING_LOG) => {
            import_serving_log(arguments, global)
        }
        DataCommand::Import(arguments) => import(arguments, global),
        DataCommand::Describe { data } => answer(&Dataset::open(data)?.0, data, global),
    }
}

fn import(arguments: &Import, global: &Global) -> Result<(), Failure> {
    let given = arguments.options()?;
    let layers = arguments.settings.layers(&given)?;
    if arguments.settings.prints(&layers, global)? {
        return Ok(());
    }
    let options: ImportOptions = layers.resolve()?;
    if options.sources.is_empty() {
        return Err(
            Failure::input("no log to import").hint("give FORMAT and --input, or [[sources]] in --config")
        );
    }
    if !given.sources.is_empty() && options.sources != given.sources {
        return Err(Failure::input("the log is given twice: as arguments, and as `sources` in the settings")
            .hint("list all logs under [[sources]]"));
    }
    let dataset = crate::stage::data::import(&options, &arguments.out, global.seed())?;
    answer(&dataset, &arguments.out, global)
}

/// Feedback becomes a dataset; with which probability a policy had chosen what was answered stands beside it, in
/// `OUT.propensities.csv`.
fn import_serving_log(arguments: &Import, global: &Global) -> Result<(), Failure> {
    let input = arguments.input.as_deref().ok_or_else(|| Failure::input("no store to import"))?;
    let at = input.to_str().map_or_else(|| StoreAt::File(input.to_owned()), StoreAt::from);
    let log = serving_log::read(&at)?;
    let folder = tempfile::tempdir().map_err(|e| Failure::writing(&std::env::temp_dir(), &e))?;
    let ratings = folder.path().join("ratings.csv");
    std::fs::write(&ratings, &log.ratings).map_err(|e| Failure::writing(&ratings, &e))?;
    let scale = "1..5".parse().map_err(|e: data::Problem| Failure::input(e.to_string()))?;
    let source = Source { scale, ..Source::new(Format::Csv, &ratings) };
    let given = arguments.options_of(vec![source]);
    let layers = arguments.settings.layers(&given)?;
    if arguments.settings.prints(&layers, global)? {
        return Ok(());
    }
    let (dataset, _) = data::import(&layers.resolve()?)?;
    // The manifest names the store, not the table in between.
    let config = serde_json::json!({ "format": SERVING_LOG, "input": at.to_string() });
    dataset.save(&arguments.out, global.seed(), config)?;
    let mut beside = arguments.out.clone().into_os_string();
    beside.push(".propensities.csv");
    artefact::replace_file(std::path::Path::new(&beside), log.chosen.as_bytes())?;
    answer(&dataset, &arguments.out, global)
}

impl Import {
    /// What the arguments say, before the settings.
    fn options(&self) -> Result<ImportOptions, Failure> {
        Ok(self.options_of(self.source()?.into_iter().collect()))
    }

    fn options_of(&self, sources: Vec<Source>) -> ImportOptions {
        ImportOptions {
            items: self.items.clone(),
            only_listed_items: self.only_listed_items,
            min_item_interactions: self.min_item_interactions,
            min_user_interactions: self.min_user_interactions,
            bad_rows: if self.skip_bad_rows { BadRows::Skip } else { BadRows::Refuse },
            encoding: self.encoding,
            ..ImportOptions::of(sources)
        }
    }

    fn source(&self) -> Result<Option<Source>, Failure> {
        let (Some(format), Some(input)) = (&self.format, &self.input) else { return Ok(None) };
        let format: Format = format.parse().map_err(|e: data::Problem| Failure::input(e.to_string()))?;
        Ok(Some(Source {
            columns: self.map.clone(),
            scale: self.scale,
            select: self.select.clone(),
            missing: self.missing,
            item_ids: self.item_ids.clone(),
            user_prefix: self.user_prefix.clone(),
            ..Source::new(format, input)
        }))
    }
}

fn answer(dataset: &Dataset, path: &std::path::Path, global: &Global) -> Result<(), Failure> {
    let description = data::describe(dataset);
    global.format().emit(&Answer { data: path, description: &description }, &for_people(&description))
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
    let mut rows = vec![
        ("users", format!("{} with {} interactions", count(d.users), spread(d.per_user))),
        ("items", format!("{} with {} interactions", count(d.items), spread(d.per_item))),
        ("interactions", format!("{}, density {:.3} %", count(d.interactions), 100.0 * d.density)),
        ("coverage", format!("{:.1} % of the items have interactions", 100.0 * d.catalogue_coverage)),
        ("categories", format!("{}; {} items without", d.categories, count(d.items_without_category))),
        ("time", clock),
        ("mean rating", format!("{:.2} on 1 to 5", d.rating_mean)),
        ("ratings", d.rating_histogram.map(count).join(" ") + "  (1.0, 1.5, .. 4.5 and over)"),
        ("hash", d.hash.clone()),
    ];
    let counted = |key: String, tally: &data::Tally| {
        let first = tally.first.as_ref().map(|place| format!(", first at {place}")).unwrap_or_default();
        (key, format!("{} rows{first}", grouped(tally.n)))
    };
    let dropped = d.import.dropped.iter().map(|(reason, tally)| counted(word("left out", reason), tally));
    let warned = d.import.warnings.iter().map(|(warning, tally)| counted(word("noticed", warning), tally));
    let notes: Vec<(String, String)> = dropped.chain(warned).collect();
    rows.extend(notes.iter().map(|(key, text)| (key.as_str(), text.clone())));
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    rows.iter().map(|(key, text)| format!("{key:<width$}  {text}\n")).collect()
}

/// The name of a reason as the JSON has it.
fn word(what: &str, reason: &impl Serialize) -> String {
    let name = serde_json::to_value(reason).ok().and_then(|value| value.as_str().map(str::to_owned));
    format!("{what}: {}", name.unwrap_or_default().replace('_', " "))
}
