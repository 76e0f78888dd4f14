//! What models cost: dated prices per million tokens, per picture and per second, exact in integers.
//!
//! A price that nobody knows is `None` everywhere, never zero.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::MicroUsd;

use crate::chat::Usage;

/// Prices of one model in US dollars, as the price list writes them: for text per million tokens, for
/// pictures and sound per piece and per second. What is not given is not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The model's id in the registry.
    pub model: String,
    /// The day that the price was read, `YYYY-MM-DD`.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub as_of: String,
    /// Where it was read.
    pub source: String,
    /// Per million tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub input: Option<f64>,
    /// Input read from the provider's cache. Without it, cached input costs as much as other input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub cached: Option<f64>,
    /// Input written to the provider's cache. Without it, that costs as much as other input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub cache_write: Option<f64>,
    /// Per million tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub output: Option<f64>,
    /// For one picture made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub image: Option<f64>,
    /// For one second of sound or film, heard or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub second: Option<f64>,
}

/// Micro-dollars per million tokens, by kind of token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rates {
    pub input: u64,
    pub cached: u64,
    pub cache_write: u64,
    pub output: u64,
}

impl Price {
    /// Rates of tokens; `None` for a model that is not paid by the token.
    pub fn rates(&self) -> Option<Rates> {
        let input = micros(self.input?);
        Some(Rates {
            input,
            cached: self.cached.map_or(input, micros),
            cache_write: self.cache_write.map_or(input, micros),
            output: micros(self.output?),
        })
    }

    /// What `count` pictures cost, if that is known.
    pub fn images(&self, count: u64) -> Option<MicroUsd> {
        let each = micros(self.image?);
        Some(MicroUsd(
            i64::try_from(each.saturating_mul(count)).unwrap_or(i64::MAX),
        ))
    }

    /// What `seconds` of sound or film cost, rounded up to the next micro-dollar, if that is known.
    pub fn seconds(&self, seconds: f64) -> Option<MicroUsd> {
        // Binary fractions are off by far less than the millionth that is taken away here.
        let exact = self.second? * 1e6 * seconds.max(0.0);
        Some(MicroUsd((exact - 1e-6).ceil().max(0.0) as i64))
    }

    /// What an entry must have and lacks, as the end of a sentence.
    pub(crate) fn lacks(&self) -> Option<&'static str> {
        match (self.input, self.output) {
            (Some(_), None) => Some("has `input` and no `output`"),
            (None, Some(_)) => Some("has `output` and no `input`"),
            (None, None) if self.cached.or(self.cache_write).is_some() => {
                Some("has cached tokens and no `input`")
            }
            (None, None) if self.image.or(self.second).is_none() => {
                Some("is empty: `input` and `output`, `image` or `second`")
            }
            _ => None,
        }
    }
}

/// A price list has at most six decimals: rounding only removes what binary fractions add.
fn micros(usd: f64) -> u64 {
    (usd * 1e6).round().max(0.0) as u64
}

impl Rates {
    /// What runs on this machine costs nothing, and that is known.
    pub const FREE: Rates = Rates {
        input: 0,
        cached: 0,
        cache_write: 0,
        output: 0,
    };

    /// What `usage` costs, rounded up to the next micro-dollar.
    ///
    /// Cached and cache-writing tokens are part of the input, so they are not counted twice; a
    /// provider that claims more of them than there was input is taken at its larger word.
    pub fn cost(&self, usage: &Usage) -> MicroUsd {
        let plain = usage
            .input_tokens
            .saturating_sub(usage.cached_tokens)
            .saturating_sub(usage.cache_write_tokens);
        let sum = [
            (plain, self.input),
            (usage.cached_tokens, self.cached),
            (usage.cache_write_tokens, self.cache_write),
            (usage.output_tokens.max(usage.reasoning_tokens), self.output),
        ]
        .into_iter()
        .map(|(tokens, rate)| u128::from(tokens) * u128::from(rate))
        .sum::<u128>();
        MicroUsd(i64::try_from(sum.div_ceil(1_000_000)).unwrap_or(i64::MAX))
    }

    /// The most that a request can cost: nothing cached, the dearest kind of input, all of
    /// `output_tokens` written.
    pub fn most(&self, input_tokens: u64, output_tokens: u64) -> MicroUsd {
        let input = self.input.max(self.cache_write).max(self.cached);
        let dearest = Rates { input, ..*self };
        dearest.cost(&Usage {
            input_tokens,
            output_tokens,
            ..Usage::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(input: f64, cached: Option<f64>, output: f64) -> Rates {
        let (as_of, source) = ("2026-01-01".into(), String::new());
        Price {
            model: "m".into(),
            as_of,
            source,
            input: Some(input),
            cached,
            cache_write: None,
            output: Some(output),
            image: None,
            second: None,
        }
        .rates()
        .unwrap()
    }

    #[test]
    fn cached_tokens_are_cheaper_and_not_counted_twice() {
        let usage = Usage {
            input_tokens: 1_000_000,
            cached_tokens: 900_000,
            output_tokens: 10_000,
            ..Usage::default()
        };
        let rates = price(3.0, Some(0.3), 15.0);
        assert_eq!(rates.cost(&usage), MicroUsd(300_000 + 270_000 + 150_000));
        assert_eq!(price(3.0, None, 15.0).cost(&usage), MicroUsd(3_150_000));
    }

    #[test]
    fn prices_as_lists_write_them_are_exact() {
        for usd in [0.1, 0.15, 0.3, 0.075, 1.1, 2.19, 0.0375] {
            assert_eq!(price(usd, None, 0.0).input, (usd * 1e6).round() as u64);
        }
        let one = Usage {
            input_tokens: 1,
            ..Usage::default()
        };
        assert_eq!(
            price(0.1, None, 0.0).cost(&one),
            MicroUsd(1),
            "a fraction of a micro-dollar is rounded up"
        );
        assert_eq!(Rates::FREE.cost(&one), MicroUsd(0));
    }

    #[test]
    fn pictures_and_seconds_have_prices_of_their_own() {
        let price: Price = serde_json::from_value(serde_json::json!({
            "model": "m", "as_of": "2026-01-01", "source": "", "image": 0.04, "second": 0.0001,
        }))
        .unwrap();
        assert_eq!(price.rates(), None, "no price of tokens is known");
        assert_eq!(price.images(3), Some(MicroUsd(120_000)));
        assert_eq!(price.seconds(60.0), Some(MicroUsd(6_000)));
        assert_eq!(price.seconds(0.001), Some(MicroUsd(1)), "rounded up");
        let other = Price {
            image: None,
            second: None,
            ..price
        };
        assert_eq!((other.images(1), other.seconds(1.0)), (None, None));
    }

    proptest! {
        #[test]
        fn nothing_costs_more_than_the_most(
            rates in (0..10_000_000u64, 0..10_000_000u64, 0..10_000_000u64, 0..10_000_000u64),
            input in 0..10_000_000u64,
            output in 0..1_000_000u64,
            shares in (0.0..1.0f64, 0.0..1.0f64),
        ) {
            let rates = Rates { input: rates.0, cached: rates.1, cache_write: rates.2, output: rates.3 };
            let cached = (input as f64 * shares.0) as u64;
            let usage = Usage {
                input_tokens: input,
                cached_tokens: cached,
                cache_write_tokens: ((input - cached) as f64 * shares.1) as u64,
                output_tokens: output,
                reasoning_tokens: output / 2,
            };
            prop_assert!(rates.cost(&usage) <= rates.most(input, output));
        }
    }
}
