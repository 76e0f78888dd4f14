//! Effects, and chains of them as data.
//!
//! A [`Chain`] is JSON; [`Chain::prepare`] makes a [`Processor`] of it, which allocates nothing while it
//! works, and [`Chain::render`] runs one over a whole sound. Each module holds an effect's settings and
//! `Running`, the same at work. A [`RunningChain`] becomes another chain while it plays. What changes the length of a sound is a function beside them.
//!
//! Blocks of any size give the same samples: whatever changes over time does so on a grid of
//! [`CONTROL`] samples that is counted from the start of the stream, never from the start of a block.

mod automation;
mod block;
mod chain;
mod delay;
mod delay_line;
mod distortion;
mod dynamics;
mod effect;
mod error;
mod filter;
mod gain;
mod kinds;
mod lfo;
mod math;
mod offline;
mod oversample;
mod pitch;
mod presets;
mod processor;
mod ramp;
mod render;
mod repair;
mod running;
mod running_chain;
mod settings;
mod sinc;
mod space;
mod stft;

pub use automation::{Automation, Curve, Point, check_automation};
pub use chain::{Chain, Slot};
pub use delay::{Chorus, Delay, Flanger, Phaser, Routing};
pub use distortion::{Bend, BitCrusher, Saturation};
pub use dynamics::{Compressor, DeEsser, Detector, Gate, MakeUp, TruePeakLimiter};
pub use effect::{CONTROL, Impulses};
pub use error::ChainError;
pub use filter::{Band, Equalizer, Ladder, LadderMode, Pass, PassFilter, Shape};
pub use gain::{Gain, Polarity};
pub use kinds::{EffectSettings, Family};
pub use offline::{FadeShape, SilenceRemoval, fade_in, fade_out, remove_silence, reverse};
pub use oversample::Oversampling;
pub use pitch::{PitchShift, StretchError, time_stretch};
pub use presets::{Preset, preset, presets};
pub use processor::{Knob, Processor};
pub use render::{Rendering, Tail};
pub use repair::{DeClick, DeHum, NoiseProfile, NoiseReduction, VoiceDenoise};
pub use running_chain::{Change, RunningChain};
pub use settings::Parameter;
pub use space::{Convolution, Reverb, Width};
