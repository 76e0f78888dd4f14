//! Louder, quieter, upside down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::Db;

use super::block::Block;
use super::effect::{Effect, Stream};
use super::error::ChainError;
use super::ramp::Ramp;
use super::settings::{Settings, own_numbers, settings};

settings! {
    /// Changes the level of all channels alike.
    Gain {
        /// Positive is louder.
        gain_db: "dB", -120.0..=60.0, 0.0;
    }
    others {
        polarity: Polarity = Polarity::Kept;
    }
}

/// Whether the sign of every sample changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    Kept,
    Inverted,
}

impl Settings for Gain {
    type Running = Running;
    own_numbers!();
}

impl Gain {
    fn factor(&self) -> f64 {
        match self.polarity {
            Polarity::Kept => Db(self.gain_db).ratio(),
            Polarity::Inverted => -Db(self.gain_db).ratio(),
        }
    }
}

pub(crate) struct Running {
    factor: Ramp,
}

impl Effect for Running {
    type Settings = Gain;

    fn prepare(settings: &Gain, _stream: &Stream<'_>) -> Result<Running, ChainError> {
        Ok(Running {
            factor: Ramp::new(settings.factor()),
        })
    }

    fn turn(&mut self, settings: &Gain) {
        self.factor.toward(settings.factor());
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let factors = self.factor.values(block.frames());
        block.scale(&factors);
    }

    fn reset(&mut self) {
        self.factor.jump();
    }
}
