//! Going over from one sound to another.

use studio_core::units::SampleRate;

use super::input::CHUNK;

/// Long enough for no click, short enough to compare.
const FADE_SECS: f64 = 0.015;

/// A share that goes from where it is to 0 or 1.
pub(super) struct Fade {
    share: f32,
    goal: f32,
    step: f32,
}

impl Fade {
    pub(super) fn at(share: f32, rate: SampleRate) -> Fade {
        let step = (FADE_SECS * f64::from(rate.get())).recip() as f32;
        Fade {
            share,
            goal: share,
            step,
        }
    }

    pub(super) fn toward(&mut self, goal: f32) {
        self.goal = goal;
    }

    pub(super) fn jump(&mut self) {
        self.share = self.goal;
    }

    pub(super) fn is_over(&self) -> bool {
        self.share == self.goal
    }

    /// Whether all that is heard is what it is the share of.
    pub(super) fn is_whole(&self) -> bool {
        self.is_over() && self.share == 1.0
    }

    /// Leaves its share of `main`, the rest is `other`.
    pub(super) fn mix(&mut self, main: &mut [Vec<f32>], other: &[Vec<f32>], frames: usize) {
        let mut shares = [self.goal; CHUNK];
        for share in &mut shares[..frames] {
            let way = self.goal - self.share;
            self.share = match way.abs() <= self.step {
                true => self.goal,
                false => self.share + self.step.copysign(way),
            };
            // Without a corner at either end.
            *share = self.share * self.share * (3.0 - 2.0 * self.share);
        }
        for (main, other) in main.iter_mut().zip(other) {
            for ((x, other), share) in main.iter_mut().zip(other).zip(&shares[..frames]) {
                *x = *x * share + other * (1.0 - share);
            }
        }
    }
}
