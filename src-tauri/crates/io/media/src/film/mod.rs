//! Films: one H.264 clip a shot, joined by copying packets, with sound, captions and chapters.

mod assemble;
mod clip;

pub use assemble::{Subtitle, assemble};
pub use clip::ClipWriter;
