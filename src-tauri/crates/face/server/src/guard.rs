//! Who may call: whoever holds the token, from a page of this very server or from no page at all.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use studio_core::{Error, ErrorCode};

use crate::http::{App, Refusal};

/// Lets a request through that carries the token, is addressed to a loopback name (DNS rebinding
/// brings foreign names here), and comes from no foreign page.
pub(crate) async fn guard(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    check_names(request.headers())?;
    if !needs_token(request.uri(), request.method()) || holds_token(&request, &app.token) {
        return Ok(next.run(request).await);
    }
    Err(Refusal::unauthorized(
        Error::new(ErrorCode::Refused, "the token is missing or wrong").hint(
            "send `Authorization: Bearer TOKEN` with the token that `av-studio serve` printed",
        ),
    ))
}

/// The window's own files and the health check are no secret; everything else is.
fn needs_token(uri: &Uri, method: &axum::http::Method) -> bool {
    let open = ["/", "/index.html", "/health", "/favicon.ico"];
    let path = uri.path();
    let page = open.contains(&path) || path.starts_with("/assets/");
    !(page && matches!(*method, axum::http::Method::GET | axum::http::Method::HEAD))
}

fn holds_token(request: &Request, token: &str) -> bool {
    let bearer = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    // A browser cannot set headers on a WebSocket.
    let query = request.uri().query().and_then(|query| {
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix("token="))
    });
    bearer
        .or(query)
        .is_some_and(|given| same(given.as_bytes(), token.as_bytes()))
}

/// Equality in time that does not depend on where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |sum, (x, y)| sum | (x ^ y));
    a.len() == b.len() && std::hint::black_box(difference) == 0
}

fn check_names(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let host = text(header::HOST).unwrap_or_default();
    if !is_loopback(host) {
        return Err(Refusal::forbidden(format!(
            "this server does not answer for the host `{host}`"
        )));
    }
    match text(header::ORIGIN) {
        Some(origin)
            if origin
                .split_once("://")
                .is_none_or(|(_, authority)| authority != host) =>
        {
            Err(Refusal::forbidden(format!(
                "pages of `{origin}` may not call this server"
            )))
        }
        _ => Ok(()),
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_answered() {
        for good in ["localhost", "127.0.0.1:4750", "[::1]:80", "[::1]"] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "::1",
        ] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }

    #[test]
    fn tokens_are_the_same_or_not() {
        assert!(same(b"abc", b"abc"));
        for other in [&b""[..], b"ab", b"abd", b"abcd"] {
            assert!(!same(other, b"abc"));
        }
    }
}
