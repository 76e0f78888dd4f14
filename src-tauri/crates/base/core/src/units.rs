//! Units that a plain number would lose: sample rates, frame rates, decibels, loudness, money.
//!
//! Every unit serialises as its bare number, so JSON stays readable; the field name repeats the unit.

use std::fmt;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Audio samples per second and channel, in Hz. Never zero.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct SampleRate(NonZeroU32);

impl SampleRate {
    pub const HZ_44100: SampleRate = SampleRate::constant(44_100);
    pub const HZ_48000: SampleRate = SampleRate::constant(48_000);

    /// A rate, or `None` for 0 Hz.
    pub fn new(hz: u32) -> Option<SampleRate> {
        NonZeroU32::new(hz).map(SampleRate)
    }

    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// The sample that lies at `secs`, rounded to the nearest; negative times give 0.
    pub fn samples_from_secs(self, secs: f64) -> u64 {
        (secs * f64::from(self.get())).round().max(0.0) as u64
    }

    /// Seconds that `samples` samples last.
    pub fn secs_from_samples(self, samples: u64) -> f64 {
        samples as f64 / f64::from(self.get())
    }

    const fn constant(hz: u32) -> SampleRate {
        match NonZeroU32::new(hz) {
            Some(hz) => SampleRate(hz),
            None => SampleRate(NonZeroU32::MIN),
        }
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

/// Video frames per second as an exact ratio (NTSC's 30000/1001 has no finite decimal).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct FrameRate {
    pub num: NonZeroU32,
    pub den: NonZeroU32,
}

impl FrameRate {
    /// `fps` whole frames a second, or `None` for 0.
    pub fn whole(fps: u32) -> Option<FrameRate> {
        Some(FrameRate {
            num: NonZeroU32::new(fps)?,
            den: NonZeroU32::MIN,
        })
    }

    pub fn fps(self) -> f64 {
        f64::from(self.num.get()) / f64::from(self.den.get())
    }

    /// The frame shown at `secs`: frame n lasts from n / fps until before (n + 1) / fps.
    pub fn frame_at_secs(self, secs: f64) -> u64 {
        (secs.max(0.0) * self.fps() + 1e-6).floor() as u64
    }

    pub fn secs_from_frames(self, frames: u64) -> f64 {
        frames as f64 * f64::from(self.den.get()) / f64::from(self.num.get())
    }

    /// Audio samples that elapse before frame `frame` begins, rounded down, exact in integers.
    pub fn samples_before_frame(self, frame: u64, rate: SampleRate) -> u64 {
        let ticks = u128::from(frame) * u128::from(self.den.get()) * u128::from(rate.get());
        (ticks / u128::from(self.num.get())) as u64
    }
}

/// A ratio of amplitudes in decibels: 20 · log10(ratio). Positive is louder.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Db(pub f64);

impl Db {
    pub fn from_ratio(ratio: f64) -> Db {
        Db(20.0 * ratio.log10())
    }

    pub fn ratio(self) -> f64 {
        10f64.powf(self.0 / 20.0)
    }
}

/// Loudness relative to full scale, K-weighted (ITU-R BS.1770).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Lufs(pub f64);

/// Money in millionths of a US dollar: sums stay exact.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct MicroUsd(pub i64);

impl fmt::Display for MicroUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        write!(f, "{sign}${}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ntsc_frames_and_samples_stay_aligned_for_hours() {
        let ntsc = FrameRate {
            num: NonZeroU32::new(30_000).unwrap(),
            den: NonZeroU32::new(1001).unwrap(),
        };
        // 30,000 frames last exactly 1,001 s.
        assert_eq!(
            ntsc.samples_before_frame(30_000 * 36, SampleRate::HZ_48000),
            1_001 * 36 * 48_000
        );
    }

    #[test]
    fn a_frame_begins_where_the_one_before_ends() {
        let fps = FrameRate::whole(24).unwrap();
        for frame in 0..10_000 {
            assert_eq!(fps.frame_at_secs(fps.secs_from_frames(frame)), frame);
        }
    }

    #[test]
    fn money_prints_all_its_digits() {
        assert_eq!(MicroUsd(1_234_567).to_string(), "$1.234567");
        assert_eq!(MicroUsd(-500).to_string(), "-$0.000500");
    }
}
