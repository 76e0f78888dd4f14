//! `/v1/messages`: models in the shape of Anthropic's API, so that its clients work unchanged.
//!
//! After Anthropic's API reference (messages, streaming, errors). Names of models are those of
//! `/v1/models`. What a model thinks is not passed on: its blocks carry a signature that only
//! Anthropic can make.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use studio_core::Error;
use studio_gateway::{Answered, Answering, Ask, Step, Wishes};
use studio_llm::chat::{
    ChatEvent, ChatRequest, Finish, Message, Part, Sampling, Tool, ToolCall, ToolChoice, Usage,
};

use crate::body::Whole;
use crate::guard::Caller;
use crate::http::App;
use crate::llm::next_step;
use crate::metrics::Open;
use crate::openai::{checked, facts, privacy, until_first_word, wishes};
use crate::problem::{self, Refusal};

/// What Anthropic's clients send. Fields that are not here change nothing that we could do.
#[derive(Deserialize)]
struct Asked {
    model: String,
    messages: Vec<Said>,
    /// Required by Anthropic, and not when tokens are counted.
    max_tokens: Option<u32>,
    system: Option<Value>,
    stream: Option<bool>,
    stop_sequences: Option<Vec<String>>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<u32>,
    tools: Option<Vec<Declared>>,
    tool_choice: Option<Choice>,
}

#[derive(Deserialize)]
struct Said {
    role: String,
    content: Value,
}

