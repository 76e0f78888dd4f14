//! Pad: four detuned saws a voice, two for each ear, behind a low-pass that drifts on its own period.
//!
//! Voices are rendered four at a time, side by side: a filter waits for its last sample, four filters wait together.

use super::{Bus, CHUNK, Slew, Strike, SvfShape, gate_closes};
use crate::math::{Noise, Ramp, exp2, increment, sine};

pub(crate) struct Pads {
    sample_rate: f32,
    quads: [Quad; QUADS],
    noise: Noise,
}

/// Four voices of a chord while those of three earlier ones fade.
const QUADS: usize = 4;
/// Voices in a quad.
const LANES: usize = 4;
/// Detuning of the saws in cents: left, right, left, right.
const CENTS: [f32; 4] = [-6.5, -3.1, 4.3, 7.2];
/// How much of one ear's saws the other hears: wide, but whole in mono.
const SHARED: f32 = 0.25;
const RISE_SECS: f32 = 1.9;
const FALL_SECS: f32 = 2.6;

/// A number for each voice of a quad.
type Lanes = [f32; LANES];

/// What four voices are made of, saw by saw.
#[derive(Clone, Copy)]
struct Quad {
    voices: [Voice; LANES],
    phases: [[u32; LANES]; 4],
    increments: [[u32; LANES]; 4],
    /// Gain of the differentiated parabola that makes each a saw of amplitude 1.
    gains: [Lanes; 4],
    /// The parabola a sample ago.
    last: [Lanes; 4],
    /// States of the left and the right filter.
    filters: [[Lanes; 2]; 2],
}

#[derive(Clone, Copy)]
struct Voice {
    pitch: u8,
    hz: f32,
    gate: u64,
    level: Slew,
    drift: u32,
    drift_increment: u32,
    active: bool,
}

impl Pads {
    pub(crate) fn new(sample_rate: f32, seed: u32) -> Pads {
        let voice = Voice {
            pitch: 0,
            hz: 220.0,
            gate: 0,
            level: Slew::new(RISE_SECS, FALL_SECS, sample_rate),
            drift: 0,
            drift_increment: 0,
            active: false,
        };
        let quad = Quad {
            voices: [voice; LANES],
            phases: [[0; LANES]; 4],
            increments: [[0; LANES]; 4],
            gains: [[0.0; LANES]; 4],
            last: [[0.0; LANES]; 4],
            filters: [[[0.0; LANES]; 2]; 2],
        };
        Pads {
            sample_rate,
            quads: [quad; QUADS],
            noise: Noise(seed),
        }
    }

    /// A pitch that still sounds is held on rather than struck again. With all voices busy the note is left out.
    pub(crate) fn strike(&mut self, strike: Strike) {
        let mut voices = self.quads.iter_mut().flat_map(|quad| &mut quad.voices);
        if let Some(voice) = voices.find(|voice| voice.active && voice.pitch == strike.pitch) {
            voice.gate = strike.gate;
            voice.level.aim(strike.force);
            return;
        }
        for quad in &mut self.quads {
            if let Some(lane) = quad.voices.iter().position(|voice| !voice.active) {
                quad.begin(lane, strike, self.sample_rate, &mut self.noise);
                return;
            }
        }
    }

    pub(crate) fn release_all(&mut self) {
        for voice in self.quads.iter_mut().flat_map(|quad| &mut quad.voices) {
            voice.gate = 0;
        }
    }

    /// Adds a chunk; `brightness` in octaves moves all filters.
    pub(crate) fn chunk(&mut self, brightness: f32, bus: &mut Bus) -> usize {
        let mut sounding = 0;
        for quad in &mut self.quads {
            let active = quad.voices.iter().filter(|voice| voice.active).count();
            if active > 0 {
                sounding += active;
                quad.chunk(brightness, self.sample_rate, bus);
            }
        }
        sounding
    }
}

