//! De-click: single samples and short stretches that do not follow from what is around them are made
//! anew from it (S. Godsill and P. Rayner, "Digital Audio Restoration", 1998, chapter 5).

use std::f64::consts::TAU;
use std::ops::Range;

use super::autoregression::{Gap, LONGEST, ORDER, whitening};
use crate::effects::block::Block;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// Takes out clicks and crackle of records, and digital ones. What has none passes bit for bit.
    DeClick {
        /// How far a sample must lie off what is expected of it, in standard deviations of the rest;
        /// less finds more, in the end also consonants and drums.
        threshold: "1", 3.0..=50.0, 12.0;
        /// Longer disturbances are not clicks. 128 samples at most.
        longest_ms: "ms", 0.05..=4.0, 1.0;
    }
}

impl Settings for DeClick {
    type Running = Running;
    own_numbers!();
}

/// Samples that are looked at together, and how many of them are new each time. Those in the middle
/// are judged, with a quarter of context on either side.
const FRAME: usize = 1024;
const HOP: usize = FRAME / 2;
const CONTEXT: usize = FRAME / 4;
/// What is expected changes over time: it is found anew for as many samples, from twice as many.
const AREA: usize = 128;
/// Samples made anew on either side of what was found: a click begins before it is loud.
const MARGIN: usize = 3;
/// Standard deviation of a normal distribution over the median of its magnitudes.
const DEVIATION: f64 = 1.4826;
/// An error below this part of the level around it, −34 dB, is no click, however smooth the rest.
const AUDIBLE: f64 = 0.02;

struct Channel {
    samples: Vec<f64>,
    output: Vec<f32>,
}

pub(crate) struct Running {
    channels: Vec<Channel>,
    threshold: f64,
    longest: usize,
    window: Vec<f64>,
    errors: Vec<f64>,
    errors_back: Vec<f64>,
    sorted: Vec<f64>,
    gap: Gap,
    /// Samples of the hop at hand.
    filled: usize,
    rate_hz: f64,
}

impl Effect for Running {
    type Settings = DeClick;

    fn prepare(settings: &DeClick, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let channel = || Channel {
            samples: vec![0.0; FRAME],
            output: vec![0.0; HOP],
        };
        let hann = |n: usize| 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / FRAME as f64).cos();
        let mut running = Running {
            channels: (0..stream.channels).map(|_| channel()).collect(),
            threshold: 0.0,
            longest: 0,
            window: (0..FRAME).map(hann).collect(),
            errors: vec![0.0; FRAME],
            errors_back: vec![0.0; FRAME],
            sorted: vec![0.0; FRAME],
            gap: Gap::new(),
            filled: 0,
            rate_hz: stream.hz(),
        };
        running.turn(settings);
        Ok(running)
    }

    fn turn(&mut self, settings: &DeClick) {
        self.threshold = settings.threshold;
        let longest = (settings.longest_ms * 1e-3 * self.rate_hz).round() as usize;
        self.longest = longest.clamp(1, LONGEST - 2 * MARGIN);
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let mut at = 0;
        while at < block.frames() {
            let count = (block.frames() - at).min(HOP - self.filled);
            let span = self.filled..self.filled + count;
            for (channel, samples) in self.channels.iter_mut().zip(block.channels()) {
                let now = &mut samples[at..at + count];
                let fresh = &mut channel.samples[FRAME - HOP..][span.clone()];
                for ((to, x), out) in fresh.iter_mut().zip(now).zip(&channel.output[span.clone()]) {
                    *to = f64::from(std::mem::replace(x, *out));
                }
            }
            at += count;
            self.filled += count;
            if self.filled == HOP {
                self.filled = 0;
                for index in 0..self.channels.len() {
                    self.repair(index);
                }
            }
        }
    }

    fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.samples.fill(0.0);
            channel.output.fill(0.0);
        }
        self.filled = 0;
    }

    fn latency(&self) -> usize {
        CONTEXT + HOP
    }
}

