//! Operations on sound: probe, peaks, samples, spectrogram, loudness, normalise, albums, convert, effects,
//! many at a time, watched folders, speech.

mod album;
mod convert;
mod effects;
mod input;
mod measure;
mod normalize;
mod pipeline;
mod probe;
mod samples;
mod spectrogram;
mod speech;
mod target;

use std::sync::Arc;

use studio_core::Operation;
use studio_store::Projects;

/// What this crate registers.
pub fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let mut operations = probe::operations(projects);
    operations.push(samples::operation(projects));
    operations.push(spectrogram::operation(projects));
    operations.push(measure::operation(projects));
    operations.push(normalize::operation(projects));
    operations.extend(album::operations());
    operations.push(convert::operation(projects));
    operations.extend(effects::operations(projects));
    operations.extend(pipeline::operations(projects));
    operations.extend(speech::operations(projects));
    operations
}
