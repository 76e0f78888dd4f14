//! Who may call: whoever holds the owner's token, an API key, or a token of the configured issuer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use studio_core::units::MicroUsd;
use studio_core::{Error, ErrorCode, Operation};
use studio_store::{ApiKey, KeyScope};
use subtle::ConstantTimeEq;

use crate::account::Route;
use crate::http::App;
use crate::jwt::Issuer;
use crate::names;
use crate::problem::Refusal;
use crate::rates::TooMany;

/// Domains that only the owner touches: a key must not make itself a greater one, nor start programs.
const OWNERS: [&str; 4] = ["keys", "mcp", "provider", "settings"];

/// Who a request comes from.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// Holds the token that was printed.
    Owner,
    Guest(Arc<Guest>),
    /// Asked for what is no secret.
    Anybody,
}

/// Somebody whom the owner let in, by an API key or through the issuer of tokens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Guest {
    /// Names the payer in the ledger.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<KeyScope>,
    pub(crate) calls_per_minute: Option<u32>,
    /// The most that it may ever spend.
    pub(crate) budget: Option<MicroUsd>,
}

impl From<ApiKey> for Guest {
    fn from(key: ApiKey) -> Guest {
        Guest {
            id: key.id,
            name: key.name,
            scopes: key.scopes,
            calls_per_minute: key.requests_per_minute,
            budget: key.budget,
        }
    }
}

impl Guest {
    fn needs(&self, scope: KeyScope) -> Result<(), Error> {
        let covers = self.scopes.contains(&scope)
            || scope == KeyScope::Read && self.scopes.contains(&KeyScope::Write);
        if covers {
            return Ok(());
        }
        let word = match scope {
            KeyScope::Read => "read",
            KeyScope::Write => "write",
            KeyScope::Models => "models",
        };
        let message = format!("`{}` lacks the scope `{word}`", self.name);
        Err(Error::new(ErrorCode::Refused, message)
            .hint("make a key with this scope (`keys.create`)"))
    }
}

impl Caller {
    pub(crate) fn guest(&self) -> Option<&Guest> {
        match self {
            Caller::Guest(guest) => Some(guest),
            Caller::Owner | Caller::Anybody => None,
        }
    }

    /// The key that pays, and the most it may spend.
    pub(crate) fn budget(&self) -> Option<(String, Option<MicroUsd>)> {
        self.guest().map(|guest| (guest.id.clone(), guest.budget))
    }

    /// Whether it may call `operation`.
    pub(crate) fn may_call(&self, operation: &Operation) -> Result<(), Error> {
        let guest = match self {
            Caller::Owner => return Ok(()),
            Caller::Guest(guest) => guest,
            Caller::Anybody => {
                return Err(Error::new(
                    ErrorCode::Refused,
                    "operations want a token or key",
                ));
            }
        };
        let domain = operation.domain();
        if OWNERS.contains(&domain) {
            let message = format!("an API key may not touch `{domain}`");
            return Err(Error::new(ErrorCode::Refused, message).hint("use the owner's token"));
        }
        guest.needs(match operation.traits.writes {
            true => KeyScope::Write,
            false => KeyScope::Read,
        })?;
        if !operation.traits.spends {
            return Ok(());
        }
        guest.needs(KeyScope::Models)?;
        if guest.budget.is_some() {
            // An operation does not know who called it, so nobody would count.
            let message = format!("a key with a budget may not call `{}`", operation.name);
            return Err(Error::new(ErrorCode::Refused, message)
                .hint("ask models through /llm/chat or /v1, where its budget is kept"));
        }
        Ok(())
    }

    /// Whether it may use what is not an operation.
    pub(crate) fn may(&self, scope: KeyScope) -> Result<(), Error> {
        self.guest().map_or(Ok(()), |guest| guest.needs(scope))
    }
}

/// Lets a request through that is addressed to this server, comes from no foreign page, carries a
/// token or key, and does not come too often.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let foreign = match app.names.check(&request) {
        Ok(foreign) => foreign,
        Err(refusal) => return refusal.into_response(),
    };
    let mut response = if foreign.is_some() && names::is_preflight(&request) {
        names::preflight()
    } else {
        admit(&app, request, next).await
    };
    if let Some(origin) = foreign {
        names::allow(&mut response, origin);
    }
    response
}

async fn admit(app: &App, mut request: Request, next: Next) -> Response {
    if is_open(request.uri().path(), request.method()) {
        request.extensions_mut().insert(Caller::Anybody);
        return next.run(request).await;
    }
    let caller = match caller(app, secret(&request)).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(),
    };
    let standing = match &caller {
        Caller::Guest(guest) => {
            let route = request.extensions().get::<Route>();
            match app.rates.take(guest, route.map_or("", |route| &route.0)) {
                Ok(standing) => standing,
                Err(TooMany { wait, standing }) => {
                    let mut response = Refusal::too_many(wait).into_response();
                    standing.tell(response.headers_mut());
                    return response;
                }
            }
        }
        Caller::Owner | Caller::Anybody => None,
    };
    let mut response = match may_enter(&caller, request.uri().path()) {
        Ok(()) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    };
    if let Some(standing) = standing {
        standing.tell(response.headers_mut());
    }
    response
}

