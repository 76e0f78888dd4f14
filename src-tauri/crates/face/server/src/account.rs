//! What happens to every request, let in or not: a number, a name for its route, patience with its
//! body, the shape of its error, counters, a line in the log.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use crate::body::paced;
use crate::http::App;
use crate::problem;

const REQUEST_ID: &str = "x-request-id";
/// Longest number of a request that is taken from its caller.
const LONGEST_ID: usize = 128;

/// The route that a request takes, as limits and counters name it. There are only so many.
#[derive(Clone, Debug)]
pub(crate) struct Route(pub(crate) Arc<str>);

pub(crate) async fn account(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id(request.headers());
    let path = request.uri().path().to_owned();
    let route = route(&app, &path);
    let method = request.method().clone();
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(route.clone());
    let request = Request::from_parts(parts, paced(body, app.patience));
    let span = tracing::info_span!("request", id, %method, route = &*route.0);
    let response = next.run(request).instrument(span.clone()).await;
    let mut response = problem::told(response, &path, &id);
    let status = response.status().as_u16();
    let took = begun.elapsed();
    app.metrics.record(&method, &route.0, status, took);
    span.in_scope(|| tracing::debug!(status, took_us = took.as_micros() as u64, "answered"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The caller's own number where it is sane, so that both logs can be laid side by side.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let sane = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    };
    match given.filter(sane) {
        Some(id) => id.to_owned(),
        None => uuid::Uuid::now_v7().simple().to_string(),
    }
}

/// Every path is one of so many routes, whatever a caller makes up.
fn route(app: &App, path: &str) -> Route {
    // An operation is a route of its own; what is none shares one.
    if let Some(operation) = app.operation_at(path) {
        return Route(format!("/{}", operation.name.replacen('.', "/", 1)).into());
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let route = match parts.as_slice() {
        [_] | ["llm" | "v1", ..] if ROUTES.contains(&path) => path,
        ["jobs", _] => "/jobs/{id}",
        ["jobs", _, "stream"] => "/jobs/{id}/stream",
        ["v1", "models", ..] => "/v1/models/{model}",
        ["assets", ..] => "/assets",
        ["mcp", ..] => "/mcp",
        _ => "other",
    };
    Route(route.into())
}

/// The paths without a part that varies.
const ROUTES: [&str; 21] = [
    "/",
    "/api/metrics",
    "/api/status",
    "/docs",
    "/events",
    "/health",
    "/jobs",
    "/llm/models",
    "/llm/stream",
    "/metrics",
    "/openapi.json",
    "/operations",
    "/ready",
    "/uploads",
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/messages",
    "/v1/models",
    "/ws/stream",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_number_of_the_callers_is_kept_and_any_other_replaced() {
        let id = |given: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(given).unwrap());
            request_id(&headers)
        };
        assert_eq!(id(b"trace-1.2_3:4"), "trace-1.2_3:4");
        for bad in [&b""[..], b"a b", b"<script>", &[b'a'; 129], b"\xff"] {
            assert_eq!(id(bad).len(), 32, "{bad:?}");
        }
    }
}
