//! Two kinds of load: as much as goes, and so much a second whatever comes back.

use crate::client::Client;
use crate::latency::Tally;
use crate::requests::Requests;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Each connection asks again as soon as it has its answer. Right for throughput; its latencies leave out the time in
/// which a slow server kept a client from asking.
pub(crate) fn closed(addr: SocketAddr, n: usize, time: Duration, requests: &Requests) -> Tally {
    let end = Instant::now() + time;
    let stop = AtomicBool::new(false);
    closed_until(addr, n, requests, &stop, end)
}

/// The same until somebody says stop, or `end`.
pub(crate) fn closed_until(
    addr: SocketAddr,
    n: usize,
    requests: &Requests,
    stop: &AtomicBool,
    end: Instant,
) -> Tally {
    on_connections(n, |number| {
        let (mut client, mut tally, mut stream) =
            (Client::new(addr), Tally::default(), requests.stream(number));
        while Instant::now() < end && !stop.load(Ordering::Relaxed) {
            let started = Instant::now();
            step(&mut client, &mut tally, &mut stream, started);
        }
        tally
    })
}

/// Requests are due at even intervals, spread over the connections. A latency counts from the moment at which its
/// request was due, so an answer that keeps others waiting counts for all of them (no coordinated omission).
pub(crate) fn open(addr: SocketAddr, n: usize, rate: f64, time: Duration, requests: &Requests) -> Tally {
    let start = Instant::now() + Duration::from_millis(50);
    let n_requests = (rate * time.as_secs_f64()) as usize;
    on_connections(n, |number| {
        let (mut client, mut tally, mut stream) =
            (Client::new(addr), Tally::default(), requests.stream(number));
        for at in (number..n_requests).step_by(n) {
            let due = start + Duration::from_secs_f64(at as f64 / rate);
            wait_until(due);
            step(&mut client, &mut tally, &mut stream, due);
        }
        tally
    })
}

/// Waits for the clock: a schedule is all that there is to wait for.
pub(crate) fn wait_until(moment: Instant) {
    loop {
        let early = moment.saturating_duration_since(Instant::now());
        if early.is_zero() {
            return;
        }
        std::thread::park_timeout(early);
    }
}

fn step(client: &mut Client, tally: &mut Tally, stream: &mut crate::requests::Stream<'_>, due: Instant) {
    let request = stream.next_request();
    match client.ask(&request) {
        Ok(status) => {
            tally.count(status, due.elapsed());
            stream.answered(status, client);
        }
        Err(_) => tally.n_broken += 1,
    }
}

fn on_connections(n: usize, work: impl Fn(usize) -> Tally + Sync) -> Tally {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..n).map(|number| scope.spawn(move || work(number))).collect();
        let tallies =
            threads.into_iter().map(|thread| thread.join().expect("a connection's thread does not panic"));
        tallies.fold(Tally::default(), Tally::merge)
    })
}
