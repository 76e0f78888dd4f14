//! What an effect is, and what it runs in.

use std::collections::BTreeMap;

use studio_core::units::SampleRate;

use super::block::Block;
use super::error::ChainError;
use super::settings::Settings;
use crate::audio::Audio;

/// Samples between two moments at which parameters move: 1.3 ms at 48 kHz.
pub const CONTROL: usize = 64;

/// Impulse responses that chains may name, loaded by the caller.
pub type Impulses = BTreeMap<String, Audio>;

/// What an effect is prepared for.
#[derive(Clone, Copy)]
pub(crate) struct Stream<'a> {
    pub(crate) rate: SampleRate,
    pub(crate) channels: usize,
    pub(crate) impulses: &'a Impulses,
}

impl Stream<'_> {
    pub(crate) fn hz(&self) -> f64 {
        f64::from(self.rate.get())
    }

    /// Whole samples in `ms` milliseconds.
    pub(crate) fn samples_from_ms(&self, ms: f64) -> usize {
        self.rate.samples_from_secs(ms / 1e3) as usize
    }
}

/// An effect at work.
///
/// [`prepare`](Effect::prepare) allocates, and [`reset`](Effect::reset) may; nothing else does, takes a
/// lock or knows the time. Between two calls of [`tick`](Effect::tick) lie [`CONTROL`] samples, in blocks
/// of any size.
pub(crate) trait Effect: Send + Sized + 'static {
    type Settings: Settings;

    /// The effect's share in the mix where a chain does not say.
    const USUAL_WET: f64 = 1.0;

    fn prepare(settings: &Self::Settings, stream: &Stream<'_>) -> Result<Self, ChainError>;

    /// Takes on changed settings, at a line of the control grid. Those marked as fixed never change.
    fn turn(&mut self, settings: &Self::Settings);

    /// A line of the control grid: oscillators move on, and what has died away becomes zero.
    fn tick(&mut self) {}

    /// Works on a block in place. What comes out is [`latency`](Effect::latency) samples late.
    fn process(&mut self, block: &mut Block<'_, '_>);

    /// Forgets all sound, as if nothing had been processed yet.
    fn reset(&mut self);

    /// In samples, the same for the whole life of the effect.
    fn latency(&self) -> usize {
        0
    }

    /// Samples for which it may sound after its input fell silent, beyond its latency.
    fn tail(&self) -> u64 {
        0
    }
}
