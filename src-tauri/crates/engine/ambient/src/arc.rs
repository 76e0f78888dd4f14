//! The long arc: over ten to thirty minutes the music grows denser, brighter and higher, and comes back.
//!
//! Three slow waves whose periods do not divide one another, so that their sum returns to no earlier state within
//! hours. Music begins where they all cross zero on their way up.

use crate::chance::{Chance, Stream};
use crate::math::sine;

/// How far the arc has bent the music.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bend {
    /// Added to the intensity of the lines; ±0.12.
    pub density: f32,
    /// Octaves that filters open; ±0.5.
    pub brightness: f32,
    /// Semitones that lines and chords rise; ±3.
    pub register: f32,
}

#[derive(Clone)]
pub(crate) struct Arc {
    phases: [u32; 3],
    /// In turns of 2^32 a second.
    speeds: [f64; 3],
}

/// Shortest and longest period in minutes: density, brightness, register.
const PERIODS_MINUTES: [(f32, f32); 3] = [(10.0, 14.0), (15.0, 20.0), (22.0, 30.0)];

impl Arc {
    pub(crate) fn new(seed: u64) -> Arc {
        let mut chance = Chance::new(seed, Stream::Arc);
        Arc {
            phases: [0; 3],
            speeds: PERIODS_MINUTES.map(|(short, long)| {
                let secs = 60.0 * f64::from(chance.between(short, long));
                4_294_967_296.0 / secs
            }),
        }
    }

    /// Goes on by a stretch of music.
    pub(crate) fn advance(&mut self, secs: f32) -> Bend {
        let [density, brightness, register] = self.phases.map(sine);
        for (phase, speed) in self.phases.iter_mut().zip(self.speeds) {
            *phase = phase.wrapping_add((speed * f64::from(secs)) as u32);
        }
        Bend {
            density: 0.12 * density,
            brightness: 0.5 * brightness,
            register: 3.0 * register,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arc_takes_ten_to_thirty_minutes_and_moves_slowly() {
        let mut arc = Arc::new(5);
        let mut before = arc.advance(1.0);
        assert_eq!(before, Bend::default());
        let mut rising_crossings = [0; 3];
        for _ in 0..7200 {
            let bend = arc.advance(1.0);
            let pairs = [
                (before.density, bend.density),
                (before.brightness, bend.brightness),
                (before.register, bend.register),
            ];
            for (count, (before, now)) in rising_crossings.iter_mut().zip(pairs) {
                *count += u32::from(before < 0.0 && now >= 0.0);
                assert!((before - now).abs() < 0.03, "a step that could be heard");
            }
            before = bend;
        }
        // In two hours.
        for (count, (short, long)) in rising_crossings.into_iter().zip(PERIODS_MINUTES) {
            let count = count as f32;
            assert!(
                count <= 120.0 / short && count + 1.0 >= 120.0 / long,
                "{count}"
            );
        }
    }
}
