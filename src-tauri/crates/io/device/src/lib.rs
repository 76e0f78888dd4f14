//! Plays sound: a feeder thread renders into a lock-free ring, the device's callback copies out of it.
//!
//! The callback neither allocates, locks, logs nor waits; when the ring runs dry it plays silence and
//! counts. Where there is no device, [`Output::silent`] paces a source by the clock, so that a film
//! still runs.
//!
//! Not here: what is played (see `studio-live`), recording.

mod callback;
mod devices;
mod output;

pub use devices::{DeviceError, DeviceInfo, devices};
pub use output::{Output, OutputState, Source};
