//! `/v1`: language models in the shape of OpenAI's API, so that its clients work unchanged.
//!
//! After OpenAI's API reference (chat completions, models, embeddings). `model` is an id of
//! `gateway.models`, or `auto`, or `auto:POLICY` with one of `balanced`, `cheapest`, `fastest`,
//! `best`, `local_only`. The header `x-studio-privacy: local_only` keeps the words on this machine.
//! What an answer cost and why its model was taken stands in the field `studio`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use studio_core::{Error, ErrorCode};
use studio_gateway::{Answered, Answering, Ask, Step, Wishes};
use studio_llm::chat::{
    ChatEvent, ChatRequest, Effort, Finish, Message, Part, ResponseFormat, Sampling, Tool,
    ToolCall, ToolChoice, Usage,
};
use studio_llm::route::{Policy, Privacy};

use crate::guard::Caller;
use crate::http::{App, Refusal};

/// An error in OpenAI's shape.
pub(crate) struct Failure(Refusal);

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Refusal { status, error, .. } = self.0;
        (status, axum::Json(error_body(status, &error))).into_response()
    }
}

/// The kinds that OpenAI's clients know.
fn error_body(status: StatusCode, error: &Error) -> Value {
    let kind = match status {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        status if status.is_client_error() => "invalid_request_error",
        _ => "api_error",
    };
    let message = match &error.hint {
        Some(hint) => format!("{}; {hint}", error.message),
        None => error.message.clone(),
    };
    let code = error.code.as_str();
    json!({ "error": { "message": message, "type": kind, "param": error.field, "code": code } })
}

/// `GET /v1/models`.
pub(crate) async fn models(State(app): State<App>) -> Response {
    let catalog = app.gateway.catalog();
    let rows: Vec<Value> = [("auto", "av-studio")]
        .into_iter()
        .chain(
            catalog
                .models()
                .map(|model| (model.id.as_str(), model.provider())),
        )
        .map(|(id, owner)| json!({ "id": id, "object": "model", "created": 0, "owned_by": owner }))
        .collect();
    axum::Json(json!({ "object": "list", "data": rows })).into_response()
}

/// What OpenAI's clients send. Fields that are not here change nothing that we could do.
#[derive(Deserialize)]
struct Completion {
    model: String,
    messages: Vec<Said>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: StreamOptions,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<u32>,
    min_p: Option<f32>,
    logit_bias: Option<BTreeMap<u32, f32>>,
    seed: Option<i64>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    reasoning_effort: Option<String>,
    stop: Option<OneOrMany>,
    #[serde(default)]
    tools: Vec<Declared>,
    tool_choice: Option<Value>,
    response_format: Option<Format>,
    n: Option<u32>,
    logprobs: Option<bool>,
}

#[derive(Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Said {
    role: String,
    #[serde(default)]
    content: Value,
    #[serde(default)]
    tool_calls: Vec<Value>,
    tool_call_id: Option<String>,
}

