//! Decoding by FFmpeg: AAC, Opus, WMA, and the sound of films.

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::Sample;

use super::{Chunk, SourceInfo};
use crate::error::{MediaError, Result};
use crate::ff;

/// Samples decoded before the asked one after a seek: covers Opus (80 ms), AAC and SBR overlap.
const PREROLL_FRAMES: u64 = 8 * 2048;

pub(crate) struct FfmpegSource {
    input: ffmpeg::format::context::Input,
    decoder: ffmpeg::decoder::Audio,
    stream: usize,
    clock: ffmpeg::Rational,
    rate: i32,
    channels: usize,
    frame: ffmpeg::frame::Audio,
    packet: ffmpeg::Packet,
    /// A decoded frame that waits in `frame`: the first one, decoded while opening.
    held: bool,
    draining: bool,
    /// Time stamp of sample 0, in samples.
    origin: i64,
}

impl FfmpegSource {
    pub(crate) fn open(path: &Utf8Path) -> Result<(FfmpegSource, SourceInfo)> {
        let input = ff::open_input(path)?;
        let stream =
            input
                .streams()
                .best(ffmpeg::media::Type::Audio)
                .ok_or(MediaError::NoStream {
                    path: path.into(),
                    wanted: "sound",
                })?;
        let parameters = stream.parameters();
        let params = ff::audio_params(&parameters);
        let clock = stream.time_base();
        let (index, duration) = (stream.index(), stream.duration());
        let codec_id = parameters.id();
        let mut context = ffmpeg::codec::Context::from_parameters(parameters)
            .map_err(|e| ff::failed(path, "read the codec's parameters", e))?;
        ff::set_packet_clock(&mut context, clock);
        let decoder = context
            .decoder()
            .audio()
            .map_err(|_| MediaError::Unsupported {
                path: path.into(),
                detail: format!("its codec {} cannot be decoded here", codec_id.name()),
            })?;
        let mut source = FfmpegSource {
            stream: index,
            clock,
            rate: params.rate,
            channels: 0,
            frame: ffmpeg::frame::Audio::empty(),
            packet: ffmpeg::Packet::empty(),
            held: false,
            draining: false,
            origin: 0,
            decoder,
            input,
        };
        // The first frame tells the truth about rate and channels (HE-AAC doubles both).
        source.held = source.decode_first(path)?;
        source.rate = i32::try_from(source.frame.rate()).unwrap_or(0);
        source.channels = usize::from(source.frame.channels());
        source.origin = source.frame_start().unwrap_or(0);
        let rate = u32::try_from(source.rate).unwrap_or(0);
        let container: String = source.input.format().name().into();
        // Only these containers state the length to the sample; elsewhere it is an estimate.
        let exact = duration > 0
            && ["mov", "ogg"]
                .iter()
                .any(|name| container.starts_with(name))
            && i64::from(clock.numerator()) * i64::from(source.rate)
                == i64::from(clock.denominator());
        // Granule positions of Opus count the pre-skip (RFC 7845 §4), other durations do not.
        let padding = if codec_id == ffmpeg::codec::Id::OPUS && container == "ogg" {
            i64::from(params.initial_padding)
        } else {
            0
        };
        let info = SourceInfo {
            codec: codec_id.name().into(),
            container,
            rate,
            channels: source.channels,
            frames: u64::try_from(duration.saturating_sub(padding))
                .ok()
                .filter(|_| exact),
            bits_per_sample: u32::try_from(params.bits_per_raw_sample)
                .ok()
                .filter(|&bits| bits > 0),
        };
        Ok((source, info))
    }

    fn decode_first(&mut self, path: &Utf8Path) -> Result<bool> {
        for _ in 0..256 {
            match self.advance() {
                Step::Frame => return Ok(true),
                Step::Damaged(_) => {}
                Step::End => break,
            }
        }
        Err(MediaError::Corrupt {
            path: path.into(),
            detail: "not one block of its sound can be decoded".into(),
        })
    }

    pub(crate) fn next(&mut self, planes: &mut [Vec<f32>]) -> Chunk {
        loop {
            let step = if std::mem::take(&mut self.held) {
                Step::Frame
            } else {
                self.advance()
            };
            match step {
                Step::End => return Chunk::End,
                Step::Damaged(detail) => {
                    return Chunk::Damaged {
                        at: None,
                        frames: 0,
                        detail,
                    };
                }
                Step::Frame if self.frame.samples() == 0 => {}
                Step::Frame => {
                    let rate = i32::try_from(self.frame.rate()).unwrap_or(0);
                    let channels = usize::from(self.frame.channels());
                    if (rate, channels) != (self.rate, self.channels) {
                        return Chunk::Unreadable(format!(
                            "its format changes to {rate} Hz, {channels} channels"
                        ));
                    }
                    if let Err(detail) = copy_planes(&self.frame, planes) {
                        return Chunk::Unreadable(detail);
                    }
                    let at = self
                        .frame_start()
                        .map(|start| start.saturating_sub(self.origin));
                    return Chunk::Decoded { at };
                }
            }
        }
    }

