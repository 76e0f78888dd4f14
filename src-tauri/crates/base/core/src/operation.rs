//! An operation: the one registration from which every face is made.
//!
//! A flow crate defines it with a name, words for people, traits for the job engine, and a plain
//! function from a typed input to a typed output. Schemas are derived; the function never sees an
//! input that does not fit them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::context::JobContext;
use crate::error::Error;
use crate::schema;

/// Which scarce thing a run occupies; the job engine bounds how many run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    Cpu,
    Gpu,
    Network,
    /// Sound and picture as they play, and what mostly waits: never queued.
    Realtime,
}

/// What the job engine and the faces must know before they run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Traits {
    pub resource: Resource,
    /// Lasts: it is recorded as a job, with progress and cancel.
    pub job: bool,
    /// Creates or changes files, rows or sound. Without it, calling twice changes nothing.
    pub writes: bool,
    /// Takes something of the user's away, or something that others rely on.
    pub destroys: bool,
    /// May cost money: it reserves from the budget first.
    pub spends: bool,
    /// An agent must ask a person before it runs this.
    pub approval: bool,
    /// Answers bytes of this media type instead of JSON.
    pub blob: Option<&'static str>,
}

/// Bytes with their media type: peaks, pictures, frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// What a run answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    Json(Value),
    Blob(Blob),
}

impl Output {
    /// The JSON answer; bytes are described by type and length, not carried.
    pub fn into_json(self) -> Value {
        match self {
            Output::Json(value) => value,
            Output::Blob(blob) => {
                json!({ "media_type": blob.media_type, "bytes": blob.bytes.len() })
            }
        }
    }
}

/// Tells whether an input is one that nobody needs to be asked about.
type Exempt = dyn Fn(&Value) -> bool + Send + Sync;

type Run = dyn Fn(JobContext, Value) -> Pin<Box<dyn Future<Output = Result<Output, Error>> + Send>>
    + Send
    + Sync;

/// A registered operation. Cheap to clone.
#[derive(Clone)]
pub struct Operation {
    pub name: &'static str,
    pub title: &'static str,
    /// One or two sentences for help pages, tool lists and the palette.
    pub summary: &'static str,
    pub traits: Traits,
    /// The input field that the command line takes without a flag, such as `path`.
    pub positional: Option<&'static str>,
    pub input_schema: Arc<Value>,
    pub output_schema: Arc<Value>,
    exempt: Option<Arc<Exempt>>,
    run: Arc<Run>,
}

impl Operation {
    /// Starts the definition of the operation `domain.verb`. It is a short, reading CPU operation
    /// until told otherwise.
    pub fn define(name: &'static str, title: &'static str, summary: &'static str) -> Definition {
        let traits = Traits {
            resource: Resource::Cpu,
            job: false,
            writes: false,
            destroys: false,
            spends: false,
            approval: false,
            blob: None,
        };
        Definition {
            name,
            title,
            summary,
            traits,
            positional: None,
            exempt: None,
        }
    }

    /// Whether a person must agree before a program of another, such as a model, runs it on `input`:
    /// because it is so defined, takes something away or may cost money.
    pub fn needs_consent(&self, input: &Value) -> bool {
        let Traits {
            approval,
            destroys,
            spends,
            ..
        } = self.traits;
        let exempt = || self.exempt.as_ref().is_some_and(|exempt| exempt(input));
        (approval || destroys || spends) && !exempt()
    }

    /// Part of the name before the dot.
    pub fn domain(&self) -> &'static str {
        self.name
            .split_once('.')
            .map_or(self.name, |(domain, _)| domain)
    }

    /// Part of the name after the dot.
    pub fn verb(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(_, verb)| verb)
    }

    /// Runs it on an input that [`crate::Registry::check`] has let through.
    pub async fn run(&self, cx: JobContext, input: Value) -> Result<Output, Error> {
        (self.run)(cx, input).await
    }
}

/// An operation that still lacks its function.
#[must_use]
pub struct Definition {
    name: &'static str,
    title: &'static str,
    summary: &'static str,
    traits: Traits,
    positional: Option<&'static str>,
    exempt: Option<Arc<Exempt>>,
}

impl Definition {
    /// It lasts: runs as a job in slots of `resource`.
    pub fn job(mut self, resource: Resource) -> Definition {
        self.traits.job = true;
        self.traits.resource = resource;
        self
    }

    /// It plays: runs at once, whatever else is going on.
    pub fn realtime(mut self) -> Definition {
        self.traits.resource = Resource::Realtime;
        self
    }

    /// It asks other machines, or programs of others.
    pub fn network(mut self) -> Definition {
        self.traits.resource = Resource::Network;
        self
    }

    pub fn writes(mut self) -> Definition {
        self.traits.writes = true;
        self
    }

    /// It writes, and what was there before is gone or closed.
    pub fn destroys(mut self) -> Definition {
        self.traits.writes = true;
        self.traits.destroys = true;
        self
    }