#[derive(Deserialize)]
struct Declared {
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format {
    Text,
    JsonObject,
    JsonSchema { json_schema: NamedSchema },
}

#[derive(Deserialize)]
struct NamedSchema {
    name: String,
    schema: Map<String, Value>,
}

/// `POST /v1/chat/completions`.
pub(crate) async fn chat_completions(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let completion: Completion = serde_json::from_slice(&body)
        .map_err(|error| Error::bad_input(format!("the body is no chat completion: {error}")))?;
    if completion.n.is_some_and(|n| n != 1) || completion.logprobs == Some(true) {
        let message = "only one choice is answered, without log probabilities";
        return Err(Error::bad_input(message).field("/n").into());
    }
    let mut wishes = wishes(&completion.model)?;
    wishes.privacy = privacy(&headers)?;
    let (streams, with_usage) = (completion.stream, completion.stream_options.include_usage);
    let request = request(completion)?;
    let mut answering = app.gateway.answer(Ask {
        operation: "v1.chat_completions",
        request,
        wishes,
        project: None,
        key: caller.budget(),
    });
    // An error that comes before the first word is an HTTP error, also of a stream.
    let mut early = Vec::new();
    loop {
        match answering.next().await {
            None => return Err(Error::cancelled().into()),
            Some(Err(error)) => return Err(error.into()),
            Some(Ok(step @ (Step::Picked { .. } | Step::Failed { .. }))) => early.push(step),
            Some(Ok(step)) => {
                early.push(step);
                break;
            }
        }
    }
    let frame = Frame::new();
    if streams {
        let events = told(frame, early, answering, with_usage);
        return Ok(Sse::new(events)
            .keep_alive(KeepAlive::default())
            .into_response());
    }
    Ok(axum::Json(whole(&frame, early, answering).await?).into_response())
}

/// What stays the same through one answer.
struct Frame {
    id: String,
    created: u64,
}

impl Frame {
    fn new() -> Frame {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Frame {
            id: format!("chatcmpl-{}", uuid::Uuid::new_v4().simple()),
            created: since.as_secs(),
        }
    }

    fn chunk(&self, model: &str, delta: &Value, finish: Option<&str>) -> Value {
        json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": model,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        })
    }
}

async fn whole(
    frame: &Frame,
    early: Vec<Step>,
    mut answering: Answering,
) -> Result<Value, Failure> {
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
            Step::Event(ChatEvent::ToolCall { call }) => calls.push(wire_call(calls.len(), &call)),
            Step::Done(answered) => break answered,
            Step::Event(_) | Step::Picked { .. } | Step::Failed { .. } => {}
        }
    };
    let mut message = json!({ "role": "assistant", "content": text });
    if !reasoning.is_empty() {
        message["reasoning_content"] = json!(reasoning);
    }
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    Ok(json!({
        "id": frame.id, "object": "chat.completion", "created": frame.created, "model": answered.model,
        "choices": [{ "index": 0, "message": message, "finish_reason": finish(answered.end) }],
        "usage": wire_usage(&answered.usage),
        "studio": facts(&answered),
    }))
}

/// The chunks of a stream. An error in the middle comes as an event, as OpenAI sends it.
fn told(
    frame: Frame,
    early: Vec<Step>,
    answering: Answering,
    with_usage: bool,
) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    struct State {
        frame: Frame,
        early: std::vec::IntoIter<Step>,
        answering: Answering,
        model: String,
        calls: usize,
        waiting: Vec<String>,
        over: bool,
    }
    let state = State {
        frame,
        early: early.into_iter(),
        answering,
        model: String::new(),
        calls: 0,
        waiting: Vec::new(),
        over: false,
    };
    stream::unfold(state, move |mut state| async move {
        loop {
            if !state.waiting.is_empty() {
                let data = state.waiting.remove(0);
                return Some((Ok(SseEvent::default().data(data)), state));
            }
            if state.over {
                return None;
            }
            let step = match state.early.next() {
                Some(step) => Ok(step),
                None => state
                    .answering
                    .next()
                    .await
                    .unwrap_or_else(|| Err(Error::cancelled())),
            };
            let chunk = |delta: Value| state.frame.chunk(&state.model, &delta, None).to_string();
            match step {
                Ok(Step::Picked { model, .. }) => {
                    if state.model.is_empty() {
                        let role = json!({ "role": "assistant", "content": "" });
                        state
                            .waiting
                            .push(state.frame.chunk(&model, &role, None).to_string());
                    }
                    state.model = model;
                }
                Ok(Step::Event(ChatEvent::Text { text })) => {
                    state.waiting.push(chunk(json!({ "content": text })));
                }
                Ok(Step::Event(ChatEvent::Reasoning { text })) => {
                    state
                        .waiting
                        .push(chunk(json!({ "reasoning_content": text })));
                }
                Ok(Step::Event(ChatEvent::ToolCall { call })) => {
                    let call = wire_call(state.calls, &call);
                    state.waiting.push(chunk(json!({ "tool_calls": [call] })));
                    state.calls += 1;
                }
                Ok(Step::Event(_) | Step::Failed { .. }) => {}
                Ok(Step::Done(answered)) => {
                    let mut last =
                        state
                            .frame
                            .chunk(&answered.model, &json!({}), Some(finish(answered.end)));
                    last["studio"] = facts(&answered);
                    state.waiting.push(last.to_string());
                    if with_usage {
                        let mut usage = state.frame.chunk(&answered.model, &json!({}), None);
                        usage["choices"] = json!([]);
                        usage["usage"] = wire_usage(&answered.usage);
                        state.waiting.push(usage.to_string());
                    }
                    state.waiting.push("[DONE]".to_owned());
                    state.over = true;
                }
                Err(error) => {
                    let status = Refusal::from(error.clone()).status;
                    state.waiting.push(error_body(status, &error).to_string());
                    state.over = true;
                }
            }
        }
    })
}

