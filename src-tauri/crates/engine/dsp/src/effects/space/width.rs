//! Stereo width: the middle against the sides.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::effects::block::Block;
use crate::effects::effect::{CONTROL, Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::filter::biquad::{Biquad, Cascade, Shape};
use crate::effects::ramp::Ramp;
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// Narrows or widens. Of more than two channels each two belong together; a lone one passes.
    Width {
        /// 0 is mono, 1 as it came, 2 twice the difference between the channels.
        width: "1", 0.0..=2.0, 1.0;
        /// Below this (12 dB per octave) the sound is mono; under 10 nothing is.
        mono_below_hz: "Hz", 0.0..=500.0, 0.0;
    }
}

impl Settings for Width {
    type Running = Running;
    own_numbers!();
}

/// Frequencies below this do not ask for a filter.
const LOWEST_HZ: f64 = 10.0;

pub(crate) struct Running {
    width: Ramp,
    filtered: bool,
    /// High pass of the sides: the difference of a pair is in the first of its lanes.
    sides: Cascade,
    rate_hz: f64,
}

impl Running {
    fn section(settings: &Width, rate_hz: f64) -> Biquad {
        let hz = settings.mono_below_hz.max(LOWEST_HZ);
        Biquad::new(Shape::HighPass, hz, FRAC_1_SQRT_2, 0.0, rate_hz)
    }
}

impl Effect for Running {
    type Settings = Width;

    fn prepare(settings: &Width, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let section = Running::section(settings, stream.hz());
        Ok(Running {
            width: Ramp::new(settings.width),
            filtered: settings.mono_below_hz >= LOWEST_HZ,
            sides: Cascade::new(vec![section], stream.channels),
            rate_hz: stream.hz(),
        })
    }

    fn turn(&mut self, settings: &Width) {
        self.width.toward(settings.width);
        self.filtered = settings.mono_below_hz >= LOWEST_HZ;
        self.sides.turn([Running::section(settings, self.rate_hz)]);
    }

    fn tick(&mut self) {
        self.sides.settle();
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let widths = self.width.values(block.frames());
        for (index, mut pair) in block.pairs().enumerate() {
            let Some(second) = pair.second.as_deref_mut() else {
                return;
            };
            let first = &mut *pair.first;
            let mut sides = [[0.0f64; 2]; CONTROL];
            for (n, side) in sides.iter_mut().enumerate().take(first.len()) {
                side[0] = (f64::from(first[n]) - f64::from(second[n])) / 2.0;
            }
            if self.filtered {
                self.sides.filter(index, &mut sides[..first.len()]);
            }
            let both = first.iter_mut().zip(second).zip(sides.iter().zip(&widths));
            for ((left, right), (side, width)) in both {
                let middle = (f64::from(*left) + f64::from(*right)) / 2.0;
                let side = side[0] * f64::from(*width);
                (*left, *right) = ((middle + side) as f32, (middle - side) as f32);
            }
        }
    }

    fn reset(&mut self) {
        self.width.jump();
        self.sides.reset();
    }

    fn tail(&self) -> u64 {
        if self.filtered { self.sides.tail() } else { 0 }
    }
}
