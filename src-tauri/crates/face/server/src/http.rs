//! The routes, and `POST /domain/verb`: an operation's input as JSON in, its answer out.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use camino::Utf8PathBuf;
use serde_json::{Value, json};
use studio_core::{Error, JobStatus, Operation, Output, Settings};
use studio_gateway::Gateway;
use studio_jobs::{Reply, Studio};
use studio_live::Rooms;

use crate::body::Whole;
use crate::guard::Caller;
use crate::jwt::Issuer;
use crate::mcp::McpService;
use crate::metrics::{Metrics, Outside};
use crate::names::Names;
use crate::problem::Refusal;
use crate::rates::Rates;
use crate::sandbox::Sandbox;
use crate::serve::Options;
use crate::stop::Stop;
use crate::{account, anthropic, docs, guard, jobs, listen, llm, openai, openapi, uploads, ws};

/// A database that does not answer in this time is not ready.
const READY: Duration = Duration::from_secs(2);
/// Operations that only read, need no input, and are looked at in a browser.
pub(crate) const BY_GET: [&str; 1] = ["gateway.cost"];
/// Most jobs of one status that `/metrics` counts.
const COUNTED_JOBS: u32 = 1000;

/// A file of the window's page: media type and bytes.
pub type Asset = (&'static str, Cow<'static, [u8]>);

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) studio: Arc<Studio>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) token: Arc<str>,
    pub(crate) uploads: Arc<Utf8PathBuf>,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) names: Arc<Names>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) issuer: Option<Arc<Issuer>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stop: Stop,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) begun: Instant,
    /// How long a request's head and body are waited for.
    pub(crate) patience: Duration,
    page: fn(&str) -> Option<Asset>,
}

impl App {
    pub(crate) fn new(
        studio: Arc<Studio>,
        gateway: Arc<Gateway>,
        options: Options,
        names: Names,
        settings: &Settings,
    ) -> Result<App, Error> {
        let server = &settings.server;
        let sandbox = Sandbox::new(options.projects, &options.uploads, &server.folders);
        Ok(App {
            studio,
            gateway,
            token: options.token.into(),
            uploads: Arc::new(options.uploads),
            sandbox: Arc::new(sandbox),
            names: Arc::new(names),
            rates: Arc::new(Rates::new(server)?),
            issuer: Issuer::open(&settings.tokens)?.map(Arc::new),
            metrics: Arc::default(),
            rooms: Arc::default(),
            begun: Instant::now(),
            stop: Stop::new(Duration::from_secs(u64::from(server.stop_secs))),
            patience: Duration::from_secs(u64::from(server.patience_secs)),
            page: options.page,
        })
    }

    /// The operation that a path such as `/gateway/analyze-tokens` names.
    pub(crate) fn operation_at(&self, path: &str) -> Option<&Operation> {
        let (domain, verb) = path.trim_start_matches('/').split_once('/')?;
        self.studio.registry().get(&name(domain, verb)).ok()
    }
}

/// `mcp` answers at `/mcp`.
pub(crate) fn router(app: &App, mcp: McpService) -> Router {
    Router::new()
        .route(
            "/health",
            get(|| async { axum::Json(json!({ "status": "ok" })) }),
        )
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .route("/docs", get(docs::page))
        .route("/openapi.json", get(document))
        .route("/operations", get(operations))
        .route("/events", get(ws::events))
        .route("/ws/stream", get(listen::stream))
        .route("/api/status", get(listen::status))
        .route("/api/metrics", get(listen::metrics))
        .route("/jobs", get(jobs::list))
        .route("/jobs/{id}", get(jobs::show))
        .route("/jobs/{id}/stream", get(jobs::stream))
        .route("/llm/chat", post(llm::chat))
        .route("/llm/stream", post(llm::stream))
        .route("/llm/models", get(llm::models))
        .route("/v1/models", get(openai::models))
        .route("/v1/models/{*id}", get(openai::model))
        .route("/v1/chat/completions", post(openai::chat_completions))
        .route("/v1/embeddings", post(openai::embeddings))
        .route("/v1/audio/speech", post(openai::speech))
        .route("/v1/audio/transcriptions", post(openai::transcriptions))
        .route("/v1/messages", post(anthropic::messages))
        .route("/v1/messages/count_tokens", post(anthropic::count_tokens))
        .route("/uploads", post(uploads::receive))
        .route("/{domain}/{verb}", post(call).get(page_or_call))
        .fallback(page)
        // Bodies have a limit of their own.
        .layer(DefaultBodyLimit::disable())
        // Not nested: what lies below are operations.
        .route_service("/mcp", mcp)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            guard::guard,
        ))
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            account::account,
        ))
        .with_state(app.clone())
}

