//! Threads that rank, and a bounded queue before them: what does not fit is refused at once.

use crate::problem::Problem;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// The threads.
#[derive(Debug)]
pub(crate) struct Pool {
    queue: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Jobs in the order in which they came. Who waits for one holds no lock, so that a job wakes one thread and no more.
struct Queue {
    waiting: Mutex<Waiting>,
    has_work: Condvar,
    most: usize,
}

struct Waiting {
    jobs: VecDeque<Job>,
    n_idle: usize,
    is_open: bool,
}

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system has none to give.
    pub(crate) fn start(n_threads: usize, n_waiting: usize) -> std::io::Result<Self> {
        let waiting = Mutex::new(Waiting { jobs: VecDeque::new(), n_idle: 0, is_open: true });
        let queue = Arc::new(Queue { waiting, has_work: Condvar::new(), most: n_waiting.max(1) });
        let mut threads = Vec::new();
        for number in 0..n_threads.max(1) {
            let queue = queue.clone();
            let builder = std::thread::Builder::new().name(format!("rank-{number}"));
            threads.push(builder.spawn(move || work(&queue))?);
        }
        Ok(Self { queue, threads: Mutex::new(threads) })
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
        self.queue.push(wrapped)?;
        answer.await.map_err(|_| Problem::busy("the request waited longer than its deadline"))
    }

    /// Takes no more, finishes what waits, and joins the threads.
    pub(crate) fn close(&self) {
        self.queue.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a ranking thread ended by a panic");
            }
        }
    }
}

impl Queue {
    fn locked(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) -> Result<(), Problem> {
        let mut waiting = self.locked();
        if !waiting.is_open {
            return Err(Problem::busy("the server is stopping"));
        }
        if waiting.jobs.len() >= self.most {
            return Err(Problem::busy("too many requests are waiting"));
        }
        waiting.jobs.push_back(job);
        // Who is at work looks for more before sleeping; only a sleeper costs a call into the kernel.
        if waiting.n_idle > 0 {
            drop(waiting);
            self.has_work.notify_one();
        }
        Ok(())
    }

    /// The next job; `None` once the queue is closed and empty.
    fn pop(&self) -> Option<Job> {
        let mut waiting = self.locked();
        while waiting.is_open && waiting.jobs.is_empty() {
            waiting.n_idle += 1;
            waiting = self.has_work.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            waiting.n_idle -= 1;
        }
        waiting.jobs.pop_front()
    }

    fn close(&self) {
        self.locked().is_open = false;
        self.has_work.notify_all();
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a queue of at most {} jobs", self.most)
    }
}

/// Works until nothing can come any more. A job that panics takes its answer with it, not the thread.
fn work(queue: &Queue) {
    while let Some(job) = queue.pop() {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
            tracing::error!("a request ended by a panic");
        }
    }
}
