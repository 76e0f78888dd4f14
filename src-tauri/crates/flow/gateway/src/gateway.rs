//! The gateway's state: lists, providers' keys, how models have been doing, what is being answered.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use studio_core::settings::{ModelPolicy, Models};
use studio_core::{Error, Events, SettingsFile};
use studio_llm::calibration::Calibration;
use studio_llm::catalog::{Capability, Catalog, Model, Protocol, Provider, Task};
use studio_llm::chat::{ChatError, ChatRequest, Message, Part, ResponseFormat};
use studio_llm::health::{Health, Moment};
use studio_llm::route::{
    Candidate, Decision, PartWeights, Policy, Privacy, Question, Readiness, decide,
};
use studio_llm::tokens::TokenCount;
use studio_providers::llm::{ChatStream, Client, Endpoint, Secret, Target, Timeouts};
use studio_providers::vault::Vault;
use studio_store::{ApiKey, Home};

use crate::answer::blocking;
use crate::books::Books;
use crate::counts::{Counted, Counter};
use crate::lists::{Found, Lists};
use crate::local::Local;
use crate::machine::Watch;
use crate::servers::Servers;
use crate::weights::Weights;

/// Tokens of an answer that are expected where the request does not say.
const EXPECTED_OUTPUT: u64 = 800;
/// An answer of a paid model is no longer than this where the request does not say, so that a
/// careful budget can be held. It ends with `length` then, which is shown.
const PAID_OUTPUT: u64 = 8_192;
/// Decisions of the log that speeds are learnt from at the start.
const REMEMBERED: u32 = 200;
/// How long a provider's key is remembered before the keychain is asked again.
const KEY_MEMORY: Duration = Duration::from_secs(30);

/// Everything that answers with models. One for the whole studio.
pub struct Gateway {
    pub(crate) home: Arc<Home>,
    pub(crate) settings: Arc<SettingsFile>,
    pub(crate) events: Events,
    pub(crate) lists: Lists,
    pub(crate) servers: Servers,
    pub(crate) vault: Arc<Vault>,
    pub(crate) client: Client,
    pub(crate) weights: Weights,
    pub(crate) local: Local,
    pub(crate) books: Books,
    pub(crate) counter: Counter,
    watch: Arc<Watch>,
    health: Mutex<HashMap<String, Health>>,
    calibration: Mutex<HashMap<String, Calibration>>,
    keys: Arc<Mutex<Keys>>,
    began: Instant,
}

/// Providers' keys, or that there is none, and when the keychain told so.
type Keys = HashMap<String, (Instant, Option<Secret>)>;

/// How a request wants to be routed.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// A model chosen by hand: a registry id or the provider's name for it.
    pub model: Option<String>,
    /// The settings' policy without one.
    pub policy: Option<Policy>,
    pub privacy: Privacy,
    pub task: Task,
    /// The model that answered before in this conversation.
    pub sticky: Option<String>,
    /// The conversation that it belongs to: models of this machine read only what is new of it.
    pub conversation: Option<String>,
}

impl Gateway {
    /// Must be called within a Tokio runtime.
    pub fn new(
        home: &Arc<Home>,
        settings: &Arc<SettingsFile>,
        events: &Events,
    ) -> Result<Arc<Gateway>, Error> {
        let gateway = Arc::new(Gateway {
            home: home.clone(),
            settings: settings.clone(),
            events: events.clone(),
            lists: Lists::open(home.path(), events)?,
            servers: Servers::of(home.path()),
            vault: Arc::new(Vault::new(
                home.path(),
                std::env::var_os("AV_STUDIO_NO_KEYCHAIN").is_none(),
            )),
            client: Client::new()?,
            weights: Weights::open(home.path(), &settings.current().models)?,
            local: Local::start(&settings.current().models, events)?,
            books: Books::open(home)?,
            counter: Counter::default(),
            watch: Watch::start(events),
            health: Mutex::default(),
            calibration: Mutex::default(),
            keys: Arc::default(),
            began: Instant::now(),
        });
        let learner = gateway.clone();
        tokio::task::spawn_blocking(move || learner.remember());
        gateway.look_for_weights();
        Ok(gateway)
    }

