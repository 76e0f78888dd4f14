//! `POST /domain/verb`: an operation's input as JSON in, its answer out.

use std::borrow::Cow;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use camino::Utf8PathBuf;
use serde_json::{Value, json};
use studio_core::{Error, ErrorCode, Output};
use studio_jobs::{Reply, Studio};
use tokio::net::TcpListener;

use crate::{guard, mcp, uploads, ws};

/// JSON inputs are small; a plan of 20 shots takes some 30 kB.
const LARGEST_INPUT: usize = 8 << 20;

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
    page: fn(&str) -> Option<Asset>,
}

/// Binds the port. Nothing is answered before [`Server::run`].
pub async fn serve(studio: Arc<Studio>, options: Options) -> Result<Server, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Error::io(format!("listen on {address}"), &error)
            .hint("another program may use this port; choose one with --port, or 0 for any")
    })?;
    let app = App {
        studio: studio.clone(),
        token: options.token.into(),
        uploads: Arc::new(options.uploads),
        page: options.page,
    };
    let router = Router::new()
        .route(
            "/health",
            get(|| async { axum::Json(json!({ "status": "ok" })) }),
        )
        .route("/operations", get(operations))
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
    status: StatusCode,
    error: Error,
}

impl Refusal {
    pub(crate) fn unauthorized(error: Error) -> Refusal {
        Refusal {
            status: StatusCode::UNAUTHORIZED,
            error,
        }
    }

    pub(crate) fn forbidden(message: String) -> Refusal {
        Refusal {
            status: StatusCode::FORBIDDEN,
            error: Error::new(ErrorCode::Refused, message),
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
        Refusal { status, error }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, axum::Json(json!({ "error": self.error }))).into_response()
    }
}

async fn operations(State(app): State<App>) -> Response {
    axum::Json(json!(app.studio.registry().describe())).into_response()
}

/// Runs an operation. A job is answered with 202 at once, or with its result when the caller sends
/// `Prefer: wait` (RFC 7240).
async fn call(
    State(app): State<App>,
    Path((domain, verb)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let name = format!("{domain}.{verb}");
    let input = parse(&body)?;
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
