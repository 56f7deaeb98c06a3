//! Sockets: where the server listens, and how it stops.

use crate::background::look_after;
use crate::clock;
use crate::hosts::Door;
use crate::listener::{ConnectionContext, Listener};
use crate::policies::Policies;
use crate::pool::{Pool, n_threads};
use crate::routes::routes;
use crate::state::App;
use crate::store::{RedisStore, SqliteStore, Store, Terms};
use crate::{Config, ServerError, StoreAt, Tls};
use serving::Served;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// A server that has its addresses.
pub struct Server {
    public: Listener,
    admin: Option<Listener>,
    app: Arc<App>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("listener", &self.public.socket)
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Opens the store and takes the addresses.
    ///
    /// # Errors
    /// When the store is refused, an address is taken, or no thread can be had.
    pub async fn bind(config: Config, policy: Served) -> Result<Self, ServerError> {
        if !clock::is_plain(SystemTime::now()) {
            return Err(ServerError::Clock);
        }
        let tls = config.tls.as_ref().map(Tls::acceptor).transpose()?;
        if let Some(path) = config.watch.as_ref().filter(|path| !path.is_dir()) {
            return Err(ServerError::Watch { path: path.clone() });
        }
        if let Some(addr) = config.admin.filter(|addr| config.keys.is_empty() && !addr.ip().is_loopback()) {
            return Err(ServerError::AdminAddr { addr });
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
        let at = |addr: SocketAddr| move |source| ServerError::Listen { addr, source };
        let admin = match config.admin {
            None => None,
            // Within the machine nobody listens in, and no certificate names it.
            Some(addr) => {
                let tls = tls.clone().filter(|_| !addr.ip().is_loopback());
                Some(Listener::open(addr, tls, Door::Admin).map_err(at(addr))?)
            }
        };
        let addr = config.addr;
        let public = Listener::open(addr, tls, Door::Public).map_err(at(addr))?;
        let app = Arc::new(App::new(config, policies, pool, store)?);
        Ok(Self { public, admin, app })
    }

    /// Where it listens; the port is known here even where any was asked for.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn addr(&self) -> Result<SocketAddr, ServerError> {
        self.public.socket.local_addr().map_err(ServerError::Start)
    }

    /// Where it listens for administration, where that has an address of its own.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn admin_addr(&self) -> Result<Option<SocketAddr>, ServerError> {
        let addr = self.admin.as_ref().map(|listener| listener.socket.local_addr());
        addr.transpose().map_err(ServerError::Start)
    }

    /// Serves until `stop` is ready; then finishes what was begun, writes what waits, and joins its threads.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { public, admin, app } = self;
        let looking = look_after(&app);
        let context = ConnectionContext::new(app.clone(), routes(&app));
        tokio::select! {
            () = public.receive(&context) => {}
            () = receive(admin.as_ref(), &context) => {}
            () = stop => {}
        }
        drop((public, admin));
        app.drain();
        let until = Instant::now() + app.config.limits.drain;
        for task in looking {
            task.abort();
            // Aborted, as it was told to.
            let _ = task.await;
        }
        if tokio::time::timeout(app.config.limits.drain, context.graceful.shutdown()).await.is_err() {
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

/// Without a listener nobody ever comes.
async fn receive(listener: Option<&Listener>, context: &ConnectionContext) {
    match listener {
        Some(listener) => listener.receive(context).await,
        None => std::future::pending().await,
    }
}

/// What is waited for at the end, beyond the time to drain.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Serves a policy until the process is told to stop (interrupt, terminate or hang up). `ready` is called with the address,
/// and with that for administration where there is one.
///
/// # Errors
/// When the server cannot start.
pub fn serve(
    config: Config,
    policy: Served,
    ready: impl FnOnce(SocketAddr, Option<SocketAddr>),
) -> Result<(), ServerError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(n_threads(&config.limits)).enable_all().build();
    let runtime = runtime.map_err(ServerError::Start)?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        let server = Server::bind(config, policy).await?;
        ready(server.addr()?, server.admin_addr()?);
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
