//! The text side of local models, with a vocabulary of 150,000 tokens: masks of constrained answers,
//! drawing a token, cutting at stop texts.
//!
//! Budgets (medians): 1 ms a fresh mask; 1 ms a token drawn with top-k, 2 ms without.

// A bench that cannot run must stop.
#![allow(clippy::expect_used)]

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use divan::{Bencher, black_box};
use serde_json::json;
use studio_llm::chat::Sampling;
use studio_llm::grammar::{Constraint, Grammar, Vocabulary};
use studio_llm::sample::Sampler;

fn main() {
    divan::main();
}

const TOKENS: usize = 150_000;

/// Knuth's MMIX generator; the upper bits.
struct Draw(u64);

impl Draw {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count
    }
}

/// Words with and without a blank before them, marks, and pieces of other scripts, of which some end
/// within a character: as byte-level BPE makes them.
static VOCABULARY: LazyLock<Arc<Vocabulary>> = LazyLock::new(|| {
    let mut draw = Draw(1);
    let mut longer = BTreeSet::new();
    while longer.len() < TOKENS - 256 {
        let mut token = String::new();
        if draw.below(2) == 0 {
            token.push(' ');
        }
        let kind = draw.below(20);
        for _ in 0..2 + draw.below(9) {
            let code = match kind {
                0..=13 => 0x61 + draw.below(26),
                14 => 0x20 + draw.below(95),
                15 => [0x0a, 0x09, 0x20, 0x7d, 0x5d, 0x22, 0x3b, 0x29][draw.below(8) as usize],
                16..=17 => 0x4e00 + draw.below(5_000),
                _ => 0x400 + draw.below(90),
            };
            token.extend(char::from_u32(code as u32));
        }
        let mut bytes = token.into_bytes();
        if kind >= 16 && draw.below(4) == 0 {
            bytes.pop();
        }
        longer.insert(bytes);
    }
    let bytes = (0..=255u8).map(|byte| vec![byte]).chain(longer).map(Some);
    Arc::new(Vocabulary::new(bytes.chain([None]), &[TOKENS as u32]))
});

fn schema() -> serde_json::Value {
    json!({
        "type": "object",
        "properties": {
            "title": { "type": "string", "maxLength": 200 },
            "tags": { "type": "array", "items": { "type": "string" }, "maxItems": 5 },
            "year": { "type": "integer", "minimum": 1900 },
        },
        "required": ["title", "tags", "year"],
    })
}

/// A mask that was never made before, after this beginning of an answer.
#[divan::bench(args = ["", "{", "{\"title\": \"", "{\"title\": \"A long", "{\"tags\": [\"", "{\"year\": 19"])]
fn fresh_mask(bencher: Bencher<'_, '_>, beginning: &str) {
    let grammar = Grammar::from_schema(&schema()).expect("a schema");
    bencher
        .with_inputs(|| {
            let mut constraint = Constraint::new(&grammar, Arc::clone(&VOCABULARY));
            for byte in beginning.bytes() {
                constraint.accept(u32::from(byte)).expect("it fits");
            }
            constraint
        })
        .bench_local_values(|mut constraint| black_box(constraint.mask().count()));
}

/// The tokens of a whole answer, a byte each, masks included: most states come again.
#[divan::bench]
fn masks_of_an_answer(bencher: Bencher<'_, '_>) {
    let grammar = Grammar::from_schema(&schema()).expect("a schema");
    let answer = "{\"title\": \"The keeper of the northern light\", \"tags\": [\"sea\", \"storm\"], \"year\": 1911}";
    bencher
        .counter(divan::counter::ItemsCount::new(answer.len()))
        .bench_local(|| {
            let mut constraint = Constraint::new(&grammar, Arc::clone(&VOCABULARY));
            for byte in answer.bytes() {
                black_box(constraint.mask());
                constraint.accept(u32::from(byte)).expect("it fits");
            }
        });
}

#[divan::bench]
fn vocabulary(bencher: Bencher<'_, '_>) {
    let tokens: Vec<Option<Vec<u8>>> = (0..TOKENS as u32)
        .map(|token| VOCABULARY.bytes(token).map(<[u8]>::to_vec))
        .collect();
    bencher
        .with_inputs(|| tokens.clone())
        .bench_local_values(|tokens| Vocabulary::new(tokens, &[TOKENS as u32]));
}

fn logits() -> Vec<f32> {
    let mut draw = Draw(2);
    // The sum of uniform numbers is near enough to what models give.
    let sum = |draw: &mut Draw| {
        (0..8)
            .map(|_| draw.below(1_000) as f32 / 250.0)
            .sum::<f32>()
    };
    (0..TOKENS).map(|_| sum(&mut draw)).collect()
}

#[divan::bench(args = ["greedy", "temperature", "top-k 40", "top-p 0.9", "all"])]
fn draw_a_token(bencher: Bencher<'_, '_>, how: &str) {
    let mut sampling = Sampling {
        temperature: Some(if how == "greedy" { 0.0 } else { 0.7 }),
        ..Sampling::default()
    };
    if how == "top-k 40" || how == "all" {
        sampling.top_k = Some(40);
    }
    if how == "top-p 0.9" || how == "all" {
        sampling.top_p = Some(0.9);
    }
    if how == "all" {
        (sampling.min_p, sampling.repetition_penalty) = (Some(0.05), Some(1.1));
    }
    let (logits, mut sampler) = (logits(), Sampler::new(&sampling, 1));
    bencher
        .with_inputs(|| logits.clone())
        .bench_local_refs(|logits| sampler.next(logits, None));
}
