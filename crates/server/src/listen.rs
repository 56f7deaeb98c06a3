//! Sockets: how many at once, how long a client may take, how a server stops.

use crate::keeper::look_after;
use crate::policies::Policies;
use crate::pool::{Pool, n_threads};
use crate::routes::routes;
use crate::state::App;
use crate::store::{RedisStore, SqliteStore, Store, Terms};
use crate::{Config, ServerError, StoreAt, Tls};
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use serving::Served;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// A server that has its address.
pub struct Server {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    app: Arc<App>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("listener", &self.listener)
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Opens the store and takes the address.
    ///
    /// # Errors
    /// When the store is refused, the address is taken, or no thread can be had.
    pub async fn bind(config: Config, policy: Served) -> Result<Self, ServerError> {
        let tls = config.tls.as_ref().map(Tls::acceptor).transpose()?;
        if let Some(path) = config.watch.as_ref().filter(|path| !path.is_dir()) {
            return Err(ServerError::Watch { path: path.clone() });
        }
        let policies = Policies::new(policy);
        if let Some(trial) = &config.trial {
            if !(0.0..=1.0).contains(&trial.share) {
                return Err(ServerError::Share { got: trial.share });
            }
            policies.try_out(trial.clone())?;
        }
        let store: Arc<dyn Store> = match &config.store {
            StoreAt::File(path) if config.keep.is_some() => Arc::new(SqliteStore::open_to_forget(path)?),
            StoreAt::File(path) => Arc::new(SqliteStore::open(path)?),
            StoreAt::Redis(addr) => {
                let terms = Terms { keep: config.keep, accepts_eviction: config.accepts_eviction };
                Arc::new(RedisStore::open_on(addr, terms)?)
            }
        };
        let pool = Pool::new(config.limits.n_threads, config.limits.n_waiting);
        let addr = config.addr;
        let listener =
            TcpListener::bind(addr).await.map_err(|source| ServerError::Listen { addr, source })?;
        let app = Arc::new(App::new(config, policies, pool, store)?);
        Ok(Self { listener, tls, app })
    }

    /// Where it listens; the port is known here even where any was asked for.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn addr(&self) -> Result<SocketAddr, ServerError> {
        self.listener.local_addr().map_err(ServerError::Start)
    }

    /// Serves until `stop` is ready; then finishes what was begun, writes what waits, and joins its threads.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, tls, app } = self;
        let looking = look_after(&app);
        let routes = routes(&app);
        let graceful = GracefulShutdown::new();
        let seats = Arc::new(Semaphore::new(app.config.limits.n_connections));
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = accept(&listener, &seats) => accepted,
                () = &mut stop => break,
            };
            let Some((stream, peer, seat)) = accepted else { continue };
            let routes = routes.clone();
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(ConnectInfo(peer));
                routes.clone().oneshot(request)
            });
            let patience = app.config.limits.header_deadline;
            let mut builder = hyper::server::conn::http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(patience);
            let (tls, watcher) = (tls.clone(), graceful.watcher());
            tokio::spawn(async move {
                let ended = match tls {
                    None => watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await,
                    Some(tls) => match tokio::time::timeout(patience, tls.accept(stream)).await {
                        Ok(Ok(stream)) => {
                            watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await
                        }
                        Ok(Err(error)) => return tracing::debug!("connection of {peer}: {error}"),
                        Err(_) => return tracing::debug!("connection of {peer}: no handshake in time"),
                    },
                };
                if let Err(error) = ended {
                    tracing::debug!("connection of {peer}: {error}");
                }
                drop(seat);
            });
        }
        drop(listener);
        app.drain();
        let until = Instant::now() + app.config.limits.drain;
        for task in looking {
            task.abort();
            // Aborted, as it was told to.
            let _ = task.await;
        }
        if tokio::time::timeout(app.config.limits.drain, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests did not finish in time");
        }
        // Whatever is still being read is for nobody any more; what was taken on to be written gets a moment in any case.
        app.store.stop_reading();
        let until = until.max(Instant::now() + LAST_MOMENT);
        let closing = tokio::task::spawn_blocking(move || {
            app.pool.close();
            app.store.close(until);
        });
        if closing.await.is_err() {
            tracing::error!("the store did not close as it should");
        }
    }
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

/// The next connection once there is a seat for it; until then clients wait in the system's queue.
async fn accept(listener: &TcpListener, seats: &Arc<Semaphore>) -> Option<Accepted> {
    const RETRY: Duration = Duration::from_millis(20);
    let seat = seats.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!("connection of {peer}: {error}");
            }
            Some((stream, peer, seat))
        }
        Err(error) => {
            // Out of file descriptors, mostly: some connection has to end first.
            tracing::warn!("cannot accept a connection: {error}");
            tokio::time::sleep(RETRY).await;
            None
        }
    }
}

/// What is waited for at the end, beyond the time to drain.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Serves a policy until the process is told to stop (interrupt, terminate or hang up). `ready` is called with the address.
///
/// # Errors
/// When the server cannot start.
pub fn serve(config: Config, policy: Served, ready: impl FnOnce(SocketAddr)) -> Result<(), ServerError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(n_threads(&config.limits)).enable_all().build();
    let runtime = runtime.map_err(ServerError::Start)?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        let server = Server::bind(config, policy).await?;
        ready(server.addr()?);
        server.run(stop).await;
        Ok::<_, ServerError>(())
    })?;
    // A thread that hangs in a read of a disk or a network is not waited for.
    runtime.shutdown_timeout(LAST_MOMENT);
    Ok(())
}

#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>, ServerError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(ServerError::Start)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServerError::Start)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(ServerError::Start)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> Result<impl Future<Output = ()>, ServerError> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
