//! Rows that are read on one thread while another takes them in, in their order.

use crate::DataError;
use crate::input::{Row, Table};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

/// Rows of a block at most, bytes after which it is full, and how many blocks may wait.
const BLOCK: usize = 1_024;
const BLOCK_BYTES: usize = 1 << 18;
const N_WAITING: usize = 4;
/// Rows of more bytes keep none of their memory for the next block.
const LONG: usize = 1 << 10;

/// Hands every row to `take`, which runs beside the reading where there is more than one thread. Returns how many rows
/// there were.
///
/// # Errors
/// That of a row that cannot be read or taken in; among rows that are read at once (64 KiB), unreadable bytes are told first.
pub(super) fn for_each_row(
    table: &mut Table<'_>,
    mut take: impl FnMut(&Row) -> Result<(), DataError> + Send,
) -> Result<u64, DataError> {
    if rayon::current_num_threads() == 1 {
        let mut n_rows = 0;
        while table.advance()? {
            n_rows += 1;
            take(table.row())?;
        }
        return Ok(n_rows);
    }
    let (full, to_take) = sync_channel::<Vec<Row>>(N_WAITING);
    let (emptied, empty) = channel();
    std::thread::scope(|scope| {
        let taking = scope.spawn(move || -> Result<(), DataError> {
            for block in to_take {
                block.iter().try_for_each(&mut take)?;
                if block.iter().all(|row| row.n_bytes() <= LONG) {
                    let _ = emptied.send(block); // the reader may be done
                }
            }
            Ok(())
        });
        let read = read(table, &full, &empty);
        drop(full);
        // What could not be taken in stands before what could not be read.
        taking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        read
    })
}

/// Fills blocks until the table ends, or nobody takes them any more.
fn read(
    table: &mut Table<'_>,
    full: &SyncSender<Vec<Row>>,
    empty: &Receiver<Vec<Row>>,
) -> Result<u64, DataError> {
    let mut n_rows = 0;
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        block.resize(BLOCK, Row::default());
        let n_read = fill(table, &mut block);
        let (n, is_last) = match &n_read {
            Ok((n, is_last)) => (*n, *is_last),
            Err((n, _)) => (*n, true),
        };
        n_rows += n as u64;
        block.truncate(n);
        let is_over = full.send(block).is_err() || is_last;
        if let Err((_, error)) = n_read {
            return Err(error);
        }
        if is_over {
            return Ok(n_rows);
        }
    }
}

/// Reads rows into a block until it is full. Returns how many, and whether the table ended; with the error, how many came
/// before it.
fn fill(table: &mut Table<'_>, block: &mut [Row]) -> Result<(usize, bool), (usize, DataError)> {
    let mut n_bytes = 0;
    for (n, row) in block.iter_mut().enumerate() {
        match table.advance() {
            Ok(true) => table.exchange(row),
            Ok(false) => return Ok((n, true)),
            Err(error) => return Err((n, error)),
        }
        n_bytes += row.n_bytes();
        if n_bytes > BLOCK_BYTES {
            return Ok((n + 1, false));
        }
    }
    Ok((block.len(), false))
}
