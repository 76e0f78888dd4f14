//! A hub of models on loopback, with a second server that keeps large files, as hubs have.
//!
//! It speaks the parts of Hugging Face's API that downloads need: facts, paged listings, searches,
//! redirects to the keeper, ETags, ranges. Each answer can be made to fail in a chosen way.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sha1::Digest as _;

use crate::provider::{Asked, read_request};

/// The commit that every branch is at.
pub const HUB_COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// The token that opens a hub that wants one.
pub const HUB_TOKEN: &str = "hf_right";
/// Files that one page of a listing has.
const PAGE: usize = 2;

/// A file of the hub's only repository.
#[derive(Clone, Debug)]
pub struct HubFile {
    pub path: String,
    pub bytes: Vec<u8>,
    /// In large file storage: named by SHA-256 and kept elsewhere.
    pub is_large: bool,
}

impl HubFile {
    pub fn large(path: &str, bytes: Vec<u8>) -> HubFile {
        let path = path.to_owned();
        HubFile {
            path,
            bytes,
            is_large: true,
        }
    }

    pub fn small(path: &str, bytes: impl Into<Vec<u8>>) -> HubFile {
        HubFile {
            path: path.to_owned(),
            bytes: bytes.into(),
            is_large: false,
        }
    }

    /// The name that hubs give this content.
    pub fn etag(&self) -> String {
        if self.is_large {
            return hex(&<sha2::Sha256 as sha2::Digest>::digest(&self.bytes));
        }
        let mut hash = sha1::Sha1::new();
        hash.update(format!("blob {}\0", self.bytes.len()));
        hash.update(&self.bytes);
        hex(&hash.finalize())
    }
}

/// Which of the two servers was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HubPlace {
    Hub,
    /// The one that keeps large files.
    Keeper,
}

/// What goes wrong with one answer.
#[derive(Clone, Debug)]
pub enum HubFault {
    /// Another answer instead.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The connection breaks after as many bytes of the body.
    Cut(usize),
    /// Silence after as many bytes of the body, until the client leaves.
    Stall(usize),
    /// A wait before every 16 KiB of the body.
    Slow(Duration),
    /// The byte at this place of the file is another one.
    Flip(usize),
    /// The whole file, whatever range was asked for.
    NoRanges,
    /// More bytes than the range has, without a length told.
    Longer,
}

type Behaviour = dyn Fn(HubPlace, &Asked) -> Option<HubFault> + Send + Sync;

/// See the module's own words.
pub struct TestHub {
    hub: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    repo: String,
    files: Mutex<Vec<HubFile>>,
    facts: Mutex<Value>,
    wants_token: Mutex<bool>,
    behaviour: Mutex<Arc<Behaviour>>,
    asked: Mutex<Vec<(HubPlace, Asked)>>,
    keeper: Mutex<Option<SocketAddr>>,
    sent: AtomicU64,
}

impl TestHub {
    /// A hub whose only repository is `repo`.
    pub fn start(repo: &str, files: Vec<HubFile>) -> TestHub {
        let shared = Arc::new(Shared {
            repo: repo.to_owned(),
            files: Mutex::new(files),
            facts: Mutex::new(json!({ "cardData": { "license": "apache-2.0" } })),
            wants_token: Mutex::new(false),
            behaviour: Mutex::new(Arc::new(|_, _| None)),
            asked: Mutex::default(),
            keeper: Mutex::new(None),
            sent: AtomicU64::new(0),
        });
        let keeper = listen(HubPlace::Keeper, &shared);
        *shared.keeper.lock().unwrap() = Some(keeper);
        TestHub {
            hub: listen(HubPlace::Hub, &shared),
            shared,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.hub)
    }

    /// What goes wrong from now on; `None` is a right answer.
    pub fn behave(
        &self,
        behaviour: impl Fn(HubPlace, &Asked) -> Option<HubFault> + Send + Sync + 'static,
    ) {
        *self.shared.behaviour.lock().unwrap() = Arc::new(behaviour);
    }

    /// Other files at the same branch.
    pub fn replace(&self, files: Vec<HubFile>) {
        *self.shared.files.lock().unwrap() = files;
    }

    /// Facts that the hub tells of the repository beside its name and commit.
    pub fn tell(&self, facts: Value) {
        *self.shared.facts.lock().unwrap() = facts;
    }

    /// From now on it answers to [`HUB_TOKEN`] only.
    pub fn want_token(&self) {
        *self.shared.wants_token.lock().unwrap() = true;
    }

    pub fn asked(&self) -> Vec<(HubPlace, Asked)> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Bytes of files that were sent since the last call.
    pub fn take_sent(&self) -> u64 {
        self.shared.sent.swap(0, Ordering::SeqCst)
    }
}