/// Whether it is worth sending requests here: the database answers, and the end has not begun.
async fn ready(State(app): State<App>) -> Response {
    let jobs = app.studio.jobs().clone();
    let asked = tokio::task::spawn_blocking(move || jobs.list(None, 1));
    let answers = matches!(tokio::time::timeout(READY, asked).await, Ok(Ok(Ok(_))));
    let stopping = app.stop.has_begun();
    let ready = answers && !stopping;
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let word = match (answers, stopping) {
        (true, false) => "ready",
        (true, true) => "stopping",
        (false, _) => "the database does not answer",
    };
    (status, axum::Json(json!({ "status": word }))).into_response()
}

pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Refusal> {
    let (jobs, gateway) = (app.studio.jobs().clone(), app.gateway.clone());
    let rooms = app.rooms.stats();
    let asked = tokio::task::spawn_blocking(move || {
        let count = |status: JobStatus| {
            let jobs = jobs.list(Some(status), COUNTED_JOBS)?;
            Ok((status.as_str(), jobs.len()))
        };
        let statuses = [
            JobStatus::Queued,
            JobStatus::Running,
            JobStatus::Interrupted,
        ];
        Ok::<_, Error>(Outside {
            jobs: statuses
                .into_iter()
                .map(count)
                .collect::<Result<_, Error>>()?,
            models: gateway.totals_by_model()?,
            rooms,
        })
    });
    let outside = asked
        .await
        .map_err(|error| Error::internal(error.to_string()))??;
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    Ok((kind, app.metrics.text(&outside)).into_response())
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
    Whole(body): Whole,
) -> Result<Response, Refusal> {
    let name = name(&domain, &verb);
    run(&app, &caller, &name, parse(&body)?, &headers).await
}

/// Runs the operation `name` as `caller`, who must be allowed to and stay within the sandbox.
pub(crate) async fn run(
    app: &App,
    caller: &Caller,
    name: &str,
    input: Value,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let registry = app.studio.registry();
    caller.may_call(registry.get(name)?)?;
    let operation = registry.check(name, &input)?.clone();
    if caller.guest().is_some() {
        let (sandbox, input) = (app.sandbox.clone(), input.clone());
        let checked = tokio::task::spawn_blocking(move || sandbox.check(&operation, &input));
        checked
            .await
            .map_err(|error| Error::internal(error.to_string()))??;
    }
    let waits = headers.get_all("prefer").iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.split(',').any(|p| p.trim() == "wait"))
    });
    if waits {
        return Ok(answer(app.studio.call_to_end(name, input, |_| {}).await?));
    }
    match app.studio.call(name, input).await? {
        Reply::Done(output) => Ok(answer(output)),
        Reply::Started(job) => {
            Ok((StatusCode::ACCEPTED, axum::Json(json!({ "job": job }))).into_response())
        }
    }
}

/// An operation's name from the parts of its path, which may be written with dashes.
fn name(domain: &str, verb: &str) -> String {
    format!("{domain}.{}", verb.replace('-', "_"))
}

pub(crate) fn parse(body: &[u8]) -> Result<Value, Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(json!({}));
    }
    serde_json::from_slice(body)
        .map_err(|error| Error::bad_input(format!("the body is not valid JSON: {error}")))
}

pub(crate) fn answer(output: Output) -> Response {
    match output {
        Output::Json(value) => axum::Json(value).into_response(),
        Output::Blob(blob) => {
            ([(header::CONTENT_TYPE, blob.media_type)], blob.bytes).into_response()
        }
    }
}

/// A file of the page, or one of the operations that are read by GET, too.
async fn page_or_call(
    State(app): State<App>,
    caller: Extension<Caller>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Refusal> {
    match app.operation_at(uri.path()).map(|operation| operation.name) {
        Some(name) if BY_GET.contains(&name) => run(&app, &caller, name, json!({}), &headers).await,
        Some(_) => {
            let allow = [(header::ALLOW, "POST")];
            Ok((StatusCode::METHOD_NOT_ALLOWED, allow).into_response())
        }
        None => Ok(page(State(app), uri).await),
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
