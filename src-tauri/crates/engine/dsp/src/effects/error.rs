//! Why a chain cannot run.

use studio_core::units::SampleRate;

/// Why a chain cannot run. Places are written as in JavaScript: `effects[2].compressor.ratio`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ChainError {
    #[error("the chain is no valid JSON of a chain: {place}: {detail}")]
    Json { place: String, detail: String },
    #[error("{place} is {found}, but must lie within {min} and {max}")]
    Range {
        place: String,
        found: f64,
        min: f64,
        max: f64,
    },
    #[error("{place}: there is no parameter {name:?} to automate; there are {known}")]
    Parameter {
        place: String,
        name: String,
        known: String,
    },
    #[error("{place}: {name} cannot be automated, for it is fixed while the chain runs")]
    Fixed { place: String, name: String },
    #[error("{place}: {name} is automated twice")]
    Twice { place: String, name: String },
    #[error("{place}: point {index} is at {at_secs} s, before the one ahead of it")]
    Order {
        place: String,
        index: usize,
        at_secs: f64,
    },
    #[error("{place} has {found} entries, but there must be {min} to {max}")]
    Count {
        place: String,
        found: usize,
        min: usize,
        max: usize,
    },
    #[error(
        "effects do not run on {channels} channels at {rate}; 1 to 64 channels at 8000 to 768000 Hz are possible"
    )]
    Stream { channels: usize, rate: SampleRate },
    #[error("the impulse response {name:?} cannot be used: {detail}")]
    Impulse { name: String, detail: String },
}

/// Fails if `found` is no number or outside its range.
pub(crate) fn within(
    place: impl FnOnce() -> String,
    found: f64,
    min: f64,
    max: f64,
) -> Result<(), ChainError> {
    match (min..=max).contains(&found) {
        true => Ok(()),
        false => Err(ChainError::Range {
            place: place(),
            found,
            min,
            max,
        }),
    }
}

/// Fails if a list is too short or too long.
pub(crate) fn counted(
    place: impl FnOnce() -> String,
    found: usize,
    min: usize,
    max: usize,
) -> Result<(), ChainError> {
    match (min..=max).contains(&found) {
        true => Ok(()),
        false => Err(ChainError::Count {
            place: place(),
            found,
            min,
            max,
        }),
    }
}
