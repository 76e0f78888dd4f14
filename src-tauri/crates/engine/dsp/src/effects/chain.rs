//! A chain of effects as data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::SampleRate;

use super::automation::Automation;
use super::delay::{Chorus, Delay, Flanger, Phaser};
use super::distortion::{BitCrusher, Saturation};
use super::dynamics::{Compressor, DeEsser, Gate, TruePeakLimiter};
use super::effect::{Effect, Impulses, Stream};
use super::error::{ChainError, counted, within};
use super::filter::{Equalizer, Ladder, PassFilter};
use super::gain::Gain;
use super::pitch::PitchShift;
use super::processor::Processor;
use super::repair::{DeClick, DeHum, NoiseReduction, VoiceDenoise};
use super::running::{self, RunningSlot};
use super::settings::{Numbers, Parameter, Settings};
use super::space::{Convolution, Reverb, Width};

/// A longer chain is refused.
const MOST_EFFECTS: usize = 64;
/// Streams that effects are made for.
const CHANNELS: std::ops::RangeInclusive<usize> = 1..=MOST_CHANNELS;
pub(crate) const MOST_CHANNELS: usize = 64;
const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=768_000;

/// Effects that a sound passes one after the other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// At most 64.
    #[schemars(length(max = 64))]
    pub effects: Vec<Slot>,
}

/// An effect's place in a chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// The effect by name, with the settings that differ from its defaults: `{"gain": {"gain_db": 6}}`.
    pub effect: EffectSettings,
    /// Lets the sound pass as it came, as late as the effect would.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bypass: bool,
    /// Share of the effect in what comes out, the rest is what came in; what is usual for the effect
    /// if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0), extend("unit" = "1"))]
    pub wet: Option<f64>,
    /// Settings that change over time, each at most once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub automation: Vec<Automation>,
}

