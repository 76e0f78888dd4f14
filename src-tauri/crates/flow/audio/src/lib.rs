//! Operations on sound: probe, peaks, loudness, normalise, convert, effects, speech.

mod convert;
mod effects;
mod input;
mod measure;
mod normalize;
mod probe;
mod speech;

use std::sync::Arc;

use studio_core::Operation;
use studio_store::Projects;

/// What this crate registers.
pub fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let mut operations = probe::operations(projects);
    operations.push(measure::operation(projects));
    operations.push(normalize::operation(projects));
    operations.push(convert::operation(projects));
    operations.extend(effects::operations(projects));
    operations.extend(speech::operations(projects));
    operations
}
