//! Loudness by ITU-R BS.1770-5 and EBU Tech 3341 / 3342.
//!
//! The `ebur128` crate weights and gates; the maxima of the sliding windows and the true peak are our
//! own, because the crate sums each window anew: asked often enough to catch short events, it would
//! take longer than everything else together.
//!
//! Not here: changing the level (see [`normalize`](crate::normalize)).

use ebur128::{Channel, EbuR128, Mode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::HeardLoudness;
use studio_core::units::SampleRate;

mod history;

pub use history::{EVERY_MS, LoudnessHistory};

use crate::audio::Audio;
use crate::interpolate::{PeakFinder, loudest};

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

/// How far the sliding windows move, in milliseconds. Tech 3341 asks for at most 100; its cases 13 and
/// 14 have events that only a step of 20 or less meets.
const STEP_MS: u32 = 10;
/// Steps of the momentary window, 400 ms, and of the short-term window, 3 s.
const MOMENTARY: usize = 400 / STEP_MS as usize;
const SHORT_TERM: usize = 3000 / STEP_MS as usize;

/// Fed with planar blocks, asked at any time.
pub struct Meter {
    inner: EbuR128,
    rate: SampleRate,
    channels: usize,
    frames: u64,
    /// Samples per step, and those until the next.
    step: usize,
    until_step: usize,
    /// Weighted energy of the last [`SHORT_TERM`] steps: a ring that `at` goes round.
    energies: Box<[f64; SHORT_TERM]>,
    at: usize,
    /// Mean energy of both windows now, and the highest so far.
    momentary: f64,
    short_term: f64,
    momentary_max: f64,
    short_term_max: f64,
    finders: Vec<PeakFinder>,
    true_peak: f32,
    sample_peak: f32,
    history: Option<LoudnessHistory>,
    /// Steps so far.
    steps: u64,
}

impl Meter {
    /// A meter for `channels` in the order of WAV files: one is mono, two are stereo, six are 5.1 with
    /// the low-frequency channel fourth, which does not count.
    pub fn new(channels: usize, rate: SampleRate) -> Result<Meter, LoudnessError> {
        Meter::with(channels, rate, Mode::empty())
    }

    /// One that is read again and again while the sound goes on for hours: it counts blocks of about the same loudness
    /// instead of keeping each, so that integrated loudness and range are known to 0.1 LU.
    pub fn live(channels: usize, rate: SampleRate) -> Result<Meter, LoudnessError> {
        Meter::with(channels, rate, Mode::HISTOGRAM)
    }

    fn with(channels: usize, rate: SampleRate, mode: Mode) -> Result<Meter, LoudnessError> {
        let failed = |source| LoudnessError {
            channels,
            rate_hz: rate.get(),
            source,
        };
        let mode = Mode::I | Mode::LRA | Mode::S | mode;
        let mut inner = EbuR128::new(channels as u32, rate.get(), mode).map_err(failed)?;
        if let Some(layout) = layout(channels) {
            inner.set_channel_map(&layout).map_err(failed)?;
        }
        // As many samples as `loudness_window` looks at.
        let step = (u64::from(rate.get()) * u64::from(STEP_MS) / 1000).max(1) as usize;
        Ok(Meter {
            inner,
            rate,
            channels,
            frames: 0,
            step,
            until_step: step,
            energies: Box::new([0.0; SHORT_TERM]),
            at: 0,
            momentary: 0.0,
            short_term: 0.0,
            momentary_max: 0.0,
            short_term_max: 0.0,
            finders: vec![PeakFinder::new(); channels],
            true_peak: 0.0,
            sample_peak: 0.0,
            history: None,
            steps: 0,
        })
    }

    /// Keeps loudness over time as well, 8 MB for ten hours.
    #[must_use]
    pub fn with_history(mut self) -> Meter {
        self.history = Some(LoudnessHistory::new());
        self
    }

    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Loudness over time so far, of a meter that keeps it.
    pub fn history(&self) -> Option<&LoudnessHistory> {
        self.history.as_ref()
    }

    /// Gated loudness of several programmes as if they were one, in LUFS: that of an album.
    pub fn together<'a>(
        meters: impl Iterator<Item = &'a Meter> + Clone,
    ) -> Result<Option<f64>, LoudnessError> {
        let Some(first) = meters.clone().next() else {
            return Ok(None);
        };
        let all = EbuR128::loudness_global_multiple(meters.map(|meter| &meter.inner));
        let all = all.map_err(|source| first.failed(source))?;
        Ok(all.is_finite().then_some(all))
    }

    /// Adds a block: one slice per channel, all of the same length.
    pub fn feed(&mut self, block: &[&[f32]]) -> Result<(), LoudnessError> {
        for (finder, samples) in self.finders.iter_mut().zip(block) {
            self.sample_peak = self.sample_peak.max(loudest(samples));
            self.true_peak = finder.highest(samples, self.true_peak);
        }
        let frames = block.first().map_or(0, |channel| channel.len());
        let mut part = block.to_vec();
        let mut at = 0;
        while at < frames {
            let count = self.until_step.min(frames - at);
            for (part, channel) in part.iter_mut().zip(block) {
                *part = &channel[at..at + count];
            }
            self.inner
                .add_frames_planar_f32(&part)
                .map_err(|source| self.failed(source))?;
            at += count;
            self.until_step -= count;
            if self.until_step == 0 {
                self.until_step = self.step;
                self.slide()?;
            }
        }
        self.frames += frames as u64;
        Ok(())
    }

    /// What a meter shows now.
    pub fn reading(&self) -> Result<HeardLoudness, LoudnessError> {
        let failed = |source| self.failed(source);
        Ok(HeardLoudness {
            momentary_lufs: finite(lufs(self.momentary)),
            short_term_lufs: finite(lufs(self.short_term)),
            integrated_lufs: finite(self.inner.loudness_global().map_err(failed)?),
            range_lu: self.inner.loudness_range().map_err(failed)?,
            true_peak_dbtp: decibels(self.true_peak),
        })
    }

    /// What was measured so far.
    pub fn report(&self) -> Result<Loudness, LoudnessError> {
        let failed = |source| self.failed(source);
        // The last samples are still in the filters.
        let tail = self.finders.iter().fold(self.true_peak, |peak, finder| {
            finder.clone().highest(&[0.0; PeakFinder::DELAY], peak)
        });
        Ok(Loudness {
            integrated_lufs: finite(self.inner.loudness_global().map_err(failed)?),
            momentary_max_lufs: finite(lufs(self.momentary_max)),
            short_term_max_lufs: finite(lufs(self.short_term_max)),
            range_lu: self.inner.loudness_range().map_err(failed)?,
            true_peak_dbtp: decibels(tail),
            sample_peak_dbfs: decibels(self.sample_peak),
            duration_secs: self.rate.secs_from_samples(self.frames),
        })
    }

    /// Moves both windows on by a step. Before they are full, what is missing counts as silence.
    fn slide(&mut self) -> Result<(), LoudnessError> {
        let step = self.inner.loudness_window(STEP_MS);
        self.energies[self.at] = energy(step.map_err(|source| self.failed(source))?);
        self.at = (self.at + 1) % SHORT_TERM;
        // Summed anew each time: running sums would keep the rounding errors of what has left them.
        let all: f64 = self.energies.iter().sum();
        let newest =
            (0..MOMENTARY).map(|n| self.energies[(self.at + SHORT_TERM - 1 - n) % SHORT_TERM]);
        let newest: f64 = newest.sum();
        self.short_term = all / SHORT_TERM as f64;
        self.momentary = newest / MOMENTARY as f64;
        self.short_term_max = self.short_term_max.max(self.short_term);
        self.momentary_max = self.momentary_max.max(self.momentary);
        self.steps += 1;
        if self.steps.is_multiple_of(u64::from(EVERY_MS / STEP_MS))
            && let Some(history) = &mut self.history
        {
            history.push(lufs(self.momentary), lufs(self.short_term));
        }
        Ok(())
    }

    fn failed(&self, source: ebur128::Error) -> LoudnessError {
        LoudnessError {
            channels: self.channels,
            rate_hz: self.rate.get(),
            source,
        }
    }
}

