//! The reading end of a download: ranges of one file, through redirects, over several connections, in
//! the order of the file.
//!
//! Pieces behind the first one wait in memory until it is their turn, so that what is written is always
//! the beginning of the file. What comes through one connection waits for the disk instead, however
//! large the file is.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::StreamExt;
use parking_lot::Mutex;
use reqwest::header::{
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, IF_RANGE, RANGE,
};
use reqwest::{Method, Response, StatusCode, Url};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::error::{HubError, Result};
use crate::http::{Hub, REDIRECTS, Token, host, redirect};
use crate::sink::Sink;

/// Parts of the only piece that wait for the sink, which holds some itself.
const WAITING: usize = 4;

/// A file at its hub. Cheap to clone; all clones share what they learnt.
#[derive(Clone)]
pub(crate) struct Source {
    hub: Hub,
    url: Url,
    token: Option<Token>,
    /// For errors.
    what: Arc<str>,
    bytes: u64,
    learnt: Arc<Mutex<Learnt>>,
    /// Bytes that came over the network.
    received: Arc<AtomicU64>,
}

#[derive(Default)]
struct Learnt {
    /// Where the hub sent us. Signed addresses expire: then the hub is asked again.
    place: Option<Url>,
    /// The strong ETag that the place gave, so that ranges are of one content.
    etag: Option<String>,
}

/// A piece of the file, the failure that ends it, or that it is through.
type Told = Result<Option<Bytes>>;

impl Source {
    pub(crate) fn new(
        hub: &Hub,
        url: Url,
        token: Option<&Token>,
        what: &str,
        bytes: u64,
    ) -> Source {
        Source {
            hub: hub.clone(),
            url,
            token: token.cloned(),
            what: what.into(),
            bytes,
            learnt: Arc::default(),
            received: Arc::default(),
        }
    }

    /// Bytes that came over the network so far, thrown away ones included.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Brings all from byte `from` on to the sink. `told` hears how many bytes the sink has.
    pub(crate) async fn pour(
        &self,
        from: u64,
        sink: &Sink,
        told: &mut (dyn FnMut(u64) + Send),
    ) -> Result<()> {
        let patience = &self.hub.patience;
        let piece = if self.bytes - from >= patience.parallel_from {
            patience.piece.max(1)
        } else {
            self.bytes
        };
        let mut at = from;
        let range = at..at.saturating_add(piece).min(self.bytes);
        let mut first = Some(self.open_patiently(&range).await?);
        let is_whole = first.as_ref().is_some_and(|(_, is_whole)| *is_whole);
        // One that knows no ranges sends everything in one go.
        let piece = if is_whole { self.bytes } else { piece };
        if is_whole && at > 0 {
            at = 0;
            if !sink.again().await {
                return Ok(());
            }
        }
        // A part has a byte at least: a piece of several is never held up behind those before it.
        let room = if piece >= self.bytes - at {
            WAITING
        } else {
            (piece as usize).min(Semaphore::MAX_PERMITS)
        };
        let mut tasks = JoinSet::new();
        let mut queue: VecDeque<mpsc::Receiver<Told>> = VecDeque::new();
        let mut next = at;
        loop {
            while queue.len() < patience.connections.max(1) && next < self.bytes {
                let range = next..next.saturating_add(piece).min(self.bytes);
                next = range.end;
                let (tell, hear) = mpsc::channel(room);
                let (source, opened) = (self.clone(), first.take());
                tasks.spawn(async move { source.fetch(range, opened, &tell).await });
                queue.push_back(hear);
            }
            let Some(front) = queue.front_mut() else {
                return Ok(());
            };
            match front.recv().await {
                Some(Ok(Some(bytes))) => {
                    at += bytes.len() as u64;
                    if !sink.take(bytes).await {
                        return Ok(());
                    }
                    told(at);
                }
                Some(Ok(None)) => drop(queue.pop_front()),
                Some(Err(error)) => return Err(error),
                None => return Err(self.unexpected("a connection ended without a word")),
            }
        }
    }

    /// Fetches a range and tells it piece by piece, going on after failures where it stood.
    async fn fetch(
        &self,
        range: Range<u64>,
        mut opened: Option<(Response, bool)>,
        tell: &mpsc::Sender<Told>,
    ) {
        let Range { mut start, end } = range;
        let mut failed = 0;
        while start < end {
            let before = start;
            let tried = match opened.take() {
                Some((response, _)) => self.read(response, &mut start, end, tell).await,
                None => match self.open(&(start..end)).await {
                    // It gave ranges before: this is another content.
                    Ok((_, true)) if start > 0 || end < self.bytes => {
                        Err(self.unexpected("the file changed while it came; start again"))
                    }
                    Ok((response, _)) => self.read(response, &mut start, end, tell).await,
                    Err(error) => Err(error),
                },
            };
            if start > before {
                failed = 0;
            }
            if let Err(error) = tried
                && let Err(error) = self
                    .hub
                    .bear(error, &mut failed, self.hub.patience.tries)
                    .await
            {
                let _ = tell.send(Err(error)).await;
                return;
            }
        }
        let _ = tell.send(Ok(None)).await;
    }

