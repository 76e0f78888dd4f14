//! A provider of language models that says what a test wants, byte by byte, over a real connection.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::Wire;

/// A server on loopback that answers with what its function makes of each request.
pub struct FakeProvider {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<Asked>>,
    left: Mutex<usize>,
    changed: Condvar,
    connections: AtomicUsize,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// An answer, piece by piece.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<Piece>,
    whole: bool,
}

#[derive(Clone, Debug)]
enum Piece {
    Bytes(Vec<u8>),
    Wait(Duration),
}

impl Reply {
    pub fn new(status: u16, media_type: &str) -> Reply {
        Reply {
            status,
            headers: vec![("content-type".to_owned(), media_type.to_owned())],
            pieces: Vec::new(),
            whole: true,
        }
    }

    pub fn json(status: u16, body: &Value) -> Reply {
        Reply::new(status, "application/json").bytes(body.to_string())
    }

    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sent at once, in a chunk of its own.
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Reply {
        self.pieces.push(Piece::Bytes(bytes.into()));
        self
    }

    /// Sent a byte at a time.
    pub fn byte_by_byte(mut self, bytes: &[u8]) -> Reply {
        let pieces = bytes.iter().map(|byte| Piece::Bytes(vec![*byte]));
        self.pieces.extend(pieces);
        self
    }

    /// Silence, which ends early when the client leaves.
    pub fn wait(mut self, time: Duration) -> Reply {
        self.pieces.push(Piece::Wait(time));
        self
    }

    /// The connection breaks after the pieces.
    pub fn cut(mut self) -> Reply {
        self.whole = false;
        self
    }

    /// A streamed chat completion of `words` with OpenAI's usage and end.
    pub fn openai(words: &[&str], input_tokens: u64, output_tokens: u64) -> Reply {
        Wire::OpenAi.whole(words, input_tokens, output_tokens)
    }

    /// A streamed chat completion that has no end yet.
    pub fn openai_begun(words: &[&str]) -> Reply {
        Wire::OpenAi.begun(words)
    }
}

impl FakeProvider {
    /// Answers each request with what `answer` makes of it and of how many came before.
    pub fn start(answer: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> FakeProvider {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let answer = Arc::new(answer);
        let shared = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (shared.clone(), answer.clone());
                seen.connections.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || serve(stream, &seen, answer.as_ref()));
            }
        });
        FakeProvider { address, seen }
    }

    /// Such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Asked> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// Waits until a client has left in the middle of an answer.
    pub fn wait_until_left(&self) {
        let left = self.seen.left.lock().unwrap();
        let patience = Duration::from_secs(30);
        let (left, _) = self
            .seen
            .changed
            .wait_timeout_while(left, patience, |left| *left == 0)
            .unwrap();
        assert!(*left > 0, "the client stayed");
    }
}

fn serve(
    mut stream: TcpStream,
    seen: &Seen,
    answer: &(dyn Fn(&Asked, usize) -> Reply + Send + Sync),
) {
    stream.set_nodelay(true).unwrap();
    while let Some(asked) = read_request(&mut stream) {
        let before = {
            let mut requests = seen.requests.lock().unwrap();
            requests.push(asked.clone());
            requests.len() - 1
        };
        let reply = answer(&asked, before);
        let whole = reply.whole;
        if write_reply(&mut stream, reply).is_err() {
            *seen.left.lock().unwrap() += 1;
            seen.changed.notify_all();
            return;
        }
        if !whole {
            return;
        }
    }
}

pub(crate) fn read_request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap_or(0));
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        body.extend_from_slice(&buffer[..read]);
    }
    Some(Asked {
        method,
        path,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn write_reply(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {} X\r\ntransfer-encoding: chunked\r\n",
        reply.status
    );
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    for piece in reply.pieces {
        match piece {
            Piece::Bytes(bytes) if bytes.is_empty() => {}
            Piece::Bytes(bytes) => {
                let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                chunk.extend_from_slice(&bytes);
                chunk.extend_from_slice(b"\r\n");
                stream.write_all(&chunk)?;
            }
            Piece::Wait(time) => wait(stream, time)?,
        }
    }
    if reply.whole {
        stream.write_all(b"0\r\n\r\n")?;
    }
    Ok(())
}

/// Waits; an error if the client leaves meanwhile.
fn wait(stream: &mut TcpStream, time: Duration) -> std::io::Result<()> {
    stream.set_read_timeout(Some(time.max(Duration::from_millis(1))))?;
    let heard = stream.read(&mut [0; 1]);
    stream.set_read_timeout(None)?;
    match heard {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(()),
        Ok(0) => Err(ErrorKind::ConnectionAborted.into()),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}
