//! `POST /domain/verb`: an operation's input as JSON in, its answer out.

use std::borrow::Cow;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use camino::Utf8PathBuf;
use serde_json::{Value, json};
use studio_core::{Error, ErrorCode, JobStatus, Output};
use studio_gateway::Gateway;
use studio_jobs::{Reply, Studio};
use tokio::net::TcpListener;

use crate::guard::{Caller, Limits};
use crate::openapi::{self, Metrics};
use crate::{guard, mcp, openai, uploads, ws};

/// JSON inputs are small but for pictures in conversations: sixteen of them at 8 MB in Base64 are
/// never sent at once, three are.
const LARGEST_INPUT: usize = 32 << 20;
/// A caller that sends its request drop by drop is not waited for longer.
const SLOWEST_BODY: Duration = Duration::from_secs(60);

/// A file of the window's page: media type and bytes.
pub type Asset = (&'static str, Cow<'static, [u8]>);

/// How to serve.
pub struct Options {
    /// Loopback port; 0 takes any free one.
    pub port: u16,
    /// What callers must know.
    pub token: String,
    /// Where files that browsers bring are kept until they are imported.
    pub uploads: Utf8PathBuf,
    /// The page's files by path without the leading slash.
    pub page: fn(&str) -> Option<Asset>,
}

/// A bound server that is not yet answering.
pub struct Server {
    listener: TcpListener,
    router: Router,
}

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) studio: Arc<Studio>,
    pub(crate) token: Arc<str>,
    pub(crate) uploads: Arc<Utf8PathBuf>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) limits: Arc<Limits>,
    metrics: Arc<Metrics>,
    page: fn(&str) -> Option<Asset>,
}

/// Binds the port. Nothing is answered before [`Server::run`].
pub async fn serve(
    studio: Arc<Studio>,
    gateway: Arc<Gateway>,
    options: Options,
) -> Result<Server, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Error::io(format!("listen on {address}"), &error)
            .hint("another program may use this port; choose one with --port, or 0 for any")
    })?;
    let app = App {
        studio: studio.clone(),
        token: options.token.into(),
        uploads: Arc::new(options.uploads),
        gateway,
        limits: Arc::default(),
        metrics: Arc::default(),
        page: options.page,
    };
    let router = Router::new()
        .route(
            "/health",
            get(|| async { axum::Json(json!({ "status": "ok" })) }),
        )
        .route(
            "/ready",
            get(|| async { axum::Json(json!({ "status": "ready" })) }),
        )
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(document))
        .route("/operations", get(operations))
        .route("/v1/models", get(openai::models))
        .route("/v1/chat/completions", post(openai::chat_completions))
        .route("/v1/embeddings", post(openai::embeddings))
        .route("/events", get(ws::events))
        .route(
            "/uploads",
            post(uploads::receive).layer(DefaultBodyLimit::disable()),
        )
        .route("/{domain}/{verb}", post(call).get(page))
        .fallback(page)
        .layer(DefaultBodyLimit::max(LARGEST_INPUT))
        .nest_service("/mcp", mcp::http_service(studio))
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            guard::guard,
        ))
        .layer(axum::middleware::from_fn_with_state(app.clone(), account))
        .with_state(app);
    Ok(Server { listener, router })
}

impl Server {
    pub fn port(&self) -> Result<u16, Error> {
        let address = self.listener.local_addr();
        address
            .map(|address| address.port())
            .map_err(|error| Error::io("tell the port", &error))
    }

    /// Answers until `stop` completes, then lets open requests end.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), Error> {
        use axum::serve::ListenerExt;
        // Small answers must not wait for the peer's delayed acknowledgement.
        let listener = self.listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY was not set");
            }
        });
        axum::serve(listener, self.router)
            .with_graceful_shutdown(stop)
            .await
            .map_err(|error| Error::io("serve", &error))
    }
}

/// An error as an HTTP answer.
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: Error,
    retry_after: Option<Duration>,
}

impl Refusal {
    pub(crate) fn unauthorized(error: Error) -> Refusal {
        Refusal {
            status: StatusCode::UNAUTHORIZED,
            error,
            retry_after: None,
        }
    }

    pub(crate) fn forbidden(message: String) -> Refusal {
        Refusal::forbidden_by(Error::new(ErrorCode::Refused, message))
    }

    pub(crate) fn forbidden_by(error: Error) -> Refusal {
        Refusal {
            status: StatusCode::FORBIDDEN,
            error,
            retry_after: None,
        }
    }

