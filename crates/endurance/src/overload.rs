//! Four times as many requests as can be served.

use crate::process::Place;
use crate::report::Figure;
use crate::requests::Requests;
use crate::{Bench, Outcome, load};
use std::time::Duration;

/// Connections of the overload: more than a server's queue and threads hold, so that some have to be refused.
const N_CONNECTIONS: usize = 400;

/// The requests draw their slates, which costs the server a multiple of what asking costs: on a machine that both share,
/// the asking would else be what is overloaded.
pub(crate) fn four_times(bench: &Bench) -> Outcome<Vec<Figure>> {
    let process = Place::fresh(bench, "overload")?.start()?;
    let requests = Requests::histories(&process.item_ids()?, ",\"exploration\":true,\"seed\":1");
    let time = Duration::from_secs(if bench.is_short { 5 } else { 30 });
    load::closed(process.addr, bench.n_connections, Duration::from_secs(2), &requests);
    let most = load::closed(process.addr, bench.n_connections, time, &requests);
    let capacity = most.n_good() as f64 / time.as_secs_f64();
    let tally = load::open(process.addr, N_CONNECTIONS, 4.0 * capacity, time, &requests);
    let goodput = tally.n_good() as f64 / time.as_secs_f64();
    let offered = tally.by_status.values().sum::<u64>() as f64 / time.as_secs_f64();
    Ok(vec![
        Figure::new("drawn slates: capacity", capacity, "1/s"),
        Figure::new("overload: offered", offered / capacity, "times capacity"),
        Figure::new("overload: goodput", goodput / capacity, "of capacity").at_least(0.8),
        Figure::new("overload: refused", tally.n_refused() as f64, "requests"),
        Figure::new("overload: a refusal takes, p50", tally.refused_millis(0.5), "ms"),
        Figure::new("overload: a refusal takes, p99", tally.refused_millis(0.99), "ms"),
        Figure::new("overload: p99 of what is served", tally.millis(0.99), "ms"),
        Figure::new("overload: refusals without Retry-After", tally.n_without_retry_after as f64, "")
            .must_be_none(),
        Figure::new("overload: neither answered nor refused", tally.n_failed() as f64, "").must_be_none(),
    ])
}
