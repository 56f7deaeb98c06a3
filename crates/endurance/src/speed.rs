//! Throughput, latency at a given rate, and memory over many requests.

use crate::process::{Place, Process};
use crate::report::{Figure, say};
use crate::requests::Requests;
use crate::{Bench, Outcome, load};
use std::time::Duration;

const WARM_UP: Duration = Duration::from_secs(3);
const RATE: f64 = 10_000.0;
const QUIET_RATE: f64 = 2_000.0;
/// Connections of an open load: enough that one is free when a request is due.
const N_OPEN: usize = 32;

fn warm(bench: &Bench, name: &str) -> Outcome<(Process, Vec<String>)> {
    let process = Place::fresh(bench, name)?.start()?;
    let ids = process.item_ids()?;
    load::closed(process.addr, bench.n_connections, WARM_UP, &Requests::histories(&ids, ""));
    Ok((process, ids))
}

/// As many requests as go, one after the other on each connection.
pub(crate) fn throughput(bench: &Bench) -> Outcome<Vec<Figure>> {
    let (process, ids) = warm(bench, "throughput")?;
    let mut figures = vec![Figure::new("items of the policy", ids.len() as f64, "items")];
    let kinds = [
        ("histories", Requests::histories(&ids, ""), if bench.is_short { 8 } else { 60 }),
        (
            "three histories to one request of a session",
            Requests::mixed(&ids),
            if bench.is_short { 5 } else { 20 },
        ),
    ];
    for (kind, requests, seconds) in kinds {
        let tally = load::closed(process.addr, bench.n_connections, Duration::from_secs(seconds), &requests);
        let rate = Figure::new(
            format!("{kind}: throughput, {seconds} s"),
            tally.n_good() as f64 / seconds as f64,
            "1/s",
        );
        let p99 = Figure::new(format!("{kind}: p99 at that throughput"), tally.millis(0.99), "ms");
        let is_plain = kind == "histories";
        figures.push(if is_plain { rate.at_least(RATE) } else { rate });
        figures.push(Figure::new(format!("{kind}: p50 at that throughput"), tally.millis(0.5), "ms"));
        figures.push(if is_plain { p99.at_most(5.0) } else { p99 });
        figures.push(failures(kind, &tally));
    }
    Ok(figures)
}

/// Requests at a rate, each timed from the moment at which it was due.
pub(crate) fn latency(bench: &Bench) -> Outcome<Vec<Figure>> {
    let (process, ids) = warm(bench, "latency")?;
    let seconds = if bench.is_short { 5 } else { 30 };
    let mut figures = Vec::new();
    let plain = Requests::histories(&ids, "");
    for (rate, bar, requests, kind) in [
        (QUIET_RATE, Some(1.0), &plain, "histories"),
        (RATE, Some(5.0), &plain, "histories"),
        (QUIET_RATE, None, &Requests::mixed(&ids), "three histories to one request of a session"),
    ] {
        let tally = load::open(process.addr, N_OPEN, rate, Duration::from_secs(seconds), requests);
        let name = format!("{kind}: at {rate} requests/s, from when they were due");
        figures.push(Figure::new(format!("{name}: p50"), tally.millis(0.5), "ms"));
        let p99 = Figure::new(format!("{name}: p99"), tally.millis(0.99), "ms");
        figures.push(match bar {
            Some(bar) => p99.at_most(bar),
            None => p99,
        });
        figures.push(Figure::new(format!("{name}: p99.9"), tally.millis(0.999), "ms"));
        figures.push(failures(&name, &tally));
    }
    Ok(figures)
}

/// Resident memory while a million requests come by.
pub(crate) fn memory(bench: &Bench) -> Outcome<Vec<Figure>> {
    let (process, ids) = warm(bench, "memory")?;
    let n_requests = if bench.is_short { 100_000 } else { 1_000_000 };
    let requests = Requests::histories(&ids, "");
    let sessions = Requests::sessions(&ids);
    let (mut n_done, mut n_failed, mut sizes) = (0, 0, Vec::new());
    while n_done < n_requests {
        for (requests, millis) in [(&requests, 4500), (&sessions, 500)] {
            let tally =
                load::closed(process.addr, bench.n_connections, Duration::from_millis(millis), requests);
            n_done += tally.n_good();
            n_failed += tally.n_failed();
        }
        sizes.push((n_done, process.megabytes()?));
        say(&format!("{n_done} requests, {:.1} MB", sizes.last().map_or(0.0, |last| last.1)));
    }
    let early = sizes.iter().find(|(n, _)| *n >= n_requests / 5).map_or(f64::NAN, |(_, size)| *size);
    let late = sizes.last().map_or(f64::NAN, |(_, size)| *size);
    Ok(vec![
        Figure::new(format!("memory after {} requests", n_requests / 5), early, "MB"),
        Figure::new(format!("memory after {n_done} requests"), late, "MB"),
        Figure::new("growth of memory from the first to the second", late / early - 1.0, "").at_most(0.05),
        Figure::new("failures meanwhile", n_failed as f64, "").must_be_none(),
    ])
}

fn failures(kind: &str, tally: &crate::latency::Tally) -> Figure {
    let n = tally.n_failed() + tally.n_refused() as u64;
    Figure::new(format!("{kind}: answers that were no success"), n as f64, "").must_be_none()
}
