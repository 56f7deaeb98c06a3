//! One client's connection: how long it may leave an answer lying, and how much it may make the server hold.
//!
//! A client that sends requests without reading the answers is given one answer at a time: the next request waits until
//! the answer before it has gone, and a connection on which an answer does not move is closed.

use crate::budget::{Budget, Held};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep};

/// What a connection and the requests on it tell each other.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    inner: Mutex<Inner>,
    is_blocked: AtomicBool,
    has_gone: Notify,
}

#[derive(Debug)]
struct Inner {
    /// Whether what comes belongs to a request that is not complete.
    is_in_head: bool,
    n_head: usize,
    head: Held,
    answer: Held,
    /// Whether anything came since the last request began.
    has_heard: bool,
}

/// So much of unfinished headers is nobody's business; what is longer counts towards the budget of all.
const SMALL_HEAD: usize = 2048;
/// An answer as small as this is always given.
const SMALL_ANSWER: usize = 2048;
/// The slowest that an answer may be taken, in bytes a second, beside the time that every answer has.
const SLOWEST: u64 = 4096;

impl ConnectionState {
    /// A connection that shares in these budgets of unfinished headers and of answers.
    pub(crate) fn new(heads: &Arc<Budget>, answers: &Arc<Budget>) -> Arc<Self> {
        let inner = Inner {
            is_in_head: true,
            n_head: 0,
            head: heads.nothing(),
            answer: answers.nothing(),
            has_heard: false,
        };
        Arc::new(Self {
            inner: Mutex::new(inner),
            is_blocked: AtomicBool::new(false),
            has_gone: Notify::new(),
        })
    }

    /// A request begins, once the answer before it has gone. One that was sent ahead lets others go first.
    pub(crate) async fn begin(&self) {
        loop {
            let gone = self.has_gone.notified();
            if !self.is_blocked.load(Ordering::Acquire) {
                break;
            }
            gone.await;
        }
        let was_sent_ahead = {
            let mut inner = self.locked();
            inner.is_in_head = false;
            inner.n_head = 0;
            inner.head.release();
            !std::mem::take(&mut inner.has_heard)
        };
        if was_sent_ahead {
            tokio::task::yield_now().await;
        }
    }

    /// A request ends with an answer of so many bytes; whether they may lie here until they are taken.
    pub(crate) fn end(&self, n_bytes: usize) -> bool {
        let mut inner = self.locked();
        inner.is_in_head = true;
        n_bytes <= SMALL_ANSWER || inner.answer.add(n_bytes)
    }

    /// So many bytes came; whether there may be more.
    fn hear(&self, n_bytes: usize) -> bool {
        let mut inner = self.locked();
        inner.has_heard = true;
        if !inner.is_in_head {
            return true;
        }
        inner.n_head += n_bytes;
        inner.n_head <= SMALL_HEAD || inner.head.add(n_bytes)
    }

    /// An answer does not move.
    fn block(&self) {
        self.is_blocked.store(true, Ordering::Release);
    }

    /// Everything that was to be said has gone.
    fn go(&self) {
        self.locked().answer.release();
        if self.is_blocked.swap(false, Ordering::AcqRel) {
            self.has_gone.notify_waiters();
        }
    }

    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream of a connection.
#[derive(Debug)]
pub(crate) struct TimedStream<S> {
    stream: S,
    state: Arc<ConnectionState>,
    /// How long an answer may lie without being taken.
    patience: Duration,
    stalled: Option<Stalled>,
    parting: Option<Parting>,
}

/// An answer that did not move at once.
#[derive(Debug)]
struct Stalled {
    since: Instant,
    n_taken: u64,
    timer: Pin<Box<Sleep>>,
}

/// The end of a connection: what a client still sends is read and thrown away for a moment, since closing before would take
/// the last answer from it.
#[derive(Debug)]
struct Parting {
    n_read: usize,
    timer: Pin<Box<Sleep>>,
}

const LONGEST_PARTING: Duration = Duration::from_millis(500);
const MOST_PARTING: usize = 1 << 20;

impl<S> TimedStream<S> {
    pub(crate) fn new(stream: S, state: Arc<ConnectionState>, patience: Duration) -> Self {
        Self { stream, state, patience, stalled: None, parting: None }
    }

    /// Waits for a client that does not take what it is sent, but not for ever.
    fn wait(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.state.block();
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Stalled {
            since: Instant::now(),
            n_taken: 0,
            timer: Box::pin(sleep(patience)),
        });
        while stalled.timer.as_mut().poll(cx).is_ready() {
            let end = stalled.since + patience + Duration::from_secs(stalled.n_taken / SLOWEST);
            if Instant::now() >= end {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not take its answer"));
            }
            stalled.timer.as_mut().reset(end);
        }
        Ok(())
    }

    /// What a try to write means.
    fn written(&mut self, cx: &mut Context<'_>, tried: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &tried {
            Poll::Pending => self.wait(cx)?,
            Poll::Ready(Ok(n_bytes)) => {
                if let Some(stalled) = &mut self.stalled {
                    stalled.n_taken += *n_bytes as u64;
                }
            }
            Poll::Ready(Err(_)) => {}
        }
        tried
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        let n_bytes = into.filled().len() - before;
        if n_bytes > 0 && !self.state.hear(n_bytes) {
            let why = "too many requests of all clients are unfinished";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::OutOfMemory, why)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, tried)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.written(cx, tried)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tried = Pin::new(&mut self.stream).poll_flush(cx);
        match &tried {
            Poll::Pending => self.wait(cx)?,
            Poll::Ready(Ok(())) => {
                self.stalled = None;
                self.state.go();
            }
            Poll::Ready(Err(_)) => {}
        }
        tried
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.parting.is_none() {
            let tried = Pin::new(&mut self.stream).poll_shutdown(cx);
            if tried.is_pending() {
                self.wait(cx)?;
            }
            ready!(tried)?;
        }
        let Self { stream, parting, .. } = &mut *self;
        let parting =
            parting.get_or_insert_with(|| Parting { n_read: 0, timer: Box::pin(sleep(LONGEST_PARTING)) });
        parting.poll(stream, cx).map(Ok)
    }
}

impl Parting {
    /// Whether it is over. A client of which nothing lies here is not waited for.
    fn poll<S: AsyncRead + Unpin>(&mut self, stream: &mut S, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 4096];
        while self.n_read < MOST_PARTING {
            let mut into = ReadBuf::new(&mut space);
            match Pin::new(&mut *stream).poll_read(cx, &mut into) {
                Poll::Ready(Ok(())) if !into.filled().is_empty() => self.n_read += into.filled().len(),
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending if self.n_read == 0 => return Poll::Ready(()),
                Poll::Pending => return self.timer.as_mut().poll(cx),
            }
        }
        Poll::Ready(())
    }
}
