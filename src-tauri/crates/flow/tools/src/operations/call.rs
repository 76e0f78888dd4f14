//! `mcp.call`: a tool of another program, with its progress, until it answers or is cancelled.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotificationParam, ClientRequest, JsonObject,
    ServerResult,
};
use rmcp::service::{PeerRequestOptions, ServiceError};
use schemars::JsonSchema;
use serde::Deserialize;
use studio_core::{Error, ErrorCode, JobContext};

use crate::connection::short;
use crate::content::{self, Answer};
use crate::server::Server;
use crate::servers::Servers;

/// A call ends after this in any case, however much progress it tells.
const LONGEST_CALL: Duration = Duration::from_secs(6 * 3600);
/// How often a running call looks whether it was cancelled.
const WATCH: Duration = Duration::from_millis(100);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CallInput {
    /// Name of the server.
    #[schemars(length(min = 1, max = 64))]
    server: String,
    /// Name of the tool.
    #[schemars(length(min = 1, max = 256))]
    tool: String,
    /// As the tool's input schema describes them.
    #[serde(default)]
    arguments: JsonObject,
    /// Seconds without an answer or progress after which the call is given up.
    #[serde(default = "two_minutes")]
    #[schemars(range(min = 1, max = 3600))]
    timeout_secs: u32,
}

fn two_minutes() -> u32 {
    120
}

pub(super) async fn call(
    servers: Arc<Servers>,
    cx: JobContext,
    input: CallInput,
) -> Result<Answer, Error> {
    cx.progress("Connecting", 0.0);
    let (server, client) = until_cancelled(&cx, servers.client(&input.server)).await??;
    cx.progress("Waiting for the tool", 0.0);
    let params = CallToolRequestParams::new(input.tool.clone()).with_arguments(input.arguments);
    let options = PeerRequestOptions::with_timeout(Duration::from_secs(input.timeout_secs.into()))
        .reset_timeout_on_progress()
        .with_max_total_timeout(LONGEST_CALL);
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
    let failed = |error| failed_call(&server, &input.server, &input.tool, &error);
    let handle = client
        .peer
        .send_request_with_option(request, options)
        .await
        .map_err(failed)?;
    let id = handle.id.clone();
    let mut progress = client
        .progress
        .subscribe(handle.progress_token.clone())
        .await;
    let tell = async {
        while let Some(told) = progress.next().await {
            let fraction = told.total.map_or(0.0, |total| told.progress / total);
            let stage = told
                .message
                .as_deref()
                .map_or_else(|| "Working".to_owned(), short);
            cx.progress(&stage, if fraction.is_finite() { fraction } else { 0.0 });
        }
        std::future::pending::<()>().await
    };
    let answer = async {
        tokio::select! {
            answer = handle.await_response() => answer,
            () = tell => Err(ServiceError::TransportClosed),
        }
    };
    let Ok(answer) = until_cancelled(&cx, answer).await else {
        let reason = Some("the user cancelled it".to_owned());
        let cancelled = CancelledNotificationParam::new(Some(id), reason);
        if let Err(error) = client.peer.notify_cancelled(cancelled).await {
            tracing::debug!(%error, "a server was not told of a cancellation");
        }
        return Err(Error::cancelled());
    };
    match answer.map_err(failed)? {
        ServerResult::CallToolResult(result) => Ok(content::answer(result)),
        ServerResult::InputRequiredResult(_) => {
            let message = format!("`{}` wants to ask the user something", input.tool);
            Err(Error::new(ErrorCode::Unsupported, message)
                .hint("the studio does not pass questions of other servers on"))
        }
        _ => {
            let message = format!("`{}` answered what is no tool's answer", input.tool);
            Err(Error::new(ErrorCode::Network, message))
        }
    }
}

/// The output of `work`, or `Err(cancelled)` as soon as the run is.
async fn until_cancelled<T>(cx: &JobContext, work: impl Future<Output = T>) -> Result<T, Error> {
    tokio::pin!(work);
    loop {
        tokio::select! {
            output = &mut work => return Ok(output),
            () = tokio::time::sleep(WATCH) => cx.check()?,
        }
    }
}

fn failed_call(server: &Server, name: &str, tool: &str, error: &ServiceError) -> Error {
    let network = |message: String| Error::new(ErrorCode::Network, message);
    server.explain(&match error {
        ServiceError::McpError(error) => {
            let said = short(&error.message);
            let message = format!("the server `{name}` refused `{tool}`: {said}");
            Error::new(ErrorCode::BadInput, message)
                .hint("`mcp.tools` tells its tools and what they take")
        }
        ServiceError::Timeout { timeout } => {
            let secs = timeout.as_secs();
            network(format!(
                "`{tool}` of `{name}` neither answered nor told progress for {secs} s"
            ))
            .hint("give it more time with `timeout_secs`")
        }
        ServiceError::TransportClosed | ServiceError::TransportSend(_) => {
            network(format!("the server `{name}` ended while `{tool}` ran"))
        }
        error => {
            let said = short(&error.to_string());
            network(format!("`{tool}` of `{name}` failed: {said}"))
        }
    })
}