    pub(crate) fn seek(&mut self, path: &Utf8Path, frame: u64) -> Result<()> {
        let to = i64::try_from(frame.saturating_sub(PREROLL_FRAMES)).unwrap_or(i64::MAX);
        let micros =
            i128::from(to.saturating_add(self.origin)) * 1_000_000 / i128::from(self.rate.max(1));
        let micros = i64::try_from(micros).unwrap_or(i64::MAX);
        self.input
            .seek(micros, ..micros.saturating_add(1))
            .or_else(|_| self.input.seek(micros, ..))
            .map_err(|e| ff::failed(path, "seek", e))?;
        self.decoder.flush();
        self.held = false;
        self.draining = false;
        Ok(())
    }

    /// Decodes one frame into `self.frame`.
    fn advance(&mut self) -> Step {
        loop {
            match self.decoder.receive_frame(&mut self.frame) {
                Ok(()) => return Step::Frame,
                Err(e) if ff::wants_more(&e) && !self.draining => {}
                Err(ffmpeg::Error::Eof) => return Step::End,
                Err(_) if self.draining => return Step::End,
                Err(e) => return Step::Damaged(e.to_string()),
            }
            // A packet that is read over another leaks it.
            self.packet = ffmpeg::Packet::empty();
            match self.packet.read(&mut self.input) {
                Ok(()) if self.packet.stream() != self.stream => {}
                Ok(()) => {
                    if let Err(e) = self.decoder.send_packet(&self.packet)
                        && !ff::wants_more(&e)
                    {
                        return Step::Damaged(e.to_string());
                    }
                }
                // Other read errors (a damaged cluster) end the stream as FFmpeg sees it.
                Err(_) => {
                    self.draining = true;
                    if self.decoder.send_eof().is_err() {
                        return Step::End;
                    }
                }
            }
        }
    }

    /// Start of the frame in samples, on the stream's own clock.
    fn frame_start(&self) -> Option<i64> {
        let ticks = i128::from(self.frame.timestamp()?) * i128::from(self.clock.numerator());
        let denominator = i128::from(self.clock.denominator().max(1));
        let scaled = ticks * i128::from(self.rate);
        i64::try_from((scaled + denominator / 2).div_euclid(denominator)).ok()
    }
}

enum Step {
    Frame,
    Damaged(String),
    End,
}

/// Converts any of FFmpeg's sample formats to planar `f32`.
fn copy_planes(frame: &ffmpeg::frame::Audio, planes: &mut [Vec<f32>]) -> Result<(), String> {
    let channels = planes.len();
    for (channel, to) in planes.iter_mut().enumerate() {
        let (bytes, skip, step) = if frame.is_planar() {
            (ff::plane_bytes(frame, channel), 0, 1)
        } else {
            (ff::plane_bytes(frame, 0), channel, channels)
        };
        to.clear();
        match frame.format() {
            Sample::F32(_) => extend(to, bytes, skip, step, f32::from_ne_bytes),
            Sample::F64(_) => extend(to, bytes, skip, step, |b| f64::from_ne_bytes(b) as f32),
            Sample::I16(_) => extend(to, bytes, skip, step, |b| {
                f32::from(i16::from_ne_bytes(b)) / 32_768.0
            }),
            Sample::I32(_) => extend(to, bytes, skip, step, |b| {
                i32::from_ne_bytes(b) as f32 / 2_147_483_648.0
            }),
            Sample::U8(_) => extend(to, bytes, skip, step, |[b]: [u8; 1]| {
                (f32::from(b) - 128.0) / 128.0
            }),
            other => return Err(format!("samples of type {other:?} are not readable")),
        }
    }
    Ok(())
}

fn extend<const N: usize>(
    to: &mut Vec<f32>,
    bytes: &[u8],
    skip: usize,
    step: usize,
    convert: impl Fn([u8; N]) -> f32,
) {
    let (samples, _) = bytes.as_chunks::<N>();
    to.extend(
        samples
            .iter()
            .skip(skip)
            .step_by(step.max(1))
            .map(|&b| convert(b)),
    );
}
