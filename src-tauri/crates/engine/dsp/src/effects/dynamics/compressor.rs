//! The compressor of D. Giannoulis, M. Massberg and J. D. Reiss, "Digital Dynamic Range Compressor
//! Design: A Tutorial and Analysis", J. Audio Eng. Soc. 60 (6), 2012: feed-forward, gain computer in
//! decibels with a soft knee (eq. 4), then smooth branching ballistics (eq. 17) on the reduction.
//!
//! All channels get the same gain, that of the loudest, so the image stands still.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ballistics::{Wait, keep};
use super::decibels::{levels, ratios};
use crate::effects::block::Block;
use crate::effects::effect::{CONTROL, Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::filter::biquad::{Biquad, Cascade, Shape};
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// Turns down what is above a threshold.
    Compressor {
        /// In dBFS.
        threshold_db: "dB", -80.0..=0.0, -20.0;
        /// Decibels that come in for each that comes out above the threshold.
        ratio: "1", 1.0..=100.0, 4.0;
        /// Width of the bend around the threshold; 0 is a corner.
        knee_db: "dB", 0.0..=40.0, 6.0;
        /// Time in which 63 % of a reduction are reached.
        attack_ms: "ms", 0.02..=500.0, 10.0;
        /// Time in which 63 % of it are given back.
        release_ms: "ms", 1.0..=5000.0, 100.0;
        /// Gain after the compression, besides the automatic one.
        make_up_db: "dB", -36.0..=36.0, 0.0;
        /// What is below does not trigger the compressor; under 10 everything does.
        side_chain_high_pass_hz: "Hz", 0.0..=2000.0, 0.0;
        /// How long before a peak the gain begins to move. It makes the sound as late.
        lookahead_ms: "ms", 0.0..=50.0, 0.0, fixed;
    }
    others {
        detector: Detector = Detector::Peak;
        make_up: MakeUp = MakeUp::Manual;
    }
}

/// What is compared with the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Detector {
    /// Every sample.
    Peak,
    /// The root mean square of about 10 ms: closer to loudness, slower. A sine is 3 dB below its peak.
    Rms,
}

/// Who sets the gain after the compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MakeUp {
    Manual,
    /// Half of what a sound at full scale loses is added.
    Auto,
}

impl Settings for Compressor {
    type Running = Running;
    own_numbers!();
}

impl Compressor {
    /// What a steady level loses, in dB (eq. 4): nothing below the knee, a parabola within it.
    #[inline]
    fn reduction_db(&self, level_db: f64) -> f64 {
        let over = level_db - self.threshold_db;
        let slope = 1.0 - 1.0 / self.ratio;
        let half = self.knee_db / 2.0;
        if over <= -half {
            0.0
        } else if over < half {
            slope * (over + half).powi(2) / (2.0 * self.knee_db)
        } else {
            slope * over
        }
    }
}

/// Time constant of the mean square.
const RMS_MS: f64 = 10.0;
/// Frequencies below this do not ask for a side-chain filter.
const LOWEST_HZ: f64 = 10.0;

pub(crate) struct Running {
    curve: Curve,
    attack: f32,
    release: f32,
    make_up_db: f32,
    filtered: bool,
    filter: Cascade,
    /// Where the mean square is the detector: its memory, and its value.
    rms: Option<(f32, f32)>,
    /// Smoothed reduction, in dB.
    reduction: f32,
    wait: Wait,
    rate_hz: f64,
}

/// The gain computer in single precision.
#[derive(Clone, Copy)]
struct Curve {
    start_db: f32,
    knee_db: f32,
    slope: f32,
    /// slope / (2 · knee), 0 without a knee.
    bend: f32,
}

impl Curve {
    fn new(settings: &Compressor) -> Curve {
        let slope = 1.0 - 1.0 / settings.ratio;
        let bend = match settings.knee_db > 0.0 {
            true => slope / (2.0 * settings.knee_db),
            false => 0.0,
        };
        Curve {
            start_db: (settings.threshold_db - settings.knee_db / 2.0) as f32,
            knee_db: settings.knee_db as f32,
            slope: slope as f32,
            bend: bend as f32,
        }
    }

