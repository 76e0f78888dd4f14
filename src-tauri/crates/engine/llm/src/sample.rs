//! Drawing the next token.
//!
//! The steps and their order are those of Hugging Face transformers (`generation/utils.py`,
//! `_get_logits_processor`): bias, repetition penalty, the tokens that a grammar allows, then
//! temperature, top-k, top-p, min-p, and a draw from what is left. llama.cpp applies the temperature
//! last, which gives other answers with top-p and min-p.
//!
//! Equal logits and seeds give equal tokens on every machine: the exponential function is our own
//! (systems differ in its last bit), sums run in a fixed order, ties go to the lower token, and the
//! generator is ChaCha8. After the first token of a vocabulary's size nothing is allocated, but for
//! remembering tokens that were not seen before.

use std::cmp::Ordering;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::chat::Sampling;
use crate::grammar::Mask;

/// Draws the tokens of one answer.
#[derive(Clone, Debug)]
pub struct Sampler {
    temperature: f32,
    top_k: usize,
    top_p: f64,
    min_p: f64,
    penalty: f32,
    bias: Vec<(u32, f32)>,
    rng: ChaCha8Rng,
    /// Tokens that were said, each once.
    said: Vec<u32>,
    /// The same as bits.
    is_said: Vec<u64>,
    candidates: Vec<Candidate>,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    logit: f32,
    token: u32,
    /// Its probability relative to the likeliest.
    weight: f64,
}

/// OpenAI's and transformers' default.
const DEFAULT_TEMPERATURE: f32 = 1.0;

/// A token this far below the likeliest (in units of temperature) has less than 2e-16 of its
/// probability, less than a double's last bit: it is left out.
const NEGLIGIBLE: f32 = 36.0;

impl Sampler {
    /// `seed` is taken where `sampling` names none. What `sampling` leaves open is off; numbers that
    /// make no sense are taken as off, too.
    pub fn new(sampling: &Sampling, seed: u64) -> Sampler {
        let sane = |value: Option<f32>| value.filter(|value| value.is_finite());
        let share = |value: Option<f32>| sane(value).map(|value| f64::from(value.clamp(0.0, 1.0)));
        let biases = sampling.logit_bias.iter();
        Sampler {
            temperature: sane(sampling.temperature)
                .unwrap_or(DEFAULT_TEMPERATURE)
                .max(0.0),
            top_k: sampling.top_k.map_or(usize::MAX, |k| k.max(1) as usize),
            top_p: share(sampling.top_p).unwrap_or(1.0),
            min_p: share(sampling.min_p).unwrap_or(0.0),
            penalty: sane(sampling.repetition_penalty)
                .filter(|penalty| *penalty > 0.0)
                .unwrap_or(1.0),
            bias: biases
                .filter(|(_, bias)| !bias.is_nan())
                .map(|(token, bias)| (*token, *bias))
                .collect(),
            rng: ChaCha8Rng::seed_from_u64(sampling.seed.unwrap_or(seed)),
            said: Vec::new(),
            is_said: Vec::new(),
            candidates: Vec::new(),
        }
    }

    /// Remembers tokens that stand before the answer, for the repetition penalty.
    pub fn see(&mut self, tokens: &[u32]) {
        if self.penalty == 1.0 {
            return;
        }
        for token in tokens {
            let word = *token as usize / 64;
            if word >= self.is_said.len() {
                self.is_said.resize(word + 1, 0);
            }
            let bit = 1 << (token % 64);
            if self.is_said[word] & bit == 0 {
                self.is_said[word] |= bit;
                self.said.push(*token);
            }
        }
    }

    /// Draws the next token and remembers it. `None` if no token is possible: all are NaN, minus
    /// infinity or masked. `logits` are changed by bias and penalty.
    pub fn next(&mut self, logits: &mut [f32], mask: Option<&Mask>) -> Option<u32> {
        for (token, bias) in &self.bias {
            if let Some(logit) = logits.get_mut(*token as usize) {
                *logit += bias;
            }
        }
        self.penalise(logits);
        let token = if self.temperature == 0.0 || self.top_k == 1 {
            likeliest(logits, mask)?
        } else {
            self.draw(logits, mask)?
        };
        self.see(&[token]);
        Some(token)
    }

