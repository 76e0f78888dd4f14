//! `gateway.models` and `provider.*`: who can be asked, and with which keys. Servers that the owner adds: `servers`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::MicroUsd;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_llm::catalog::{Capability, Catalog, Model, Protocol, Provider};
use studio_llm::chat::ChatError;
use studio_llm::health::Circuit;
use studio_llm::pricing::Price;
use studio_llm::route::Readiness;
use studio_llm::tokens::Encoding;
use studio_providers::llm::{Endpoint, RemoteModel, Secret, Timeouts};
use studio_providers::vault::Kept;

use crate::Nothing;
use crate::answer::blocking;
use crate::gateway::Gateway;
use crate::lists::Found;

/// An Ollama that runs answers at once.
const DISCOVERY: Duration = Duration::from_secs(2);
/// Context of a discovered model that does not tell its own.
const USUAL_CONTEXT: u64 = 4_096;
/// Whoever lists its models answers within that.
pub(crate) const TESTING: Timeouts = Timeouts {
    first_token: Duration::from_secs(20),
    idle: Duration::from_secs(20),
};

pub(crate) fn operations(gateway: &Arc<Gateway>) -> Vec<Operation> {
    let with = || gateway.clone();
    vec![
        Operation::define(
            "gateway.models",
            "List models",
            "Lists the models that are known, with price, abilities and whether each can answer now.",
        )
        .network()
        .future({
            let gateway = with();
            move |_cx, input: ModelsInput| models(gateway.clone(), input)
        }),
        Operation::define(
            "provider.list",
            "List providers",
            "Lists the providers of models and where the key of each is kept.",
        )
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, _input: Nothing| Ok(Providers { providers: providers(&gateway) })
        }),
        Operation::define(
            "provider.set_key",
            "Keep a provider's key",
            "Keeps a provider's key in the system's keychain, or in an encrypted file where there is none.",
        )
        .writes()
        .needs_approval()
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: NewKey| set_key(&gateway, &input)
        }),
        Operation::define(
            "provider.remove_key",
            "Forget a provider's key",
            "Forgets the key that was kept for a provider.",
        )
        .destroys()
        .positional("provider")
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: Which| {
                let provider = known(&gateway.lists.catalog(), &input.provider)?;
                gateway.vault.remove(&provider.id)?;
                gateway.forget_keys();
                Ok(state(&gateway, &provider))
            }
        }),
        Operation::define(
            "provider.test",
            "Test a provider",
            "Asks a provider for its list of models: tells whether it can be reached and takes the key. Costs nothing.",
        )
        .network()
        .positional("provider")
        .future({
            let gateway = with();
            move |_cx, input: Which| test(gateway.clone(), input)
        }),
        Operation::define(
            "provider.pull",
            "Download a model into Ollama",
            "Has Ollama download a model, with progress.",
        )
        .job(Resource::Network)
        .writes()
        .positional("model")
        .future({
            let gateway = with();
            move |cx, input: Pull| pull(gateway.clone(), cx, input)
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModelsInput {
    /// Ask programs on this machine, such as Ollama, which models they have.
    #[serde(default = "yes")]
    discover: bool,
}

fn yes() -> bool {
    true
}

#[derive(Serialize, JsonSchema)]
struct Models {
    models: Vec<ModelState>,
    /// What is wrong with the owner's lists, if anything is.
    problem: Option<String>,
}

/// A model as things stand.
#[derive(Serialize, JsonSchema)]
struct ModelState {
    #[serde(flatten)]
    model: Model,
    provider: String,
    on_this_machine: bool,
    /// Absent where nobody knows it; all zero for what runs here.
    price: Option<Price>,
    is_free: bool,
    readiness: Readiness,
    circuit: Circuit,
    first_token_ms: Option<f64>,
    first_token_p95_ms: Option<f64>,
    tokens_per_sec: Option<f64>,
    /// What an answer of 500 words to a question of 500 words costs at most.
    usual_cost: Option<MicroUsd>,
}

async fn models(gateway: Arc<Gateway>, input: ModelsInput) -> Result<Models, Error> {
    if input.discover {
        gateway.discover().await;
    }
    blocking(move || {
        let catalog = gateway.lists.catalog();
        let models = catalog.models().filter_map(|model| {
            let provider = catalog.provider(model.provider())?;
            let rates = catalog.rates(model);
            Some(gateway.with_health(&model.id, |health| {
                ModelState {
                    model: model.clone(),
                    provider: provider.name.clone(),
                    on_this_machine: provider.on_this_machine,
                    price: catalog.price(&model.id).cloned(),
                    is_free: rates == Some(studio_llm::pricing::Rates::FREE)
                        && catalog
                            .price(&model.id)
                            .is_none_or(|price| price.second.is_none()),
                    readiness: gateway.readiness(provider, model),
                    circuit: health.circuit(gateway.now()),
                    first_token_ms: health.first_token.mean_ms(),
                    first_token_p95_ms: health.first_token.p95_ms(),
                    tokens_per_sec: health.tokens_per_sec(),
                    usual_cost: rates.map(|rates| rates.most(700, 700)),
                }
            }))
        });
        let (models, problem) = (models.collect(), gateway.lists.problem());
        Ok(Models { models, problem })
    })
    .await
}

impl Gateway {
    /// Asks the Ollamas that are listed which models they have. One that does not run has none.
    pub async fn discover(&self) {
        let catalog = self.lists.catalog();
        let mut found = Vec::new();
        for provider in catalog.providers() {
            if provider.protocol != Protocol::Ollama {
                continue;
            }
            let Ok(endpoint) = self.endpoint(provider) else {
                continue;
            };
            let endpoint = Endpoint {
                timeouts: Timeouts {
                    first_token: DISCOVERY,
                    idle: DISCOVERY,
                },
                ..endpoint
            };
            match self.client.models(&endpoint).await {
                Ok(models) => found.extend(models.iter().map(|model| discovered(provider, model))),
                Err(error) => {
                    tracing::debug!(provider = provider.id, %error, "no models were discovered")
                }
            }
        }
        self.lists.found(Found::AtOllama, found);
    }
}

/// What an Ollama says of a model, as an entry of the registry.
fn discovered(provider: &Provider, model: &RemoteModel) -> Model {
    let says = |word: &str| {
        model
            .capabilities
            .iter()
            .any(|capability| capability == word)
    };
    let mut capabilities = BTreeSet::from([Capability::Json, Capability::Schema]);
    if says("tools") {
        capabilities.insert(Capability::Tools);
    }
    if says("vision") {
        capabilities.insert(Capability::Vision);
    }
    if says("thinking") {
        capabilities.insert(Capability::Reasoning);
    }
    if says("embedding") && !says("completion") {
        capabilities = BTreeSet::from([Capability::Embedding]);
    }
    let context_tokens = model.context_tokens.unwrap_or(USUAL_CONTEXT).max(256);
    Model {
        id: format!("{}/{}", provider.id, model.id),
        name: model.name.clone(),
        family: model.family.clone(),
        model: model.id.clone(),
        context_tokens,
        output_tokens: context_tokens,
        capabilities,
        encoding: Encoding::Estimated,
        quality: Default::default(),
        licence: None,
        licence_url: None,
        weights: None,
    }
}

#[derive(Serialize, JsonSchema)]
struct Providers {
    providers: Vec<ProviderState>,
}

/// A provider and its key's place, never the key.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProviderState {
    #[serde(flatten)]
    provider: Provider,
    key: KeyPlace,
    models: u64,
    /// It was added by its address, and can be removed.
    added: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum KeyPlace {
    /// It wants none.
    Unneeded,
    Missing,
    Keychain,
    EncryptedFile,
    /// In this environment variable.
    Environment(String),
}

fn providers(gateway: &Gateway) -> Vec<ProviderState> {
    let catalog = gateway.lists.catalog();
    catalog
        .providers()
        .map(|provider| state(gateway, provider))
        .collect()
}

pub(crate) fn state(gateway: &Gateway, provider: &Provider) -> ProviderState {
    let stored = gateway.vault.get(&provider.id).unwrap_or_else(|error| {
        tracing::warn!(provider = provider.id, %error, "a stored key cannot be read");
        None
    });
    let key = match (stored, &provider.key_env) {
        (Some((_, Kept::Keychain)), _) => KeyPlace::Keychain,
        (Some((_, Kept::EncryptedFile)), _) => KeyPlace::EncryptedFile,
        (None, Some(name)) if std::env::var_os(name).is_some() => {
            KeyPlace::Environment(name.clone())
        }
        (None, _) if provider.needs_key => KeyPlace::Missing,
        (None, _) => KeyPlace::Unneeded,
    };
    let catalog = gateway.lists.catalog();
    let models = catalog
        .models()
        .filter(|model| model.provider() == provider.id)
        .count() as u64;
    ProviderState {
        provider: provider.clone(),
        key,
        models,
        added: gateway.servers.has(&provider.id),
    }
}

pub(crate) fn known(catalog: &Catalog, id: &str) -> Result<Provider, Error> {
    catalog.provider(id).cloned().ok_or_else(|| {
        let all: Vec<&str> = catalog
            .providers()
            .map(|provider| provider.id.as_str())
            .collect();
        Error::not_found(format!("there is no provider `{id}`"))
            .field("/provider")
            .hint(format!(
                "known: {}; `provider.add` adds others",
                all.join(", ")
            ))
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// The provider's id.
    provider: String,
    /// The key. It is shown nowhere again.
    #[schemars(length(min = 1, max = 4096), extend("format" = "password"))]
    key: String,
}

fn set_key(gateway: &Gateway, input: &NewKey) -> Result<ProviderState, Error> {
    let provider = known(&gateway.lists.catalog(), &input.provider)?;
    gateway.vault.set(&provider.id, &secret(&input.key)?)?;
    gateway.forget_keys();
    Ok(state(gateway, &provider))
}

/// A key as it was entered.
pub(crate) fn secret(entered: &str) -> Result<Secret, Error> {
    let key = entered.trim();
    if key.is_empty() || !key.chars().all(|c| c.is_ascii_graphic()) {
        let message = "a key has letters, digits and signs only, no spaces";
        return Err(Error::bad_input(message)
            .field("/key")
            .hint("copy it again, whole"));
    }
    Ok(Secret::new(key))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// The provider's id.
    pub(crate) provider: String,
}

#[derive(Serialize, JsonSchema)]
struct Tested {
    provider: String,
    /// Models that it offers to this key.
    models: u64,
    took_ms: u64,
}

async fn test(gateway: Arc<Gateway>, input: Which) -> Result<Tested, Error> {
    let catalog = gateway.lists.catalog();
    let provider = known(&catalog, &input.provider)?;
    if provider.needs_key && gateway.key(&provider).is_none() {
        let missing = ChatError::Auth {
            provider: provider.name.clone(),
            detail: "no key was entered".to_owned(),
        };
        return Err(missing.into());
    }
    let begun = std::time::Instant::now();
    if provider.protocol == Protocol::Hub {
        gateway.test_hub().await?;
        return Ok(Tested {
            provider: provider.id,
            models: 0,
            took_ms: begun.elapsed().as_millis() as u64,
        });
    }
    let endpoint = Endpoint {
        timeouts: TESTING,
        ..gateway.endpoint(&provider)?
    };
    let models = gateway.client.models(&endpoint).await?;
    Ok(Tested {
        provider: provider.id,
        models: models.len() as u64,
        took_ms: begun.elapsed().as_millis() as u64,
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pull {
    /// Ollama's name for it, such as `gemma3:4b`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,200}$"))]
    model: String,
    #[serde(default = "ollama")]
    provider: String,
}

fn ollama() -> String {
    "ollama".to_owned()
}

#[derive(Serialize, JsonSchema)]
struct Pulled {
    model: String,
}

async fn pull(gateway: Arc<Gateway>, cx: JobContext, input: Pull) -> Result<Pulled, Error> {
    use futures_util::StreamExt;
    let provider = known(&gateway.lists.catalog(), &input.provider)?;
    if provider.protocol != Protocol::Ollama {
        return Err(Error::bad_input(format!("{} is no Ollama", provider.name)).field("/provider"));
    }
    let mut steps = gateway
        .client
        .pull(&gateway.endpoint(&provider)?, &input.model);
    let mut last = String::new();
    loop {
        let step = tokio::select! {
            step = steps.next() => step,
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                cx.check()?;
                continue;
            }
        };
        cx.check()?;
        let Some(step) = step else { break };
        let step = step?;
        let fraction = if step.total > 0 {
            step.bytes as f64 / step.total as f64
        } else {
            0.0
        };
        cx.progress(&step.status, fraction);
        last = step.status;
    }
    if last != "success" {
        let message = format!("{} stopped in the middle: {last}", provider.name);
        return Err(Error::new(studio_core::ErrorCode::Network, message)
            .hint("try again: what came is kept"));
    }
    gateway.discover().await;
    Ok(Pulled { model: input.model })
}
