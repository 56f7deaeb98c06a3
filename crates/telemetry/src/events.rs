//! TensorBoard event files: protobuf messages in TFRecord frames.
//!
//! Only the few fields that scalars need are declared; numbers are those of TensorFlow's `event.proto` and
//! `summary.proto`.

use crate::TelemetryError;
use prost::Message;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// `tensorflow.Event`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Event {
    /// Unix seconds.
    #[prost(double, tag = "1")]
    pub(crate) wall_time: f64,
    #[prost(int64, tag = "2")]
    pub(crate) step: i64,
    #[prost(oneof = "What", tags = "3, 5, 7")]
    pub(crate) what: Option<What>,
}

/// The kinds of event we write.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

/// `tensorflow.Summary`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(crate) value: Vec<Value>,
}

/// `tensorflow.Summary.Value` with a scalar.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Value {
    #[prost(string, tag = "1")]
    pub(crate) tag: String,
    #[prost(float, optional, tag = "2")]
    pub(crate) simple_value: Option<f32>,
}

/// `tensorflow.SessionLog`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SessionLog {
    #[prost(int32, tag = "1")]
    pub(crate) status: i32,
}

/// `SessionLog.START`: TensorBoard forgets what earlier files say about this step and later ones.
pub(crate) const START: i32 = 1;

/// One event file, appended to record by record.
pub(crate) struct EventFile {
    file: File,
    path: PathBuf,
}

impl EventFile {
    /// Starts the next file of a directory; its number is in its name, because readers go by name.
    pub(crate) fn create_next(directory: &Path, wall_time: f64) -> Result<Self, TelemetryError> {
        let mut number = 0;
        loop {
            let path = directory.join(format!("events.out.tfevents.{number:010}.ilrec"));
            match File::create_new(&path) {
                Ok(file) => {
                    let mut out = Self { file, path };
                    let what = Some(What::FileVersion("brain.Event:2".to_owned()));
                    out.append(&Event { wall_time, step: 0, what })?;
                    return Ok(out);
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(TelemetryError::at(&path)(error)),
            }
        }
    }

    /// Writes one record whole.
    pub(crate) fn append(&mut self, event: &Event) -> Result<(), TelemetryError> {
        self.file.write_all(&framed(&event.encode_to_vec())).map_err(TelemetryError::at(&self.path))
    }
}

/// Length, checksum of the length, data, checksum of the data; little endian.
///
/// # Source
/// TensorFlow's TFRecord format.
fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut out = Vec::with_capacity(data.len() + 16);
    out.extend_from_slice(&length);
    out.extend_from_slice(&masked_crc(&length).to_le_bytes());
    out.extend_from_slice(data);
    out.extend_from_slice(&masked_crc(data).to_le_bytes());
    out
}

/// CRC-32C, rotated and shifted so that a checksum of data that holds checksums stays useful.
pub(crate) fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}
