//! `mcp.servers`, `mcp.tools`, `mcp.call`, and what changes the list of servers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use futures_util::StreamExt;
use futures_util::future::join_all;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotificationParam, ClientRequest, JsonObject,
    PaginatedRequestParams, ServerResult, Tool,
};
use rmcp::service::{PeerRequestOptions, ServiceError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use studio_core::{Error, ErrorCode, JobContext, Operation, Resource};

use crate::config::{self, ServerConfig, check_name};
use crate::connection::short;
use crate::content::{self, Answer};
use crate::secrets;
use crate::server::{Client, Server, State};
use crate::servers::Servers;

/// For one page of a server's list of tools.
const LISTING: Duration = Duration::from_secs(30);
const MOST_PAGES: usize = 50;
const MOST_TOOLS: usize = 500;
/// A schema that is longer, in bytes of JSON, is not shown.
const LONGEST_SCHEMA: usize = 64 << 10;
const LONGEST_DESCRIPTION: usize = 4_000;
/// A call ends after this in any case, however much progress it tells.
const LONGEST_CALL: Duration = Duration::from_secs(6 * 3600);
/// How often a running call looks whether it was cancelled.
const WATCH: Duration = Duration::from_millis(100);

/// What this crate registers.
pub fn operations(servers: &Arc<Servers>) -> Vec<Operation> {
    let with = || servers.clone();
    let mut operations = changing(servers);
    operations.extend([
        Operation::define(
            "mcp.servers",
            "List MCP servers",
            "Lists the MCP servers whose tools the studio may use, and where each stands.",
        )
        .network()
        .future({
            let servers = with();
            move |_cx, input: ListInput| list(servers.clone(), input)
        }),
        Operation::define(
            "mcp.log",
            "Read an MCP server's log",
            "Answers the last lines that a server wrote to standard error since it was started.",
        )
        .positional("server")
        .blocking({
            let servers = with();
            move |_cx: &JobContext, input: Which| {
                servers.config(&input.server)?;
                let started = servers.started(&input.server);
                let lines = started.map_or_else(Vec::new, |server| server.tail.lines());
                Ok(Log { lines })
            }
        }),
        Operation::define(
            "mcp.tools",
            "List tools of MCP servers",
            "Lists the tools of all servers that are enabled, or of one, with their schemas. Starts what does not run yet.",
        )
        .network()
        .positional("server")
        .future({
            let servers = with();
            move |_cx, input: ToolsInput| tools(servers.clone(), input)
        }),
        Operation::define(
            "mcp.call",
            "Call a tool of an MCP server",
            "Calls a tool of another program or machine and answers what it says. Agents ask first, unless the server is trusted.",
        )
        .job(Resource::Network)
        .writes()
        .needs_approval_unless({
            let servers = with();
            move |input| input["server"].as_str().is_some_and(|name| servers.trusts(name))
        })
        .future({
            let servers = with();
            move |cx, input: CallInput| call(servers.clone(), cx, input)
        }),
    ]);
    operations
}

/// Starting programs of others is for people to decide: these ask, or take something away.
fn changing(servers: &Arc<Servers>) -> Vec<Operation> {
    let with = || servers.clone();
    vec![
        Operation::define(
            "mcp.add",
            "Add an MCP server",
            "Adds a server by the program to start or by its address. It is started when it is first needed.",
        )
        .writes()
        .needs_approval()
        .positional("server")
        .blocking({
            let servers = with();
            move |_cx: &JobContext, input: AddInput| add(&servers, input)
        }),
        Operation::define(
            "mcp.import",
            "Import MCP servers",
            "Adds the servers of another client's file (`mcpServers`), as it is.",
        )
        .writes()
        .needs_approval()
        .positional("path")
        .blocking({
            let servers = with();
            move |_cx: &JobContext, input: ImportInput| import(&servers, &input)
        }),
        Operation::define(
            "mcp.remove",
            "Remove an MCP server",
            "Ends a server and removes its entry.",
        )
        .destroys()
        .positional("server")
        .future({
            let servers = with();
            move |_cx, input: Which| {
                let servers = servers.clone();
                async move {
                    servers.remove(&input.server).await?;
                    Ok(Removed { removed: input.server })
                }
            }
        }),
        Operation::define(
            "mcp.connect",
            "Connect an MCP server",
            "Enables a server and starts it, or tries again after it failed.",
        )
        .network()
        .writes()
        .needs_approval()
        .positional("server")
        .future({
            let servers = with();
            move |_cx, input: Which| connect(servers.clone(), input)
        }),
        Operation::define(
            "mcp.disconnect",
            "Disconnect an MCP server",
            "Ends a server and disables it.",
        )
        .writes()
        .positional("server")
        .future({
            let servers = with();
            move |_cx, input: Which| disconnect(servers.clone(), input)
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Name of the server.
    #[schemars(length(min = 1, max = 64))]
    server: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListInput {
    /// Start those that do not run yet, to see whether they work.
    #[serde(default)]
    check: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ToolsInput {
    /// Only of this server.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    server: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CallInput {
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

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AddInput {
    /// What it is called here.
    #[schemars(length(min = 1, max = 64))]
    server: String,
    /// The program to start.
    #[serde(default)]
    command: Option<String>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    args: Vec<String>,
    /// Variables that the program sees. `${NAME}` takes one of the studio's.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// The folder to start it in.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    cwd: Option<Utf8PathBuf>,
    /// Address of a server that runs elsewhere, instead of a program.
    #[serde(default)]
    url: Option<String>,
    /// Sent with each request to `url`. `${NAME}` takes a variable of the studio's.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Let agents call its tools without asking.
    #[serde(default)]
    trusted: bool,
    /// Replace a server of this name.
    #[serde(default)]
    replace: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ImportInput {
    /// The file, such as another client's configuration.
    #[schemars(with = "String", length(min = 1), extend("x-path" = true))]
    path: Utf8PathBuf,
    /// Replace servers of the same name; otherwise they are skipped.
    #[serde(default)]
    replace: bool,
}

#[derive(Serialize, JsonSchema)]
struct ServerList {
    /// The file that names them.
    file: String,
    servers: Vec<ServerState>,
}

/// A server as people see it, without secrets.
#[derive(Serialize, JsonSchema)]
struct ServerState {
    server: String,
    state: Standing,
    /// Program and arguments, or address.
    reached_by: String,
    /// Names of the variables that it is given.
    env: Vec<String>,
    /// Names of the headers that it is sent.
    headers: Vec<String>,
    trusted: bool,
    /// What the server calls itself, once it is connected.
    title: Option<String>,
    version: Option<String>,
    /// Revision of the protocol that both speak.
    protocol: Option<String>,
    /// How many tools it offers; told with `check`.
    tools: Option<usize>,
    error: Option<Error>,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Disabled,
    /// Enabled, but not needed yet.
    Idle,
    Connecting,
    Connected,
    /// It ended by itself and is started again.
    Restarting,
    Failed,
    /// Its entry is wrong.
    Invalid,
}

#[derive(Serialize, JsonSchema)]
struct ToolList {
    tools: Vec<ShownTool>,
    /// Servers whose tools are not listed, and why.
    problems: Vec<ServerProblem>,
}

#[derive(Serialize, JsonSchema)]
struct ShownTool {
    server: String,
    name: String,
    title: Option<String>,
    description: Option<String>,
    input_schema: Value,
    output_schema: Option<Value>,
    /// As the server claims: it changes nothing.
    read_only: Option<bool>,
    /// As the server claims: it may take something away.
    destructive: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
struct ServerProblem {
    server: String,
    error: Error,
}

#[derive(Serialize, JsonSchema)]
struct Imported {
    added: Vec<String>,
    /// There already, or not an entry that can be used.
    skipped: Vec<ServerProblem>,
}

#[derive(Serialize, JsonSchema)]
struct Removed {
    removed: String,
}

#[derive(Serialize, JsonSchema)]
struct Log {
    /// Oldest first.
    lines: Vec<String>,
}

async fn list(servers: Arc<Servers>, input: ListInput) -> Result<ServerList, Error> {
    let entries = servers.entries()?;
    let shown = entries.into_iter().map(|(name, entry)| {
        let servers = servers.clone();
        async move {
            match entry {
                Ok(config) if input.check && !config.disabled => {
                    checked(&servers, name, &config).await
                }
                Ok(config) => shown(&servers, name, &config),
                Err(error) => ServerState {
                    state: Standing::Invalid,
                    error: Some(error),
                    ..ServerState::new(name, &ServerConfig::default())
                },
            }
        }
    });
    Ok(ServerList {
        file: servers.path().to_string(),
        servers: join_all(shown).await,
    })
}

impl ServerState {
    fn new(server: String, config: &ServerConfig) -> ServerState {
        ServerState {
            server,
            state: Standing::Idle,
            reached_by: secrets::shown(config),
            env: config.env.keys().cloned().collect(),
            headers: config.headers.keys().cloned().collect(),
            trusted: config.trusted,
            title: None,
            version: None,
            protocol: None,
            tools: None,
            error: None,
        }
    }
}

fn shown(servers: &Servers, name: String, config: &ServerConfig) -> ServerState {
    let started = servers.started(&name);
    let mut shown = ServerState::new(name, config);
    if config.disabled {
        shown.state = Standing::Disabled;
        return shown;
    }
    let Some(server) = started else {
        if let Err(error) = config.endpoint(|name| std::env::var(name).ok()) {
            shown.state = Standing::Invalid;
            shown.error = Some(error);
        }
        return shown;
    };
    match server.state() {
        State::Idle => {}
        State::Connecting => shown.state = Standing::Connecting,
        State::Ready(client) => {
            shown.state = Standing::Connected;
            if let Some(info) = client.peer.peer_info() {
                shown.protocol = Some(info.protocol_version.to_string());
                if let Some(own) = &info.server_info {
                    shown.title = Some(short(own.title.as_ref().unwrap_or(&own.name)));
                    shown.version = Some(short(&own.version));
                }
            }
        }
        State::Restarting(error) => {
            shown.state = Standing::Restarting;
            shown.error = Some(server.explain(&error));
        }
        State::Failed(error) => {
            shown.state = Standing::Failed;
            shown.error = Some(server.explain(&error));
        }
    }
    shown
}

async fn checked(servers: &Servers, name: String, config: &ServerConfig) -> ServerState {
    let tools = match servers.client(&name).await {
        Ok((_, client)) => tools_of(&client).await,
        Err(error) => Err(error),
    };
    let mut shown = shown(servers, name, config);
    match tools {
        Ok(tools) => shown.tools = Some(tools.len()),
        Err(error) => shown.error = Some(error),
    }
    shown
}

async fn tools(servers: Arc<Servers>, input: ToolsInput) -> Result<ToolList, Error> {
    if let Some(server) = input.server {
        let (_, client) = servers.client(&server).await?;
        let offered = tools_of(&client).await?.into_iter();
        return Ok(ToolList {
            tools: offered
                .map(|tool| shown_tool(server.clone(), tool))
                .collect(),
            problems: Vec::new(),
        });
    }
    let enabled =
        |entry: &Result<ServerConfig, Error>| entry.as_ref().is_ok_and(|config| !config.disabled);
    let entries = servers.entries()?.into_iter();
    let names = entries
        .filter(|(_, entry)| enabled(entry))
        .map(|(name, _)| name);
    let asked = names.map(|name| {
        let servers = servers.clone();
        async move {
            let tools = match servers.client(&name).await {
                Ok((_, client)) => tools_of(&client).await,
                Err(error) => Err(error),
            };
            (name, tools)
        }
    });
    let (mut tools, mut problems) = (Vec::new(), Vec::new());
    for (server, answer) in join_all(asked).await {
        match answer {
            Ok(offered) => {
                tools.extend(
                    offered
                        .into_iter()
                        .map(|tool| shown_tool(server.clone(), tool)),
                );
            }
            Err(error) => problems.push(ServerProblem { server, error }),
        }
    }
    Ok(ToolList { tools, problems })
}

/// All tools of a server; a list without end is cut.
async fn tools_of(client: &Client) -> Result<Vec<Tool>, Error> {
    let mut tools = Vec::new();
    let mut page = PaginatedRequestParams::default();
    for _ in 0..MOST_PAGES {
        let listed = client.peer.list_tools(Some(page.clone()));
        let listed = tokio::time::timeout(LISTING, listed).await.map_err(|_| {
            let message = format!("its tools were not listed within {} s", LISTING.as_secs());
            Error::new(ErrorCode::Network, message)
        })?;
        let listed = listed.map_err(|error| {
            let said = short(&error.to_string());
            Error::new(
                ErrorCode::Network,
                format!("its tools cannot be listed: {said}"),
            )
        })?;
        tools.extend(listed.tools);
        tools.truncate(MOST_TOOLS);
        match listed.next_cursor {
            Some(cursor) if tools.len() < MOST_TOOLS => page.cursor = Some(cursor),
            _ => break,
        }
    }
    Ok(tools)
}

fn shown_tool(server: String, tool: Tool) -> ShownTool {
    let schema = |schema: &JsonObject| {
        let value = Value::Object(schema.clone());
        let fits = value.to_string().len() <= LONGEST_SCHEMA;
        if fits {
            value
        } else {
            json!({ "type": "object" })
        }
    };
    let claims = tool.annotations.as_ref();
    ShownTool {
        server,
        name: tool.name.to_string(),
        title: tool.title.as_deref().map(short),
        description: tool
            .description
            .map(|text| text.chars().take(LONGEST_DESCRIPTION).collect()),
        input_schema: schema(&tool.input_schema),
        output_schema: tool.output_schema.as_deref().map(schema),
        read_only: claims.and_then(|claims| claims.read_only_hint),
        destructive: claims.and_then(|claims| claims.destructive_hint),
    }
}

async fn call(servers: Arc<Servers>, cx: JobContext, input: CallInput) -> Result<Answer, Error> {
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

fn add(servers: &Servers, input: AddInput) -> Result<ServerState, Error> {
    check_name(&input.server)?;
    let config = ServerConfig {
        kind: None,
        command: input.command,
        args: input.args,
        env: input.env,
        cwd: input.cwd,
        url: input.url,
        headers: input.headers,
        disabled: false,
        trusted: input.trusted,
    };
    config.endpoint(|name| std::env::var(name).ok())?;
    servers.put(&[(input.server.clone(), config.clone())], input.replace)?;
    Ok(shown(servers, input.server, &config))
}

fn import(servers: &Servers, input: &ImportInput) -> Result<Imported, Error> {
    let known = servers.entries()?;
    let (mut new, mut skipped) = (Vec::new(), Vec::new());
    for (server, entry) in config::load_foreign(&input.path)? {
        let usable = entry.and_then(|config| {
            check_name(&server)?;
            if known.contains_key(&server) && !input.replace {
                let message = format!("there is a server `{server}` already");
                return Err(Error::new(ErrorCode::Conflict, message));
            }
            Ok(config)
        });
        match usable {
            // Trust does not travel: another file must not open this studio's tools to agents.
            Ok(config) => new.push((
                server,
                ServerConfig {
                    trusted: false,
                    ..config
                },
            )),
            Err(error) => skipped.push(ServerProblem { server, error }),
        }
    }
    servers.put(&new, true)?;
    let added = new.into_iter().map(|(name, _)| name).collect();
    Ok(Imported { added, skipped })
}

async fn connect(servers: Arc<Servers>, input: Which) -> Result<ServerState, Error> {
    let config = ServerConfig {
        disabled: false,
        ..servers.config(&input.server)?
    };
    servers.put(&[(input.server.clone(), config.clone())], true)?;
    let (_, client) = servers.client(&input.server).await?;
    let tools = tools_of(&client).await?.len();
    Ok(ServerState {
        tools: Some(tools),
        ..shown(&servers, input.server, &config)
    })
}

async fn disconnect(servers: Arc<Servers>, input: Which) -> Result<ServerState, Error> {
    let config = ServerConfig {
        disabled: true,
        ..servers.config(&input.server)?
    };
    servers.stop(&input.server).await;
    servers.put(&[(input.server.clone(), config.clone())], true)?;
    Ok(shown(&servers, input.server, &config))
}
