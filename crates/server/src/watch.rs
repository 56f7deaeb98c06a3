//! A folder in which new artefacts appear: each is checked, and serves if it is sound.

use crate::state::App;
use serving::Served;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Looks into a folder again and again, until it is aborted.
pub(crate) async fn watch(app: Arc<App>, folder: PathBuf, every: Duration) {
    let mut watcher = Watcher::new(folder);
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let worker = app.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let settled = watcher.look();
            take_first(&worker, &settled);
            watcher
        });
        match looked.await {
            Ok(back) => watcher = back,
            Err(error) => return tracing::error!("the folder is not watched any more: {error}"),
        }
    }
}

/// Takes the newest that is sound; the present policy goes on where none is.
fn take_first(app: &App, newest_first: &[PathBuf]) {
    for path in newest_first {
        match Served::open(path) {
            Ok(served) if served.hash() == app.policies.current().hash() => return,
            Ok(served) => {
                tracing::info!("policy {} serves now, from {}", served.hash(), path.display());
                app.policies.put(served);
                app.metrics.swap();
                app.sessions.unbind();
                return;
            }
            Err(error) => {
                app.refuse();
                tracing::error!("refused, the present policy stays: {error}: {}", path.display());
            }
        }
    }
}

/// What is known about the folder.
#[derive(Debug)]
pub(crate) struct Watcher {
    folder: PathBuf,
    /// What each artefact looked like last time, and whether that was handed out.
    seen: HashMap<PathBuf, (Look, bool)>,
}

/// Names, lengths and times of the files of a directory: while it is being copied, it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Look(Vec<(PathBuf, u64, Option<SystemTime>)>);

impl Watcher {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, seen: HashMap::new() }
    }

    /// Directories with a manifest that are new or changed and have kept still since the last look, newest first.
    pub(crate) fn look(&mut self) -> Vec<PathBuf> {
        let mut settled = Vec::new();
        let found: Vec<(PathBuf, Look)> = directories(&self.folder)
            .into_iter()
            .filter(|path| path.join(MANIFEST).symlink_metadata().is_ok())
            .map(|path| (path.clone(), Look::at(&path)))
            .collect();
        self.seen.retain(|path, _| found.iter().any(|(own, _)| own == path));
        for (path, look) in found {
            let newest = look.newest();
            match self.seen.get_mut(&path) {
                Some((known, handed_out)) if *known == look => {
                    if !std::mem::replace(handed_out, true) {
                        settled.push((newest, path));
                    }
                }
                _ => drop(self.seen.insert(path, (look, false))),
            }
        }
        settled.sort();
        settled.into_iter().rev().map(|(_, path)| path).collect()
    }
}

const MANIFEST: &str = "manifest.json";

impl Look {
    fn at(folder: &Path) -> Self {
        let about = |entry: std::fs::DirEntry| {
            let about = entry.metadata().ok()?;
            Some((entry.path(), about.len(), about.modified().ok()))
        };
        let mut files: Vec<_> = folder.read_dir().into_iter().flatten().flatten().filter_map(about).collect();
        files.sort();
        Self(files)
    }

    fn newest(&self) -> Option<SystemTime> {
        self.0.iter().filter_map(|(_, _, time)| *time).max()
    }
}

/// Directories in a folder; hidden ones are being written.
fn directories(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let is_hidden = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with('.');
    entries.filter(|entry| !is_hidden(entry)).map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
