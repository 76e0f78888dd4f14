//! Reading sound: any audio or video file as planar `f32`, from any sample on.
//!
//! [`AudioReader`] hides which library decodes. Its promises: sample 0 is the first sample that the
//! encoder was given (delay and padding are trimmed where the format states them), positions are
//! exact after a seek, damage becomes a [`Warning`] and silence of the same length, memory does not
//! grow with the file, and no file makes it panic.

mod ffmpeg;
mod symphonia;

use std::panic::{AssertUnwindSafe, catch_unwind};

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::units::SampleRate;
use studio_dsp::Audio;

use self::ffmpeg::FfmpegSource;
use self::symphonia::SymphoniaSource;
use crate::error::{MediaError, Result, Warning, Warnings};
use crate::input;

/// More channels than any format in use has; a header that asks for more is hostile.
pub const MAX_CHANNELS: usize = 64;
/// The highest rate that recorders offer, doubled.
pub const MAX_RATE_HZ: u32 = 1_536_000;
/// Samples per channel that one byte can hold: FLAC puts 65,535 equal ones into a dozen bytes, Vorbis 4096 into two.
const MOST_FRAMES_PER_BYTE: u64 = 8192;
/// Samples per channel in one block of [`AudioReader::read`], at most.
pub const MAX_BLOCK_FRAMES: usize = 65_536;

/// What a stream of sound consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSpec {
    pub rate: SampleRate,
    /// 1 to [`MAX_CHANNELS`].
    pub channels: usize,
    /// Samples per channel where the file states it exactly.
    pub frames: Option<u64>,
}

/// A file's sound, decoded block by block.
pub struct AudioReader {
    path: Utf8PathBuf,
    spec: AudioSpec,
    info: SourceInfo,
    source: Source,
    /// The sample that the next [`AudioReader::read`] starts at.
    position: u64,
    /// Decoded and not yet delivered: `planes` from `start` on, after `silence` samples of nothing.
    planes: Vec<Vec<f32>>,
    start: usize,
    silence: u64,
    /// Set by a seek: the next block's time stamp says where the source is, what lies before
    /// `position` is dropped.
    seeking: bool,
    ended: bool,
    /// How far the file's stamps have run ahead of what we believe of them.
    slip: i128,
    warnings: Warnings,
}

impl AudioReader {
    /// Opens the best audio track of a file. Symphonia reads what it reads exactly, FFmpeg the rest.
    pub fn open(path: impl AsRef<Utf8Path>) -> Result<AudioReader> {
        let path = path.as_ref();
        let (source, info) = open_source(path)?;
        let limit = |what, found: u64, limit: u64| MediaError::Limit {
            path: path.into(),
            what,
            found,
            limit,
        };
        if info.channels > MAX_CHANNELS {
            return Err(limit(
                "the number of channels",
                info.channels as u64,
                MAX_CHANNELS as u64,
            ));
        }
        if info.rate > MAX_RATE_HZ {
            return Err(limit(
                "the sample rate in Hz",
                info.rate.into(),
                MAX_RATE_HZ.into(),
            ));
        }
        let (Some(rate), 1..) = (SampleRate::new(info.rate), info.channels) else {
            return Err(MediaError::Corrupt {
                path: path.into(),
                detail: format!(
                    "its header states {} channels at {} Hz",
                    info.channels, info.rate
                ),
            });
        };
        Ok(AudioReader {
            path: path.into(),
            spec: AudioSpec {
                rate,
                channels: info.channels,
                frames: info.frames,
            },
            planes: vec![Vec::new(); info.channels],
            info,
            source,
            position: 0,
            start: 0,
            silence: 0,
            seeking: false,
            ended: false,
            slip: 0,
            warnings: Warnings::default(),
        })
    }

    pub fn spec(&self) -> AudioSpec {
        self.spec
    }

    /// The codec's short name, such as "flac".
    pub fn codec(&self) -> &str {
        &self.info.codec
    }

    /// The container's short name, such as "wave".
    pub fn container(&self) -> &str {
        &self.info.container
    }

    /// Bits of one sample, for codecs that keep samples as integers or floats.
    pub fn bits_per_sample(&self) -> Option<u32> {
        self.info.bits_per_sample
    }

    /// Whether a seek gives the very samples that reading on would give: the codec keeps samples, not
    /// spectra that overlap, and the file's clock counts them.
    pub(crate) fn seeks_exactly(&self) -> bool {
        self.info.bits_per_sample.is_some()
            && matches!(&self.source, Source::Symphonia(source) if source.seeks_by_sample())
    }

    /// The sample that the next block starts at.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Damage met so far; at most a few dozen entries.
    pub fn warnings(&self) -> &[Warning] {
        self.warnings.as_slice()
    }