/// Routes beside the operations, which ask for themselves: they know whether they write.
fn may_enter(caller: &Caller, path: &str) -> Result<(), Refusal> {
    let scope = match path {
        // Its tools are all operations, the owner's own included.
        path if path == "/mcp" || path.starts_with("/mcp/") => {
            return match caller {
                Caller::Owner => Ok(()),
                _ => Err(Refusal::forbidden(
                    "MCP over HTTP is the owner's; use the token that was printed",
                )),
            };
        }
        path if path.starts_with("/v1/") => KeyScope::Models,
        "/llm/chat" | "/llm/stream" | "/llm/models" => KeyScope::Models,
        "/uploads" => KeyScope::Write,
        "/events" | "/metrics" | "/operations" | "/jobs" | "/ws/stream" | "/api/status"
        | "/api/metrics" => KeyScope::Read,
        path if path.starts_with("/jobs/") => KeyScope::Read,
        _ => return Ok(()),
    };
    Ok(caller.may(scope)?)
}

async fn caller(app: &App, given: Option<String>) -> Result<Caller, Refusal> {
    let mut why = Error::new(
        ErrorCode::Refused,
        "the token or key is missing, wrong, revoked or expired",
    );
    if let Some(secret) = given {
        if bool::from(secret.as_bytes().ct_eq(app.token.as_bytes())) {
            return Ok(Caller::Owner);
        }
        match &app.issuer {
            Some(issuer) if Issuer::is_token(&secret) => match issuer.check(&secret) {
                Ok(guest) => return Ok(Caller::Guest(guest)),
                Err(error) => why = error,
            },
            _ => {
                if let Some(key) = app.gateway.api_key(secret).await? {
                    return Ok(Caller::Guest(Arc::new(key.into())));
                }
            }
        }
    }
    // Guessing is hopeless, and is not even served fast.
    if let Err(too_many) = app.rates.fail() {
        return Err(Refusal::too_many(too_many.wait));
    }
    Err(Refusal::unauthorized(why.hint(
        "send `Authorization: Bearer …` with the token that `av-studio serve` printed, or a key of `keys.create`",
    )))
}

/// The window's own files, the documents and the health checks are no secret; everything else is.
fn is_open(path: &str, method: &Method) -> bool {
    const OPEN: [&str; 7] = [
        "/",
        "/index.html",
        "/health",
        "/ready",
        "/favicon.ico",
        "/docs",
        "/openapi.json",
    ];
    let page = OPEN.contains(&path) || path.starts_with("/assets/");
    page && matches!(*method, Method::GET | Method::HEAD)
}

/// What the caller shows: a bearer token, or `x-api-key` as Anthropic's clients send it.
fn secret(request: &Request) -> Option<String> {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, secret) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
    });
    let shown = bearer.or_else(|| text("x-api-key"));
    // A browser cannot set headers on a WebSocket. Elsewhere addresses end up in histories and logs.
    let is_socket =
        text(header::UPGRADE.as_str()).is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    let query = request.uri().query().filter(|_| is_socket);
    let in_query = || {
        query?
            .split('&')
            .find_map(|pair| pair.strip_prefix("token="))
    };
    shown.or_else(in_query).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use studio_core::JobContext;

    use super::*;

    fn guest(scopes: &[KeyScope], budget: Option<i64>) -> Caller {
        Caller::Guest(Arc::new(Guest {
            id: "k".into(),
            name: "k".into(),
            scopes: scopes.to_vec(),
            calls_per_minute: None,
            budget: budget.map(MicroUsd),
        }))
    }

    fn operation(name: &'static str, writes: bool, spends: bool) -> Operation {
        let mut defined = Operation::define(name, "", "");
        if writes {
            defined = defined.writes();
        }
        if spends {
            defined = defined.spends();
        }
        defined.blocking(|_cx: &JobContext, _input: bool| Ok(true))
    }

    #[test]
    fn a_key_opens_its_scopes_and_never_the_owners_domains() {
        use KeyScope::{Models, Read, Write};
        let may = |scopes: &[KeyScope], name, writes| {
            guest(scopes, None)
                .may_call(&operation(name, writes, false))
                .is_ok()
        };
        assert!(may(&[Read], "audio.x", false));
        assert!(!may(&[Read], "audio.x", true));
        assert!(may(&[Write], "audio.x", true));
        assert!(may(&[Write], "audio.x", false));
        assert!(!may(&[Models], "audio.x", false));
        for name in ["keys.x", "provider.x", "settings.x"] {
            assert!(!may(&[Write], name, true));
            assert!(
                Caller::Owner
                    .may_call(&operation(name, true, false))
                    .is_ok()
            );
        }
    }

    #[test]
    fn a_key_spends_with_the_scope_for_models_and_never_past_its_budget() {
        use KeyScope::{Models, Read};
        let spends = operation("chat.x", false, true);
        assert!(guest(&[Read], None).may_call(&spends).is_err());
        assert!(guest(&[Read, Models], None).may_call(&spends).is_ok());
        assert!(guest(&[Read, Models], Some(5)).may_call(&spends).is_err());
    }

    fn shown(headers: &[(&str, &str)], uri: &str) -> Option<String> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        secret(&request.body(axum::body::Body::empty()).unwrap())
    }

    #[test]
    fn a_secret_in_an_address_counts_for_sockets_only() {
        let socket = ("upgrade", "websocket");
        assert_eq!(
            shown(&[socket], "/events?a=b&token=t").as_deref(),
            Some("t")
        );
        assert_eq!(shown(&[], "/project/list?token=t"), None);
        assert_eq!(
            shown(&[("authorization", "bearer t")], "/").as_deref(),
            Some("t")
        );
        assert_eq!(shown(&[("x-api-key", "t")], "/").as_deref(), Some("t"));
        assert_eq!(shown(&[("authorization", "Basic t")], "/"), None);
    }
}
