//! Composes and synthesises endless ambient music from a seed.
//!
//! Composition is data and knows no sound: `theory` (what a pitch may be), `harmony` (which chord), `voicing` (how its
//! voices move), `melody` (which notes over it), `percussion`, `arc` (the slow shape of an hour), `form` (events in
//! ticks). Synthesis knows no harmony: `voices` (instruments), `mix` (echo, reverb,
//! limiter). `engine` plays one through the other without end, `score` follows a film and ends, `midi` writes the
//! notes down.
//!
//! Invariants: same seed and parameters, same music and the same bits, whatever the block size; every note lies in
//! the mode; output is finite and inside [-1, 1]; rendering never allocates, locks, logs or waits.
//!
//! Deliberately absent: files, devices, threads and clocks.

pub mod arc;
mod chance;
pub mod engine;
pub mod form;
pub mod harmony;
mod math;
pub mod measure;
pub mod melody;
mod memory;
pub mod midi;
mod mix;
pub mod params;
pub mod percussion;
pub mod score;
pub mod synth;
pub mod theory;
mod voices;
pub mod voicing;

pub use engine::{Ahead, Engine, Now};
pub use form::{Layer, TICKS_PER_BEAT, Ticks};
pub use params::{Bpm, Intensity, Params, ParamsError, Preset};
pub use score::{Cue, Score, ScoreError, render_score};
pub use theory::{Key, Mode};
