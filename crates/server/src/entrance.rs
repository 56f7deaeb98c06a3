//! One address that the server listens on: who comes in, and what happens on a connection.

use crate::budget::Budget;
use crate::clock;
use crate::hosts::{self, Door, Inner};
use crate::line::{Line, Watched};
use crate::problem::Problem;
use crate::seats::{Hall, Seats};
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
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// A listening socket, and which door it is.
pub(crate) struct Entrance {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) door: Door,
}

/// What all connections of a server share.
pub(crate) struct House {
    pub(crate) app: Arc<App>,
    pub(crate) routes: Router,
    pub(crate) graceful: GracefulShutdown,
    /// Of headers that are not complete, and of answers that were not taken.
    pub(crate) heads: Arc<Budget>,
    pub(crate) answers: Arc<Budget>,
}

impl House {
    pub(crate) fn new(app: Arc<App>, routes: Router) -> Self {
        let limits = &app.config.limits;
        let (heads, answers) = (Budget::new(limits.heads_bytes), Budget::new(limits.answers_bytes));
        Self { app, routes, graceful: GracefulShutdown::new(), heads, answers }
    }
}

/// Seats for administration, which nobody else takes.
const ADMIN_SEATS: usize = 64;
/// Descriptors for all that is no connection: the store, policies, standard streams.
const OTHER_FILES: usize = 128;
/// The most time for the headers of who has no seat.
const HALL_PATIENCE: Duration = Duration::from_secs(1);

/// How many connections of clients the system allows beside everything else.
fn n_seats(wanted: usize) -> usize {
    let Some(most) = n_descriptors() else { return wanted };
    let room = most.saturating_sub(OTHER_FILES + Hall::ROOM + ADMIN_SEATS).max(1);
    if room < wanted {
        tracing::warn!("{room} connections at once instead of {wanted}: the system allows {most} open files");
    }
    room.min(wanted)
}

/// How many files the process may have open, where the system tells.
fn n_descriptors() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

impl Entrance {
    /// Takes an address.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) async fn open(
        addr: SocketAddr,
        tls: Option<TlsAcceptor>,
        door: Door,
    ) -> std::io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(addr).await?, tls, door })
    }

    /// Lets clients in for as long as it is asked to. Who finds no seat is answered in the hall.
    pub(crate) async fn receive(&self, house: &House) {
        const RETRY: Duration = Duration::from_millis(20);
        let limits = &house.app.config.limits;
        let most = match self.door {
            Door::Public => n_seats(limits.n_connections),
            Door::Admin => ADMIN_SEATS,
        };
        // Half for one client, so that there is something left for others.
        let seats = Seats::new(most, most.div_ceil(2));
        let mut hall = Hall::default();
        loop {
            let (stream, peer) = match self.listener.accept().await {
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
            let is_many = hosts::is_trusted(&house.app.config.proxies, peer.ip());
            let seat = seats.take(peer.ip(), is_many);
            let has_seat = seat.is_some();
            let visit = Visit {
                peer,
                door: self.door,
                has_seat,
                tls: self.tls.clone(),
                app: house.app.clone(),
                routes: house.routes.clone(),
                watcher: house.graceful.watcher(),
                line: Line::new(&house.heads, &house.answers),
            };
            let task = tokio::spawn(async move {
                visit.go(stream).await;
                drop(seat);
            });
            if !has_seat {
                hall.admit(task.abort_handle());
            }
        }
    }
}

/// A connection from its beginning to its end.
struct Visit {
    peer: SocketAddr,
    door: Door,
    has_seat: bool,
    tls: Option<TlsAcceptor>,
    app: Arc<App>,
    routes: Router,
    watcher: Watcher,
    line: Arc<Line>,
}

impl Visit {
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
        if self.has_seat { patience } else { patience.min(HALL_PATIENCE) }
    }

    async fn serve<S>(self, stream: S) -> Result<(), hyper::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = self.app.config.limits;
        let patience = self.patience();
        let stream = Watched::new(stream, self.line.clone(), limits.write_deadline);
        let mut builder = hyper::server::conn::http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(patience)
            .max_buf_size(limits.head_bytes.max(SMALLEST_HEAD))
            .half_close(true)
            .keep_alive(self.has_seat);
        let Self { peer, door, has_seat, app, routes, watcher, line, .. } = self;
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(door);
            answer((app.clone(), line.clone()), routes.clone(), has_seat, request)
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

/// One request. A client without a seat hears about health alone.
async fn answer(
    (app, line): (Arc<App>, Arc<Line>),
    routes: Router,
    has_seat: bool,
    mut request: Request<Body>,
) -> Result<Response<Body>, Infallible> {
    line.begin().await;
    let moved = match hosts::inner(&app.config.sites, request.uri()) {
        Inner::Same => None,
        Inner::Beneath(path) => Some(moved(&path)),
        Inner::Other(uri) => {
            *request.uri_mut() = uri;
            None
        }
    };
    let is_heard = has_seat || request.uri().path().starts_with("/health/");
    let response = match moved {
        Some(moved) => moved,
        None if is_heard => routes.oneshot(request).await?,
        None => closing(Problem::busy("all connections are taken, or all that one client may have")),
    };
    // A body of ours says how long it is.
    let n_bytes = response.body().size_hint().exact().unwrap_or_default() as usize;
    if line.end(n_bytes) {
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
