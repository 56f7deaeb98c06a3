//! `serve`: HTTP service and console.

use crate::context::Global;
use crate::failure::Failure;
use crate::stage::runs::Folder;
use crate::stage::served::{self, Parts};
use serde::Serialize;
use server::{AccessLog, Attributes, Config, Keys, Limits, Mode, Network, Runs, Site, Tls, Trial};
use serving::Served;
use std::net::{SocketAddr, ToSocketAddrs as _};
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
    /// An address for administration alone; without keys there is none elsewhere, and this one has to be a loopback
    /// address, since whoever gets there may do everything
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    admin_addr: Option<SocketAddr>,
    /// A file with a key a line, `api KEY`, `console KEY` (that, and the console) or `admin KEY` (that, and administration)
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Where browsers reach it through a proxy, such as `https://shop.example/rec`; may be given several times. Requests
    /// that name any other host than this, a loopback name or the address above are refused
    #[arg(long, value_name = "URL")]
    public_url: Vec<Site>,
    /// A proxy whose word counts about the name that its client used, and which has many clients: an address, or a network
    /// such as `10.0.0.0/8`; may be given several times
    #[arg(long, value_name = "IP[/BITS]")]
    trust_proxy: Vec<Network>,
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

/// A site as browsers name it, which has no path.
fn origin(text: &str) -> Result<String, String> {
    let site = text.parse::<Site>().ok().filter(|site| site.path().is_empty());
    let site = site.ok_or(
        "an origin is a scheme, a host, and a port where it is not the usual one: https://shop.example",
    )?;
    Ok(site.origin().to_owned())
}

#[derive(Serialize)]
struct Answer {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_url: Option<String>,
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
    let (sites, proxies) = (arguments.public_url.clone(), arguments.trust_proxy.clone());
    let usual = Config { admin: arguments.admin_addr, sites, proxies, ..usual };
    let has_keys = !keys.is_empty();
    let config = Config { keys, tls, watch, trial, limits, runs, attributes, access_log, origins, ..usual };
    let hash = policy.hash().to_owned();
    let format = global.format();
    server::serve(config, policy, move |addr, admin| {
        let url = format!("{scheme}://{addr}/");
        let admin_url = admin.map(|addr| {
            let scheme = if addr.ip().is_loopback() { "http" } else { scheme };
            format!("{scheme}://{addr}/")
        });
        let sign_in = if has_keys {
            "\nto sign in to the console: any name, and a key for it (`console` or `admin`) as the password"
        } else {
            ""
        };
        let mut text = format!("serving policy {hash} at {url}{sign_in}");
        if let Some(url) = &admin_url {
            text.push_str(&format!("\nadministration at {url}admin/policies"));
        }
        // Whoever closed standard output does not want to know.
        let _ = format.emit(&Answer { url, admin_url, policy: hash }, &text);
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
