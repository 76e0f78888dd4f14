//! `audio.probe` and `audio.peaks`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use studio_assets::Source;
use studio_core::{Bytes, Error, JobContext, MediaType, Operation};
use studio_dsp::Peaks;
use studio_store::Projects;

use crate::input::SourceInput;

pub(crate) fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let (probe, peaks) = (projects.clone(), projects.clone());
    vec![
        Operation::define(
            "audio.probe",
            "Probe a file",
            "Tells what a media file holds: container, codecs, length, channels, tags.",
        )
        .positional("path")
        .blocking(move |_cx: &JobContext, input: SourceInput| {
            Ok(studio_media::probe(&input.find(&probe)?.path)?)
        }),
        Operation::define(
            "audio.peaks",
            "Read peaks",
            "Answers the waveform of a sound as minimum, maximum and RMS per stretch of samples.",
        )
        .positional("path")
        .blocking(move |cx: &JobContext, input: PeaksInput| {
            let source = input.source.find(&peaks)?;
            let peaks = stored_or_computed(cx, &source)?;
            Ok(Bytes::<PeaksType>::new(
                peaks.level_bytes(input.samples_per_peak),
            ))
        }),
    ]
}

/// Assets have their peaks stored; a bare file is decoded now.
fn stored_or_computed(cx: &JobContext, source: &Source) -> Result<Peaks, Error> {
    if let Some((project, asset)) = &source.asset
        && let Some(digest) = &asset.facts.peaks
        && let Some(artifact) = project.artifacts().get(digest)?
    {
        let path = project.artifacts().path(&artifact);
        let bytes =
            std::fs::read(&path).map_err(|error| Error::io(format!("read {path}"), &error))?;
        if let Ok(peaks) = Peaks::from_bytes(&bytes) {
            return Ok(peaks);
        }
    }
    studio_assets::peaks_of(cx, &source.path)
}

/// Levels of peaks as `studio_dsp::Peaks` encodes them.
pub(crate) struct PeaksType;

impl MediaType for PeaksType {
    const NAME: &'static str = "application/vnd.av-studio.peaks";
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PeaksInput {
    #[serde(flatten)]
    source: SourceInput,
    /// At most this many samples per peak; the coarsest stored level that fits is answered.
    #[serde(default = "finest")]
    #[schemars(range(min = 1, max = 1_073_741_824))]
    samples_per_peak: u32,
}

fn finest() -> u32 {
    studio_dsp::peaks::FINEST
}
