//! As much of the protocol of Redis as the store needs.
//!
//! # Source
//! RESP2, the serialisation protocol of Redis and Valkey.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Status(String),
    Refusal(String),
    Number(i64),
    Text(Option<String>),
    List(Vec<Reply>),
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

const PATIENCE: Duration = Duration::from_secs(5);
/// The longest text and the longest list that are believed.
const LONGEST: i64 = 1 << 28;
const MOST: i64 = 1 << 24;

impl Client {
    /// Connects to `HOST:PORT`.
    ///
    /// # Errors
    /// When nobody is there.
    pub(crate) fn connect(addr: &str) -> Result<Self> {
        let mut last = Error::new(ErrorKind::NotFound, "no such host");
        for addr in addr.to_socket_addrs()? {
            match TcpStream::connect_timeout(&addr, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    stream.set_nodelay(true)?;
                    return Ok(Self { stream: BufReader::new(stream) });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Sends commands together and reads an answer to each.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is no RESP.
    pub(crate) fn ask(&mut self, commands: &[Vec<&str>]) -> Result<Vec<Reply>> {
        let mut bytes = Vec::new();
        for command in commands {
            write!(bytes, "*{}\r\n", command.len())?;
            for word in command {
                write!(bytes, "${}\r\n{word}\r\n", word.len())?;
            }
        }
        self.stream.get_mut().write_all(&bytes)?;
        commands.iter().map(|_| self.read(0)).collect()
    }

    fn read(&mut self, depth: usize) -> Result<Reply> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let (kind, rest) = line.trim_end().split_at_checked(1).ok_or_else(|| strange("an empty answer"))?;
        let number = || rest.parse::<i64>().map_err(|_| strange("a length that is no number"));
        match kind {
            "+" => Ok(Reply::Status(rest.to_owned())),
            "-" => Ok(Reply::Refusal(rest.to_owned())),
            ":" => Ok(Reply::Number(number()?)),
            "$" => self.text(number()?),
            "*" if depth < 4 => {
                let n = number()?;
                if n > MOST {
                    return Err(strange("a list that is too long"));
                }
                (0..n).map(|_| self.read(depth + 1)).collect::<Result<_>>().map(Reply::List)
            }
            _ => Err(strange("an answer of an unknown kind")),
        }
    }

    fn text(&mut self, length: i64) -> Result<Reply> {
        if length < 0 {
            return Ok(Reply::Text(None));
        }
        if length > LONGEST {
            return Err(strange("a text that is too long"));
        }
        let mut bytes = vec![0; length as usize + 2];
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(length as usize);
        String::from_utf8(bytes).map(|text| Reply::Text(Some(text))).map_err(|_| strange("no UTF-8"))
    }
}

fn strange(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}
