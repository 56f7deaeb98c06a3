//! What a server kept, as a log that `data import` reads, and as a table with propensities.

use crate::failure::Failure;
use server::store::{self, Event, Record};
use server::{Arm, SIMULATED, StoreAt};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// The header of the table of answers.
pub(crate) const CHOSEN: &str = "session,user,item,rating,left,time,propensity,policy,arm,event_id\n";

/// Two tables with a header each.
#[derive(Debug)]
pub(crate) struct ServingLog {
    /// `user,item,rating,time,propensity`: histories and answers; the last is empty where no policy had chosen the item.
    pub(crate) ratings: String,
    /// `session,user,item,rating,left,time,propensity,policy,arm,event_id`: the answers to what a policy chose.
    pub(crate) chosen: String,
}

/// Reads the whole store. A session without a user is a user of its own; a history is dated back from the start of
/// its session, a second an item. The order is the store's: where the clock was set back meanwhile, what came later has at
/// least the time of what the same user did before.
pub(crate) fn read(at: &StoreAt) -> Result<ServingLog, Failure> {
    const HINT: &str = "it is what `ilrec serve --store FILE|URL` keeps";
    if let StoreAt::File(path) = at
        && !path.is_file()
    {
        return Err(Failure::input(format!("no such file: {}", path.display())).hint(HINT));
    }
    let mut log =
        ServingLog { ratings: "user,item,rating,time,propensity\n".to_owned(), chosen: CHOSEN.to_owned() };
    let mut known = Known::default();
    store::for_each(at, |record| take_in(&mut log, &mut known, record))
        .map_err(|error| Failure::input(error.to_string()).hint(HINT))?;
    if known.users.is_empty() && known.simulated.is_empty() {
        return Err(Failure::input(format!("there is no session in it yet: {at}")).hint(HINT));
    }
    if !known.simulated.is_empty() {
        tracing::warn!("{} sessions of simulated users are left out", known.simulated.len());
    }
    Ok(log)
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
    /// The latest second of each user.
    latest: HashMap<String, u64>,
}

impl Known {
    /// The second of an event of a user, not before that of an earlier one.
    fn second(&mut self, user: &str, time_millis: u64) -> u64 {
        let seconds = time_millis / 1000;
        match self.latest.get_mut(user) {
            Some(latest) => {
                *latest = seconds.max(*latest);
                *latest
            }
            None => {
                self.latest.insert(user.to_owned(), seconds);
                seconds
            }
        }
    }
}

/// Writing into a string cannot fail.
fn take_in(log: &mut ServingLog, known: &mut Known, record: &Record) {
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
            let seconds = known.second(&user, record.time_millis);
            for (age, rated) in (1u64..).zip(history.iter().rev()) {
                let (user, item) = (quoted(&user), quoted(&rated.item));
                let _ =
                    writeln!(log.ratings, "{user},{item},{},{},", rated.rating, seconds.saturating_sub(age));
            }
            known.users.insert(record.session.clone(), user);
        }
        Event::Shown { .. } | Event::Availability { .. } => {}
        Event::Answered { event_id: Some(id), .. }
            if !known.events.insert((record.session.clone(), id.clone())) => {}
        Event::Answered { item, reward, left, propensity, policy, event_id, arm } => {
            let user = known.users.get(&record.session).unwrap_or(&record.session).clone();
            let seconds = known.second(&user, record.time_millis);
            let user = quoted(&user);
            let item = quoted(item);
            // A number that rounding made 0 says nothing about how likely the choice was.
            let chosen = propensity.filter(|p| *p > 0.0 && *p <= 1.0 && policy.is_some());
            let chosen = chosen.map(|p| p.to_string()).unwrap_or_default();
            let _ = writeln!(log.ratings, "{user},{item},{reward},{seconds},{chosen}");
            if let (Some(propensity), Some(policy)) = (propensity, policy) {
                let session = quoted(&record.session);
                let arm = arm.map_or("", Arm::word);
                let event_id = event_id.as_deref().map(quoted).unwrap_or_default();
                let row = format!(
                    "{session},{user},{item},{reward},{left},{seconds},{propensity},{policy},{arm},{event_id}"
                );
                let _ = writeln!(log.chosen, "{row}");
            }
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests;
