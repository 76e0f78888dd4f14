//! Model Context Protocol, over stdio and streamable HTTP.
//!
//! Operations are tools, what projects hold are resources, ways of working are prompts. The revisions
//! with sessions (up to 2025-11-25) and the stateless one (2026-07-28) are answered alike; `rmcp` tells
//! them apart. Here are the seams to the protocol; each part has a file of its own.
//!
//! Not here: sampling and roots, which the studio does not need, and the protocol's logging, which is
//! deprecated: progress and errors tell the same.

mod address;
mod approvals;
mod changes;
mod complete;
mod prompts;
mod resources;
mod stdio;
mod tools;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
    GetPromptRequestParams, GetPromptResponse, Implementation, JsonObject, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ServerCapabilities,
    ServerConfig, SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
};
use rmcp::service::{
    NotificationContext, RequestContext, RoleServer, ServerInitializeError, ServiceExt,
    SubscriptionContext,
};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};
use studio_core::{Error, ErrorCode};
use studio_jobs::Studio;
use studio_store::Projects;
use tokio::task::AbortHandle;

use self::address::Address;
pub use self::approvals::Approvals;
use self::approvals::{Consent, Consents};
use self::changes::{Listener, MOST_WATCHED, Watched};
use self::stdio::Ending;

const INSTRUCTIONS: &str = "\
Create a project first (project_create), then work in it: import audio, measure and normalise it, render \
ambient music, plan a film from a sentence (movie_plan), ask what it takes (movie_estimate) and make it \
(movie_render). What a project holds can be read as resources, studio://project/{id}. Tools that take \
something away, may cost money or open something to others are only run when the user agrees.";

/// Speaks MCP on standard input and output until the input ends; what still runs then is cancelled.
pub async fn serve_stdio(
    studio: Arc<Studio>,
    projects: Arc<Projects>,
    approvals: Approvals,
) -> Result<(), Error> {
    let failed = |error: &dyn std::fmt::Display| Error::internal(format!("MCP broke off: {error}"));
    let (stdin, stdout) = rmcp::transport::io::stdio();
    let jobs = studio.jobs().clone();
    // At once, so that the answers that are still waited for become "cancelled".
    let stdin = Ending::new(stdin, move || {
        tokio::spawn(async move { jobs.cancel_all().await });
    });
    let session = Session::new(&Arc::new(Face::new(studio.clone(), projects, approvals)));
    let ended = match session.serve((stdin, stdout)).await {
        Ok(service) => service.waiting().await.map_err(|error| failed(&error)),
        // The client went away before it said anything.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => Err(failed(&error)),
    };
    // A request that came just before the end may have begun a job since.
    studio.jobs().cancel_all().await;
    ended.map(drop)
}

/// Answers MCP over HTTP.
pub(crate) type McpService = StreamableHttpService<Session, LocalSessionManager>;

/// The same over HTTP, and what ends its open streams. The server in front has checked the token and
/// the names.
pub(crate) fn http_service(
    studio: Arc<Studio>,
    projects: Arc<Projects>,
    approvals: Approvals,
) -> (McpService, impl FnOnce() + Send + 'static) {
    let face = Arc::new(Face::new(studio, projects, approvals));
    // `names` knows by which hosts this server is reached; the library knows loopback only.
    let config = StreamableHttpServerConfig::default().disable_allowed_hosts();
    let end = config.cancellation_token.clone();
    let service = StreamableHttpService::new(
        move || Ok(Session::new(&face)),
        Arc::new(LocalSessionManager::default()),
        config,
    );
    (service, move || end.cancel())
}

/// What all clients of one server share.
struct Face {
    studio: Arc<Studio>,
    projects: Arc<Projects>,
    consents: Consents,
}

impl Face {
    fn new(studio: Arc<Studio>, projects: Arc<Projects>, approvals: Approvals) -> Face {
        Face {
            studio,
            projects,
            consents: Consents::new(approvals),
        }
    }
}

/// One client with a session, or one request of a stateless one.
pub(crate) struct Session {
    face: Arc<Face>,
    watched: Watched,
    /// Passes changes on to a client with a session.
    passing: Mutex<Option<AbortHandle>>,
}

impl Session {
    fn new(face: &Arc<Face>) -> Session {
        Session {
            face: face.clone(),
            watched: Watched::default(),
            passing: Mutex::default(),
        }
    }

