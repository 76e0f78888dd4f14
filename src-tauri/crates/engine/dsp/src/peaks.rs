//! Multi-resolution peaks for drawing waveforms: minimum, maximum and RMS of each stretch.
//!
//! Level k has one peak per 256 · 4^k samples. Everything is built in one pass while decoding.

use studio_core::units::SampleRate;

/// Samples per peak of the finest level.
pub const FINEST: u32 = 256;
/// How many peaks of one level make one of the next.
const FACTOR: u32 = 4;
/// Coarser levels than this many peaks are not worth keeping.
const COARSEST: usize = 64;
/// Full scale of the stored values.
const SCALE: f32 = 32767.0;
const LEVEL_MAGIC: &[u8; 4] = b"AVPK";
const VERSION: u16 = 1;
const HEADER: usize = 28;
/// Bytes of one peak of one channel.
const PEAK: usize = 6;
/// A hostile header cannot ask for more than this.
const MOST_CHANNELS: usize = 256;

/// Extremes and RMS of one stretch of one channel; full scale is ±32767.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peak {
    pub min: i16,
    pub max: i16,
    pub rms: i16,
}

/// The peaks of one resolution: `peaks[i * channels + c]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    pub samples_per_peak: u32,
    pub peaks: Vec<Peak>,
}

/// All levels of one sound, finest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peaks {
    pub rate: SampleRate,
    pub channels: usize,
    /// Samples per channel.
    pub frames: u64,
    pub levels: Vec<Level>,
}

/// Why bytes are not peaks.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PeaksError {
    #[error("not a peaks file of version {VERSION}")]
    Format,
    #[error("the peaks file ends early or its header is wrong")]
    Truncated,
    #[error("a peaks file of {channels} channels; from 1 to {MOST_CHANNELS} are read")]
    Limit { channels: usize },
}

/// Takes the [`Extremes`] of blocks of any length and answers the peaks of all of them. Keeps 8 bytes per
/// [`FINEST`] samples and channel: 108 MB for ten hours of stereo at 48 kHz.
#[derive(Debug)]
pub struct PeaksBuilder {
    rate: SampleRate,
    channels: usize,
    frames: u64,
    growing: Vec<Growing>,
}

/// One level so far.
#[derive(Debug)]
struct Growing {
    level: Level,
    /// The stretch of each channel that is not full yet, and its samples.
    open: Vec<Stretch>,
    open_samples: u32,
}

/// Minimum, maximum and energy of a block, piece by piece as the finest stretches cut it. It is made
/// of a block alone, so that blocks can be measured on many cores and then taken in order.
#[derive(Debug, Default)]
pub struct Extremes {
    start: u64,
    frames: u64,
    /// `stretches[piece * channels + c]`.
    stretches: Vec<Stretch>,
}

impl Extremes {
    /// Measures a block that starts at sample `start`: one slice per channel, all of the same length.
    /// What was measured before is replaced.
    pub fn measure(&mut self, start: u64, block: &[&[f32]]) {
        self.start = start;
        self.frames = block.first().map_or(0, |channel| channel.len()) as u64;
        self.stretches.clear();
        let mut at = 0;
        for samples in pieces(start, self.frames) {
            let end = at + samples as usize;
            let measured = block.iter().map(|channel| Stretch::of(&channel[at..end]));
            self.stretches.extend(measured);
            at = end;
        }
    }
}

/// Lengths of the pieces into which stretches of [`FINEST`] samples cut `frames` samples from `start` on.
fn pieces(start: u64, frames: u64) -> impl Iterator<Item = u32> {
    let finest = u64::from(FINEST);
    let (mut at, end) = (start, start + frames);
    std::iter::from_fn(move || {
        let piece = (finest - at % finest).min(end - at);
        at += piece;
        (piece > 0).then_some(piece as u32)
    })
}

/// Before it is rounded to 16 bit.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    min: f32,
    max: f32,
    /// Sum of squares.
    energy: f32,
}

