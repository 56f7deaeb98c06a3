//! How many requests are under way adapts to what the server bears.

use std::num::NonZeroU16;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::server::{Reply, Server, said};
use super::{client, quick};
use crate::http::flow::{Gate, Place};
use crate::tests::asks;
use crate::*;

const PATIENCE: Duration = Duration::from_secs(100);

/// As many places as can be had at once.
fn fill(gate: &Gate) -> Vec<Place<'_>> {
    (0..gate.allowed()).map(|_| gate.enter()).collect()
}

#[test]
fn quick_answers_bring_more_slow_ones_do_not() {
    let gate = Gate::new(16, PATIENCE);
    assert_eq!(gate.allowed(), 2);
    for expected in [4, 7, 11, 16, 16] {
        fill(&gate).iter().for_each(|place| place.answered(Duration::from_secs(1)));
        assert_eq!(gate.allowed(), expected);
    }
    for _ in 0..40 {
        fill(&gate).iter().for_each(|place| place.answered(Duration::from_secs(60)));
    }
    assert_eq!(gate.allowed(), 1);
    fill(&gate).iter().for_each(|place| place.answered(Duration::from_secs(40)));
    assert_eq!(gate.allowed(), 1, "neither quick nor slow");
}

#[test]
fn what_was_sent_together_counts_once() {
    let gate = Gate::new(16, PATIENCE);
    for _ in 0..6 {
        fill(&gate).iter().for_each(|place| place.answered(Duration::ZERO));
    }
    let places = fill(&gate);
    let halvings: Vec<_> = places.iter().filter_map(Place::overloaded).collect();
    assert_eq!(halvings, [(16, 8)]);
    drop(places);
    assert_eq!(
        gate.enter().overloaded(),
        Some((8, 1)),
        "one that was alone shows that one is too many already"
    );
}

proptest! {
    /// A server that works on one request at a time, each taking as long, in a simulation: nothing is late for long.
    #[test]
    fn a_server_that_does_one_thing_at_a_time_is_not_flooded(seconds in 1_u64..90, most in 1_usize..40) {
        let gate = Gate::new(most, PATIENCE);
        let mut n_late = 0;
        for _ in 0..60 {
            let places = fill(&gate);
            for (before, place) in places.iter().enumerate() {
                let took = Duration::from_secs(seconds) * (before as u32 + 1);
                if took > PATIENCE {
                    n_late += 1;
                    place.overloaded();
                } else {
                    place.answered(took);
                }
            }
        }
        prop_assert!(gate.allowed() >= 1 && gate.allowed() <= most);
        prop_assert!(n_late <= 8, "{n_late}");
        prop_assert!(gate.allowed() as u64 * seconds <= 100, "{} at once", gate.allowed());
    }
}

#[test]
fn calls_that_waited_too_long_in_a_queue_are_asked_again_with_fewer_beside_them() {
    let under_way = AtomicUsize::new(0);
    // More than four at once are too many: the rest is never answered.
    let server = Server::start(move |_| {
        if under_way.fetch_add(1, Ordering::SeqCst) >= 4 {
            under_way.fetch_sub(1, Ordering::SeqCst);
            return Reply::Hang;
        }
        std::thread::yield_now();
        under_way.fetch_sub(1, Ordering::SeqCst);
        said("well")
    });
    let settings = HttpSettings {
        concurrency: NonZeroU16::new(32).unwrap(),
        request_timeout_ms: 400,
        retries: 8,
        retries_after_loss: 8,
        ..quick()
    };
    let answers = client(&server, settings).generate(&asks(0..60));
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}