    /// The same as [`Compressor::reduction_db`], without branches: the parabola as far as the knee
    /// goes, then the line that leaves it.
    #[inline]
    fn reduction_db(&self, level_db: f32) -> f32 {
        let into = (level_db - self.start_db).max(0.0);
        let bent = into.min(self.knee_db);
        let straight = into - bent;
        self.bend * bent * bent + self.slope * straight
    }
}

impl Running {
    fn make_up(settings: &Compressor) -> f32 {
        let automatic = match settings.make_up {
            MakeUp::Manual => 0.0,
            MakeUp::Auto => settings.reduction_db(0.0) / 2.0,
        };
        (settings.make_up_db + automatic) as f32
    }

    fn side_chain(settings: &Compressor, rate_hz: f64) -> Biquad {
        let hz = settings.side_chain_high_pass_hz.max(LOWEST_HZ);
        Biquad::new(
            Shape::HighPass,
            hz,
            std::f64::consts::FRAC_1_SQRT_2,
            0.0,
            rate_hz,
        )
    }

    fn magnitudes(&mut self, block: &mut Block<'_, '_>) -> [f32; CONTROL] {
        let frames = block.frames();
        let mut peaks = match self.filtered {
            false => block.peaks(),
            true => {
                let mut peaks = [0.0f32; CONTROL];
                for (index, pair) in block.pairs().enumerate() {
                    let mut lanes = pair.read();
                    self.filter.filter(index, &mut lanes[..frames]);
                    for (peak, [first, second]) in peaks.iter_mut().zip(&lanes[..frames]) {
                        *peak = peak.max(first.abs().max(second.abs()) as f32);
                    }
                }
                peaks
            }
        };
        if let Some((keep, mean)) = &mut self.rms {
            for peak in &mut peaks[..frames] {
                let square = *peak * *peak;
                *mean = square + (*mean - square) * *keep;
                *peak = mean.sqrt();
            }
        }
        peaks
    }
}

impl Effect for Running {
    type Settings = Compressor;

    fn prepare(settings: &Compressor, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let filter = vec![Running::side_chain(settings, stream.hz())];
        let mut running = Running {
            curve: Curve::new(settings),
            attack: 0.0,
            release: 0.0,
            make_up_db: 0.0,
            filtered: false,
            filter: Cascade::new(filter, stream.channels),
            rms: (settings.detector == Detector::Rms).then(|| (keep(RMS_MS, stream.hz()), 0.0)),
            reduction: 0.0,
            wait: Wait::new(
                stream.samples_from_ms(settings.lookahead_ms),
                stream.channels,
            ),
            rate_hz: stream.hz(),
        };
        running.turn(settings);
        Ok(running)
    }

    fn turn(&mut self, settings: &Compressor) {
        self.curve = Curve::new(settings);
        self.attack = keep(settings.attack_ms, self.rate_hz);
        self.release = keep(settings.release_ms, self.rate_hz);
        self.make_up_db = Running::make_up(settings);
        self.filtered = settings.side_chain_high_pass_hz >= LOWEST_HZ;
        self.filter
            .turn([Running::side_chain(settings, self.rate_hz)]);
    }

    fn tick(&mut self) {
        self.filter.settle();
        if self.reduction < 1e-6 {
            self.reduction = 0.0;
        }
        if let Some((_, mean)) = &mut self.rms
            && *mean < 1e-20
        {
            *mean = 0.0;
        }
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let frames = block.frames();
        let mut db = levels(&self.magnitudes(block));
        for x in &mut db {
            *x = self.curve.reduction_db(*x);
        }
        for x in &mut db[..frames] {
            let keep = if *x > self.reduction {
                self.attack
            } else {
                self.release
            };
            self.reduction = *x + (self.reduction - *x) * keep;
            *x = self.make_up_db - self.reduction;
        }
        self.wait.process(block);
        block.scale(&ratios(&db));
    }

    fn reset(&mut self) {
        self.filter.reset();
        self.reduction = 0.0;
        if let Some((_, mean)) = &mut self.rms {
            *mean = 0.0;
        }
        self.wait.reset();
    }

    fn latency(&self) -> usize {
        self.wait.samples()
    }
}