/// Measures a whole sound.
pub fn measure(audio: &Audio) -> Result<Loudness, LoudnessError> {
    let mut meter = Meter::new(audio.channel_count(), audio.rate)?;
    meter.feed(&audio.slices())?;
    meter.report()
}

/// Channels whose weights differ from what the crate takes by itself (BS.1770-5 table 4: sideways
/// ones count 1.41, all others 1, low frequencies nothing).
fn layout(channels: usize) -> Option<Vec<Channel>> {
    use Channel::{Center, Left, Mm090, Mm135, Mp090, Mp135, Mp180, Right, Unused};
    match channels {
        7 => Some(vec![Left, Right, Center, Unused, Mp180, Mp090, Mm090]),
        8 => Some(vec![
            Left, Right, Center, Unused, Mp135, Mm135, Mp090, Mm090,
        ]),
        9.. => Some(vec![Center; channels]),
        _ => None,
    }
}

/// BS.1770-5 §2: the offset makes a 997 Hz sine at full scale in one channel read −3.01 LUFS.
const OFFSET: f64 = -0.691;

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn decibels(ratio: f32) -> Option<f64> {
    finite(20.0 * f64::from(ratio).log10())
}

fn lufs(energy: f64) -> f64 {
    OFFSET + 10.0 * energy.log10()
}

fn energy(lufs: f64) -> f64 {
    10f64.powf((lufs - OFFSET) / 10.0)
}