/// Makes the enum of all effects and hands calls on to the one at hand.
macro_rules! effects {
    ($($(#[doc = $doc:literal])* $name:literal $effect:ident;)*) => {
        /// The settings of one of the effects.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub enum EffectSettings {
            $($(#[doc = $doc])* #[serde(rename = $name)] $effect($effect),)*
        }

        impl EffectSettings {
            /// Every effect with its defaults.
            pub fn all() -> Vec<EffectSettings> {
                vec![$(EffectSettings::$effect($effect::default()),)*]
            }

            /// As in JSON.
            pub fn name(&self) -> &'static str {
                match self {
                    $(EffectSettings::$effect(_) => $name,)*
                }
            }

            /// The numbers that knobs and automation know; `wet` is the last of every effect.
            pub fn parameters(&self) -> Vec<Parameter> {
                match self {
                    $(EffectSettings::$effect(settings) => with_wet(settings),)*
                }
            }

            pub(crate) fn numbers(&self) -> &dyn Numbers {
                match self {
                    $(EffectSettings::$effect(settings) => settings.numbers(),)*
                }
            }

            /// Whether only numbers differ that knobs can turn.
            fn turns_into(&self, other: &EffectSettings) -> bool {
                match (self, other) {
                    $((EffectSettings::$effect(before), EffectSettings::$effect(after)) => {
                        turns_into(before, after)
                    })*
                    _ => false,
                }
            }

            fn check(&self, place: &str) -> Result<(), ChainError> {
                match self {
                    $(EffectSettings::$effect(settings) => check(settings, place),)*
                }
            }

            fn prepare(
                &self,
                slot: &Slot,
                stream: &Stream<'_>,
                late: usize,
            ) -> Result<Box<dyn RunningSlot>, ChainError> {
                match self {
                    $(EffectSettings::$effect(settings) => {
                        running::prepare(settings, slot, stream, late)
                    })*
                }
            }
        }
    };
}

effects! {
    "gain" Gain;
    "equalizer" Equalizer;
    "pass_filter" PassFilter;
    "ladder" Ladder;
    "compressor" Compressor;
    "limiter" TruePeakLimiter;
    "gate" Gate;
    "de_esser" DeEsser;
    "delay" Delay;
    "chorus" Chorus;
    "flanger" Flanger;
    "phaser" Phaser;
    "saturation" Saturation;
    "bit_crusher" BitCrusher;
    "width" Width;
    "reverb" Reverb;
    "convolution" Convolution;
    "noise_reduction" NoiseReduction;
    "voice_denoise" VoiceDenoise;
    "de_click" DeClick;
    "de_hum" DeHum;
    "pitch_shift" PitchShift;
}

impl Chain {
    /// Reads a chain and checks all of it.
    pub fn from_json(json: &str) -> Result<Chain, ChainError> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let chain: Chain =
            serde_path_to_error::deserialize(&mut reader).map_err(|error| ChainError::Json {
                place: error.path().to_string(),
                detail: error.inner().to_string(),
            })?;
        reader.end().map_err(|error| ChainError::Json {
            place: "after the chain".to_owned(),
            detail: error.to_string(),
        })?;
        chain.check()?;
        Ok(chain)
    }

    /// Fails with the first thing that is out of its range.
    pub fn check(&self) -> Result<(), ChainError> {
        counted(|| "effects".to_owned(), self.effects.len(), 0, MOST_EFFECTS)?;
        for (index, slot) in self.effects.iter().enumerate() {
            slot.check(&format!("effects[{index}]"))?;
        }
        Ok(())
    }

    /// Whether this chain at work can become `other` and keep its state: the same effects in the same
    /// order, which differ in nothing but numbers that are not fixed, the mix, bypasses and automation.
    pub fn turns_into(&self, other: &Chain) -> bool {
        let pairs = self.effects.iter().zip(&other.effects);
        self.effects.len() == other.effects.len()
            && pairs
                .into_iter()
                .all(|(before, after)| before.effect.turns_into(&after.effect))
    }

    /// The chain at work on a stream. `impulses` holds the impulse responses that it names.
    pub fn prepare(
        &self,
        rate: SampleRate,
        channels: usize,
        impulses: &Impulses,
    ) -> Result<Processor, ChainError> {
        self.check()?;
        if !CHANNELS.contains(&channels) || !RATES_HZ.contains(&rate.get()) {
            return Err(ChainError::Stream { channels, rate });
        }
        let stream = Stream {
            rate,
            channels,
            impulses,
        };
        let mut slots: Vec<Box<dyn RunningSlot>> = Vec::with_capacity(self.effects.len());
        let mut late = 0;
        for slot in &self.effects {
            let running = slot.effect.prepare(slot, &stream, late)?;
            late += running.latency();
            slots.push(running);
        }
        Ok(Processor::new(slots))
    }
}

impl Slot {
    /// The effect as it usually is.
    pub fn new(effect: EffectSettings) -> Slot {
        Slot {
            effect,
            bypass: false,
            wet: None,
            automation: Vec::new(),
        }
    }

    fn check(&self, place: &str) -> Result<(), ChainError> {
        self.effect
            .check(&format!("{place}.{}", self.effect.name()))?;
        if let Some(wet) = self.wet {
            within(|| format!("{place}.wet"), wet, 0.0, 1.0)?;
        }
        let parameters = self.effect.parameters();
        for (index, automation) in self.automation.iter().enumerate() {
            let place = format!("{place}.automation[{index}]");
            let name = automation.parameter.clone();
            let Some(parameter) = parameters.iter().find(|it| it.name == name) else {
                let free = parameters.iter().filter(|parameter| !parameter.fixed);
                let known: Vec<&str> = free.map(|parameter| parameter.name.as_str()).collect();
                let known = known.join(", ");
                return Err(ChainError::Parameter { place, name, known });
            };
            if parameter.fixed {
                return Err(ChainError::Fixed { place, name });
            }
            if self.automation[..index]
                .iter()
                .any(|it| it.parameter == name)
            {
                return Err(ChainError::Twice { place, name });
            }
            automation.check(&place, parameter)?;
        }
        Ok(())
    }
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