const NOTHING: Stretch = Stretch {
    min: f32::INFINITY,
    max: f32::NEG_INFINITY,
    energy: 0.0,
};

impl PeaksBuilder {
    pub fn new(channels: usize, rate: SampleRate) -> PeaksBuilder {
        PeaksBuilder {
            rate,
            channels,
            frames: 0,
            growing: vec![Growing::new(FINEST, channels)],
        }
    }

    /// Adds a block. Blocks come in order, without gaps.
    pub fn take(&mut self, block: &Extremes) {
        self.frames += block.frames;
        let mut stretches = block.stretches.chunks_exact(self.channels.max(1));
        for samples in pieces(block.start, block.frames) {
            let Some(stretches) = stretches.next() else {
                return;
            };
            self.growing[0].take(stretches, samples);
            self.close_full();
        }
    }

    pub fn finish(mut self) -> Peaks {
        // What is left at the end of each level is a last, shorter stretch.
        for k in 0..self.growing.len() {
            if let Some((stretches, samples)) = self.growing[k].close()
                && let Some(coarser) = self.growing.get_mut(k + 1)
            {
                coarser.take(&stretches, samples);
            }
        }
        let mut levels: Vec<Level> = self.growing.into_iter().map(|one| one.level).collect();
        let enough = COARSEST * self.channels.max(1);
        let coarsest = levels.iter().position(|level| level.peaks.len() <= enough);
        levels.truncate(coarsest.map_or(levels.len(), |k| k + 1));
        Peaks {
            rate: self.rate,
            channels: self.channels,
            frames: self.frames,
            levels,
        }
    }

    /// Closes the finest stretch if it is full, then each coarser one that this fills.
    fn close_full(&mut self) {
        let mut k = 0;
        while self.growing[k].open_samples == self.growing[k].level.samples_per_peak {
            let Some((stretches, samples)) = self.growing[k].close() else {
                return;
            };
            k += 1;
            if k == self.growing.len() {
                // A level that a `u32` cannot count would take years to hear.
                let coarser = samples.saturating_mul(FACTOR);
                self.growing.push(Growing::new(coarser, self.channels));
            }
            self.growing[k].take(&stretches, samples);
        }
    }
}

impl Growing {
    fn new(samples_per_peak: u32, channels: usize) -> Growing {
        Growing {
            level: Level {
                samples_per_peak,
                peaks: Vec::new(),
            },
            open: vec![NOTHING; channels],
            open_samples: 0,
        }
    }

    /// Adds stretches of `samples` samples, one per channel.
    fn take(&mut self, stretches: &[Stretch], samples: u32) {
        for (open, stretch) in self.open.iter_mut().zip(stretches) {
            *open = open.join(*stretch);
        }
        self.open_samples += samples;
    }

    /// Turns the open stretches, if there are any, into peaks and answers them.
    fn close(&mut self) -> Option<(Vec<Stretch>, u32)> {
        let samples = std::mem::take(&mut self.open_samples);
        if samples == 0 {
            return None;
        }
        let empty = vec![NOTHING; self.open.len()];
        let stretches = std::mem::replace(&mut self.open, empty);
        let peaks = stretches.iter().map(|stretch| stretch.peak(samples));
        self.level.peaks.extend(peaks);
        Some((stretches, samples))
    }
}

impl Stretch {
    /// Eight independent lanes let the compiler use vector registers.
    fn of(samples: &[f32]) -> Stretch {
        const LANES: usize = 8;
        let mut lanes = [NOTHING; LANES];
        let chunks = samples.chunks_exact(LANES);
        for (lane, &x) in lanes.iter_mut().zip(chunks.remainder()) {
            lane.add(x);
        }
        for chunk in chunks {
            for (lane, &x) in lanes.iter_mut().zip(chunk) {
                lane.add(x);
            }
        }
        lanes.into_iter().fold(NOTHING, Stretch::join)
    }

