//! Signals, tolerances, temporary folders, model files, a provider of models and a hub for tests.
//!
//! Signals are one channel of `f32` at full scale 1.0, the same on every run. Everything here panics on
//! failure, as tests do: never link it into the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod checkpoint;
mod folder;
mod gguf;
mod heap;
mod hub;
mod provider;
pub mod signal;
mod wav;
mod wire;

pub use folder::TempFolder;
pub use gguf::tiny_gguf;
pub use heap::{CountingHeap, heap_calls};
pub use hub::{HUB_COMMIT, HUB_TOKEN, HubFault, HubFile, HubPlace, TestHub};
pub use provider::{Asked, FakeProvider, Reply};
pub use wav::{WavSample, write_wav};
pub use wire::Wire;

/// Asserts that two signals have the same length and nowhere differ by more than `tolerance`.
#[track_caller]
pub fn assert_close(actual: &[f32], expected: &[f32], tolerance: f32, why: &str) {
    assert_eq!(actual.len(), expected.len(), "lengths differ: {why}");
    let worst = actual
        .iter()
        .zip(expected)
        .map(|(a, e)| (a - e).abs())
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((at, difference)) = worst {
        assert!(
            difference <= tolerance,
            "sample {at} differs by {difference} (tolerance {tolerance}): {why}"
        );
    }
}

/// Ratio of the signal's power to the difference's, in dB; infinite for equal signals.
pub fn snr_db(actual: &[f32], expected: &[f32]) -> f64 {
    let power = |s: &mut dyn Iterator<Item = f64>| s.map(|v| v * v).sum::<f64>();
    let signal = power(&mut expected.iter().map(|&e| f64::from(e)));
    let noise = power(
        &mut actual
            .iter()
            .zip(expected)
            .map(|(&a, &e)| f64::from(a) - f64::from(e)),
    );
    10.0 * (signal / noise).log10()
}

/// How many samples `actual` lies behind `expected` (negative: before), searched within ±`reach` by
/// the highest correlation.
pub fn lag(actual: &[f32], expected: &[f32], reach: usize) -> isize {
    let length = actual.len().min(expected.len());
    let reach = reach.min(length / 2) as isize;
    let correlation = |shift: isize| -> f64 {
        let (a, e) = if shift >= 0 {
            (&actual[shift as usize..length], &expected[..length])
        } else {
            (&actual[..length], &expected[shift.unsigned_abs()..length])
        };
        a.iter().zip(e).map(|(&a, &e)| f64::from(a * e)).sum()
    };
    (-reach..=reach)
        .max_by(|&a, &b| correlation(a).total_cmp(&correlation(b)))
        .unwrap_or(0)
}
