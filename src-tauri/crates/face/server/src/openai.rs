//! `/v1`: models in the shape of OpenAI's API, so that its clients work unchanged.
//!
//! After OpenAI's API reference (chat completions, models, embeddings, audio). `model` is an id of
//! `gateway.models`, or `auto`, or `auto:POLICY` with one of `balanced`, `cheapest`, `fastest`,
//! `best`, `local_only`. The header `x-studio-privacy: local_only` keeps the words on this machine.
//! What an answer cost and why its model was taken stands in the field `studio`.

mod audio;
mod chat;
mod embeddings;
mod request;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use studio_core::Error;
use studio_gateway::{Answered, Wishes};
use studio_llm::route::{Policy, Privacy};

use crate::http::App;
use crate::problem::Refusal;

pub(crate) use audio::{speech, transcriptions};
pub(crate) use chat::chat_completions;
pub(crate) use embeddings::embeddings;
pub(crate) use request::checked;

/// When the list of models began, for clients that want to know (2025-01-01).
const CREATED: (u64, &str) = (1_735_689_600, "2025-01-01T00:00:00Z");

/// `GET /v1/models`. Anthropic's clients read the same rows by other names.
pub(crate) async fn models(State(app): State<App>) -> Response {
    let catalog = app.gateway.catalog();
    let known = catalog
        .models()
        .map(|model| row(&model.id, &model.name, model.provider()));
    let rows: Vec<Value> = [row("auto", "The router's choice", "av-studio")]
        .into_iter()
        .chain(known)
        .collect();
    let ends = |row: Option<&Value>| row.map(|row| row["id"].clone());
    axum::Json(json!({
        "object": "list",
        "first_id": ends(rows.first()),
        "last_id": ends(rows.last()),
        "has_more": false,
        "data": rows,
    }))
    .into_response()
}

/// `GET /v1/models/{id}`.
pub(crate) async fn model(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    if id == "auto" {
        return Ok(axum::Json(row("auto", "The router's choice", "av-studio")).into_response());
    }
    let catalog = app.gateway.catalog();
    let model = catalog.model(&id).ok_or_else(|| {
        Error::not_found(format!("there is no model `{id}`")).hint("GET /v1/models lists them")
    })?;
    Ok(axum::Json(row(&model.id, &model.name, model.provider())).into_response())
}

fn row(id: &str, name: &str, owner: &str) -> Value {
    let (secs, day) = CREATED;
    json!({
        "id": id, "object": "model", "created": secs, "owned_by": owner,
        "type": "model", "display_name": name, "created_at": day,
    })
}

/// What the studio adds to an answer.
pub(crate) fn facts(answered: &Answered) -> Value {
    json!({
        "model": answered.model,
        "because": answered.because,
        "decision": answered.decision,
        "cost_usd": answered.cost.map(|cost| cost.0 as f64 / 1e6),
        "first_token_ms": answered.first_token_ms,
        "warnings": answered.warnings,
    })
}

/// What a model's name asks for.
pub(crate) fn wishes(model: &str) -> Result<Wishes, Error> {
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

/// The privacy label of a request.
pub(crate) fn privacy(headers: &HeaderMap) -> Result<Privacy, Error> {
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