#[derive(Deserialize)]
struct Declared {
    name: String,
    description: Option<String>,
    input_schema: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Choice {
    Auto,
    Any,
    None,
    Tool { name: String },
}

/// `POST /v1/messages`.
pub(crate) async fn messages(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, Refusal> {
    let asked = read(&body)?;
    if asked.max_tokens.is_none() {
        return Err(Error::bad_input("`max_tokens` is missing")
            .field("/max_tokens")
            .into());
    }
    let streams = asked.stream == Some(true);
    let wishes = Wishes {
        privacy: privacy(&headers)?,
        ..wishes(&asked.model)?
    };
    let mut answering = app.gateway.answer(Ask {
        operation: "v1.messages",
        request: request(asked)?,
        wishes,
        project: None,
        key: caller.budget(),
    });
    let early = until_first_word(&mut answering).await?;
    let id = format!("msg_{}", uuid::Uuid::new_v4().simple());
    if streams {
        let events = told(id, early, answering, app);
        return Ok(Sse::new(events)
            .keep_alive(KeepAlive::default())
            .into_response());
    }
    Ok(axum::Json(whole(&id, early, answering).await?).into_response())
}

/// `POST /v1/messages/count_tokens`. Nobody is asked.
pub(crate) async fn count_tokens(
    State(app): State<App>,
    Whole(body): Whole,
) -> Result<Response, Refusal> {
    let asked = read(&body)?;
    let wishes = wishes(&asked.model)?;
    let routed = app.gateway.route(&request(asked)?, &wishes)?;
    Ok(axum::Json(json!({ "input_tokens": routed.tokens.total })).into_response())
}

fn read(body: &[u8]) -> Result<Asked, Error> {
    serde_json::from_slice(body)
        .map_err(|error| Error::bad_input(format!("the body is no request for a message: {error}")))
}

fn request(asked: Asked) -> Result<ChatRequest, Error> {
    let mut messages = Vec::new();
    if let Some(system) = &asked.system {
        let text = text_of(system).map_err(|problem| Error::bad_input(problem).field("/system"))?;
        messages.push(Message::System { text });
    }
    for (at, said) in asked.messages.iter().enumerate() {
        let wrong =
            |problem: String| Error::bad_input(problem).field(format!("/messages/{at}/content"));
        messages.extend(turn(said).map_err(wrong)?);
    }
    if asked.messages.is_empty() {
        return Err(Error::bad_input("there is no message").field("/messages"));
    }
    let tools = asked.tools.into_iter().flatten().map(|tool| Tool {
        name: tool.name,
        description: tool.description.unwrap_or_default(),
        parameters: tool.input_schema.unwrap_or_default(),
    });
    checked(ChatRequest {
        messages,
        tools: tools.collect(),
        tool_choice: match asked.tool_choice {
            None | Some(Choice::Auto) => ToolChoice::Auto,
            Some(Choice::Any) => ToolChoice::Required,
            Some(Choice::None) => ToolChoice::None,
            Some(Choice::Tool { name }) => ToolChoice::Named(name),
        },
        sampling: Sampling {
            temperature: asked.temperature,
            top_p: asked.top_p,
            top_k: asked.top_k,
            ..Sampling::default()
        },
        max_tokens: asked.max_tokens,
        stop: asked.stop_sequences.unwrap_or_default(),
        ..ChatRequest::default()
    })
}

/// A turn as messages of ours: what tools answered stands in a user's turn there.
fn turn(said: &Said) -> Result<Vec<Message>, String> {
    let blocks = blocks(&said.content)?;
    match said.role.as_str() {
        "user" => user(&blocks),
        "assistant" => assistant(&blocks).map(|message| vec![message]),
        role => Err(format!("`{role}` is no role")),
    }
}

fn user(blocks: &[Value]) -> Result<Vec<Message>, String> {
    let (mut messages, mut parts) = (Vec::new(), Vec::new());
    for block in blocks {
        match block["type"].as_str().unwrap_or_default() {
            "tool_result" => messages.push(Message::Tool {
                call: word(block, "tool_use_id")?,
                text: match &block["content"] {
                    Value::Null => String::new(),
                    content => text_of(content)?,
                },
            }),
            "image" => {
                let source = &block["source"];
                // Nothing is fetched for a caller: that would reach what the caller cannot.
                if source["type"] != "base64" {
                    return Err("pictures come in Base64".to_owned());
                }
                parts.push(Part::Image {
                    media_type: word(source, "media_type")?,
                    data: word(source, "data")?,
                });
            }
            _ => parts.push(Part::Text {
                text: text_block(block)?,
            }),
        }
    }
    if !parts.is_empty() {
        messages.push(Message::User { parts });
    }
    Ok(messages)
}

fn assistant(blocks: &[Value]) -> Result<Message, String> {
    let (mut texts, mut tool_calls) = (Vec::new(), Vec::new());
    for block in blocks {
        match block["type"].as_str().unwrap_or_default() {
            "tool_use" => tool_calls.push(ToolCall {
                id: word(block, "id")?,
                name: word(block, "name")?,
                arguments: block["input"].as_object().cloned().unwrap_or_default(),
            }),
            // Thoughts are of no use to another model.
            "thinking" | "redacted_thinking" => {}
            _ => texts.push(text_block(block)?),
        }
    }
    Ok(Message::Assistant {
        text: texts.concat(),
        tool_calls,
    })
}

/// A text counts as one block.
fn blocks(content: &Value) -> Result<Vec<Value>, String> {
    match content {
        Value::String(text) => Ok(vec![json!({ "type": "text", "text": text })]),
        Value::Array(blocks) => Ok(blocks.clone()),
        _ => Err("`content` is a text or a list of blocks".to_owned()),
    }
}

fn text_of(content: &Value) -> Result<String, String> {
    let texts = blocks(content)?;
    let texts: Result<Vec<String>, String> = texts.iter().map(text_block).collect();
    Ok(texts?.join("\n"))
}

fn text_block(block: &Value) -> Result<String, String> {
    match block["type"].as_str() {
        Some("text") => word(block, "text"),
        other => Err(format!(
            "blocks of type `{}` are not known here",
            other.unwrap_or_default()
        )),
    }
}

fn word(block: &Value, field: &str) -> Result<String, String> {
    let text = block[field].as_str();
    text.map(str::to_owned)
        .ok_or_else(|| format!("the block lacks `{field}`"))
}

async fn whole(id: &str, early: Vec<Step>, mut answering: Answering) -> Result<Value, Refusal> {
    let (mut text, mut calls) = (String::new(), Vec::new());
    let mut early = early.into_iter();
    let answered = loop {
        let step = match early.next() {
            Some(step) => step,
            None => answering.next().await.ok_or_else(Error::cancelled)??,
        };
        match step {
            Step::Event(ChatEvent::Text { text: new }) => text.push_str(&new),
            Step::Event(ChatEvent::ToolCall { call }) => calls.push(call),
            Step::Done(answered) => break answered,
            Step::Event(_) | Step::Picked { .. } | Step::Failed { .. } => {}
        }
    };
    let mut content = Vec::new();
    if !text.is_empty() {
        content.push(json!({ "type": "text", "text": text }));
    }
    content.extend(calls.into_iter().map(|call| {
        json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments })
    }));
    let mut message = message(id, &answered.model);
    message["content"] = json!(content);
    message["stop_reason"] = json!(stop_reason(answered.end));
    message["usage"] = usage(&answered.usage);
    message["studio"] = facts(&answered);
    Ok(message)
}

