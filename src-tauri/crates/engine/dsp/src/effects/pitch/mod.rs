//! Pitch and time apart from each other, by a phase vocoder.

mod pitch_shift;
mod time_stretch;
mod vocoder;

pub use pitch_shift::PitchShift;
pub use time_stretch::{StretchError, time_stretch};
