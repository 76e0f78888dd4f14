//! Plays and takes in sound: a feeder thread renders into a lock-free ring, the device's callback copies out of it.
//!
//! The callback neither allocates, locks, logs nor waits; when the ring runs dry it plays silence and
//! counts. Where there is no device, [`Output::silent`] paces a source by the clock, so that a film
//! still runs.
//!
//! A source may ask that what is heard of it be kept: [`HeardMeter`] tells its loudness, and knows nothing of what was
//! only rendered ahead.
//!
//! [`Input`] is the other way round: the callback copies into a ring, and counts what does not fit.
//!
//! Not here: what is played (see `studio-live`), where a recording goes.

mod callback;
mod devices;
mod heard;
mod input;
mod output;

pub use devices::{DeviceError, DeviceInfo, devices};
pub use heard::HeardMeter;
pub use input::Input;
pub use output::{Output, OutputState, Source};
