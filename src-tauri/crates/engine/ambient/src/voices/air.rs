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

    pub(crate) fn chunk(&mut self, bus: &mut Bus) -> bool {
        if gate_closes(&mut self.gate) {
            self.level.aim(0.0);
        }
        if self.level.has_ended() {
            return false;
        }
        let level = self.level.advance();
        self.octave +=
            (self.goal - self.octave) * (CHUNK as f32 / (1.5 * self.sample_rate)).min(1.0);
        for (wind, increment) in self.winds.iter_mut().zip(self.wind_increments) {
            *wind = wind.wrapping_add(increment);
        }
        let top = SvfShape::new(4200.0, 1.4, self.sample_rate);
        let wander = 0.25 * sine(self.winds[2]);
        for (ear, out) in [&mut bus.left, &mut bus.right].into_iter().enumerate() {
            let wind = sine(self.winds[ear]);
            let shape = SvfShape::new(
                exp2(self.octave + wander + 0.3 * wind),
                0.7,
                self.sample_rate,
            );
            let gust = 0.75 + 0.25 * sine(self.winds[ear].wrapping_add(self.winds[2]));
            let (mut noise, mut band, mut cut) =
                (self.noises[ear], self.bands[ear], self.tops[ear]);
            for (n, out) in out.iter_mut().enumerate() {
                let breath = band.next(&shape, noise.next() * level.at(n)).band;
                *out += cut.next(&top, breath).low * gust;
            }
            (self.noises[ear], self.bands[ear], self.tops[ear]) = (noise, band, cut);
        }
        true
    }
}
