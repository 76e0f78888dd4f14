//! The bytes between us and a hub: addresses, the token, time limits, tries.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use crate::cache::Cache;
use crate::error::{HubError, Result};

/// Most bytes that are read of an error.
const LONGEST_ERROR: usize = 16 << 10;
/// Most redirects from a hub to the place that keeps a file.
pub(crate) const REDIRECTS: usize = 5;

/// A hub and the cache beside it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hub {
    pub(crate) cache: Cache,
    pub(crate) patience: Patience,
    base: Url,
    remote: reqwest::Client,
    /// For addresses of this machine, where a proxy of the system's must not step in.
    local: reqwest::Client,
}

/// How long and how often things are tried, and in which pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Most time that a connection may take to come about.
    pub connect: Duration,
    /// Most silence within an answer.
    pub idle: Duration,
    /// Failures in a row before a download is given up. One after something came begins the count anew.
    pub tries: u32,
    /// The same of a question: somebody looks at the page and waits.
    pub question_tries: u32,
    /// The wait before the second try; it doubles with each further one.
    pub wait: Duration,
    /// No wait is longer. A hub that asks for more is told to the caller.
    pub longest_wait: Duration,
    /// Files from this size on come through several connections.
    pub parallel_from: u64,
    /// Connections for one file.
    pub connections: usize,
    /// Bytes that one request of them asks for. What is in flight behind the first piece is held in
    /// memory and lost when the program is killed: at most `(connections - 1) * piece`.
    pub piece: u64,
    /// Room that a download leaves on the disk.
    pub margin: u64,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            connect: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            tries: 6,
            question_tries: 3,
            wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            parallel_from: 64 << 20,
            connections: 4,
            piece: 8 << 20,
            margin: 256 << 20,
        }
    }
}

