//! Noise reduction in the spectrum: each bin is turned down by how little stands out of the noise.
//!
//! Wiener gains with the decision-directed estimate of Y. Ephraim and D. Malah, "Speech Enhancement
//! Using a Minimum Mean-Square Error Short-Time Spectral Amplitude Estimator" (IEEE Trans. ASSP 32 (6),
//! 1984, eq. 51), which leaves no musical tones, down to a floor. All channels get the same gains.

use realfft::num_complex::Complex;
use studio_core::units::Db;

use super::noise_floor::NoiseFloor;
use super::noise_profile::NoiseProfile;
use crate::effects::block::Block;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::settings::{Settings, own_numbers, settings};
use crate::effects::stft::{Stft, frame_length};

settings! {
    /// Takes steady noise out: hiss, fans, traffic.
    NoiseReduction {
        /// The most that is taken off. More is cleaner and less natural.
        reduction_db: "dB", 0.0..=60.0, 15.0;
        /// How much louder the noise is taken to be than it was found.
        sensitivity_db: "dB", -12.0..=18.0, 3.0;
    }
    others {
        /// The noise, learnt where nothing else sounds. Without it the noise is found on the go, in
        /// what the sound falls back to within 1.5 s. Fixed while it runs.
        profile: Option<NoiseProfile> = None;
    }
}

impl Settings for NoiseReduction {
    type Running = Running;
    own_numbers!();

    fn check(&self, place: &str) -> Result<(), ChainError> {
        let profile = self.profile.as_ref();
        profile.map_or(Ok(()), |profile| profile.check(&format!("{place}.profile")))
    }
}

/// Weight of what the last frame was taken to be (Ephraim and Malah's α).
const PAST: f32 = 0.98;
/// No bin is taken to stand out of the noise by more: 80 dB.
const MOST: f32 = 1e8;

pub(crate) struct Running {
    stft: Stft,
    gains: Gains,
}

/// What decides about the gains of a frame.
struct Gains {
    noise: Noise,
    /// Power of each bin: the mean of all channels.
    powers: Vec<f32>,
    /// Of the last frame: clean power over noise power.
    past: Vec<f32>,
    floor: f32,
    over: f32,
}

enum Noise {
    Learnt(Vec<f32>),
    Found(Box<NoiseFloor>),
}

impl Gains {
    fn work(&mut self, spectra: &mut [Vec<Complex<f32>>]) {
        self.powers.fill(0.0);
        let share = (spectra.len() as f32).recip();
        for spectrum in spectra.iter() {
            for (power, bin) in self.powers.iter_mut().zip(spectrum) {
                *power += bin.norm_sqr() * share;
            }
        }
        let noise = match &mut self.noise {
            Noise::Learnt(powers) => powers,
            Noise::Found(floor) => floor.after(&self.powers),
        };
        // Powers become gains.
        for ((power, noise), past) in self.powers.iter_mut().zip(noise).zip(&mut self.past) {
            let noise = noise * self.over;
            let above = match noise > 0.0 {
                true => (*power / noise).min(MOST),
                false => MOST,
            };
            let clean = PAST * *past + (1.0 - PAST) * (above - 1.0).max(0.0);
            let gain = clean / (1.0 + clean);
            *past = gain * gain * above;
            *power = gain.max(self.floor);
        }
        for spectrum in spectra {
            for (bin, gain) in spectrum.iter_mut().zip(&self.powers) {
                *bin *= *gain;
            }
        }
    }
}

impl Effect for Running {
    type Settings = NoiseReduction;

    fn prepare(settings: &NoiseReduction, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let length = frame_length(stream.rate);
        let noise = match &settings.profile {
            Some(profile) => Noise::Learnt(profile.powers(length, stream.rate)),
            None => Noise::Found(Box::new(NoiseFloor::new(length, stream.hz()))),
        };
        let mut running = Running {
            stft: Stft::new(length, stream.channels),
            gains: Gains {
                noise,
                powers: vec![0.0; length / 2 + 1],
                past: vec![0.0; length / 2 + 1],
                floor: 0.0,
                over: 0.0,
            },
        };
        running.turn(settings);
        Ok(running)
    }

    fn turn(&mut self, settings: &NoiseReduction) {
        self.gains.floor = Db(-settings.reduction_db).ratio() as f32;
        self.gains.over = Db(settings.sensitivity_db).ratio().powi(2) as f32;
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let Running { stft, gains } = self;
        stft.process(block, |spectra| gains.work(spectra));
    }

    fn reset(&mut self) {
        self.stft.reset();
        self.gains.past.fill(0.0);
        if let Noise::Found(floor) = &mut self.gains.noise {
            floor.reset();
        }
    }

    fn latency(&self) -> usize {
        self.stft.latency()
    }

    fn tail(&self) -> u64 {
        // A frame spreads what lies at its edge.
        self.stft.latency() as u64
    }
}
