//! Models that this program runs by itself: `model.load`, `model.unload`, `model.loaded`, and the
//! stream of their answers.
//!
//! Files come from the cache (`weights`), answers from `studio-models`, one model at a time. All heavy
//! models share one account of memory ([`Guard`]); who needs room asks the idle ones to leave.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::settings;
use studio_core::{Error, ErrorCode, Event, Events, JobContext, Operation, Resource};
use studio_llm::catalog::{Model, Protocol};
use studio_llm::chat::{ChatError, ChatRequest};
use studio_llm::route::Readiness;
use studio_llm::tokens::{TokenCount, count_with};
use studio_llm::weights::Format;
use studio_models::ModelFiles;
use studio_models::runtime::{Guard, Limits, Runtime, State, Status, machine};
use studio_models::text::Reader;
use studio_providers::llm::ChatStream;

use crate::Nothing;
use crate::gateway::{Gateway, unknown_model};

/// Memory for models where the system does not tell how much there is.
const UNTOLD_MEMORY: u64 = 4 << 30;

/// The one runtime of the studio.
pub(crate) struct Local {
    runtime: Runtime,
    /// Tokenizers and templates of models that were counted for, by their path.
    readers: Mutex<HashMap<Utf8PathBuf, Arc<Reader>>>,
}

pub(crate) fn operations(gateway: &Arc<Gateway>) -> Vec<Operation> {
    let with = || gateway.clone();
    vec![
        Operation::define(
            "model.load",
            "Load a model",
            "Loads a model of this machine into memory, so that its first answer comes at once. One that was loaded leaves.",
        )
        .job(Resource::Cpu)
        .writes()
        .positional("model")
        .blocking({
            let gateway = with();
            move |cx: &JobContext, input: Which| load(&gateway, cx, &input)
        }),
        Operation::define(
            "model.unload",
            "Unload the model",
            "Stops what the loaded model is doing and frees its memory.",
        )
        .writes()
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, _input: Nothing| {
                gateway.local.runtime.unload();
                Ok(Loaded::from(gateway.local.runtime.status()))
            }
        }),
        Operation::define(
            "model.loaded",
            "Show the loaded model",
            "Tells which model is in memory, what it is doing, and how much memory models take.",
        )
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, _input: Nothing| {
                Ok(Loaded::from(gateway.local.runtime.status()))
            }
        }),
    ]
}

impl Local {
    pub(crate) fn start(settings: &settings::Models, events: &Events) -> Result<Local, Error> {
        let limit = match settings.memory_mb {
            // Half of what is free now: sound and pictures need some, too.
            0 => machine::available_bytes().unwrap_or(UNTOLD_MEMORY * 2) / 2,
            megabytes => u64::from(megabytes) * 1_000_000,
        };
        let limits = Limits {
            context_tokens: settings.context_tokens as usize,
            idle_after: Duration::from_secs(u64::from(settings.idle_minutes) * 60),
        };
        let events = events.clone();
        let told = Mutex::new(None);
        let listener = move |status: &Status| {
            // Every token changes the status; pages want to know of models, not of tokens.
            let now = Some((phase(&status.state), status.model.clone()));
            let before = std::mem::replace(&mut *told.lock(), now.clone());
            if before != now {
                events.emit(Event::ModelsChanged {});
            }
        };
        let runtime = Runtime::new(&Guard::new(limit), limits, listener)
            .map_err(|error| Error::io("start the thread of local models", &error))?;
        Ok(Local {
            runtime,
            readers: Mutex::default(),
        })
    }

    pub(crate) fn is_loaded(&self, model: &str) -> bool {
        self.runtime.status().model.as_deref() == Some(model)
    }
}

impl Gateway {
    /// How soon a model of this machine can answer.
    pub(crate) fn local_readiness(&self, model: &Model) -> Readiness {
        match self.weights.readiness(model) {
            Readiness::Loadable(_) if self.local.is_loaded(&model.id) => Readiness::Ready,
            readiness => readiness,
        }
    }

    /// Asks a model of this machine. Calls of one `conversation` read only what is new.
    pub(crate) fn ask_local(
        &self,
        model: &Model,
        request: &ChatRequest,
        conversation: Option<&str>,
    ) -> ChatStream {
        match self.model_files(model) {
            Ok(files) => Box::pin(self.local.runtime.chat(&files, request, conversation)),
            Err(error) => {
                let unavailable = ChatError::Unavailable {
                    provider: model.name.clone(),
                    detail: error.message,
                };
                stream::iter([Err(unavailable)]).boxed()
            }
        }
    }

