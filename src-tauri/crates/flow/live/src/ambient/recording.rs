//! `ambient.record` and `ambient.stop_recording`: what plays, into the project.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::{Destination, Output};
use studio_core::units::SampleRate;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_dsp::Audio;
use studio_media::{AudioFormat, AudioWriter, Bits};
use studio_store::{Projects, Provenance};

use super::Nothing;
use super::live::Live;
use super::music::Taken;

/// How often a recording looks whether it was cancelled while nothing comes.
const PATIENCE: Duration = Duration::from_millis(200);
const LONGEST_SECS: f64 = 43_200.0;

pub(super) fn operations(projects: &Arc<Projects>, live: &Arc<Live>) -> Vec<Operation> {
    let (projects, recorder, stopper) = (projects.clone(), live.clone(), live.clone());
    vec![
        Operation::define(
            "ambient.record",
            "Record ambient music",
            "Takes down what plays, as it plays at full volume, into a FLAC file in the project. Ends with the music, after \
             the given time, or at `ambient.stop_recording`.",
        )
        .job(Resource::Realtime)
        .writes()
        .blocking(move |cx: &JobContext, input: RecordInput| {
            record(cx, &projects, &recorder, &input)
        }),
        Operation::define(
            "ambient.stop_recording",
            "End a recording",
            "Ends `ambient.record`; what was recorded is stored in its project.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, _input: Nothing| {
            let was_recording = stopper.untap();
            stopper.tell();
            Ok(Stopped { was_recording })
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RecordInput {
    /// Where the recording is kept.
    project: String,
    /// Length in seconds; without it, until it is stopped, at most 12 hours.
    #[serde(default)]
    #[schemars(range(min = 1.0, max = 43_200.0))]
    duration_secs: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct Recorded {
    output: Output,
    duration_secs: f64,
}

#[derive(Serialize, JsonSchema)]
struct Stopped {
    was_recording: bool,
}

fn record(
    cx: &JobContext,
    projects: &Projects,
    live: &Live,
    input: &RecordInput,
) -> Result<Recorded, Error> {
    let begun = Instant::now();
    let destination = Destination::choose(projects, None, Some(&input.project), None)?;
    let (taken, rate) = live.tap()?;
    live.tell();
    let (params, seed) = live.score();
    let name = format!("Ambient {} {:?}, recorded.flac", params.key, params.mode);
    let written = destination.path(cx, &name)?;
    let format = AudioFormat::Flac(Bits::Int24);
    let writer = AudioWriter::create(&written, format, rate, 2)?;
    let limit = input.duration_secs.unwrap_or(LONGEST_SECS);
    let recorded = write(&cx.part(0.0, 0.95), &taken, writer, rate, limit);
    // Nobody takes it down any more, whatever ended it.
    drop(taken);
    live.untap();
    live.tell();
    let frames = recorded?;
    if frames == 0 {
        return Err(Error::cancelled().hint("the music ended before anything was recorded"));
    }
    let made = Provenance {
        operation: "ambient.record".to_owned(),
        input: json!({ "params": params }),
        seed: Some(seed),
        model: Some("ambient engine".to_owned()),
        device: Some("cpu".to_owned()),
        took_ms: begun.elapsed().as_millis() as u64,
        ..Provenance::default()
    };
    let output = destination.deliver(&cx.part(0.95, 1.0), &written, &name, None, made)?;
    Ok(Recorded {
        output,
        duration_secs: rate.secs_from_samples(frames),
    })
}

/// Writes what comes, to its end or to the limit; how many samples.
fn write(
    cx: &JobContext,
    taken: &Receiver<Taken>,
    mut writer: AudioWriter,
    rate: SampleRate,
    limit_secs: f64,
) -> Result<u64, Error> {
    let limit = rate.samples_from_secs(limit_secs);
    let mut block = Audio::silence(rate, 2, 0);
    while writer.frames() < limit {
        cx.check()?;
        match next(taken) {
            ControlFlow::Break(()) => break,
            ControlFlow::Continue(None) => continue,
            ControlFlow::Continue(Some(planes)) => block.channels = planes.into(),
        }
        let left = usize::try_from(limit - writer.frames()).unwrap_or(usize::MAX);
        for channel in &mut block.channels {
            channel.truncate(left);
        }
        writer.write(&block)?;
        let done = writer.frames() as f64;
        cx.progress("Recording", done / limit as f64);
    }
    Ok(writer.finish()?.frames)
}

/// A block, none yet, or the end.
fn next(taken: &Receiver<Taken>) -> ControlFlow<(), Option<Taken>> {
    match taken.recv_timeout(PATIENCE) {
        Ok(planes) => ControlFlow::Continue(Some(planes)),
        Err(RecvTimeoutError::Timeout) => ControlFlow::Continue(None),
        Err(RecvTimeoutError::Disconnected) => ControlFlow::Break(()),
    }
}
