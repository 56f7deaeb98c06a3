//! `serve`: HTTP service and console.

use crate::context::Global;
use crate::failure::Failure;
use crate::stage::runs::Folder;
use crate::stage::served::{self, Parts};
use serde::Serialize;
use server::{AccessLog, Attributes, Config, Keys, Limits, Mode, Runs, Tls, Trial};
use serving::Served;
use std::net::{Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `serve`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// A policy directory, or an artefact of `export`
    #[arg(long)]
    policy: PathBuf,
    /// Where to listen; without keys anybody who gets there may call
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    addr: SocketAddr,
    /// Where sessions and feedback are kept: a file, made where it is not there, or for several replicas
    /// `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]` (`rediss` for TLS; in a password %40 stands for @, %2F for /)
    #[arg(long, value_name = "FILE|URL", default_value = "ilrec-serving.sqlite")]
    store: String,
    /// Forget sessions this long after their last event, such as 90d, 12h or 30m; without it everything is kept
    #[arg(long, value_name = "TIME", value_parser = span)]
    keep: Option<Duration>,
    /// Use a Redis server although it may evict what is kept, withdrawn items and answers among it
    #[arg(long)]
    accept_eviction: bool,
    /// A file with a key a line, `api KEY` or `admin KEY`
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// A directory of runs that the console compares
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// A folder to watch: a new artefact in it is checked, self-tested and served; an unsound one is refused
    #[arg(long, value_name = "DIR")]
    watch: Option<PathBuf>,
    /// An artefact on trial beside the policy
    #[arg(long, value_name = "ARTEFACT")]
    challenger: Option<PathBuf>,
    /// Which share of the users the challenger answers, always the same ones [default: 0.5, of a shadow 1]
    #[arg(long, value_name = "0..1", requires = "challenger")]
    share: Option<f64>,
    /// The challenger answers nobody: what it would have shown is compared
    #[arg(long, requires = "challenger")]
    shadow: bool,
    /// The server's certificate, then those between it and the root, as PEM: encrypted connections alone
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// A CSV file with a header to filter items by: ids first, an attribute in every other column
    #[arg(long, value_name = "FILE")]
    attributes: Option<PathBuf>,
    /// A file to which a line of JSON is added for every request; to rotate it, copy and truncate
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    /// A site whose pages may call (CORS), such as `https://shop.example`; may be given several times
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    allow_origin: Vec<String>,
    /// The most milliseconds a request may take
    #[arg(long, value_name = "MS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..))]
    deadline_ms: u64,
}

/// An address, or a name and a port.
fn address(text: &str) -> Result<SocketAddr, String> {
    let mut found =
        text.to_socket_addrs().map_err(|error| format!("{error} (HOST:PORT, such as 0.0.0.0:8080)"))?;
    found.next().ok_or_else(|| "the name has no address".to_owned())
}

/// A number of days, hours, minutes or seconds.
fn span(text: &str) -> Result<Duration, String> {
    const WANTED: &str = "a number with d, h, m or s, such as 90d";
    let text = text.trim();
    let unit = text.chars().last().ok_or(WANTED)?;
    let seconds = match unit {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        's' => 1,
        _ => return Err(WANTED.into()),
    };
    let number: u64 = text.trim_end_matches(unit).parse().map_err(|_| WANTED)?;
    // A store counts in milliseconds.
    const MOST: u64 = 100_000 * 86_400;
    match number.checked_mul(seconds) {
        Some(0) => Err("keeping nothing leaves no session to answer in".into()),
        Some(seconds) if seconds <= MOST => Ok(Duration::from_secs(seconds)),
        _ => Err("that is more than 100,000 days".into()),
    }
}

