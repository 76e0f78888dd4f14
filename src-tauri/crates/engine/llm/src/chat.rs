//! One conversation shape for every provider: a [`ChatRequest`] in, [`ChatEvent`]s out.
//!
//! Invariants of an event stream: text comes in order and is never repeated; a [`ToolCall`] comes
//! only whole, with arguments that are a JSON object; [`Usage`] comes at most once; [`ChatEvent::End`]
//! is the last event, and a stream that stops without it has failed.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use studio_core::{Error, ErrorCode};

/// What a model is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatRequest {
    /// Oldest first. System messages may stand anywhere; providers that know only one get them joined.
    #[schemars(length(min = 1))]
    pub messages: Vec<Message>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    #[serde(default, skip_serializing_if = "ToolChoice::is_auto")]
    pub tool_choice: ToolChoice,
    #[serde(default, skip_serializing_if = "ResponseFormat::is_text")]
    pub response: ResponseFormat,
    #[serde(default)]
    pub sampling: Sampling,
    /// Most tokens to answer with; the model's own limit without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_tokens: Option<u32>,
    /// How much a model that reasons may think; its own choice without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
    /// The answer ends before the first of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub stop: Vec<String>,
}

/// How much a model thinks before it answers. Models that do not reason are not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Not at all, where the model can be told so.
    None,
    Low,
    Medium,
    High,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    System {
        text: String,
    },
    User {
        parts: Vec<Part>,
    },
    Assistant {
        /// May be empty beside tool calls.
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall>,
    },
    /// What a tool answered.
    Tool {
        /// [`ToolCall::id`] of the call that this answers.
        call: String,
        text: String,
    },
}

impl Message {
    pub fn system(text: impl Into<String>) -> Message {
        Message::System { text: text.into() }
    }

    pub fn user(text: impl Into<String>) -> Message {
        Message::User {
            parts: vec![Part::Text { text: text.into() }],
        }
    }

    pub fn assistant(text: impl Into<String>) -> Message {
        Message::Assistant {
            text: text.into(),
            tool_calls: Vec::new(),
        }
    }

    /// Its words, without pictures and tool calls.
    pub fn text(&self) -> String {
        match self {
            Message::System { text }
            | Message::Assistant { text, .. }
            | Message::Tool { text, .. } => text.clone(),
            Message::User { parts } => {
                let words = parts.iter().filter_map(|part| match part {
                    Part::Text { text } => Some(text.as_str()),
                    Part::Image { .. } => None,
                });
                words.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// A piece of what a person says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    Text {
        text: String,
    },
    Image {
        /// `image/png`, `image/jpeg`, `image/webp` or `image/gif`.
        media_type: String,
        /// The picture's bytes in standard Base64.
        data: String,
    },
}

/// A function that the model may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Letters, digits, `_` and `-`, at most 64.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// JSON Schema of the arguments, of type `object`.
    pub parameters: Map<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    None,
    /// Some tool must be called.
    Required,
    /// This tool must be called.
    Named(String),
}

impl ToolChoice {
    pub fn is_auto(&self) -> bool {
        *self == ToolChoice::Auto
    }
}

/// A model's wish to have a tool run. Always whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    pub arguments: Map<String, Value>,
}

/// What the answer must look like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseFormat {
    #[default]
    Text,
    /// Any JSON object.
    Json,
    /// JSON that fits a schema.
    Schema {
        #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
        name: String,
        schema: Map<String, Value>,
    },
}

impl ResponseFormat {
    pub fn is_text(&self) -> bool {
        *self == ResponseFormat::Text
    }
}

/// How the next token is drawn. What is absent is the model's own default; what a provider does not
/// know, it is not sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// 0 takes the likeliest token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 2.0))]
    pub temperature: Option<f32>,
    /// Draw from the likeliest tokens that together reach this probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub top_p: Option<f32>,
    /// Draw from this many of the likeliest tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub top_k: Option<u32>,
    /// Drop tokens less likely than this share of the likeliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_p: Option<f32>,
    /// Above 1, tokens that were said become less likely (CTRL, Keskar et al. 2019).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.5, max = 2.0))]
    pub repetition_penalty: Option<f32>,
    /// Added to the logits of these tokens, by their number in the model's vocabulary: -100 forbids
    /// one, 100 all others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub logit_bias: BTreeMap<u32, f32>,
    /// Equal seeds give equal answers where the model can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// One thing that happened while a model answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ChatEvent {
    /// The next piece of the answer.
    Text {
        text: String,
    },
    /// The next piece of what the model thinks before it answers.
    Reasoning {
        text: String,
    },
    ToolCall {
        call: ToolCall,
    },
    Usage {
        usage: Usage,
    },
    End {
        reason: Finish,
    },
}

