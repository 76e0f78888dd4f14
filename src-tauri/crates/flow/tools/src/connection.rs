//! One connection to a server: started or reached, and introduced.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use rmcp::ClientHandler;
use rmcp::handler::client::progress::ProgressDispatcher;
use rmcp::model::{
    ClientCapabilities, ClientConfig, Implementation, ProgressNotificationParam, ProtocolVersion,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, ClientServiceExt, NotificationContext, RoleClient,
    RunningService,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use studio_core::{Error, ErrorCode};

use crate::config::Endpoint;
use crate::process::Process;
use crate::secrets::Secrets;
use crate::tail::Tail;

/// Until a server has introduced itself; `npx` may have to download it first.
const INTRODUCTION: Duration = Duration::from_secs(60);

/// Our side of a connection: hears progress, offers nothing.
#[derive(Clone, Default)]
pub(crate) struct Ear {
    pub(crate) progress: ProgressDispatcher,
}

impl ClientHandler for Ear {
    fn get_info(&self) -> ClientConfig {
        let own =
            Implementation::new("av-studio", env!("CARGO_PKG_VERSION")).with_title("AV Studio");
        ClientConfig::new(ClientCapabilities::default(), own)
    }

    async fn on_progress(
        &self,
        progress: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        self.progress.handle_notification(progress).await;
    }
}

/// A server that has introduced itself.
pub(crate) struct Connection {
    pub(crate) service: RunningService<RoleClient, Ear>,
    /// Its program, if we started one.
    pub(crate) process: Option<Process>,
}

/// Starts or reaches a server. What it writes to standard error goes to `tail`.
pub(crate) async fn connect(endpoint: &Endpoint, tail: &Tail) -> Result<Connection, Error> {
    // Nearly every server knows the handshake; those that know only the stateless revision say so.
    let legacy = introduce(endpoint, tail, ClientLifecycleMode::Initialize).await;
    match legacy {
        Err(Failure::Protocol(first)) => {
            let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
            let modern = ClientLifecycleMode::Discover { preferred_versions };
            introduce(endpoint, tail, modern).await.map_err(|_| first)
        }
        Err(Failure::Other(error)) => Err(error),
        Ok(connection) => Ok(connection),
    }
}

enum Failure {
    /// The server answered, but not to our liking.
    Protocol(Error),
    Other(Error),
}

async fn introduce(
    endpoint: &Endpoint,
    tail: &Tail,
    lifecycle: ClientLifecycleMode,
) -> Result<Connection, Failure> {
    let secrets = Secrets::of(endpoint);
    match endpoint {
        Endpoint::Program { .. } => {
            let (process, transport) = Process::start(endpoint, tail).map_err(Failure::Other)?;
            let service = Ear::default().serve_with_lifecycle(transport, lifecycle);
            match in_time(service, &secrets).await {
                Ok(service) => Ok(Connection {
                    service,
                    process: Some(process),
                }),
                Err(failure) => {
                    process.kill().await;
                    Err(failure)
                }
            }
        }
        Endpoint::Address { url, headers } => {
            let headers = headers
                .iter()
                .map(|(name, value)| Some((HeaderName::try_from(name).ok()?, header(value)?)))
                .collect::<Option<HashMap<_, _>>>()
                .ok_or_else(|| {
                    let message = "a header has a name or value that HTTP does not know";
                    Failure::Other(Error::bad_input(message).field("/headers"))
                })?;
            let config =
                StreamableHttpClientTransportConfig::with_uri(url.as_str()).custom_headers(headers);
            let transport = StreamableHttpClientTransport::from_config(config);
            let service = Ear::default().serve_with_lifecycle(transport, lifecycle);
            let service = in_time(service, &secrets).await?;
            Ok(Connection {
                service,
                process: None,
            })
        }
    }
}

async fn in_time(
    service: impl Future<Output = Result<RunningService<RoleClient, Ear>, ClientInitializeError>>,
    secrets: &Secrets,
) -> Result<RunningService<RoleClient, Ear>, Failure> {
    let network = |message: String| Error::new(ErrorCode::Network, message);
    match tokio::time::timeout(INTRODUCTION, service).await {
        Ok(Ok(service)) => Ok(service),
        Ok(Err(ClientInitializeError::JsonRpcError(error))) => {
            let said = secrets.hide(&short(&error.message));
            Err(Failure::Protocol(network(format!("it refused us: {said}"))))
        }
        Ok(Err(ClientInitializeError::ConnectionClosed(_))) => Err(Failure::Other(network(
            "it ended before it had introduced itself".to_owned(),
        ))),
        Ok(Err(error)) => {
            // Without the name of our transport's type.
            let said = match &error {
                ClientInitializeError::TransportError { error, .. } => error.error.to_string(),
                error => error.to_string(),
            };
            let said = secrets.hide(&short(&said));
            Err(Failure::Other(network(format!(
                "it cannot be reached: {said}"
            ))))
        }
        Err(_) => Err(Failure::Other(network(format!(
            "it did not introduce itself within {} s",
            INTRODUCTION.as_secs()
        )))),
    }
}

fn header(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The beginning of what a server says, which may be a whole page.
pub(crate) fn short(text: &str) -> String {
    const LONGEST: usize = 500;
    text.chars().take(LONGEST).collect()
}