fn listen(place: HubPlace, shared: &Arc<Shared>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let shared = shared.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shared = shared.clone();
            std::thread::spawn(move || {
                // A client that leaves is no failure.
                let _ = serve(stream, place, &shared);
            });
        }
    });
    address
}

fn serve(mut stream: TcpStream, place: HubPlace, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    while let Some(asked) = read_request(&mut stream) {
        shared.asked.lock().unwrap().push((place, asked.clone()));
        let behaviour = shared.behaviour.lock().unwrap().clone();
        let fault = behaviour(place, &asked);
        let answer = match &fault {
            Some(HubFault::Answer(status, headers, body)) => Answer {
                status: *status,
                headers: headers.clone(),
                body: body.clone().into_bytes(),
                ..Answer::default()
            },
            _ => match place {
                HubPlace::Hub => hub(shared, &asked),
                HubPlace::Keeper => keeper(shared, &asked, fault.as_ref()),
            },
        };
        answer.send(&mut stream, &asked, fault.as_ref(), &shared.sent)?;
    }
    Ok(())
}

#[derive(Default)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Where in a file the body begins; bodies of other things are not counted.
    file_from: Option<usize>,
}

impl Answer {
    fn json(body: &Value) -> Answer {
        Answer {
            status: 200,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            file_from: None,
        }
    }

    fn error(status: u16, code: &str) -> Answer {
        Answer {
            status,
            headers: vec![
                ("x-error-code", code.to_owned()),
                ("x-error-message", format!("the hub says {code}")),
            ],
            ..Answer::default()
        }
    }

    fn send(
        mut self,
        stream: &mut TcpStream,
        asked: &Asked,
        fault: Option<&HubFault>,
        sent: &AtomicU64,
    ) -> std::io::Result<()> {
        if let (Some(HubFault::Flip(at)), Some(from)) = (fault, self.file_from)
            && let Some(byte) = at.checked_sub(from).and_then(|at| self.body.get_mut(at))
        {
            *byte ^= 1;
        }
        let longer = matches!(fault, Some(HubFault::Longer)) && self.file_from.is_some();
        let mut head = format!("HTTP/1.1 {} X\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if longer {
            self.body.extend([0; 1000]);
            head.push_str("transfer-encoding: chunked\r\n\r\n");
        } else {
            head.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        }
        stream.write_all(head.as_bytes())?;
        if asked.method == "HEAD" {
            return Ok(());
        }
        let write = |stream: &mut TcpStream, bytes: &[u8]| {
            if self.file_from.is_some() {
                sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
            }
            if longer {
                write!(stream, "{:x}\r\n", bytes.len())?;
                stream.write_all(bytes)?;
                stream.write_all(b"\r\n")
            } else {
                stream.write_all(bytes)
            }
        };
        match fault {
            Some(HubFault::Cut(after)) => {
                write(stream, &self.body[..(*after).min(self.body.len())])?;
                return Err(ErrorKind::ConnectionAborted.into());
            }
            Some(HubFault::Stall(after)) => {
                write(stream, &self.body[..(*after).min(self.body.len())])?;
                until_left(stream)?;
                return Err(ErrorKind::ConnectionAborted.into());
            }
            Some(HubFault::Slow(wait)) => {
                for piece in self.body.chunks(16 << 10) {
                    std::thread::sleep(*wait);
                    write(stream, piece)?;
                }
            }
            _ => write(stream, &self.body)?,
        }
        if longer {
            stream.write_all(b"0\r\n\r\n")?;
        }
        Ok(())
    }
}

/// Waits for the client to close, for half a minute at most.
fn until_left(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.read(&mut [0; 1]).map(|_| ())
}

