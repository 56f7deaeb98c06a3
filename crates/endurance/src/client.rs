//! One connection that speaks as much HTTP/1.1 as the server does.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection, opened when it is needed and again after it broke.
#[derive(Debug)]
pub(crate) struct Client {
    addr: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    line: String,
    body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status {
    pub(crate) code: u16,
    /// Whether the answer says when to come again.
    pub(crate) has_retry_after: bool,
}

/// A request, ready to be written.
#[derive(Clone, Debug)]
pub(crate) struct Wire(Vec<u8>);

const PATIENCE: Duration = Duration::from_secs(20);

impl Wire {
    pub(crate) fn post(path: &str, body: &str) -> Self {
        let length = body.len();
        let head = "Host: localhost\r\nContent-Type: application/json\r\nContent-Length:";
        Self(format!("POST {path} HTTP/1.1\r\n{head} {length}\r\n\r\n{body}").into_bytes())
    }

    pub(crate) fn get(path: &str) -> Self {
        Self(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes())
    }
}

impl Client {
    pub(crate) fn new(addr: SocketAddr) -> Self {
        Self { addr, stream: None, line: String::new(), body: Vec::new() }
    }

    /// Asks and reads the whole answer.
    ///
    /// # Errors
    /// When the connection breaks before its end.
    pub(crate) fn ask(&mut self, request: &Wire) -> Result<Status> {
        let stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.addr)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                BufReader::with_capacity(1 << 16, stream)
            }
        };
        self.exchange(request, stream)
    }

    fn exchange(&mut self, request: &Wire, mut stream: BufReader<TcpStream>) -> Result<Status> {
        let strange = |what: &str| Error::new(ErrorKind::InvalidData, what.to_owned());
        stream.get_mut().write_all(&request.0)?;
        let mut next = |line: &mut String| {
            line.clear();
            match stream.read_line(line)? {
                0 => Err(Error::new(ErrorKind::UnexpectedEof, "the server closed the connection")),
                _ => Ok(()),
            }
        };
        next(&mut self.line)?;
        let code = self.line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let code = code.ok_or_else(|| strange("no status"))?;
        let (mut length, mut has_retry_after, mut closes) = (0, false, false);
        loop {
            next(&mut self.line)?;
            let line = self.line.trim_end();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| strange("a header without a name"))?;
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(|_| strange("a length that is no number"))?;
            }
            has_retry_after |= name.eq_ignore_ascii_case("retry-after");
            closes |= name.eq_ignore_ascii_case("connection") && value.trim() == "close";
        }
        self.body.resize(length, 0);
        stream.read_exact(&mut self.body)?;
        self.stream = (!closes).then_some(stream);
        Ok(Status { code, has_retry_after })
    }

    /// The last answer's body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Asks for JSON; anything but success is an error.
    ///
    /// # Errors
    /// The status and the body in words.
    pub(crate) fn json_of(&mut self, request: &Wire) -> crate::Outcome<Value> {
        let status = self.ask(request)?;
        if status.code / 100 != 2 {
            return Err(format!("status {}: {}", status.code, String::from_utf8_lossy(&self.body)).into());
        }
        Ok(self.json())
    }
}
