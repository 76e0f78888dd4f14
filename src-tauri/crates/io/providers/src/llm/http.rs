//! The bytes between us and a provider: connections, time limits, what stands in for an answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use studio_llm::chat::{ChatError, ChatEvent, ChatRequest};

use super::answer::{Answer, Decoder, TooLong};
use super::refusal::{Origin, retry_after};
use super::{
    ChatStream, Endpoint, Protocol, Secret, Target, anthropic, gemini, ndjson, ollama, openai,
    responses, sse,
};

/// Most time that a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// Most bytes of one line or event of an answer.
const LONGEST_FRAME: usize = 8 << 20;
/// Most bytes that are read of an error.
const LONGEST_ERROR: usize = 64 << 10;
/// Most bytes of an answer that comes whole: lists of models, embeddings.
const LONGEST_BODY: usize = 64 << 20;

/// Connections to providers, kept open between requests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    remote: reqwest::Client,
    /// For addresses of this machine, where a proxy of the system's must not step in.
    local: reqwest::Client,
    loaded: Arc<ollama::Loaded>,
}

impl Client {
    /// Fails where the system's certificates cannot be read.
    pub fn new() -> Result<Client, ChatError> {
        let build = |local: bool| {
            let builder = reqwest::Client::builder()
                .connect_timeout(CONNECT)
                .tcp_nodelay(true)
                // A redirect would carry the key to somebody else.
                .redirect(Policy::none())
                .user_agent(concat!("av-studio/", env!("CARGO_PKG_VERSION")));
            let builder = if local { builder.no_proxy() } else { builder };
            builder.build().map_err(|error| ChatError::Network {
                provider: "The HTTP client".to_owned(),
                detail: error.to_string(),
            })
        };
        Ok(Client {
            remote: build(false)?,
            local: build(true)?,
            loaded: Arc::default(),
        })
    }

    /// Asks a model and streams its answer.
    pub fn chat<'a>(
        &self,
        endpoint: &Endpoint,
        model: impl Into<Target<'a>>,
        request: &ChatRequest,
    ) -> ChatStream {
        let Target {
            model,
            context_tokens,
        } = model.into();
        let (path, body, decoder): (String, Value, Box<dyn Decoder>) = match endpoint.protocol {
            Protocol::OpenAi => (
                "/chat/completions".to_owned(),
                openai::body(model, request),
                Box::new(openai::Chunks::default()),
            ),
            Protocol::OpenAiResponses => (
                "/responses".to_owned(),
                responses::body(model, request),
                Box::new(responses::Events::default()),
            ),
            Protocol::Anthropic => (
                "/v1/messages".to_owned(),
                anthropic::body(model, request),
                Box::new(anthropic::Events::default()),
            ),
            Protocol::Gemini => (
                format!(
                    "/v1beta/models/{}:streamGenerateContent?alt=sse",
                    segment(model)
                ),
                gemini::body(model, request),
                Box::new(gemini::Chunks),
            ),
            Protocol::Ollama => {
                let needs = ollama::context(request);
                let (address, now) = (&endpoint.base_url, Instant::now());
                let context = self
                    .loaded
                    .context(address, model, needs, context_tokens, now);
                (
                    "/api/chat".to_owned(),
                    ollama::body(model, request, context),
                    Box::new(ollama::Lines),
                )
            }
        };
        let name = uuid::Uuid::new_v4().simple().to_string();
        let exchange = Exchange {
            answer: Answer::new(Origin::of(endpoint), format!("call_{}", &name[..16])),
            endpoint: endpoint.clone(),
            state: State::Unsent(Box::new(self.post(endpoint, &path, &body))),
            decoder,
            frames: match endpoint.protocol {
                Protocol::Ollama => Frames::Lines(ndjson::Parser::new(LONGEST_FRAME)),
                _ => Frames::Events(sse::Parser::new(LONGEST_FRAME)),
            },
            failed: None,
            heard: Instant::now(),
        };
        Box::pin(stream::unfold(exchange, |mut exchange| async move {
            let event = exchange.next().await?;
            Some((event, exchange))
        }))
    }

    pub(super) fn post(&self, endpoint: &Endpoint, path: &str, body: &Value) -> RequestBuilder {
        let client = self.for_url(&endpoint.base_url);
        signed(client.post(url(endpoint, path)), endpoint).json(body)
    }

    pub(super) fn post_bytes(
        &self,
        endpoint: &Endpoint,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> RequestBuilder {
        let client = self.for_url(&endpoint.base_url);
        signed(client.post(url(endpoint, path)), endpoint)
            .header(CONTENT_TYPE, content_type)
            .body(body)
    }

    pub(super) fn get(&self, endpoint: &Endpoint, path: &str) -> RequestBuilder {
        signed(
            self.for_url(&endpoint.base_url).get(url(endpoint, path)),
            endpoint,
        )
    }

    fn for_url(&self, base: &str) -> &reqwest::Client {
        let host = base.split_once("://").map_or(base, |(_, rest)| rest);
        let is_local = ["127.", "localhost", "[::1]"]
            .iter()
            .any(|name| host.starts_with(name));
        if is_local { &self.local } else { &self.remote }
    }
}

