//! The Model Context Protocol from outside: what clients of others see of the studio, and what the
//! studio sees of other servers.

mod foreign;
mod prompts;
mod resources;
mod tools;
mod transports;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rmcp::model::{
    ArgumentInfo, CallToolRequest, CallToolRequestParams, CallToolResult, ClientCapabilities,
    ClientConfig, ClientRequest, CompleteRequestParams, CompletionContext, ElicitRequestParams,
    ElicitResult, ElicitationAction, ElicitationCapability, ErrorCode, FormElicitationCapability,
    GetPromptRequestParams, Implementation, ProgressNotificationParam, ProtocolVersion,
    ReadResourceRequestParams, Reference, ResourceContents, ResourceUpdatedNotificationParam,
    ServerNotification, SubscriptionFilter,
};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt, NotificationContext, PeerRequestOptions, RequestContext,
    RoleClient, RunningService, ServiceError,
};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientHandler, ErrorData};
use serde_json::{Value, json};
use studio_tests::{App, Server, binary, tone};
use tokio::sync::Notify;

/// The longest that anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client with a person in front of it.
#[derive(Clone, Default)]
struct Person {
    /// What the person answers when asked; without it, the client cannot ask.
    says: Option<bool>,
    asked: Arc<Mutex<Vec<String>>>,
    progress: Arc<Mutex<Vec<f64>>>,
    updated: Arc<Mutex<Vec<String>>>,
    list_changes: Arc<Mutex<usize>>,
    told: Arc<Notify>,
}

impl Person {
    fn who_says(answer: bool) -> Person {
        Person {
            says: Some(answer),
            ..Person::default()
        }
    }

    /// Waits until `seen` holds, looking again whenever something was told.
    async fn until(&self, what: &str, seen: impl Fn(&Person) -> bool) {
        let begun = Instant::now();
        while !seen(self) {
            assert!(begun.elapsed() < PATIENCE, "never told: {what}");
            let _ = tokio::time::timeout(Duration::from_millis(50), self.told.notified()).await;
        }
    }
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = self
            .says
            .map(|_| ElicitationCapability::new().with_form(FormElicitationCapability::new()));
        ClientConfig::new(capabilities, Implementation::new("journey", "1"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let ElicitRequestParams::FormElicitationParams { message, .. } = request else {
            panic!("only forms are declared");
        };
        self.asked.lock().expect("asked").push(message);
        Ok(match self.says {
            Some(true) => {
                ElicitResult::new(ElicitationAction::Accept).with_content(json!({ "allow": true }))
            }
            _ => ElicitResult::new(ElicitationAction::Decline),
        })
    }

    async fn on_progress(
        &self,
        progress: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        self.progress
            .lock()
            .expect("progress")
            .push(progress.progress);
        self.told.notify_one();
    }

    async fn on_resource_updated(
        &self,
        update: ResourceUpdatedNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        self.updated.lock().expect("updates").push(update.uri);
        self.told.notify_one();
    }

    async fn on_resource_list_changed(&self, _context: NotificationContext<RoleClient>) {
        *self.list_changes.lock().expect("changes") += 1;
        self.told.notify_one();
    }
}

type Client = RunningService<RoleClient, Person>;

fn with_sessions() -> ClientLifecycleMode {
    ClientLifecycleMode::Initialize
}

fn stateless() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    }
}

async fn over_stdio(
    app: &App,
    flags: &[&str],
    person: Person,
    revision: ClientLifecycleMode,
) -> Client {
    let mut command = tokio::process::Command::from(app.command());
    command.arg("mcp").args(flags);
    let transport = TokioChildProcess::new(command).expect("av-studio mcp starts");
    person
        .serve_with_lifecycle(transport, revision)
        .await
        .expect("an introduction")
}

async fn over_http(server: &Server, person: Person, revision: ClientLifecycleMode) -> Client {
    let config = StreamableHttpClientTransportConfig::with_uri(format!("{}/mcp", server.url))
        .auth_header(server.token.clone());
    let transport = StreamableHttpClientTransport::from_config(config);
    person
        .serve_with_lifecycle(transport, revision)
        .await
        .expect("an introduction")
}

async fn call(client: &Client, operation: &str, input: Value) -> CallToolResult {
    let request = CallToolRequestParams::new(operation.replacen('.', "_", 1))
        .with_arguments(input.as_object().cloned().unwrap_or_default());
    client.call_tool(request).await.expect("the tool answers")
}

/// The answer of a call that must succeed.
async fn answer(client: &Client, operation: &str, input: Value) -> Value {
    let result = call(client, operation, input).await;
    assert_ne!(result.is_error, Some(true), "{operation}: {result:?}");
    result.structured_content.expect("a structured answer")
}

/// The error of a call that must fail.
async fn refusal(client: &Client, operation: &str, input: Value) -> Value {
    let result = call(client, operation, input).await;
    assert_eq!(result.is_error, Some(true), "{operation} should fail");
    assert_eq!(
        result.structured_content, None,
        "an error fits no output schema"
    );
    let text = &result.content[0].as_text().expect("the error as text").text;
    let told: Value = serde_json::from_str(text).expect("the error as JSON");
    told["error"].clone()
}

async fn read(client: &Client, uri: &str) -> Result<Vec<ResourceContents>, ServiceError> {
    let request = ReadResourceRequestParams::new(uri);
    client
        .read_resource(request)
        .await
        .map(|read| read.contents)
}

fn text(contents: &ResourceContents) -> Value {
    match contents {
        ResourceContents::TextResourceContents { text, .. } => {
            serde_json::from_str(text).expect("JSON")
        }
        other => panic!("{other:?} is no text"),
    }
}

/// A project with a sound and a film: (its id, the sound's id, the film's id).
fn furnished(app: &App) -> (String, String, String) {
    let wav = app.folder().join("tone.wav");
    tone(&wav, 440.0, 0.5, 0.5);
    let project = app.project("Furnished");
    let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
    let info = app.call("project.info", json!({ "project": project }));
    let asset = app.call("asset.import", json!({ "project": project, "path": wav }));
    let film = app.call(
        "movie.plan",
        json!({ "project": project, "sentence": "A fox finds a lantern in the snow.", "seed": 7 }),
    );
    let film = film["film"]
        .as_str()
        .map_or_else(|| id(&film), str::to_owned);
    (id(&info), id(&asset), film)
}
