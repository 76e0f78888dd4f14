//! Flanger: a comb filter that sweeps, from a very short delay with feedback.

use super::modulated::{Modulated, Motion, Wanders};
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// A jet that passes.
    Flanger {
        /// How often the delay goes up and down.
        rate_hz: "Hz", 0.02..=10.0, 0.25;
        /// How far it goes.
        depth_ms: "ms", 0.05..=10.0, 3.0;
        /// Its shortest.
        delay_ms: "ms", 0.05..=10.0, 0.5;
        /// Part that is fed back; below 0 upside down, which makes the comb hollow.
        feedback: "1", -0.95..=0.95, 0.5;
        /// Turns by which the channels are apart.
        spread: "1", 0.0..=1.0, 0.25;
    }
}

impl Settings for Flanger {
    type Running = Modulated<Flanger>;
    own_numbers!();
}

impl Wanders for Flanger {
    const LONGEST_MS: f64 = 20.0;

    fn motion(&self) -> Motion {
        Motion {
            rate_hz: self.rate_hz,
            delay_ms: self.delay_ms,
            depth_ms: self.depth_ms,
            feedback: self.feedback,
            spread: self.spread,
        }
    }
}