/// A message that has no content yet.
fn message(id: &str, model: &str) -> Value {
    json!({
        "id": id, "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(&Usage::default()),
    })
}

/// Tokens as Anthropic counts them: what was cached is not part of the input.
fn usage(usage: &Usage) -> Value {
    let cached = usage.cached_tokens + usage.cache_write_tokens;
    json!({
        "input_tokens": usage.input_tokens.saturating_sub(cached),
        "cache_read_input_tokens": usage.cached_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
    })
}

fn stop_reason(end: Finish) -> &'static str {
    match end {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::ToolCalls => "tool_use",
        Finish::ContentFilter => "refusal",
    }
}

/// An answer as it is told.
struct Telling {
    id: String,
    early: std::vec::IntoIter<Step>,
    answering: Answering,
    app: App,
    begun: bool,
    /// How many content blocks were begun, and whether the last of them, of text, is open.
    blocks: usize,
    in_text: bool,
    /// Events that are made but not yet told.
    waiting: VecDeque<Value>,
    over: bool,
    _open: Open,
}

fn told(
    id: String,
    early: Vec<Step>,
    answering: Answering,
    app: App,
) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    let telling = Telling {
        id,
        early: early.into_iter(),
        answering,
        begun: false,
        blocks: 0,
        in_text: false,
        waiting: VecDeque::new(),
        over: false,
        _open: app.metrics.stream(),
        app,
    };
    stream::unfold(telling, |mut telling| async move {
        loop {
            if let Some(event) = telling.waiting.pop_front() {
                let name = event["type"].as_str().unwrap_or_default();
                let told = SseEvent::default().event(name).data(event.to_string());
                return Some((Ok(told), telling));
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
            Ok(Step::Picked { model, .. }) if !self.begun => {
                self.begun = true;
                let message = message(&self.id, &model);
                self.tell(json!({ "type": "message_start", "message": message }));
            }
            Ok(Step::Event(ChatEvent::Text { text })) => {
                if !self.in_text {
                    self.begin_block(&json!({ "type": "text", "text": "" }));
                    self.in_text = true;
                }
                self.tell_delta(&json!({ "type": "text_delta", "text": text }));
            }
            Ok(Step::Event(ChatEvent::ToolCall { call })) => {
                self.end_text();
                self.begin_block(
                    &json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": {} }),
                );
                let arguments = Value::Object(call.arguments).to_string();
                self.tell_delta(&json!({ "type": "input_json_delta", "partial_json": arguments }));
                self.end_block();
            }
            Ok(Step::Event(_) | Step::Picked { .. } | Step::Failed { .. }) => {}
            Ok(Step::Done(answered)) => self.end(&answered),
            Err(error) => {
                let status = Refusal::from(error.clone()).status;
                self.tell(problem::anthropic(status, &error, &self.id));
                self.over = true;
            }
        }
    }

    fn end(&mut self, answered: &Answered) {
        self.end_text();
        self.tell(json!({
            "type": "message_delta",
            "delta": { "stop_reason": stop_reason(answered.end), "stop_sequence": null },
            "usage": usage(&answered.usage),
            "studio": facts(answered),
        }));
        self.tell(json!({ "type": "message_stop" }));
        self.over = true;
    }

    fn begin_block(&mut self, block: &Value) {
        let index = self.blocks;
        self.tell(json!({ "type": "content_block_start", "index": index, "content_block": block }));
        self.blocks += 1;
    }

    fn tell_delta(&mut self, delta: &Value) {
        let index = self.blocks.saturating_sub(1);
        self.tell(json!({ "type": "content_block_delta", "index": index, "delta": delta }));
    }

    fn end_text(&mut self) {
        if std::mem::take(&mut self.in_text) {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        let index = self.blocks.saturating_sub(1);
        self.tell(json!({ "type": "content_block_stop", "index": index }));
    }

    fn tell(&mut self, event: Value) {
        self.waiting.push_back(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(content: Value) -> Result<ChatRequest, Error> {
        let asked = json!({ "model": "auto", "max_tokens": 9, "system": [{ "type": "text", "text": "Be brief." }],
                            "messages": content, "stop_sequences": ["END"], "tool_choice": { "type": "any" } });
        request(read(asked.to_string().as_bytes())?)
    }

    #[test]
    fn a_conversation_with_tools_and_pictures_is_read() {
        let read = turns(json!([
            { "role": "user", "content": [
                { "type": "text", "text": "What is this?" },
                { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AAAA" } },
            ] },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "hm", "signature": "x" },
                { "type": "text", "text": "I look." },
                { "type": "tool_use", "id": "t1", "name": "look", "input": { "at": 1 } },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "t1", "content": [{ "type": "text", "text": "a fox" }] },
                { "type": "text", "text": "Well?" },
            ] },
        ]))
        .unwrap();
        let arguments = json!({ "at": 1 }).as_object().cloned().unwrap();
        let call = ToolCall {
            id: "t1".into(),
            name: "look".into(),
            arguments,
        };
        let picture = Part::Image {
            media_type: "image/png".into(),
            data: "AAAA".into(),
        };
        let question = Part::Text {
            text: "What is this?".into(),
        };
        assert_eq!(
            read.messages,
            [
                Message::system("Be brief."),
                Message::User {
                    parts: vec![question, picture]
                },
                Message::Assistant {
                    text: "I look.".into(),
                    tool_calls: vec![call]
                },
                Message::Tool {
                    call: "t1".into(),
                    text: "a fox".into()
                },
                Message::user("Well?"),
            ]
        );
        assert_eq!(read.tool_choice, ToolChoice::Required);
        assert_eq!((read.max_tokens, read.stop.len()), (Some(9), 1));
    }

    #[test]
    fn what_cannot_be_read_names_its_message() {
        let refused = |content: Value, field: &str| {
            let error = turns(content).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(field), "{error:?}");
        };
        let said = |content: Value| json!([{ "role": "user", "content": content }]);
        refused(json!([]), "/messages");
        refused(
            json!([{ "role": "king", "content": "x" }]),
            "/messages/0/content",
        );
        refused(said(json!(5)), "/messages/0/content");
        refused(said(json!([{ "type": "video" }])), "/messages/0/content");
        let fetched =
            json!([{ "type": "image", "source": { "type": "url", "url": "http://10.0.0.1" } }]);
        refused(said(fetched), "/messages/0/content");
    }

    #[test]
    fn cached_tokens_are_counted_beside_the_input() {
        let counted = usage(&Usage {
            input_tokens: 100,
            cached_tokens: 60,
            cache_write_tokens: 10,
            output_tokens: 5,
            reasoning_tokens: 0,
        });
        assert_eq!(counted["input_tokens"], 30);
        assert_eq!(counted["cache_read_input_tokens"], 60);
    }
}
