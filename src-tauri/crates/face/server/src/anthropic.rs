//! `/v1/messages`: models in the shape of Anthropic's API, so that its clients work unchanged.
//!
//! After Anthropic's API reference (messages, streaming, errors). Names of models are those of
//! `/v1/models`. What a model thinks is not passed on: its blocks carry a signature that only
//! Anthropic can make.

mod answer;
mod request;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use studio_core::Error;
use studio_gateway::{Ask, Wishes};

use self::answer::{Events, whole};
use self::request::{read, request};
use crate::body::Whole;
use crate::guard::Caller;
use crate::http::App;
use crate::openai::{privacy, wishes};
use crate::problem::Refusal;
use crate::telling::stream;

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
    let answering = app.gateway.answer(Ask {
        operation: "v1.messages",
        request: request(asked)?,
        wishes,
        project: None,
        key: caller.budget(),
    });
    // What goes wrong before the first word is an HTTP error, also of a stream.
    let answering = answering.until_first_word().await?;
    let id = format!("msg_{}", uuid::Uuid::new_v4().simple());
    if streams {
        return Ok(stream(app, answering, Events::new(id)));
    }
    Ok(axum::Json(whole(&id, answering.whole().await?)).into_response())
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
