//! Air: noise in a band that wanders around a chord tone; each ear has its own noise and its own wind.

use super::{Bus, CHUNK, Slew, Strike, Svf, SvfShape, gate_closes};
use crate::math::{Noise, exp2, increment, sine};

pub(crate) struct Airs {
    sample_rate: f32,
    level: Slew,
    gate: u64,
    /// Where the band's centre is and where it goes, in octaves above 1 Hz.
    octave: f32,
    goal: f32,
    winds: [u32; 3],
    wind_increments: [u32; 3],
    noises: [Noise; 2],
    bands: [Svf; 2],
    /// Takes away what the band lets through far above.
    tops: [Svf; 2],
}

const RISE_SECS: f32 = 3.5;
const FALL_SECS: f32 = 4.5;

impl Airs {
    pub(crate) fn new(sample_rate: f32, seed: u32) -> Airs {
        Airs {
            sample_rate,
            level: Slew::new(RISE_SECS, FALL_SECS, sample_rate),
            gate: 0,
            octave: 10.0,
            goal: 10.0,
            winds: [seed, seed.wrapping_mul(3), seed.wrapping_mul(7)],
            wind_increments: [7.3, 11.9, 17.1]
                .map(|period_secs| increment(CHUNK as f32 / period_secs, sample_rate)),
            noises: [Noise(seed), Noise(!seed)],
            bands: [Svf::default(); 2],
            tops: [Svf::default(); 2],
        }
    }

    pub(crate) fn strike(&mut self, strike: Strike) {
        self.gate = strike.gate;
        self.level.aim(strike.force);
        // A4 (69) is 440 Hz: 8.78 octaves above 1 Hz.
        self.goal = 8.781_36 + (f32::from(strike.pitch) - 69.0) / 12.0;
    }

    pub(crate) fn release_all(&mut self) {
        self.gate = 0;
    }

    pub(crate) fn chunk(&mut self, bus: &mut Bus) -> usize {
        if gate_closes(&mut self.gate) {
            self.level.aim(0.0);
        }
        if self.level.has_ended() {
            return 0;
        }
        let level = self.level.advance();
        self.octave +=
            (self.goal - self.octave) * (CHUNK as f32 / (1.5 * self.sample_rate)).min(1.0);
        for (wind, increment) in self.winds.iter_mut().zip(self.wind_increments) {
            *wind = wind.wrapping_add(increment);
        }
        let top = SvfShape::new(4200.0, 1.4, self.sample_rate);
        let wander = 0.25 * sine(self.winds[2]);
        let shapes = [0, 1].map(|ear: usize| {
            let wind = sine(self.winds[ear]);
            SvfShape::new(
                exp2(self.octave + wander + 0.3 * wind),
                0.7,
                self.sample_rate,
            )
        });
        let gusts = [0, 1]
            .map(|ear: usize| 0.75 + 0.25 * sine(self.winds[ear].wrapping_add(self.winds[2])));
        // Both ears at once: their filters do not wait for each other.
        let (mut noises, mut bands, mut tops) = (self.noises, self.bands, self.tops);
        for n in 0..CHUNK {
            let level = level.at(n);
            let mut ears = [0.0; 2];
            for (ear, out) in ears.iter_mut().enumerate() {
                let breath = bands[ear]
                    .next(&shapes[ear], noises[ear].next() * level)
                    .band;
                *out = tops[ear].next(&top, breath).low * gusts[ear];
            }
            bus.left[n] += ears[0];
            bus.right[n] += ears[1];
        }
        (self.noises, self.bands, self.tops) = (noises, bands, tops);
        1
    }
}