    /// Tokens of `request` as a model of this machine counts them; `None` for others, and where its
    /// files are not here or do not take the request.
    pub(crate) fn count_exactly(&self, model: &Model, request: &ChatRequest) -> Option<TokenCount> {
        let files = self.model_files(model).ok()?;
        let known = self.local.readers.lock().get(&files.path).cloned();
        let reader = match known {
            Some(reader) => reader,
            None => {
                let read = files.open().and_then(|opened| opened.reader());
                let reader = read.inspect_err(|error| {
                    tracing::warn!(model = model.id, %error, "its tokens are estimated");
                });
                let reader = Arc::new(reader.ok()?);
                let mut readers = self.local.readers.lock();
                readers.insert(files.path.clone(), reader.clone());
                reader
            }
        };
        count_with(&*reader, request).ok()
    }

    /// Where the model's files lie.
    fn model_files(&self, model: &Model) -> Result<ModelFiles, Error> {
        let weights = model.weights.as_ref();
        let installed = self.weights.installed(&model.id);
        let (Some(weights), Some(installed)) = (weights, installed) else {
            let message = format!("the files of `{}` are not on this machine", model.id);
            return Err(Error::not_found(message)
                .field("/model")
                .hint("download them (`model.download`), or import a file (`model.import`)"));
        };
        let first = installed.files.first().cloned().unwrap_or_default();
        let path = match weights.format {
            Format::Gguf => first,
            Format::Safetensors => first.parent().map(Into::into).unwrap_or(first),
        };
        Ok(ModelFiles::new(&model.id, path))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// A model's id, such as `local/qwen3-0.6b`.
    model: String,
}

fn load(gateway: &Gateway, cx: &JobContext, input: &Which) -> Result<Loaded, Error> {
    let catalog = gateway.lists.catalog();
    let model = catalog
        .model(&input.model)
        .ok_or_else(|| unknown_model(&input.model))?;
    let provider = catalog.provider(model.provider());
    if provider.is_none_or(|provider| provider.protocol != Protocol::Local) {
        let message = format!("`{}` does not run in this program", model.id);
        return Err(Error::bad_input(message)
            .field("/model")
            .hint("`model.list` names those that do"));
    }
    let files = gateway.model_files(model)?;
    cx.progress("Loading", 0.0);
    gateway.local.runtime.load(&files).map_err(|error| {
        Error::new(ErrorCode::Unsupported, format!("{}: {error}", model.name))
            .hint("choose a smaller model, or check its files (`model.verify`)")
    })?;
    Ok(gateway.local.runtime.status().into())
}

/// What is in memory.
#[derive(Serialize, JsonSchema)]
struct Loaded {
    /// The model's id; absent when none is loaded.
    model: Option<String>,
    phase: Phase,
    /// 0 to 1 while it is loading or reading a prompt.
    fraction: Option<f64>,
    /// Requests that wait for their turn.
    waiting: u64,
    /// Most that all models together may take.
    limit_bytes: u64,
    /// Set aside for what is loaded.
    claimed_bytes: u64,
    /// In memory now, the whole program; absent where the system does not tell.
    resident_bytes: Option<u64>,
    /// Most of it since the model was loaded.
    resident_peak_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Empty,
    Loading,
    Ready,
    /// Reads the prompt.
    Reading,
    Answering,
}

fn phase(state: &State) -> Phase {
    match state {
        State::Empty => Phase::Empty,
        State::Loading { .. } => Phase::Loading,
        State::Ready => Phase::Ready,
        State::Reading { .. } => Phase::Reading,
        State::Answering { .. } => Phase::Answering,
    }
}

impl From<Status> for Loaded {
    fn from(status: Status) -> Loaded {
        let fraction = match status.state {
            State::Loading { fraction } => Some(fraction),
            State::Reading { tokens, of } => Some(tokens as f64 / of.max(1) as f64),
            State::Empty | State::Ready | State::Answering { .. } => None,
        };
        Loaded {
            model: status.model,
            phase: phase(&status.state),
            fraction,
            waiting: status.waiting as u64,
            limit_bytes: status.memory.limit_bytes,
            claimed_bytes: status.memory.claimed_bytes,
            resident_bytes: status.resident_bytes,
            resident_peak_bytes: status.resident_peak_bytes,
        }
    }
}
