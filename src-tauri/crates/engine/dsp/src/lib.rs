//! Effects, loudness, limiting, mixing, normalising, peaks and resampling over planar audio.
//!
//! Pure: samples in, samples out; no files, no devices, no clock. What streams gives the same result
//! for any block size.

mod audio;
pub mod channels;
pub mod effects;
mod interpolate;
pub mod leveler;
pub mod limiter;
pub mod loudness;
pub mod mix;
pub mod narration;
pub mod normalize;
pub mod peaks;
pub mod resample;
pub mod spectrogram;

pub use audio::Audio;
pub use channels::ChannelMap;
pub use leveler::Leveler;
pub use limiter::Limiter;
pub use loudness::{Loudness, LoudnessHistory, Meter};
pub use narration::{Narration, NarrationMeter};
pub use peaks::{Extremes, Peaks, PeaksBuilder};
pub use resample::{Resampler, resample};
pub use spectrogram::Spectrogram;
