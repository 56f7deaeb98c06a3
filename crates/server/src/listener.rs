//! One address that the server listens on: who comes in, and what happens on a connection.

use crate::budget::Budget;
use crate::clock;
use crate::connection::{ConnectionState, TimedStream};
use crate::connection_limit::{ConnectionLimit, WaitingRoom};
use crate::hosts::{self, Door, Inner};
use crate::problem::Problem;
use crate::state::App;
use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// A listening socket, and which door it is.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) door: Door,
}

/// What all connections of a server share.
pub(crate) struct ConnectionContext {
    pub(crate) app: Arc<App>,
    pub(crate) routes: Router,
    pub(crate) graceful: GracefulShutdown,
    /// Of headers that are not complete, and of answers that were not taken.
    pub(crate) heads: Arc<Budget>,
    pub(crate) answers: Arc<Budget>,
}

impl ConnectionContext {
    pub(crate) fn new(app: Arc<App>, routes: Router) -> Self {
        let limits = &app.config.limits;
        let (heads, answers) = (Budget::new(limits.heads_bytes), Budget::new(limits.answers_bytes));
        Self { app, routes, graceful: GracefulShutdown::new(), heads, answers }
    }
}

/// ConnectionContext for administration, which nobody else takes.
const ADMIN_CONNECTIONS: usize = 64;
/// Descriptors for all that is no connection: the store, policies, standard streams.
const OTHER_FILES: usize = 128;
/// Connections that the system holds until they are let in. Where a crowd comes at once and there is no room for one more, its
/// client tries again after a second, also if it asks about health. The system may allow fewer.
const BACKLOG: u32 = 4096;
/// The most time for the headers of who is beyond the limit.
const WAITING_PATIENCE: Duration = Duration::from_secs(1);

/// How many connections of clients the system allows beside everything else.
fn n_connections(wanted: usize) -> usize {
    let Some(most) = n_descriptors() else { return wanted };
    let room = most.saturating_sub(OTHER_FILES + WaitingRoom::CAPACITY + ADMIN_CONNECTIONS).max(1);
    if room < wanted {
        tracing::warn!("{room} connections at once instead of {wanted}: the system allows {most} open files");
    }
    room.min(wanted)
}

/// How many files the process may have open, where the system tells.
fn n_descriptors() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let state = limits.lines().find_map(|state| state.strip_prefix("Max open files"))?;
    state.split_whitespace().next()?.parse().ok()
}

impl Listener {
    /// Takes an address.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn open(addr: SocketAddr, tls: Option<TlsAcceptor>, door: Door) -> std::io::Result<Self> {
        let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // On Windows this would let another program take the same address.
        if cfg!(not(windows)) {
            socket.set_reuseaddr(true)?;
        }
        socket.bind(addr)?;
        Ok(Self { socket: socket.listen(BACKLOG)?, tls, door })
    }

    /// Lets clients in for as long as it is asked to. Who is beyond the limit is answered in the waiting room.
    pub(crate) async fn receive(&self, context: &ConnectionContext) {
        const RETRY: Duration = Duration::from_millis(20);
        const MOMENT: Duration = Duration::from_millis(1);
        let limits = &context.app.config.limits;
        let most = match self.door {
            Door::Public => n_connections(limits.n_connections),
            Door::Admin => ADMIN_CONNECTIONS,
        };
        // Half for one client, so that there is something left for others.
        let open_connections = ConnectionLimit::new(most, most.div_ceil(2));
        let mut waiting_room = WaitingRoom::default();
        loop {
            let (stream, peer) = match self.socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: some connection has to end first.
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!("connection of {peer}: {error}");
            }
            let is_many = hosts::is_trusted(&context.app.config.proxies, peer.ip());
            let permit = open_connections.take(peer.ip(), is_many);
            let is_admitted = permit.is_some();
            let connection = Connection {
                peer,
                door: self.door,
                is_admitted,
                tls: self.tls.clone(),
                app: context.app.clone(),
                routes: context.routes.clone(),
                watcher: context.graceful.watcher(),
                state: ConnectionState::new(&context.heads, &context.answers),
            };
            let task = tokio::spawn(async move {
                connection.go(stream).await;
                drop(permit);
            });
            if !is_admitted && waiting_room.admit(task.abort_handle()) {
                tokio::time::sleep(MOMENT).await;
            }
        }
    }
}