fn wire_call(index: usize, call: &ToolCall) -> Value {
    let arguments = Value::Object(call.arguments.clone()).to_string();
    let function = json!({ "name": call.name, "arguments": arguments });
    json!({ "index": index, "id": call.id, "type": "function", "function": function })
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

fn facts(answered: &Answered) -> Value {
    json!({
        "model": answered.model,
        "because": answered.because,
        "decision": answered.decision,
        "cost_usd": answered.cost.map(|cost| cost.0 as f64 / 1e6),
        "first_token_ms": answered.first_token_ms,
        "warnings": answered.warnings,
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

fn wishes(model: &str) -> Result<Wishes, Error> {
    let policy = match model.strip_prefix("auto") {
        Some("") => return Ok(Wishes::default()),
        Some(rest) => rest.strip_prefix(':'),
        None => None,
    };
    let Some(policy) = policy else {
        return Ok(Wishes {
            model: Some(model.to_owned()),
            ..Wishes::default()
        });
    };
    let policy: Policy = serde_json::from_value(json!(policy)).map_err(|_| {
        Error::bad_input(format!("`{policy}` is no policy"))
            .field("/model")
            .hint("auto:balanced, auto:cheapest, auto:fastest, auto:best or auto:local_only")
    })?;
    Ok(Wishes {
        policy: Some(policy),
        ..Wishes::default()
    })
}

fn privacy(headers: &HeaderMap) -> Result<Privacy, Error> {
    let Some(value) = headers.get("x-studio-privacy") else {
        return Ok(Privacy::MayLeave);
    };
    let value = value.to_str().unwrap_or_default();
    // A label that cannot be read must not let words out.
    serde_json::from_value(json!(value)).map_err(|_| {
        Error::bad_input(format!("`{value}` is no privacy label"))
            .hint("x-studio-privacy is local_only or may_leave")
    })
}

fn request(completion: Completion) -> Result<ChatRequest, Error> {
    let messages = completion
        .messages
        .into_iter()
        .enumerate()
        .map(|(at, said)| {
            message(said)
                .map_err(|problem| Error::bad_input(problem).field(format!("/messages/{at}")))
        });
    let messages: Vec<Message> = messages.collect::<Result<_, _>>()?;
    if messages.is_empty() {
        return Err(Error::bad_input("there is no message").field("/messages"));
    }
    let tools = completion.tools.into_iter().map(|tool| Tool {
        name: tool.function.name,
        description: tool.function.description,
        parameters: tool.function.parameters,
    });
    Ok(ChatRequest {
        messages,
        tools: tools.collect(),
        tool_choice: tool_choice(completion.tool_choice.as_ref())?,
        response: match completion.response_format {
            None | Some(Format::Text) => ResponseFormat::Text,
            Some(Format::JsonObject) => ResponseFormat::Json,
            Some(Format::JsonSchema { json_schema }) => ResponseFormat::Schema {
                name: json_schema.name,
                schema: json_schema.schema,
            },
        },
        sampling: Sampling {
            temperature: completion.temperature,
            top_p: completion.top_p,
            top_k: completion.top_k,
            min_p: completion.min_p,
            seed: completion.seed.map(i64::cast_unsigned),
            logit_bias: completion.logit_bias.unwrap_or_default(),
            ..Sampling::default()
        },
        max_tokens: completion.max_completion_tokens.or(completion.max_tokens),
        effort: effort(completion.reasoning_effort.as_deref())?,
        stop: match completion.stop {
            None => Vec::new(),
            Some(OneOrMany::One(stop)) => vec![stop],
            Some(OneOrMany::Many(stops)) => stops,
        },
    })
}

fn effort(word: Option<&str>) -> Result<Option<Effort>, Error> {
    match word {
        None => Ok(None),
        Some("none") => Ok(Some(Effort::None)),
        Some("minimal" | "low") => Ok(Some(Effort::Low)),
        Some("medium") => Ok(Some(Effort::Medium)),
        Some("high" | "xhigh") => Ok(Some(Effort::High)),
        Some(word) => {
            Err(Error::bad_input(format!("`{word}` is no effort")).field("/reasoning_effort"))
        }
    }
}

fn message(said: Said) -> Result<Message, String> {
    let text = || content_text(&said.content);
    match said.role.as_str() {
        "system" | "developer" => Ok(Message::System { text: text()? }),
        "user" => Ok(Message::User {
            parts: parts(&said.content)?,
        }),
        "assistant" => Ok(Message::Assistant {
            text: if said.content.is_null() {
                String::new()
            } else {
                text()?
            },
            tool_calls: said
                .tool_calls
                .iter()
                .map(tool_call)
                .collect::<Result<_, _>>()?,
        }),
        "tool" => Ok(Message::Tool {
            text: text()?,
            call: said
                .tool_call_id
                .ok_or("a tool's message needs `tool_call_id`")?,
        }),
        role => Err(format!("`{role}` is no role")),
    }
}

fn content_text(content: &Value) -> Result<String, String> {
    let texts = parts(content)?.into_iter().map(|part| match part {
        Part::Text { text } => Ok(text),
        Part::Image { .. } => Err("only a user's message has pictures".to_owned()),
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn parts(content: &Value) -> Result<Vec<Part>, String> {
    if let Some(text) = content.as_str() {
        return Ok(vec![Part::Text {
            text: text.to_owned(),
        }]);
    }
    let list = content
        .as_array()
        .ok_or("`content` is a text or a list of parts")?;
    list.iter().map(part).collect()
}

fn part(part: &Value) -> Result<Part, String> {
    match part["type"].as_str() {
        Some("text") => {
            let text = part["text"].as_str().ok_or("a text part needs `text`")?;
            Ok(Part::Text {
                text: text.to_owned(),
            })
        }
        Some("image_url") => {
            let url = part["image_url"]["url"]
                .as_str()
                .ok_or("an image part needs `image_url.url`")?;
            // Nothing is fetched for a caller: that would reach what the caller cannot.
            let data = url
                .strip_prefix("data:")
                .and_then(|rest| rest.split_once(";base64,"));
            let (media_type, data) = data.ok_or("pictures come as data: URLs in Base64")?;
            Ok(Part::Image {
                media_type: media_type.to_owned(),
                data: data.to_owned(),
            })
        }
        other => Err(format!(
            "parts of type `{}` are not known",
            other.unwrap_or_default()
        )),
    }
}

fn tool_call(call: &Value) -> Result<ToolCall, String> {
    let function = &call["function"];
    let name = function["name"]
        .as_str()
        .ok_or("a tool call needs `function.name`")?;
    let arguments = function["arguments"].as_str().unwrap_or("{}");
    let arguments = if arguments.trim().is_empty() {
        "{}"
    } else {
        arguments
    };
    Ok(ToolCall {
        id: call["id"].as_str().unwrap_or_default().to_owned(),
        name: name.to_owned(),
        arguments: serde_json::from_str(arguments)
            .map_err(|error| format!("the arguments of `{name}` are no JSON object: {error}"))?,
    })
}

fn tool_choice(choice: Option<&Value>) -> Result<ToolChoice, Error> {
    match choice {
        None | Some(Value::Null) => Ok(ToolChoice::Auto),
        Some(Value::String(word)) => match word.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" => Ok(ToolChoice::Required),
            word => {
                Err(Error::bad_input(format!("`{word}` is no tool choice")).field("/tool_choice"))
            }
        },
        Some(named) => match named["function"]["name"].as_str() {
            Some(name) => Ok(ToolChoice::Named(name.to_owned())),
            None => Err(
                Error::bad_input("a named tool choice needs `function.name`").field("/tool_choice"),
            ),
        },
    }
}

#[derive(Deserialize)]
struct Embedding {
    model: String,
    input: OneOrMany,
    encoding_format: Option<String>,
}

/// `POST /v1/embeddings`.
pub(crate) async fn embeddings(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let asked: Embedding = serde_json::from_slice(&body)
        .map_err(|error| Error::bad_input(format!("the body is no embedding request: {error}")))?;
    let texts = match asked.input {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    };
    if texts.is_empty() || texts.len() > 2_048 {
        let message = format!("{} texts; 1 to 2048 are embedded at once", texts.len());
        return Err(Error::bad_input(message).field("/input").into());
    }
    let wishes = Wishes {
        privacy: privacy(&headers)?,
        ..wishes(&asked.model)?
    };
    let embedded = app.gateway.embed(texts, wishes, caller.budget()).await?;
    let as_bytes = match asked.encoding_format.as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(other) => {
            let message = format!("`{other}` is no encoding; float or base64");
            return Err(Error::bad_input(message).field("/encoding_format").into());
        }
    };
    let rows = embedded.vectors.iter().enumerate().map(|(index, vector)| {
        let embedding = if as_bytes {
            base64_floats(vector)
        } else {
            json!(vector)
        };
        json!({ "object": "embedding", "index": index, "embedding": embedding })
    });
    let tokens = embedded.usage.input_tokens;
    Ok(axum::Json(json!({
        "object": "list",
        "data": rows.collect::<Vec<_>>(),
        "model": embedded.model,
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
    }))
    .into_response())
}

/// Little-endian 32-bit floats in Base64, as OpenAI's own clients ask for.
fn base64_floats(vector: &[f32]) -> Value {
    use base64::Engine as _;
    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    json!(base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// Refuses what only models' callers may reach.
pub(crate) fn forbidden(message: &str) -> Response {
    let error = Error::new(ErrorCode::Refused, message);
    Failure(Refusal::forbidden_by(error)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_a_name_or_a_policy() {
        assert_eq!(
            wishes("openai/gpt-5").unwrap().model.as_deref(),
            Some("openai/gpt-5")
        );
        assert!(wishes("auto").unwrap().model.is_none());
        assert_eq!(
            wishes("auto:cheapest").unwrap().policy,
            Some(Policy::Cheapest)
        );
        assert!(wishes("auto:whatever").is_err());
        assert_eq!(
            wishes("automatic").unwrap().model.as_deref(),
            Some("automatic")
        );
    }

    #[test]
    fn a_privacy_label_that_cannot_be_read_lets_nothing_out() {
        let mut headers = HeaderMap::new();
        assert_eq!(privacy(&headers).unwrap(), Privacy::MayLeave);
        headers.insert("x-studio-privacy", "local_only".parse().unwrap());
        assert_eq!(privacy(&headers).unwrap(), Privacy::LocalOnly);
        headers.insert("x-studio-privacy", "localonly".parse().unwrap());
        assert!(privacy(&headers).is_err());
    }
}
