//! `export`: an artefact that serves.

use crate::context::Global;
use crate::failure::Failure;
use crate::shell;
use crate::stage::served::{self, Control, Parts};
use artefact::Kind;
use serde::Serialize;
use serving::{Precision, Served, TableFacts};
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
    /// Demonstrations that explain its choices; may be repeated [default: those that it learned from, where they lie near it]
    #[arg(long)]
    demos: Vec<PathBuf>,
    /// How item tables are kept: as they are, in 16 bits, or in 8; in memory they are f32 in any case
    #[arg(long, value_name = "f32|f16|int8", default_value = "f32", value_parser = precision)]
    table: Precision,
    /// Put the policy into it as an ONNX graph, too: policy.onnx, for other runtimes
    #[arg(long)]
    onnx: bool,
    /// A control instead of the policy, to be served beside it: it needs the policy's tables
    #[arg(long)]
    control: Option<Control>,
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
    table: &'a TableFacts,
    onnx: Option<PathBuf>,
}

fn precision(word: &str) -> Result<Precision, String> {
    let known = [Precision::Single, Precision::Half, Precision::Byte];
    let found = known.into_iter().find(|precision| precision.word() == word);
    found.ok_or_else(|| format!("one of {}", known.map(Precision::word).join(", ")))
}

/// Writes it, opens it and runs its self-test.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let Arguments { policy, data, demos, table, onnx, control, out } = arguments;
    let (data, table) = (data.as_deref(), *table);
    let (onnx, control) = (*onnx, *control);
    let parts = Parts { policy, data, demos, table, onnx, control };
    let claim = global.claim(Kind::Served, out, "export")?;
    served::export(&parts, &claim)?;
    let served = Served::open(out)?;
    let unknown = TableFacts::default();
    let answer = Answer {
        artefact: out,
        hash: served.hash(),
        items: served.n_items(),
        demonstrations: served.demonstrations().len(),
        parameter_hash: &served.about().parameter_hash,
        table: served.about().table.as_ref().unwrap_or(&unknown),
        onnx: onnx.then(|| out.join(served::ONNX)),
    };
    let Answer { hash, items, demonstrations, table, .. } = &answer;
    let (place, out) = (out.display(), shell::path(out));
    let text = format!(
        "artefact {hash} of {items} items and {demonstrations} demonstrations: {place}\n\
         tables in {}: {} of {} bytes, recall@10 {:.4} of the judged policy's in {} situations\n\
         serve it: ilrec serve --policy {out}",
        table.precision.word(),
        table.bytes,
        table.bytes_f32,
        table.recall_at_10,
        table.situations,
    );
    global.format().emit(&answer, &text)
}
