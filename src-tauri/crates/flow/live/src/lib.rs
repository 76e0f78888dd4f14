//! Operations that play: the ambient score, live or into a file, and films with their sound, as it
//! is or through effects.

mod ambient;
mod analyze;
mod compose;
mod film_sound;
mod opus;
mod player;
mod preview;
mod rooms;

use std::sync::Arc;

use studio_core::{Events, Operation, SettingsFile};
use studio_store::Projects;

pub use ambient::ahead::Coming;
pub use opus::Opus;
pub use rooms::{CHUNK_MS, Change, Chunk, Heard, Listening, RoomStats, Rooms, STREAM_RATE};

/// What this crate registers. Must be called within a Tokio runtime: watching what plays runs there.
pub fn operations(
    projects: &Arc<Projects>,
    settings: &Arc<SettingsFile>,
    events: &Events,
) -> Vec<Operation> {
    let mut operations = ambient::operations(projects, settings, events);
    operations.push(compose::operation(projects));
    operations.push(analyze::operation(projects));
    operations.extend(player::operations(projects, settings, events));
    operations
}
