//! `data`: logs in, datasets out, described.

mod answer;
mod preview;

pub(super) use preview::text as preview_text;

use crate::context::{Global, SettingsArgs};
use crate::failure::Failure;
use crate::stage::serving_log;
use answer::answer;
use artefact::{Claim, Kind, Lock};
use data::{
    BadRows, ColumnMap, Dataset, Decimal, Encoding, FieldSeparator, Format, ImportOptions, ItemIdMap,
    ScaleChoice, Selection, Source,
};
use server::StoreAt;
use std::path::{Path, PathBuf};

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
    /// The log: a file, folder, zip or pipe, also packed (gz, xz, zst); of serving-log the store, a file or redis://…
    #[arg(long, value_name = "PATH", requires = "format")]
    input: Option<PathBuf>,
    /// The items file, where the layout does not bring one or another is wanted
    #[arg(long, value_name = "PATH")]
    items: Option<PathBuf>,
    /// Names of columns that are not recognised: user=..,item=..,rating=..,time=..,title=..,genres=..,
    /// propensity=..; `time=` for none
    #[arg(long, value_name = "ROLE=COLUMN,..", default_value = "", hide_default_value = true)]
    map: ColumnMap,
    /// The scale of the ratings: auto, counts, positive or LO..HI
    #[arg(long, default_value = "auto")]
    scale: ScaleChoice,
    /// Keep only rows with this value in this column; may be repeated
    #[arg(long, value_name = "COLUMN=VALUE")]
    select: Vec<Selection>,
    /// A rating that means "not rated", such as 99, -1, NaN or NULL; may be repeated
    #[arg(long, value_name = "RATING", allow_negative_numbers = true)]
    missing: Vec<String>,
    /// What stands between the fields of delimited text: auto, tab, blank, :: or one character
    #[arg(long, value_name = "SEPARATOR", default_value = "auto", allow_hyphen_values = true)]
    separator: FieldSeparator,
    /// What stands before the decimals of numbers: auto, `.` or `,`
    #[arg(long, value_name = "CHARACTER", default_value = "auto")]
    decimal: Decimal,
    /// The first line is a row; columns are called 1, 2, 3: --map user=1,item=2,rating=3
    #[arg(long)]
    no_header: bool,
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
    /// Show the first rows as they are understood, and write nothing
    #[arg(long)]
    preview: bool,
    /// The dataset directory to write
    #[arg(long, value_name = "DATA", required_unless_present_any = ["preview", "print_config"])]
    out: Option<PathBuf>,
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
    if arguments.preview {
        return preview::show(&options, global);
    }
    let out = arguments.out()?;
    let claim = global.claim(Kind::Dataset, out, "data import")?;
    let dataset = crate::stage::data::import(&options, &claim, global.seed())?;
    answer(&dataset, out, global)
}

/// Feedback becomes a dataset, with the probability with which a policy had chosen what was answered. By session and with
/// the policy's hash, those answers stand beside it, too, in `OUT.propensities.csv`.
fn import_serving_log(arguments: &Import, global: &Global) -> Result<(), Failure> {
    let input = arguments.input.as_deref().ok_or_else(|| Failure::input("no store to import"))?;
    let at = input.to_str().map_or_else(|| StoreAt::File(input.to_owned()), StoreAt::from);
    let held = arguments.claim_serving_log(global)?;
    let log = serving_log::read(&at)?;
    let folder = tempfile::tempdir().map_err(|e| Failure::writing(&std::env::temp_dir(), &e))?;
    let ratings = folder.path().join("ratings.csv");
    std::fs::write(&ratings, &log.ratings).map_err(|e| Failure::writing(&ratings, &e))?;
    let scale = "1..5".parse().map_err(|e: data::Problem| Failure::input(e.to_string()))?;
    let columns = ColumnMap { propensity: Some("propensity".to_owned()), ..ColumnMap::default() };
    let source = Source { scale, columns, ..Source::new(Format::Csv, &ratings) };
    let given = arguments.options_of(vec![source]);
    let layers = arguments.settings.layers(&given)?;
    if arguments.settings.prints(&layers, global)? {
        return Ok(());
    }
    let options: ImportOptions = layers.resolve()?;
    if arguments.preview {
        return preview::show(&options, global);
    }
    let (out, Some((claim, beside, _lock))) = (arguments.out()?, &held) else { return Ok(()) };
    let (dataset, _) = data::import(&options)?;
    // The manifest names the store, not the table in between.
    let config = serde_json::json!({ "format": SERVING_LOG, "input": at.to_string() });
    dataset.save(claim, global.seed(), config)?;
    artefact::replace_file(beside, log.chosen.as_bytes())?;
    answer(&dataset, out, global)
}

impl Import {
    fn out(&self) -> Result<&Path, Failure> {
        self.out.as_deref().ok_or_else(|| Failure::input("no directory to write").hint("name it: --out DATA"))
    }

    /// The right to write the dataset and the table beside it, unless nothing is to be written.
    fn claim_serving_log(&self, global: &Global) -> Result<Option<(Claim, PathBuf, Lock)>, Failure> {
        if self.preview || self.settings.print_config {
            return Ok(None);
        }
        let out = self.out()?;
        let claim = global.claim(Kind::Dataset, out, "data import")?;
        let mut beside = out.to_owned().into_os_string();
        beside.push(".propensities.csv");
        let beside = PathBuf::from(beside);
        let lock = global.claim_file(&beside, |begin| begin.starts_with(serving_log::CHOSEN.as_bytes()))?;
        Ok(Some((claim, beside, lock)))
    }

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
            missing: self.missing.iter().collect(),
            separator: self.separator,
            decimal: self.decimal,
            no_header: self.no_header,
            item_ids: self.item_ids.clone(),
            user_prefix: self.user_prefix.clone(),
            ..Source::new(format, input)
        }))
    }
}