impl Quad {
    fn begin(&mut self, lane: usize, strike: Strike, sample_rate: f32, noise: &mut Noise) {
        for (n, cents) in CENTS.into_iter().enumerate() {
            let hz = strike.hz * exp2(cents / 1200.0);
            let phase = noise.bits();
            self.phases[n][lane] = phase;
            self.increments[n][lane] = increment(hz, sample_rate).max(1);
            self.gains[n][lane] = sample_rate / (4.0 * hz);
            self.last[n][lane] = parabola(phase);
        }
        for state in self.filters.as_flattened_mut() {
            state[lane] = 0.0;
        }
        let mut level = Slew::new(RISE_SECS, FALL_SECS, sample_rate);
        level.aim(strike.force);
        let drift = noise.bits();
        let period_secs = 13.0 + 6.0 * noise.next();
        self.voices[lane] = Voice {
            pitch: strike.pitch,
            hz: strike.hz,
            gate: strike.gate,
            level,
            drift,
            drift_increment: increment(CHUNK as f32 / period_secs, sample_rate),
            active: true,
        };
    }

    fn chunk(&mut self, brightness: f32, sample_rate: f32, bus: &mut Bus) {
        let (mut from, mut step) = ([0.0; LANES], [0.0; LANES]);
        let (mut a1, mut a2, mut a3) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for (lane, voice) in self.voices.iter_mut().enumerate() {
            if !voice.active {
                continue;
            }
            let (level, shape) = voice.steer(brightness, sample_rate);
            (from[lane], step[lane]) = (level.from, level.step);
            (a1[lane], a2[lane], a3[lane]) = (shape.a1, shape.a2, shape.a3);
        }

        let (mut phases, mut last, mut filters) = (self.phases, self.last, self.filters);
        for n in 0..CHUNK {
            let at = (n + 1) as f32;
            // Differentiated parabolic wave: a saw whose aliases lie 12 dB an octave lower than a naive one's
            // (V. Välimäki, "Discrete-time synthesis of the sawtooth waveform with reduced aliasing", 2005).
            let mut saws = [[0.0; LANES]; 4];
            for o in 0..4 {
                for lane in 0..LANES {
                    phases[o][lane] = phases[o][lane].wrapping_add(self.increments[o][lane]);
                    let now = parabola(phases[o][lane]);
                    saws[o][lane] = (now - last[o][lane]) * self.gains[o][lane];
                    last[o][lane] = now;
                }
            }
            let mut ears = [[0.0; LANES]; 2];
            for lane in 0..LANES {
                let (left, right) = (saws[0][lane] + saws[2][lane], saws[1][lane] + saws[3][lane]);
                ears[0][lane] = left + SHARED * right;
                ears[1][lane] = right + SHARED * left;
            }
            // The filter of `Svf`, four at a time.
            for ([first, second], ear) in filters.iter_mut().zip(&mut ears) {
                for lane in 0..LANES {
                    let v3 = ear[lane] + 1e-18 - second[lane];
                    let v1 = a1[lane] * first[lane] + a2[lane] * v3;
                    let v2 = second[lane] + a2[lane] * first[lane] + a3[lane] * v3;
                    first[lane] = 2.0 * v1 - first[lane];
                    second[lane] = 2.0 * v2 - second[lane];
                    ear[lane] = v2 * (from[lane] + step[lane] * at);
                }
            }
            bus.left[n] += (ears[0][0] + ears[0][1]) + (ears[0][2] + ears[0][3]);
            bus.right[n] += (ears[1][0] + ears[1][1]) + (ears[1][2] + ears[1][3]);
        }
        (self.phases, self.last, self.filters) = (phases, last, filters);
        for voice in &mut self.voices {
            voice.active = voice.active && !voice.level.has_ended();
        }
    }
}

impl Voice {
    /// The chunk's level and filter.
    fn steer(&mut self, brightness: f32, sample_rate: f32) -> (Ramp, SvfShape) {
        if gate_closes(&mut self.gate) {
            self.level.aim(0.0);
        }
        let level = self.level.advance();
        self.drift = self.drift.wrapping_add(self.drift_increment);
        // Opens with the level, drifts by a third of an octave, and follows the pitch by half.
        let octaves = brightness + 0.35 * sine(self.drift) + 1.2 * self.level.level();
        let tracked = 330.0 * (self.hz * (1.0 / 262.0)).sqrt();
        let shape = SvfShape::new(tracked * exp2(octaves), 1.15, sample_rate);
        (level, shape)
    }
}

/// A phase's saw, squared.
#[inline(always)]
fn parabola(phase: u32) -> f32 {
    let saw = phase as i32 as f32 * (1.0 / 2_147_483_648.0);
    saw * saw
}
