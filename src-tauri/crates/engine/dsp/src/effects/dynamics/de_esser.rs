//! The de-esser: sharp consonants are turned down, and only their band.
//!
//! The band above a frequency (Butterworth, 24 dB per octave) is compared with the whole sound, not
//! with full scale, so quiet and loud speech are treated alike. What is turned down is the sound less
//! its low-passed self (12 dB per octave): both parts add up to the sound again, so where nothing is
//! sharp it passes bit for bit.

use super::ballistics::keep;
use super::decibels::{levels, ratios};
use crate::effects::block::Block;
use crate::effects::effect::{CONTROL, Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::filter::Pass;
use crate::effects::filter::biquad::Cascade;
use crate::effects::filter::pass_sections;
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// Softens sharp s and sh.
    DeEsser {
        /// Where sharpness begins.
        frequency_hz: "Hz", 1000.0..=16000.0, 5500.0;
        /// Level of the band against the whole sound from which it is sharp.
        threshold_db: "dB", -40.0..=0.0, -9.0;
        /// Decibels that come in for each that comes out above the threshold.
        ratio: "1", 1.0..=20.0, 4.0;
        /// The most that is taken off the band.
        range_db: "dB", 0.0..=36.0, 12.0;
        /// Time in which 63 % of a reduction are reached.
        attack_ms: "ms", 0.1..=50.0, 1.0;
        /// Time in which 63 % of it are given back.
        release_ms: "ms", 5.0..=1000.0, 60.0;
    }
}

impl Settings for DeEsser {
    type Running = Running;
    own_numbers!();
}

/// Orders of the filters that listen and that part the sound.
const LISTENING: u8 = 4;
const PARTING: u8 = 2;
/// Time constant of the levels that are compared.
const LEVEL_MS: f64 = 5.0;
/// A band below −60 dBFS is not sharp, whatever the rest.
const AUDIBLE: f32 = 1e-3;

pub(crate) struct Running {
    threshold_db: f32,
    slope: f32,
    range_db: f32,
    attack: f32,
    release: f32,
    level: f32,
    listening: Cascade,
    parting: Cascade,
    /// What may be turned down of each channel of the block at hand.
    high: Vec<[f32; CONTROL]>,
    band_envelope: f32,
    whole_envelope: f32,
    /// Smoothed reduction of the band, in dB.
    reduction: f32,
    rate_hz: f64,
}

impl Effect for Running {
    type Settings = DeEsser;

    fn prepare(settings: &DeEsser, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let sections =
            |pass, order| pass_sections(pass, order, settings.frequency_hz, stream.hz()).collect();
        let mut running = Running {
            threshold_db: 0.0,
            slope: 0.0,
            range_db: 0.0,
            attack: 0.0,
            release: 0.0,
            level: keep(LEVEL_MS, stream.hz()),
            listening: Cascade::new(sections(Pass::High, LISTENING), stream.channels),
            parting: Cascade::new(sections(Pass::Low, PARTING), stream.channels),
            high: vec![[0.0; CONTROL]; stream.channels],
            band_envelope: 0.0,
            whole_envelope: 0.0,
            reduction: 0.0,
            rate_hz: stream.hz(),
        };
        running.turn(settings);
        Ok(running)
    }

    fn turn(&mut self, settings: &DeEsser) {
        self.threshold_db = settings.threshold_db as f32;
        self.slope = (1.0 - 1.0 / settings.ratio) as f32;
        self.range_db = settings.range_db as f32;
        self.attack = keep(settings.attack_ms, self.rate_hz);
        self.release = keep(settings.release_ms, self.rate_hz);
        let hz = settings.frequency_hz;
        let sections = |pass, order| pass_sections(pass, order, hz, self.rate_hz);
        self.listening.turn(sections(Pass::High, LISTENING));
        self.parting.turn(sections(Pass::Low, PARTING));
    }

    fn tick(&mut self) {
        self.listening.settle();
        self.parting.settle();
        for x in [
            &mut self.reduction,
            &mut self.band_envelope,
            &mut self.whole_envelope,
        ] {
            if *x < 1e-6 {
                *x = 0.0;
            }
        }
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let frames = block.frames();
        let mut sharp = [0.0f32; CONTROL];
        for (index, pair) in block.pairs().enumerate() {
            let whole = pair.read();
            let mut band = whole;
            self.listening.filter(index, &mut band[..frames]);
            for (sharp, [first, second]) in sharp.iter_mut().zip(&band[..frames]) {
                *sharp = sharp.max(first.abs().max(second.abs()) as f32);
            }
            let mut low = whole;
            self.parting.filter(index, &mut low[..frames]);
            for (c, high) in self.high.iter_mut().skip(2 * index).take(2).enumerate() {
                for ((high, whole), low) in high.iter_mut().zip(&whole).zip(&low) {
                    *high = (whole[c] - low[c]) as f32;
                }
            }
        }
        let whole = block.peaks();
        let mut share = [0.0f32; CONTROL];
        for ((share, sharp), whole) in share.iter_mut().zip(&sharp).zip(&whole).take(frames) {
            self.band_envelope = sharp + (self.band_envelope - sharp) * self.level;
            self.whole_envelope = whole + (self.whole_envelope - whole) * self.level;
            if self.band_envelope > AUDIBLE {
                *share = self.band_envelope / self.whole_envelope.max(AUDIBLE);
            }
        }
        let mut db = levels(&share);
        for x in &mut db[..frames] {
            let wanted = ((*x - self.threshold_db) * self.slope).clamp(0.0, self.range_db);
            let keep = if wanted > self.reduction {
                self.attack
            } else {
                self.release
            };
            self.reduction = wanted + (self.reduction - wanted) * keep;
            *x = -self.reduction;
        }
        let gains = ratios(&db);
        for (samples, high) in block.channels().zip(&self.high) {
            for ((x, high), gain) in samples.iter_mut().zip(high).zip(&gains) {
                *x += high * (gain - 1.0);
            }
        }
    }

    fn reset(&mut self) {
        self.listening.reset();
        self.parting.reset();
        self.band_envelope = 0.0;
        self.whole_envelope = 0.0;
        self.reduction = 0.0;
    }

    fn tail(&self) -> u64 {
        self.parting.tail()
    }
}
