//! Soft drums: a low heartbeat whose pitch sinks, a shaker of noise, a wooden knock. All begin roundly.

use super::{Bus, CHUNK, Strike, Svf, SvfShape};
use crate::math::{Noise, Ramp, exp2, increment, sine};
use crate::percussion::{HEART, SHAKER};

pub(crate) struct Drums {
    sample_rate: f32,
    voices: [Voice; VOICES],
    noise: Noise,
}

const VOICES: usize = 8;
const INAUDIBLE: f32 = 3e-5;

/// What a drum is made of.
struct Body {
    /// Pitch at the stroke and at rest, in Hz.
    hz: [f32; 2],
    /// Levels of tone and noise.
    tone: f32,
    noise: f32,
    /// Centre of the noise's band, in Hz.
    band_hz: f32,
    attack_secs: f32,
    /// Time in which tone and noise fall by 60 dB.
    ring_secs: [f32; 2],
    /// Farthest from the middle.
    pan: f32,
}

const HEART_BODY: Body = Body {
    hz: [74.0, 52.0],
    tone: 1.0,
    noise: 0.05,
    band_hz: 240.0,
    attack_secs: 0.012,
    ring_secs: [0.8, 0.12],
    pan: 0.0,
};
const SHAKER_BODY: Body = Body {
    hz: [0.0, 0.0],
    tone: 0.0,
    noise: 0.30,
    band_hz: 5200.0,
    attack_secs: 0.035,
    ring_secs: [0.0, 0.22],
    pan: 0.5,
};
const WOOD_BODY: Body = Body {
    hz: [540.0, 523.0],
    tone: 0.34,
    noise: 0.10,
    band_hz: 1400.0,
    attack_secs: 0.004,
    ring_secs: [0.28, 0.06],
    pan: 0.4,
};

#[derive(Clone, Copy)]
struct Voice {
    phase: u32,
    /// Now and at rest.
    increments: [f32; 2],
    levels: [f32; 2],
    /// Factors a chunk of tone and noise.
    decays: [f32; 2],
    attack: f32,
    attack_step: f32,
    band: Svf,
    shape: SvfShape,
    pan: [f32; 2],
    active: bool,
}

impl Drums {
    pub(crate) fn new(sample_rate: f32, seed: u32) -> Drums {
        let voice = Voice {
            phase: 0,
            increments: [0.0; 2],
            levels: [0.0; 2],
            decays: [0.0; 2],
            attack: 0.0,
            attack_step: 1.0,
            band: Svf::default(),
            shape: SvfShape::new(1000.0, 1.0, sample_rate),
            pan: [0.0; 2],
            active: false,
        };
        Drums {
            sample_rate,
            voices: [voice; VOICES],
            noise: Noise(seed),
        }
    }

    /// The pitch is a key of [`percussion`](crate::percussion). With all voices sounding the stroke is left out.
    pub(crate) fn strike(&mut self, strike: Strike) {
        let body = match strike.pitch {
            HEART => &HEART_BODY,
            SHAKER => &SHAKER_BODY,
            _ => &WOOD_BODY,
        };
        let pan = body.pan * self.noise.next();
        let Some(voice) = self.voices.iter_mut().find(|voice| !voice.active) else {
            return;
        };
        let chunks_per_sec = self.sample_rate / CHUNK as f32;
        let decay = |secs: f32| exp2(-9.97 / (secs * chunks_per_sec).max(1.0));
        *voice = Voice {
            phase: 0,
            increments: body.hz.map(|hz| increment(hz, self.sample_rate) as f32),
            levels: [body.tone * strike.force, body.noise * strike.force],
            decays: body.ring_secs.map(decay),
            attack: 0.0,
            attack_step: (CHUNK as f32 / (body.attack_secs * self.sample_rate)).min(1.0),
            band: Svf::default(),
            shape: SvfShape::new(body.band_hz, 1.0, self.sample_rate),
            pan: [(0.5 * (1.0 - pan)).sqrt(), (0.5 * (1.0 + pan)).sqrt()],
            active: true,
        };
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
        let shaped = |attack: f32| attack * attack * (3.0 - 2.0 * attack);
        let before = shaped(self.attack);
        self.attack = (self.attack + self.attack_step).min(1.0);
        let after = shaped(self.attack);
        let [tone, rustle] = [0, 1].map(|part: usize| {
            let from = self.levels[part] * before;
            self.levels[part] *= self.decays[part];
            Ramp::new(from, self.levels[part] * after, CHUNK)
        });
        // Most of the way to the resting pitch takes some 30 ms.
        let [now, rest] = self.increments;
        self.increments[0] = now + 0.08 * (rest - now);
        let step = self.increments[0] as u32;
        let [left, right] = self.pan;
        for n in 0..CHUNK {
            self.phase = self.phase.wrapping_add(step);
            let hiss = self
                .band
                .next(&self.shape, noise.next() * rustle.at(n))
                .band;
            let sample = sine(self.phase) * tone.at(n) + hiss;
            bus.left[n] += sample * left;
            bus.right[n] += sample * right;
        }
        if self.levels[0].max(self.levels[1]) < INAUDIBLE {
            self.active = false;
        }
    }
}
