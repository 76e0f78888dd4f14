//! The gateway against providers that answer, fail, break off and lie.
#![allow(clippy::unwrap_used, clippy::panic)]

mod budget;
mod chain;
mod chaos;
mod conversations;
mod failings;
mod hedge;
mod secrets;
mod servers;
mod weights;

use std::sync::Arc;

use camino::Utf8Path;
use serde_json::Value;
use studio_core::units::MicroUsd;
use studio_core::{Cancel, Detached, Error, Events, JobContext, Registry, SettingsFile};
use studio_gateway::{Answered, Ask, Gateway, Step, Wishes, operations};
use studio_llm::chat::{ChatEvent, ChatRequest, Message};
use studio_store::{Home, LedgerEntry, Scope};
use studio_testkit::{FakeProvider, TempFolder, Wire};

/// A gateway of its own whose only models are those of fake providers.
struct World {
    gateway: Arc<Gateway>,
    home: Arc<Home>,
    settings: Arc<SettingsFile>,
    registry: Registry,
    events: Events,
    folder: TempFolder,
}

/// A fake provider as the registry lists it.
struct Listed<'a> {
    name: &'a str,
    provider: &'a FakeProvider,
    /// Dollars per million tokens in and out; unknown without it.
    price: Option<(f64, f64)>,
    quality: f64,
    on_this_machine: bool,
    wire: Wire,
}

impl<'a> Listed<'a> {
    fn new(name: &'a str, provider: &'a FakeProvider) -> Listed<'a> {
        Listed {
            name,
            provider,
            price: Some((1.0, 2.0)),
            quality: 0.5,
            on_this_machine: false,
            wire: Wire::OpenAi,
        }
    }

    fn quality(self, quality: f64) -> Listed<'a> {
        Listed { quality, ..self }
    }

    fn price(self, price: Option<(f64, f64)>) -> Listed<'a> {
        Listed { price, ..self }
    }

    fn wire(self, wire: Wire) -> Listed<'a> {
        Listed { wire, ..self }
    }

    fn here(self) -> Listed<'a> {
        Listed {
            on_this_machine: true,
            ..self
        }
    }
}

impl World {
    /// With a daily limit of ten dollars.
    fn new(models: &[Listed<'_>]) -> World {
        let folder = TempFolder::new();
        let (mut registry, mut pricing) = (String::new(), String::from("prices:\n"));
        registry.push_str("providers:\n");
        for Listed {
            name,
            provider,
            on_this_machine,
            wire,
            ..
        } in models
        {
            registry.push_str(&format!(
                "  - {{ id: {name}, name: {name}, protocol: {}, base_url: \"{}\", on_this_machine: {on_this_machine} }}\n",
                wire.name(),
                provider.url()
            ));
        }
        registry.push_str("models:\n");
        for Listed {
            name,
            quality,
            price,
            ..
        } in models
        {
            registry.push_str(&format!(
                "  - {{ id: {name}/m, name: {name}, model: m, context_tokens: 8000, output_tokens: 1000, \
                 capabilities: [tools, json, vision], encoding: o200k_base, quality: {{ chat: {quality} }} }}\n"
            ));
            if let Some((input, output)) = price {
                pricing.push_str(&format!(
                    "  - {{ model: {name}/m, as_of: 2026-01-01, source: test, input: {input}, cached: 0.1, output: {output} }}\n"
                ));
            }
        }
        std::fs::write(folder.file("models.yaml"), registry).unwrap();
        if models.iter().any(|model| model.price.is_some()) {
            std::fs::write(folder.file("pricing.yaml"), pricing).unwrap();
        }
        World::open(folder)
    }

    /// The same home, as the studio finds it when it starts anew.
    fn reopen(self) -> World {
        let World { folder, .. } = self;
        World::open(folder)
    }

    fn file(&self, name: &str) -> camino::Utf8PathBuf {
        self.folder.file(name)
    }

    fn open(folder: TempFolder) -> World {
        let path = folder.file("");
        let home =
            Arc::new(Home::open(Utf8Path::new(path.as_str().trim_end_matches('/'))).unwrap());
        let flags = [
            ("budget.daily_limit_usd".to_owned(), "10".to_owned()),
            ("models.folder".to_owned(), folder.file("hub").to_string()),
        ];
        let settings = Arc::new(SettingsFile::load(home.settings_path(), [], &flags).unwrap());
        let events = Events::new();
        let gateway = Gateway::new(&home, &settings, &events).unwrap();
        let registry = Registry::new(operations(&gateway)).unwrap();
        World {
            gateway,
            home,
            settings,
            registry,
            events,
            folder,
        }
    }

    /// One setting, as the owner would set it.
    fn set(&self, key: &str, value: Value) {
        self.settings.set(key, Some(value)).unwrap();
    }

    /// What is spent and what was answered, as the ledger tells it.
    fn entries(&self) -> Vec<LedgerEntry> {
        self.gateway.flush();
        self.home.ledger().entries("2000-01-01").unwrap()
    }

    async fn call(&self, name: &str, input: Value) -> Result<Value, Error> {
        let operation = self.registry.check(name, &input)?.clone();
        let cx = JobContext::new(Arc::new(Detached), Cancel::new(), self.events.clone());
        Ok(operation.run(cx, input).await?.into_json())
    }

    /// What is spent and set aside today.
    fn taken(&self) -> MicroUsd {
        self.gateway.flush();
        let today = jiff::Timestamp::now().to_string();
        self.home.ledger().taken(Scope::Day, &today[..10]).unwrap()
    }

    async fn ask(&self, ask: Ask) -> Told {
        let mut answering = self.gateway.answer(ask);
        let mut told = Told::default();
        while let Some(step) = answering.next().await {
            match step {
                Ok(Step::Picked { model, .. }) => told.picked.push(model),
                Ok(Step::Failed { error, .. }) => told.failed.push(error.class()),
                Ok(Step::Event(ChatEvent::Text { text })) => told.text.push_str(&text),
                Ok(Step::Event(ChatEvent::ToolCall { call })) => told.called.push(call.name),
                Ok(Step::Event(_)) => {}
                Ok(Step::Done(answered)) => told.answered = Some(*answered),
                Err(error) => told.error = Some(error),
            }
        }
        told
    }
}

/// Everything that one answer told.
#[derive(Debug, Default)]
struct Told {
    picked: Vec<String>,
    failed: Vec<&'static str>,
    text: String,
    /// Names of the tools that were called.
    called: Vec<String>,
    answered: Option<Answered>,
    error: Option<Error>,
}

fn hello() -> Ask {
    Ask {
        operation: "test.ask",
        request: ChatRequest {
            messages: vec![Message::user("Hello there, how are you today?")],
            max_tokens: Some(100),
            ..ChatRequest::default()
        },
        ..Ask::default()
    }
}

fn pinned(model: &str) -> Ask {
    Ask {
        wishes: Wishes {
            model: Some(model.to_owned()),
            ..Wishes::default()
        },
        ..hello()
    }
}
