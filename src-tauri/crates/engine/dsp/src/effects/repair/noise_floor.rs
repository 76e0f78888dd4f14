//! The spectrum of noise under a sound that does not stop, after R. Martin, "Noise Power Spectral
//! Density Estimation Based on Optimal Smoothing and Minimum Statistics" (IEEE Trans. Speech and Audio
//! Proc. 9 (5), 2001), with a fixed smoothing: what a smoothed bin falls to again and again is noise.

use crate::effects::stft::OVERLAP;

/// Stretches whose minima are kept, and how long all of them last together: longer than a syllable.
const STRETCHES: usize = 8;
const MEMORY_SECS: f64 = 1.5;
/// Part of a smoothed power that each frame keeps.
const KEEP: f32 = 0.8;
/// The minimum of noise lies below its mean. Measured on white noise, with the above.
const BIAS: f32 = 2.5;

pub(super) struct NoiseFloor {
    smoothed: Vec<f32>,
    /// Minima of the stretch at hand, then of those before.
    minima: [Vec<f32>; STRETCHES],
    newest: usize,
    floor: Vec<f32>,
    /// Frames of the stretch at hand, and of a whole one.
    frames: usize,
    stretch: usize,
    begun: bool,
}

impl NoiseFloor {
    pub(super) fn new(length: usize, rate_hz: f64) -> NoiseFloor {
        let bins = length / 2 + 1;
        let frames_per_sec = rate_hz * OVERLAP as f64 / length as f64;
        let mut floor = NoiseFloor {
            smoothed: vec![0.0; bins],
            minima: std::array::from_fn(|_| vec![0.0; bins]),
            newest: 0,
            floor: vec![0.0; bins],
            frames: 0,
            stretch: (MEMORY_SECS * frames_per_sec / STRETCHES as f64).ceil() as usize,
            begun: false,
        };
        floor.reset();
        floor
    }

    /// The power of noise in each bin, having seen another frame.
    pub(super) fn after(&mut self, powers: &[f32]) -> &[f32] {
        if self.frames == self.stretch {
            self.frames = 0;
            self.newest = (self.newest + 1) % STRETCHES;
            self.minima[self.newest].fill(f32::INFINITY);
        }
        self.frames += 1;
        let keep = if self.begun { KEEP } else { 0.0 };
        self.begun = true;
        let newest = &mut self.minima[self.newest];
        for ((smoothed, power), minimum) in self.smoothed.iter_mut().zip(powers).zip(newest) {
            *smoothed = power + (*smoothed - power) * keep;
            *minimum = minimum.min(*smoothed);
        }
        self.floor.fill(f32::INFINITY);
        for minima in &self.minima {
            for (floor, minimum) in self.floor.iter_mut().zip(minima) {
                *floor = floor.min(BIAS * minimum);
            }
        }
        &self.floor
    }

    pub(super) fn reset(&mut self) {
        self.minima
            .iter_mut()
            .for_each(|minima| minima.fill(f32::INFINITY));
        self.smoothed.fill(0.0);
        (self.newest, self.frames, self.begun) = (0, 0, false);
    }
}
