//! Seeded choices. Each part of the composition draws from its own stream of one seed, so that a change in one
//! part leaves the others as they were.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A source of choices.
#[derive(Clone)]
pub(crate) struct Chance(ChaCha8Rng);

/// Who draws. The numbers are part of the promise "same seed, same music".
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Harmony = 1,
    Lead = 2,
    Pluck = 3,
    Form = 4,
    Arc = 5,
    Percussion = 6,
    Piano = 7,
}

impl Chance {
    pub(crate) fn new(seed: u64, stream: Stream) -> Chance {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream as u64);
        Chance(rng)
    }

    /// Even in [0, 1).
    pub(crate) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// One of 0..count; 0 when `count` is 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((u64::from(self.0.next_u32()) * count as u64) >> 32) as usize
    }

    pub(crate) fn odds(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// An index drawn in proportion to its weight; `None` when no weight is positive.
    pub(crate) fn weighted(&mut self, weights: &[f32]) -> Option<usize> {
        let total: f32 = weights.iter().map(|weight| weight.max(0.0)).sum();
        let mut left = self.unit() * total;
        let mut last = None;
        for (index, weight) in weights.iter().enumerate() {
            if *weight > 0.0 {
                last = Some(index);
                left -= weight;
                if left < 0.0 {
                    break;
                }
            }
        }
        last
    }
}
