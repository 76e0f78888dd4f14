//! `mcp.add`, `mcp.import`, `mcp.remove`, `mcp.connect` and `mcp.disconnect`.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, ErrorCode, JobContext, Operation};

use super::{ServerProblem, ServerState, Which, shown, tools_of};
use crate::config::{self, ServerConfig, check_name};
use crate::servers::Servers;

/// Starting programs of others is for people to decide: these ask, or take something away.
pub(super) fn changing(servers: &Arc<Servers>) -> Vec<Operation> {
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
struct Imported {
    added: Vec<String>,
    /// There already, or not an entry that can be used.
    skipped: Vec<ServerProblem>,
}

#[derive(Serialize, JsonSchema)]
struct Removed {
    removed: String,
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
