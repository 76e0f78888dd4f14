//! Notes in, sound out: the instruments and their mix behind one door. Knows nothing of harmony or tempo.

use studio_core::units::SampleRate;

use crate::form::Layer;
use crate::math::{Ramp, exp2};
use crate::mix::{Chorus, Echo, Limiter, Reverb, Smooth};
use crate::params::Intensity;
use crate::theory::hz;
use crate::voices::{Airs, Bells, Drones, Drums, Pads, Pianos, Plucks, Strike};
pub use crate::voices::{Bus, CHUNK};

/// All instruments, their echo, their reverb and the limiter behind them.
///
/// What comes out lies a chunk later than what was struck. `new` allocates; nothing else does.
pub struct Synth {
    sample_rate: f32,
    /// The one layer that is heard; all when `None`.
    only: Option<Layer>,
    pads: Pads,
    bells: Bells,
    plucks: Plucks,
    drones: Drones,
    airs: Airs,
    pianos: Pianos,
    drums: Drums,
    chorus: Chorus,
    echo: Echo,
    reverb: Reverb,
    limiter: Limiter,
    levels: [Smooth; Layer::COUNT],
    brightness: Smooth,
}

/// How a layer sits in the mix. Levels in dB at intensity 0 and 1, sends as factors of the layer.
struct Channel {
    quiet_db: f32,
    full_db: f32,
    echo: f32,
    reverb: f32,
}

/// In the order of [`Layer`].
const CHANNELS: [Channel; Layer::COUNT] = [
    Channel {
        quiet_db: -22.8,
        full_db: -25.8,
        echo: 0.0,
        reverb: 0.34,
    },
    Channel {
        quiet_db: -11.0,
        full_db: -10.5,
        echo: 0.42,
        reverb: 0.55,
    },
    Channel {
        quiet_db: -13.0,
        full_db: -11.3,
        echo: 0.36,
        reverb: 0.40,
    },
    Channel {
        quiet_db: -22.0,
        full_db: -22.0,
        echo: 0.0,
        reverb: 0.05,
    },
    Channel {
        quiet_db: -15.5,
        full_db: -12.5,
        echo: 0.0,
        reverb: 0.22,
    },
    Channel {
        quiet_db: -13.0,
        full_db: -13.0,
        echo: 0.10,
        reverb: 0.50,
    },
    Channel {
        quiet_db: -20.0,
        full_db: -14.0,
        echo: 0.12,
        reverb: 0.35,
    },
];
const REVERB_RETURN: f32 = 0.42;
const ECHO_TO_REVERB: f32 = 0.35;

impl Synth {
    pub fn new(
        seed: u64,
        intensity: Intensity,
        sample_rate: SampleRate,
        only: Option<Layer>,
    ) -> Synth {
        let (intensity, sample_rate) = (intensity.get(), sample_rate.get() as f32);
        let noise =
            |salt: u32| (seed as u32 ^ (seed >> 32) as u32).wrapping_mul(0x9E37_79B1) ^ salt;
        let smooth = |value| Smooth::new(value, 0.5, sample_rate);
        let level = |channel: &Channel| smooth(level(channel, intensity));
        Synth {
            sample_rate,
            only,
            pads: Pads::new(sample_rate, noise(0x5A17_0001)),
            bells: Bells::new(sample_rate, noise(0x5A17_0203)),
            plucks: Plucks::new(sample_rate, noise(0x5A17_0405)),
            drones: Drones::new(sample_rate),
            airs: Airs::new(sample_rate, noise(0x5A17_0607)),
            pianos: Pianos::new(sample_rate, noise(0x5A17_0809)),
            drums: Drums::new(sample_rate, noise(0x5A17_0A0B)),
            chorus: Chorus::new(sample_rate),
            echo: Echo::new(sample_rate),
            reverb: Reverb::new(sample_rate),
            limiter: Limiter::new(sample_rate),
            levels: std::array::from_fn(|layer| level(&CHANNELS[layer])),
            brightness: smooth(brightness(intensity)),
        }
    }

