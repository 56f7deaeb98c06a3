//! Many calls at once.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs `work` for 0..n on up to `n_threads` threads, each taking the next number when it is free; the results stand
/// in order. Where no further thread can be had, fewer do.
pub(crate) fn in_parallel<T: Send>(n_threads: usize, n: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let take_turns = || {
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        numbers.take_while(|number| *number < n).map(|number| (number, work(number))).collect::<Vec<_>>()
    };
    let mut results: Vec<(usize, T)> = std::thread::scope(|scope| {
        let thread = |_| std::thread::Builder::new().name("llm-http".into()).spawn_scoped(scope, take_turns);
        let others: Vec<_> = (1..n_threads.min(n)).map_while(|number| thread(number).ok()).collect();
        let mut results = take_turns();
        for other in others {
            results.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    });
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}