    /// Learns how fast models were from the log: a studio that starts anew knows what it knew. Old
    /// failures are forgotten, because whoever failed then may be well again.
    fn remember(&self) {
        let decisions = match self.home.decisions().list(REMEMBERED) {
            Ok(decisions) => decisions,
            Err(error) => {
                tracing::warn!(%error, "the log of decisions cannot be read");
                return;
            }
        };
        for outcome in decisions.iter().rev().filter_map(|it| it.outcome.as_ref()) {
            let (Some(model), Some(first)) = (&outcome.model, outcome.first_token_ms) else {
                continue;
            };
            // After others failed, the whole time is not this model's.
            let writing = match outcome.attempts.len() {
                1 => outcome.total_ms.saturating_sub(first),
                _ => 0,
            };
            self.with_health(model, |health| {
                let (first, writing) =
                    (Duration::from_millis(first), Duration::from_millis(writing));
                health.succeeded(first, outcome.usage.output_tokens, writing);
            });
        }
    }

    /// All models, providers and prices that are known now.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.lists.catalog()
    }

    /// The API key whose secret this is, if it opens anything now.
    pub async fn api_key(&self, secret: String) -> Result<Option<ApiKey>, Error> {
        let home = self.home.clone();
        blocking(move || {
            let found = home.api_keys().find(&secret)?;
            Ok(found.filter(|key| key.is_valid(jiff::Timestamp::now())))
        })
        .await
    }

    /// Ranks all models for `request`. Nobody is asked and nothing is spent.
    pub fn route(&self, request: &ChatRequest, wishes: &Wishes) -> Result<Routed, Error> {
        let catalog = self.lists.catalog();
        let pinned = match &wishes.model {
            Some(name) => Some(
                catalog
                    .model(name)
                    .ok_or_else(|| unknown_model(name))?
                    .id
                    .clone(),
            ),
            None => None,
        };
        let settings = self.settings.current();
        let policy = wishes.policy.unwrap_or_else(|| policy(&settings.models));
        let judge = pinned.as_deref().and_then(|id| catalog.model(id));
        let encoding = judge.map(|model| model.encoding).unwrap_or_default();
        let tokens = self.counter.count(encoding, request).tokens;
        let question = Question {
            task: wishes.task,
            policy,
            privacy: wishes.privacy,
            needs: needs(request),
            input_tokens: tokens.total,
            output_tokens: request.max_tokens.map_or(EXPECTED_OUTPUT, u64::from),
            pinned,
            sticky: wishes.sticky.clone(),
            allow_unknown_price: settings.budget.allow_unknown_prices,
            most_cost: None,
        };
        let decision = self.decide(&catalog, &question);
        Ok(Routed {
            catalog,
            question,
            decision,
            tokens,
        })
    }

    /// Ranks the catalog's models for a question as things stand now.
    pub(crate) fn decide(&self, catalog: &Catalog, question: &Question) -> Decision {
        let health = self.health.lock();
        let unknown = Health::default();
        let candidates: Vec<Candidate<'_>> = catalog
            .models()
            .filter_map(|model| {
                let provider = catalog.provider(model.provider())?;
                Some(Candidate {
                    model,
                    on_this_machine: provider.on_this_machine,
                    rates: catalog.rates(model),
                    health: health.get(&model.id).unwrap_or(&unknown),
                    readiness: self.readiness(provider, model),
                })
            })
            .collect();
        decide(question, &candidates, &self.watch.now(), self.now())
    }

    pub(crate) fn readiness(&self, provider: &Provider, model: &Model) -> Readiness {
        match provider.protocol {
            Protocol::Ollama if !self.lists.was_found(Found::AtOllama, &model.id) => {
                Readiness::Missing
            }
            Protocol::Local => self.local_readiness(model),
            Protocol::Hub => Readiness::Missing,
            _ if provider.needs_key && self.key(provider).is_none() => Readiness::Missing,
            _ => Readiness::Ready,
        }
    }

    /// The provider's key: as stored, else from its environment variable. The keychain is asked once;
    /// later it is looked at again in the background.
    pub(crate) fn key(&self, provider: &Provider) -> Option<Secret> {
        let known = self.keys.lock().get(&provider.id).cloned();
        let Some((when, key)) = known else {
            let key = read_key(&self.vault, provider);
            let now = (Instant::now(), key.clone());
            self.keys.lock().insert(provider.id.clone(), now);
            return key;
        };
        if when.elapsed() >= KEY_MEMORY {
            // Whoever comes meanwhile takes the key that was known.
            self.keys
                .lock()
                .insert(provider.id.clone(), (Instant::now(), key.clone()));
            let (vault, keys) = (self.vault.clone(), self.keys.clone());
            let provider = provider.clone();
            std::thread::spawn(move || {
                let key = read_key(&vault, &provider);
                if let Some(known) = keys.lock().get_mut(&provider.id) {
                    *known = (Instant::now(), key);
                }
            });
        }
        key
    }

    /// The keychain changed: ask it again.
    pub(crate) fn forget_keys(&self) {
        self.keys.lock().clear();
    }

    /// Where a provider answers. Models of this program have no such place.
    pub(crate) fn endpoint(&self, provider: &Provider) -> Result<Endpoint, ChatError> {
        use studio_providers::llm::Protocol as Wire;
        let nowhere = || ChatError::BadRequest {
            provider: provider.name.clone(),
            detail: "nobody can be asked there".to_owned(),
        };
        let settings = self.settings.current();
        Ok(Endpoint {
            provider: provider.name.clone(),
            protocol: match provider.protocol {
                Protocol::Openai => Wire::OpenAi,
                Protocol::OpenaiResponses => Wire::OpenAiResponses,
                Protocol::Anthropic => Wire::Anthropic,
                Protocol::Gemini => Wire::Gemini,
                Protocol::Ollama => Wire::Ollama,
                Protocol::Local | Protocol::Hub => return Err(nowhere()),
            },
            base_url: provider.base_url.clone().ok_or_else(nowhere)?,
            key: self.key(provider),
            timeouts: Timeouts {
                first_token: Duration::from_secs(settings.models.first_token_secs.into()),
                idle: Duration::from_secs(settings.models.idle_secs.into()),
            },
        })
    }

    /// Asks one model. Dropping the stream stops it.
    pub(crate) fn stream(
        &self,
        provider: &Provider,
        model: &Model,
        request: &ChatRequest,
        conversation: Option<&str>,
    ) -> ChatStream {
        if provider.protocol == Protocol::Local {
            return self.ask_local(model, request, conversation);
        }
        let target = Target {
            model: &model.model,
            context_tokens: Some(model.context_tokens),
        };
        match self.endpoint(provider) {
            Ok(endpoint) => self.client.chat(&endpoint, target, request),
            Err(error) => Box::pin(futures_util::stream::once(async { Err(error) })),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.began.elapsed()
    }

    pub(crate) fn with_health<T>(&self, model: &str, look: impl FnOnce(&mut Health) -> T) -> T {
        look(self.health.lock().entry(model.to_owned()).or_default())
    }

    /// Tokens as `model` will probably count them.
    pub(crate) fn expected_input_tokens(&self, model: &Model, counted: &Counted) -> u64 {
        if counted.tokens.exact {
            return counted.tokens.total;
        }
        self.calibration
            .lock()
            .get(&model.id)
            .map_or(counted.tokens.total, |calibration| {
                calibration.apply(counted.tokens.total, counted.traits)
            })
    }

    /// The most tokens that `model` may count: what money is set aside for.
    pub(crate) fn most_input_tokens(&self, model: &Model, counted: &Counted) -> u64 {
        if counted.tokens.exact {
            return counted.tokens.total;
        }
        let calibration = self.calibration.lock();
        let fresh = Calibration::default();
        let calibration = calibration.get(&model.id).unwrap_or(&fresh);
        calibration.most(counted.tokens.total, counted.traits)
    }

    pub(crate) fn learn_tokens(&self, model: &Model, counted: &Counted, reported: u64) {
        if !counted.tokens.exact {
            let mut calibration = self.calibration.lock();
            let calibration = calibration.entry(model.id.clone()).or_default();
            calibration.learn(counted.tokens.total, reported, counted.traits);
        }
    }

    /// Waits until every answer that is over is in the ledger and the log. Blocks.
    pub fn flush(&self) {
        self.books.flush();
    }
}

