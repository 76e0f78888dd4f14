//! `/llm`: one answer of a model, whole or as a stream, in the studio's own shape.
//!
//! The input is that of the operation `llm.chat`. These routes exist beside it because an answer comes
//! in pieces, and because the budget of a caller's key must hold.

use std::convert::Infallible;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use studio_core::{Error, ErrorCode};
use studio_gateway::{Answering, Ask, Step, Wishes};
use studio_llm::chat::ChatEvent;

use crate::body::Whole;
use crate::guard::Caller;
use crate::http::{self, App};
use crate::problem::Refusal;

/// `POST /llm/chat` is `llm.chat`, on the account of the caller.
pub(crate) async fn chat(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, Refusal> {
    let input = http::parse(&body)?;
    if caller.guest().is_none() {
        return http::run(&app, &caller, "llm.chat", input, &headers).await;
    }
    let mut answering = app.gateway.answer(ask(&app, &caller, input)?);
    let (mut text, mut reasoning, mut calls) = (String::new(), String::new(), Vec::new());
    while let Some(step) = answering.next().await {
        match step? {
            Step::Event(ChatEvent::Text { text: new }) => text.push_str(&new),
            Step::Event(ChatEvent::Reasoning { text: new }) => reasoning.push_str(&new),
            Step::Event(ChatEvent::ToolCall { call }) => calls.push(call),
            Step::Done(answered) => {
                let mut answer = json!(answered);
                answer["text"] = json!(text);
                answer["reasoning"] = json!(reasoning);
                answer["tool_calls"] = json!(calls);
                return Ok(axum::Json(answer).into_response());
            }
            Step::Event(_) | Step::Picked { .. } | Step::Failed { .. } => {}
        }
    }
    Err(Error::cancelled().into())
}

/// `GET /llm/models` is `gateway.models`.
pub(crate) async fn models(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // A key for models may see them, whatever else it may read.
    http::run(&app, &Caller::Owner, "gateway.models", json!({}), &headers).await
}

/// `POST /llm/stream`: server-sent events `picked`, `text`, `reasoning`, `tool_call`, `failed`, and at
/// the end `done` or `error`. A comment every 15 s keeps the connection alive.
pub(crate) async fn stream(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Whole(body): Whole,
) -> Result<Response, Refusal> {
    let ask = ask(&app, &caller, http::parse(&body)?)?;
    let mut answering = app.gateway.answer(ask);
    // What goes wrong before anybody is asked is an HTTP error.
    let first = answering.next().await.ok_or_else(Error::cancelled)??;
    let events = told(app, first, answering);
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response())
}

fn told(
    app: App,
    first: Step,
    answering: Answering,
) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    let open = app.metrics.stream();
    let state = Some((Some(first), answering, app, open));
    stream::unfold(state, |state| async move {
        let (first, mut answering, app, open) = state?;
        let step = match first {
            Some(step) => Ok(step),
            None => next_step(&mut answering, &app).await,
        };
        let is_last = matches!(step, Err(_) | Ok(Step::Done(_)));
        let (name, data) = wire(&step);
        let event = SseEvent::default().event(name).data(data.to_string());
        let state = (!is_last).then_some((None, answering, app, open));
        Some((Ok(event), state))
    })
}

/// The next step of an answer; an error where it ends early, also because the server does.
pub(crate) async fn next_step(answering: &mut Answering, app: &App) -> Result<Step, Error> {
    tokio::select! {
        step = answering.next() => step.unwrap_or_else(|| Err(Error::cancelled())),
        () = app.stop.near_end() => {
            Err(Error::new(ErrorCode::Network, "the server stops").hint("ask again"))
        }
    }
}

fn wire(step: &Result<Step, Error>) -> (&'static str, Value) {
    match step {
        Ok(Step::Picked { model, because }) => {
            ("picked", json!({ "model": model, "because": because }))
        }
        Ok(Step::Event(ChatEvent::Text { text })) => ("text", json!({ "text": text })),
        Ok(Step::Event(ChatEvent::Reasoning { text })) => ("reasoning", json!({ "text": text })),
        Ok(Step::Event(ChatEvent::ToolCall { call })) => ("tool_call", json!(call)),
        Ok(Step::Event(event)) => ("event", json!(event)),
        Ok(Step::Failed { model, error }) => (
            "failed",
            json!({ "model": model, "error": error.to_string() }),
        ),
        Ok(Step::Done(answered)) => ("done", json!(answered)),
        Err(error) => ("error", json!(error)),
    }
}

/// The input of `llm.chat` as a request on the caller's account.
fn ask(app: &App, caller: &Caller, mut input: Value) -> Result<Ask, Error> {
    app.studio.registry().check("llm.chat", &input)?;
    let wishes = Wishes {
        model: take(&mut input, "model")?,
        policy: take(&mut input, "policy")?,
        privacy: take(&mut input, "privacy")?.unwrap_or_default(),
        ..Wishes::default()
    };
    Ok(Ask {
        operation: "llm.chat",
        wishes,
        project: take(&mut input, "project")?,
        request: read(input)?,
        key: caller.budget(),
    })
}

fn take<T: DeserializeOwned>(input: &mut Value, field: &str) -> Result<Option<T>, Error> {
    let value = input
        .as_object_mut()
        .and_then(|fields| fields.remove(field));
    read::<Option<T>>(value.unwrap_or_default()).map_err(|error| error.field(format!("/{field}")))
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|error| Error::bad_input(error.to_string()))
}
