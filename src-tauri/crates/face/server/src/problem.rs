//! Errors over HTTP: problem details (RFC 9457), or the shape that a provider's clients expect.
//!
//! A handler answers a [`Refusal`]; what it looks like is decided in one place, when the answer leaves
//! ([`told`]). The member `error` repeats the studio's own error, as the command line and MCP show it.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use studio_core::{Error, ErrorCode};

/// An error as an HTTP answer.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: Error,
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, error: Error) -> Refusal {
        Refusal {
            status,
            error,
            retry_after: None,
        }
    }

    pub(crate) fn unauthorized(error: Error) -> Refusal {
        Refusal::new(StatusCode::UNAUTHORIZED, error)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Refusal {
        let error = Error::new(ErrorCode::Refused, message);
        Refusal::new(StatusCode::FORBIDDEN, error)
    }

    /// The caller must wait so long.
    pub(crate) fn too_many(wait: Duration) -> Refusal {
        let secs = whole_secs(wait);
        let message = format!("too many requests; the next one is answered in {secs} s");
        Refusal {
            retry_after: Some(wait),
            ..Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                Error::new(ErrorCode::Refused, message),
            )
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let status = match error.code {
            // What this machine cannot do with it is no failure: asked again, it answers the same.
            ErrorCode::BadInput | ErrorCode::Unsupported => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::Refused => StatusCode::FORBIDDEN,
            ErrorCode::Conflict
            | ErrorCode::NewerVersion
            | ErrorCode::Cancelled
            | ErrorCode::NoDevice
            | ErrorCode::NoDisplay => StatusCode::CONFLICT,
            ErrorCode::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
            ErrorCode::Network => StatusCode::BAD_GATEWAY,
            ErrorCode::Io | ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Refusal::new(status, error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Whose shape an error takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Problem,
    OpenAi,
    Anthropic,
}

impl Shape {
    fn of(path: &str) -> Shape {
        match path {
            "/v1/messages" | "/v1/messages/count_tokens" => Shape::Anthropic,
            path if path.starts_with("/v1/") => Shape::OpenAi,
            _ => Shape::Problem,
        }
    }
}

/// `response` with its error written out, if it is one. What the router itself refuses (a wrong
/// method, a malformed query) takes the same shape.
pub(crate) fn told(mut response: Response, path: &str, request_id: &str) -> Response {
    let status = response.status();
    let refusal = match response.extensions_mut().remove::<Refusal>() {
        Some(refusal) => refusal,
        // MCP has errors of its own.
        None if path.starts_with("/mcp") || !is_bare(&response) => return response,
        None => Refusal::new(status, bare(status)),
    };
    let shape = Shape::of(path);
    let (status, body, media_type) = match shape {
        Shape::Problem => {
            let body = problem(&refusal, path, request_id);
            (refusal.status, body, "application/problem+json")
        }
        Shape::OpenAi => {
            let status = as_providers_do(refusal.status);
            (status, openai(status, &refusal.error), "application/json")
        }
        Shape::Anthropic => {
            let status = as_providers_do(refusal.status);
            let body = anthropic(status, &refusal.error, request_id);
            (status, body, "application/json")
        }
    };
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.remove(header::CONTENT_LENGTH);
    if let Some(wait) = refusal.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_secs(wait)));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    *response.body_mut() = Body::from(body.to_string());
    response
}

/// An error of the router: it has a status and at most a line of text.
fn is_bare(response: &Response) -> bool {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    (status.is_client_error() || status.is_server_error())
        && kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

fn bare(status: StatusCode) -> Error {
    let (code, message) = match status {
        StatusCode::NOT_FOUND => (ErrorCode::NotFound, "nothing is served there"),
        StatusCode::METHOD_NOT_ALLOWED => {
            (ErrorCode::BadInput, "this route does not take this method")
        }
        StatusCode::PAYLOAD_TOO_LARGE => (ErrorCode::BadInput, "the body is too large"),
        status if status.is_client_error() => (
            ErrorCode::BadInput,
            status.canonical_reason().unwrap_or("the request is wrong"),
        ),
        _ => (ErrorCode::Internal, "the server failed"),
    };
    Error::new(code, message)
}

fn problem(refusal: &Refusal, path: &str, request_id: &str) -> Value {
    let error = &refusal.error;
    let code = error.code.as_str();
    let mut body = json!({
        "type": format!("/docs#{code}"),
        "title": title(error.code),
        "status": refusal.status.as_u16(),
        "detail": error.message,
        "instance": path,
        "code": code,
    });
    if let Some(field) = &error.field {
        body["field"] = json!(field);
    }
    if let Some(hint) = &error.hint {
        body["hint"] = json!(hint);
    }
    body["request_id"] = json!(request_id);
    body["error"] = json!(error);
    body
}

/// What a code means, whatever happened.
pub(crate) fn title(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadInput => "The request is wrong",
        ErrorCode::NotFound => "Not found",
        ErrorCode::Unsupported => "This build or machine cannot do it",
        ErrorCode::Refused => "Refused",
        ErrorCode::Conflict => "Something else is in the way",
        ErrorCode::NewerVersion => "Written by a newer version",
        ErrorCode::Cancelled => "Cancelled",
        ErrorCode::Io => "Reading or writing failed",
        ErrorCode::DiskFull => "The disk is full",
        ErrorCode::NoDevice => "No sound device",
        ErrorCode::NoDisplay => "No display",
        ErrorCode::Network => "Another machine failed",
        ErrorCode::Internal => "A defect of the studio",
    }
}

/// All codes, for the documents.
pub(crate) const CODES: [ErrorCode; 13] = [
    ErrorCode::BadInput,
    ErrorCode::NotFound,
    ErrorCode::Unsupported,
    ErrorCode::Refused,
    ErrorCode::Conflict,
    ErrorCode::NewerVersion,
    ErrorCode::Cancelled,
    ErrorCode::Io,
    ErrorCode::DiskFull,
    ErrorCode::NoDevice,
    ErrorCode::NoDisplay,
    ErrorCode::Network,
    ErrorCode::Internal,
];

/// Providers answer 400 where we say 422; their clients raise their own class for it.
fn as_providers_do(status: StatusCode) -> StatusCode {
    match status {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    }
}

fn with_hint(error: &Error) -> String {
    match &error.hint {
        Some(hint) => format!("{}; {hint}", error.message),
        None => error.message.clone(),
    }
}

/// An error with the kinds that OpenAI's clients know.
pub(crate) fn openai(status: StatusCode, error: &Error) -> Value {
    let kind = match status {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        status if status.is_client_error() => "invalid_request_error",
        _ => "api_error",
    };
    let code = error.code.as_str();
    json!({ "error": { "message": with_hint(error), "type": kind, "param": error.field, "code": code } })
}

/// An error with the kinds that Anthropic's clients know.
pub(crate) fn anthropic(status: StatusCode, error: &Error, request_id: &str) -> Value {
    let kind = match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        502 | 503 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    };
    let error = json!({ "type": kind, "message": with_hint(error) });
    json!({ "type": "error", "error": error, "request_id": request_id })
}