/// A hub's token. `Debug` prints `***`.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    pub fn new(token: impl Into<String>) -> Token {
        Token(token.into().trim().to_owned())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Hub {
    /// The hub at `base`, such as `https://huggingface.co`.
    pub fn new(base: &str, cache: Cache, patience: Patience) -> Result<Hub> {
        let wrong = |why| HubError::Address {
            url: base.to_owned(),
            why,
        };
        let base = Url::parse(base.trim_end_matches('/'))
            .map_err(|_| wrong("it cannot be read; it is like https://huggingface.co"))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(wrong("it begins with https:// or http://"));
        }
        if !base.username().is_empty() || base.query().is_some() || base.fragment().is_some() {
            return Err(wrong("it has a user, a query or a fragment"));
        }
        let build = |local: bool| {
            let builder = reqwest::Client::builder()
                .connect_timeout(patience.connect)
                .tcp_nodelay(true)
                // A redirect must not carry the token to somebody else: they are followed by hand.
                .redirect(Policy::none())
                .user_agent(concat!("av-studio/", env!("CARGO_PKG_VERSION")));
            let builder = if local { builder.no_proxy() } else { builder };
            builder.build().map_err(|error| HubError::Network {
                host: "The HTTP client".to_owned(),
                detail: error.to_string(),
            })
        };
        Ok(Hub {
            cache,
            patience,
            base,
            remote: build(false)?,
            local: build(true)?,
        })
    }

    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Its name in errors.
    pub fn host(&self) -> String {
        host(&self.base)
    }

    /// `parts` below the hub's address, each as one segment whatever signs it has.
    pub(crate) fn url<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(parts);
        }
        url
    }

    pub(crate) fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// A request to `url`. The token goes to the hub only, and never in the open over a network.
    pub(crate) fn request(
        &self,
        method: Method,
        url: &Url,
        token: Option<&Token>,
    ) -> RequestBuilder {
        let near = is_this_machine(url);
        let client = if near { &self.local } else { &self.remote };
        let request = client
            .request(method, url.clone())
            // Ranges and lengths are those of the file, so nothing may be packed on the way.
            .header(ACCEPT_ENCODING, "identity");
        match token {
            Some(token) if self.is_own(url) && (near || url.scheme() == "https") => {
                // Marked as a secret: no log of the layers below shows it.
                request.bearer_auth(&token.0)
            }
            _ => request,
        }
    }

    /// Sends a request and takes any answer, within the limit of silence.
    pub(crate) async fn send(&self, url: &Url, request: RequestBuilder) -> Result<Response> {
        match tokio::time::timeout(self.patience.idle, request.send()).await {
            Err(_) => Err(self.stalled(url)),
            // Nothing else of a request comes from a person. Another try would end the same.
            Ok(Err(error)) if error.is_builder() => Err(HubError::Denied {
                host: host(url),
                what: "anything to this token".to_owned(),
                detail: "it has signs that no token has".to_owned(),
                has_token: true,
            }),
            Ok(Err(error)) => Err(HubError::Network {
                host: host(url),
                detail: causes(error),
            }),
            Ok(Ok(response)) => Ok(response),
        }
    }

    pub(crate) fn stalled(&self, url: &Url) -> HubError {
        HubError::Stalled {
            host: host(url),
            after: self.patience.idle,
        }
    }

    /// The answer to a plain question as text of at most `most` bytes.
    pub(crate) async fn text(
        &self,
        url: &Url,
        token: Option<&Token>,
        what: &str,
        most: usize,
    ) -> Result<(HeaderMap, String)> {
        self.patiently(self.patience.question_tries, || async {
            let response = self
                .send(url, self.request(Method::GET, url, token))
                .await?;
            if !response.status().is_success() {
                return Err(self.refusal(response, what, token.is_some()).await);
            }
            let headers = response.headers().clone();
            let bytes = self.body(url, response, most).await?;
            let unexpected = |detail: &str| HubError::Unexpected {
                host: host(url),
                what: what.to_owned(),
                detail: detail.to_owned(),
            };
            let bytes = bytes.ok_or_else(|| unexpected("an answer without end"))?;
            let text =
                String::from_utf8(bytes).map_err(|_| unexpected("bytes that are no text"))?;
            Ok((headers, text))
        })
        .await
    }

    /// A body of at most `most` bytes; `None` if there is more.
    async fn body(&self, url: &Url, response: Response, most: usize) -> Result<Option<Vec<u8>>> {
        let mut body = response.bytes_stream();
        let mut bytes = Vec::new();
        while let Some(piece) = tokio::time::timeout(self.patience.idle, body.next())
            .await
            .map_err(|_| self.stalled(url))?
        {
            let piece = piece.map_err(|error| HubError::Network {
                host: host(url),
                detail: causes(error),
            })?;
            if bytes.len() + piece.len() > most {
                return Ok(None);
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Some(bytes))
    }

    /// What an answer that is no success means.
    pub(crate) async fn refusal(
        &self,
        response: Response,
        what: &str,
        has_token: bool,
    ) -> HubError {
        let url = response.url().clone();
        let (host, what) = (host(&url), what.to_owned());
        let status = response.status();
        let headers = response.headers().clone();
        let said = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let code = said("x-error-code").unwrap_or_default().to_owned();
        let message = said("x-error-message").map(str::to_owned);
        let retry_after = retry_after(&headers, Timestamp::now());
        let body = self.body(&url, response, LONGEST_ERROR).await;
        let body = body.ok().flatten().unwrap_or_default();
        let detail = message
            .or_else(|| {
                let body: serde_json::Value = serde_json::from_slice(&body).ok()?;
                Some(body["error"].as_str()?.to_owned())
            })
            .unwrap_or_else(|| status.to_string());
        let detail: String = detail.chars().take(300).collect();
        match status {
            // Without a token, hubs do not tell missing repositories from private ones.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => HubError::Denied {
                host,
                what,
                detail,
                has_token,
            },
            StatusCode::NOT_FOUND | StatusCode::GONE => HubError::NotFound {
                host,
                what: match code.as_str() {
                    "RevisionNotFound" => format!("that revision of {what}"),
                    _ => what,
                },
            },
            StatusCode::TOO_MANY_REQUESTS => HubError::RateLimited { host, retry_after },
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                HubError::Failing {
                    host,
                    status: status.as_u16(),
                    detail,
                    retry_after,
                }
            }
            _ => HubError::Unexpected { host, what, detail },
        }
    }

    /// Tries until it works, gives up, or fails for good.
    pub(crate) async fn patiently<T, F>(&self, tries: u32, ask: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut failed = 0;
        loop {
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error) => self.bear(error, &mut failed, tries).await?,
            }
        }
    }

    /// Waits before another try, or gives the error back when there is none. `failed` counts tries.
    pub(crate) async fn bear(&self, error: HubError, failed: &mut u32, tries: u32) -> Result<()> {
        *failed += 1;
        let asked = error.retry_after().unwrap_or_default();
        let patience = &self.patience;
        if !error.is_transient() || *failed >= tries || asked > patience.longest_wait {
            return Err(error);
        }
        let doubled = patience
            .wait
            .saturating_mul(2_u32.saturating_pow(*failed - 1))
            .min(patience.longest_wait);
        // Between half and all of it, so that several connections do not come back at once.
        let wait = asked + doubled.mul_f64(0.5 + 0.5 * chance());
        tracing::debug!(%error, ?wait, "trying again");
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// Where a redirect leads, if the answer is one.
pub(crate) fn redirect(response: &Response) -> Option<Url> {
    if !response.status().is_redirection() {
        return None;
    }
    let to = response.headers().get(LOCATION)?.to_str().ok()?;
    let url = response.url().join(to).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

pub(crate) fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => url.to_string(),
    }
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The wait that a server asks for: in seconds, or until a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::from_secs(
        u64::try_from(until.as_second() - now.as_second()).unwrap_or(0),
    ))
}

