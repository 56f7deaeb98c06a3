//! What the store knows about a user from earlier sessions.

use crate::store::{Event, Rated, Record};

/// Histories that sessions started with and answers in them, oldest first, the latest rating of an item alone, and of
/// many items the latest `most`.
pub(crate) fn known(records: &[Record], most: usize) -> Vec<Rated> {
    let mut all: Vec<Rated> = Vec::new();
    for record in records {
        match &record.event {
            Event::Started { history, .. } => all.extend(history.iter().cloned()),
            Event::Answered { item, reward, .. } => all.push(Rated { item: item.clone(), rating: *reward }),
            Event::Shown { .. } | Event::Availability { .. } => {}
        }
    }
    latest(all, most)
}

/// Without earlier ratings of the same item, and of many items the latest.
pub(crate) fn latest(mut all: Vec<Rated>, most: usize) -> Vec<Rated> {
    let mut seen = std::collections::HashSet::new();
    all.reverse();
    all.retain(|rated| seen.insert(rated.item.clone()));
    all.truncate(most);
    all.reverse();
    all
}