    /// CTRL (Keskar et al. 2019, arXiv 1909.05858, §4.1), with negative logits multiplied, as
    /// transformers does it: divided, they would become likelier.
    fn penalise(&self, logits: &mut [f32]) {
        for token in &self.said {
            if let Some(logit) = logits.get_mut(*token as usize) {
                *logit = if *logit > 0.0 {
                    *logit / self.penalty
                } else {
                    *logit * self.penalty
                };
            }
        }
    }

    fn draw(&mut self, logits: &[f32], mask: Option<&Mask>) -> Option<u32> {
        let likeliest = likeliest(logits, mask)?;
        let top = logits[likeliest as usize];
        if top == f32::INFINITY || self.temperature < f32::MIN_POSITIVE {
            return Some(likeliest);
        }
        self.gather(logits, mask, top);
        if self.top_k < self.candidates.len() {
            self.candidates
                .select_nth_unstable_by(self.top_k - 1, by_likelihood);
            self.candidates.truncate(self.top_k);
        }
        for candidate in &mut self.candidates {
            candidate.weight = exp(f64::from((candidate.logit - top) / self.temperature));
        }
        if self.top_p < 1.0 {
            self.keep_nucleus();
        }
        if self.min_p > 0.0 {
            // The likeliest has weight 1.
            let least = self.min_p;
            self.candidates
                .retain(|candidate| candidate.weight >= least);
        }
        // Partial selection leaves an order that depends on how it works inside.
        self.candidates
            .sort_unstable_by_key(|candidate| candidate.token);
        let total: f64 = self
            .candidates
            .iter()
            .map(|candidate| candidate.weight)
            .sum();
        let mut rest = self.uniform() * total;
        for candidate in &self.candidates {
            rest -= candidate.weight;
            if rest < 0.0 {
                return Some(candidate.token);
            }
        }
        // Rounding can leave a trace after the last one.
        Some(self.candidates.last().map_or(likeliest, |last| last.token))
    }

    /// All tokens with some probability beside the likeliest, whose logit is `top`.
    fn gather(&mut self, logits: &[f32], mask: Option<&Mask>, top: f32) {
        let least = top - NEGLIGIBLE * self.temperature;
        let possible = |(token, logit): (u32, &f32)| {
            // False for NaN.
            (*logit >= least).then_some(Candidate {
                logit: *logit,
                token,
                weight: 0.0,
            })
        };
        self.candidates.clear();
        self.candidates.reserve(logits.len());
        match mask {
            None => {
                let all = (0..).zip(logits);
                self.candidates.extend(all.filter_map(possible));
            }
            Some(mask) => {
                let allowed = mask.tokens();
                let allowed =
                    allowed.filter_map(|token| Some((token, logits.get(token as usize)?)));
                self.candidates.extend(allowed.filter_map(possible));
            }
        }
    }

    /// Keeps the likeliest that together reach `top_p` (Holtzman et al. 2020, arXiv 1904.09751, §3.1).
    ///
    /// Only as many are sorted as are needed: few hundred tokens hold nearly all probability.
    fn keep_nucleus(&mut self) {
        // In the order of tokens, so that the sum does not depend on the selection before.
        self.candidates
            .sort_unstable_by_key(|candidate| candidate.token);
        let total: f64 = self
            .candidates
            .iter()
            .map(|candidate| candidate.weight)
            .sum();
        let enough = self.top_p * total;
        let (mut sorted, mut reached, mut step) = (0, 0.0, 256);
        while sorted < self.candidates.len() {
            let rest = &mut self.candidates[sorted..];
            let count = step.min(rest.len());
            if count < rest.len() {
                rest.select_nth_unstable_by(count - 1, by_likelihood);
            }
            rest[..count].sort_unstable_by(by_likelihood);
            for candidate in &rest[..count] {
                reached += candidate.weight;
                sorted += 1;
                if reached >= enough {
                    self.candidates.truncate(sorted);
                    return;
                }
            }
            step *= 4;
        }
    }