    pub fn spends(mut self) -> Definition {
        self.traits.spends = true;
        self
    }

    pub fn needs_approval(mut self) -> Definition {
        self.traits.approval = true;
        self
    }

    /// Nobody needs to be asked about an input that `exempt` lets through.
    pub fn needs_approval_unless(
        mut self,
        exempt: impl Fn(&Value) -> bool + Send + Sync + 'static,
    ) -> Definition {
        self.exempt = Some(Arc::new(exempt));
        self.needs_approval()
    }

    pub fn positional(mut self, field: &'static str) -> Definition {
        self.positional = Some(field);
        self
    }

    /// Completes it with a function that may block; it gets a thread of its own.
    pub fn blocking<I, O, F>(self, run: F) -> Operation
    where
        I: DeserializeOwned + JsonSchema + Send + 'static,
        O: Answer,
        F: Fn(&JobContext, I) -> Result<O, Error> + Send + Sync + 'static,
    {
        let run = Arc::new(run);
        self.complete::<I, O>(Arc::new(move |cx, input| {
            let run = run.clone();
            Box::pin(async move {
                let work = move || run(&cx, parse(input)?)?.into_output();
                match tokio::task::spawn_blocking(work).await {
                    Ok(result) => result,
                    Err(failure) => Err(crashed(failure)),
                }
            })
        }))
    }

    /// Completes it with an async function that never blocks its thread.
    pub fn future<I, O, F, R>(self, run: F) -> Operation
    where
        I: DeserializeOwned + JsonSchema + Send + 'static,
        O: Answer,
        F: Fn(JobContext, I) -> R + Send + Sync + 'static,
        R: Future<Output = Result<O, Error>> + Send + 'static,
    {
        let run = Arc::new(run);
        self.complete::<I, O>(Arc::new(move |cx, input| {
            let run = run.clone();
            Box::pin(async move { run(cx, parse(input)?).await?.into_output() })
        }))
    }

    fn complete<I: JsonSchema, O: Answer>(self, run: Arc<Run>) -> Operation {
        Operation {
            name: self.name,
            title: self.title,
            summary: self.summary,
            traits: Traits {
                blob: O::MEDIA_TYPE,
                ..self.traits
            },
            positional: self.positional,
            exempt: self.exempt,
            input_schema: Arc::new(schema::of::<I>(
                SchemaSettings::draft2020_12().for_deserialize(),
            )),
            output_schema: Arc::new(O::schema()),
            run,
        }
    }
}

/// An operation's result: any value with a schema, or bytes of one fixed media type.
pub trait Answer: Send + 'static {
    const MEDIA_TYPE: Option<&'static str>;
    fn schema() -> Value;
    fn into_output(self) -> Result<Output, Error>;
}

impl<T: Serialize + JsonSchema + Send + 'static> Answer for T {
    const MEDIA_TYPE: Option<&'static str> = None;

    fn schema() -> Value {
        schema::of::<T>(SchemaSettings::draft2020_12().for_serialize())
    }

    fn into_output(self) -> Result<Output, Error> {
        // By way of the text: in a value an `f32` is the `f64` of its bits, and 0.3 is 0.30000001192092896.
        serde_json::to_vec(&self)
            .and_then(|text| serde_json::from_slice(&text))
            .map(Output::Json)
            .map_err(|error| {
                Error::internal(format!("the result cannot be written as JSON: {error}"))
            })
    }
}

/// Marks bytes with their media type in the type, so that it is known before the first call.
pub trait MediaType: Send + 'static {
    const NAME: &'static str;
}

/// Bytes of the media type `M` as an operation's answer.
pub struct Bytes<M: MediaType> {
    bytes: Vec<u8>,
    media: std::marker::PhantomData<M>,
}

impl<M: MediaType> Bytes<M> {
    pub fn new(bytes: Vec<u8>) -> Bytes<M> {
        Bytes {
            bytes,
            media: std::marker::PhantomData,
        }
    }
}

impl<M: MediaType> Answer for Bytes<M> {
    const MEDIA_TYPE: Option<&'static str> = Some(M::NAME);

    fn schema() -> Value {
        json!({ "type": "string", "contentMediaType": M::NAME })
    }

    fn into_output(self) -> Result<Output, Error> {
        Ok(Output::Blob(Blob {
            media_type: M::NAME,
            bytes: self.bytes,
        }))
    }
}

fn parse<I: DeserializeOwned>(input: Value) -> Result<I, Error> {
    serde_json::from_value(input).map_err(|error| Error::bad_input(error.to_string()))
}

fn crashed(failure: tokio::task::JoinError) -> Error {
    let what = match failure.try_into_panic() {
        Ok(payload) => payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned()),
        Err(failure) => failure.to_string(),
    };
    Error::internal(format!("the operation crashed: {what}"))
        .hint("please report this with the job's log")
}
