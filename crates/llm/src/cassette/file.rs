//! The file of a cassette.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::answer::{cost_of, to_row};
use super::key::Call;
use super::plain;
use super::reservations;
use super::rows::{Found, find, keep, read_row};
use crate::{AgentRole, Capabilities, LlmError, Usage};

/// Marks an SQLite file as one of ours.
const APPLICATION_ID: i64 = 0x696c_7263;

/// Version of the tables.
const FORMAT: i64 = 1;

/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(60);

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS calls (
        key BLOB PRIMARY KEY, model TEXT NOT NULL, kind TEXT NOT NULL,
        request TEXT NOT NULL, answer TEXT NOT NULL, checksum BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS models (model TEXT PRIMARY KEY, capabilities TEXT NOT NULL) WITHOUT ROWID;
";

/// An open cassette. Several may be open on one file, in one process or in many.
#[derive(Debug)]
pub struct Cassette {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Cassette {
    /// Opens a cassette for recording and answering; creates the file if it is not there.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if the file is something else, is damaged or cannot be written.
    pub fn open(path: &Path) -> Result<Self, LlmError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Self::connect(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        let cassette = Self { path: path.to_owned(), connection: Mutex::new(connection) };
        cassette.prepare().map_err(|error| cassette.unusable(&error))?;
        cassette.check_format()?;
        Ok(cassette)
    }

    /// Opens a cassette that is only read: an SQLite file or lines of JSON.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if the file is missing, damaged or not a cassette.
    pub fn open_to_read(path: &Path) -> Result<Self, LlmError> {
        let file = std::fs::File::open(path).map_err(|error| missing(path, &error))?;
        let mut reader = std::io::BufReader::new(file);
        let start = std::io::BufRead::fill_buf(&mut reader).map_err(|error| missing(path, &error))?;
        if !start.starts_with(b"SQLite format 3\0") {
            return Self::from_lines(reader, path);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let cassette = Self { path: path.to_owned(), connection: Mutex::new(Self::connect(path, flags)?) };
        cassette.check_format()?;
        Ok(cassette)
    }

    /// An empty cassette without a file; `name` is what errors call it.
    pub(crate) fn in_memory(name: &Path) -> Result<Self, LlmError> {
        let connection = Connection::open_in_memory().map_err(|error| unusable(name, &error))?;
        let cassette = Self { path: name.to_owned(), connection: Mutex::new(connection) };
        cassette.prepare().map_err(|error| cassette.unusable(&error))?;
        Ok(cassette)
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, LlmError> {
        let open = || {
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(PATIENCE)?;
            plain::limit(&connection)?;
            Ok(connection)
        };
        open().map_err(|error| unusable(path, &error))
    }

    /// Makes a new file a cassette; leaves any other file as it is.
    fn prepare(&self) -> rusqlite::Result<()> {
        let mut connection = self.lock();
        let is_new = |connection: &Connection| -> rusqlite::Result<bool> {
            connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
        };
        if is_new(&connection)? {
            let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if is_new(&begun)? {
                begun.execute_batch(TABLES)?;
                begun.pragma_update(None, "application_id", APPLICATION_ID)?;
                begun.pragma_update(None, "user_version", FORMAT)?;
            }
            begun.commit()?;
        }
        if format_of(&connection)? == (APPLICATION_ID, FORMAT) && plain::stranger(&connection)?.is_none() {
            // Survives a killed process; a power cut may cost the last rows, never a broken one.
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.execute_batch(reservations::TABLE)?;
        }
        Ok(())
    }

    fn check_format(&self) -> Result<(), LlmError> {
        let format = self.with(format_of)?;
        let (reason, hint) = match format {
            (APPLICATION_ID, FORMAT) => match self.with(plain::stranger)? {
                None => return Ok(()),
                Some(what) => (
                    format!("the cassette holds more than plain tables, {what}"),
                    "nothing of it was read: take it from somebody you trust, or record into a new file",
                ),
            },
            (APPLICATION_ID, format) => (
                format!("the cassette has format {format}, expected {FORMAT}"),
                "read it with the version that wrote it, or record into a new file",
            ),
            _ => (
                "the file is an SQLite database but not a cassette".to_owned(),
                "give another path; a new file is made where there is none",
            ),
        };
        let reason = format!("{reason}: {}", self.path.display());
        Err(LlmError::Unavailable { reason, hint: hint.to_owned() })
    }

    /// Looks a call of this model up.
    pub(crate) fn find(&self, model: &str, call: &Call) -> Result<Found, LlmError> {
        find(&self.lock(), model, call).map_err(|error| self.unusable(&error))
    }

    /// Keeps an answer. If another writer was first, theirs stays and is returned, so that all go on with the same.
    /// One that does not stay is replaced.
    pub(crate) fn keep(
        &self,
        model: &str,
        call: &Call,
        answer: &str,
        stays: impl Fn(&str) -> bool,
    ) -> Result<String, LlmError> {
        keep(&mut self.lock(), model, call, answer, stays).map_err(|error| self.unusable(&error))
    }

    /// Notes what a model can do, for whoever plays the cassette back.
    pub(crate) fn note_model(&self, capabilities: &Capabilities) -> Result<(), LlmError> {
        let row = to_row(capabilities).unwrap_or_default();
        let note = "INSERT INTO models VALUES (?1, ?2)
            ON CONFLICT DO UPDATE SET capabilities = ?2 WHERE capabilities <> ?2";
        let noted = self.lock().execute(note, params![capabilities.model, row]);
        noted.map(|_| ()).map_err(|error| self.unusable(&error))
    }

    /// The models that were recorded, by name.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if the file is damaged.
    pub fn models(&self) -> Result<Vec<Capabilities>, LlmError> {
        let rows = self.with(|connection| {
            let mut query = connection.prepare("SELECT capabilities FROM models ORDER BY model")?;
            query.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let parse = |row: &String| serde_json::from_str(row).map_err(|_| self.damaged("the list of models"));
        rows.iter().map(parse).collect()
    }

    /// Model, agent and cost of each call that is whole.
    pub(crate) fn each_cost(&self, mut tell: impl FnMut(&str, AgentRole, Usage)) -> Result<(), LlmError> {
        self.with(|connection| {
            let mut query =
                connection.prepare("SELECT model, kind, request, answer, checksum, key FROM calls")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let key: Vec<u8> = row.get(5)?;
                let whole = read_row(row).filter(|row| row.is_whole(&key));
                if let Some((row, (agent, usage))) =
                    whole.and_then(|row| cost_of(&row).map(|cost| (row, cost)))
                {
                    tell(&row.model, agent, usage);
                }
            }
            Ok(())
        })
    }

    /// How many calls are recorded.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if the file is damaged.
    pub fn n_calls(&self) -> Result<u64, LlmError> {
        let count = "SELECT count(*) FROM calls";
        let n = self.with(|connection| connection.query_row(count, [], |row| row.get::<_, i64>(0)))?;
        Ok(n.unsigned_abs())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does something with the database.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LlmError> {
        work(&self.lock()).map_err(|error| self.unusable(&error))
    }

    /// The error for a row that is not as it was written.
    pub(crate) fn damaged(&self, what: &str) -> LlmError {
        LlmError::Unavailable {
            reason: format!("{what} of the cassette is damaged: {}", self.path.display()),
            hint: "take another copy, or record the missing calls again with the model itself".to_owned(),
        }
    }

    fn unusable(&self, error: &rusqlite::Error) -> LlmError {
        unusable(&self.path, error)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn format_of(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

fn unusable(path: &Path, error: &rusqlite::Error) -> LlmError {
    LlmError::Unavailable {
        reason: format!("the cassette cannot be used: {error}: {}", path.display()),
        hint:
            "look whether the folder exists, can be written and has room, and whether the file is a cassette"
                .to_owned(),
    }
}

fn missing(path: &Path, error: &std::io::Error) -> LlmError {
    LlmError::Unavailable {
        reason: format!("the cassette cannot be read: {error}: {}", path.display()),
        hint: "give the path of a cassette that a collection wrote".to_owned(),
    }
}
