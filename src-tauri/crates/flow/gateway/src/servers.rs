//! `provider.add` and `provider.remove`: servers that the owner adds by their address.
//!
//! They are kept in `servers.json` in the home folder, which is read as a registry under `models.yaml`. A server's
//! models are those that it listed when it was added; adding it again reads them anew. Whoever wants more say
//! (qualities, families, prices) writes `models.yaml` by hand, which is laid over it.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, ErrorCode, JobContext, Operation};
use studio_llm::catalog::{Capability, Model, Protocol, Provider};
use studio_llm::chat::ChatError;
use studio_llm::tokens::Encoding;
use studio_providers::llm::{Endpoint, RemoteModel};
use studio_store::JsonFile;
use url::{Host, Url};

use crate::gateway::Gateway;
use crate::lists::SERVERS;
use crate::models::{ProviderState, TESTING, Which, known, secret, state};

pub(crate) fn operations(gateway: &Arc<Gateway>) -> Vec<Operation> {
    vec![
        Operation::define(
            "provider.add",
            "Add a server of models",
            "Adds a server by its address, such as vLLM, llama.cpp, LM Studio or a company's gateway, with the models \
             that it lists. One that was added before is replaced.",
        )
        .network()
        .writes()
        .needs_approval()
        .future({
            let gateway = gateway.clone();
            move |_cx, input: NewServer| add(gateway.clone(), input)
        }),
        Operation::define(
            "provider.remove",
            "Remove a server of models",
            "Forgets a server that was added, with its models and its key.",
        )
        .destroys()
        .positional("provider")
        .blocking({
            let gateway = gateway.clone();
            move |_cx: &JobContext, input: Which| remove(&gateway, &input)
        }),
    ]
}

/// The file of added servers.
pub(crate) struct Servers(JsonFile);

#[derive(Default, Serialize, Deserialize)]
struct Added {
    #[serde(default)]
    providers: Vec<Provider>,
    #[serde(default)]
    models: Vec<Model>,
}

impl Added {
    fn forget(&mut self, id: &str) {
        self.providers.retain(|provider| provider.id != id);
        self.models.retain(|model| model.provider() != id);
    }
}

impl Servers {
    pub(crate) fn of(home: &Utf8Path) -> Servers {
        Servers(JsonFile::new(home.join(SERVERS)))
    }

    /// Whether that provider was added. A file that cannot be read has none.
    pub(crate) fn has(&self, id: &str) -> bool {
        let added: Added = self.0.read().unwrap_or_default();
        added.providers.iter().any(|provider| provider.id == id)
    }

