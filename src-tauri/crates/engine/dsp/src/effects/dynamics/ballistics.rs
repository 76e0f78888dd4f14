//! How fast gains follow, and the wait that lets them be early.

use crate::effects::block::Block;
use crate::effects::delay_line::DelayLine;

/// The part of its way that a one-pole filter of this time constant keeps, per sample:
/// α = exp(−1 / (τ · fs)). After τ, 63 % of a step are done.
pub(super) fn keep(tau_ms: f64, rate_hz: f64) -> f32 {
    (-1.0 / (tau_ms * 1e-3 * rate_hz)).exp() as f32
}

/// All channels, some samples late.
pub(super) struct Wait {
    lines: Vec<DelayLine>,
    samples: usize,
}

impl Wait {
    pub(super) fn new(samples: usize, channels: usize) -> Wait {
        let longest = samples + crate::effects::effect::CONTROL;
        Wait {
            lines: vec![DelayLine::new(longest); channels],
            samples,
        }
    }

    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    pub(super) fn process(&mut self, block: &mut Block<'_, '_>) {
        if self.samples == 0 {
            return;
        }
        for (line, samples) in self.lines.iter_mut().zip(block.channels()) {
            line.write(samples);
            line.read(self.samples, samples);
        }
    }

    pub(super) fn reset(&mut self) {
        self.lines.iter_mut().for_each(DelayLine::clear);
    }
}
