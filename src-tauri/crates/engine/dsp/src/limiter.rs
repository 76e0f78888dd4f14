//! A look-ahead limiter that keeps true peaks under a ceiling.
//!
//! The gain follows the highest peak of the coming milliseconds: its minimum over the look-ahead,
//! smoothed by a moving average of the same length, reaches every peak in time and never jumps. Peaks
//! between the samples are found by oversampling four times (ITU-R BS.1770-5, annex 2). All channels
//! get the same gain, so the image does not wander.
//!
//! Real time: [`Limiter::new`] allocates, [`Limiter::process`] does not. Blocks of any size give the
//! same samples. The output is [`Limiter::latency`] samples late.

use std::collections::VecDeque;

use studio_core::units::{Db, SampleRate};

use crate::interpolate::{CHUNK, PeakFinder};

/// Time in which the gain goes down before a peak.
const LOOK_AHEAD_SECS: f64 = 0.005;
/// Time in which most of the gain comes back after it.
const RELEASE_SECS: f64 = 0.08;
/// What four values per sample may miss of a peak, and what the moving gain adds to it, in dB.
const MARGIN_DB: f64 = 0.03;

pub struct Limiter {
    ceiling: f32,
    release: f32,
    channels: Vec<Channel>,
    /// (position, gain wanted there) where less than 1 is wanted, gains rising: the front is the
    /// minimum of the window.
    window: VecDeque<(u64, f32)>,
    look_ahead: usize,
    /// The last `look_ahead` minima, a ring that `ramp_at` goes round, and their sum.
    ramp: Vec<f32>,
    ramp_at: usize,
    ramp_sum: f64,
    held: f32,
    position: u64,
    lowest_gain: f32,
}

struct Channel {
    finder: PeakFinder,
    /// Delay line: a ring as long as the latency.
    delay: Vec<f32>,
    at: usize,
}

impl Limiter {
    pub fn new(ceiling: Db, channels: usize, rate: SampleRate) -> Limiter {
        let look_ahead = rate.samples_from_secs(LOOK_AHEAD_SECS).max(1) as usize;
        let channel = || Channel {
            finder: PeakFinder::new(),
            delay: vec![0.0; latency(look_ahead)],
            at: 0,
        };
        Limiter {
            ceiling: Db(ceiling.0 - MARGIN_DB).ratio() as f32,
            release: (1.0 - (-1.0 / (RELEASE_SECS * f64::from(rate.get()))).exp()) as f32,
            channels: (0..channels).map(|_| channel()).collect(),
            window: VecDeque::with_capacity(look_ahead + 2),
            look_ahead,
            ramp: vec![1.0; look_ahead],
            ramp_at: 0,
            ramp_sum: look_ahead as f64,
            held: 1.0,
            position: 0,
            lowest_gain: 1.0,
        }
    }

    /// Samples by which the output comes later than the input.
    pub fn latency(&self) -> usize {
        latency(self.look_ahead)
    }

    /// The most that was taken off so far, in dB; 0 if the ceiling was never reached.
    pub fn reduction(&self) -> Db {
        Db(-Db::from_ratio(f64::from(self.lowest_gain)).0)
    }

    /// Limits a block in place: one slice per channel, all of the same length.
    pub fn process(&mut self, block: &mut [&mut [f32]]) {
        let frames = block.first().map_or(0, |channel| channel.len());
        let (mut peaks, mut own, mut gains) = ([0.0f32; CHUNK], [0.0f32; CHUNK], [0.0f32; CHUNK]);
        for from in (0..frames).step_by(CHUNK) {
            let chunk = from..(from + CHUNK).min(frames);
            let count = chunk.len();
            peaks.fill(0.0);
            for (channel, samples) in self.channels.iter_mut().zip(block.iter()) {
                channel
                    .finder
                    .magnitudes(&samples[chunk.clone()], self.ceiling, &mut own);
                for (peak, own) in peaks.iter_mut().zip(&own) {
                    *peak = peak.max(*own);
                }
            }
            for (gain, peak) in gains.iter_mut().zip(peaks).take(count) {
                *gain = self.gain_for(peak);
            }
            for (channel, samples) in self.channels.iter_mut().zip(block.iter_mut()) {
                for (x, gain) in samples[chunk.clone()].iter_mut().zip(&gains) {
                    *x = channel.delayed(*x) * gain;
                }
            }
        }
    }

