//! Drone: a low sine with a breath of its octave and twelfth, so that small speakers show the pitch.

use super::{Bus, CHUNK, Slew, Strike, gate_closes};
use crate::math::{increment, sine};

pub(crate) struct Drones {
    sample_rate: f32,
    voices: [Voice; VOICES],
}

const VOICES: usize = 8;
const RISE_SECS: f32 = 2.2;
const FALL_SECS: f32 = 2.6;
const OCTAVE: f32 = 0.30;
const TWELFTH: f32 = 0.09;

#[derive(Clone, Copy)]
struct Voice {
    pitch: u8,
    gate: u64,
    level: Slew,
    phases: [u32; 4],
    increments: [u32; 4],
    active: bool,
}

impl Drones {
    pub(crate) fn new(sample_rate: f32) -> Drones {
        let voice = Voice {
            pitch: 0,
            gate: 0,
            level: Slew::new(RISE_SECS, FALL_SECS, sample_rate),
            phases: [0; 4],
            increments: [0; 4],
            active: false,
        };
        Drones {
            sample_rate,
            voices: [voice; VOICES],
        }
    }

    /// A pitch that still sounds is held on: crossfading two sines of one pitch would beat.
    pub(crate) fn strike(&mut self, strike: Strike) {
        let held = |voice: &&mut Voice| voice.active && voice.pitch == strike.pitch;
        if let Some(voice) = self.voices.iter_mut().find(held) {
            voice.gate = strike.gate;
            voice.level.aim(strike.force);
            return;
        }
        let Some(voice) = self.voices.iter_mut().find(|voice| !voice.active) else {
            return;
        };
        voice.active = true;
        voice.pitch = strike.pitch;
        voice.gate = strike.gate;
        voice.level = Slew::new(RISE_SECS, FALL_SECS, self.sample_rate);
        voice.level.aim(strike.force);
        voice.phases = [0; 4];
        // Fundamental; the octave a little apart in each ear; the twelfth.
        voice.increments =
            [1.0, 1.9985, 2.0015, 3.0].map(|ratio| increment(strike.hz * ratio, self.sample_rate));
    }

    pub(crate) fn release_all(&mut self) {
        for voice in &mut self.voices {
            voice.gate = 0;
        }
    }

    pub(crate) fn chunk(&mut self, bus: &mut Bus) -> usize {
        let mut sounding = 0;
        for voice in self.voices.iter_mut().filter(|voice| voice.active) {
            sounding += 1;
            voice.chunk(bus);
        }
        sounding
    }
}

impl Voice {
    fn chunk(&mut self, bus: &mut Bus) {
        if gate_closes(&mut self.gate) {
            self.level.aim(0.0);
        }
        let level = self.level.advance();
        let mut phases = self.phases;
        for n in 0..CHUNK {
            let mut partials = [0.0; 4];
            for (o, partial) in partials.iter_mut().enumerate() {
                phases[o] = phases[o].wrapping_add(self.increments[o]);
                *partial = sine(phases[o]);
            }
            let [low, left, right, twelfth] = partials;
            let (shared, gain) = (low + twelfth * TWELFTH, level.at(n));
            bus.left[n] += (shared + left * OCTAVE) * gain;
            bus.right[n] += (shared + right * OCTAVE) * gain;
        }
        self.phases = phases;
        if self.level.has_ended() {
            self.active = false;
        }
    }
}
