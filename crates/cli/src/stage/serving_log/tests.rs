//! A log keeps the order of what happened, whatever the clock did.

use super::{Known, ServingLog, take_in};
use proptest::prelude::*;
use server::store::{Event, Rated, Record};

/// The rows of the ratings: user, item, second.
fn rows(records: &[Record]) -> Vec<(String, String, u64)> {
    let mut log = ServingLog { ratings: String::new(), chosen: String::new() };
    let mut known = Known::default();
    records.iter().for_each(|record| take_in(&mut log, &mut known, record));
    let cell = |text: &str| text.trim_matches('"').to_owned();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cell(cells[0]), cell(cells[1]), cells[3].parse().unwrap())
    };
    log.ratings.lines().map(row).collect()
}

fn record(session: &str, seconds: u64, event: Event) -> Record {
    Record { session: session.to_owned(), time_millis: seconds * 1000, event }
}

fn started(user: &str, history: &[&str]) -> Event {
    let history = history.iter().map(|item| Rated { item: (*item).to_owned(), rating: 3.0 }).collect();
    Event::Started { user: Some(user.to_owned()), history }
}

fn answered(item: String) -> Event {
    Event::Answered {
        item,
        reward: 4.0,
        left: false,
        propensity: None,
        policy: None,
        event_id: None,
        arm: None,
    }
}

#[test]
fn a_history_lies_before_its_session_also_when_the_clock_was_set_back() {
    let records = [
        record("a", 1000, started("ann", &["i0"])),
        record("a", 1001, answered("i1".into())),
        record("a", 50, answered("i2".into())),
        record("b", 60, started("ann", &["i3"])),
        record("b", 61, answered("i4".into())),
    ];
    let expected = [("i0", 999), ("i1", 1001), ("i2", 1001), ("i3", 1000), ("i4", 1001)];
    let got: Vec<_> = rows(&records).into_iter().map(|(_, item, second)| (item, second)).collect();
    assert_eq!(got, expected.map(|(item, second)| (item.to_owned(), second)));
}

proptest! {
    #[test]
    fn answers_of_a_user_keep_their_order_whatever_the_clock_says(clock in prop::collection::vec((0usize..3, 0u64..5000), 1..60)) {
        let users = ["ann", "bob", "eve"];
        let mut records: Vec<Record> =
            users.iter().map(|user| record(user, 2500, started(user, &[]))).collect();
        for (at, (who, second)) in clock.iter().enumerate() {
            records.push(record(users[*who], *second, answered(at.to_string())));
        }
        for user in users {
            let mut own: Vec<_> = rows(&records).into_iter().filter(|row| row.0 == user).collect();
            let order: Vec<String> = own.iter().map(|row| row.1.clone()).collect();
            // As a dataset sorts: by time, and stably.
            own.sort_by_key(|row| row.2);
            prop_assert_eq!(order, own.into_iter().map(|row| row.1).collect::<Vec<_>>());
        }
    }
}
