//! Operations on films: pictures, scenes, the sound alone, trimming, adjusting, contact sheets.
//!
//! Times are seconds after a film's first picture. Results appear when they are complete: a failed or
//! cancelled run leaves nothing.
//!
//! Not here: decoding and encoding (`studio-media`), making films from text (`studio-production`).

mod adjust;
mod copy_points;
mod film;
mod frames;
mod picture;
mod pictures;
mod probe;
mod scenes;
mod sound;
mod thumbnails;
mod trim;

use std::sync::Arc;

use studio_core::Operation;
use studio_store::Projects;

/// What this crate registers.
pub fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    vec![
        probe::operation(projects),
        picture::operation(projects),
        frames::operation(projects),
        scenes::operation(projects),
        sound::operation(projects),
        trim::operation(projects),
        copy_points::operation(projects),
        adjust::operation(projects),
        thumbnails::operation(projects),
    ]
}
