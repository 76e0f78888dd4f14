//! The crate's true-peak limiter as an effect.

use studio_core::units::Db;

use crate::effects::block::Block;
use crate::effects::effect::{CONTROL, Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::ramp::Ramp;
use crate::effects::settings::{Settings, own_numbers, settings};
use crate::limiter::{Limiter, Timing};

settings! {
    /// Keeps true peaks (ITU-R BS.1770-5 annex 2) under a ceiling.
    TruePeakLimiter {
        /// Gain before the limiter.
        drive_db: "dB", -24.0..=36.0, 0.0;
        /// In dBTP.
        ceiling_db: "dB", -40.0..=0.0, -1.0;
        /// Time in which 63 % of a reduction are given back.
        release_ms: "ms", 1.0..=2000.0, 80.0;
        /// Time in which the gain goes down before a peak. It makes the sound a little later than that.
        lookahead_ms: "ms", 0.5..=50.0, 5.0, fixed;
    }
}

impl Settings for TruePeakLimiter {
    type Running = Running;
    own_numbers!();
}

pub(crate) struct Running {
    drive: Ramp,
    limiter: Limiter,
}

impl Effect for Running {
    type Settings = TruePeakLimiter;

    fn prepare(settings: &TruePeakLimiter, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let timing = Timing {
            look_ahead_secs: settings.lookahead_ms / 1e3,
            release_secs: settings.release_ms / 1e3,
        };
        let ceiling = Db(settings.ceiling_db);
        Ok(Running {
            drive: Ramp::new(Db(settings.drive_db).ratio()),
            limiter: Limiter::with_timing(ceiling, timing, stream.channels, stream.rate),
        })
    }

    fn turn(&mut self, settings: &TruePeakLimiter) {
        self.drive.toward(Db(settings.drive_db).ratio());
        self.limiter.set_ceiling(Db(settings.ceiling_db));
        self.limiter.set_release(settings.release_ms / 1e3);
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        if self.drive.steady() != Some(1.0) {
            let factors: [f32; CONTROL] = self.drive.values(block.frames());
            block.scale(&factors);
        }
        let (channels, span) = block.parts();
        self.limiter.process_span(channels, span);
    }

    fn reset(&mut self) {
        self.drive.jump();
        self.limiter.reset();
    }

    fn latency(&self) -> usize {
        self.limiter.latency()
    }
}
