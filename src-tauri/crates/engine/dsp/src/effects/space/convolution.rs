//! Reverberation by the impulse response of a place, or of a loudspeaker, or of anything.

use std::sync::Arc;

use studio_core::units::Db;

use super::impulses;
use super::partitioned::{Convolver, Response};
use crate::audio::Audio;
use crate::effects::block::Block;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::ramp::Ramp;
use crate::effects::settings::{Settings, own_numbers, settings};
use crate::resample::resample;

settings! {
    /// What a sound would be like in a place.
    Convolution {
        /// Gain of the reverberation. The response itself is brought to unit energy.
        gain_db: "dB", -60.0..=24.0, 0.0;
    }
    others {
        /// `room`, `plate`, `hall`, `church`, or the name of a response of your own: in a project, the id of an asset.
        /// Its channels are given to those of the sound in turn. Fixed while it runs.
        #[schemars(extend("examples" = ["room", "plate", "hall", "church"]))]
        impulse: String = "hall".to_owned();
    }
}

impl Settings for Convolution {
    type Running = Running;
    own_numbers!();
}

impl Convolution {
    /// The response's name, unless every studio has it.
    pub(crate) fn wanted(&self) -> Option<&str> {
        let is_own = impulses::names().all(|name| name != self.impulse);
        is_own.then_some(self.impulse.as_str())
    }
}

/// A longer response is cut.
const LONGEST_SECS: f64 = 30.0;
/// Parts that a response is cut into, about, and the lengths that parts have: short ones are less late,
/// long ones take less time.
const PARTS: usize = 32;
const SHORTEST_PART: usize = 256;
const LONGEST_PART: usize = 4096;

pub(crate) struct Running {
    convolvers: Vec<Convolver>,
    gain: Ramp,
    latency: usize,
    tail: u64,
}

impl Effect for Running {
    type Settings = Convolution;
    const USUAL_WET: f64 = 0.3;

    fn prepare(settings: &Convolution, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let response = response(&settings.impulse, stream)?;
        let parts = response.frames() / PARTS;
        let part = parts.next_power_of_two().clamp(SHORTEST_PART, LONGEST_PART);
        let responses = response.channels.iter();
        let responses: Vec<Arc<Response>> = responses
            .map(|samples| Arc::new(Response::new(samples, part)))
            .collect();
        let convolvers = responses.iter().cycle().take(stream.channels);
        Ok(Running {
            convolvers: convolvers.cloned().map(Convolver::new).collect(),
            gain: Ramp::new(Db(settings.gain_db).ratio()),
            latency: part,
            tail: response.frames().saturating_sub(1) as u64,
        })
    }

    fn turn(&mut self, settings: &Convolution) {
        self.gain.toward(Db(settings.gain_db).ratio());
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        for (samples, convolver) in block.channels().zip(&mut self.convolvers) {
            convolver.process(samples);
        }
        let gains = self.gain.values(block.frames());
        block.scale(&gains);
    }

    fn reset(&mut self) {
        self.convolvers.iter_mut().for_each(Convolver::reset);
        self.gain.jump();
    }

    fn latency(&self) -> usize {
        self.latency
    }

    fn tail(&self) -> u64 {
        self.tail
    }
}

/// The response by its name, at the stream's rate, no longer than is allowed, with the energy of the
/// loudest channel brought to one.
fn response(name: &str, stream: &Stream<'_>) -> Result<Audio, ChainError> {
    let unknown = |detail: String| ChainError::Impulse {
        name: name.to_owned(),
        detail,
    };
    let mut response = match stream.impulses.get(name) {
        Some(loaded) => {
            let mut loaded = loaded.clone();
            let longest = loaded.rate.samples_from_secs(LONGEST_SECS) as usize;
            for channel in &mut loaded.channels {
                channel.truncate(longest);
            }
            resample(&loaded, stream.rate).map_err(|error| unknown(error.to_string()))?
        }
        None => impulses::made(name, stream.rate).ok_or_else(|| {
            let mut known: Vec<String> = impulses::names().map(str::to_owned).collect();
            known.extend(stream.impulses.keys().cloned());
            unknown(format!("there are {}", known.join(", ")))
        })?,
    };
    let energy = |channel: &Vec<f32>| channel.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    let most = response.channels.iter().map(energy).fold(0.0, f64::max);
    if !(most.is_finite() && most > 0.0) {
        return Err(unknown(
            "it is silent, or not all of it are numbers".to_owned(),
        ));
    }
    let scale = most.sqrt().recip() as f32;
    response
        .channels
        .iter_mut()
        .flatten()
        .for_each(|x| *x *= scale);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_names_every_room() {
        let schema = serde_json::to_value(schemars::schema_for!(Convolution)).unwrap();
        let named: Vec<&str> = impulses::names().collect();
        assert_eq!(
            schema["properties"]["impulse"]["examples"],
            serde_json::json!(named)
        );
    }
}
