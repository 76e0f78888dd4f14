//! Model Context Protocol: every operation as a tool, over stdio and streamable HTTP.
//!
//! A tool's name is the operation's with `_` for the dot, since many clients allow no dot. Jobs are
//! waited for, with progress notifications; cancelling the request cancels the job.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    ListToolsResult, PaginatedRequestParams, ProgressNotificationParam, ServerCapabilities,
    ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer, ServiceExt};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};
use studio_core::{Error, Event, Operation, Output};
use studio_jobs::Studio;

/// Speaks MCP on standard input and output until the input ends.
pub async fn serve_stdio(studio: Arc<Studio>) -> Result<(), Error> {
    let failed = |error: &dyn std::fmt::Display| Error::internal(format!("MCP broke off: {error}"));
    let service = Tools { studio }
        .serve(rmcp::transport::io::stdio())
        .await
        .map_err(|error| failed(&error))?;
    service.waiting().await.map_err(|error| failed(&error))?;
    Ok(())
}

/// The same over HTTP. The server in front has checked the token and the names.
pub(crate) fn http_service(
    studio: Arc<Studio>,
) -> StreamableHttpService<Tools, LocalSessionManager> {
    StreamableHttpService::new(
        move || {
            Ok(Tools {
                studio: studio.clone(),
            })
        },
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    )
}

#[derive(Clone)]
pub(crate) struct Tools {
    studio: Arc<Studio>,
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(
                Implementation::new("av-studio", env!("CARGO_PKG_VERSION")).with_title("AV Studio"),
            )
            .with_instructions(
                "Create a project first (project_create), then work in it: import audio, measure and \
                 normalise it, render ambient music, plan a film from a sentence (movie_plan), ask \
                 what it takes (movie_estimate) and make it (movie_render).",
            )
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, rmcp::ErrorData> {
        Ok(ListToolsResult::with_all_items(
            self.studio.registry().iter().map(tool).collect(),
        ))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.studio
            .registry()
            .get(&operation_name(name))
            .ok()
            .map(tool)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, rmcp::ErrorData> {
        let name = operation_name(&request.name);
        if let Err(error) = self.studio.registry().get(&name) {
            return Err(rmcp::ErrorData::invalid_params(error.message, None));
        }
        let input = Value::Object(request.arguments.unwrap_or_default());
        let result = match self.run(&name, input, &context).await {
            Ok(output) => content(output),
            Err(error) => CallToolResult::structured_error(json!({ "error": error })),
        };
        Ok(result.into())
    }
}

impl Tools {
    async fn run(
        &self,
        name: &str,
        input: Value,
        context: &RequestContext<RoleServer>,
    ) -> Result<Output, Error> {
        let job = Mutex::new(None);
        let mut events = self.studio.events().subscribe();
        let started = |new: &studio_core::Job| {
            *job.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(new.id.clone());
        };
        let work = self.studio.call_to_end(name, input, started);
        tokio::pin!(work);
        let mine = || {
            job.lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .clone()
        };
        loop {
            tokio::select! {
                biased;
                result = &mut work => return result,
                () = context.ct.cancelled() => {
                    if let Some(job) = mine() {
                        self.studio.jobs().cancel(&job)?;
                    }
                    return work.await;
                }
                event = events.next() => {
                    if let Some(Event::JobChanged { job }) = event
                        && mine().as_deref() == Some(job.id.as_str())
                    {
                        report(context, &job).await;
                    }
                }
            }
        }
    }
}

async fn report(context: &RequestContext<RoleServer>, job: &studio_core::Job) {
    let Some(token) = context.meta.get_progress_token() else {
        return;
    };
    let progress = ProgressNotificationParam::new(token, job.fraction)
        .with_total(1.0)
        .with_message(job.stage.clone());
    if let Err(error) = context.peer.notify_progress(progress).await {
        tracing::debug!(%error, "a progress notification was not delivered");
    }
}

fn tool(operation: &Operation) -> Tool {
    let schema = |value: &Value| Arc::new(value.as_object().cloned().unwrap_or_default());
    let annotations = ToolAnnotations::with_title(operation.title)
        .read_only(!operation.traits.writes)
        .destructive(false)
        .open_world(operation.traits.spends);
    let tool = Tool::new(
        operation.name.replacen('.', "_", 1),
        operation.summary,
        schema(&operation.input_schema),
    )
    .with_title(operation.title)
    .with_annotations(annotations);
    match operation.traits.blob {
        Some(_) => tool,
        None => tool.with_raw_output_schema(schema(&operation.output_schema)),
    }
}

fn operation_name(tool: &str) -> String {
    tool.replacen('_', ".", 1)
}

fn content(output: Output) -> CallToolResult {
    match output {
        Output::Json(value) => CallToolResult::structured(value),
        Output::Blob(blob) => {
            let data = BASE64.encode(&blob.bytes);
            let block = if blob.media_type.starts_with("image/") {
                ContentBlock::image(data, blob.media_type)
            } else {
                let resource = rmcp::model::ResourceContents::blob(data, "av-studio:answer")
                    .with_mime_type(blob.media_type);
                ContentBlock::resource(resource)
            };
            CallToolResult::success(vec![block])
        }
    }
}
