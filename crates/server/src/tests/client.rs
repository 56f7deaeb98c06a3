//! A server on a free port, and a client that speaks plain HTTP.

use crate::{Config, Keys, Limits, Server, StoreAt};
use serde_json::Value;
use serving::Served;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// The artefact that every version must be able to serve.
pub(crate) fn at_golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../serving/golden/v1")
}

/// Another artefact of the same items.
pub(crate) fn at_other() -> PathBuf {
    at_golden().with_file_name("v2")
}

/// A server in a thread of its own; it stops when it is dropped.
pub(crate) struct Running {
    addr: SocketAddr,
    admin: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _folder: Option<tempfile::TempDir>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn of(raw: &str) -> Self {
        let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
        let (status, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { status, headers: headers.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status / 100, 2, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.headers.lines().filter_map(|line| line.split_once(": "));
        pairs.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Running {
    pub(crate) fn start(change: impl FnOnce(&mut Limits)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut running = Self::at(&folder.path().join("store.sqlite"), change);
        running._folder = Some(folder);
        running
    }

    pub(crate) fn at(store: &Path, change: impl FnOnce(&mut Limits)) -> Self {
        Self::with(store, Keys::default(), change)
    }

    /// A replica on a shared store.
    pub(crate) fn beside(addr: &str) -> Self {
        let look = |limits: &mut Limits| limits.look = std::time::Duration::from_millis(5);
        Self::on(StoreAt::Redis(addr.to_owned()), Keys::default(), look)
    }

    pub(crate) fn with(store: &Path, keys: Keys, change: impl FnOnce(&mut Limits)) -> Self {
        Self::on(StoreAt::File(store.to_owned()), keys, change)
    }

    fn on(store: StoreAt, keys: Keys, change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits { n_threads: 2, ..Limits::default() };
        change(&mut limits);
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::of(Config { keys, limits, ..Config::new(addr, store) })
    }

    /// A server in a fresh folder, with other settings.
    pub(crate) fn like(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreAt::File(folder.path().join("store.sqlite"));
        let limits = Limits { n_threads: 2, ..Limits::default() };
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut config = Config { limits, ..Config::new(addr, store) };
        change(&mut config);
        let mut running = Self::of(config);
        running._folder = Some(folder);
        running
    }

    /// A server with these settings; without keys it is administered at an address of its own.
    fn of(mut config: Config) -> Self {
        if config.keys.is_empty() {
            config.admin.get_or_insert(SocketAddr::from(([127, 0, 0, 1], 0)));
        }
        Self::just(config)
    }

    /// A server with these settings and no others.
    pub(crate) fn just(config: Config) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let policy = Served::open(&at_golden()).unwrap();
                let server = Server::bind(config, policy).await.unwrap();
                tell.send((server.addr().unwrap(), server.admin_addr().unwrap())).unwrap();
                server.run(async { drop(stopped.await) }).await;
            });
        });
        let (addr, admin) = told.recv().unwrap();
        Self { addr, admin, stop: Some(stop), thread: Some(thread), _folder: None }
    }

    /// Stops and waits until everything is written.
    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where a path is answered.
    fn place(&self, path: &str) -> SocketAddr {
        self.admin.filter(|_| path.starts_with("/admin")).unwrap_or(self.addr)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], &body.to_string())
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send_to(self.place(path), method, path, headers, body)
    }

    /// The same to one of the server's addresses. A host that is among the headers is named in place of the usual one.
    pub(crate) fn send_to(
        &self,
        addr: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            text.push_str("host: localhost\r\n");
        }
        headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
        text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        Answer::of(&raw(addr, &text))
    }

    /// Sends bytes piece by piece, listening for so long before each, and reads until the server closes the connection.
    pub(crate) fn trickle(&self, pieces: &[&[u8]], pause: Option<Duration>) -> String {
        const PATIENCE: Duration = Duration::from_secs(30);
        let mut stream = TcpStream::connect(self.addr).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let mut out = Vec::new();
        for piece in pieces {
            let mut heard = [0; 1024];
            if pause.is_some() {
                stream.set_read_timeout(pause).unwrap();
                match stream.read(&mut heard) {
                    Ok(0) => break,
                    Ok(length) => out.extend_from_slice(&heard[..length]),
                    Err(_) => {}
                }
            }
            // Whoever has closed already has said enough.
            if stream.write_all(piece).is_err() {
                break;
            }
        }
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        if let Err(error) = stream.read_to_end(&mut out) {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "the server neither answers nor closes");
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Sends a text as it is and reads until the server closes the connection.
    pub(crate) fn unfinished(&self, text: &str) -> String {
        raw(self.addr, text)
    }
}

fn raw(addr: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut out = Vec::new();
    // A server that refuses a long body may close before everything is read.
    let _ = stream.read_to_end(&mut out);
    String::from_utf8(out).unwrap()
}

/// Why a server with these settings does not start.
pub(crate) fn refused(change: impl FnOnce(&mut Config)) -> crate::ServerError {
    let folder = tempfile::tempdir().unwrap();
    let store = StoreAt::File(folder.path().join("store.sqlite"));
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut config = Config::new(addr, store);
    change(&mut config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Server::bind(config, Served::open(&at_golden()).unwrap())).unwrap_err()
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
