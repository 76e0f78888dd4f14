//! All effects there are: their settings as one type.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chain::Slot;
use super::delay::{Chorus, Delay, Flanger, Phaser};
use super::distortion::{BitCrusher, Saturation};
use super::dynamics::{Compressor, DeEsser, Gate, TruePeakLimiter};
use super::effect::{Effect, Stream};
use super::error::{ChainError, within};
use super::filter::{Equalizer, Ladder, PassFilter};
use super::gain::Gain;
use super::pitch::PitchShift;
use super::repair::{DeClick, DeHum, NoiseReduction, VoiceDenoise};
use super::running::{self, RunningSlot};
use super::settings::{Numbers, Parameter, Settings};
use super::space::{Convolution, Reverb, Width};

/// Makes the enum of all effects and hands calls on to the one at hand.
macro_rules! effects {
    ($($family:ident { $($name:literal $effect:ident $title:literal;)* })*) => {
        /// The settings of one of the effects.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub enum EffectSettings {
            $($(#[serde(rename = $name)] $effect($effect),)*)*
        }

        impl EffectSettings {
            /// Every effect with its defaults.
            pub fn all() -> Vec<EffectSettings> {
                vec![$($(EffectSettings::$effect($effect::default()),)*)*]
            }

            /// As in JSON.
            pub fn name(&self) -> &'static str {
                match self {
                    $($(EffectSettings::$effect(_) => $name,)*)*
                }
            }

            /// The name for people.
            pub fn title(&self) -> &'static str {
                match self {
                    $($(EffectSettings::$effect(_) => $title,)*)*
                }
            }

            /// What kind of effect it is.
            pub fn family(&self) -> Family {
                match self {
                    $($(EffectSettings::$effect(_) => Family::$family,)*)*
                }
            }

            /// The numbers that knobs and automation know; `wet` is the last of every effect.
            pub fn parameters(&self) -> Vec<Parameter> {
                match self {
                    $($(EffectSettings::$effect(settings) => with_wet(settings),)*)*
                }
            }

            pub(crate) fn numbers(&self) -> &dyn Numbers {
                match self {
                    $($(EffectSettings::$effect(settings) => settings.numbers(),)*)*
                }
            }

            /// Whether only numbers differ that knobs can turn.
            pub(super) fn turns_into(&self, other: &EffectSettings) -> bool {
                match (self, other) {
                    $($((EffectSettings::$effect(before), EffectSettings::$effect(after)) => {
                        turns_into(before, after)
                    })*)*
                    _ => false,
                }
            }

            pub(super) fn check(&self, place: &str) -> Result<(), ChainError> {
                match self {
                    $($(EffectSettings::$effect(settings) => check(settings, place),)*)*
                }
            }

            pub(super) fn prepare(
                &self,
                slot: &Slot,
                stream: &Stream<'_>,
                late: usize,
            ) -> Result<Box<dyn RunningSlot>, ChainError> {
                match self {
                    $($(EffectSettings::$effect(settings) => {
                        running::prepare(settings, slot, stream, late)
                    })*)*
                }
            }
        }
    };
}

impl EffectSettings {
    /// The impulse response that it must be given.
    pub fn impulse(&self) -> Option<&str> {
        match self {
            EffectSettings::Convolution(settings) => settings.wanted(),
            _ => None,
        }
    }
}

effects! {
    Tone {
        "equalizer" Equalizer "Equaliser";
        "pass_filter" PassFilter "High or low pass";
        "ladder" Ladder "Ladder filter";
    }
    Dynamics {
        "gain" Gain "Gain";
        "compressor" Compressor "Compressor";
        "limiter" TruePeakLimiter "Limiter";
        "gate" Gate "Gate";
        "de_esser" DeEsser "De-esser";
    }
    Modulation {
        "delay" Delay "Delay";
        "chorus" Chorus "Chorus";
        "flanger" Flanger "Flanger";
        "phaser" Phaser "Phaser";
        "pitch_shift" PitchShift "Pitch shift";
    }
    Distortion {
        "saturation" Saturation "Saturation";
        "bit_crusher" BitCrusher "Bit crusher";
    }
    Space {
        "width" Width "Stereo width";
        "reverb" Reverb "Reverb";
        "convolution" Convolution "Convolution reverb";
    }
    Repair {
        "noise_reduction" NoiseReduction "Noise reduction";
        "voice_denoise" VoiceDenoise "Voice denoise";
        "de_click" DeClick "De-click";
        "de_hum" DeHum "De-hum";
    }
}

/// Kinds of effects, as menus group them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    Tone,
    Dynamics,
    Modulation,
    Distortion,
    Space,
    Repair,
}

fn with_wet<S: Settings>(settings: &S) -> Vec<Parameter> {
    let mut parameters = settings.numbers().parameters();
    parameters.push(running::wet_parameter(S::Running::USUAL_WET));
    parameters
}

fn turns_into<S: Settings>(before: &S, after: &S) -> bool {
    let mut turned = before.clone();
    for (index, parameter) in before.numbers().parameters().iter().enumerate() {
        if !parameter.fixed {
            let value = after.numbers().value(index);
            turned.numbers_mut().set(index, value);
        }
    }
    turned == *after
}

fn check<S: Settings>(settings: &S, place: &str) -> Result<(), ChainError> {
    settings.check(place)?;
    for (index, parameter) in settings.numbers().parameters().iter().enumerate() {
        let value = settings.numbers().value(index);
        let place = || format!("{place}.{}", parameter.name);
        within(place, value, parameter.min, parameter.max)?;
    }
    Ok(())
}
