//! A Redis server for tests; they are skipped, and say so, where there is no `redis-server`.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// A Redis server of our own, in memory, gone with the value.
pub(crate) struct Redis {
    child: Child,
    pub(crate) addr: String,
    _folder: tempfile::TempDir,
}

impl Redis {
    /// `None`, said on standard error, where there is no `redis-server` and the environment does not ask for one.
    pub(crate) fn start(password: &str) -> Option<Self> {
        Self::with(&["--requirepass", password])
    }

    /// The same with other settings.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) fn with(settings: &[&str]) -> Option<Self> {
        let started = Self::try_start(settings);
        if started.is_none() {
            assert!(std::env::var_os("ILREC_REQUIRE_REDIS").is_none(), "there is no redis-server");
            eprintln!("skipped: there is no redis-server");
        }
        started
    }

    fn try_start(settings: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(folder.path())
            .args(settings)
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_ready = lines.map_while(Result::ok).any(|line| line.contains("Ready to accept"));
        assert!(is_ready, "redis-server ended");
        Some(Self { child, addr: format!("redis://127.0.0.1:{port}"), _folder: folder })
    }

    /// Has it do a command.
    pub(crate) fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let mut connection = redis::Client::open(self.addr.as_str()).unwrap().get_connection().unwrap();
        let (name, rest) = command.split_first().unwrap();
        redis::cmd(name).arg(rest).query(&mut connection).unwrap()
    }

    /// It hangs, or goes on.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // A killed process ends also where it was stopped.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
