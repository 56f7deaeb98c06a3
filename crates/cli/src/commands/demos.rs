//! `demos`: an expert's sessions.

use super::collect;
use crate::context::{EnvironmentArgs, Global, SettingsArgs};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::stage::agents;
use crate::stage::model::{ModelArgs, Opener};
use ::agents::{Models as _, Terms};
use artefact::{Claim, Kind};
use demonstrations::{
    AgentAccount, Demos, DemosDescription, Format, GroundingCounts, Hub, ImportOptions, Origin,
};
use environment::ExitRule;
use experiment::{Domain, import_demonstrations};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use world_model::Side;

/// Subcommands of `demos`.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum DemosCommand {
    /// Read logged traces or ranked lists and play them in the train world
    Import {
        /// billp (trajectories, original or one per line) or lists (user, rank, title or item)
        #[arg(value_parser = ["billp", "lists"])]
        format: String,
        /// A file, or a folder with files of the format
        #[arg(long, value_name = "PATH")]
        input: PathBuf,
        /// Deal the users of the records out anew, with the seed: a control in which whose taste a record shows says nothing
        #[arg(long)]
        shuffle_users: bool,
        /// Who makes the vectors for grounding by embedding, where letters leave a title open: minilm:FOLDER,
        /// openai:MODEL or replay:CASSETTE; [default: character n-grams]
        #[arg(long, value_name = "URI")]
        embedder: Option<String>,
        #[command(flatten)]
        model: ModelArgs,
        #[command(flatten)]
        place: Box<Place>,
    },
    /// Let a language model's agents, or a stand-in, recommend to training users in the train world
    Collect(Box<collect::CollectArgs>),
    /// Grounding, lengths, returns, repeats, cost
    Describe {
        /// The demos directory
        demos: PathBuf,
    },
    /// One session, readably
    Show {
        /// The demos directory
        demos: PathBuf,
        /// The user's id in the log [default: the first session's]
        #[arg(long)]
        user: Option<String>,
    },
}

/// Where demonstrations are played and written.
#[derive(clap::Args, Debug)]
pub(crate) struct Place {
    /// The dataset directory
    #[arg(long)]
    pub(super) data: PathBuf,
    /// The world directory
    #[arg(long)]
    pub(super) world: PathBuf,
    /// The demos directory to write
    #[arg(long, value_name = "DEMOS")]
    pub(super) out: PathBuf,
    #[command(flatten)]
    pub(super) environment: EnvironmentArgs,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    demos: &'a Path,
    #[serde(flatten)]
    description: DemosDescription,
}

/// Runs a subcommand of `demos`.
pub(crate) fn run(command: &DemosCommand, global: &Global) -> Result<(), Failure> {
    match command {
        DemosCommand::Import { format, input, shuffle_users, embedder, model, place } => {
            let shuffle_users = shuffle_users.then(|| global.seed());
            let given = ImportOptions { shuffle_users, ..Default::default() };
            import((format, input), given, (embedder.as_deref(), model), place, global)
        }
        DemosCommand::Collect(arguments) => collect::run(arguments, global),
        DemosCommand::Describe { demos } => answer(&Demos::open(demos)?.0, demos, global),
        DemosCommand::Show { demos, user } => show(demos, user.as_deref(), global),
    }
}

fn import(
    (format, input): (&str, &Path),
    given: ImportOptions,
    (embedder, model): (Option<&str>, &ModelArgs),
    place: &Place,
    global: &Global,
) -> Result<(), Failure> {
    let layers = place.settings.layers(&given)?;
    if place.settings.prints(&layers, global)? {
        return Ok(());
    }
    let options: ImportOptions = layers.resolve()?;
    let format = Format::of(format).ok_or_else(|| Failure::input(format!("no format `{format}`")))?;
    let claim = global.claim(Kind::Demos, &place.out, "demos import")?;
    let opener = Opener::new(model.read()?);
    let terms = Terms { run: agents::run_folder(&place.out), ..Terms::default() };
    let embedder = embedder.map(|address| opener.open_embedder(address, &terms)).transpose();
    let embedder = embedder.map_err(collect::not_opened)?;
    let domain = Domain::open(&place.data, &place.world)?;
    let environment = place.environment.settings().environment(&domain.world, Side::Train)?;
    let scene = domain.scene(&environment);
    let shown = Progress::new("demos import");
    let made = import_demonstrations(&scene, (format, input), &options, embedder.as_deref())?;
    drop(shown);
    if let Origin::Imported { report } = &made.origin {
        tracing::info!("{}", report.summary());
    }
    store(&made, (&domain, &claim), (&options, environment.rule()), place, global)
}

pub(super) fn store(
    made: &Demos,
    (domain, claim): (&Domain, &Claim),
    (options, rule): (&impl Serialize, &ExitRule),
    place: &Place,
    global: &Global,
) -> Result<(), Failure> {
    let environment = place.environment.settings();
    let config = serde_json::json!({ "options": options, "environment": environment, "rule": rule });
    domain.save_demonstrations(made, config, global.seed(), claim)?;
    answer(made, &place.out, global)
}

