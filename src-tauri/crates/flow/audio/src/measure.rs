//! `audio.loudness`.

use std::sync::Arc;

use camino::Utf8Path;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_dsp::{Audio, Loudness, Meter};
use studio_media::AudioReader;
use studio_store::Projects;

use crate::input::SourceInput;

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "audio.loudness",
        "Measure loudness",
        "Measures loudness, loudness range and true peak (EBU R128) of a file or asset.",
    )
    .job(Resource::Cpu)
    .positional("path")
    .blocking(move |cx: &JobContext, input: SourceInput| measure(cx, &input.find(&projects)?.path))
}

/// Decodes the file once and measures all of it.
pub(crate) fn measure(cx: &JobContext, path: &Utf8Path) -> Result<Loudness, Error> {
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let mut meter = Meter::new(spec.channels, spec.rate)
        .map_err(|error| Error::bad_input(error.to_string()))?;
    let mut block = Audio::silence(spec.rate, spec.channels, 0);
    loop {
        cx.check()?;
        if let Some(frames) = spec.frames {
            cx.progress(
                "Measuring loudness",
                reader.position() as f64 / frames.max(1) as f64,
            );
        }
        if reader.read(&mut block)? == 0 {
            break;
        }
        meter
            .feed(&block.slices())
            .map_err(|error| Error::internal(error.to_string()))?;
    }
    for warning in reader.warnings() {
        cx.warn(format!("{path}: {warning}"));
    }
    meter
        .report()
        .map_err(|error| Error::internal(error.to_string()))
}
