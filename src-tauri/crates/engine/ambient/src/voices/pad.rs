//! Pad: four detuned saws a voice, two for each ear, behind a low-pass that drifts on its own period.

use super::{Bus, CHUNK, Slew, Strike, Svf, SvfShape, gate_closes};
use crate::math::{Noise, exp2, increment, sine};

pub(crate) struct Pads {
    sample_rate: f32,
    voices: [Voice; VOICES],
    noise: Noise,
}

/// Four voices of a chord while those of three earlier ones fade.
const VOICES: usize = 16;
/// Detuning of the saws in cents: left, right, left, right.
const CENTS: [f32; 4] = [-6.5, -3.1, 4.3, 7.2];
/// How much of one ear's saws the other hears: wide, but whole in mono.
const SHARED: f32 = 0.25;
const RISE_SECS: f32 = 1.9;
const FALL_SECS: f32 = 2.6;

#[derive(Clone, Copy)]
struct Voice {
    pitch: u8,
    hz: f32,
    gate: u64,
    level: Slew,
    phases: [u32; 4],
    increments: [u32; 4],
    /// Gain of the differentiated parabola that makes each a saw of amplitude 1.
    gains: [f32; 4],
    last: [f32; 4],
    filters: [Svf; 2],
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
            phases: [0; 4],
            increments: [0; 4],
            gains: [0.0; 4],
            last: [0.0; 4],
            filters: [Svf::default(); 2],
            drift: 0,
            drift_increment: 0,
            active: false,
        };
        Pads {
            sample_rate,
            voices: [voice; VOICES],
            noise: Noise(seed),
        }
    }

    /// A pitch that still sounds is held on rather than struck again. With all voices busy the note is left out.
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
        voice.hz = strike.hz;
        voice.gate = strike.gate;
        voice.level = Slew::new(RISE_SECS, FALL_SECS, self.sample_rate);
        voice.level.aim(strike.force);
        for (n, cents) in CENTS.into_iter().enumerate() {
            let hz = strike.hz * exp2(cents / 1200.0);
            voice.phases[n] = self.noise.bits();
            voice.increments[n] = increment(hz, self.sample_rate).max(1);
            voice.gains[n] = self.sample_rate / (4.0 * hz);
            let saw = voice.phases[n] as i32 as f32 * (1.0 / 2_147_483_648.0);
            voice.last[n] = saw * saw;
        }
        voice.filters = [Svf::default(); 2];
        voice.drift = self.noise.bits();
        let period_secs = 13.0 + 6.0 * self.noise.next();
        voice.drift_increment = increment(CHUNK as f32 / period_secs, self.sample_rate);
    }

    pub(crate) fn release_all(&mut self) {
        for voice in &mut self.voices {
            voice.gate = 0;
        }
    }

    /// Adds a chunk; `brightness` in octaves moves all filters.
    pub(crate) fn chunk(&mut self, brightness: f32, bus: &mut Bus) -> bool {
        let mut sounding = false;
        for voice in self.voices.iter_mut().filter(|voice| voice.active) {
            sounding = true;
            voice.chunk(brightness, self.sample_rate, bus);
        }
        sounding
    }
}

impl Voice {
    fn chunk(&mut self, brightness: f32, sample_rate: f32, bus: &mut Bus) {
        if gate_closes(&mut self.gate) {
            self.level.aim(0.0);
        }
        let level = self.level.advance();
        self.drift = self.drift.wrapping_add(self.drift_increment);
        // Opens with the level, drifts by a third of an octave, and follows the pitch by half.
        let octaves = brightness + 0.35 * sine(self.drift) + 1.2 * self.level.level();
        let tracked = 330.0 * (self.hz * (1.0 / 262.0)).sqrt();
        let shape = SvfShape::new(tracked * exp2(octaves), 1.15, sample_rate);

        let (mut phases, mut last, mut filters) = (self.phases, self.last, self.filters);
        let (increments, gains) = (self.increments, self.gains);
        for n in 0..CHUNK {
            // Differentiated parabolic wave: a saw whose aliases lie 12 dB an octave lower than a naive one's
            // (V. Välimäki, "Discrete-time synthesis of the sawtooth waveform with reduced aliasing", 2005).
            let mut saws = [0.0; 4];
            for o in 0..4 {
                phases[o] = phases[o].wrapping_add(increments[o]);
                let ramp = phases[o] as i32 as f32 * (1.0 / 2_147_483_648.0);
                let parabola = ramp * ramp;
                saws[o] = (parabola - last[o]) * gains[o];
                last[o] = parabola;
            }
            let gain = level.at(n);
            let (left, right) = (saws[0] + saws[2], saws[1] + saws[3]);
            bus.left[n] += filters[0].next(&shape, left + SHARED * right).low * gain;
            bus.right[n] += filters[1].next(&shape, right + SHARED * left).low * gain;
        }
        (self.phases, self.last, self.filters) = (phases, last, filters);
        if self.level.has_ended() {
            self.active = false;
        }
    }
}