/// Tokens as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Usage {
    /// All tokens that were read, cached ones included.
    pub input_tokens: u64,
    /// Of the input: read from the provider's cache.
    pub cached_tokens: u64,
    /// Of the input: written to the provider's cache, where it bills that.
    pub cache_write_tokens: u64,
    /// All tokens that were written, reasoning included.
    pub output_tokens: u64,
    /// Of the output: thought, not shown.
    pub reasoning_tokens: u64,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model was done, or met a stop text.
    Stop,
    /// The limit of tokens was reached: the answer is cut.
    Length,
    ToolCalls,
    /// The provider's filter ended it.
    ContentFilter,
}

/// Why a model did not answer, or not to its end.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ChatError {
    #[error("{provider} refuses the key: {detail}")]
    Auth { provider: String, detail: String },
    #[error("{provider} takes no more requests for now: {detail}")]
    RateLimited {
        provider: String,
        detail: String,
        retry_after: Option<Duration>,
    },
    /// The account's quota or credit is used up: waiting does not help.
    #[error("{provider}: the account's quota is used up: {detail}")]
    Quota { provider: String, detail: String },
    #[error("{provider} is overloaded or failing: {detail}")]
    Overloaded {
        provider: String,
        detail: String,
        retry_after: Option<Duration>,
    },
    #[error("the conversation is too long for {provider}: {detail}")]
    ContextLength { provider: String, detail: String },
    #[error("{provider} refuses the content: {detail}")]
    ContentPolicy { provider: String, detail: String },
    #[error("{provider} does not know the model: {detail}")]
    UnknownModel { provider: String, detail: String },
    /// A model of this machine that cannot be run: a damaged file, or too little memory.
    #[error("{provider} cannot be run: {detail}")]
    Unavailable { provider: String, detail: String },
    #[error("{provider} refuses the request: {detail}")]
    BadRequest { provider: String, detail: String },
    #[error("{provider} cannot be reached: {detail}")]
    Network { provider: String, detail: String },
    /// `phase` is `connect`, `first token`, `next token` or `word of the download`.
    #[error("{provider} was silent for {} s ({phase})", .after.as_secs_f32())]
    TimedOut {
        provider: String,
        phase: &'static str,
        after: Duration,
    },
    /// What came is not what the provider's documents promise.
    #[error("{provider} sent something unexpected: {detail}")]
    Protocol { provider: String, detail: String },
    #[error("cancelled")]
    Cancelled,
}

impl ChatError {
    /// Whether the same request to the same model may succeed soon.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            ChatError::RateLimited { .. }
                | ChatError::Overloaded { .. }
                | ChatError::Network { .. }
                | ChatError::TimedOut { .. }
                | ChatError::Protocol { .. }
        )
    }

    /// Whether another model may be asked instead. What is wrong with the request itself, or was
    /// cancelled, is the same everywhere.
    pub fn allows_fallback(&self) -> bool {
        !matches!(self, ChatError::BadRequest { .. } | ChatError::Cancelled)
    }

    /// How long the provider asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            ChatError::RateLimited { retry_after, .. }
            | ChatError::Overloaded { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// A stable word for logs and the decision record.
    pub fn class(&self) -> &'static str {
        match self {
            ChatError::Auth { .. } => "auth",
            ChatError::RateLimited { .. } => "rate_limited",
            ChatError::Quota { .. } => "quota",
            ChatError::Overloaded { .. } => "overloaded",
            ChatError::ContextLength { .. } => "context_length",
            ChatError::ContentPolicy { .. } => "content_policy",
            ChatError::UnknownModel { .. } => "unknown_model",
            ChatError::Unavailable { .. } => "unavailable",
            ChatError::BadRequest { .. } => "bad_request",
            ChatError::Network { .. } => "network",
            ChatError::TimedOut { .. } => "timed_out",
            ChatError::Protocol { .. } => "protocol",
            ChatError::Cancelled => "cancelled",
        }
    }
}

impl From<ChatError> for Error {
    fn from(error: ChatError) -> Error {
        let (code, hint) = match &error {
            ChatError::Auth { .. } => (
                ErrorCode::Refused,
                "check the provider's key in the settings",
            ),
            ChatError::Quota { .. } => (
                ErrorCode::Refused,
                "add credit to the account, or choose another model",
            ),
            ChatError::ContentPolicy { .. } => (ErrorCode::Refused, "rephrase the message"),
            ChatError::ContextLength { .. } => (
                ErrorCode::BadInput,
                "shorten the conversation, or choose a model with a larger context",
            ),
            ChatError::UnknownModel { .. } => (ErrorCode::NotFound, "see `gateway.models`"),
            ChatError::Unavailable { .. } => (
                ErrorCode::Unsupported,
                "choose a smaller model, or verify the model's files",
            ),
            ChatError::BadRequest { .. } => (ErrorCode::BadInput, ""),
            ChatError::RateLimited { .. }
            | ChatError::Overloaded { .. }
            | ChatError::Network { .. }
            | ChatError::TimedOut { .. }
            | ChatError::Protocol { .. } => (
                ErrorCode::Network,
                "try again, or allow another model as fallback",
            ),
            ChatError::Cancelled => (ErrorCode::Cancelled, ""),
        };
        let shown = Error::new(code, error.to_string());
        if hint.is_empty() {
            shown
        } else {
            shown.hint(hint)
        }
    }
}