    #[inline(always)]
    fn add(&mut self, x: f32) {
        self.min = self.min.min(x);
        self.max = self.max.max(x);
        self.energy += x * x;
    }

    fn join(self, other: Stretch) -> Stretch {
        Stretch {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            energy: self.energy + other.energy,
        }
    }

    fn peak(self, samples: u32) -> Peak {
        // Where every sample is NaN nothing was found: that is drawn as silence.
        if self.min > self.max {
            return Peak::default();
        }
        // NaN becomes 0 and everything past full scale its end: a cast saturates.
        let scaled = |x: f32| (x * SCALE).round() as i16;
        Peak {
            min: scaled(self.min),
            max: scaled(self.max),
            rms: scaled((self.energy / samples.max(1) as f32).sqrt()),
        }
    }
}

impl Peaks {
    /// A peak for each sample, for drawing a short stretch from near. The channels are of one length.
    pub fn of_samples(rate: SampleRate, channels: &[Vec<f32>]) -> Peaks {
        let frames = channels.iter().map(Vec::len).min().unwrap_or(0);
        let peaks = (0..frames).flat_map(|n| {
            channels
                .iter()
                .map(move |samples| Stretch::of(&samples[n..=n]).peak(1))
        });
        let level = Level {
            samples_per_peak: 1,
            peaks: peaks.collect(),
        };
        Peaks {
            rate,
            channels: channels.len(),
            frames: frames as u64,
            levels: vec![level],
        }
    }

    /// The coarsest level that still has a peak for each `samples_per_peak` samples.
    pub fn level(&self, samples_per_peak: u32) -> Option<&Level> {
        let fitting = self
            .levels
            .iter()
            .rev()
            .find(|level| level.samples_per_peak <= samples_per_peak);
        fitting.or(self.levels.first())
    }

    /// That level as bytes for the window. Little-endian: `AVPK`, u16 version, u16 channels, u32 Hz,
    /// u32 samples per peak, u64 frames, u32 peaks per channel; then per peak and channel i16 minimum,
    /// maximum, RMS.
    pub fn level_bytes(&self, samples_per_peak: u32) -> Vec<u8> {
        self.level(samples_per_peak)
            .map_or_else(Vec::new, |level| self.encode(level))
    }

