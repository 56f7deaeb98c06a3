//! The shared store: lists on a Redis or Valkey server, so that several replicas serve the same sessions.
//!
//! An answer is acknowledged when the server has it. Whether it survives the server's own power cut is that server's
//! setting: `appendonly yes` with `appendfsync always` for the same promise as the embedded store's.

use super::queue::{Queue, Row, locked};
use super::resp::{Client, Reply};
use super::{Done, Record, Store, StoreError};
use std::sync::{Arc, Mutex};

/// The shared store.
#[derive(Debug)]
pub struct RedisStore {
    addr: String,
    reader: Mutex<Line>,
    queue: Queue,
}

/// A connection that is made when it is needed, and anew after it broke.
#[derive(Debug)]
struct Line {
    addr: Arc<str>,
    client: Option<Client>,
}

/// All events in order, beside the list of each session.
const LOG: &str = "ilrec:log";

impl RedisStore {
    /// Connects to `HOST:PORT`.
    ///
    /// # Errors
    /// When nobody answers there.
    pub fn open(addr: &str) -> Result<Self, StoreError> {
        let line = || Line { addr: addr.into(), client: None };
        let mut reader = line();
        reader.ask(&[vec!["PING"]]).map_err(|why| StoreError::Redis { addr: addr.to_owned(), why })?;
        let mut writer = line();
        let queue = Queue::start(move |rows| commit(&mut writer, rows))?;
        Ok(Self { addr: addr.to_owned(), reader: Mutex::new(reader), queue })
    }

    fn ask(&self, command: Vec<&str>) -> Result<Reply, StoreError> {
        let refused = |why: String| StoreError::Redis { addr: self.addr.clone(), why };
        let mut replies = locked(&self.reader).ask(&[command]).map_err(refused)?;
        replies.pop().ok_or_else(|| refused("no answer".into()))
    }

    fn range(&self, key: &str, first: u64, last: i64) -> Result<Vec<(u64, Record)>, StoreError> {
        let reply = self.ask(vec!["LRANGE", key, &first.to_string(), &last.to_string()])?;
        let Reply::List(rows) = reply else {
            return Err(StoreError::Redis { addr: self.addr.clone(), why: format!("{key} is no list") });
        };
        let understood = |(at, row): (u64, Reply)| {
            let damaged = |why: String| StoreError::Damaged { position: at, why };
            let Reply::Text(Some(body)) = row else { return Err(damaged("no text".into())) };
            Ok((at, serde_json::from_str(&body).map_err(|error| damaged(error.to_string()))?))
        };
        (first + 1..).zip(rows).map(understood).collect()
    }
}

impl Line {
    /// Asks, and reconnects next time where the connection breaks. A refusal is an error.
    fn ask(&mut self, commands: &[Vec<&str>]) -> Result<Vec<Reply>, String> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(&self.addr).map_err(|error| error.to_string())?,
        };
        let replies = client.ask(commands).map_err(|error| error.to_string())?;
        self.client = Some(client);
        match replies.iter().find_map(refusal) {
            Some(why) => Err(why.clone()),
            None => Ok(replies),
        }
    }
}

fn refusal(reply: &Reply) -> Option<&String> {
    match reply {
        Reply::Refusal(why) => Some(why),
        Reply::List(parts) => parts.iter().find_map(refusal),
        _ => None,
    }
}

/// One transaction. It is not tried again: the server may have it although its answer was lost.
fn commit(line: &mut Line, rows: &[&Row]) -> Result<(), String> {
    let keys: Vec<String> = rows.iter().map(|row| key(&row.session)).collect();
    let users: Vec<(String, &str)> = rows
        .iter()
        .filter_map(|row| row.starts_for.as_ref().map(|user| (key_of_user(user), row.session.as_str())))
        .collect();
    let mut commands = vec![vec!["MULTI"]];
    for (row, key) in rows.iter().zip(&keys) {
        commands.push(vec!["RPUSH", key, &row.body]);
        commands.push(vec!["RPUSH", LOG, &row.body]);
    }
    users.iter().for_each(|(key, session)| commands.push(vec!["RPUSH", key, session]));
    commands.push(vec!["EXEC"]);
    let replies = line.ask(&commands)?;
    match replies.last() {
        Some(Reply::List(_)) => Ok(()),
        other => Err(format!("the transaction was not carried out: {other:?}")),
    }
}

fn key(session: &str) -> String {
    format!("ilrec:session:{session}")
}

/// The list of the sessions of a user.
fn key_of_user(user: &str) -> String {
    format!("ilrec:user:{user}")
}

/// Of how many sessions of a user the events are read.
const LATEST_SESSIONS: usize = 100;

impl Store for RedisStore {
    fn append(&self, records: Vec<Record>, done: Done) -> Result<(), StoreError> {
        self.queue.append(records, done)
    }

    fn session(&self, id: &str) -> Result<Vec<Record>, StoreError> {
        Ok(self.range(&key(id), 0, -1)?.into_iter().map(|(_, record)| record).collect())
    }

    fn of_user(&self, user: &str, limit: usize) -> Result<Vec<Record>, StoreError> {
        let first = format!("-{LATEST_SESSIONS}");
        let reply = self.ask(vec!["LRANGE", &key_of_user(user), &first, "-1"])?;
        let Reply::List(sessions) = reply else {
            return Err(StoreError::Redis { addr: self.addr.clone(), why: "no list of sessions".into() });
        };
        let mut records = Vec::new();
        for session in sessions {
            if let Reply::Text(Some(id)) = session {
                records.extend(self.session(&id)?);
            }
        }
        records.sort_by_key(|record| record.time_millis);
        Ok(records.split_off(records.len().saturating_sub(limit)))
    }

    fn since(&self, after: u64, limit: usize) -> Result<Vec<(u64, Record)>, StoreError> {
        let last = after.saturating_add(limit as u64).saturating_sub(1);
        self.range(LOG, after, i64::try_from(last).unwrap_or(i64::MAX))
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn length(&self, id: &str) -> Result<usize, StoreError> {
        match self.ask(vec!["LLEN", &key(id)])? {
            Reply::Number(length) => Ok(usize::try_from(length).unwrap_or(0)),
            other => Err(StoreError::Redis { addr: self.addr.clone(), why: format!("strange: {other:?}") }),
        }
    }

    fn close(&self) {
        self.queue.close();
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.close();
    }
}
