//! The same policy in Python: FastAPI and PyTorch, in the same run.

use crate::client::{Client, Wire};
use crate::process::{Place, wait_until_ready};
use crate::report::{Figure, say};
use crate::requests::Requests;
use crate::{Bench, Outcome, load};
use serde_json::Value;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command};
use std::time::Duration;

const SCRIPT: &str = "bench/reference/serve.py";
const N_COMPARED: usize = 20;

struct Python(Child);

impl Drop for Python {
    fn drop(&mut self) {
        // Asked and not killed: it ends its workers. Whoever is gone already cannot be asked.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// Throughput of both, ours before and after; slates are compared first.
pub(crate) fn beside(bench: &Bench) -> Outcome<Vec<Figure>> {
    let time = Duration::from_secs(20);
    let process = Place::fresh(bench, "reference")?.start()?;
    let requests = Requests::histories(&process.item_ids()?, "");
    let rate = |addr: SocketAddr| {
        load::closed(addr, bench.n_connections, Duration::from_secs(3), &requests);
        let tally = load::closed(addr, bench.n_connections, time, &requests);
        (tally.n_good() as f64 / time.as_secs_f64(), tally.millis(0.99), tally.n_failed())
    };
    let mut best = (0.0, f64::NAN, 0);
    let before = rate(process.addr);
    let mut n_equal = 0;
    for workers in ["1", "2"] {
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let port = addr.port().to_string();
        let child = Command::new("python3").arg(SCRIPT).arg(&bench.artefact).args([&port, workers]).spawn();
        let python = Python(child.map_err(|error| format!("{error}: python3 {SCRIPT}"))?);
        wait_until_ready(addr, "/health/ready")?;
        n_equal = same_slates(process.addr, addr, &requests)?;
        let own = rate(addr);
        say(&format!(
            "FastAPI with {workers} workers: {:.1} 1/s, p99 {:.1} ms, {} failures",
            own.0, own.1, own.2
        ));
        if own.0 > best.0 {
            best = own;
        }
        drop(python);
    }
    let after = rate(process.addr);
    Ok(vec![
        Figure::new(
            format!("slates that FastAPI + PyTorch gives as we do, of {N_COMPARED}"),
            n_equal as f64,
            "",
        ),
        Figure::new("FastAPI + PyTorch: throughput", best.0, "1/s"),
        Figure::new("FastAPI + PyTorch: p99", best.1, "ms"),
        Figure::new("ours before and after, mean", (before.0 + after.0) / 2.0, "1/s"),
        Figure::new("ours, times FastAPI + PyTorch", (before.0 + after.0) / 2.0 / best.0, "").at_least(20.0),
    ])
}

fn same_slates(ours: SocketAddr, theirs: SocketAddr, requests: &Requests) -> Outcome<usize> {
    let (mut ours, mut theirs, mut stream) = (Client::new(ours), Client::new(theirs), requests.stream(9));
    let mut n_equal = 0;
    for _ in 0..N_COMPARED {
        let request: Wire = stream.next_request().into_owned();
        let ids = |slate: Value| -> Vec<Value> {
            slate["items"].as_array().into_iter().flatten().map(|item| item["id"].clone()).collect()
        };
        n_equal += usize::from(ids(ours.json_of(&request)?) == ids(theirs.json_of(&request)?));
    }
    Ok(n_equal)
}
