//! Counters in memory, in the text format of Prometheus and for the console.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Upper bounds of the latency histogram, in microseconds.
const BOUNDS: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    5_000_000,
];
/// How many requests the console can look back on.
const N_RECENT: usize = 200;

/// What was counted since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    requests: BTreeMap<(String, u16), u64>,
    latency: BTreeMap<String, Histogram>,
    shown: HashMap<String, u64>,
    answers: BTreeMap<&'static str, u64>,
    swaps: u64,
    recent: VecDeque<Seen>,
    n_requests: u64,
}

#[derive(Clone, Debug, Default)]
struct Histogram {
    counts: [u64; BOUNDS.len() + 1],
    sum_micros: u64,
}

/// One request, as the console shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Seen {
    pub(crate) time_millis: u64,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) micros: u64,
}

impl Metrics {
    /// Counts a request under its route.
    pub(crate) fn count(&self, route: &str, took: Duration, seen: Seen) {
        let mut inner = self.locked();
        inner.n_requests += 1;
        *inner.requests.entry((route.to_owned(), seen.status)).or_default() += 1;
        let micros = took.as_micros() as u64;
        let histogram = inner.latency.entry(route.to_owned()).or_default();
        histogram.sum_micros += micros;
        let bucket = BOUNDS.iter().position(|&bound| micros <= bound).unwrap_or(BOUNDS.len());
        if let Some(count) = histogram.counts.get_mut(bucket) {
            *count += 1;
        }
        if inner.recent.len() == N_RECENT {
            inner.recent.pop_front();
        }
        inner.recent.push_back(seen);
    }

    /// Counts shown items, by id.
    pub(crate) fn show<'a>(&self, items: impl Iterator<Item = &'a str>) {
        let mut inner = self.locked();
        for item in items {
            match inner.shown.get_mut(item) {
                Some(count) => *count += 1,
                None => drop(inner.shown.insert(item.to_owned(), 1)),
            }
        }
    }

    /// Counts an answer.
    pub(crate) fn answer(&self, reward: f32, left: bool) {
        let kind = match (left, reward) {
            (true, _) => "leave",
            (false, reward) if reward >= 4.0 => "like",
            (false, reward) if reward < 2.0 => "dislike",
            (false, _) => "neutral",
        };
        *self.locked().answers.entry(kind).or_default() += 1;
    }

    /// Counts a change of policy.
    pub(crate) fn swap(&self) {
        self.locked().swaps += 1;
    }

    /// Items by how often they were shown.
    pub(crate) fn shown(&self) -> BTreeMap<String, u64> {
        self.locked().shown.iter().map(|(item, count)| (item.clone(), *count)).collect()
    }

    /// Answers by kind.
    pub(crate) fn answers(&self) -> BTreeMap<&'static str, u64> {
        self.locked().answers.clone()
    }

    /// All requests, and the latest of them, newest first.
    pub(crate) fn recent(&self) -> (u64, Vec<Seen>) {
        let inner = self.locked();
        (inner.n_requests, inner.recent.iter().rev().cloned().collect())
    }

    /// The text that Prometheus reads. Writing into a string cannot fail.
    pub(crate) fn text(&self, policy: &str, n_sessions: usize) -> String {
        let inner = self.locked();
        let mut out = String::new();
        header(&mut out, "ilrec_requests_total", "counter", "Requests by route and status.");
        for ((route, status), count) in &inner.requests {
            let _ = writeln!(out, "ilrec_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}");
        }
        header(&mut out, "ilrec_request_seconds", "histogram", "Time from the request to its answer.");
        for (route, histogram) in &inner.latency {
            histogram.write(&mut out, route);
        }
        header(&mut out, "ilrec_answers_total", "counter", "Feedback by kind.");
        for (kind, count) in &inner.answers {
            let _ = writeln!(out, "ilrec_answers_total{{kind=\"{kind}\"}} {count}");
        }
        header(&mut out, "ilrec_items_shown", "gauge", "Different items shown.");
        let _ = writeln!(out, "ilrec_items_shown {}", inner.shown.len());
        header(&mut out, "ilrec_sessions_in_memory", "gauge", "Sessions whose state is in memory.");
        let _ = writeln!(out, "ilrec_sessions_in_memory {n_sessions}");
        header(&mut out, "ilrec_policy_swaps_total", "counter", "Changes of the policy.");
        let _ = writeln!(out, "ilrec_policy_swaps_total {}", inner.swaps);
        header(&mut out, "ilrec_policy", "gauge", "The policy that serves.");
        let _ = writeln!(out, "ilrec_policy{{hash=\"{policy}\"}} 1");
        out
    }

    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Histogram {
    fn write(&self, out: &mut String, route: &str) {
        let mut below = 0;
        for (count, bound) in self.counts.iter().zip(BOUNDS) {
            below += count;
            let seconds = bound as f64 / 1e6;
            let labels = format!("route=\"{route}\",le=\"{seconds}\"");
            let _ = writeln!(out, "ilrec_request_seconds_bucket{{{labels}}} {below}");
        }
        let total: u64 = self.counts.iter().sum();
        let sum = self.sum_micros as f64 / 1e6;
        let _ = writeln!(out, "ilrec_request_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} {total}");
        let _ = writeln!(out, "ilrec_request_seconds_sum{{route=\"{route}\"}} {sum}");
        let _ = writeln!(out, "ilrec_request_seconds_count{{route=\"{route}\"}} {total}");
    }
}

fn header(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}
