//! Felt piano: partials of a stiff string under a soft hammer, which falls fast at first and then slowly.
//!
//! Stiffness makes partial n sound at n f √(1 + B n²) (H. Fletcher, "Normal vibration frequencies of a stiff piano
//! string", JASA 36, 1964); the double decay is that of coupled strings (G. Weinreich, "Coupled piano strings", JASA
//! 62, 1977). The pedal is down: nothing is damped, notes ring out.

use super::{Bus, CHUNK, Mono, Strike};
use crate::math::{Noise, Ramp, approach, exp2, increment, sine};

pub(crate) struct Pianos {
    sample_rate: f32,
    voices: [Voice; VOICES],
    noise: Noise,
}

const VOICES: usize = 8;
const PARTIALS: usize = 6;
/// B around middle C.
const STIFFNESS: f32 = 4e-4;
const ATTACK_SECS: f32 = 0.009;
/// The hammer's felt on the string.
const THUMP_SECS: f32 = 0.05;
const THUMP_HZ: f32 = 420.0;
/// Share of the level that falls fast.
const FAST: f32 = 0.7;
const INAUDIBLE: f32 = 3e-5;

#[derive(Clone, Copy)]
struct Voice {
    phases: [u32; PARTIALS],
    increments: [u32; PARTIALS],
    /// Of the fast and the slow part of each partial.
    levels: [[f32; 2]; PARTIALS],
    /// Factors a chunk.
    decays: [[f32; 2]; PARTIALS],
    attack: f32,
    thump: f32,
    thump_decay: f32,
    felt: [f32; 2],
    pan: [f32; 2],
    active: bool,
}

impl Pianos {
    pub(crate) fn new(sample_rate: f32, seed: u32) -> Pianos {
        let voice = Voice {
            phases: [0; PARTIALS],
            increments: [0; PARTIALS],
            levels: [[0.0; 2]; PARTIALS],
            decays: [[0.0; 2]; PARTIALS],
            attack: 0.0,
            thump: 0.0,
            thump_decay: 0.0,
            felt: [0.0; 2],
            pan: [0.0; 2],
            active: false,
        };
        Pianos {
            sample_rate,
            voices: [voice; VOICES],
            noise: Noise(seed),
        }
    }

    /// With all voices ringing the note is left out: cutting one would click.
    pub(crate) fn strike(&mut self, strike: Strike) {
        // As at the keyboard: low on the left.
        let pan =
            ((f32::from(strike.pitch) - 60.0) / 60.0 + 0.1 * self.noise.next()).clamp(-0.5, 0.5);
        let Some(voice) = self.voices.iter_mut().find(|voice| !voice.active) else {
            return;
        };
        let chunks_per_sec = self.sample_rate / CHUNK as f32;
        // Time in which a part falls by 60 dB.
        let decay = |secs: f32| exp2(-9.97 / (secs * chunks_per_sec).max(1.0));
        let ring_secs = 6.0 * exp2((60.0 - f32::from(strike.pitch)) / 24.0);
        let level = strike.force * strike.force;
        // Felt takes the high partials away, the less the harder it is struck: −13 to −7 dB a doubling.
        let slope = 2.2 - strike.force;
        for (n, octaves) in OCTAVES.into_iter().enumerate() {
            let number = (n + 1) as f32;
            let ratio = number * (1.0 + STIFFNESS * number * number).sqrt();
            let hz = strike.hz * ratio;
            // Partials near the top of the band would alias.
            let amplitude = if hz < 0.4 * self.sample_rate {
                level * exp2(-slope * octaves)
            } else {
                0.0
            };
            let shorter = 1.0 + 0.5 * n as f32;
            voice.phases[n] = 0;
            voice.increments[n] = increment(hz, self.sample_rate);
            voice.levels[n] = [FAST * amplitude, (1.0 - FAST) * amplitude];
            voice.decays[n] = [decay(0.3 * ring_secs / shorter), decay(ring_secs / shorter)];
        }
        voice.attack = 0.0;
        voice.thump = 0.9 * level;
        voice.thump_decay = decay(2.0 * THUMP_SECS);
        voice.felt = [0.0; 2];
        voice.pan = [(0.5 * (1.0 - pan)).sqrt(), (0.5 * (1.0 + pan)).sqrt()];
        voice.active = true;
    }

    pub(crate) fn chunk(&mut self, bus: &mut Bus) -> usize {
        let attack_step = CHUNK as f32 / (ATTACK_SECS * self.sample_rate);
        let softness = approach(1.0 / (std::f32::consts::TAU * THUMP_HZ), self.sample_rate);
        let mut sounding = 0;
        for voice in self.voices.iter_mut().filter(|voice| voice.active) {
            sounding += 1;
            voice.chunk(attack_step, softness, &mut self.noise, bus);
        }
        sounding
    }
}

/// log2 of a partial's number.
const OCTAVES: [f32; PARTIALS] = [0.0, 1.0, 1.584_963, 2.0, 2.321_928, 2.584_963];

impl Voice {
    fn chunk(&mut self, attack_step: f32, softness: f32, noise: &mut Noise, bus: &mut Bus) {
        let shaped = |attack: f32| attack * attack * (3.0 - 2.0 * attack);
        let before = shaped(self.attack);
        self.attack = (self.attack + attack_step).min(1.0);
        let after = shaped(self.attack);

        let mut tone: Mono = [0.0; CHUNK];
        let mut loudest = 0.0_f32;
        for partial in 0..PARTIALS {
            let [fast, slow] = &mut self.levels[partial];
            let [fast_decay, slow_decay] = self.decays[partial];
            let from = (*fast + *slow) * before;
            *fast *= fast_decay;
            *slow *= slow_decay;
            let to = *fast + *slow;
            loudest = loudest.max(to);
            let level = Ramp::new(from, to * after, CHUNK);
            let (mut phase, step) = (self.phases[partial], self.increments[partial]);
            for (n, tone) in tone.iter_mut().enumerate() {
                phase = phase.wrapping_add(step);
                *tone += sine(phase) * level.at(n);
            }
            self.phases[partial] = phase;
        }
        if self.thump > INAUDIBLE {
            let level = Ramp::new(
                self.thump * before,
                self.thump * self.thump_decay * after,
                CHUNK,
            );
            self.thump *= self.thump_decay;
            for (n, tone) in tone.iter_mut().enumerate() {
                self.felt[0] += softness * (noise.next() * level.at(n) - self.felt[0]);
                self.felt[1] += softness * (self.felt[0] - self.felt[1]);
                *tone += self.felt[1];
            }
        }
        let [left, right] = self.pan;
        for (n, tone) in tone.into_iter().enumerate() {
            bus.left[n] += tone * left;
            bus.right[n] += tone * right;
        }
        if loudest < INAUDIBLE {
            self.active = false;
        }
    }
}
