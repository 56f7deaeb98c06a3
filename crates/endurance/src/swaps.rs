//! A hundred changes of the policy under load.

use crate::client::{Client, Wire};
use crate::process::Place;
use crate::report::Figure;
use crate::requests::Requests;
use crate::{Bench, Outcome, load};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_secs(600);

/// Two policies take turns while histories and sessions are asked for.
pub(crate) fn hundred(bench: &Bench) -> Outcome<Vec<Figure>> {
    let n_swaps = if bench.is_short { 10 } else { 100 };
    let process = Place::fresh(bench, "swaps")?.start()?;
    let requests = Requests::mixed(&process.item_ids()?);
    let stop = AtomicBool::new(false);
    let before = process.megabytes()?;
    let (tally, swaps) = std::thread::scope(|scope| {
        let end = Instant::now() + LONGEST;
        let (requests, stop, addr) = (&requests, &stop, process.addr);
        let load = scope.spawn(move || load::closed_until(addr, bench.n_connections, requests, stop, end));
        let swaps = swap(bench, process.admin, n_swaps);
        stop.store(true, Ordering::Relaxed);
        (load.join().expect("the load's thread does not panic"), swaps)
    });
    let millis = swaps?;
    let n_bad = tally.n_failed() + tally.n_refused() as u64;
    Ok(vec![
        Figure::new("hot swaps under load", millis.len() as f64, "swaps"),
        Figure::new("a swap takes, mean", millis.iter().sum::<f64>() / millis.len().max(1) as f64, "ms"),
        Figure::new("answers meanwhile", tally.n_good() as f64, ""),
        Figure::new("memory before the first swap", before, "MB"),
        Figure::new("memory after the last swap", process.megabytes()?, "MB"),
        Figure::new("p99 meanwhile", tally.millis(0.99), "ms"),
        Figure::new("answers other than 2xx during swaps", n_bad as f64, "").must_be_none(),
    ])
}

fn swap(bench: &Bench, addr: std::net::SocketAddr, n_swaps: usize) -> Outcome<Vec<f64>> {
    let mut client = Client::new(addr);
    let mut before = String::new();
    let mut millis = Vec::new();
    for at in 0..n_swaps {
        let next = if at % 2 == 0 { &bench.other } else { &bench.artefact };
        let body = serde_json::json!({ "path": next }).to_string();
        let started = Instant::now();
        let answer = client.json_of(&Wire::post("/admin/policies", &body))?;
        millis.push(started.elapsed().as_secs_f64() * 1e3);
        let hash = answer["current"]["hash"].as_str().unwrap_or_default().to_owned();
        if hash == before || hash.is_empty() {
            return Err(format!("swap {at} changed nothing: {hash}").into());
        }
        before = hash;
        load::wait_until(Instant::now() + Duration::from_millis(100));
    }
    Ok(millis)
}