    /// Begins a note with the next chunk; `gate` is how many samples a sustained one is held. An instrument whose
    /// voices are all busy leaves it out.
    pub fn strike(&mut self, layer: Layer, pitch: u8, velocity: u8, gate: u64) {
        if self.only.is_some_and(|only| only != layer) {
            return;
        }
        let strike = Strike {
            pitch,
            hz: hz(pitch),
            force: f32::from(velocity) / 100.0,
            gate,
        };
        match layer {
            Layer::Pad => self.pads.strike(strike),
            Layer::Bell => self.bells.strike(strike),
            Layer::Pluck => self.plucks.strike(strike),
            Layer::Drone => self.drones.strike(strike),
            Layer::Air => self.airs.strike(strike),
            Layer::Piano => self.pianos.strike(strike),
            Layer::Percussion => self.drums.strike(strike),
        }
    }

    /// Lets sustained notes end now.
    pub fn release_all(&mut self) {
        self.pads.release_all();
        self.drones.release_all();
        self.airs.release_all();
    }

    /// Moves levels and filters towards an intensity, filters by `octaves` more, and the echo to three quarters of a
    /// beat.
    pub fn steer(&mut self, intensity: Intensity, octaves: f32, beat_samples: f32) {
        let intensity = intensity.get();
        for (smooth, channel) in self.levels.iter_mut().zip(&CHANNELS) {
            smooth.aim(level(channel, intensity));
        }
        self.brightness.aim(brightness(intensity) + octaves);
        let mut delay = 0.75 * beat_samples;
        while delay > 1.8 * self.sample_rate {
            delay *= 0.5;
        }
        self.echo.aim(delay);
    }

    /// Renders the next chunk over `out`; answers how many voices sounded in it.
    pub fn chunk(&mut self, out: &mut Bus) -> usize {
        let mut voices = 0;
        *out = Bus::SILENCE;
        let (mut to_echo, mut to_reverb) = (Bus::SILENCE, Bus::SILENCE);
        self.brightness.advance();
        for layer in Layer::ALL {
            let gain = self.levels[layer as usize].advance();
            let mut bus = Bus::SILENCE;
            let sounding = match layer {
                _ if self.only.is_some_and(|only| only != layer) => 0,
                Layer::Pad => {
                    let sounding = self.pads.chunk(self.brightness.value(), &mut bus);
                    self.chorus.chunk(&mut bus);
                    sounding
                }
                Layer::Bell => self.bells.chunk(&mut bus),
                Layer::Pluck => self.plucks.chunk(&mut bus),
                Layer::Drone => self.drones.chunk(&mut bus),
                Layer::Air => self.airs.chunk(&mut bus),
                Layer::Piano => self.pianos.chunk(&mut bus),
                Layer::Percussion => self.drums.chunk(&mut bus),
            };
            voices += sounding;
            if sounding > 0 || layer == Layer::Pad {
                let channel = &CHANNELS[layer as usize];
                mix(&bus, gain, channel, out, &mut to_echo, &mut to_reverb);
            }
        }
        let mut echoes = Bus::SILENCE;
        self.echo.chunk(&to_echo, &mut echoes);
        for n in 0..CHUNK {
            out.left[n] += echoes.left[n];
            out.right[n] += echoes.right[n];
            to_reverb.left[n] += echoes.left[n] * ECHO_TO_REVERB;
            to_reverb.right[n] += echoes.right[n] * ECHO_TO_REVERB;
        }
        let mut room = Bus::SILENCE;
        self.reverb.chunk(&to_reverb, &mut room);
        for n in 0..CHUNK {
            out.left[n] += room.left[n] * REVERB_RETURN;
            out.right[n] += room.right[n] * REVERB_RETURN;
        }
        self.limiter.chunk(out);
        voices
    }
}

fn mix(
    bus: &Bus,
    gain: Ramp,
    channel: &Channel,
    out: &mut Bus,
    to_echo: &mut Bus,
    to_reverb: &mut Bus,
) {
    for n in 0..CHUNK {
        let (left, right) = (bus.left[n] * gain.at(n), bus.right[n] * gain.at(n));
        out.left[n] += left;
        out.right[n] += right;
        to_echo.left[n] += left * channel.echo;
        to_echo.right[n] += right * channel.echo;
        to_reverb.left[n] += left * channel.reverb;
        to_reverb.right[n] += right * channel.reverb;
    }
}

fn level(channel: &Channel, intensity: f32) -> f32 {
    let db = channel.quiet_db + (channel.full_db - channel.quiet_db) * intensity;
    exp2(db / 6.020_6)
}

/// Octaves that the pad's filters open.
fn brightness(intensity: f32) -> f32 {
    -0.3 + 1.5 * intensity
}
