//! What a server looks after beside its requests: the watched folder, what other replicas keep, whether the store works,
//! and what it may forget.

use crate::clock::now_millis;
use crate::state::App;
use crate::store::StoreError;
use crate::watch::watch;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior};

/// How long the store may take for a trial before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(3);

/// Starts all tasks of this kind.
pub(crate) fn look_after(app: &Arc<App>) -> Vec<JoinHandle<()>> {
    let mut tasks = vec![tokio::spawn(try_store(app.clone()))];
    let every = app.config.limits.look;
    if let Some(folder) = app.config.watch.clone() {
        tasks.push(tokio::spawn(watch(app.clone(), folder, every)));
    }
    if app.reading.is_shared() {
        tasks.push(tokio::spawn(refresh(app.clone(), every)));
    }
    if let Some(keep) = app.config.keep {
        tasks.push(tokio::spawn(forget(app.clone(), keep)));
    }
    tasks
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Writes and reads every few seconds, by the ways that requests take, and remembers whether that went well.
async fn try_store(app: Arc<App>) {
    let mut ticks = ticks(app.config.limits.probe);
    loop {
        ticks.tick().await;
        let until = Instant::now() + PATIENCE;
        let (written, read) = tokio::join!(write(&app, until), read(&app, until));
        app.health.find(written.and(read));
    }
}

async fn write(app: &App, until: Instant) -> Result<(), StoreError> {
    let (reply, answer) = oneshot::channel();
    // Whoever waited for it may have given up.
    let done = Box::new(move |outcome| drop(reply.send(outcome)));
    app.store.append(Vec::new(), until, done)?;
    let answer = tokio::time::timeout_at(until.into(), answer).await.map_err(|_| StoreError::Late)?;
    answer.map_err(|_| StoreError::Failed("its writer has ended".into()))?
}

async fn read(app: &App, until: Instant) -> Result<(), StoreError> {
    let length = |store: &dyn crate::store::Store, until| store.length(crate::availability::PLACE, until);
    app.reading.within(until, length).await.map(drop)
}

/// Takes in what other replicas withdrew and restored.
async fn refresh(app: Arc<App>, every: Duration) {
    let mut ticks = ticks(every);
    loop {
        ticks.tick().await;
        let worker = app.clone();
        let until = Instant::now() + PATIENCE;
        let read = app.reading.within(until, move |store, until| worker.availability.refresh(store, until));
        if let Err(error) = read.await {
            tracing::debug!("availability is as it was: {error}");
        }
    }
}

/// Forgets sessions that nobody used for longer than they are kept, a few at a time.
async fn forget(app: Arc<App>, keep: Duration) {
    let mut ticks = ticks(app.config.limits.tidy);
    loop {
        ticks.tick().await;
        let before_millis = now_millis().saturating_sub(keep.as_millis() as u64);
        match forget_all(&app, before_millis).await {
            Ok(0) => {}
            Ok(n) => tracing::info!("{n} events of sessions that were not used any more are forgotten"),
            Err(error) => tracing::warn!("old sessions are not forgotten for now: {error}"),
        }
    }
}

async fn forget_all(app: &Arc<App>, before_millis: u64) -> Result<usize, StoreError> {
    /// Between two steps, so that requests come first.
    const PAUSE: Duration = Duration::from_millis(20);
    let (mut from, mut n_forgotten) = (0, 0);
    loop {
        let until = Instant::now() + PATIENCE;
        let idle =
            app.reading.within(until, move |store, until| store.idle(before_millis, from, until)).await?;
        // Whoever comes back to one of them meanwhile finds that it is gone, before it is.
        let buried = app.sessions.bury(&idle.sessions);
        let (reply, answer) = oneshot::channel();
        let done = Box::new(move |outcome| drop(reply.send(outcome)));
        app.store.forget(buried, before_millis, done)?;
        let n = answer.await.map_err(|_| StoreError::Failed("its writer has ended".into()))??;
        n_forgotten += n;
        match idle.next {
            Some(next) => from = next,
            None if n > 0 && app.reading.is_shared() => {}
            None => return Ok(n_forgotten),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