/// An error with what lies below it: the outermost says little. Without its address, whose query may
/// be a signature that opens the file to everybody.
pub(crate) fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut below = std::error::Error::source(&error);
    while let Some(cause) = below {
        let more = cause.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        below = cause.source();
    }
    words
}

/// 0 to 1. Each `RandomState` has keys of its own.
fn chance() -> f64 {
    f64::from(RandomState::new().build_hasher().finish() as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{AUTHORIZATION, HeaderValue};

    use super::*;

    fn hub(base: &str) -> Result<Hub> {
        Hub::new(base, Cache::new("/nowhere".into()), Patience::default())
    }

    #[test]
    fn names_are_segments_whatever_they_contain() {
        let hub = hub("https://mirror.example/hf/").unwrap();
        let url = hub.url(["a", "b", "resolve", "refs/pr/1", "x y?.bin"]);
        assert_eq!(
            url.as_str(),
            "https://mirror.example/hf/a/b/resolve/refs%2Fpr%2F1/x%20y%3F.bin"
        );
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for bad in [
            "",
            "huggingface.co",
            "ftp://x",
            "https://u:p@x",
            "https://x?y",
            "file:///x",
        ] {
            assert!(hub(bad).is_err(), "{bad}");
        }
    }

    fn sends_token(base: &str, to: &str) -> bool {
        let token = Token::new(" hf_secret\n");
        let url = Url::parse(to).unwrap();
        let request = hub(base).unwrap().request(Method::GET, &url, Some(&token));
        let request = request.build().unwrap();
        let sent = request.headers().get(AUTHORIZATION);
        assert!(sent.is_none_or(|value| value == "Bearer hf_secret" && value.is_sensitive()));
        sent.is_some()
    }

    #[test]
    fn the_token_goes_to_the_hub_and_nobody_else() {
        let base = "https://huggingface.co";
        assert!(sends_token(base, "https://huggingface.co/a"));
        for other in [
            "https://cdn.huggingface.co/a",
            "http://huggingface.co/a",
            "https://huggingface.co:444/a",
            "https://huggingface.co.evil.example/a",
        ] {
            assert!(!sends_token(base, other), "{other}");
        }
        assert!(!sends_token(
            "http://mirror.example",
            "http://mirror.example/a"
        ));
        assert!(sends_token("http://127.0.0.1:80", "http://127.0.0.1:80/a"));
    }

    #[tokio::test]
    async fn a_token_that_cannot_be_sent_is_told_at_once() {
        let hub = hub("http://127.0.0.1:1").unwrap();
        let refused = hub.who(&Token::new("hf_one\nhf_two")).await.unwrap_err();
        assert!(matches!(refused, HubError::Denied { .. }), "{refused}");
        assert!(!format!("{refused:?}").contains("hf_one"), "{refused:?}");
    }

    #[test]
    fn waits_are_read_in_seconds_and_as_dates() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            retry_after(&headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(read("17"), Some(17));
        assert_eq!(read("Sun, 01 Mar 2026 12:01:30 GMT"), Some(90));
        assert_eq!(read("Sun, 01 Mar 2026 11:00:00 GMT"), Some(0));
        assert_eq!(read("soon"), None);
    }
}
