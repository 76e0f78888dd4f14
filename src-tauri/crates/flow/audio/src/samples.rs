//! `audio.samples`: a short stretch of a sound, sample by sample.

use std::sync::Arc;

use camino::Utf8Path;
use schemars::JsonSchema;
use serde::Deserialize;
use studio_core::{Bytes, Error, JobContext, Operation};
use studio_dsp::{Audio, Peaks};
use studio_media::AudioReader;
use studio_store::Projects;

use crate::input::SourceInput;
use crate::probe::PeaksType;

/// More than a screen shows where samples can be told apart.
const MOST: u64 = 1 << 18;

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "audio.samples",
        "Read samples",
        "Answers the samples of a short stretch of a sound, in the form of peaks of one sample each.",
    )
    .positional("path")
    .blocking(move |_cx: &JobContext, input: SamplesInput| {
        let source = input.source.find(&projects)?;
        let audio = stretch(&source.path, input.from, input.frames.min(MOST))?;
        let peaks = Peaks::of_samples(audio.rate, &audio.channels);
        Ok(Bytes::<PeaksType>::new(peaks.level_bytes(1)))
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SamplesInput {
    #[serde(flatten)]
    source: SourceInput,
    /// The first sample, at the sound's own rate.
    #[serde(default)]
    from: u64,
    /// How many samples; fewer are answered where the sound ends.
    #[schemars(range(min = 1, max = 262_144))]
    frames: u64,
}

fn stretch(path: &Utf8Path, from: u64, frames: u64) -> Result<Audio, Error> {
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let frames = usize::try_from(frames).unwrap_or(usize::MAX);
    let mut found = Audio::silence(spec.rate, spec.channels, 0);
    let mut block = Audio::silence(spec.rate, spec.channels, 0);
    reader.seek(from)?;
    let mut left = frames;
    while left > 0 {
        let read = reader.read(&mut block)?.min(left);
        if read == 0 {
            break;
        }
        for (to, samples) in found.channels.iter_mut().zip(&block.channels) {
            to.extend_from_slice(&samples[..read]);
        }
        left -= read;
    }
    Ok(found)
}
