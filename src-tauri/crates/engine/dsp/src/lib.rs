//! Loudness, limiting, mixing, peaks and resampling over planar audio. Pure: samples in, samples out.

mod audio;
pub mod loudness;
pub mod peaks;

pub use audio::Audio;
pub use loudness::{Loudness, Meter};
pub use peaks::{Peaks, PeaksBuilder};
