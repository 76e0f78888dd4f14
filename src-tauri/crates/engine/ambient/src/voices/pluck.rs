//! Pluck: a soft string after Karplus and Strong, with a damped loop and a burst whose edges are rounded.

use super::{Bus, CHUNK, Strike};
use crate::math::{Noise, exp2};

pub(crate) struct Plucks {
    sample_rate: f32,
    voices: Vec<Voice>,
    noise: Noise,
}

const VOICES: usize = 8;
/// Longest string: 55 Hz.
const LOWEST_HZ: f32 = 55.0;
const INAUDIBLE: f32 = 3e-5;

#[derive(Clone)]
struct Voice {
    string: Vec<f32>,
    write: usize,
    /// Length of the string in samples, less the delay of the loop's filter.
    delay: usize,
    fraction: f32,
    damped: f32,
    damping: f32,
    feedback: f32,
    /// Samples of the burst done and in all.
    burst: u32,
    burst_len: u32,
    force: f32,
    softened: [f32; 3],
    softness: f32,
    pan: [f32; 2],
    peak: f32,
    active: bool,
}

impl Plucks {
    pub(crate) fn new(sample_rate: f32, seed: u32) -> Plucks {
        let longest = ((sample_rate / LOWEST_HZ).min(65_536.0) as usize + 4).next_power_of_two();
        let voice = Voice {
            string: vec![0.0; longest],
            write: 0,
            delay: 2,
            fraction: 0.0,
            damped: 0.0,
            damping: 0.0,
            feedback: 0.0,
            burst: 0,
            burst_len: 0,
            force: 0.0,
            softened: [0.0; 3],
            softness: 0.0,
            pan: [0.0; 2],
            peak: 0.0,
            active: false,
        };
        Plucks {
            sample_rate,
            voices: vec![voice; VOICES],
            noise: Noise(seed),
        }
    }

    /// With all strings sounding the note is left out.
    pub(crate) fn strike(&mut self, strike: Strike) {
        let pan = 0.6 * self.noise.next();
        let Some(voice) = self.voices.iter_mut().find(|voice| !voice.active) else {
            return;
        };
        let period = (self.sample_rate / strike.hz.max(LOWEST_HZ)).max(4.0);
        // The loop's one-pole low-pass delays low frequencies by damping / (1 − damping) samples.
        voice.damping = 0.42 - 0.2 * strike.force;
        let length = period - voice.damping / (1.0 - voice.damping);
        voice.delay = (length as usize).clamp(2, voice.string.len() - 2);
        voice.fraction = (length - voice.delay as f32).clamp(0.0, 1.0);
        // Falls by 60 dB in this time; low strings ring longer.
        let ring_secs = 4.5 * exp2((60.0 - f32::from(strike.pitch)) / 24.0);
        voice.feedback = exp2(-9.97 * period / (ring_secs * self.sample_rate).max(1.0));
        voice.string.fill(0.0);
        voice.damped = 0.0;
        voice.burst = 0;
        voice.burst_len = (period * 1.5) as u32;
        voice.force = 16.0 * strike.force * strike.force;
        voice.softened = [0.0; 3];
        // Harder strokes are brighter: 700 Hz to about 3 kHz.
        let hz = 700.0 * exp2(2.1 * strike.force);
        voice.softness = (1.0 - exp2(-9.06 * hz / self.sample_rate)).clamp(0.01, 1.0);
        voice.pan = [(0.5 * (1.0 - pan)).sqrt(), (0.5 * (1.0 + pan)).sqrt()];
        voice.peak = 1.0;
        voice.active = true;
    }

    pub(crate) fn chunk(&mut self, bus: &mut Bus) -> usize {
        let mut sounding = 0;
        for voice in self.voices.iter_mut().filter(|voice| voice.active) {
            sounding += 1;
            voice.chunk(&mut self.noise, bus);
        }
        sounding
    }
}

impl Voice {
    fn chunk(&mut self, noise: &mut Noise, bus: &mut Bus) {
        let mask = self.string.len() - 1;
        let [left, right] = self.pan;
        let mut peak = 0.0_f32;
        for n in 0..CHUNK {
            let mut input = 1e-18;
            if self.burst < self.burst_len {
                let x = self.burst as f32 / self.burst_len as f32;
                let window = 4.0 * x * (1.0 - x);
                self.burst += 1;
                self.softened[0] +=
                    self.softness * (noise.next() * window * self.force - self.softened[0]);
                self.softened[2] += self.softness * (self.softened[0] - self.softened[2]);
                input += self.softened[2];
            }
            let at = self.write.wrapping_sub(self.delay);
            let (near, far) = (
                self.string[at & mask],
                self.string[at.wrapping_sub(1) & mask],
            );
            let heard = near + (far - near) * self.fraction;
            self.damped += (1.0 - self.damping) * (heard - self.damped);
            let sample = input + self.damped * self.feedback;
            self.string[self.write & mask] = sample;
            self.write = self.write.wrapping_add(1);
            self.softened[1] += self.softness * (sample - self.softened[1]);
            let tone = self.softened[1];
            peak = peak.max(sample.abs());
            bus.left[n] += tone * left;
            bus.right[n] += tone * right;
        }
        // A period may be longer than a chunk: let the peak fall slowly.
        self.peak = peak.max(self.peak * 0.9);
        if self.burst >= self.burst_len && self.peak < INAUDIBLE {
            self.active = false;
        }
    }
}
