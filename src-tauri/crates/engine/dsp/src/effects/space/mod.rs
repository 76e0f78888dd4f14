//! Where a sound is: stereo width, reverberation made by a network, and by impulse responses.

mod convolution;
mod impulses;
mod partitioned;
mod reverb;
mod width;

pub use convolution::Convolution;
pub use reverb::Reverb;
pub use width::Width;
