//! `export`: an artefact that serves.

use crate::context::Global;
use crate::failure::Failure;
use crate::stage::served::{self, Parts};
use serde::Serialize;
use serving::Served;
use std::path::{Path, PathBuf};

/// Arguments of `export`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The policy directory
    #[arg(long)]
    policy: PathBuf,
    /// The dataset it was trained on [default: the one beside it]
    #[arg(long)]
    data: Option<PathBuf>,
    /// The demonstrations that explain its choices [default: those beside it, if any]
    #[arg(long)]
    demos: Option<PathBuf>,
    /// The artefact directory to write
    #[arg(long, value_name = "ARTEFACT")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Answer<'a> {
    artefact: &'a Path,
    hash: &'a str,
    items: usize,
    demonstrations: usize,
    parameter_hash: &'a str,
}

/// Writes it, opens it and runs its self-test.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let Arguments { policy, data, demos, out } = arguments;
    let parts = Parts { policy, data: data.as_deref(), demos: demos.as_deref() };
    served::export(&parts, out)?;
    let served = Served::open(out)?;
    let answer = Answer {
        artefact: out,
        hash: served.hash(),
        items: served.n_items(),
        demonstrations: served.demonstrations().len(),
        parameter_hash: &served.about().parameter_hash,
    };
    let text = format!(
        "artefact {} of {} items and {} demonstrations: {}\nserve it: ilrec serve --policy {}",
        answer.hash,
        answer.items,
        answer.demonstrations,
        out.display(),
        out.display()
    );
    global.format().emit(&answer, &text)
}
