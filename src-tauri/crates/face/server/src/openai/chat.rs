//! `POST /v1/chat/completions`.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use studio_core::Error;
use studio_gateway::{Answered, Ask, Said, Step};
use studio_llm::chat::{ChatEvent, Finish, ToolCall, Usage};

use super::request::{Completion, request};
use super::{facts, privacy, wishes};
use crate::body::Whole;
use crate::guard::Caller;
use crate::http::App;
use crate::problem::{self, Refusal};
use crate::telling::{Shape, Told, stream};

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
    let answering = app.gateway.answer(Ask {
        operation: "v1.chat_completions",
        request: request(completion)?,
        wishes,
        project: None,
        key: caller.budget(),
    });
    // What goes wrong before the first word is an HTTP error, also of a stream.
    let answering = answering.until_first_word().await?;
    let frame = Frame::new(with_usage);
    if streams {
        let chunks = Chunks {
            frame,
            model: String::new(),
            calls: 0,
        };
        return Ok(stream(app, answering, chunks));
    }
    Ok(axum::Json(whole(&frame, answering.whole().await?)).into_response())
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

fn whole(frame: &Frame, said: Said) -> Value {
    let Said {
        text,
        reasoning,
        tool_calls: calls,
        answered,
    } = said;
    let mut message = json!({ "role": "assistant", "content": text, "refusal": null });
    if !reasoning.is_empty() {
        message["reasoning_content"] = json!(reasoning);
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.iter().map(wire_call).collect();
        if text.is_empty() {
            message["content"] = Value::Null;
        }
    }
    let finish = finish(answered.end);
    let choice =
        json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish });
    json!({
        "id": frame.id, "object": "chat.completion", "created": frame.created, "model": answered.model,
        "choices": [choice],
        "usage": wire_usage(&answered.usage),
        "studio": facts(&answered),
    })
}

/// The chunks of a stream. An error in the middle comes as an event, as OpenAI sends it.
struct Chunks {
    frame: Frame,
    model: String,
    calls: usize,
}

impl Shape for Chunks {
    fn tell(&mut self, step: Result<Step, Error>, told: &mut Told) {
        let delta = match step {
            Ok(Step::Picked { model, .. }) => {
                let is_first = self.model.is_empty();
                self.model = model;
                if !is_first {
                    return;
                }
                json!({ "role": "assistant", "content": "" })
            }
            Ok(Step::Event(ChatEvent::Text { text })) => json!({ "content": text }),
            Ok(Step::Event(ChatEvent::Reasoning { text })) => json!({ "reasoning_content": text }),
            Ok(Step::Event(ChatEvent::ToolCall { call })) => {
                let mut call = wire_call(&call);
                call["index"] = json!(self.calls);
                self.calls += 1;
                json!({ "tool_calls": [call] })
            }
            Ok(Step::Event(_) | Step::Failed { .. }) => return,
            Ok(Step::Done(answered)) => return self.end(&answered, told),
            Err(error) => {
                let status = Refusal::from(error.clone()).status;
                return told.data(problem::openai(status, &error).to_string());
            }
        };
        let chunk = self.frame.chunk(&self.model, &delta, None);
        told.data(chunk.to_string());
    }
}

impl Chunks {
    fn end(&self, answered: &Answered, told: &mut Told) {
        let finish = Some(finish(answered.end));
        let mut last = self.frame.chunk(&answered.model, &json!({}), finish);
        last["studio"] = facts(answered);
        told.data(last.to_string());
        if self.frame.with_usage {
            let mut usage = self.frame.chunk(&answered.model, &json!({}), None);
            usage["choices"] = json!([]);
            usage["usage"] = wire_usage(&answered.usage);
            told.data(usage.to_string());
        }
        told.data("[DONE]");
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