    /// Does `work` with the projects on a thread that may block.
    async fn with_projects<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Projects) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, ErrorData> {
        let projects = self.face.projects.clone();
        match tokio::task::spawn_blocking(move || work(&projects)).await {
            Ok(result) => result.map_err(protocol_error),
            Err(error) => Err(ErrorData::internal_error(error.to_string(), None)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(passing) = self.passing.lock().take() {
            passing.abort();
        }
    }
}

impl ServerHandler for Session {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_completions()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_resources_list_changed()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(
                Implementation::new("av-studio", env!("CARGO_PKG_VERSION")).with_title("AV Studio"),
            )
            .with_instructions(INSTRUCTIONS)
    }

    /// All at once: many clients read the first page only.
    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        only_page(request)?;
        let tools = self
            .face
            .studio
            .registry()
            .iter()
            .map(tools::tool)
            .collect();
        Ok(ListToolsResult::with_all_items(tools))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let registry = self.face.studio.registry();
        let operation = registry.get(&tools::operation_name(name)).ok()?;
        Some(tools::tool(operation))
    }

    async fn call_tool(
        &self,
        mut request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Face {
            studio, consents, ..
        } = &*self.face;
        let name = tools::operation_name(&request.name);
        if let Err(error) = studio.registry().get(&name) {
            let data = json!({ "error": error });
            return Err(ErrorData::invalid_params(error.message, Some(data)));
        }
        let input = Value::Object(request.arguments.take().unwrap_or_default());
        // Nobody is asked about a call that cannot be.
        let operation = match studio.registry().check(&name, &input) {
            Ok(operation) => operation,
            Err(error) => return Ok(tools::result(Err(error)).into()),
        };
        let answer = match consents.of(operation, &input, &request, &context).await {
            Ok(Consent::Given) => tools::run(studio, &name, input, &context).await,
            Ok(Consent::Ask(question)) => return Ok((*question).into()),
            Err(refusal) => Err(refusal),
        };
        Ok(tools::result(answer).into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let cursor = request.and_then(|request| request.cursor);
        let list = move |projects: &Projects| resources::list(projects, cursor.as_deref());
        let page = self.with_projects(list).await?;
        let mut result = ListResourcesResult::with_all_items(page.resources);
        result.next_cursor = page.next;
        Ok(result)
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        only_page(request)?;
        let templates = resources::templates();
        Ok(ListResourceTemplatesResult::with_all_items(templates))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let read =
            move |projects: &Projects| resources::read(projects, &Address::parse(&request.uri)?);
        let contents = self.with_projects(read).await?;
        Ok(ReadResourceResult::new(contents).into())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let listener = Listener::Session {
            peer: context.peer,
            watched: self.watched.clone(),
        };
        let events = self.face.studio.events().subscribe();
        let passing = changes::pass_on(events, self.face.projects.clone(), listener);
        let passing = tokio::spawn(passing).abort_handle();
        if let Some(former) = self.passing.lock().replace(passing) {
            former.abort();
        }
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let uri = request.uri.clone();
        let exists = move |projects: &Projects| {
            let address = Address::parse(&uri)?;
            resources::known(projects, &address.project).map(drop)
        };
        self.with_projects(exists).await?;
        if self.watched.add(request.uri) {
            return Ok(());
        }
        let message = format!("a session watches at most {MOST_WATCHED} resources");
        Err(protocol_error(Error::new(ErrorCode::Refused, message)))
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.watched.remove(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        let mut accepted = SubscriptionFilter::new();
        accepted.resources_list_changed = requested.resources_list_changed;
        accepted.resource_subscriptions = requested.resource_subscriptions.as_ref().map(|uris| {
            let known = uris.iter().filter(|uri| Address::parse(uri).is_ok());
            known.take(MOST_WATCHED).cloned().collect()
        });
        Some(accepted)
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let events = self.face.studio.events().subscribe();
        let listener = Listener::Stream(context.sink().clone());
        tokio::select! {
            () = changes::pass_on(events, self.face.projects.clone(), listener) => {}
            () = context.cancelled() => {}
        }
        Ok(())
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        only_page(request)?;
        Ok(ListPromptsResult::with_all_items(prompts::list()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let given = texts(request.arguments.unwrap_or_default()).map_err(protocol_error)?;
        let written = prompts::get(&request.name, &given).map_err(protocol_error)?;
        Ok(written.into())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let complete = move |projects: &Projects| complete::complete(projects, &request);
        let completion = self.with_projects(complete).await?;
        Ok(CompleteResult::new(completion))
    }
}

/// Lists that come at once hand out no cursor, so none is right.
fn only_page(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor) {
        None => Ok(()),
        Some(_) => Err(protocol_error(Error::bad_input(
            "this cursor is not from here",
        ))),
    }
}

/// A prompt's arguments are texts.
fn texts(arguments: JsonObject) -> Result<BTreeMap<String, String>, Error> {
    let text = |(name, value): (String, Value)| match value {
        Value::String(text) => Ok((name, text)),
        _ => {
            let message = format!("the argument `{name}` must be a text");
            Err(Error::bad_input(message).field(format!("/{name}")))
        }
    };
    arguments.into_iter().map(text).collect()
}

fn protocol_error(error: Error) -> ErrorData {
    let code = match error.code {
        ErrorCode::NotFound => rmcp::model::ErrorCode::RESOURCE_NOT_FOUND,
        ErrorCode::BadInput => rmcp::model::ErrorCode::INVALID_PARAMS,
        ErrorCode::Refused | ErrorCode::Conflict | ErrorCode::Unsupported => {
            rmcp::model::ErrorCode::INVALID_REQUEST
        }
        _ => rmcp::model::ErrorCode::INTERNAL_ERROR,
    };
    let data = json!({ "error": error });
    ErrorData::new(code, error.message, Some(data))
}
