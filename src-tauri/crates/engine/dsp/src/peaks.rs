//! Multi-resolution peaks for drawing waveforms: minimum, maximum and RMS of each stretch.
//!
//! Level k has one peak per 256 · 4^k samples. Everything is built in one pass while decoding.

use studio_core::units::SampleRate;

/// Samples per peak of the finest level.
pub const FINEST: u32 = 256;
/// How many peaks of one level make one of the next.
const FACTOR: usize = 4;
/// Coarser levels than this many peaks are not worth keeping.
const COARSEST: usize = 64;
/// Full scale of the stored values.
const SCALE: f32 = 32767.0;
const LEVEL_MAGIC: &[u8; 4] = b"AVPK";
const VERSION: u16 = 1;
const HEADER: usize = 28;
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
}

/// Takes planar blocks of any length and answers the peaks of all of them.
#[derive(Debug)]
pub struct PeaksBuilder {
    rate: SampleRate,
    frames: u64,
    channels: Vec<Running>,
}

/// The finest level of one channel so far, and the stretch that is not full yet.
#[derive(Debug, Default)]
struct Running {
    done: Vec<Fine>,
    open: Fine,
    open_samples: usize,
}

/// A stretch before it is rounded to 16 bit.
#[derive(Clone, Copy, Debug)]
struct Fine {
    min: f32,
    max: f32,
    /// Sum of squares.
    energy: f32,
}

impl Default for Fine {
    fn default() -> Fine {
        Fine {
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
            energy: 0.0,
        }
    }
}

impl PeaksBuilder {
    pub fn new(channels: usize, rate: SampleRate) -> PeaksBuilder {
        let channels = (0..channels).map(|_| Running::default()).collect();
        PeaksBuilder {
            rate,
            frames: 0,
            channels,
        }
    }

    /// Adds a block: one slice per channel, all of the same length.
    pub fn feed(&mut self, block: &[&[f32]]) {
        self.frames += block.first().map_or(0, |channel| channel.len()) as u64;
        for (running, samples) in self.channels.iter_mut().zip(block) {
            running.feed(samples);
        }
    }

    pub fn finish(mut self) -> Peaks {
        for running in &mut self.channels {
            if running.open_samples > 0 {
                running.done.push(running.open);
            }
        }
        let fine: Vec<Vec<Fine>> = self
            .channels
            .into_iter()
            .map(|running| running.done)
            .collect();
        Peaks {
            rate: self.rate,
            channels: fine.len(),
            frames: self.frames,
            levels: levels(fine, self.frames),
        }
    }
}

impl Running {
    fn feed(&mut self, mut samples: &[f32]) {
        let size = FINEST as usize;
        if self.open_samples > 0 {
            let (head, rest) = samples.split_at(samples.len().min(size - self.open_samples));
            self.open = self.open.join(Fine::of(head));
            self.open_samples += head.len();
            samples = rest;
            if self.open_samples < size {
                return;
            }
            self.done.push(self.open);
            (self.open, self.open_samples) = (Fine::default(), 0);
        }
        let full = samples.chunks_exact(size);
        let rest = full.remainder();
        self.done.extend(full.map(Fine::of));
        if !rest.is_empty() {
            (self.open, self.open_samples) = (Fine::of(rest), rest.len());
        }
    }
}

impl Fine {
    /// Eight independent lanes let the compiler use vector registers.
    fn of(samples: &[f32]) -> Fine {
        const LANES: usize = 8;
        let mut lanes = [Fine::default(); LANES];
        let chunks = samples.chunks_exact(LANES);
        for (n, &x) in chunks.remainder().iter().enumerate() {
            lanes[n].add(x);
        }
        for chunk in chunks {
            for (lane, &x) in lanes.iter_mut().zip(chunk) {
                lane.add(x);
            }
        }
        lanes.into_iter().fold(Fine::default(), Fine::join)
    }

    #[inline(always)]
    fn add(&mut self, x: f32) {
        self.min = self.min.min(x);
        self.max = self.max.max(x);
        self.energy += x * x;
    }

    fn join(self, other: Fine) -> Fine {
        Fine {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            energy: self.energy + other.energy,
        }
    }

    fn peak(self, samples: u64) -> Peak {
        // NaN becomes 0 and everything past full scale its end: a cast saturates.
        let scaled = |x: f32| (x * SCALE).round() as i16;
        Peak {
            min: scaled(self.min),
            max: scaled(self.max),
            rms: scaled((self.energy / samples.max(1) as f32).sqrt()),
        }
    }
}

fn levels(mut fine: Vec<Vec<Fine>>, frames: u64) -> Vec<Level> {
    let mut levels = Vec::new();
    let mut samples_per_peak = FINEST;
    loop {
        let count = fine.first().map_or(0, Vec::len);
        let mut peaks = Vec::with_capacity(count * fine.len());
        for i in 0..count {
            let start = i as u64 * u64::from(samples_per_peak);
            let samples = (frames - start.min(frames)).min(u64::from(samples_per_peak));
            peaks.extend(fine.iter().map(|channel| channel[i].peak(samples)));
        }
        levels.push(Level {
            samples_per_peak,
            peaks,
        });
        if count <= COARSEST {
            return levels;
        }
        let coarser = |channel: &Vec<Fine>| -> Vec<Fine> {
            let join = |group: &[Fine]| group.iter().copied().fold(Fine::default(), Fine::join);
            channel.chunks(FACTOR).map(join).collect()
        };
        fine = fine.iter().map(coarser).collect();
        samples_per_peak *= FACTOR as u32;
    }
}

impl Peaks {
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
            let rate = SampleRate::new(u32_at(header, 8)).ok_or(PeaksError::Format)?;
            let samples_per_peak = u32_at(header, 12);
            let frames = u64::from(u32_at(header, 16)) | u64::from(u32_at(header, 20)) << 32;
            let values = u32_at(header, 24) as usize * channels;
            if channels > MOST_CHANNELS || samples_per_peak == 0 {
                return Err(PeaksError::Format);
            }
            let (data, rest) = rest
                .split_at_checked(values * 6)
                .ok_or(PeaksError::Truncated)?;
            let value = |at: &[u8], n: usize| u16_at(at, n) as i16;
            let peak = |at: &[u8]| Peak {
                min: value(at, 0),
                max: value(at, 2),
                rms: value(at, 4),
            };
            let level = Level {
                samples_per_peak,
                peaks: data.chunks_exact(6).map(peak).collect(),
            };
            let peaks = found.get_or_insert(Peaks {
                rate,
                channels,
                frames,
                levels: Vec::new(),
            });
            if (peaks.channels, peaks.frames, peaks.rate) != (channels, frames, rate) {
                return Err(PeaksError::Format);
            }
            peaks.levels.push(level);
            bytes = rest;
        }
        found.ok_or(PeaksError::Truncated)
    }

    fn encode(&self, level: &Level) -> Vec<u8> {
        let count = level.peaks.len() / self.channels.max(1);
        let mut bytes = Vec::with_capacity(HEADER + level.peaks.len() * 6);
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
        for chunk in samples.chunks(block) {
            let other: Vec<f32> = chunk.iter().map(|x| -x).collect();
            builder.feed(&[chunk, &other]);
        }
        builder.finish()
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