/// A connection from its beginning to its end.
struct Connection {
    peer: SocketAddr,
    door: Door,
    is_admitted: bool,
    tls: Option<TlsAcceptor>,
    app: Arc<App>,
    routes: Router,
    watcher: Watcher,
    state: Arc<ConnectionState>,
}

impl Connection {
    async fn go(self, stream: TcpStream) {
        let peer = self.peer;
        if !clock::is_plain(SystemTime::now()) {
            return self.turn_away(stream).await;
        }
        let outcome = match self.tls.clone() {
            None => self.serve(stream).await,
            Some(tls) => match tokio::time::timeout(self.patience(), tls.accept(stream)).await {
                Ok(Ok(stream)) => self.serve(stream).await,
                Ok(Err(error)) => return tracing::debug!("connection of {peer}: {error}"),
                Err(_) => return tracing::debug!("connection of {peer}: no handshake in time"),
            },
        };
        if let Err(error) = outcome {
            tracing::debug!("connection of {peer}: {error}");
        }
    }

    fn patience(&self) -> Duration {
        let patience = self.app.config.limits.header_deadline;
        if self.is_admitted { patience } else { patience.min(WAITING_PATIENCE) }
    }

    async fn serve<S>(self, stream: S) -> Result<(), hyper::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = self.app.config.limits;
        let patience = self.patience();
        let stream = TimedStream::new(stream, self.state.clone(), limits.write_deadline);
        let mut builder = hyper::server::conn::http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(patience)
            .max_buf_size(limits.head_bytes.max(SMALLEST_HEAD))
            .half_close(true)
            .keep_alive(self.is_admitted);
        let Self { peer, door, is_admitted, app, routes, watcher, state, .. } = self;
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(door);
            answer((app.clone(), state.clone()), routes.clone(), is_admitted, request)
        });
        watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await
    }

    /// The HTTP library writes dates, and cannot do that where the clock has none.
    async fn turn_away(self, stream: TcpStream) {
        const SAID: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
            connection: close\r\n\r\n{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\
            \"detail\":\"the clock of the server is before 1970 or after 9998\"}";
        tracing::error!("the clock of this machine is before 1970 or after 9998: set it");
        // Whoever has gone already hears nothing.
        if stream.writable().await.is_ok() {
            let _ = stream.try_write(SAID);
        }
    }
}

/// The least that the HTTP library reads into.
const SMALLEST_HEAD: usize = 8192;

/// One request. A client beyond the limit hears about health alone.
async fn answer(
    (app, state): (Arc<App>, Arc<ConnectionState>),
    routes: Router,
    is_admitted: bool,
    mut request: Request<Body>,
) -> Result<Response<Body>, Infallible> {
    state.begin().await;
    let moved = match hosts::inner(&app.config.sites, request.uri()) {
        Inner::Same => None,
        Inner::Beneath(path) => Some(moved(&path)),
        Inner::Other(uri) => {
            *request.uri_mut() = uri;
            None
        }
    };
    let is_heard = is_admitted || request.uri().path().starts_with("/health/");
    let response = match moved {
        Some(moved) => moved,
        None if is_heard => routes.oneshot(request).await?,
        None => closing(Problem::busy("all connections are taken, or all that one client may have")),
    };
    // A body of ours says how long it is.
    let n_bytes = response.body().size_hint().exact().unwrap_or_default() as usize;
    if state.end(n_bytes) {
        return Ok(response);
    }
    Ok(closing(Problem::busy("too many answers wait to be taken by their clients")))
}

fn moved(path: &str) -> Response<Body> {
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    if let Ok(value) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// An answer after which the connection ends.
pub(crate) fn closing(problem: Problem) -> Response<Body> {
    let mut response = problem.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