    /// All levels, one after the other in the form of [`Peaks::level_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        self.levels
            .iter()
            .flat_map(|level| self.encode(level))
            .collect()
    }

    pub fn from_bytes(mut bytes: &[u8]) -> Result<Peaks, PeaksError> {
        let mut found: Option<Peaks> = None;
        while !bytes.is_empty() {
            let (header, rest) = bytes
                .split_at_checked(HEADER)
                .ok_or(PeaksError::Truncated)?;
            if &header[..4] != LEVEL_MAGIC || u16_at(header, 4) != VERSION {
                return Err(PeaksError::Format);
            }
            let channels = usize::from(u16_at(header, 6));
            if !(1..=MOST_CHANNELS).contains(&channels) {
                return Err(PeaksError::Limit { channels });
            }
            let rate = SampleRate::new(u32_at(header, 8)).ok_or(PeaksError::Format)?;
            let samples_per_peak = u32_at(header, 12);
            let frames = u64::from(u32_at(header, 16)) | u64::from(u32_at(header, 20)) << 32;
            let count = u32_at(header, 24);
            let peaks = found.get_or_insert(Peaks {
                rate,
                channels,
                frames,
                levels: Vec::new(),
            });
            let finer = peaks.levels.last().map(|level| level.samples_per_peak);
            let expected = finer.map_or(Some(FINEST), |finer| finer.checked_mul(FACTOR));
            if (peaks.channels, peaks.frames, peaks.rate) != (channels, frames, rate)
                || Some(samples_per_peak) != expected
                || u64::from(count) != frames.div_ceil(u64::from(samples_per_peak))
            {
                return Err(PeaksError::Format);
            }
            let length = (count as usize).checked_mul(channels * PEAK);
            let (data, rest) = length
                .and_then(|length| rest.split_at_checked(length))
                .ok_or(PeaksError::Truncated)?;
            let value = |at: &[u8], n: usize| u16_at(at, n) as i16;
            let peak = |at: &[u8]| Peak {
                min: value(at, 0),
                max: value(at, 2),
                rms: value(at, 4),
            };
            peaks.levels.push(Level {
                samples_per_peak,
                peaks: data.chunks_exact(PEAK).map(peak).collect(),
            });
            bytes = rest;
        }
        found.ok_or(PeaksError::Truncated)
    }

    fn encode(&self, level: &Level) -> Vec<u8> {
        let count = level.peaks.len() / self.channels.max(1);
        let mut bytes = Vec::with_capacity(HEADER + level.peaks.len() * PEAK);
        bytes.extend_from_slice(LEVEL_MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(self.channels as u16).to_le_bytes());
        bytes.extend_from_slice(&self.rate.get().to_le_bytes());
        bytes.extend_from_slice(&level.samples_per_peak.to_le_bytes());
        bytes.extend_from_slice(&self.frames.to_le_bytes());
        bytes.extend_from_slice(&(count as u32).to_le_bytes());
        for peak in &level.peaks {
            for value in [peak.min, peak.max, peak.rms] {
                bytes.extend_from_slice(&value.to_le_bytes());
            }
        }
        bytes
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn build(samples: &[f32], block: usize) -> Peaks {
        let mut builder = PeaksBuilder::new(2, SampleRate::HZ_48000);
        let mut extremes = Extremes::default();
        for (n, chunk) in samples.chunks(block).enumerate() {
            let other: Vec<f32> = chunk.iter().map(|x| -x).collect();
            extremes.measure((n * block) as u64, &[chunk, &other]);
            builder.take(&extremes);
        }
        builder.finish()
    }

    #[test]
    fn a_peak_of_one_sample_is_that_sample() {
        let peaks = Peaks::of_samples(SampleRate::HZ_48000, &[vec![0.5, -1.0], vec![0.0, 0.25]]);
        let found: Vec<_> = peaks.levels[0]
            .peaks
            .iter()
            .map(|peak| (peak.min, peak.max, peak.rms))
            .collect();
        assert_eq!(
            found,
            [
                (16384, 16384, 16384),
                (0, 0, 0),
                (-32767, -32767, 32767),
                (8192, 8192, 8192)
            ],
        );
        assert_eq!(peaks.level_bytes(1).len(), HEADER + 4 * PEAK);
    }

    proptest! {
        #[test]
        fn block_sizes_change_nothing_but_rounding(
            samples in prop::collection::vec(-1.5f32..1.5, 0..5000), block in 1usize..700,
        ) {
            let (whole, parts) = (build(&samples, 5000), build(&samples, block));
            prop_assert_eq!(whole.frames, parts.frames);
            for (a, b) in whole.levels.iter().zip(&parts.levels) {
                prop_assert_eq!(a.peaks.len(), b.peaks.len());
                for (a, b) in a.peaks.iter().zip(&b.peaks) {
                    prop_assert_eq!((a.min, a.max), (b.min, b.max));
                    prop_assert!((i32::from(a.rms) - i32::from(b.rms)).abs() <= 1);
                }
            }
        }

        #[test]
        fn hostile_bytes_are_an_error_not_a_crash(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Peaks::from_bytes(&bytes);
            let mut framed = b"AVPK\x01\x00".to_vec();
            framed.extend(bytes);
            let _ = Peaks::from_bytes(&framed);
        }

        #[test]
        fn a_damaged_file_is_an_error_or_still_consistent(at in 0usize..3000, with in any::<u8>()) {
            let mut bytes = build(&vec![0.5; 50_000], 4096).to_bytes();
            let at = at % bytes.len();
            bytes[at] = with;
            if let Ok(peaks) = Peaks::from_bytes(&bytes) {
                for level in &peaks.levels {
                    let count = peaks.frames.div_ceil(u64::from(level.samples_per_peak));
                    prop_assert_eq!(level.peaks.len() as u64, count * peaks.channels as u64);
                }
            }
        }
    }

    /// Every level straight from the samples.
    #[test]
    fn levels_agree_with_the_samples() {
        let sample = |n: u32| (n as f32 * 0.37).sin() * (n % 977) as f32 / 977.0;
        let samples: Vec<f32> = (0..150_001).map(sample).collect();
        let peaks = build(&samples, 1000);
        let sizes: Vec<u32> = peaks
            .levels
            .iter()
            .map(|level| level.samples_per_peak)
            .collect();
        assert_eq!(sizes, [256, 1024, 4096]);
        for level in &peaks.levels {
            for (i, stretch) in samples.chunks(level.samples_per_peak as usize).enumerate() {
                let peak = level.peaks[2 * i];
                let rounded = |x: f32| (x * SCALE).round() as i16;
                assert_eq!(
                    peak.max,
                    rounded(stretch.iter().copied().fold(f32::MIN, f32::max))
                );
                assert_eq!(
                    peak.min,
                    rounded(stretch.iter().copied().fold(f32::MAX, f32::min))
                );
                let energy: f64 = stretch.iter().map(|x| f64::from(x * x)).sum();
                let rms = (energy / stretch.len() as f64).sqrt() * f64::from(SCALE);
                assert!(
                    (f64::from(peak.rms) - rms).abs() <= 1.0,
                    "{} for {rms}",
                    peak.rms
                );
            }
        }
    }

    #[test]
    fn nothing_and_not_a_number_are_silence() {
        let empty = build(&[], 1);
        assert_eq!(
            (
                empty.frames,
                empty.levels.len(),
                empty.levels[0].peaks.len()
            ),
            (0, 1, 0)
        );
        assert_eq!(Peaks::from_bytes(&empty.to_bytes()), Ok(empty));
        assert_eq!(
            build(&[f32::NAN; 10], 10).levels[0].peaks[0],
            Peak::default()
        );
    }

    #[test]
    fn a_header_cannot_ask_for_more_than_there_is() {
        let mut bytes = build(&[0.5; 1000], 1000).to_bytes();
        bytes[6..8].copy_from_slice(&300u16.to_le_bytes());
        assert_eq!(
            Peaks::from_bytes(&bytes),
            Err(PeaksError::Limit { channels: 300 })
        );
        let mut bytes = build(&[0.5; 1000], 1000).to_bytes();
        bytes[16..24].copy_from_slice(&(1u64 << 39).to_le_bytes());
        bytes[24..28].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Peaks::from_bytes(&bytes), Err(PeaksError::Format));
    }

    #[test]
    fn peaks_tell_extremes_and_rms_of_their_stretch() {
        let mut samples = vec![0.0; 1000];
        samples[300] = 0.5;
        samples[999] = -2.0;
        let peaks = build(&samples, 77);
        let fine = &peaks.levels[0].peaks;
        assert_eq!(fine.len(), 4 * 2);
        assert_eq!(fine[2].max, 16384);
        assert_eq!(fine[2].rms, (0.5f32 / 16.0 * SCALE).round() as i16);
        assert_eq!(fine[6].min, -32768, "beyond full scale stays at its end");
    }

    #[test]
    fn bytes_come_back_the_same() {
        let samples: Vec<f32> = (0..200_000).map(|n| (n as f32 * 0.01).sin()).collect();
        let peaks = build(&samples, 4096);
        assert!(peaks.levels.len() > 2);
        assert_eq!(Peaks::from_bytes(&peaks.to_bytes()), Ok(peaks.clone()));
        assert_eq!(
            peaks.level(5000).map(|level| level.samples_per_peak),
            Some(4096)
        );
        assert_eq!(
            peaks.level(1).map(|level| level.samples_per_peak),
            Some(256)
        );
    }
}