    /// Replaces `block` by the next samples, at most [`MAX_BLOCK_FRAMES`], and answers how many; 0 at
    /// the end. Blocks are of whatever size the codec has; the buffers are reused.
    pub fn read(&mut self, block: &mut Audio) -> Result<usize> {
        block.rate = self.spec.rate;
        block.channels.resize_with(self.spec.channels, Vec::new);
        let frames = self.fill()?;
        for (from, to) in self.planes.iter_mut().zip(&mut block.channels) {
            if self.silence > 0 {
                to.clear();
                to.resize(frames, 0.0);
            } else if self.start == 0 && from.len() == frames {
                std::mem::swap(from, to);
                from.clear();
            } else {
                to.clear();
                to.extend_from_slice(&from[self.start..self.start + frames]);
            }
        }
        if self.silence > 0 {
            self.silence -= frames as u64;
        } else {
            self.start += frames;
            if self.planes.first().is_none_or(|p| p.len() <= self.start) {
                self.start = 0;
                self.planes.iter_mut().for_each(Vec::clear);
            }
        }
        self.position += frames as u64;
        Ok(frames)
    }

    /// Makes `frame` the next sample. Past the end, reading answers 0.
    pub fn seek(&mut self, frame: u64) -> Result<()> {
        self.clear_pending();
        self.ended = false;
        self.slip = 0;
        if self.spec.frames.is_some_and(|frames| frame >= frames) {
            self.position = frame;
            self.ended = true;
            return Ok(());
        }
        let by_sample = match &mut self.source {
            Source::Symphonia(source) => {
                source.seeks_by_sample() && source.seek(&self.path, frame).is_ok()
            }
            Source::Ffmpeg(source) => source.seek(&self.path, frame).is_ok(),
        };
        self.position = frame;
        self.seeking = true;
        if !by_sample {
            self.restart(frame)?;
        }
        Ok(())
    }

    /// Goes back to the file's start and decodes up to `frame`: for files without usable stamps.
    fn restart(&mut self, frame: u64) -> Result<()> {
        self.source = open_source(&self.path)?.0;
        self.clear_pending();
        self.seeking = false;
        self.position = 0;
        while self.position < frame {
            if self.silence > 0 {
                let step = self.silence.min(frame - self.position);
                self.silence -= step;
                self.position += step;
                continue;
            }
            let frames = self.fill()? as u64;
            if frames == 0 {
                break;
            }
            if self.silence == 0 {
                let step = frames.min(frame - self.position);
                self.start += step as usize;
                self.position += step;
            }
        }
        self.position = frame;
        Ok(())
    }

    fn clear_pending(&mut self) {
        self.planes.iter_mut().for_each(Vec::clear);
        self.start = 0;
        self.silence = 0;
    }

    /// How far a stamp lies ahead of what comes next.
    fn ahead(&self, at: i64) -> i128 {
        i128::from(at) - self.slip - i128::from(self.position)
    }

    /// Sees to it that samples wait, and answers how many may be delivered at once.
    fn fill(&mut self) -> Result<usize> {
        loop {
            let waiting = self.planes.first().map_or(0, Vec::len) - self.start;
            let left = self
                .spec
                .frames
                .map_or(u64::MAX, |frames| frames.saturating_sub(self.position));
            let ready = if self.silence > 0 {
                self.silence
            } else {
                waiting as u64
            };
            if ready > 0 || self.ended || left == 0 {
                let frames = ready.min(left).min(MAX_BLOCK_FRAMES as u64);
                if frames == 0 {
                    self.ended = true;
                    self.clear_pending();
                }
                return Ok(frames as usize);
            }
            self.clear_pending();
            self.decode()?;
        }
    }

    fn decode(&mut self) -> Result<()> {
        let (source, planes) = (&mut self.source, &mut self.planes);
        // Decoders are other people's code that meets hostile bytes: should one panic, the file is
        // unreadable from here on and the studio lives.
        let chunk = catch_unwind(AssertUnwindSafe(|| match source {
            Source::Symphonia(source) => source.next(planes),
            Source::Ffmpeg(source) => source.next(planes),
        }))
        .unwrap_or_else(|_| Chunk::Unreadable("the decoder failed".into()));
        match chunk {
            Chunk::Decoded { at } => {
                self.silence_what_is_no_number();
                self.place(at)
            }
            Chunk::Damaged { .. } if self.seeking => Ok(()),
            Chunk::Damaged { at, frames, detail } => {
                let missing = at.map_or(0, |at| self.ahead(at).max(0));
                let silent = u64::try_from(missing)
                    .unwrap_or(u64::MAX)
                    .saturating_add(frames);
                self.damage(silent, detail);
                Ok(())
            }
            Chunk::Unreadable(detail) => {
                self.planes.iter_mut().for_each(Vec::clear);
                self.ended = true;
                self.warnings.push(Warning::Unreadable {
                    at: self.position,
                    detail,
                });
                Ok(())
            }
            Chunk::Failed(error) => Err(MediaError::io(&self.path, error)),
            Chunk::End => {
                self.ended = true;
                self.warn_if_short();
                Ok(())
            }
        }
    }