    /// Uniform in [0, 1): the 53 bits that a double holds.
    fn uniform(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The token of the largest logit, the lowest of several.
fn likeliest(logits: &[f32], mask: Option<&Mask>) -> Option<u32> {
    let larger = |best: Option<(u32, f32)>, (token, logit): (u32, f32)| match best {
        // NaN is never larger.
        Some((_, most)) if logit > most => Some((token, logit)),
        None if logit > f32::NEG_INFINITY => Some((token, logit)),
        best => best,
    };
    let best = match mask {
        None => (0..).zip(logits.iter().copied()).fold(None, larger),
        Some(mask) => {
            let allowed = mask.tokens();
            let allowed = allowed.filter_map(|token| Some((token, *logits.get(token as usize)?)));
            allowed.fold(None, larger)
        }
    };
    best.map(|(token, _)| token)
}

fn by_likelihood(a: &Candidate, b: &Candidate) -> Ordering {
    b.logit.total_cmp(&a.logit).then(a.token.cmp(&b.token))
}

/// e^x for x in [-700, 0], the same bits everywhere: only additions, multiplications and bits.
///
/// x = k ln 2 + r with |r| ≤ ln 2 / 2, e^r by its Taylor series: the first term left out is below
/// 0.35^14 / 14! < 5e-18.
fn exp(x: f64) -> f64 {
    /// ln 2 in two parts; the first has trailing zeros, so that its multiples are exact (Cody and
    /// Waite 1980).
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    /// 1.5 · 2^52: added, it rounds to a whole number, which then stands in the lowest bits.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    if x < -700.0 {
        return 0.0;
    }
    let shifted = x * std::f64::consts::LOG2_E + SHIFT;
    let k = shifted - SHIFT;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut sum = 0.0;
    for coefficient in COEFFICIENTS {
        sum = sum * r + coefficient;
    }
    sum * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// 1/13! to 1/0!.
const COEFFICIENTS: [f64; 14] = {
    let mut coefficients = [1.0; 14];
    let (mut n, mut factorial) = (0, 1u64);
    while n < 14 {
        coefficients[13 - n] = 1.0 / factorial as f64;
        n += 1;
        factorial *= n as u64;
    }
    coefficients
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn sampler(change: impl FnOnce(&mut Sampling)) -> Sampler {
        let mut sampling = Sampling {
            seed: Some(7),
            ..Sampling::default()
        };
        change(&mut sampling);
        Sampler::new(&sampling, 0)
    }

    /// How often each token comes in `draws`.
    fn shares(mut sampler: Sampler, logits: &[f32], draws: usize) -> Vec<f64> {
        let mut counts = vec![0.0; logits.len()];
        for _ in 0..draws {
            let token = sampler.next(&mut logits.to_vec(), None).unwrap();
            counts[token as usize] += 1.0 / draws as f64;
        }
        counts
    }

    fn logits(probabilities: &[f32]) -> Vec<f32> {
        probabilities.iter().map(|p| p.ln()).collect()
    }

    #[track_caller]
    fn check(sampler: Sampler, probabilities: &[f32], expected: &[f64]) {
        let shares = shares(sampler, &logits(probabilities), 20_000);
        for (share, expected) in shares.iter().zip(expected) {
            assert!(
                (share - expected).abs() < 0.015,
                "{shares:?} for {expected:?}"
            );
            assert!(*expected > 0.0 || *share == 0.0, "{shares:?}");
        }
    }

    const P: [f32; 4] = [0.1, 0.4, 0.2, 0.3];

    #[test]
    fn tokens_come_as_often_as_their_probability_says() {
        check(sampler(|_| {}), &P, &[0.1, 0.4, 0.2, 0.3]);
        // p² / Σ p²
        check(
            sampler(|s| s.temperature = Some(0.5)),
            &P,
            &[1.0 / 30.0, 16.0 / 30.0, 4.0 / 30.0, 9.0 / 30.0],
        );
    }

    #[test]
    fn filters_keep_the_likeliest() {
        check(
            sampler(|s| s.top_k = Some(2)),
            &P,
            &[0.0, 4.0 / 7.0, 0.0, 3.0 / 7.0],
        );
        // 0.4 + 0.3 does not reach 0.75; with 0.2 it does.
        check(
            sampler(|s| s.top_p = Some(0.75)),
            &P,
            &[0.0, 4.0 / 9.0, 2.0 / 9.0, 3.0 / 9.0],
        );
        check(sampler(|s| s.top_p = Some(0.0)), &P, &[0.0, 1.0, 0.0, 0.0]);
        check(
            sampler(|s| s.min_p = Some(0.6)),
            &P,
            &[0.0, 4.0 / 7.0, 0.0, 3.0 / 7.0],
        );
    }

    #[test]
    fn the_temperature_comes_before_top_p() {
        // At temperature 0.5 the first two have 25/30 already.
        let both = sampler(|s| (s.temperature, s.top_p) = (Some(0.5), Some(0.8)));
        check(both, &P, &[0.0, 16.0 / 25.0, 0.0, 9.0 / 25.0]);
    }

    #[test]
    fn temperature_zero_takes_the_likeliest_and_the_first_of_equals() {
        let mut greedy = sampler(|s| s.temperature = Some(0.0));
        assert_eq!(greedy.next(&mut [1.0, 3.0, 3.0], None), Some(1));
    }

    #[test]
    fn the_penalty_lowers_what_was_said_once() {
        let mut sampler =
            sampler(|s| (s.temperature, s.repetition_penalty) = (Some(0.0), Some(1.5)));
        sampler.see(&[0, 0, 2]);
        let mut logits = [3.0, 1.9, -1.0];
        assert_eq!(sampler.next(&mut logits, None), Some(0));
        assert_eq!(logits, [2.0, 1.9, -1.5]);
        let mut logits = [2.7, 1.9, -1.0];
        assert_eq!(sampler.next(&mut logits, None), Some(1));
    }

    #[test]
    fn biases_forbid_and_force() {
        let mut sampler = sampler(|s| {
            s.temperature = Some(0.0);
            s.logit_bias = BTreeMap::from([(1, -100.0), (2, 5.0), (99, 1.0)]);
        });
        assert_eq!(sampler.next(&mut [1.0, 9.0, 0.0], None), Some(2));
    }

    #[test]
    fn broken_logits_are_never_drawn() {
        for temperature in [0.0, 1.0] {
            let mut sampler = sampler(|s| s.temperature = Some(temperature));
            let (nan, inf) = (f32::NAN, f32::INFINITY);
            assert_eq!(sampler.next(&mut [nan, -inf, 0.0, nan], None), Some(2));
            assert_eq!(sampler.next(&mut [nan, inf, 0.0], None), Some(1));
            assert_eq!(sampler.next(&mut [nan, -inf], None), None);
            assert_eq!(sampler.next(&mut [], None), None);
        }
    }

    #[test]
    fn a_seed_gives_the_same_tokens_on_every_machine() {
        let mut sampler = sampler(|s| (s.top_p, s.temperature) = (Some(0.95), Some(0.8)));
        let mut draw = |step: u32| {
            let logit = |token: u32| ((token * 37 + step * 11) % 101) as f32 / 17.0;
            sampler.next(&mut (0..1_000).map(logit).collect::<Vec<_>>(), None)
        };
        let drawn: Vec<u32> = (0..8).filter_map(&mut draw).collect();
        // Written down once on x86-64 with glibc.
        assert_eq!(drawn, SEVEN);
    }

    const SEVEN: [u32; 8] = [158, 166, 703, 725, 602, 361, 88, 846];

    #[test]
    fn the_exponential_function_is_exact_to_the_last_bits() {
        for step in 0..70_000 {
            let x = -f64::from(step) / 100.0;
            let (ours, theirs) = (exp(x), x.exp());
            assert!(
                (ours - theirs).abs() <= 4.0 * f64::EPSILON * theirs,
                "{x}: {ours} {theirs}"
            );
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
    }

    proptest! {
        #[test]
        fn only_allowed_tokens_are_drawn(
            logits in prop::collection::vec(prop_oneof![8 => -9.0f32..9.0, 1 => Just(f32::NAN), 1 => Just(f32::INFINITY)], 70..200),
            allowed in prop::collection::vec(any::<bool>(), 70),
            top_p in 0.0f32..1.0, top_k in 1u32..90, temperature in 0.0f32..2.0, seed: u64,
        ) {
            let mut mask = Mask::none(70);
            let allowed: Vec<u32> = (0..70).filter(|token| allowed[*token as usize]).collect();
            allowed.iter().for_each(|token| mask.allow(*token));
            let sampling = Sampling {
                temperature: Some(temperature), top_p: Some(top_p), top_k: Some(top_k), ..Sampling::default()
            };
            let mut sampler = Sampler::new(&sampling, seed);
            match sampler.next(&mut logits.clone(), Some(&mask)) {
                Some(token) => prop_assert!(allowed.contains(&token) && !logits[token as usize].is_nan()),
                None => prop_assert!(allowed.iter().all(|token| logits[*token as usize].is_nan())),
            }
        }
    }
}
