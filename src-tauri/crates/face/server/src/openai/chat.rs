//! `POST /v1/chat/completions`.

use std::convert::Infallible;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use studio_core::Error;
use studio_gateway::{Answering, Ask, Step};
use studio_llm::chat::{ChatEvent, Finish, ToolCall, Usage};

use super::request::{Completion, request};
use super::{facts, privacy, wishes};
use crate::body::Whole;
use crate::guard::Caller;
use crate::http::App;
use crate::llm::next_step;
use crate::metrics::Open;
use crate::problem::{self, Refusal};

pub(crate) async fn chat_completions(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, Refusal> {
    let completion: Completion = serde_json::from_slice(&body)
        .map_err(|error| Error::bad_input(format!("the body is no chat completion: {error}")))?;
    let mut wishes = wishes(&completion.model)?;
    wishes.privacy = privacy(&headers)?;
    let streams = completion.stream == Some(true);
    let options = completion.stream_options.as_ref();
    let with_usage = streams && options.is_some_and(|options| options.include_usage);
    let mut answering = app.gateway.answer(Ask {
        operation: "v1.chat_completions",
        request: request(completion)?,
        wishes,
        project: None,
        key: caller.budget(),
    });
    let early = until_first_word(&mut answering).await?;
    let frame = Frame::new(with_usage);
    if streams {
        let events = told(frame, early, answering, app);
        return Ok(Sse::new(events)
            .keep_alive(KeepAlive::default())
            .into_response());
    }
    Ok(axum::Json(whole(&frame, early, answering).await?).into_response())
}

/// The steps up to the first that says something. An error before it is an HTTP error, also of a
/// stream.
pub(crate) async fn until_first_word(answering: &mut Answering) -> Result<Vec<Step>, Error> {
    let mut early = Vec::new();
    loop {
        let step = answering.next().await.ok_or_else(Error::cancelled)??;
        let is_news = matches!(step, Step::Picked { .. } | Step::Failed { .. });
        early.push(step);
        if !is_news {
            return Ok(early);
        }
    }
}

/// What stays the same through one answer.
struct Frame {
    id: String,
    created: u64,
    with_usage: bool,
}

impl Frame {
    fn new(with_usage: bool) -> Frame {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Frame {
            id: format!("chatcmpl-{}", uuid::Uuid::new_v4().simple()),
            created: since.as_secs(),
            with_usage,
        }
    }

    fn chunk(&self, model: &str, delta: &Value, finish: Option<&str>) -> Value {
        let choice =
            json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish });
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": model,
            "choices": [choice],
        });
        if self.with_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }
}

async fn whole(
    frame: &Frame,
    early: Vec<Step>,
    mut answering: Answering,
) -> Result<Value, Refusal> {
    let (mut text, mut reasoning, mut calls) = (String::new(), String::new(), Vec::new());
    let mut early = early.into_iter();
    let answered = loop {
        let step = match early.next() {
            Some(step) => step,
            None => answering.next().await.ok_or_else(Error::cancelled)??,
        };
        match step {
            Step::Event(ChatEvent::Text { text: new }) => text.push_str(&new),
            Step::Event(ChatEvent::Reasoning { text: new }) => reasoning.push_str(&new),
            Step::Event(ChatEvent::ToolCall { call }) => calls.push(wire_call(&call)),
            Step::Done(answered) => break answered,
            Step::Event(_) | Step::Picked { .. } | Step::Failed { .. } => {}
        }
    };
    let mut message = json!({ "role": "assistant", "content": text, "refusal": null });
    if !reasoning.is_empty() {
        message["reasoning_content"] = json!(reasoning);
    }
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
        if text.is_empty() {
            message["content"] = Value::Null;
        }
    }
    let finish = finish(answered.end);
    let choice =
        json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish });
    Ok(json!({
        "id": frame.id, "object": "chat.completion", "created": frame.created, "model": answered.model,
        "choices": [choice],
        "usage": wire_usage(&answered.usage),
        "studio": facts(&answered),
    }))
}

/// An answer as it is told.
struct Telling {
    frame: Frame,
    early: std::vec::IntoIter<Step>,
    answering: Answering,
    app: App,
    model: String,
    calls: usize,
    /// Chunks that are made but not yet told.
    waiting: std::collections::VecDeque<String>,
    over: bool,
    _open: Open,
}

/// The chunks of a stream. An error in the middle comes as an event, as OpenAI sends it.
fn told(
    frame: Frame,
    early: Vec<Step>,
    answering: Answering,
    app: App,
) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    let telling = Telling {
        frame,
        early: early.into_iter(),
        answering,
        model: String::new(),
        calls: 0,
        waiting: Default::default(),
        over: false,
        _open: app.metrics.stream(),
        app,
    };
    stream::unfold(telling, |mut telling| async move {
        loop {
            if let Some(data) = telling.waiting.pop_front() {
                return Some((Ok(SseEvent::default().data(data)), telling));
            }
            if telling.over {
                return None;
            }
            let step = match telling.early.next() {
                Some(step) => Ok(step),
                None => next_step(&mut telling.answering, &telling.app).await,
            };
            telling.take(step);
        }
    })
}

impl Telling {
    fn take(&mut self, step: Result<Step, Error>) {
        match step {
            Ok(Step::Picked { model, .. }) => {
                let is_first = self.model.is_empty();
                self.model = model;
                if is_first {
                    self.tell(&json!({ "role": "assistant", "content": "" }), None);
                }
            }
            Ok(Step::Event(ChatEvent::Text { text })) => {
                self.tell(&json!({ "content": text }), None);
            }
            Ok(Step::Event(ChatEvent::Reasoning { text })) => {
                self.tell(&json!({ "reasoning_content": text }), None);
            }
            Ok(Step::Event(ChatEvent::ToolCall { call })) => {
                let mut call = wire_call(&call);
                call["index"] = json!(self.calls);
                self.calls += 1;
                self.tell(&json!({ "tool_calls": [call] }), None);
            }
            Ok(Step::Event(_) | Step::Failed { .. }) => {}
            Ok(Step::Done(answered)) => {
                let end = Some(finish(answered.end));
                let mut last = self.frame.chunk(&answered.model, &json!({}), end);
                last["studio"] = facts(&answered);
                self.waiting.push_back(last.to_string());
                if self.frame.with_usage {
                    let mut usage = self.frame.chunk(&answered.model, &json!({}), None);
                    usage["choices"] = json!([]);
                    usage["usage"] = wire_usage(&answered.usage);
                    self.waiting.push_back(usage.to_string());
                }
                self.waiting.push_back("[DONE]".to_owned());
                self.over = true;
            }
            Err(error) => {
                let status = Refusal::from(error.clone()).status;
                let told = problem::openai(status, &error).to_string();
                self.waiting.push_back(told);
                self.over = true;
            }
        }
    }

    fn tell(&mut self, delta: &Value, finish: Option<&str>) {
        let chunk = self.frame.chunk(&self.model, delta, finish);
        self.waiting.push_back(chunk.to_string());
    }
}

fn wire_call(call: &ToolCall) -> Value {
    let arguments = Value::Object(call.arguments.clone()).to_string();
    let function = json!({ "name": call.name, "arguments": arguments });
    json!({ "id": call.id, "type": "function", "function": function })
}

fn wire_usage(usage: &Usage) -> Value {
    json!({
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": { "cached_tokens": usage.cached_tokens },
        "completion_tokens_details": { "reasoning_tokens": usage.reasoning_tokens },
    })
}

fn finish(end: Finish) -> &'static str {
    match end {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter => "content_filter",
    }
}