    /// Files of floats may hold NaN and infinity, damaged ones make codecs compute them; whatever comes after would
    /// carry them on for ever.
    fn silence_what_is_no_number(&mut self) {
        let mut found = false;
        for x in self.planes.iter_mut().flatten() {
            found |= !x.is_finite();
            *x = if x.is_finite() { *x } else { 0.0 };
        }
        if found && !self.seeking {
            self.warnings.push(Warning::Damaged {
                at: self.position,
                detail: "samples that are no numbers".into(),
            });
        }
    }

    /// Puts a decoded block where its time stamp says.
    fn place(&mut self, at: Option<i64>) -> Result<()> {
        let frames = self.planes.first().map_or(0, Vec::len);
        let at = at.map(|at| self.ahead(at));
        if self.seeking {
            return match at {
                Some(ahead) if ahead <= 0 => {
                    let drop = usize::try_from(-ahead).unwrap_or(usize::MAX).min(frames);
                    self.start = drop;
                    self.seeking = drop == frames;
                    Ok(())
                }
                _ => self.restart(self.position),
            };
        }
        if let (Source::Symphonia(_), Some(ahead @ 1..)) = (&self.source, at) {
            self.damage(
                u64::try_from(ahead).unwrap_or(u64::MAX),
                "a piece is missing".into(),
            );
            self.slip += ahead - i128::from(self.silence);
        }
        Ok(())
    }

    /// Notes damage and owes `silent` samples of silence, within what the file can hold.
    fn damage(&mut self, silent: u64, detail: String) {
        let longest = match self.spec.frames {
            Some(frames) => frames.saturating_sub(self.position),
            None => 10 * u64::from(self.spec.rate.get()),
        };
        self.silence = silent.min(longest);
        self.warnings.push(Warning::Damaged {
            at: self.position,
            detail,
        });
    }

    fn warn_if_short(&mut self) {
        // Lossy encoders may state a length that is off by part of a block.
        let tolerance = if self.info.bits_per_sample.is_some() {
            0
        } else {
            4096
        };
        if let Some(expected) = self.spec.frames
            && self.position + tolerance < expected
        {
            self.warnings.push(Warning::Truncated {
                at: self.position,
                expected,
            });
        }
    }
}

/// Decodes a whole file of at most `max_frames` samples per channel.
pub fn decode(path: impl AsRef<Utf8Path>, max_frames: u64) -> Result<(Audio, Vec<Warning>)> {
    let path = path.as_ref();
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let mut all = Audio::silence(spec.rate, spec.channels, 0);
    let mut block = Audio::silence(spec.rate, spec.channels, 0);
    while reader.read(&mut block)? > 0 {
        if reader.position() > max_frames {
            return Err(MediaError::Limit {
                path: path.into(),
                what: "the length in samples",
                found: spec.frames.unwrap_or(reader.position()),
                limit: max_frames,
            });
        }
        for (from, to) in block.channels.iter().zip(&mut all.channels) {
            to.extend_from_slice(from);
        }
    }
    Ok((all, reader.warnings().to_vec()))
}

enum Source {
    Symphonia(SymphoniaSource),
    Ffmpeg(Box<FfmpegSource>),
}

/// What the source found out about the track.
#[derive(Clone, Debug)]
pub(crate) struct SourceInfo {
    pub(crate) codec: String,
    pub(crate) container: String,
    pub(crate) rate: u32,
    pub(crate) channels: usize,
    pub(crate) frames: Option<u64>,
    pub(crate) bits_per_sample: Option<u32>,
}

/// One step of decoding.
pub(crate) enum Chunk {
    /// Samples lie in the planes. `at`: where they start, negative in the encoder's delay.
    Decoded {
        at: Option<i64>,
    },
    /// A block of `frames` samples cannot be decoded; the next one may.
    Damaged {
        at: Option<i64>,
        frames: u64,
        detail: String,
    },
    /// Nothing more can be decoded.
    Unreadable(String),
    Failed(std::io::Error),
    End,
}

fn open_source(path: &Utf8Path) -> Result<(Source, SourceInfo)> {
    let (file, bytes) = input::open(path)?;
    let symphonia = catch_unwind(AssertUnwindSafe(|| SymphoniaSource::open(path, file)));
    let (source, mut info) = match symphonia {
        Ok(Ok(Some((source, info)))) => (Source::Symphonia(source), info),
        _ => {
            let (source, info) = FfmpegSource::open(path)?;
            (Source::Ffmpeg(Box::new(source)), info)
        }
    };
    // A header that states more than the file can hold would be believed where a piece is missing: silence for ever.
    info.frames = info
        .frames
        .filter(|frames| frames / MOST_FRAMES_PER_BYTE <= bytes);
    Ok((source, info))
}
