//! Bell: two-operator FM whose modulation dies faster than the tone, and a short tine two octaves and a bit above.

use super::{Bus, CHUNK, Strike};
use crate::math::{Noise, Ramp, exp2, increment, sine};

pub(crate) struct Bells {
    sample_rate: f32,
    voices: [Voice; VOICES],
    noise: Noise,
}

const VOICES: usize = 10;
/// Modulator to carrier. A shade off the octave makes the partials beat slowly.
const RATIO: f32 = 2.003;
const TINE_RATIO: f32 = 4.21;
const ATTACK_SECS: f32 = 0.008;
const INAUDIBLE: f32 = 3e-5;

#[derive(Clone, Copy)]
struct Voice {
    carrier: u32,
    modulator: u32,
    tine: u32,
    increments: [u32; 3],
    /// Rises to 1 and stays.
    attack: f32,
    level: f32,
    index: f32,
    shine: f32,
    /// Factors a chunk of level, index and shine.
    decays: [f32; 3],
    pan: [f32; 2],
    active: bool,
}

impl Bells {
    pub(crate) fn new(sample_rate: f32, seed: u32) -> Bells {
        let voice = Voice {
            carrier: 0,
            modulator: 0,
            tine: 0,
            increments: [0; 3],
            attack: 0.0,
            level: 0.0,
            index: 0.0,
            shine: 0.0,
            decays: [0.0; 3],
            pan: [0.0; 2],
            active: false,
        };
        Bells {
            sample_rate,
            voices: [voice; VOICES],
            noise: Noise(seed),
        }
    }

    /// With all voices ringing the note is left out: cutting one would click.
    pub(crate) fn strike(&mut self, strike: Strike) {
        let pan = 0.45 * self.noise.next();
        let Some(voice) = self.voices.iter_mut().find(|voice| !voice.active) else {
            return;
        };
        let chunks_per_sec = self.sample_rate / CHUNK as f32;
        // Time in which a part falls by 60 dB; low notes ring longer.
        let decay = |secs: f32| exp2(-9.97 / (secs * chunks_per_sec).max(1.0));
        let ring = 5.0 * exp2((72.0 - f32::from(strike.pitch)) / 24.0);
        let level = strike.force * strike.force;
        *voice = Voice {
            carrier: 0,
            modulator: 0,
            tine: 0,
            increments: [1.0, RATIO, TINE_RATIO]
                .map(|ratio| increment(strike.hz * ratio, self.sample_rate)),
            attack: 0.0,
            level,
            // In turns of phase.
            index: (0.05 + 0.16 * strike.force) * exp2((72.0 - f32::from(strike.pitch)) / 18.0),
            shine: 0.10 * level * strike.force,
            decays: [decay(ring), decay(ring * 0.45), decay(0.7)],
            pan: [(0.5 * (1.0 - pan)).sqrt(), (0.5 * (1.0 + pan)).sqrt()],
            active: true,
        };
    }

    pub(crate) fn chunk(&mut self, bus: &mut Bus) -> usize {
        let attack_step = CHUNK as f32 / (ATTACK_SECS * self.sample_rate);
        let mut sounding = 0;
        for voice in self.voices.iter_mut().filter(|voice| voice.active) {
            sounding += 1;
            voice.chunk(attack_step, bus);
        }
        sounding
    }
}

impl Voice {
    fn chunk(&mut self, attack_step: f32, bus: &mut Bus) {
        let rising = self.attack;
        self.attack = (self.attack + attack_step).min(1.0);
        let shaped = |attack: f32| attack * attack * (3.0 - 2.0 * attack);
        let (before, after) = (shaped(rising), shaped(self.attack));
        let [level_decay, index_decay, shine_decay] = self.decays;
        let level = Ramp::new(self.level * before, self.level * level_decay * after, CHUNK);
        let index = Ramp::new(self.index, self.index * index_decay, CHUNK);
        let shine = Ramp::new(self.shine * before, self.shine * shine_decay * after, CHUNK);
        self.level *= level_decay;
        self.index *= index_decay;
        self.shine *= shine_decay;

        let [carrier_step, modulator_step, tine_step] = self.increments;
        let [left, right] = self.pan;
        let (mut carrier, mut modulator, mut tine) = (self.carrier, self.modulator, self.tine);
        for n in 0..CHUNK {
            modulator = modulator.wrapping_add(modulator_step);
            carrier = carrier.wrapping_add(carrier_step);
            tine = tine.wrapping_add(tine_step);
            let turns = (sine(modulator) * index.at(n) * 2_147_483_648.0) as i32 as u32;
            // Twice half a turn: the factor above keeps an index of 1 inside an i32.
            let phase = carrier.wrapping_add(turns.wrapping_mul(2));
            let tone = sine(phase) * level.at(n) + sine(tine) * shine.at(n);
            bus.left[n] += tone * left;
            bus.right[n] += tone * right;
        }
        (self.carrier, self.modulator, self.tine) = (carrier, modulator, tine);
        if self.level < INAUDIBLE {
            self.active = false;
        }
    }
}
