//! Spectra of frames that overlap, and back.
//!
//! The square root of a Hann window before and after: frames that overlap by three quarters add up to
//! the sound again (times two, which the transform back takes off).

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use studio_core::units::SampleRate;

use super::block::Block;

/// Frames begin this part of their length apart.
pub(crate) const OVERLAP: usize = 4;

/// A power of two whose length is 32 to 64 ms.
pub(crate) fn frame_length(rate: SampleRate) -> usize {
    (rate.samples_from_secs(0.032) as usize).next_power_of_two()
}

/// The window whose square is a Hann window.
pub(crate) fn root_hann(length: usize) -> Vec<f32> {
    let value = |n: usize| (PI * n as f64 / length as f64).sin() as f32;
    (0..length).map(value).collect()
}

/// The windowed spectra of all channels; what is done to them is heard one frame later.
pub(crate) struct Stft {
    length: usize,
    window: Vec<f32>,
    forward: Arc<dyn RealToComplex<f32>>,
    back: Arc<dyn ComplexToReal<f32>>,
    channels: Vec<Channel>,
    spectra: Vec<Vec<Complex<f32>>>,
    frame: Vec<f32>,
    scratch: Vec<Complex<f32>>,
    /// Samples of the hop at hand.
    filled: usize,
}

struct Channel {
    /// The latest frame of input.
    input: Vec<f32>,
    /// Sums of frames, the first hop complete.
    output: Vec<f32>,
}

impl Stft {
    pub(crate) fn new(length: usize, channels: usize) -> Stft {
        let mut planner = RealFftPlanner::new();
        let (forward, back) = (
            planner.plan_fft_forward(length),
            planner.plan_fft_inverse(length),
        );
        let scratch = forward.get_scratch_len().max(back.get_scratch_len());
        let channel = || Channel {
            input: vec![0.0; length],
            output: vec![0.0; length],
        };
        Stft {
            length,
            window: root_hann(length),
            channels: (0..channels).map(|_| channel()).collect(),
            spectra: vec![vec![Complex::default(); length / 2 + 1]; channels],
            frame: vec![0.0; length],
            scratch: vec![Complex::default(); scratch],
            forward,
            back,
            filled: 0,
        }
    }

    pub(crate) fn latency(&self) -> usize {
        self.length
    }

    /// Runs a block through; `work` is given the spectra of all channels, frame by frame.
    pub(crate) fn process(
        &mut self,
        block: &mut Block<'_, '_>,
        mut work: impl FnMut(&mut [Vec<Complex<f32>>]),
    ) {
        let (length, hop) = (self.length, self.length / OVERLAP);
        let mut at = 0;
        while at < block.frames() {
            let count = (block.frames() - at).min(hop - self.filled);
            for (channel, samples) in self.channels.iter_mut().zip(block.channels()) {
                let now = &mut samples[at..at + count];
                let span = self.filled..self.filled + count;
                channel.input[length - hop..][span.clone()].copy_from_slice(now);
                now.copy_from_slice(&channel.output[span]);
            }
            at += count;
            self.filled += count;
            if self.filled == hop {
                self.filled = 0;
                self.step(&mut work);
            }
        }
    }

    fn step(&mut self, work: &mut impl FnMut(&mut [Vec<Complex<f32>>])) {
        let hop = self.length / OVERLAP;
        for (channel, spectrum) in self.channels.iter_mut().zip(&mut self.spectra) {
            let windowed = channel.input.iter().zip(&self.window);
            for (to, (x, window)) in self.frame.iter_mut().zip(windowed) {
                *to = x * window;
            }
            channel.input.copy_within(hop.., 0);
            // All lengths are the planner's own, so neither transform can fail.
            let _ = self
                .forward
                .process_with_scratch(&mut self.frame, spectrum, &mut self.scratch);
        }
        work(&mut self.spectra);
        let scale = 2.0 / (OVERLAP * self.length) as f32;
        for (channel, spectrum) in self.channels.iter_mut().zip(&mut self.spectra) {
            // A real signal's spectrum is real at both ends.
            spectrum[0].im = 0.0;
            spectrum[self.length / 2].im = 0.0;
            let _ = self
                .back
                .process_with_scratch(spectrum, &mut self.frame, &mut self.scratch);
            channel.output.copy_within(hop.., 0);
            channel.output[self.length - hop..].fill(0.0);
            let windowed = self.frame.iter().zip(&self.window);
            for (sum, (x, window)) in channel.output.iter_mut().zip(windowed) {
                *sum += x * window * scale;
            }
        }
    }

    pub(crate) fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.input.fill(0.0);
            channel.output.fill(0.0);
        }
        self.filled = 0;
    }
}
