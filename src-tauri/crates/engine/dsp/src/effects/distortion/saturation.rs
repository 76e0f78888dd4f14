//! Saturation: a curve that every sample goes through, at a higher rate so that little of what it adds
//! folds back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::Db;

use crate::effects::block::Block;
use crate::effects::effect::{CONTROL, Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::filter::biquad::{Biquad, Cascade};
use crate::effects::math::tanh;
use crate::effects::oversample::{Oversampler, Oversampling};
use crate::effects::ramp::Ramp;
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// Warmth to fuzz: adds overtones.
    Saturation {
        /// Gain into the curve.
        drive_db: "dB", -12.0..=60.0, 12.0;
        /// Shifts the curve, which adds even overtones. What it shifts the sound by is filtered off.
        bias: "1", -1.0..=1.0, 0.0;
        /// Gain after the curve.
        output_db: "dB", -60.0..=24.0, 0.0;
    }
    others {
        bend: Bend = Bend::Soft;
        /// Fixed while it runs.
        oversampling: Oversampling = Oversampling::FourTimes;
    }
}

/// The curve. All have slope 1 at zero and reach ±1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bend {
    /// tanh x, as valves and tape.
    Soft,
    /// x − 4 x³ / 27 up to ±1.5: bends late, then at once.
    Cubic,
    /// x up to ±1: clipping.
    Hard,
    /// sin x: folds back what is too loud.
    Fold,
}

impl Settings for Saturation {
    type Running = Running;
    own_numbers!();
}

/// Corner of the filter that takes off what a bias shifts.
const DIRECT_HZ: f64 = 8.0;

pub(crate) struct Running {
    drive: Ramp,
    bias: Ramp,
    output: Ramp,
    bend: Bend,
    oversamplers: Vec<Oversampler>,
    direct: Cascade,
    /// Without a bias nothing is shifted.
    filtered: bool,
}

impl Effect for Running {
    type Settings = Saturation;

    fn prepare(settings: &Saturation, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let direct = Biquad::first_order_high_pass(DIRECT_HZ, stream.hz());
        let oversampler = |_| Oversampler::new(settings.oversampling);
        Ok(Running {
            drive: Ramp::new(Db(settings.drive_db).ratio()),
            bias: Ramp::new(settings.bias),
            output: Ramp::new(Db(settings.output_db).ratio()),
            bend: settings.bend,
            oversamplers: (0..stream.channels).map(oversampler).collect(),
            direct: Cascade::new(vec![direct], stream.channels),
            filtered: settings.bias != 0.0,
        })
    }

    fn turn(&mut self, settings: &Saturation) {
        self.drive.toward(Db(settings.drive_db).ratio());
        self.bias.toward(settings.bias);
        self.output.toward(Db(settings.output_db).ratio());
        // Once on it stays: switching the filter would click.
        self.filtered |= settings.bias != 0.0;
    }

    fn tick(&mut self) {
        self.direct.settle();
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let frames = block.frames();
        let (drive, bias) = (self.drive.values(frames), self.bias.values(frames));
        for (samples, oversampler) in block.channels().zip(&mut self.oversamplers) {
            for ((x, drive), bias) in samples.iter_mut().zip(&drive).zip(&bias) {
                *x = *x * drive + bias;
            }
            match self.bend {
                Bend::Soft => oversampler.process(samples, tanh),
                Bend::Cubic => oversampler.process(samples, |x| {
                    let x = x.clamp(-1.5, 1.5);
                    x - 4.0 / 27.0 * x * x * x
                }),
                Bend::Hard => oversampler.process(samples, |x| x.clamp(-1.0, 1.0)),
                Bend::Fold => oversampler.process(samples, f32::sin),
            }
        }
        if self.filtered {
            self.direct.process(block);
        }
        let output: [f32; CONTROL] = self.output.values(frames);
        block.scale(&output);
    }

    fn reset(&mut self) {
        self.drive.jump();
        self.bias.jump();
        self.output.jump();
        self.oversamplers.iter_mut().for_each(Oversampler::reset);
        self.direct.reset();
    }

    fn latency(&self) -> usize {
        self.oversamplers.first().map_or(0, Oversampler::latency)
    }

    fn tail(&self) -> u64 {
        // The filters are symmetric: what they are late, they ring on.
        self.latency() as u64 + if self.filtered { self.direct.tail() } else { 0 }
    }
}
