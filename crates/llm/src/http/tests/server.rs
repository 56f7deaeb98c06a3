//! A small server that answers as it is told, faults included.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// What a client sent.
pub(crate) struct Received {
    /// How many requests came before.
    pub(crate) number: usize,
    /// The first line and the headers.
    pub(crate) head: String,
    /// The JSON.
    pub(crate) body: String,
}

/// What the server does with a request.
pub(crate) enum Reply {
    /// A whole answer.
    Whole(Vec<u8>),
    /// These bytes, then the end of the connection.
    Cut(Vec<u8>),
    /// These bytes one by one, each after a pause.
    Drip(Vec<u8>, Duration),
    /// Nothing, until the client leaves.
    Hang,
}

type Script = dyn Fn(&Received) -> Reply + Send + Sync;

/// A running server; it ends when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    n_requests: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

impl Server {
    /// Answers every request by the script.
    pub(crate) fn start(script: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_after_resets(0, script)
    }

    /// Resets the first connections; each counts as a request.
    pub(crate) fn start_after_resets(
        n_resets: usize,
        script: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (n_requests, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let server = Self { address, n_requests: Arc::clone(&n_requests), is_over: Arc::clone(&is_over) };
        let script: Arc<Script> = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                let (script, n_requests) = (Arc::clone(&script), Arc::clone(&n_requests));
                std::thread::spawn(move || serve(stream, n_resets, &n_requests, &*script));
            }
        });
        server
    }

    /// For [`crate::Endpoint`].
    pub(crate) fn base(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// How many requests came, reset connections included.
    pub(crate) fn n_requests(&self) -> usize {
        self.n_requests.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(mut stream: TcpStream, n_resets: usize, n_requests: &AtomicUsize, script: &Script) {
    let _ = stream.set_nodelay(true);
    // Closing a connection with unread bytes resets it.
    if stream.peek(&mut [0]).is_ok_and(|n| n == 0) {
        return;
    }
    if n_requests.load(Ordering::SeqCst) < n_resets {
        n_requests.fetch_add(1, Ordering::SeqCst);
        return;
    }
    let Ok(copy) = stream.try_clone() else { return };
    let mut reader = BufReader::new(copy);
    while let Some((head, body)) = receive(&mut reader) {
        let number = n_requests.fetch_add(1, Ordering::SeqCst);
        if reply(&mut stream, script(&Received { number, head, body })).is_none() {
            return;
        }
    }
}

fn receive(reader: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_lowercase();
    let length = lower.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.and_then(|length| length.trim().parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).ok()?))
}

/// Nothing if the connection is over.
fn reply(stream: &mut TcpStream, reply: Reply) -> Option<()> {
    match reply {
        Reply::Whole(bytes) => stream.write_all(&bytes).ok(),
        Reply::Cut(bytes) => {
            let _ = stream.write_all(&bytes);
            None
        }
        Reply::Drip(bytes, pause) => {
            stream.set_read_timeout(Some(pause)).ok()?;
            for byte in bytes {
                stream.write_all(&[byte]).ok()?;
                // The client has nothing to say: this waits for the pause, or ends when the client leaves.
                if stream.read(&mut [0]).is_ok() {
                    return None;
                }
            }
            None
        }
        Reply::Hang => {
            let _ = stream.read(&mut [0]);
            None
        }
    }
}

/// An answer with a status, further headers (each with its line end) and a body.
pub(crate) fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A chat answer of this text.
pub(crate) fn said(text: &str) -> Reply {
    let usage = r#"{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":5}}"#;
    let text = serde_json::Value::from(text);
    let choice = format!(r#"{{"message":{{"role":"assistant","content":{text}}},"finish_reason":"stop"}}"#);
    Reply::Whole(http("200 OK", "", format!(r#"{{"choices":[{choice}],"usage":{usage}}}"#).as_bytes()))
}
