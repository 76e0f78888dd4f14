//! Settings of effects: numbers with a unit, a range and a default, and choices between named ways.
//!
//! [`settings!`] makes one struct of a table: what it reads from JSON, its schema, what a knob needs to
//! know, and access by number for automation are all the same table.

use schemars::JsonSchema;
use serde::Serialize;

use super::effect::Effect;
use super::error::ChainError;

/// What a knob needs to know about a number.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Parameter {
    /// As in JSON; an entry of a list as `bands[0].gain_db`.
    pub name: String,
    /// `dB`, `Hz`, `ms`, `1`, …
    pub unit: &'static str,
    pub min: f64,
    pub max: f64,
    pub default: f64,
    /// Cannot change while the chain runs.
    pub fixed: bool,
    /// What it does, in a sentence or two.
    pub summary: String,
    /// Moves by equal factors rather than by equal steps, as the ear hears it.
    pub logarithmic: bool,
}

/// A range of positive numbers that spans more than this factor is moved through by factors.
const WIDE: f64 = 20.0;

impl Parameter {
    /// From a table's row; `doc` is the text of its comment.
    pub(crate) fn new(
        name: &str,
        unit: &'static str,
        (min, max): (f64, f64),
        default: f64,
        fixed: bool,
        doc: &str,
    ) -> Parameter {
        Parameter {
            name: name.to_owned(),
            unit,
            min,
            max,
            default,
            fixed,
            summary: doc.trim().to_owned(),
            logarithmic: min > 0.0 && max / min > WIDE && unit != "bits",
        }
    }
}

/// An effect as data.
pub(crate) trait Settings: Clone + PartialEq + Send + 'static {
    type Running: Effect<Settings = Self>;

    /// What [`value`](Numbers::value) and [`set`](Numbers::set) count.
    fn numbers(&self) -> &dyn Numbers;
    fn numbers_mut(&mut self) -> &mut dyn Numbers;

    /// Fails with the first setting that no stream could run with, numbers' ranges apart.
    fn check(&self, _place: &str) -> Result<(), ChainError> {
        Ok(())
    }
}

/// Access to numbers by their place in a table.
pub(crate) trait Numbers {
    fn parameters(&self) -> Vec<Parameter>;
    /// 0 past the end.
    fn value(&self, index: usize) -> f64;
    /// Does nothing past the end.
    fn set(&mut self, index: usize, value: f64);
}

/// Makes a struct with [`Numbers`] from a table of numbers (`name: unit, range, default`, and `fixed`
/// if it cannot change while the chain runs), then other fields.
macro_rules! settings {
    (
        $(#[$attribute:meta])*
        $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $field:ident: $unit:literal, $min:literal ..= $max:literal, $default:literal
                $(, $fixed:ident)?;
            )*
        }
        $(others {
            $($(#[$other_attribute:meta])* $other:ident: $type:ty = $other_default:expr;)*
        })?
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[doc = $doc])*
                #[schemars(range(min = $min, max = $max), extend("unit" = $unit))]
                pub $field: f64,
            )*
            $($($(#[$other_attribute])* pub $other: $type,)*)?
        }

        impl Default for $name {
            fn default() -> $name {
                $name {
                    $($field: $default,)*
                    $($($other: $other_default,)*)?
                }
            }
        }

        impl $crate::effects::settings::Numbers for $name {
            fn parameters(&self) -> Vec<$crate::effects::settings::Parameter> {
                vec![$(
                    $crate::effects::settings::Parameter::new(
                        stringify!($field),
                        $unit,
                        ($min, $max),
                        $default,
                        $crate::effects::settings::settings!(@fixed $($fixed)?),
                        concat!($($doc),*),
                    ),
                )*]
            }

            fn value(&self, index: usize) -> f64 {
                let values: &[f64] = &[$(self.$field),*];
                values.get(index).copied().unwrap_or_default()
            }

            fn set(&mut self, index: usize, value: f64) {
                let values: &mut [&mut f64] = &mut [$(&mut self.$field),*];
                if let Some(to) = values.get_mut(index) {
                    **to = value;
                }
            }
        }
    };
    (@fixed fixed) => { true };
    (@fixed) => { false };
}

/// The rest of [`Settings`] for a struct whose numbers are its own.
macro_rules! own_numbers {
    () => {
        fn numbers(&self) -> &dyn $crate::effects::settings::Numbers {
            self
        }

        fn numbers_mut(&mut self) -> &mut dyn $crate::effects::settings::Numbers {
            self
        }
    };
}

pub(crate) use {own_numbers, settings};
