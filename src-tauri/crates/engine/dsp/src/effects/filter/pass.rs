//! Steep high and low passes without ripple.

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::biquad::{Biquad, Cascade, Shape};
use crate::effects::block::Block;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::{ChainError, within};
use crate::effects::settings::{Settings, own_numbers, settings};

const STEEPEST: u8 = 16;

settings! {
    /// A Butterworth filter: as flat as can be where it lets pass, −3 dB at its frequency.
    PassFilter {
        /// Corner. Above 0.49 of the sample rate it acts as if it were there.
        frequency_hz: "Hz", 10.0..=40000.0, 100.0;
    }
    others {
        pass: Pass = Pass::High;
        /// 6 dB per octave each, 1 to 16. Fixed while it runs.
        #[schemars(range(min = 1, max = 16))]
        order: u8 = 4;
    }
}

/// What a filter lets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pass {
    Low,
    High,
}

impl Settings for PassFilter {
    type Running = Running;
    own_numbers!();

    fn check(&self, place: &str) -> Result<(), ChainError> {
        let order = || format!("{place}.order");
        within(order, f64::from(self.order), 1.0, f64::from(STEEPEST))
    }
}

impl PassFilter {
    fn sections(&self, rate_hz: f64) -> impl Iterator<Item = Biquad> + use<> {
        sections(self.pass, self.order, self.frequency_hz, rate_hz)
    }
}

/// The sections of a Butterworth filter. Its poles lie evenly on a half circle: pair k of order n has
/// q = 1 / (2 cos θ), θ = π (2k + 1) / 2n for even n and π (k + 1) / n for odd n, which has one real
/// pole more (Butterworth, 1930).
pub(crate) fn sections(
    pass: Pass,
    order: u8,
    hz: f64,
    rate_hz: f64,
) -> impl Iterator<Item = Biquad> + use<> {
    let (odd, n) = (order % 2 == 1, f64::from(order));
    let (shape, first): (Shape, fn(f64, f64) -> Biquad) = match pass {
        Pass::Low => (Shape::LowPass, Biquad::first_order_low_pass),
        Pass::High => (Shape::HighPass, Biquad::first_order_high_pass),
    };
    let real = odd.then(|| first(hz, rate_hz));
    let pairs = (0..order / 2).map(move |k| {
        let k = f64::from(k);
        let angle = match odd {
            true => PI * (k + 1.0) / n,
            false => PI * (2.0 * k + 1.0) / (2.0 * n),
        };
        Biquad::new(shape, hz, 0.5 / angle.cos(), 0.0, rate_hz)
    });
    real.into_iter().chain(pairs)
}

pub(crate) struct Running {
    cascade: Cascade,
    rate_hz: f64,
}

impl Effect for Running {
    type Settings = PassFilter;

    fn prepare(settings: &PassFilter, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let rate_hz = stream.hz();
        Ok(Running {
            cascade: Cascade::new(settings.sections(rate_hz).collect(), stream.channels),
            rate_hz,
        })
    }

    fn turn(&mut self, settings: &PassFilter) {
        self.cascade.turn(settings.sections(self.rate_hz));
    }

    fn tick(&mut self) {
        self.cascade.settle();
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        self.cascade.process(block);
    }

    fn reset(&mut self) {
        self.cascade.reset();
    }

    fn tail(&self) -> u64 {
        self.cascade.tail()
    }
}