fn hub(shared: &Shared, asked: &Asked) -> Answer {
    let right = format!("Bearer {HUB_TOKEN}");
    let token = asked.header("authorization");
    if *shared.wants_token.lock().unwrap() && token != Some(right.as_str()) {
        let status = if token.is_some() { 403 } else { 401 };
        return Answer::error(status, "GatedRepo");
    }
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let repo = &shared.repo;
    if path == "/api/whoami-v2" {
        return match token {
            Some(token) if token == right => Answer::json(&json!({ "name": "tester" })),
            _ => Answer::error(401, "Unauthorized"),
        };
    }
    if path == "/api/models" {
        let mut row = shared.facts.lock().unwrap().clone();
        row["id"] = json!(repo);
        row["downloads"] = json!(7);
        let hostile = json!({ "id": "../../etc", "downloads": 9 });
        return Answer::json(&json!([hostile, row]));
    }
    if let Some(rest) = path.strip_prefix(&format!("/api/models/{repo}/")) {
        return match rest.split_once('/') {
            Some(("revision", revision)) if knows(revision) => {
                let mut facts = shared.facts.lock().unwrap().clone();
                facts["id"] = json!(repo);
                facts["sha"] = json!(HUB_COMMIT);
                Answer::json(&facts)
            }
            Some(("tree", revision)) if knows(revision) => tree(shared, path, query),
            _ => Answer::error(404, "RevisionNotFound"),
        };
    }
    let rest = path.strip_prefix(&format!("/{repo}/resolve/"));
    let Some((revision, path)) = rest.and_then(|rest| rest.split_once('/')) else {
        return Answer::error(404, "RepoNotFound");
    };
    if !knows(revision) {
        return Answer::error(404, "RevisionNotFound");
    }
    let files = shared.files.lock().unwrap();
    let path = path.replace("%20", " ");
    match files.iter().find(|file| file.path == path) {
        None => Answer::error(404, "EntryNotFound"),
        Some(file) => resolve(shared, file),
    }
}

fn knows(revision: &str) -> bool {
    revision == "main" || revision == HUB_COMMIT
}

fn tree(shared: &Shared, path: &str, query: &str) -> Answer {
    let cursor = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("cursor="));
    let cursor: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
    let files = shared.files.lock().unwrap();
    let rows = files.iter().skip(cursor).take(PAGE).map(|file| {
        let mut row =
            json!({ "type": "file", "path": file.path, "size": file.bytes.len(), "oid": "0" });
        if file.is_large {
            row["lfs"] =
                json!({ "oid": file.etag(), "size": file.bytes.len(), "pointerSize": 134 });
        }
        row
    });
    let mut rows: Vec<Value> = rows.collect();
    if cursor == 0 {
        rows.push(json!({ "type": "directory", "path": "sub", "size": 0, "oid": "0" }));
    }
    let mut answer = Answer::json(&Value::Array(rows));
    if cursor + PAGE < files.len() {
        let next = format!(
            "<{path}?recursive=true&cursor={}>; rel=\"next\"",
            cursor + PAGE
        );
        answer.headers.push(("link", next));
    }
    answer
}

fn resolve(shared: &Shared, file: &HubFile) -> Answer {
    let etag = file.etag();
    let mut headers = vec![("x-repo-commit", HUB_COMMIT.to_owned())];
    if file.is_large {
        let keeper = shared.keeper.lock().unwrap().unwrap();
        headers.push(("x-linked-etag", format!("\"{etag}\"")));
        headers.push(("x-linked-size", file.bytes.len().to_string()));
        headers.push(("etag", "\"of the redirect\"".to_owned()));
        headers.push(("location", format!("http://{keeper}/{etag}?signature=1")));
        return Answer {
            status: 302,
            headers,
            body: b"Found".to_vec(),
            file_from: None,
        };
    }
    headers.push(("etag", format!("\"{etag}\"")));
    Answer {
        status: 200,
        headers,
        body: file.bytes.clone(),
        file_from: Some(0),
    }
}

fn keeper(shared: &Shared, asked: &Asked, fault: Option<&HubFault>) -> Answer {
    let name = asked.path.trim_start_matches('/');
    let name = name.split('?').next().unwrap_or_default();
    let files = shared.files.lock().unwrap();
    let Some(file) = files.iter().find(|file| file.etag() == name) else {
        return Answer::error(403, "AccessDenied");
    };
    // Not the digest: keepers have ETags of their own.
    let etag = format!("\"kept-{}\"", &name[..16]);
    let total = file.bytes.len();
    let fresh = asked.header("if-range").is_none_or(|known| known == etag);
    let range = asked.header("range").filter(|_| fresh);
    let range = range.filter(|_| !matches!(fault, Some(HubFault::NoRanges)));
    let mut headers = vec![("etag", etag), ("accept-ranges", "bytes".to_owned())];
    let (status, from, to) = match range {
        None => (200, 0, total),
        Some(range) => {
            let (from, last) = range
                .strip_prefix("bytes=")
                .unwrap()
                .split_once('-')
                .unwrap();
            let from: usize = from.parse().unwrap();
            let to = last
                .parse::<usize>()
                .map_or(total, |last| (last + 1).min(total));
            if from >= to {
                return Answer::error(416, "RangeNotSatisfiable");
            }
            headers.push(("content-range", format!("bytes {from}-{}/{total}", to - 1)));
            (206, from, to)
        }
    };
    Answer {
        status,
        headers,
        body: file.bytes[from..to].to_vec(),
        file_from: Some(from),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
