//! A server of its own for each trial.

use crate::Outcome;
use crate::client::{Client, Wire};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server; it is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pub(crate) addr: SocketAddr,
    /// Where it is administered.
    pub(crate) admin: SocketAddr,
    /// From the start of the process to the first "ready".
    pub(crate) took: Duration,
}

/// Where a server starts from.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) ilrec: &'a Path,
    pub(crate) artefact: &'a Path,
    pub(crate) store: PathBuf,
}

const PATIENCE: Duration = Duration::from_secs(20);
const ANY: &str = "127.0.0.1:0";

impl<'a> Place<'a> {
    /// With an empty store.
    pub(crate) fn fresh(bench: &'a crate::Bench, name: &str) -> Outcome<Self> {
        let store = bench.dir.join(format!("{name}.sqlite"));
        for suffix in ["", "-wal", "-shm"] {
            let path = format!("{}{suffix}", store.display());
            if let Err(error) = std::fs::remove_file(path)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                return Err(error.into());
            }
        }
        Ok(Self { ilrec: &bench.ilrec, artefact: &bench.artefact, store })
    }

    /// Starts the server and waits until it is ready.
    pub(crate) fn start(&self) -> Outcome<Process> {
        let started = Instant::now();
        let child = Command::new(self.ilrec)
            .args(["serve", "--json", "--quiet", "--addr", ANY, "--admin-addr", ANY, "--policy"])
            .arg(self.artefact)
            .arg("--store")
            .arg(&self.store)
            .stdout(Stdio::piped())
            .spawn()?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut process = Process { child, addr: nowhere, admin: nowhere, took: Duration::ZERO };
        let output = process.child.stdout.take().ok_or("no output")?;
        let said = serde_json::Deserializer::from_reader(output).into_iter::<serde_json::Value>().next();
        let said = said.ok_or("the server ended before it was ready")??;
        let at = |field: &str| {
            let url = said[field].as_str().unwrap_or_default();
            url.trim_start_matches("http://").trim_end_matches('/').parse()
        };
        (process.addr, process.admin) = (at("url")?, at("admin_url")?);
        wait_until_ready(process.addr, "/health/ready")?;
        process.took = started.elapsed();
        Ok(process)
    }
}

impl Process {
    /// Ends it as a power cut would end it.
    pub(crate) fn kill(mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Resident memory in megabytes.
    pub(crate) fn megabytes(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Ids of all items of the policy.
    pub(crate) fn item_ids(&self) -> Outcome<Vec<String>> {
        let mut client = Client::new(self.addr);
        let mut ids = Vec::new();
        loop {
            let path = format!("/v1/items?limit=1000&offset={}", ids.len());
            let page = client.json_of(&Wire::get(&path))?;
            let items = page["items"].as_array().ok_or("no items")?;
            ids.extend(items.iter().filter_map(|item| item["id"].as_str()).map(str::to_owned));
            if items.is_empty() {
                return Ok(ids);
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Whoever is gone already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until the answer is a success.
pub(crate) fn wait_until_ready(addr: SocketAddr, path: &str) -> Outcome<()> {
    let started = Instant::now();
    let request = Wire::get(path);
    while started.elapsed() < PATIENCE {
        if Client::new(addr).ask(&request).is_ok_and(|status| status.code == 200) {
            return Ok(());
        }
        crate::load::wait_until(Instant::now() + Duration::from_millis(2));
    }
    Err(format!("nobody is ready at {addr}{path}").into())
}