impl Running {
    /// Repairs the middle of a channel's frame, puts it out and moves on.
    fn repair(&mut self, index: usize) {
        let samples = &mut self.channels[index].samples;
        if let Some(a) = whitening(samples, &self.window) {
            self.errors.fill(0.0);
            self.errors_back.fill(0.0);
            predict(samples, &a, ORDER..FRAME - ORDER, &mut self.errors);
            predict_back(samples, &a, ORDER..FRAME - ORDER, &mut self.errors_back);
            let least = AUDIBLE * (energy(samples) / FRAME as f64).sqrt();
            let whole = deviation(&self.errors, &mut self.sorted);
            let mut limits = [0.0; HOP / AREA];
            for (index, limit) in limits.iter_mut().enumerate() {
                let from = CONTEXT + index * AREA - AREA / 2;
                let around = deviation(&self.errors[from..from + 2 * AREA], &mut self.sorted);
                *limit = (self.threshold * around.max(whole)).max(least);
            }
            let mut n = CONTEXT;
            while n < CONTEXT + HOP {
                let limit = limits[(n - CONTEXT) / AREA];
                let click = match self.errors[n].abs() > limit {
                    true => self.end_of_click(n, limit),
                    false => None,
                };
                let Some(end) = click else {
                    n += 1;
                    continue;
                };
                let samples = &mut self.channels[index].samples;
                self.gap.fill(samples, n - MARGIN, end + MARGIN, &a);
                // What follows is predicted from what is sound now.
                let after = end..(end + MARGIN + ORDER).min(FRAME - ORDER);
                predict(samples, &a, after, &mut self.errors);
                n = end + MARGIN;
            }
        }
        let channel = &mut self.channels[index];
        let middle = &channel.samples[CONTEXT..CONTEXT + HOP];
        for (out, x) in channel.output.iter_mut().zip(middle) {
            *out = *x as f32;
        }
        channel.samples.copy_within(HOP.., 0);
    }

    /// Prediction from the past fails first at a click's first sample, prediction from the future last
    /// at its last. `None` if the future follows from itself at once, as where a note begins, or if the
    /// disturbance is too long for a click.
    fn end_of_click(&self, start: usize, limit: f64) -> Option<usize> {
        let off = |n: &usize| self.errors_back[*n].abs() > limit;
        let last = (start..start + self.longest).rev().find(off)?;
        let beyond = start + self.longest..start + self.longest + ORDER / 2;
        (!beyond.into_iter().any(|n| off(&n))).then_some(last + 1)
    }
}

/// What cannot be predicted from the past, at each sample of `span`.
fn predict(samples: &[f64], a: &[f64; ORDER + 1], span: Range<usize>, errors: &mut [f64]) {
    for n in span {
        let past = samples[n - ORDER..=n].iter().rev();
        errors[n] = a.iter().zip(past).map(|(a, x)| a * x).sum();
    }
}

/// The same from the future.
fn predict_back(samples: &[f64], a: &[f64; ORDER + 1], span: Range<usize>, errors: &mut [f64]) {
    for n in span {
        let future = &samples[n..=n + ORDER];
        errors[n] = a.iter().zip(future).map(|(a, x)| a * x).sum();
    }
}

/// The standard deviation of errors by their median, which clicks do not move. Digital silence beside a
/// sound does not count; a sound that is only at an edge has none.
fn deviation(errors: &[f64], sorted: &mut [f64]) -> f64 {
    let mut count = 0;
    for error in errors.iter().filter(|error| **error != 0.0) {
        sorted[count] = error.abs();
        count += 1;
    }
    if count < errors.len() / 4 {
        return 0.0;
    }
    let (_, median, _) = sorted[..count].select_nth_unstable_by(count / 2, f64::total_cmp);
    *median * DEVIATION
}

fn energy(samples: &[f64]) -> f64 {
    samples.iter().map(|x| x * x).sum()
}
