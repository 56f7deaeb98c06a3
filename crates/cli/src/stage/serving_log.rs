//! What a server kept, as a log that `data import` reads, and as a table with propensities.

use crate::failure::Failure;
use server::SIMULATED;
use server::store::{Event, Record, SqliteStore, Store as _};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

/// Two tables with a header each.
#[derive(Debug)]
pub(crate) struct ServingLog {
    /// `user,item,rating,time`: histories and answers.
    pub(crate) ratings: String,
    /// `session,user,item,rating,left,time,propensity,policy`: the answers to what a policy chose.
    pub(crate) chosen: String,
}

/// How many records are read at once.
const AT_ONCE: usize = 10_000;

/// Reads the whole store. A session without a user is a user of its own; a history is dated back from the start of
/// its session, a second an item.
pub(crate) fn read(path: &Path) -> Result<ServingLog, Failure> {
    if !path.is_file() {
        return Err(Failure::input(format!("no such file: {}", path.display()))
            .hint("it is what `ilrec serve --store FILE` keeps"));
    }
    let store = SqliteStore::open(path).map_err(|e| Failure::input(e.to_string()))?;
    let mut log = ServingLog {
        ratings: "user,item,rating,time\n".to_owned(),
        chosen: "session,user,item,rating,left,time,propensity,policy\n".to_owned(),
    };
    let mut known = Known::default();
    let mut after = 0;
    loop {
        let records = store.since(after, AT_ONCE).map_err(|e| Failure::input(e.to_string()))?;
        let Some((last, _)) = records.last() else {
            if !known.simulated.is_empty() {
                tracing::warn!("{} sessions of simulated users are left out", known.simulated.len());
            }
            return Ok(log);
        };
        after = *last;
        records.iter().for_each(|(_, record)| take_in(&mut log, &mut known, record));
    }
}

/// What the records before said.
#[derive(Debug, Default)]
struct Known {
    /// Whose session it is, by session.
    users: HashMap<String, String>,
    /// Sessions of simulated users (`ilrec eval --policy http://…`), which are left out.
    simulated: HashSet<String>,
    /// Sessions with the client's names of their events; what comes twice counts once.
    events: HashSet<(String, String)>,
}

/// Writing into a string cannot fail.
fn take_in(log: &mut ServingLog, known: &mut Known, record: &Record) {
    let seconds = record.time_millis / 1000;
    if let Event::Started { user: Some(user), .. } = &record.event
        && user.starts_with(SIMULATED)
    {
        known.simulated.insert(record.session.clone());
    }
    if known.simulated.contains(&record.session) {
        return;
    }
    match &record.event {
        Event::Started { user, history } => {
            let user = user.clone().unwrap_or_else(|| record.session.clone());
            for (age, rated) in (1u64..).zip(history.iter().rev()) {
                let (user, item) = (quoted(&user), quoted(&rated.item));
                let _ =
                    writeln!(log.ratings, "{user},{item},{},{}", rated.rating, seconds.saturating_sub(age));
            }
            known.users.insert(record.session.clone(), user);
        }
        Event::Shown { .. } | Event::Availability { .. } => {}
        Event::Answered { event_id: Some(id), .. }
            if !known.events.insert((record.session.clone(), id.clone())) => {}
        Event::Answered { item, reward, left, propensity, policy, .. } => {
            let user = quoted(known.users.get(&record.session).unwrap_or(&record.session));
            let item = quoted(item);
            let _ = writeln!(log.ratings, "{user},{item},{reward},{seconds}");
            if let (Some(propensity), Some(policy)) = (propensity, policy) {
                let session = quoted(&record.session);
                let row = format!("{session},{user},{item},{reward},{left},{seconds},{propensity},{policy}");
                let _ = writeln!(log.chosen, "{row}");
            }
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
