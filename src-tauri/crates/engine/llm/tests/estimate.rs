//! Estimates of tokens against the counts of four real tokenizers, on prose in nine languages, code
//! and JSON (`fixtures/tokens.json`).
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use serde::Deserialize;
use studio_llm::calibration::{Calibration, Traits};
use studio_llm::chat::{ChatRequest, Message};
use studio_llm::tokens::{Encoding, count};

#[derive(Deserialize)]
struct Fixture {
    texts: BTreeMap<String, Vec<String>>,
    samples: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    text: String,
    lines: Vec<usize>,
    /// By tokenizer.
    counts: BTreeMap<String, u64>,
}

/// Samples from which a provider's way of counting is learnt: four of each kind of text.
const LEARNT: usize = 4 * 12;

impl Fixture {
    fn read() -> Fixture {
        serde_json::from_str(include_str!("fixtures/tokens.json")).unwrap()
    }

    /// The estimate of each sample for `tokenizer`, with its real count, as they become known one
    /// after the other.
    fn estimates(&self, tokenizer: &str) -> Vec<(&str, u64, u64)> {
        let mut calibration = Calibration::default();
        let mut estimates = Vec::new();
        for sample in &self.samples {
            let lines = sample.lines.iter();
            let lines: Vec<&str> = lines
                .map(|at| self.texts[&sample.text][*at].as_str())
                .collect();
            let request = ChatRequest {
                messages: vec![Message::user(lines.join("\n"))],
                ..ChatRequest::default()
            };
            let counted = count(Encoding::Estimated, &request);
            let traits = Traits::of(&request, &counted);
            // Providers frame a message with a few tokens of their own.
            let real = sample.counts[tokenizer] + 7;
            let estimate = calibration.apply(counted.total, traits);
            estimates.push((sample.text.as_str(), estimate, real));
            calibration.learn(counted.total, real, traits);
        }
        estimates
    }
}

#[test]
fn a_learnt_estimate_is_within_five_percent_of_the_providers_count() {
    let fixture = Fixture::read();
    for tokenizer in ["cl100k", "claude", "tekken", "spm"] {
        let estimates = fixture.estimates(tokenizer);
        let mut kinds: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        let mut errors = Vec::new();
        for (kind, estimate, real) in &estimates[LEARNT..] {
            let sums = kinds.entry(kind).or_default();
            *sums = (sums.0 + estimate, sums.1 + real);
            errors.push((*estimate as f64 / *real as f64 - 1.0).abs());
        }
        for (kind, (estimate, real)) in kinds {
            let error = estimate as f64 / real as f64 - 1.0;
            assert!(
                error.abs() < 0.05,
                "{tokenizer}, {kind}: {:+.1} %",
                error * 100.0
            );
        }
        errors.sort_by(f64::total_cmp);
        let p95 = errors[errors.len() * 95 / 100];
        assert!(
            p95 < 0.05,
            "{tokenizer}: one in twenty is off by {:.1} %",
            p95 * 100.0
        );
    }
}

#[test]
fn without_learning_an_estimate_is_far_off_for_some() {
    // Why learning is needed at all: if this fails, the fixture proves nothing.
    let fixture = Fixture::read();
    let first = &fixture.samples[..12];
    let hindi = first.iter().find(|sample| sample.text == "hindi").unwrap();
    assert!(hindi.counts["claude"] > 2 * hindi.counts["tekken"]);
}

#[test]
fn what_is_set_aside_holds_what_is_counted() {
    let fixture = Fixture::read();
    for tokenizer in ["cl100k", "claude", "tekken", "spm"] {
        let mut calibration = Calibration::default();
        for sample in &fixture.samples {
            let lines = sample
                .lines
                .iter()
                .map(|at| fixture.texts[&sample.text][*at].as_str());
            let request = ChatRequest {
                messages: vec![Message::user(lines.collect::<Vec<_>>().join("\n"))],
                ..ChatRequest::default()
            };
            let counted = count(Encoding::Estimated, &request);
            let traits = Traits::of(&request, &counted);
            let real = sample.counts[tokenizer] + 7;
            let most = calibration.most(counted.total, traits);
            assert!(
                most >= real,
                "{tokenizer}, {}: {most} for {real}",
                sample.text
            );
            calibration.learn(counted.total, real, traits);
        }
    }
}