/// Sends and reads a JSON answer that comes whole.
pub(super) async fn whole(
    request: RequestBuilder,
    endpoint: &Endpoint,
) -> Result<Value, ChatError> {
    let (_, body) = whole_text(request, endpoint).await?;
    Origin::of(endpoint).json(&body)
}

/// Sends and reads an answer that comes whole: its media type and its text.
pub(super) async fn whole_text(
    request: RequestBuilder,
    endpoint: &Endpoint,
) -> Result<(String, String), ChatError> {
    let origin = Origin::of(endpoint);
    let limit = endpoint.timeouts.first_token;
    let answer = async {
        let response = accepted(request.send().await, &origin).await?;
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.to_owned();
        let body = capped(response, LONGEST_BODY)
            .await
            .map_err(|detail| origin.network(detail))?;
        Ok((kind, String::from_utf8_lossy(&body).into_owned()))
    };
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(origin.timed_out("first token", limit)),
    }
}

/// The response, if its status is a success.
pub(super) async fn accepted(
    sent: reqwest::Result<Response>,
    origin: &Origin,
) -> Result<Response, ChatError> {
    let response = sent.map_err(|error| unsent(&error, origin))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let header = |name: &str| {
        response
            .headers()
            .get(name)?
            .to_str()
            .ok()
            .map(str::to_owned)
    };
    let wait = retry_after(
        header("retry-after-ms").as_deref(),
        header("retry-after").as_deref(),
        Timestamp::now(),
    );
    let body = capped(response, LONGEST_ERROR).await.unwrap_or_default();
    Err(origin.refused(status.as_u16(), &String::from_utf8_lossy(&body), wait))
}

fn unsent(error: &reqwest::Error, origin: &Origin) -> ChatError {
    if error.is_connect() && error.is_timeout() {
        return origin.timed_out("connect", CONNECT);
    }
    if error.is_builder() {
        return origin.bad_request(format!("the request cannot be made: {}", causes(error)));
    }
    origin.network(causes(error))
}

/// An error without its address, which says nothing new, and with what lies below it.
fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(below) = cause {
        text = below.to_string();
        cause = below.source();
    }
    if text.is_empty() {
        error.to_string()
    } else {
        text
    }
}

/// The first `cap` bytes of a body.
async fn capped(response: Response, cap: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| causes(&error))?;
        let room = cap - body.len();
        body.extend_from_slice(&piece[..piece.len().min(room)]);
        if body.len() == cap {
            break;
        }
    }
    Ok(body)
}

fn signed(request: RequestBuilder, endpoint: &Endpoint) -> RequestBuilder {
    let key = endpoint.key.as_ref().map(Secret::expose);
    let request = match endpoint.protocol {
        Protocol::Anthropic => request.header("anthropic-version", anthropic::VERSION),
        _ => request,
    };
    let Some(key) = key else { return request };
    let name = match endpoint.protocol {
        Protocol::Anthropic => "x-api-key",
        Protocol::Gemini => "x-goog-api-key",
        // Marked as a secret by itself.
        _ => return request.bearer_auth(key),
    };
    match HeaderValue::from_str(key) {
        Ok(mut value) => {
            // No log of the layers below shows it.
            value.set_sensitive(true);
            request.header(name, value)
        }
        // That it is no header is told when it is sent.
        Err(_) => request.header(name, key),
    }
}

fn url(endpoint: &Endpoint, path: &str) -> String {
    format!("{}{path}", endpoint.base_url.trim_end_matches('/'))
}

