//! Bytes as they are stored made into the bytes that were meant: unpacked within bounds, UTF-16 as UTF-8, and a word
//! about files of kinds that are not read.

use super::kinds::{Kind, Packing};
use crate::Problem;
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, BufReader, Cursor, Read};

pub(super) const BUFFER: usize = 1 << 16;
/// Bytes by which a kind of file is known.
const HEAD: usize = 512;
/// Memory that an archive may ask for its dictionary: as much as the strongest usual setting needs.
const DICTIONARY_KIB: u32 = 160 << 10;
const WINDOW_LOG: u32 = 27;

/// A stream of bytes on its way.
pub(super) type Stream<'a> = Box<dyn Read + 'a>;

/// Unpacks a stream of `size` bytes and makes UTF-16 into UTF-8.
///
/// # Errors
/// When it is of a kind that is not read as text.
pub(super) fn as_text<'a>(raw: Stream<'a>, size: u64) -> io::Result<Stream<'a>> {
    let (kind, unpacked) = unpacked(raw, size)?;
    match kind {
        Kind::Utf16(encoding) => Ok(Box::new(Utf16::new(unpacked, encoding))),
        Kind::Plain => Ok(unpacked),
        Kind::Parquet => Err(io::Error::other(Problem::NotRead {
            what: "a Parquet table where a text is expected".into(),
            hint: "import it with the format `parquet`",
        })),
        Kind::Packed(_) => Err(io::Error::other(Problem::NotRead {
            what: "a file that is packed more than twice".into(),
            hint: "unpack it first",
        })),
        Kind::Unread(what, hint) => Err(io::Error::other(Problem::NotRead { what: what.into(), hint })),
    }
}

/// Unpacks a stream of `size` bytes, twice at most (an archive can hold packed files), and says what it is then.
pub(super) fn unpacked<'a>(raw: Stream<'a>, size: u64) -> io::Result<(Kind, Stream<'a>)> {
    let (mut kind, mut stream) = known(raw)?;
    for _ in 0..2 {
        let Kind::Packed(packing) = kind else { break };
        let plain: Stream<'a> = match packing {
            Packing::Gzip => Box::new(Gzip::new(stream)),
            Packing::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(stream, true, DICTIONARY_KIB)),
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(stream)?;
                decoder.window_log_max(WINDOW_LOG)?;
                Box::new(Told(decoder))
            }
        };
        (kind, stream) = known(Box::new(Bounded::new(plain, expanded_limit(size))))?;
    }
    Ok((kind, stream))
}

/// Whether a stream is packed.
pub(super) fn is_packed(raw: Stream<'_>) -> io::Result<bool> {
    Ok(matches!(known(raw)?.0, Kind::Packed(_)))
}

/// Looks at the beginning of a stream.
fn known(mut raw: Stream<'_>) -> io::Result<(Kind, Stream<'_>)> {
    let mut head = Vec::with_capacity(HEAD);
    raw.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let kind = Kind::of(&head);
    Ok((kind, Box::new(BufReader::with_capacity(BUFFER, Cursor::new(head).chain(raw)))))
}

/// A decoder whose errors have no kind: they are about its data.
struct Told<R>(R);

impl<R: Read> Read for Told<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| match error.kind() {
            io::ErrorKind::Other => io::Error::new(io::ErrorKind::InvalidData, error),
            _ => error,
        })
    }
}

/// How many bytes a compressed file of `size` bytes may unpack to. Logs shrink to a tenth or so; deflate can shrink
/// zeros to a thousandth.
pub fn expanded_limit(size: u64) -> u64 {
    (64 << 20) + size.saturating_mul(100)
}

/// A reader that refuses to give more than its limit.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
    limit: u64,
}

impl<R> Bounded<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit, limit }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        let limit = self.limit;
        self.left =
            self.left.checked_sub(n as u64).ok_or_else(|| io::Error::other(Problem::Expands { limit }))?;
        Ok(n)
    }
}

/// Gzip members one after another; zeros may fill the last block of a tape.
struct Gzip<'a>(Option<GzDecoder<BufReader<Stream<'a>>>>);

impl<'a> Gzip<'a> {
    fn new(raw: Stream<'a>) -> Self {
        Self(Some(GzDecoder::new(BufReader::with_capacity(BUFFER, raw))))
    }
}

impl Read for Gzip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.0 {
            let n = decoder.read(out)?;
            if n > 0 || out.is_empty() {
                return Ok(n);
            }
            let mut raw = self.0.take().expect("there is one in this loop").into_inner();
            if let Some(first) = skip_zeros(&mut raw)? {
                if first != 0x1f {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "something follows the compressed data",
                    ));
                }
                self.0 = Some(GzDecoder::new(raw));
            }
        }
        Ok(0)
    }
}

/// Passes over zeros, and gives the byte that comes then.
fn skip_zeros(raw: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let ready = raw.fill_buf()?;
        let n = ready.iter().position(|&byte| byte != 0).unwrap_or(ready.len());
        let (next, is_over) = (ready.get(n).copied(), ready.is_empty());
        raw.consume(n);
        if next.is_some() || is_over {
            return Ok(next);
        }
    }
}

/// UTF-16 with a byte order mark as UTF-8 without.
struct Utf16<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    /// Bytes that were decoded.
    offset: u64,
    ready: Cursor<Vec<u8>>,
    is_over: bool,
}

impl<R: Read> Utf16<R> {
    fn new(inner: R, encoding: &'static encoding_rs::Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { inner, decoder, raw: Vec::new(), offset: 0, ready: Cursor::default(), is_over: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.raw.resize(BUFFER, 0);
        let n = self.inner.read(&mut self.raw)?;
        self.is_over = n == 0;
        let mut text = vec![0; 3 * n + 16];
        let (result, n_read, n_written) =
            self.decoder.decode_to_utf8_without_replacement(&self.raw[..n], &mut text, self.is_over);
        if let encoding_rs::DecoderResult::Malformed(..) = result {
            let what = format!("not UTF-16 at byte {}", self.offset + n_read as u64);
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        self.offset += n as u64;
        text.truncate(n_written);
        self.ready = Cursor::new(text);
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.ready.read(out)?;
            if n > 0 || out.is_empty() || self.is_over {
                return Ok(n);
            }
            self.refill()?;
        }
    }
}
