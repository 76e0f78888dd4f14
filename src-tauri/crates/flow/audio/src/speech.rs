//! `speech.voices` and `speech.synthesize`.

use std::sync::Arc;
use std::time::Instant;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::{Destination, Output};
use studio_core::{Error, ErrorCode, JobContext, Operation, Resource};
use studio_providers::speech::{self, Speech, Utterance, Voice};
use studio_store::{Projects, Provenance};

pub(crate) fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let projects = projects.clone();
    vec![
        Operation::define(
            "speech.voices",
            "List voices",
            "Lists the voices that can speak here.",
        )
        .blocking(move |_cx: &JobContext, _input: Nothing| {
            Ok(Voices {
                voices: provider()?.voices()?,
            })
        }),
        Operation::define(
            "speech.synthesize",
            "Speak a text",
            "Speaks a text with a voice of this machine and keeps it as a sound file.",
        )
        .job(Resource::Cpu)
        .writes()
        .positional("text")
        .blocking(move |cx: &JobContext, input: SpeechInput| synthesize(cx, &projects, input)),
    ]
}

fn provider() -> Result<Box<dyn Speech>, Error> {
    speech::system().ok_or_else(|| {
        Error::new(
            ErrorCode::Unsupported,
            "no voice is installed on this machine",
        )
        .hint("install espeak-ng, for example by `cargo xtask setup`")
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Serialize, JsonSchema)]
struct Voices {
    voices: Vec<Voice>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SpeechInput {
    /// What to say.
    #[schemars(length(min = 1, max = 20_000))]
    text: String,
    /// The voice, by id; see `speech.voices`.
    #[serde(default)]
    voice: Option<String>,
    /// Speed; 1 is the voice's own.
    #[serde(default = "one")]
    #[schemars(range(min = 0.5, max = 2.0))]
    rate: f32,
    /// Pitch; 1 is the voice's own.
    #[serde(default = "one")]
    #[schemars(range(min = 0.5, max = 2.0))]
    pitch: f32,
    /// Where the result goes without an `output`.
    #[serde(default)]
    project: Option<String>,
    /// The WAV file to write.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
}

fn one() -> f32 {
    1.0
}

#[derive(Serialize, JsonSchema)]
struct Spoken {
    output: Output,
    duration_secs: f64,
    sample_rate: u32,
    voice: String,
    provider: String,
    /// Time that the synthesis took.
    synth_secs: f64,
}

fn synthesize(cx: &JobContext, projects: &Projects, input: SpeechInput) -> Result<Spoken, Error> {
    let begun = Instant::now();
    let destination = Destination::choose(
        projects,
        input.output.as_deref(),
        input.project.as_deref(),
        None,
    )?;
    let provider = provider()?;
    cx.progress("Speaking", 0.0);
    let words: Vec<&str> = input.text.split_whitespace().take(6).collect();
    let name = format!("{}.wav", words.join(" "));
    let written = destination.path(cx, &name)?;
    let utterance = Utterance {
        text: input.text.clone(),
        voice: input.voice.clone(),
        rate: input.rate,
        pitch: input.pitch,
    };
    let spoken = provider.speak(&utterance, &written, &|| cx.cancel().is_raised())?;
    let synth_secs = begun.elapsed().as_secs_f64();
    let made = Provenance {
        operation: "speech.synthesize".to_owned(),
        input: json!({ "text": input.text, "rate": input.rate, "pitch": input.pitch }),
        model: Some(format!("{} {}", provider.name(), spoken.voice)),
        device: Some("cpu".to_owned()),
        took_ms: begun.elapsed().as_millis() as u64,
        ..Provenance::default()
    };
    let output = destination.deliver(&cx.part(0.5, 1.0), &written, &name, None, made)?;
    Ok(Spoken {
        output,
        duration_secs: spoken.sample_rate.secs_from_samples(spoken.samples),
        sample_rate: spoken.sample_rate.get(),
        voice: spoken.voice,
        provider: provider.name().to_owned(),
        synth_secs,
    })
}