/// A name as one segment of a path.
pub(super) fn segment(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// One request and its answer as it comes in.
struct Exchange {
    endpoint: Endpoint,
    state: State,
    decoder: Box<dyn Decoder>,
    frames: Frames,
    answer: Answer,
    /// Comes after the events that came before it.
    failed: Option<ChatError>,
    /// When the model wrote last; before it did, when it was asked.
    heard: Instant,
}

enum State {
    Unsent(Box<RequestBuilder>),
    Open(BoxStream<'static, reqwest::Result<Bytes>>),
    Over,
}

enum Frames {
    Events(sse::Parser),
    Lines(ndjson::Parser),
}

impl Exchange {
    async fn next(&mut self) -> Option<Result<ChatEvent, ChatError>> {
        loop {
            if let Some(event) = self.answer.take() {
                return Some(Ok(event));
            }
            if let Some(error) = self.failed.take() {
                self.state = State::Over;
                return Some(Err(error));
            }
            if self.answer.ended {
                self.state = State::Over;
            }
            let result = match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return None,
                State::Unsent(request) => self.send(*request).await,
                State::Open(body) => self.read(body).await,
            };
            if let Err(error) = result {
                self.failed = Some(error);
            }
        }
    }

    async fn send(&mut self, request: RequestBuilder) -> Result<(), ChatError> {
        self.heard = Instant::now();
        let limit = self.endpoint.timeouts.first_token;
        let sent = tokio::time::timeout(limit, async {
            accepted(request.send().await, &self.answer.origin).await
        });
        let response = sent
            .await
            .map_err(|_| self.answer.origin.timed_out("first token", limit))??;
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("text/html")) {
            return Err(self
                .answer
                .origin
                .protocol("a web page in place of an answer"));
        }
        self.state = State::Open(response.bytes_stream().boxed());
        Ok(())
    }

    async fn read(
        &mut self,
        mut body: BoxStream<'static, reqwest::Result<Bytes>>,
    ) -> Result<(), ChatError> {
        let limits = self.endpoint.timeouts;
        let silent = self.heard.elapsed();
        let (phase, limit, wait) = if self.answer.pieces == 0 {
            let left = limits.first_token.saturating_sub(silent);
            ("first token", limits.first_token, left)
        } else {
            // Signs of life that are no words are listened to for as long as for a first word.
            let longest = limits.first_token.max(limits.idle);
            let left = longest.saturating_sub(silent);
            let limit = if left < limits.idle {
                longest
            } else {
                limits.idle
            };
            ("next token", limit, left.min(limits.idle))
        };
        match tokio::time::timeout(wait, body.next()).await {
            Err(_) => Err(self.answer.origin.timed_out(phase, limit)),
            Ok(Some(Ok(bytes))) => {
                let before = self.answer.pieces;
                self.take_bytes(&bytes)?;
                if self.answer.pieces > before {
                    self.heard = Instant::now();
                }
                self.state = State::Open(body);
                Ok(())
            }
            Ok(Some(Err(error))) => Err(self
                .answer
                .origin
                .network(format!("the connection broke off: {}", causes(&error)))),
            Ok(None) => self.close(),
        }
    }

    fn take_bytes(&mut self, bytes: &[u8]) -> Result<(), ChatError> {
        let too_long = |error: TooLong| error.to_string();
        let (fed, frames) = match &mut self.frames {
            Frames::Events(parser) => {
                let mut events = Vec::new();
                let fed = parser.feed(bytes, &mut events);
                (fed, events.into_iter().map(|event| event.data).collect())
            }
            Frames::Lines(parser) => {
                let mut lines = Vec::new();
                (parser.feed(bytes, &mut lines), lines)
            }
        };
        self.take_frames(frames)?;
        fed.map_err(|error| self.answer.origin.protocol(too_long(error)))
    }

    fn take_frames(&mut self, frames: Vec<String>) -> Result<(), ChatError> {
        for frame in frames {
            if self.answer.ended {
                break;
            }
            self.decoder.frame(&frame, &mut self.answer)?;
        }
        Ok(())
    }

    /// The connection was closed in order.
    fn close(&mut self) -> Result<(), ChatError> {
        if let Frames::Lines(parser) = &mut self.frames {
            let rest = parser.finish();
            self.take_frames(rest.into_iter().collect())?;
        }
        if !self.answer.ended {
            self.decoder.close(&mut self.answer)?;
        }
        if self.answer.ended {
            return Ok(());
        }
        Err(self
            .answer
            .origin
            .protocol("the answer ended in the middle"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_one_segment_of_the_path() {
        assert_eq!(segment("gemini-2.5-pro"), "gemini-2.5-pro");
        assert_eq!(segment("../x?y#z"), "..%2Fx%3Fy%23z");
    }
}
