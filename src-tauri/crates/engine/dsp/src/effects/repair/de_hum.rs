//! De-hum: notches at the mains frequency and its multiples.

use crate::effects::block::Block;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::{ChainError, within};
use crate::effects::filter::Shape;
use crate::effects::filter::biquad::{Biquad, Cascade};
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// Takes out a hum.
    DeHum {
        /// 50 in most of the world, 60 in the Americas.
        frequency_hz: "Hz", 20.0..=500.0, 50.0;
        /// Width of each notch where it is 3 dB deep. Narrow ones ring, wide ones take more of the rest.
        width_hz: "Hz", 0.2..=50.0, 2.0;
    }
    others {
        /// Notches, the mains frequency's own among them, 1 to 32; those above 0.49 of the sample rate
        /// do nothing. Fixed while it runs.
        #[schemars(range(min = 1, max = 32))]
        harmonics: u8 = 8;
    }
}

const MOST_HARMONICS: f64 = 32.0;
/// Part of the sample rate above which there is no notch.
const HIGHEST: f64 = 0.49;

impl Settings for DeHum {
    type Running = Running;
    own_numbers!();

    fn check(&self, place: &str) -> Result<(), ChainError> {
        let harmonics = || format!("{place}.harmonics");
        within(harmonics, f64::from(self.harmonics), 1.0, MOST_HARMONICS)
    }
}

impl DeHum {
    fn sections(&self, rate_hz: f64) -> impl Iterator<Item = Biquad> {
        (1..=self.harmonics).map(move |n| {
            let hz = self.frequency_hz * f64::from(n);
            match hz < HIGHEST * rate_hz {
                true => Biquad::new(Shape::Notch, hz, hz / self.width_hz, 0.0, rate_hz),
                // A peak of no height lets everything pass.
                false => Biquad::new(Shape::Peak, hz, 1.0, 0.0, rate_hz),
            }
        })
    }
}

pub(crate) struct Running {
    cascade: Cascade,
    rate_hz: f64,
}

impl Effect for Running {
    type Settings = DeHum;

    fn prepare(settings: &DeHum, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let sections = settings.sections(stream.hz()).collect();
        Ok(Running {
            cascade: Cascade::new(sections, stream.channels),
            rate_hz: stream.hz(),
        })
    }

    fn turn(&mut self, settings: &DeHum) {
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
