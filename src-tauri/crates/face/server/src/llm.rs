//! `/llm`: one answer of a model, whole or as a stream, in the studio's own shape.
//!
//! The input is that of the operation `llm.chat`. These routes exist beside it because an answer comes
//! in pieces, and because the budget of a caller's key must hold.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use studio_core::Error;
use studio_gateway::{Ask, Step, Wishes};
use studio_llm::chat::ChatEvent;

use crate::body::Whole;
use crate::guard::Caller;
use crate::http::{self, App};
use crate::problem::Refusal;
use crate::telling::{self, Shape, Told};

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
    let answering = app.gateway.answer(ask(&app, &caller, input)?);
    Ok(axum::Json(answering.whole().await?).into_response())
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
/// the end `done` or `error`.
pub(crate) async fn stream(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Whole(body): Whole,
) -> Result<Response, Refusal> {
    let answering = app.gateway.answer(ask(&app, &caller, http::parse(&body)?)?);
    Ok(telling::stream(app, answering.until_asked().await?, Own))
}

/// The studio's own events.
struct Own;

impl Shape for Own {
    fn tell(&mut self, step: Result<Step, Error>, told: &mut Told) {
        let (name, data) = match step {
            Ok(Step::Picked { model, because }) => {
                ("picked", json!({ "model": model, "because": because }))
            }
            Ok(Step::Event(ChatEvent::Text { text })) => ("text", json!({ "text": text })),
            Ok(Step::Event(ChatEvent::Reasoning { text })) => {
                ("reasoning", json!({ "text": text }))
            }
            Ok(Step::Event(ChatEvent::ToolCall { call })) => ("tool_call", json!(call)),
            Ok(Step::Event(event)) => ("event", json!(event)),
            Ok(Step::Failed { model, error }) => (
                "failed",
                json!({ "model": model, "error": error.to_string() }),
            ),
            Ok(Step::Done(answered)) => ("done", json!(answered)),
            Err(error) => ("error", json!(error)),
        };
        told.event(name, &data);
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
