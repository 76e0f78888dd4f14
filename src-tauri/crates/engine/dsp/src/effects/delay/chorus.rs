//! Chorus: voices that wander around the sound, slightly late and out of tune.

use super::modulated::{Modulated, Motion, Wanders};
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// Makes one voice sound like several.
    Chorus {
        /// How often the delay goes up and down.
        rate_hz: "Hz", 0.02..=10.0, 1.0;
        /// How far it goes.
        depth_ms: "ms", 0.1..=20.0, 3.0;
        /// Its shortest.
        delay_ms: "ms", 1.0..=50.0, 7.0;
        /// Part of the voices that is fed back; below 0 upside down.
        feedback: "1", -0.95..=0.95, 0.0;
        /// Turns by which the channels are apart.
        spread: "1", 0.0..=1.0, 0.5;
    }
}

impl Settings for Chorus {
    type Running = Modulated<Chorus>;
    own_numbers!();
}

impl Wanders for Chorus {
    const LONGEST_MS: f64 = 70.0;

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