/// As stored, else from the provider's environment variable.
fn read_key(vault: &Vault, provider: &Provider) -> Option<Secret> {
    let stored = match vault.get(&provider.id) {
        Ok(stored) => stored.map(|(secret, _)| secret),
        Err(error) => {
            tracing::warn!(provider = provider.id, %error, "a stored key cannot be read");
            None
        }
    };
    stored.or_else(|| {
        let name = provider.key_env.as_ref()?;
        let value = std::env::var(name).ok()?;
        (!value.trim().is_empty()).then(|| Secret::new(value))
    })
}

/// A request's ranking, with what it was made from.
#[derive(Clone, Debug)]
pub struct Routed {
    pub catalog: Arc<Catalog>,
    pub question: Question,
    pub decision: Decision,
    pub tokens: TokenCount,
}

/// Most tokens that `model` may answer with, where `asked` are asked for.
pub(crate) fn output_limit(model: &Model, is_free: bool, asked: Option<u32>) -> u64 {
    let own = if is_free {
        model.output_tokens
    } else {
        model.output_tokens.min(PAID_OUTPUT)
    };
    asked.map_or(own, u64::from).min(model.output_tokens)
}

/// What a model must be able to do for this request.
fn needs(request: &ChatRequest) -> BTreeSet<Capability> {
    let sees = request.messages.iter().any(|message| match message {
        Message::User { parts } => parts.iter().any(|part| matches!(part, Part::Image { .. })),
        _ => false,
    });
    let mut needs = BTreeSet::new();
    if sees {
        needs.insert(Capability::Vision);
    }
    if !request.tools.is_empty() {
        needs.insert(Capability::Tools);
    }
    match request.response {
        ResponseFormat::Text => {}
        ResponseFormat::Json => {
            needs.insert(Capability::Json);
        }
        ResponseFormat::Schema { .. } => {
            needs.insert(Capability::Schema);
        }
    }
    needs
}

