//! What is registered for other programs' tools: `mcp.servers`, `mcp.tools`, `mcp.log` are here.

mod call;
mod changing;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rmcp::model::{JsonObject, PaginatedRequestParams, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use studio_core::{Error, ErrorCode, JobContext, Operation, Resource};

use self::call::{CallInput, call};
use self::changing::changing;
use crate::config::ServerConfig;
use crate::connection::short;
use crate::secrets;
use crate::server::{Client, State};
use crate::servers::Servers;

/// For one page of a server's list of tools.
const LISTING: Duration = Duration::from_secs(30);
const MOST_PAGES: usize = 50;
const MOST_TOOLS: usize = 500;
/// A schema that is longer, in bytes of JSON, is not shown.
const LONGEST_SCHEMA: usize = 64 << 10;
const LONGEST_DESCRIPTION: usize = 4_000;
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
