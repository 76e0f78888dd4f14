//! Who may call, and how often: whoever holds the owner's token or an API key, from a page of this
//! very server or from no page at all.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;
use studio_core::units::MicroUsd;
use studio_core::{Error, ErrorCode};
use studio_store::{ApiKey, KeyScope};
use subtle::ConstantTimeEq;

use crate::http::{App, Refusal};
use crate::openai;

/// Domains that only the owner touches: a key must not make itself a greater one.
const OWNERS: [&str; 3] = ["keys", "provider", "settings"];
/// How many failed tries a minute are answered before all must wait.
const FAILURES_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);

/// Who a request comes from.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// Holds the token that was printed.
    Owner,
    Key(Box<ApiKey>),
    /// Asked for what is no secret.
    Anybody,
}

impl Caller {
    /// The key that pays, and the most it may spend.
    pub(crate) fn budget(&self) -> Option<(String, Option<MicroUsd>)> {
        match self {
            Caller::Key(key) => Some((key.id.clone(), key.budget)),
            Caller::Owner | Caller::Anybody => None,
        }
    }

    /// Whether it may call an operation of `domain` that writes or does not.
    pub(crate) fn may_call(&self, domain: &str, writes: bool) -> Result<(), Error> {
        let Caller::Key(key) = self else {
            return Ok(());
        };
        if OWNERS.contains(&domain) {
            let message = format!("an API key may not touch `{domain}`");
            return Err(Error::new(ErrorCode::Refused, message).hint("use the owner's token"));
        }
        let wanted = if writes {
            KeyScope::Write
        } else {
            KeyScope::Read
        };
        let covers = key.scopes.contains(&wanted) || key.scopes.contains(&KeyScope::Write);
        if covers {
            return Ok(());
        }
        let message = format!("the key `{}` lacks the scope {wanted:?}", key.name);
        Err(Error::new(ErrorCode::Refused, message)
            .hint("make a key with this scope (`keys.create`)"))
    }
}

/// How often each key has called.
pub(crate) struct Limits {
    by_key: Mutex<HashMap<String, Arc<DefaultDirectRateLimiter>>>,
    failures: DefaultDirectRateLimiter,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            by_key: Mutex::default(),
            failures: RateLimiter::direct(Quota::per_minute(FAILURES_PER_MINUTE)),
        }
    }
}

impl Limits {
    /// Counts a call of `key`; `Err` says how long to wait.
    fn take(&self, key: &ApiKey) -> Result<(), Duration> {
        let Some(rate) = key.requests_per_minute.and_then(NonZeroU32::new) else {
            return Ok(());
        };
        let limiter = self
            .by_key
            .lock()
            .entry(key.id.clone())
            .or_insert_with(|| Arc::new(RateLimiter::direct(Quota::per_minute(rate))))
            .clone();
        wait(&limiter)
    }
}

fn wait(limiter: &DefaultDirectRateLimiter) -> Result<(), Duration> {
    let clock = DefaultClock::default();
    limiter
        .check()
        .map_err(|until| until.wait_time_from(clock.now()))
}

/// Lets a request through that carries the token or a key, is addressed to a loopback name (DNS
/// rebinding brings foreign names here), and comes from no foreign page.
pub(crate) async fn guard(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    check_names(request.headers())?;
    let path = request.uri().path().to_owned();
    if !needs_token(request.uri(), request.method()) {
        request.extensions_mut().insert(Caller::Anybody);
        return Ok(next.run(request).await);
    }
    let given = secret(&request).map(str::to_owned);
    let caller = caller(&app, given).await?;
    if let Caller::Key(key) = &caller {
        if let Err(wait) = app.limits.take(key) {
            return Err(Refusal::too_many(wait));
        }
        match path.as_str() {
            path if path.starts_with("/v1/") && !key.scopes.contains(&KeyScope::Models) => {
                return Ok(openai::forbidden("this key may not ask models"));
            }
            // Its tools are all operations, the owner's own included.
            path if path.starts_with("/mcp") => {
                let message = "MCP over HTTP is the owner's; use the token that was printed";
                return Err(Refusal::forbidden(message.to_owned()));
            }
            "/uploads" => caller.may_call("uploads", true)?,
            "/events" | "/metrics" | "/operations" | "/openapi.json" => {
                caller.may_call("events", false)?;
            }
            // Operations ask for themselves: they know whether they write.
            _ => {}
        }
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

async fn caller(app: &App, given: Option<String>) -> Result<Caller, Refusal> {
    if let Some(secret) = given {
        if bool::from(secret.as_bytes().ct_eq(app.token.as_bytes())) {
            return Ok(Caller::Owner);
        }
        if let Some(key) = app.gateway.api_key(secret).await? {
            return Ok(Caller::Key(Box::new(key)));
        }
    }
    // Guessing is hopeless, and is not even served fast.
    if let Err(wait) = wait(&app.limits.failures) {
        return Err(Refusal::too_many(wait));
    }
    Err(Refusal::unauthorized(
        Error::new(ErrorCode::Refused, "the token or key is missing, wrong, revoked or expired").hint(
            "send `Authorization: Bearer …` with the token that `av-studio serve` printed, or a key of `keys.create`",
        ),
    ))
}

/// The window's own files and the health checks are no secret; everything else is.
fn needs_token(uri: &Uri, method: &Method) -> bool {
    let open = ["/", "/index.html", "/health", "/ready", "/favicon.ico"];
    let path = uri.path();
    let page = open.contains(&path) || path.starts_with("/assets/");
    !(page && matches!(*method, Method::GET | Method::HEAD))
}

fn secret(request: &Request) -> Option<&str> {
    let headers = request.headers();
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    // A browser cannot set headers on a WebSocket.
    let query = request.uri().query().and_then(|query| {
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix("token="))
    });
    bearer.or(query)
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

    fn key(scopes: &[KeyScope], rate: Option<u32>) -> ApiKey {
        ApiKey {
            id: "k".into(),
            name: "k".into(),
            scopes: scopes.to_vec(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            expires_at: None,
            revoked_at: None,
            requests_per_minute: rate,
            budget: None,
        }
    }

    #[test]
    fn a_key_opens_its_scopes_and_never_the_owners_domains() {
        let may = |scopes: &[KeyScope], domain, writes| {
            Caller::Key(Box::new(key(scopes, None)))
                .may_call(domain, writes)
                .is_ok()
        };
        assert!(may(&[KeyScope::Read], "audio", false));
        assert!(!may(&[KeyScope::Read], "audio", true));
        assert!(may(&[KeyScope::Write], "audio", true));
        assert!(may(&[KeyScope::Write], "audio", false));
        assert!(!may(&[KeyScope::Models], "audio", false));
        for domain in OWNERS {
            assert!(!may(&[KeyScope::Write], domain, true));
            assert!(Caller::Owner.may_call(domain, true).is_ok());
        }
    }

    #[test]
    fn a_key_that_calls_too_often_is_told_how_long_to_wait() {
        let limits = Limits::default();
        let slow = key(&[], Some(2));
        assert!(limits.take(&slow).is_ok() && limits.take(&slow).is_ok());
        let wait = limits.take(&slow).unwrap_err();
        assert!(
            wait > Duration::from_secs(1) && wait <= Duration::from_secs(30),
            "{wait:?}"
        );
        assert!((0..1000).all(|_| limits.take(&key(&[], None)).is_ok()));
    }
}