/// The owner's policy.
fn policy(settings: &Models) -> Policy {
    match settings.policy {
        ModelPolicy::Balanced => Policy::Balanced,
        ModelPolicy::LocalOnly => Policy::LocalOnly,
        ModelPolicy::Cheapest => Policy::Cheapest,
        ModelPolicy::Fastest => Policy::Fastest,
        ModelPolicy::Best => Policy::Best,
        ModelPolicy::Custom => Policy::Custom(PartWeights {
            quality: settings.weight_quality,
            price: settings.weight_price,
            latency: settings.weight_latency,
            health: settings.weight_health,
            locality: settings.weight_locality,
            readiness: settings.weight_readiness,
        }),
    }
}

/// The request that an input names: as it is, or one message of a text.
pub(crate) fn request_or_text(
    request: Option<ChatRequest>,
    text: Option<String>,
) -> Result<ChatRequest, Error> {
    match (request, text) {
        (Some(request), None) => Ok(request),
        (None, Some(text)) => Ok(ChatRequest {
            messages: vec![Message::user(text)],
            ..ChatRequest::default()
        }),
        _ => Err(Error::bad_input("give either `text` or `request`").field("/text")),
    }
}

pub(crate) fn unknown_model(name: &str) -> Error {
    Error::not_found(format!("there is no model `{name}`"))
        .field("/model")
        .hint("`gateway.models` lists those that are known; `provider.add` adds a server, models.yaml what you write yourself")
}