/// A site as browsers name it: in lower case, without the port that its scheme has anyway.
fn origin(text: &str) -> Result<String, String> {
    let lower = text.to_lowercase();
    let (scheme, authority) = lower.split_once("://").unwrap_or_default();
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (authority, None),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let inner = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_host = match inner {
        Some(ip) => ip.parse::<Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.chars().all(is_name),
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let usual = match scheme {
        "https" => "443",
        "http" => "80",
        _ => return Err(ORIGIN.into()),
    };
    match port.filter(|port| *port != usual) {
        _ if !(is_host && is_port) => Err(ORIGIN.into()),
        None => Ok(format!("{scheme}://{name}")),
        Some(port) => Ok(format!("{scheme}://{name}:{port}")),
    }
}

const ORIGIN: &str =
    "an origin is a scheme, a host, and a port where it is not the usual one: https://shop.example";

#[derive(Serialize)]
struct Answer {
    url: String,
    policy: String,
}

/// Serves until it is interrupted.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let policy = open(&arguments.policy)?;
    let keys = arguments.keys.as_deref().map(Keys::read).transpose()?.unwrap_or_default();
    let limits = Limits { deadline: Duration::from_millis(arguments.deadline_ms), ..Limits::default() };
    let limits = Limits { n_threads: global.threads.map_or(limits.n_threads, usize::from), ..limits };
    if keys.is_empty() && !arguments.addr.ip().is_loopback() {
        tracing::warn!("no --keys: everybody who can reach {} may call", arguments.addr);
    }
    let runs = arguments.runs.clone().map(folder_of_runs).transpose()?;
    let trial = arguments.challenger.clone().map(|path| {
        let (mode, usual) = if arguments.shadow { (Mode::Shadow, 1.0) } else { (Mode::Split, 0.5) };
        Trial { path, mode, share: arguments.share.unwrap_or(usual), salt: None }
    });
    let tls = arguments.tls_cert.clone().zip(arguments.tls_key.clone());
    let tls = tls.map(|(cert, key)| Tls { cert, key });
    let scheme = if tls.is_some() { "https" } else { "http" };
    let access_log = arguments.access_log.as_deref().map(AccessLog::open).transpose()?;
    let origins = arguments.allow_origin.iter().filter_map(|origin| origin.parse().ok()).collect();
    let attributes = arguments.attributes.as_deref().map(Attributes::read).transpose()?.unwrap_or_default();
    let (n_items, n_rows) = attributes.n_known(&policy);
    if n_items < n_rows {
        tracing::warn!("{} of {n_rows} rows of attributes are of no item of the policy", n_rows - n_items);
    }
    let (watch, attributes) = (arguments.watch.clone(), Arc::new(attributes));
    let usual = Config::new(arguments.addr, arguments.store.as_str().into());
    let usual = Config { keep: arguments.keep, accepts_eviction: arguments.accept_eviction, ..usual };
    let has_keys = !keys.is_empty();
    let config = Config { keys, tls, watch, trial, limits, runs, attributes, access_log, origins, ..usual };
    let hash = policy.hash().to_owned();
    let format = global.format();
    server::serve(config, policy, move |addr| {
        let url = format!("{scheme}://{addr}/");
        let sign_in =
            if has_keys { "\nto sign in to the console: any name, and a key as the password" } else { "" };
        let text = format!("serving policy {hash} at {url}{sign_in}");
        // Whoever closed standard output does not want to know.
        let _ = format.emit(&Answer { url, policy: hash }, &text);
    })?;
    Ok(())
}

/// The runs that the console compares.
fn folder_of_runs(folder: PathBuf) -> Result<Arc<dyn Runs>, Failure> {
    if folder.is_dir() {
        return Ok(Arc::new(Folder(folder)));
    }
    Err(Failure::input(format!("no such directory: {}", folder.display()))
        .hint("--runs names a run directory of `ilrec run` or `ilrec quickstart`, or one that has some"))
}

/// An artefact as it is; a policy by way of an artefact of its own, which is gone once it is mapped.
fn open(path: &Path) -> Result<Served, Failure> {
    let is_artefact =
        artefact::Manifest::of(path).is_some_and(|manifest| manifest.kind == artefact::Kind::Served);
    if is_artefact {
        return Ok(Served::open(path)?);
    }
    let folder = tempfile::tempdir().map_err(|e| Failure::writing(&std::env::temp_dir(), &e))?;
    let out = folder.path().join("artefact");
    served::export(&Parts::near(path), &out)?;
    Ok(Served::open(&out)?)
}
