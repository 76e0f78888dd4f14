//! Loudness by ITU-R BS.1770-5 and EBU Tech 3341 / 3342, on the `ebur128` crate.
//!
//! Not here: changing the level (see `normalize`).

use ebur128::{EbuR128, Mode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::SampleRate;

/// What a listener's meter says about a whole programme. `None` where nothing passed the gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Loudness {
    /// Gated loudness of all of it, in LUFS (BS.1770-5 §5).
    pub integrated_lufs: Option<f64>,
    /// Highest loudness of any 400 ms, in LUFS.
    pub momentary_max_lufs: Option<f64>,
    /// Highest loudness of any 3 s, in LUFS.
    pub short_term_max_lufs: Option<f64>,
    /// Loudness range in LU (EBU Tech 3342).
    pub range_lu: f64,
    /// Highest peak between the samples, in dBTP, oversampled four times (BS.1770-5 annex 2).
    pub true_peak_dbtp: Option<f64>,
    /// Highest sample, in dBFS.
    pub sample_peak_dbfs: Option<f64>,
    pub duration_secs: f64,
}

/// Why sound cannot be measured.
#[derive(Debug, thiserror::Error)]
#[error("loudness cannot be measured with {channels} channels at {rate_hz} Hz: {source}")]
pub struct LoudnessError {
    pub channels: usize,
    pub rate_hz: u32,
    source: ebur128::Error,
}

/// How often the maxima are taken, in seconds (EBU Tech 3341 asks for at least 10 Hz).
const STEP_SECS: f64 = 0.1;

/// Fed with planar blocks, asked at the end.
pub struct Meter {
    inner: EbuR128,
    rate: SampleRate,
    channels: usize,
    frames: u64,
    /// Samples until the maxima are taken again.
    until_step: usize,
    step: usize,
    momentary_max: f64,
    short_term_max: f64,
}

impl Meter {
    pub fn new(channels: usize, rate: SampleRate) -> Result<Meter, LoudnessError> {
        let mode = Mode::M | Mode::S | Mode::I | Mode::LRA | Mode::TRUE_PEAK | Mode::HISTOGRAM;
        let inner =
            EbuR128::new(channels as u32, rate.get(), mode).map_err(|source| LoudnessError {
                channels,
                rate_hz: rate.get(),
                source,
            })?;
        let step = rate.samples_from_secs(STEP_SECS).max(1) as usize;
        let low = f64::NEG_INFINITY;
        Ok(Meter {
            inner,
            rate,
            channels,
            frames: 0,
            until_step: step,
            step,
            momentary_max: low,
            short_term_max: low,
        })
    }

    /// Adds a block: one slice per channel, all of the same length.
    pub fn feed(&mut self, block: &[&[f32]]) -> Result<(), LoudnessError> {
        let frames = block.first().map_or(0, |channel| channel.len());
        let mut at = 0;
        while at < frames {
            let count = self.until_step.min(frames - at);
            let part: Vec<&[f32]> = block
                .iter()
                .map(|channel| &channel[at..at + count])
                .collect();
            self.inner
                .add_frames_planar_f32(&part)
                .map_err(|source| self.failed(source))?;
            at += count;
            self.until_step -= count;
            if self.until_step == 0 {
                self.until_step = self.step;
                self.take_maxima();
            }
        }
        self.frames += frames as u64;
        Ok(())
    }

    /// What was measured so far.
    pub fn report(&self) -> Result<Loudness, LoudnessError> {
        let failed = |source| self.failed(source);
        let finite = |value: f64| value.is_finite().then_some(value);
        let mut peaks = (0.0f64, 0.0f64);
        for channel in 0..self.channels as u32 {
            peaks.0 = peaks.0.max(self.inner.true_peak(channel).map_err(failed)?);
            peaks.1 = peaks
                .1
                .max(self.inner.sample_peak(channel).map_err(failed)?);
        }
        let decibels = |ratio: f64| finite(20.0 * ratio.log10());
        Ok(Loudness {
            integrated_lufs: finite(self.inner.loudness_global().map_err(failed)?),
            momentary_max_lufs: finite(self.momentary_max),
            short_term_max_lufs: finite(self.short_term_max),
            range_lu: self.inner.loudness_range().map_err(failed)?,
            true_peak_dbtp: decibels(peaks.0),
            sample_peak_dbfs: decibels(peaks.1),
            duration_secs: self.rate.secs_from_samples(self.frames),
        })
    }

    fn take_maxima(&mut self) {
        let keep = |max: &mut f64, value: Result<f64, ebur128::Error>| {
            if let Ok(value) = value {
                *max = max.max(value);
            }
        };
        keep(&mut self.momentary_max, self.inner.loudness_momentary());
        keep(&mut self.short_term_max, self.inner.loudness_shortterm());
    }

    fn failed(&self, source: ebur128::Error) -> LoudnessError {
        LoudnessError {
            channels: self.channels,
            rate_hz: self.rate.get(),
            source,
        }
    }
}
