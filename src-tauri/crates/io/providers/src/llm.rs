//! Language models over HTTP: one stream of [`studio_llm::chat::ChatEvent`]s, whoever answers.
//!
//! [`Client::chat`] asks; dropping its stream closes the connection, which stops the model where the
//! provider can. Per protocol a file makes the request's body and reads the answer's frames, both
//! pure; `http` moves the bytes.
//!
//! What the providers' documents offer and is not used, and why: OpenAI's stored responses and batch
//! APIs (nothing is kept elsewhere), Anthropic's server tools, Gemini's files (pictures travel inline).
//!
//! Not here: which model to ask, what it costs, and asking again ([`Backoff`] only says when).

mod answer;
mod anthropic;
mod gemini;
mod http;
mod lists;
mod ndjson;
mod ollama;
mod openai;
mod refusal;
mod responses;
mod retry;
mod secret;
mod sse;
mod transcribe;
mod turns;

use std::pin::Pin;
use std::time::Duration;

use futures_util::Stream;
use studio_llm::chat::{ChatError, ChatEvent};

pub use http::Client;
pub use lists::{Embeddings, PullProgress, RemoteModel};
pub use retry::Backoff;
pub use secret::Secret;
pub use transcribe::{Sound, Transcript};

/// How a provider is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Chat completions, and everything that imitates them.
    OpenAi,
    OpenAiResponses,
    Anthropic,
    Gemini,
    Ollama,
}

/// Where a provider answers.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its name in errors.
    pub provider: String,
    pub protocol: Protocol,
    /// Without a slash at the end, such as `https://api.openai.com/v1`, `https://api.anthropic.com`,
    /// `http://127.0.0.1:11434`.
    pub base_url: String,
    pub key: Option<Secret>,
    pub timeouts: Timeouts,
}

/// A model at an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// What the provider calls it.
    pub model: &'a str,
    /// Its context, where it is known: no more is asked for.
    pub context_tokens: Option<u64>,
}

impl<'a> From<&'a str> for Target<'a> {
    fn from(model: &'a str) -> Target<'a> {
        Target {
            model,
            context_tokens: None,
        }
    }
}

/// How long silence is borne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the request to the first word, life signs or not.
    pub first_token: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            // Models that reason think for a minute and more.
            first_token: Duration::from_secs(180),
            idle: Duration::from_secs(60),
        }
    }
}

/// The events of one answer, as the invariants of [`studio_llm::chat`] say. After an error nothing
/// follows.
pub type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatEvent, ChatError>> + Send>>;
