//! `audio.loudness`.

use std::ops::ControlFlow;
use std::sync::Arc;

use camino::Utf8Path;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_dsp::{Audio, Loudness, Meter};
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
    let internal = |error: studio_dsp::loudness::LoudnessError| Error::internal(error.to_string());
    let (meter, warnings) = studio_media::fold(
        path,
        |spec| {
            Meter::new(spec.channels, spec.rate)
                .map_err(|error| Error::bad_input(error.to_string()))
        },
        |meter, block: &Audio| meter.feed(&block.slices()).map_err(internal),
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
    meter.report().map_err(internal)
}
