//! Threads that rank, and a bounded queue before them: what does not fit is refused at once.

use crate::problem::Problem;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// The threads.
#[derive(Debug)]
pub(crate) struct Pool {
    queue: Mutex<Option<SyncSender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system has none to give.
    pub(crate) fn start(n_threads: usize, n_waiting: usize) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel::<Job>(n_waiting.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::new();
        for number in 0..n_threads.max(1) {
            let receiver = receiver.clone();
            let builder = std::thread::Builder::new().name(format!("rank-{number}"));
            threads.push(builder.spawn(move || work(&receiver))?);
        }
        Ok(Self { queue: Mutex::new(Some(sender)), threads: Mutex::new(threads) })
    }

    /// Runs `job` on a thread, unless its turn comes after the deadline: nobody waits for it then.
    ///
    /// # Errors
    /// When the queue is full, or the deadline passed before its turn.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        deadline: Instant,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        let wrapped: Job = Box::new(move || {
            if Instant::now() < deadline && !reply.is_closed() {
                // Nobody there to take the answer: the client has gone.
                let _ = reply.send(job());
            }
        });
        let sender = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sent = sender.ok_or_else(|| Problem::busy("the server is stopping"))?.try_send(wrapped);
        sent.map_err(|error| match error {
            TrySendError::Full(_) => Problem::busy("too many requests are waiting"),
            TrySendError::Disconnected(_) => Problem::busy("the server is stopping"),
        })?;
        answer.await.map_err(|_| Problem::busy("the request waited longer than its deadline"))
    }

    /// Takes no more, finishes what waits, and joins the threads.
    pub(crate) fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a ranking thread ended by a panic");
            }
        }
    }
}

/// Works until nobody can send any more. A job that panics takes its answer with it, not the thread.
fn work(receiver: &Mutex<Receiver<Job>>) {
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
            tracing::error!("a request ended by a panic");
        }
    }
}