    fn change(&self, change: impl FnOnce(&mut Added)) -> Result<(), Error> {
        self.0.change(|added| {
            change(added);
            Ok(())
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewServer {
    /// What people call it. Its id is made from the name's letters a to z and digits.
    #[schemars(length(min = 1, max = 64))]
    name: String,
    /// Where it answers, such as `http://192.168.1.20:8000/v1`. Where OpenAI's protocol lacks its `/v1`, it is tried.
    #[schemars(length(min = 1, max = 2048), regex(pattern = r"^https?://"))]
    base_url: String,
    #[serde(default = "openai")]
    protocol: Protocol,
    /// Its key, if it wants one. It is shown nowhere again.
    #[serde(default)]
    #[schemars(length(min = 1, max = 4096), extend("format" = "password"))]
    key: Option<String>,
    /// Its answers cost nothing. Without it, the price is unknown unless `pricing.yaml` has it; a server on this
    /// machine is free anyway.
    #[serde(default)]
    is_free: bool,
    /// Context of the models whose context the server does not tell.
    #[serde(default = "usual_context")]
    #[schemars(range(min = 256, max = 100_000_000))]
    context_tokens: u64,
    /// Models as the server calls them. Without them, it is asked which it has.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    models: Vec<String>,
}

fn openai() -> Protocol {
    Protocol::Openai
}

fn usual_context() -> u64 {
    8_192
}

async fn add(gateway: Arc<Gateway>, input: NewServer) -> Result<ProviderState, Error> {
    let name = input.name.trim();
    let id = id_of(name)?;
    if matches!(input.protocol, Protocol::Local | Protocol::Hub) {
        return Err(Error::bad_input("a server of that protocol answers nobody")
            .field("/protocol")
            .hint("use openai, openai-responses, anthropic, gemini or ollama"));
    }
    let address = address(&input.base_url)?;
    let is_listed = gateway.lists.catalog().provider(&id).is_some();
    if is_listed && !gateway.servers.has(&id) {
        let message = format!("there is a provider `{id}` already");
        return Err(Error::new(ErrorCode::Conflict, message)
            .field("/name")
            .hint("give the server another name"));
    }
    let key = input.key.as_deref().map(secret).transpose()?;
    let mut provider = Provider {
        id,
        name: name.to_owned(),
        protocol: input.protocol,
        base_url: Some(address.as_str().trim_end_matches('/').to_owned()),
        key_env: None,
        needs_key: key.is_some(),
        on_this_machine: is_loopback(&address),
        is_free: input.is_free,
    };
    let mut endpoint = Endpoint {
        timeouts: TESTING,
        ..gateway.endpoint(&provider)?
    };
    if key.is_some() {
        endpoint.key.clone_from(&key);
    }
    let models = if input.models.is_empty() {
        let (base_url, models) = ask(&gateway, endpoint).await?;
        provider.base_url = Some(base_url);
        models
    } else {
        input.models.iter().map(|model| named(model)).collect()
    };
    // An Ollama tells at any time which models it has.
    let models: Vec<Model> = match provider.protocol {
        Protocol::Ollama => Vec::new(),
        _ => models
            .iter()
            .map(|model| entry(&provider, model, input.context_tokens))
            .collect(),
    };
    let keeper = gateway.clone();
    let kept = crate::answer::blocking(move || {
        if let Some(key) = key {
            keeper.vault.set(&provider.id, &key)?;
        }
        keeper.forget_keys();
        keeper.servers.change(|added| {
            added.forget(&provider.id);
            added.providers.push(provider.clone());
            added.models.extend(models);
        })?;
        keeper.lists.reread();
        Ok(provider)
    });
    let provider = kept.await?;
    if provider.protocol == Protocol::Ollama {
        gateway.discover().await;
    }
    crate::answer::blocking(move || Ok(state(&gateway, &provider))).await
}

#[derive(Serialize, JsonSchema)]
struct RemovedServer {
    provider: String,
}

fn remove(gateway: &Gateway, input: &Which) -> Result<RemovedServer, Error> {
    let provider = known(&gateway.lists.catalog(), &input.provider)?;
    if !gateway.servers.has(&provider.id) {
        let message = format!("{} was not added: it belongs to the lists", provider.name);
        return Err(Error::bad_input(message)
            .field("/provider")
            .hint("one of models.yaml is removed there; a model that is not wanted is not asked without a key"));
    }
    gateway.servers.change(|added| added.forget(&provider.id))?;
    gateway.vault.remove(&provider.id)?;
    gateway.forget_keys();
    gateway.lists.reread();
    Ok(RemovedServer {
        provider: provider.id,
    })
}

/// The server's models, and the address under which it told them.
async fn ask(gateway: &Gateway, endpoint: Endpoint) -> Result<(String, Vec<RemoteModel>), Error> {
    let first = gateway.client.models(&endpoint).await;
    let (base_url, told) = match first {
        // Somebody answers, but not there.
        Err(
            ChatError::BadRequest { .. }
            | ChatError::UnknownModel { .. }
            | ChatError::Protocol { .. },
        ) => {
            let deeper = Endpoint {
                base_url: format!("{}/v1", endpoint.base_url),
                ..endpoint.clone()
            };
            let told = gateway.client.models(&deeper).await;
            (deeper.base_url, told)
        }
        told => (endpoint.base_url.clone(), told),
    };
    let models = told.map_err(|error| match error {
        ChatError::Auth { .. } => Error::from(error).field("/key"),
        ChatError::BadRequest { .. }
        | ChatError::UnknownModel { .. }
        | ChatError::Protocol { .. } => Error::bad_input(format!(
            "nobody lists models at {}",
            endpoint.base_url
        ))
        .field("/base_url")
        .hint("look for the address that clients of OpenAI are given there: it often ends in /v1"),
        _ => Error::from(error).field("/base_url"),
    })?;
    if models.is_empty() {
        return Err(Error::bad_input("the server lists no models")
            .field("/models")
            .hint("load one there, or name them here"));
    }
    Ok((base_url, models))
}

/// `Office server` is `office-server`.
fn id_of(name: &str) -> Result<String, Error> {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    let parts: Vec<String> = parts
        .filter(|part| !part.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let id: String = parts.join("-").chars().take(64).collect();
    if id.is_empty() {
        return Err(
            Error::bad_input("a name has at least one letter a to z or a digit").field("/name"),
        );
    }
    Ok(id)
}

fn address(text: &str) -> Result<Url, Error> {
    let wrong =
        |problem: String, hint: &str| Error::bad_input(problem).field("/base_url").hint(hint);
    let url = Url::parse(text.trim()).map_err(|error| {
        wrong(
            format!("`{text}` is no address: {error}"),
            "write it as http://192.168.1.20:8000/v1",
        )
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong(
            format!("`{text}` is no web address"),
            "begin it with http:// or https://",
        ));
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        // Not told back: it may hold a key.
        return Err(wrong(
            "the address holds more than a place".to_owned(),
            "leave out what follows a `?`, and enter a key as `key`",
        ));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

fn named(model: &str) -> RemoteModel {
    RemoteModel {
        id: model.to_owned(),
        name: model.to_owned(),
        ..RemoteModel::default()
    }
}

/// What a server says of a model, as an entry of the registry. Servers of today hold answers to a schema and take
/// tools; one that does not says so when it is asked.
fn entry(provider: &Provider, model: &RemoteModel, usual_context: u64) -> Model {
    let is_embedding = model.id.to_ascii_lowercase().contains("embed");
    let capabilities = if is_embedding {
        BTreeSet::from([Capability::Embedding])
    } else {
        BTreeSet::from([Capability::Tools, Capability::Json, Capability::Schema])
    };
    let context_tokens = model.context_tokens.unwrap_or(usual_context).max(256);
    Model {
        id: format!("{}/{}", provider.id, model.id),
        name: model.name.clone(),
        family: model.family.clone(),
        model: model.id.clone(),
        context_tokens,
        output_tokens: model.output_tokens.unwrap_or(context_tokens).max(1),
        capabilities,
        encoding: Encoding::Estimated,
        quality: Default::default(),
        licence: None,
        licence_url: None,
        weights: None,
    }
}