    /// The caller must wait so long.
    pub(crate) fn too_many(wait: Duration) -> Refusal {
        let secs = wait.as_secs() + 1;
        let message = format!("too many requests; the next one is answered in {secs} s");
        Refusal {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: Error::new(ErrorCode::Refused, message),
            retry_after: Some(wait),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let status = match error.code {
            ErrorCode::BadInput => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::Unsupported | ErrorCode::NoDevice | ErrorCode::NoDisplay => {
                StatusCode::NOT_IMPLEMENTED
            }
            ErrorCode::Refused => StatusCode::FORBIDDEN,
            ErrorCode::Conflict | ErrorCode::NewerVersion | ErrorCode::Cancelled => {
                StatusCode::CONFLICT
            }
            ErrorCode::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
            ErrorCode::Network => StatusCode::BAD_GATEWAY,
            ErrorCode::Io | ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Refusal {
            status,
            error,
            retry_after: None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response =
            (self.status, axum::Json(json!({ "error": self.error }))).into_response();
        if let Some(wait) = self.retry_after {
            let secs = HeaderValue::from(wait.as_secs() + 1);
            response.headers_mut().insert(header::RETRY_AFTER, secs);
        }
        response
    }
}

/// Numbers every request, counts it, and bears no caller that sends drop by drop.
async fn account(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = uuid::Uuid::now_v7().simple().to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    app.metrics
        .record(response.status().as_u16(), begun.elapsed());
    tracing::debug!(id, %method, path, status = response.status().as_u16(), "answered");
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

async fn metrics(State(app): State<App>) -> Result<Response, Refusal> {
    let jobs = app.studio.jobs();
    let busy = jobs.list(Some(JobStatus::Running), 1000)?.len()
        + jobs.list(Some(JobStatus::Queued), 1000)?.len();
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    Ok((kind, app.metrics.text(busy)).into_response())
}

async fn document(State(app): State<App>) -> Response {
    axum::Json(openapi::document(app.studio.registry())).into_response()
}

async fn operations(State(app): State<App>) -> Response {
    axum::Json(json!(app.studio.registry().describe())).into_response()
}

/// Runs an operation. A job is answered with 202 at once, or with its result when the caller sends
/// `Prefer: wait` (RFC 7240).
async fn call(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((domain, verb)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let name = format!("{domain}.{verb}");
    let writes = app.studio.registry().get(&name)?.traits.writes;
    caller.may_call(&domain, writes)?;
    let input = parse(&read(body).await?)?;
    let waits = headers.get_all("prefer").iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.split(',').any(|p| p.trim() == "wait"))
    });
    if waits {
        return Ok(answer(app.studio.call_to_end(&name, input, |_| {}).await?));
    }
    match app.studio.call(&name, input).await? {
        Reply::Done(output) => Ok(answer(output)),
        Reply::Started(job) => {
            Ok((StatusCode::ACCEPTED, axum::Json(json!({ "job": job }))).into_response())
        }
    }
}

/// A body within [`LARGEST_INPUT`] that comes within [`SLOWEST_BODY`].
async fn read(body: Body) -> Result<Bytes, Error> {
    let read = axum::body::to_bytes(body, LARGEST_INPUT);
    match tokio::time::timeout(SLOWEST_BODY, read).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(
            Error::bad_input(format!("the body cannot be read: {error}"))
                .hint(format!("at most {} MB are taken", LARGEST_INPUT >> 20)),
        ),
        Err(_) => Err(Error::bad_input("the body did not come within a minute")),
    }
}

fn parse(body: &[u8]) -> Result<Value, Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(json!({}));
    }
    serde_json::from_slice(body)
        .map_err(|error| Error::bad_input(format!("the body is not valid JSON: {error}")))
}

fn answer(output: Output) -> Response {
    match output {
        Output::Json(value) => axum::Json(value).into_response(),
        Output::Blob(blob) => {
            ([(header::CONTENT_TYPE, blob.media_type)], blob.bytes).into_response()
        }
    }
}

async fn page(State(app): State<App>, uri: Uri) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let Some((media_type, bytes)) = (app.page)(path) else {
        let error = Error::not_found(format!("nothing is served at /{path}"));
        return Refusal::from(error).into_response();
    };
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                  media-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'";
    (
        [
            (header::CONTENT_TYPE, media_type),
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ],
        Body::from(bytes.into_owned()),
    )
        .into_response()
}
