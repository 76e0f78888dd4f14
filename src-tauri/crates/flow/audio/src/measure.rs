//! `audio.loudness`, and the ear that it shares with normalising.

use std::ops::ControlFlow;
use std::sync::Arc;

use camino::Utf8Path;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::SampleRate;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_dsp::loudness::LoudnessError;
use studio_dsp::{Audio, Loudness, LoudnessHistory, Meter, Narration, NarrationMeter};
use studio_store::Projects;

use crate::input::SourceInput;

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "audio.loudness",
        "Measure loudness",
        "Measures loudness, loudness range and true peak (EBU R128) of a file or asset; on request over time, and \
         against what audiobook publishers ask for (ACX).",
    )
    .job(Resource::Cpu)
    .positional("path")
    .blocking(move |cx: &JobContext, input: LoudnessInput| report(cx, &projects, &input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LoudnessInput {
    #[serde(flatten)]
    source: SourceInput,
    /// Also loudness over time, in at most so many points.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    history_points: Option<usize>,
    /// Also the levels that publishers of audiobooks look at.
    #[serde(default)]
    audiobook: bool,
}

#[derive(Serialize, JsonSchema)]
struct LoudnessReport {
    #[serde(flatten)]
    loudness: Loudness,
    history: Option<LoudnessHistory>,
    audiobook: Option<Narration>,
}

fn report(
    cx: &JobContext,
    projects: &Projects,
    input: &LoudnessInput,
) -> Result<LoudnessReport, Error> {
    let source = input.source.find(projects)?;
    let wishes = Wishes {
        history: input.history_points.is_some(),
        narration: input.audiobook,
    };
    let ear = listen(cx, &source.path, wishes)?;
    let history = ear.meter.history().zip(input.history_points);
    Ok(LoudnessReport {
        loudness: ear.loudness()?,
        history: history.map(|(history, most)| history.folded(most)),
        audiobook: ear.narration(),
    })
}

/// What is measured besides loudness.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) history: bool,
    pub(crate) narration: bool,
}

/// All that was heard of a file.
pub(crate) struct Ear {
    pub(crate) meter: Meter,
    narration: Option<NarrationMeter>,
}

impl Ear {
    fn new(channels: usize, rate: SampleRate, wishes: Wishes) -> Result<Ear, Error> {
        let meter = Meter::new(channels, rate);
        let meter = meter.map_err(|error| Error::bad_input(error.to_string()))?;
        Ok(Ear {
            meter: match wishes.history {
                true => meter.with_history(),
                false => meter,
            },
            narration: wishes
                .narration
                .then(|| NarrationMeter::new(channels, rate)),
        })
    }

    pub(crate) fn loudness(&self) -> Result<Loudness, Error> {
        self.meter.report().map_err(internal)
    }

    pub(crate) fn narration(&self) -> Option<Narration> {
        self.narration.as_ref().map(NarrationMeter::report)
    }
}

/// Decodes the file once and measures all of it.
pub(crate) fn listen(cx: &JobContext, path: &Utf8Path, wishes: Wishes) -> Result<Ear, Error> {
    let (ear, warnings) = studio_media::fold(
        path,
        |spec| Ear::new(spec.channels, spec.rate, wishes),
        |ear, block: &Audio| {
            let slices = block.slices();
            if let Some(narration) = &mut ear.narration {
                narration.feed(&slices);
            }
            ear.meter.feed(&slices).map_err(internal)
        },
        |share| {
            cx.progress("Measuring loudness", share);
            match cx.check() {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        },
    )?;
    for warning in warnings {
        cx.warn(format!("{path}: {warning}"));
    }
    Ok(ear)
}

pub(crate) fn internal(error: LoudnessError) -> Error {
    Error::internal(error.to_string())
}
