//! Bit crusher: fewer bits and fewer samples, as early samplers had.

use crate::effects::block::Block;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// Rounds samples, and holds them.
    BitCrusher {
        /// Steps from −1 to 1 are 2^bits; fractions are allowed.
        bits: "bits", 1.0..=24.0, 8.0;
        /// Samples taken per second; more than the stream has takes all. What is too high folds back.
        rate_hz: "Hz", 100.0..=192000.0, 192000.0;
    }
}

impl Settings for BitCrusher {
    type Running = Running;
    own_numbers!();
}

pub(crate) struct Running {
    steps: f32,
    /// Samples taken per sample of the stream.
    share: f64,
    /// Reaches 1 where the next is taken.
    due: f64,
    held: Vec<f32>,
    rate_hz: f64,
}

impl Effect for Running {
    type Settings = BitCrusher;

    fn prepare(settings: &BitCrusher, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let mut running = Running {
            steps: 1.0,
            share: 1.0,
            due: 1.0,
            held: vec![0.0; stream.channels],
            rate_hz: stream.hz(),
        };
        running.turn(settings);
        Ok(running)
    }

    fn turn(&mut self, settings: &BitCrusher) {
        self.steps = (settings.bits - 1.0).exp2() as f32;
        self.share = (settings.rate_hz / self.rate_hz).min(1.0);
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let (steps, step, share) = (self.steps, self.steps.recip(), self.share);
        let crushed = |x: f32| rounded(x * steps) * step;
        if share == 1.0 {
            for samples in block.channels() {
                samples.iter_mut().for_each(|x| *x = crushed(*x));
            }
            return;
        }
        let start = self.due;
        for (samples, held) in block.channels().zip(&mut self.held) {
            // Every channel is taken at the same moments.
            self.due = start;
            for x in samples.iter_mut() {
                if self.due >= 1.0 {
                    self.due -= 1.0;
                    *held = crushed(*x);
                }
                self.due += share;
                *x = *held;
            }
        }
    }

    fn reset(&mut self) {
        self.due = 1.0;
        self.held.fill(0.0);
    }

    /// Until the next sample is taken.
    fn tail(&self) -> u64 {
        self.share.recip() as u64
    }
}

/// To the nearest whole number, by what adding 1.5 · 2^23 does to a small one; larger ones, which have
/// halves at most, stay.
#[inline]
fn rounded(x: f32) -> f32 {
    let whole = (x + 12_582_912.0) - 12_582_912.0;
    if x.abs() < 4_194_304.0 { whole } else { x }
}
