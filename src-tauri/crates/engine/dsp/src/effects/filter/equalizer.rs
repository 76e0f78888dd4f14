//! The parametric equaliser: bands of second order, one after the other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::biquad::{Biquad, Cascade, Shape};
use crate::effects::block::Block;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::{ChainError, counted};
use crate::effects::settings::{Numbers, Parameter, Settings, own_numbers, settings};

const MOST_BANDS: usize = 32;

/// Lifts and cuts parts of the spectrum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Equalizer {
    /// 1 to 32.
    #[schemars(length(min = 1, max = 32))]
    pub bands: Vec<Band>,
}

settings! {
    /// One second-order section (Bristow-Johnson, "Audio EQ Cookbook").
    Band {
        /// Centre or corner. Above 0.49 of the sample rate it acts as if it were there.
        frequency_hz: "Hz", 10.0..=40000.0, 1000.0;
        /// Of a peak or shelf; other shapes have none.
        gain_db: "dB", -36.0..=36.0, 0.0;
        /// Steepness: 0.71 is flat without a bump for passes.
        q: "1", 0.05..=50.0, 0.71;
    }
    others {
        shape: Shape = Shape::Peak;
    }
}

impl Default for Equalizer {
    fn default() -> Equalizer {
        Equalizer {
            bands: vec![Band::default()],
        }
    }
}

impl Band {
    fn section(&self, rate_hz: f64) -> Biquad {
        Biquad::new(self.shape, self.frequency_hz, self.q, self.gain_db, rate_hz)
    }
}

/// Numbers of one band.
const PER_BAND: usize = 3;

impl Numbers for Equalizer {
    fn parameters(&self) -> Vec<Parameter> {
        let named = |(index, band): (usize, &Band)| {
            let name = move |parameter: Parameter| Parameter {
                name: format!("bands[{index}].{}", parameter.name),
                ..parameter
            };
            band.parameters().into_iter().map(name)
        };
        self.bands.iter().enumerate().flat_map(named).collect()
    }

    fn value(&self, index: usize) -> f64 {
        let band = self.bands.get(index / PER_BAND);
        band.map_or(0.0, |band| band.value(index % PER_BAND))
    }

    fn set(&mut self, index: usize, value: f64) {
        if let Some(band) = self.bands.get_mut(index / PER_BAND) {
            band.set(index % PER_BAND, value);
        }
    }
}

impl Settings for Equalizer {
    type Running = Running;
    own_numbers!();

    fn check(&self, place: &str) -> Result<(), ChainError> {
        counted(|| format!("{place}.bands"), self.bands.len(), 1, MOST_BANDS)
    }
}

pub(crate) struct Running {
    cascade: Cascade,
    rate_hz: f64,
}

impl Effect for Running {
    type Settings = Equalizer;

    fn prepare(settings: &Equalizer, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let rate_hz = stream.hz();
        let sections = settings.bands.iter().map(|band| band.section(rate_hz));
        Ok(Running {
            cascade: Cascade::new(sections.collect(), stream.channels),
            rate_hz,
        })
    }

    fn turn(&mut self, settings: &Equalizer) {
        let rate_hz = self.rate_hz;
        self.cascade
            .turn(settings.bands.iter().map(|band| band.section(rate_hz)));
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
