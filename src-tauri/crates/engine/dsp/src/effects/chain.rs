//! A chain of effects as data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::SampleRate;

use super::automation::{Automation, check_automation};
use super::effect::{Impulses, Stream};
use super::error::{ChainError, counted, within};
use super::kinds::EffectSettings;
use super::processor::Processor;
use super::running::RunningSlot;

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

    /// Names of the impulse responses that [`prepare`](Chain::prepare) must be given: those that no studio has of itself.
    pub fn impulses(&self) -> impl Iterator<Item = &str> {
        self.effects.iter().filter_map(|slot| slot.effect.impulse())
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
        check_automation(&self.automation, place, &self.effect.parameters())
    }
}