    /// The gain of the sample that leaves the delay line now, given the peak that enters.
    #[inline]
    fn gain_for(&mut self, peak: f32) -> f32 {
        if peak > self.ceiling {
            let wanted = self.ceiling / peak;
            while self.window.back().is_some_and(|(_, gain)| *gain >= wanted) {
                self.window.pop_back();
            }
            self.window.push_back((self.position, wanted));
        }
        let oldest = self.position.saturating_sub(self.look_ahead as u64);
        while self.window.front().is_some_and(|(at, _)| *at < oldest) {
            self.window.pop_front();
        }
        self.position += 1;
        let minimum = self.window.front().map_or(1.0, |(_, gain)| *gain);
        // Down at once, for the ramp makes it smooth; up slowly.
        self.held = if minimum < self.held {
            minimum
        } else {
            self.held + (minimum - self.held) * self.release
        };
        let leaving = std::mem::replace(&mut self.ramp[self.ramp_at], self.held);
        self.ramp_at = if self.ramp_at + 1 == self.look_ahead {
            0
        } else {
            self.ramp_at + 1
        };
        self.ramp_sum += f64::from(self.held) - f64::from(leaving);
        let gain = (self.ramp_sum / self.look_ahead as f64).min(1.0) as f32;
        self.lowest_gain = self.lowest_gain.min(gain);
        gain
    }
}

impl Channel {
    #[inline]
    fn delayed(&mut self, sample: f32) -> f32 {
        let late = std::mem::replace(&mut self.delay[self.at], sample);
        self.at = if self.at + 1 == self.delay.len() {
            0
        } else {
            self.at + 1
        };
        late
    }
}

/// A peak is seen half a filter late; the ramp is fully down one look-ahead after that.
fn latency(look_ahead: usize) -> usize {
    look_ahead + PeakFinder::DELAY - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loudness::Meter;

    /// Loud noise-like tones in two channels, with an isolated click.
    fn programme() -> Vec<Vec<f32>> {
        let tone =
            |hz: f32| move |n: usize| (n as f32 * hz * std::f32::consts::TAU / 48_000.0).sin();
        let (a, b, c) = (tone(211.0), tone(1733.0), tone(11_900.0));
        let mut left: Vec<f32> = (0..96_000)
            .map(|n| 0.9 * a(n) + 0.6 * b(n) + 0.5 * c(n))
            .collect();
        left[50_000] = 4.0;
        let right = left.iter().map(|x| x * 0.3).collect();
        vec![left, right]
    }

    fn limit(channels: &[Vec<f32>], block: usize) -> (Vec<Vec<f32>>, Limiter) {
        let mut out = channels.to_vec();
        let mut limiter = Limiter::new(Db(-1.0), 2, SampleRate::HZ_48000);
        let frames = out[0].len();
        for at in (0..frames).step_by(block) {
            let end = (at + block).min(frames);
            let mut parts: Vec<&mut [f32]> = out
                .iter_mut()
                .map(|channel| &mut channel[at..end])
                .collect();
            limiter.process(&mut parts);
        }
        (out, limiter)
    }

    #[test]
    fn true_peaks_stay_under_the_ceiling() {
        let (out, limiter) = limit(&programme(), 512);
        let mut meter = Meter::new(2, SampleRate::HZ_48000).unwrap();
        meter.feed(&[&out[0], &out[1]]).unwrap();
        let peak = meter.report().unwrap().true_peak_dbtp.unwrap();
        assert!((-1.6..=-1.0 + 0.05).contains(&peak), "{peak} dBTP");
        assert!(limiter.reduction().0 > 6.0, "{:?}", limiter.reduction());
    }

    #[test]
    fn the_block_size_changes_nothing() {
        let programme = programme();
        let (whole, _) = limit(&programme, 96_000);
        for block in [1, 7, 480, 4096] {
            assert!(limit(&programme, block).0 == whole, "block of {block}");
        }
    }

    #[test]
    fn quiet_sound_only_comes_later() {
        let quiet: Vec<f32> = (0..10_000).map(|n| 0.3 * (n as f32 * 0.05).sin()).collect();
        let (out, limiter) = limit(&[quiet.clone(), quiet.clone()], 256);
        let latency = limiter.latency();
        assert_eq!(limiter.reduction().0, 0.0);
        for (n, x) in quiet[..10_000 - latency].iter().enumerate() {
            assert!((out[0][n + latency] - x).abs() < 1e-6, "sample {n}");
        }
    }
}
