//! The gate, which as a gentle ratio is an expander: what is quiet becomes quieter.
//!
//! The level is that of the loudest channel, held over the pauses within a wave; the reduction grows
//! with the distance below the threshold, up to a range, and follows with attack, hold and release.

use super::ballistics::{Wait, keep};
use super::decibels::{levels, ratios};
use crate::effects::block::Block;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// Turns down what is below a threshold.
    Gate {
        /// In dBFS.
        threshold_db: "dB", -100.0..=0.0, -50.0;
        /// Decibels that come out for each that comes in below the threshold; 2 expands gently, 10 and
        /// more shut.
        ratio: "1", 1.0..=100.0, 10.0;
        /// The most that is taken off.
        range_db: "dB", 0.0..=120.0, 80.0;
        /// Time in which 63 % of an opening are done.
        attack_ms: "ms", 0.02..=250.0, 1.0;
        /// For how long it stays open after the level fell below the threshold.
        hold_ms: "ms", 0.0..=2000.0, 20.0;
        /// Time in which 63 % of a closing are done.
        release_ms: "ms", 1.0..=5000.0, 100.0;
        /// How long before a sound it begins to open. It makes the sound as late.
        lookahead_ms: "ms", 0.0..=50.0, 0.0, fixed;
    }
}

impl Settings for Gate {
    type Running = Running;
    own_numbers!();
}

/// Time constant with which the level falls between the peaks of a wave: half a period of 20 Hz and
/// the gate does not chatter.
const FALL_MS: f64 = 25.0;

pub(crate) struct Running {
    threshold_db: f32,
    slope: f32,
    range_db: f32,
    attack: f32,
    release: f32,
    fall: f32,
    hold: usize,
    envelope: f32,
    /// Samples until it may close.
    held: usize,
    /// Smoothed reduction, in dB.
    reduction: f32,
    wait: Wait,
    rate_hz: f64,
}

impl Effect for Running {
    type Settings = Gate;

    fn prepare(settings: &Gate, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let mut running = Running {
            threshold_db: 0.0,
            slope: 0.0,
            range_db: 0.0,
            attack: 0.0,
            release: 0.0,
            fall: keep(FALL_MS, stream.hz()),
            hold: 0,
            envelope: 0.0,
            held: 0,
            reduction: 0.0,
            wait: Wait::new(
                stream.samples_from_ms(settings.lookahead_ms),
                stream.channels,
            ),
            rate_hz: stream.hz(),
        };
        running.turn(settings);
        running.reset();
        Ok(running)
    }

    fn turn(&mut self, settings: &Gate) {
        self.threshold_db = settings.threshold_db as f32;
        self.slope = (settings.ratio - 1.0) as f32;
        self.range_db = settings.range_db as f32;
        self.attack = keep(settings.attack_ms, self.rate_hz);
        self.release = keep(settings.release_ms, self.rate_hz);
        self.hold = (settings.hold_ms * 1e-3 * self.rate_hz).round() as usize;
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let frames = block.frames();
        let mut peaks = block.peaks();
        for peak in &mut peaks[..frames] {
            self.envelope = peak.max(self.envelope * self.fall);
            *peak = self.envelope;
        }
        let mut db = levels(&peaks);
        for x in &mut db[..frames] {
            let under = self.threshold_db - *x;
            let wanted = (under * self.slope).clamp(0.0, self.range_db);
            self.held = if under <= 0.0 {
                self.hold
            } else {
                self.held.saturating_sub(1)
            };
            if wanted < self.reduction {
                self.reduction = wanted + (self.reduction - wanted) * self.attack;
            } else if self.held == 0 {
                self.reduction = wanted + (self.reduction - wanted) * self.release;
            }
            *x = -self.reduction;
        }
        self.wait.process(block);
        block.scale(&ratios(&db));
    }

    fn tick(&mut self) {
        if self.reduction < 1e-6 {
            self.reduction = 0.0;
        }
        if self.envelope < 1e-12 {
            self.envelope = 0.0;
        }
    }

    /// Shut, as after a long silence.
    fn reset(&mut self) {
        self.envelope = 0.0;
        self.held = 0;
        self.reduction = match self.slope > 0.0 {
            true => self.range_db,
            false => 0.0,
        };
        self.wait.reset();
    }

    fn latency(&self) -> usize {
        self.wait.samples()
    }
}