    /// Reads a body until byte `end`, within the limit of silence.
    async fn read(
        &self,
        response: Response,
        start: &mut u64,
        end: u64,
        tell: &mpsc::Sender<Told>,
    ) -> Result<()> {
        let url = response.url().clone();
        let mut body = response.bytes_stream();
        while *start < end {
            let piece = tokio::time::timeout(self.hub.patience.idle, body.next()).await;
            let network = |detail: String| HubError::Network {
                host: host(&url),
                detail,
            };
            let bytes = match piece {
                Err(_) => return Err(self.hub.stalled(&url)),
                Ok(None) => return Err(network("the connection was cut".to_owned())),
                Ok(Some(Err(error))) => return Err(network(crate::http::causes(error))),
                Ok(Some(Ok(bytes))) => bytes,
            };
            self.received
                .fetch_add(bytes.len() as u64, Ordering::Relaxed);
            if bytes.len() as u64 > end - *start {
                return Err(self.unexpected("more bytes than it had told"));
            }
            *start += bytes.len() as u64;
            // If nobody hears it, the download is over.
            if tell.send(Ok(Some(bytes))).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn open_patiently(&self, range: &Range<u64>) -> Result<(Response, bool)> {
        self.hub
            .patiently(self.hub.patience.tries, || self.open(range))
            .await
    }

    /// Asks for a range. `true`: the whole file comes instead, because whoever keeps it knows no
    /// ranges, or because the content is another than before.
    async fn open(&self, range: &Range<u64>) -> Result<(Response, bool)> {
        let (place, etag) = {
            let learnt = self.learnt.lock();
            (learnt.place.clone(), learnt.etag.clone())
        };
        let is_known = place.is_some();
        let mut url = place.clone().unwrap_or_else(|| self.url.clone());
        for _ in 0..=REDIRECTS {
            let mut request = self.hub.request(Method::GET, &url, self.token.as_ref());
            if range.start > 0 || range.end < self.bytes {
                request = request.header(RANGE, format!("bytes={}-{}", range.start, range.end - 1));
                if let Some(etag) = etag.as_ref().filter(|_| is_known) {
                    request = request.header(IF_RANGE, etag);
                }
            }
            let response = self.hub.send(&url, request).await?;
            if let Some(next) = redirect(&response) {
                url = next;
                continue;
            }
            let status = response.status();
            if is_known && status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
                // Its address has expired, probably. Another connection may know the new one already.
                let mut learnt = self.learnt.lock();
                if learnt.place == place {
                    *learnt = Learnt::default();
                }
                drop(learnt);
                return Err(HubError::Failing {
                    host: host(&url),
                    status: status.as_u16(),
                    detail: "the address of the file has expired".to_owned(),
                    retry_after: None,
                });
            }
            if !status.is_success() {
                let has_token = self.token.is_some() && self.hub.is_own(&url);
                return Err(self.hub.refusal(response, &self.what, has_token).await);
            }
            let is_whole = self.check(&response, range)?;
            if !is_known {
                *self.learnt.lock() = Learnt {
                    etag: strong_etag(response.headers()),
                    place: Some(url),
                };
            }
            return Ok((response, is_whole));
        }
        Err(self.unexpected("it redirects without end"))
    }

    /// Whether an answer is what was asked for, before a byte of it is taken.
    fn check(&self, response: &Response, range: &Range<u64>) -> Result<bool> {
        let headers = response.headers();
        let is_page =
            text(headers, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("text/html"));
        if is_page && !self.url.path().ends_with(".html") {
            return Err(self.unexpected("a web page instead of the file"));
        }
        if response.status() == StatusCode::PARTIAL_CONTENT {
            let told = text(headers, CONTENT_RANGE.as_str()).unwrap_or_default();
            let wanted = format!("bytes {}-{}/", range.start, range.end - 1);
            let total = told.strip_prefix(&wanted).map(str::trim);
            if !total.is_some_and(|total| total == "*" || total == self.bytes.to_string()) {
                return Err(self.unexpected(&format!("the range `{told}` instead of `{wanted}`")));
            }
            return Ok(false);
        }
        let length = text(headers, CONTENT_LENGTH.as_str());
        if length.is_some_and(|length| length != self.bytes.to_string()) {
            return Err(self.unexpected(&format!(
                "{} bytes instead of {}",
                length.unwrap_or_default(),
                self.bytes
            )));
        }
        Ok(true)
    }

    fn unexpected(&self, detail: &str) -> HubError {
        self.hub.unexpected(&self.what, detail)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `If-Range` takes strong ones only (RFC 9110 §13.1.5).
fn strong_etag(headers: &HeaderMap) -> Option<String> {
    let etag = text(headers, ETAG.as_str())?;
    etag.starts_with('"').then(|| etag.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use studio_testkit::{HubFault, HubFile, TempFolder, TestHub};

    use super::*;
    use crate::cache::Cache;
    use crate::http::Patience;

    #[tokio::test]
    async fn a_disk_that_is_slower_than_the_network_is_waited_for() {
        let size = 96 << 20;
        let server = TestHub::start("o/n", vec![HubFile::large("m.gguf", vec![7; size])]);
        server.behave(|_, _| Some(HubFault::NoRanges));
        let folder = TempFolder::new();
        let cache = Cache::new(folder.file("cache"));
        let hub = Hub::new(&server.url(), cache, Patience::default()).unwrap();
        let url = hub.url(["o", "n", "resolve", "main", "m.gguf"]);
        let source = Source::new(&hub, url, None, "m.gguf", size as u64);
        let (sink, _disk) = Sink::that_takes_nothing();
        let mut deaf = |_| {};
        let pour = source.pour(0, &sink, &mut deaf);
        let poured = tokio::time::timeout(Duration::from_secs(2), pour).await;
        assert!(poured.is_err(), "nothing was written");
        let held = source.received();
        assert!(
            held > 0 && held < 48 << 20,
            "{held} bytes are held in memory"
        );
    }
}
