//! Slow oscillators, which move on at the lines of the control grid.

use std::f64::consts::TAU;

use super::effect::CONTROL;

/// A sine. Counted in turns, so that it stays exact for hours.
#[derive(Clone, Debug)]
pub(crate) struct Lfo {
    turns: f64,
    turns_per_tick: f64,
    rate_hz: f64,
}

impl Lfo {
    pub(crate) fn new(hz: f64, rate_hz: f64) -> Lfo {
        let mut lfo = Lfo {
            turns: 0.0,
            turns_per_tick: 0.0,
            rate_hz,
        };
        lfo.set(hz);
        lfo
    }

    pub(crate) fn set(&mut self, hz: f64) {
        self.turns_per_tick = hz * CONTROL as f64 / self.rate_hz;
    }

    pub(crate) fn advance(&mut self) {
        self.turns = (self.turns + self.turns_per_tick).fract();
    }

    /// The value `ahead` turns from where it is.
    pub(crate) fn value(&self, ahead: f64) -> f64 {
        (TAU * (self.turns + ahead)).sin()
    }

    pub(crate) fn reset(&mut self) {
        self.turns = 0.0;
    }
}

/// How far a channel's oscillator is ahead: the channels lie evenly over `spread` of a turn.
pub(crate) fn ahead(channel: usize, channels: usize, spread: f64) -> f64 {
    spread * channel as f64 / channels as f64
}
