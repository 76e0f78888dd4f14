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
use std::ops::Range;

use studio_core::units::{Db, SampleRate};

use crate::interpolate::{CHUNK, PeakFinder};

/// How a limiter moves its gain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Time in which the gain goes down before a peak.
    pub look_ahead_secs: f64,
    /// Time in which 63 % of it come back after the peak.
    pub release_secs: f64,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            look_ahead_secs: 0.005,
            release_secs: 0.08,
        }
    }
}

/// What four values per sample may miss of a peak, and what the moving gain adds to it, in dB.
const MARGIN_DB: f64 = 0.03;

pub struct Limiter {
    ceiling: f32,
    release: f32,
    rate: SampleRate,
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
        Limiter::with_timing(ceiling, Timing::default(), channels, rate)
    }

    pub fn with_timing(ceiling: Db, timing: Timing, channels: usize, rate: SampleRate) -> Limiter {
        let look_ahead = rate.samples_from_secs(timing.look_ahead_secs).max(1) as usize;
        let channel = || Channel {
            finder: PeakFinder::new(),
            delay: vec![0.0; latency(look_ahead)],
            at: 0,
        };
        Limiter {
            ceiling: with_margin(ceiling),
            release: release(timing.release_secs, rate),
            rate,
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

    /// Another ceiling for the samples to come.
    pub fn set_ceiling(&mut self, ceiling: Db) {
        self.ceiling = with_margin(ceiling);
    }

    pub fn set_release(&mut self, secs: f64) {
        self.release = release(secs, self.rate);
    }

    /// Forgets all sound.
    pub fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.finder = PeakFinder::new();
            channel.delay.fill(0.0);
            channel.at = 0;
        }
        self.window.clear();
        self.ramp.fill(1.0);
        self.ramp_at = 0;
        self.ramp_sum = self.look_ahead as f64;
        self.held = 1.0;
        self.position = 0;
        self.lowest_gain = 1.0;
    }

    /// Limits a block in place: one slice per channel, all of the same length.
    pub fn process(&mut self, block: &mut [&mut [f32]]) {
        let frames = block.first().map_or(0, |channel| channel.len());
        self.process_span(block, 0..frames);
    }

    /// Limits a stretch that lies within every channel.
    pub(crate) fn process_span(&mut self, block: &mut [&mut [f32]], span: Range<usize>) {
        let (mut peaks, mut own, mut gains) = ([0.0f32; CHUNK], [0.0f32; CHUNK], [0.0f32; CHUNK]);
        for from in span.clone().step_by(CHUNK) {
            let chunk = from..(from + CHUNK).min(span.end);
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

fn with_margin(ceiling: Db) -> f32 {
    Db(ceiling.0 - MARGIN_DB).ratio() as f32
}

/// The part of its way that the gain goes back per sample.
fn release(secs: f64, rate: SampleRate) -> f32 {
    (1.0 - (-1.0 / (secs * f64::from(rate.get()))).exp()) as f32
}

/// A peak is seen half a filter late; the ramp is fully down one look-ahead after that.
fn latency(look_ahead: usize) -> usize {
    look_ahead + PeakFinder::DELAY - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audio::Audio;
    use crate::loudness::measure;

    fn audio(channels: Vec<Vec<f32>>) -> Audio {
        Audio {
            rate: SampleRate::HZ_48000,
            channels,
        }
    }

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

    /// True peak at the same four places per sample, by a filter four times as long.
    fn careful_meter(samples: &[f32]) -> f64 {
        const HALF: i32 = 48;
        let tap = |place: f64| {
            let x = std::f64::consts::PI * place;
            let sinc = if x.abs() < 1e-9 { 1.0 } else { x.sin() / x };
            sinc * (x / f64::from(2 * HALF)).cos().powi(2)
        };
        let mut peak = 0.0f64;
        for quarter in 0..4 {
            let taps = (1 - HALF..=HALF).map(|n| tap(f64::from(n) - f64::from(quarter) / 4.0));
            let taps: Vec<f64> = taps.collect();
            for window in samples.windows(taps.len()) {
                let value: f64 = window
                    .iter()
                    .zip(&taps)
                    .map(|(x, tap)| f64::from(*x) * tap)
                    .sum();
                peak = peak.max(value.abs());
            }
        }
        Db::from_ratio(peak).0
    }

    #[test]
    fn true_peaks_stay_under_the_ceiling() {
        let (out, limiter) = limit(&programme(), 512);
        let peak = measure(&audio(out)).unwrap().true_peak_dbtp.unwrap();
        assert!((-1.6..=-1.0).contains(&peak), "{peak} dBTP");
        assert!(limiter.reduction().0 > 6.0, "{:?}", limiter.reduction());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_programme_passes_the_ceiling(
            seed in any::<u64>(), loud in 0.5f32..8.0, density in 1u32..2000, colour in 0.6f32..0.9,
        ) {
            // Noise of some colour with bursts, and clicks of either sign, with little above 16 kHz:
            // up there even meters disagree.
            let mut state = seed | 1;
            let mut random = move || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 40) as f32 / 8_388_608.0 - 1.0
            };
            let mut low = 0.0;
            let left: Vec<f32> = (0..20_000)
                .map(|n| {
                    low = colour * low + (1.0 - colour) * random();
                    let burst = if n / 700 % 3 == 0 { loud } else { 0.2 };
                    let click = random().abs() < 1.0 / density as f32;
                    low * burst + if click { loud * random() } else { 0.0 }
                })
                .collect();
            let smooth = |x: &[f32]| -> Vec<f32> {
                x.windows(3).map(|x| 0.25 * x[0] + 0.5 * x[1] + 0.25 * x[2]).collect()
            };
            let left = smooth(&smooth(&left));
            let right = left.iter().map(|x| -0.8 * x).collect();
            let (out, _) = limit(&[left, right], 333);
            let own = measure(&audio(out.clone())).unwrap().true_peak_dbtp.unwrap_or(-99.0);
            prop_assert!(own <= -1.0, "{} dBTP", own);
            let careful = careful_meter(&out[0]);
            prop_assert!(careful <= -1.0 + 0.05, "{} dBTP by a longer filter", careful);
        }
    }

    #[test]
    fn both_channels_get_the_same_gain() {
        let (out, limiter) = limit(&programme(), 4096);
        for n in 0..90_000 {
            let (left, right) = (out[0][n + limiter.latency()], out[1][n + limiter.latency()]);
            assert!(
                (left * 0.3 - right).abs() < 1e-5,
                "sample {n}: {left} and {right}"
            );
        }
    }

    #[test]
    fn the_gain_never_jumps() {
        // A constant shows the gain itself; one click calls for 12 dB.
        let mut left = vec![0.1f32; 48_000];
        left[20_000] = 4.0;
        let (out, _) = limit(&[left, vec![0.1; 48_000]], 512);
        let steps = out[1][300..]
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs() / 0.1);
        let steepest = steps.fold(0.0, f32::max);
        assert!(steepest < 0.01, "{steepest} a sample");
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
