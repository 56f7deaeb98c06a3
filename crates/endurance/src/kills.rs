//! kill -9 at random moments under load: what was acknowledged has to be there.

use crate::client::{Client, Wire};
use crate::process::Place;
use crate::report::Figure;
use crate::requests::{Requests, Session};
use crate::{Bench, Outcome, load};
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The server is killed again and again on the same store; after each start, every acknowledged answer of the round
/// before is looked for, in order. At the end those of all rounds.
pub(crate) fn fifty(bench: &Bench) -> Outcome<Vec<Figure>> {
    some(bench, if bench.is_short { 5 } else { 50 })
}

/// So many.
pub(crate) fn some(bench: &Bench, n_kills: usize) -> Outcome<Vec<Figure>> {
    let place = Place::fresh(bench, "kills")?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let mut process = place.start()?;
    let requests = Requests::sessions(&process.item_ids()?);
    let (mut all, mut n_lost, mut slowest) = (Vec::new(), 0, Duration::ZERO);
    for _ in 0..n_kills {
        let stop = AtomicBool::new(false);
        let addr = process.addr;
        let moment = Duration::from_millis(rng.random_range(150..1500));
        let acked = std::thread::scope(|scope| -> Outcome<Vec<Session>> {
            let (stop, requests) = (&stop, &requests);
            let clients: Vec<_> = (0..bench.n_connections)
                .map(|number| scope.spawn(move || until_it_breaks(addr, number, requests, stop)))
                .collect();
            load::wait_until(Instant::now() + moment);
            let killed = process.kill();
            stop.store(true, Ordering::Relaxed);
            let acked =
                clients.into_iter().flat_map(|c| c.join().expect("a client does not panic")).collect();
            killed.map(|()| acked)
        })?;
        process = place.start()?;
        slowest = slowest.max(process.took);
        n_lost += lost(process.addr, &acked)?;
        all.extend(acked);
    }
    n_lost += lost(process.addr, &all)?;
    let n_kept: usize = all.iter().map(|session| session.kept.len()).sum();
    Ok(vec![
        Figure::new("kill -9 under load", n_kills as f64, "kills"),
        Figure::new("acknowledged feedback", n_kept as f64, "answers"),
        Figure::new("acknowledged feedback that was lost", n_lost as f64, "answers").must_be_none(),
        Figure::new("slowest start until ready", slowest.as_secs_f64(), "s").at_most(2.0),
    ])
}

fn until_it_breaks(addr: SocketAddr, number: usize, requests: &Requests, stop: &AtomicBool) -> Vec<Session> {
    let (mut client, mut stream) = (Client::new(addr), requests.stream(number));
    while !stop.load(Ordering::Relaxed) {
        let request = stream.next_request();
        match client.ask(&request) {
            Ok(status) => stream.answered(status, &client),
            Err(_) => break,
        }
    }
    stream.into_acked()
}

/// How many acknowledged answers a server does not have, or has in another order.
fn lost(addr: SocketAddr, sessions: &[Session]) -> Outcome<usize> {
    let mut client = Client::new(addr);
    let mut n_lost = 0;
    for session in sessions {
        let answer = client.json_of(&Wire::get(&format!("/v1/sessions/{}", session.id)))?;
        let steps = answer["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
        let there = steps.iter().filter_map(|step| step["id"].as_str());
        n_lost += session.kept.len() - session.kept.iter().zip(there).take_while(|(a, b)| a == b).count();
    }
    Ok(n_lost)
}