/// Whole seconds, never less than the wait.
fn whole_secs(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal() -> Refusal {
        Error::bad_input("`times` is 10, more than 9")
            .field("/times")
            .into()
    }

    async fn body(response: Response) -> Value {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn a_refusal_is_a_problem_that_names_the_field() {
        let told = told(refusal().into_response(), "/audio/loudness", "r1");
        assert_eq!(told.status(), 422);
        assert_eq!(
            told.headers()["content-type"],
            "application/problem+json",
            "RFC 9457 §3"
        );
        let body = body(told).await;
        assert_eq!(body["type"], "/docs#bad_input");
        assert_eq!(body["status"], 422);
        assert_eq!(body["detail"], "`times` is 10, more than 9");
        assert_eq!(body["instance"], "/audio/loudness");
        assert_eq!(
            (&body["field"], &body["request_id"]),
            (&json!("/times"), &json!("r1"))
        );
        assert_eq!(
            body["error"]["code"], "bad_input",
            "as the other faces say it"
        );
    }

    #[tokio::test]
    async fn clients_of_providers_are_told_in_their_own_words() {
        let openai = told(refusal().into_response(), "/v1/chat/completions", "r1");
        assert_eq!(openai.status(), 400);
        assert_eq!(
            body(openai).await["error"]["type"],
            json!("invalid_request_error")
        );
        let anthropic = told(refusal().into_response(), "/v1/messages", "r1");
        assert_eq!(anthropic.status(), 400);
        let body = body(anthropic).await;
        assert_eq!(
            (&body["type"], &body["error"]["type"]),
            (&json!("error"), &json!("invalid_request_error"))
        );
    }

    #[tokio::test]
    async fn what_the_router_refuses_is_a_problem_too_and_answers_stay() {
        let wrong = told(StatusCode::METHOD_NOT_ALLOWED.into_response(), "/jobs", "r");
        assert_eq!(body(wrong).await["code"], "bad_input");
        let own = (StatusCode::NOT_FOUND, axum::Json(json!({ "own": 1 }))).into_response();
        assert_eq!(body(told(own, "/x", "r")).await, json!({ "own": 1 }));
    }

    #[tokio::test]
    async fn whoever_must_wait_is_told_how_long() {
        let refusal = Refusal::too_many(Duration::from_millis(1500));
        let told = told(refusal.into_response(), "/project/list", "r");
        assert_eq!(
            (told.status().as_u16(), &told.headers()["retry-after"]),
            (429, &HeaderValue::from(2))
        );
    }
}
