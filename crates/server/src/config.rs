//! What a server is told when it starts.

use crate::{AccessLog, Attributes, Keys, Network, Runs, Site, Tls, Trial};
use axum::http::HeaderValue;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where it listens, what it keeps where, whom it lets in.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub addr: SocketAddr,
    /// An address for administration alone. Without keys there is no administration at any other, and this one has to be
    /// a loopback address: whoever gets there may do everything.
    pub admin: Option<SocketAddr>,
    /// Where sessions and feedback are kept.
    pub store: StoreAt,
    /// Who may call; without keys everybody, but for administration.
    pub keys: Keys,
    /// Certificate and key; plain connections without them.
    pub tls: Option<Tls>,
    /// A folder in which new artefacts appear.
    pub watch: Option<PathBuf>,
    /// A challenger from the start.
    pub trial: Option<Trial>,
    /// How much is taken on.
    pub limits: Limits,
    /// The runs that the console compares, if any.
    pub runs: Option<Arc<dyn Runs>>,
    /// What items can be filtered by, beside their categories.
    pub attributes: Arc<Attributes>,
    /// Where a line is written for every request, if anywhere.
    pub access_log: Option<AccessLog>,
    /// How long a session is kept after its last event; for ever where it is not said.
    pub keep: Option<Duration>,
    /// Whether a Redis server that may evict what is kept is used all the same.
    pub accepts_eviction: bool,
    /// Sites whose pages may call, as browsers name them (`https://shop.example`); administration is not for them.
    pub origins: Vec<HeaderValue>,
    /// Names under which it can be reached beside the address that it listens on: where a proxy stands before it.
    pub sites: Vec<Site>,
    /// Proxies whose word counts about the name that their client used, and behind which are many clients.
    pub proxies: Vec<Network>,
}

impl Config {
    /// The usual server: no keys, plain connections, nothing watched or tried out.
    pub fn new(addr: SocketAddr, store: StoreAt) -> Self {
        Self {
            addr,
            admin: None,
            store,
            keys: Keys::default(),
            tls: None,
            watch: None,
            trial: None,
            limits: Limits::default(),
            runs: None,
            attributes: Arc::default(),
            access_log: None,
            keep: None,
            accepts_eviction: false,
            origins: Vec::new(),
            sites: Vec::new(),
            proxies: Vec::new(),
        }
    }
}

/// Where sessions and feedback are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreAt {
    /// In one file of this server alone.
    File(PathBuf),
    /// On a Redis or Valkey server at a URL, for several replicas.
    Redis(String),
}

impl std::fmt::Display for StoreAt {
    /// A URL without its user and password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Redis(url) => match (url.split_once("://"), url.rsplit_once('@')) {
                (Some((scheme, _)), Some((_, rest))) => write!(f, "{scheme}://{rest}"),
                _ => f.write_str(url),
            },
        }
    }
}

impl From<&str> for StoreAt {
    /// A URL such as `redis://HOST:PORT`, or a file.
    fn from(text: &str) -> Self {
        let schemes = ["redis:", "rediss:", "valkey:", "valkeys:"];
        let is_url = text.contains("://") || schemes.iter().any(|scheme| text.starts_with(scheme));
        if is_url { Self::Redis(text.to_owned()) } else { Self::File(text.into()) }
    }
}

/// How much is taken on before more is refused.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests that are ranked at once.
    pub n_threads: usize,
    /// Requests that wait for their turn.
    pub n_waiting: usize,
    /// Open connections; one client has at most half of them.
    pub n_connections: usize,
    /// Sessions whose state is kept in memory; the others are built again from the store.
    pub n_sessions: usize,
    /// The most time a request may take, body included.
    pub deadline: Duration,
    /// The most time a client may take for its headers.
    pub header_deadline: Duration,
    /// The most time an answer may lie without a part of it being taken.
    pub write_deadline: Duration,
    /// The most time open requests get to finish when the server stops.
    pub drain: Duration,
    /// How often the watched folder and what other replicas changed are looked at.
    pub look: Duration,
    /// How often the store is tried, so that readiness tells the truth.
    pub probe: Duration,
    /// How often sessions that were not used for long are looked for.
    pub tidy: Duration,
    /// Reads of the store at once.
    pub n_readers: usize,
    /// What the states of sessions may take in memory, about; the others are built again from the store.
    pub sessions_bytes: usize,
    /// The most answers of a session.
    pub session_answers: usize,
    /// The most events of a session: its start, slates and answers.
    pub session_events: usize,
    /// The most bytes of a session, about.
    pub session_bytes: usize,
    /// The largest body.
    pub body_bytes: usize,
    /// The longest headers of a request.
    pub head_bytes: usize,
    /// What unfinished headers of all clients may hold in memory, beside the first few of each.
    pub heads_bytes: usize,
    /// What unfinished bodies of all clients may hold in memory.
    pub bodies_bytes: usize,
    /// What answers may hold in memory that their clients have not taken.
    pub answers_bytes: usize,
    /// The longest slate.
    pub k: usize,
    /// The longest history.
    pub history: usize,
    /// The most feedback at once.
    pub batch: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let n_threads = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            n_threads,
            n_waiting: 64 * n_threads,
            n_connections: 4096,
            n_sessions: 1024,
            deadline: Duration::from_secs(5),
            header_deadline: Duration::from_secs(10),
            write_deadline: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            look: Duration::from_secs(1),
            probe: Duration::from_secs(2),
            tidy: Duration::from_secs(600),
            n_readers: n_threads.clamp(2, 8),
            sessions_bytes: 256 << 20,
            session_answers: 10_000,
            session_events: 20_000,
            session_bytes: 16 << 20,
            body_bytes: 1 << 20,
            head_bytes: 16 << 10,
            heads_bytes: 16 << 20,
            bodies_bytes: 64 << 20,
            answers_bytes: 128 << 20,
            k: 100,
            history: 1000,
            batch: 1000,
        }
    }
}
