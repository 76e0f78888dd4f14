//! What a listener may choose: key, mode, tempo, intensity; and the presets.
//!
//! Values are valid by construction: nobody below this file checks a range again.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::theory::{Key, Mode, Scale};

/// A value outside its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field} is {found}, but must lie within {min} and {max}")]
pub struct ParamsError {
    pub field: &'static str,
    pub found: f32,
    pub min: f32,
    pub max: f32,
}

/// Beats per minute, 40..=90.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct Bpm(f32);

impl Bpm {
    pub const MIN: f32 = 40.0;
    pub const MAX: f32 = 90.0;

    pub fn new(bpm: f32) -> Result<Bpm, ParamsError> {
        within("bpm", bpm, Bpm::MIN, Bpm::MAX).map(Bpm)
    }

    pub fn get(self) -> f32 {
        self.0
    }
}

/// How much happens: 0 is almost still, 1 is the fullest. 0..=1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct Intensity(f32);

impl Intensity {
    pub const MIN: f32 = 0.0;
    pub const MAX: f32 = 1.0;

    pub fn new(intensity: f32) -> Result<Intensity, ParamsError> {
        within("intensity", intensity, Intensity::MIN, Intensity::MAX).map(Intensity)
    }

    pub fn get(self) -> f32 {
        self.0
    }
}

/// Everything that shapes the music besides its seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub key: Key,
    pub mode: Mode,
    pub bpm: Bpm,
    pub intensity: Intensity,
}

impl Params {
    /// Fails with the first field that is out of its range.
    pub fn new(key: Key, mode: Mode, bpm: f32, intensity: f32) -> Result<Params, ParamsError> {
        Ok(Params {
            key,
            mode,
            bpm: Bpm::new(bpm)?,
            intensity: Intensity::new(intensity)?,
        })
    }

    pub fn scale(&self) -> Scale {
        Scale {
            key: self.key,
            mode: self.mode,
        }
    }
}

impl Default for Params {
    fn default() -> Params {
        Preset::Focus.params(Key::C)
    }
}

/// Moods that fit an occasion; each can be had in every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    Focus,
    Meditation,
    Sleep,
    Bright,
}

impl Preset {
    pub const ALL: [Preset; 4] = [
        Preset::Focus,
        Preset::Meditation,
        Preset::Sleep,
        Preset::Bright,
    ];

    pub fn params(self, key: Key) -> Params {
        let (mode, bpm, intensity) = match self {
            Preset::Focus => (Mode::Dorian, 60.0, 0.5),
            Preset::Meditation => (Mode::Aeolian, 50.0, 0.3),
            Preset::Sleep => (Mode::Phrygian, 40.0, 0.2),
            Preset::Bright => (Mode::Lydian, 70.0, 0.6),
        };
        Params {
            key,
            mode,
            bpm: Bpm(bpm),
            intensity: Intensity(intensity),
        }
    }
}

fn within(field: &'static str, found: f32, min: f32, max: f32) -> Result<f32, ParamsError> {
    // Written so that NaN is refused too.
    if (min..=max).contains(&found) {
        Ok(found)
    } else {
        Err(ParamsError {
            field,
            found,
            min,
            max,
        })
    }
}

macro_rules! ranged_number {
    ($type:ident, $description:literal) => {
        impl TryFrom<f32> for $type {
            type Error = ParamsError;

            fn try_from(value: f32) -> Result<$type, ParamsError> {
                $type::new(value)
            }
        }

        impl From<$type> for f32 {
            fn from(value: $type) -> f32 {
                value.0
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "number",
                    "description": $description,
                    "minimum": $type::MIN,
                    "maximum": $type::MAX,
                })
            }
        }
    };
}

ranged_number!(Bpm, "Beats per minute.");
ranged_number!(
    Intensity,
    "How much happens, from almost still to the fullest."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_refused_with_its_name() {
        for bad in [39.9, 90.1, f32::NAN, f32::INFINITY] {
            assert_eq!(Bpm::new(bad).unwrap_err().field, "bpm");
        }
        for bad in [-0.01, 1.01, f32::NAN] {
            assert_eq!(Intensity::new(bad).unwrap_err().field, "intensity");
        }
        let text = Bpm::new(120.0).unwrap_err().to_string();
        assert_eq!(text, "bpm is 120, but must lie within 40 and 90");
    }

    #[test]
    fn every_preset_lies_within_the_ranges() {
        for preset in Preset::ALL {
            let params = preset.params(Key::C);
            assert!(
                Params::new(
                    params.key,
                    params.mode,
                    params.bpm.get(),
                    params.intensity.get()
                )
                .is_ok()
            );
        }
    }
}