fn answer(demos: &Demos, path: &Path, global: &Global) -> Result<(), Failure> {
    let description = demonstrations::describe(demos);
    let mut text = for_people(&description);
    text.push_str(&grounding_for_people(&description.grounding));
    if let Some(agents) = &description.agents {
        text.push_str(&agents_for_people(agents));
    }
    global.format().emit(&Answer { demos: path, description }, &text)
}

fn for_people(d: &DemosDescription) -> String {
    let exits: Vec<String> = d.exits.iter().map(|(how, n)| format!("{how} {n}")).collect();
    let g = &d.grounding;
    format!(
        "source     {}\nsessions   {} of {} users\nsteps      {}, {} different items, {} repeats\n\
         grounding  exact {}, normalised {}, fuzzy {}, embedding {}, rejected {}\n\
         mean       length {:.1}, return {:.1}, reward per step {:.2}\nends       {}",
        d.source,
        d.episodes,
        d.users,
        d.steps,
        d.distinct_items,
        d.repeats,
        g.exact,
        g.normalised,
        g.fuzzy,
        g.embedding,
        g.rejected,
        d.len,
        d.r_traj,
        d.r_each,
        exits.join(", ")
    )
}

/// How many hubs, and how many rejected texts, are named.
const N_NAMED: usize = 3;
/// From so many different texts on, an item is called a hub.
const TEXTS_OF_A_HUB: u64 = 3;

/// What counts alone do not say of grounding: how far matches were, where texts met, what was refused.
fn grounding_for_people(g: &GroundingCounts) -> String {
    let mut text = String::new();
    if g.fuzzy + g.embedding > 0 {
        text.push_str(&format!("\ndistance   {:.2} on average where letters differ", g.mean_distance));
    }
    let hub = |h: &Hub| format!("{} ({} texts, {} answers)", brief(&h.title), h.distinct_texts, h.steps);
    let refused = |(said, n): &(String, u64)| format!("`{}` {n} times", brief(said));
    for (label, all) in [
        (
            "hubs",
            g.hubs
                .iter()
                .filter(|h| h.distinct_texts >= TEXTS_OF_A_HUB)
                .take(N_NAMED)
                .map(hub)
                .collect::<Vec<_>>(),
        ),
        ("rejected", g.rejected_texts.iter().take(N_NAMED).map(refused).collect()),
    ] {
        if !all.is_empty() {
            text.push_str(&format!("\n{label:<10} {}", all.join(", ")));
        }
    }
    text
}

/// The beginning of a text, on one line.
fn brief(text: &str) -> String {
    const LONGEST: usize = 60;
    let text = catalogue::one_line(text);
    let start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() { start + "…" } else { start }
}

fn agents_for_people(account: &AgentAccount) -> String {
    let counts = |counts: &BTreeMap<String, u64>| match counts.is_empty() {
        true => "none".to_owned(),
        false => counts.iter().map(|(what, n)| format!("{what} {n}")).collect::<Vec<_>>().join(", "),
    };
    let mut text = String::new();
    for (agent, c) in &account.calls {
        text.push_str(&format!(
            "\n{agent:<10} {} calls ({} failed), {} tokens in ({} reused), {} out, {:.0} s",
            c.answered, c.failed, c.tokens_in, c.tokens_reused, c.tokens_out, c.seconds
        ));
    }
    text.push_str(&format!("\nmisread    {}", counts(&account.misunderstood)));
    text.push_str(&format!("\nreminders  {}", counts(&account.reminders)));
    for (why, n) in &account.failures {
        text.push_str(&format!("\nfailed     {n} calls: {why}"));
    }
    if account.steps_abandoned > 0 {
        text.push_str(&format!("\nabandoned  {} steps without an item", account.steps_abandoned));
    }
    if let Some(why) = &account.stopped {
        text.push_str(&format!("\nstopped    {why}; run the same command again to go on"));
    }
    text
}

fn show(path: &Path, user: Option<&str>, global: &Global) -> Result<(), Failure> {
    let demos = Demos::open(path)?.0;
    let found = match user {
        None => demos.demonstrations.first(),
        Some(id) => demos.demonstrations.iter().find(|demo| demo.user_id == id),
    };
    let Some(demo) = found else {
        let id = user.unwrap_or_default();
        return Err(Failure::input(format!("no demonstration of user `{id}`: {}", path.display()))
            .hint("users are named by their id in the log"));
    };
    let (source, n) = (demonstrations::describe(&demos).source, demos.demonstrations.len());
    let head = format!("{source}: one of {n} sessions, --user names another\n\n");
    let shown = match terminal_size::terminal_size() {
        Some((terminal_size::Width(columns), _)) => demonstrations::show_within(demo, usize::from(columns)),
        None => demonstrations::show(demo),
    };
    global.format().emit(demo, &(head + &shown))
}
