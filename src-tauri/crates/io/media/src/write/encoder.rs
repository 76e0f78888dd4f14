//! Planar `f32` into the packets of one codec.

use camino::{Utf8Path, Utf8PathBuf};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type::{Packed, Planar};
use studio_core::units::SampleRate;

use super::dither::Dither;
use crate::error::{MediaError, Result};
use crate::ff;
use crate::format::{AudioFormat, Bits, Quality};

/// Frames handed to codecs that take any number at once.
const FREE_FRAME: usize = 4096;

pub(crate) struct AudioEncoder {
    path: Utf8PathBuf,
    encoder: ffmpeg::encoder::Audio,
    sample: Sample,
    channels: i32,
    rate: SampleRate,
    frame_size: usize,
    /// Samples that do not fill a frame yet.
    pending: Vec<Vec<f32>>,
    next_pts: i64,
    /// Packets encoded so far, where their number is needed.
    packets: u64,
    /// MP3 states in its last packet how much of the end is no sound.
    states_padding: bool,
    dither: Dither,
}

impl AudioEncoder {
    /// Opens the encoder of `format`. `path` names the file in errors.
    pub(crate) fn open(
        path: &Utf8Path,
        format: AudioFormat,
        rate: SampleRate,
        channels: usize,
        global_header: bool,
    ) -> Result<AudioEncoder> {
        ff::init();
        check(path, format, rate, channels)?;
        let settings = settings(format, channels);
        let fail = |e| ff::failed(path, "open the encoder", e);
        let codec = ffmpeg::encoder::find_by_name(settings.codec).ok_or_else(|| {
            MediaError::Unsupported {
                path: path.into(),
                detail: format!(
                    "this FFmpeg was built without the encoder {}",
                    settings.codec
                ),
            }
        })?;
        let count = i32::try_from(channels).unwrap_or(i32::MAX);
        let mut flags = ffmpeg::codec::Flags::BITEXACT;
        let mut context = ffmpeg::codec::Context::new_with_codec(codec)
            .encoder()
            .audio()
            .map_err(fail)?;
        context.set_rate(i32::try_from(rate.get()).unwrap_or(i32::MAX));
        context.set_format(settings.sample);
        ff::set_channels(&mut context, count);
        context.set_time_base((1, i32::try_from(rate.get()).unwrap_or(i32::MAX)));
        match settings.rate_control {
            RateControl::None => {}
            RateControl::BitRate(bits) => context.set_bit_rate(bits),
            RateControl::Scale(quality) => {
                flags |= ffmpeg::codec::Flags::QSCALE;
                context.set_quality(quality);
            }
        }
        if global_header {
            flags |= ffmpeg::codec::Flags::GLOBAL_HEADER;
        }
        context.set_flags(flags);
        if let Some(bits) = settings.raw_bits {
            ff::set_raw_bits(&mut context, bits);
        }
        let encoder = context
            .open_with(settings.options.iter().collect())
            .map_err(fail)?;
        let frame_size = match encoder.frame_size() as usize {
            0 => FREE_FRAME,
            size => size,
        };
        Ok(AudioEncoder {
            path: path.into(),
            encoder,
            sample: settings.sample,
            channels: count,
            rate,
            frame_size,
            pending: vec![Vec::with_capacity(2 * frame_size); channels],
            next_pts: 0,
            packets: 0,
            states_padding: matches!(format, AudioFormat::Mp3(_) | AudioFormat::Mp3Variable(_)),
            dither: Dither::new(),
        })
    }

    pub(crate) fn parameters(&self) -> ffmpeg::codec::Parameters {
        ffmpeg::codec::Parameters::from(&self.encoder)
    }

    /// Clock of the packets: one tick per sample.
    pub(crate) fn clock(&self) -> ffmpeg::Rational {
        ffmpeg::Rational::new(1, i32::try_from(self.rate.get()).unwrap_or(i32::MAX))
    }

    /// Samples per channel taken so far.
    pub(crate) fn frames(&self) -> u64 {
        self.next_pts.unsigned_abs() + self.pending.first().map_or(0, Vec::len) as u64
    }

    /// Takes samples, one slice per channel, and hands every finished packet to `sink`.
    pub(crate) fn push(
        &mut self,
        planes: &[Vec<f32>],
        sink: &mut dyn FnMut(ffmpeg::Packet) -> Result<()>,
    ) -> Result<()> {
        if planes.len() != self.pending.len() {
            return Err(MediaError::Unsupported {
                path: self.path.clone(),
                detail: format!(
                    "a block of {} channels does not fit a file of {}",
                    planes.len(),
                    self.pending.len()
                ),
            });
        }
        for (from, to) in planes.iter().zip(&mut self.pending) {
            to.extend_from_slice(from);
        }
        let mut start = 0;
        while self.pending.first().map_or(0, Vec::len) >= start + self.frame_size {
            self.encode(start, self.frame_size, sink)?;
            start += self.frame_size;
        }
        for plane in &mut self.pending {
            plane.drain(..start.min(plane.len()));
        }
        Ok(())
    }

    /// Encodes what is left and drains the codec.
    pub(crate) fn finish(
        &mut self,
        sink: &mut dyn FnMut(ffmpeg::Packet) -> Result<()>,
    ) -> Result<()> {
        let left = self.pending.first().map_or(0, Vec::len);
        if left > 0 {
            self.encode(0, left, sink)?;
            self.pending.iter_mut().for_each(Vec::clear);
        }
        self.encoder
            .send_eof()
            .map_err(|e| ff::failed(&self.path, "finish encoding", e))?;
        if !self.states_padding {
            return self.drain(sink);
        }
        // What LAME states is at most one frame, which is too little where the end of the sound just fits into one.
        let mut last = None;
        self.drain(&mut |packet| last.replace(packet).map_or(Ok(()), &mut *sink))?;
        if let Some(mut packet) = last {
            let delay = ff::audio_params(&self.parameters()).initial_padding;
            let encoded = self.packets * self.frame_size as u64;
            let padding = encoded.saturating_sub(self.frames() + u64::from(delay.unsigned_abs()));
            ff::set_discard_padding(&mut packet, u32::try_from(padding).unwrap_or(0));
            sink(packet)?;
        }
        Ok(())
    }

    fn encode(
        &mut self,
        start: usize,
        frames: usize,
        sink: &mut dyn FnMut(ffmpeg::Packet) -> Result<()>,
    ) -> Result<()> {
        let mut frame = ff::audio_frame(self.sample, frames, self.channels);
        frame.set_rate(self.rate.get());
        frame.set_pts(Some(self.next_pts));
        self.next_pts += frames as i64;
        let range = start..start + frames;
        match self.sample {
            Sample::F32(order) => {
                let convert = |s| finite(s).to_ne_bytes();
                match order {
                    Packed => interleave(&mut frame, &self.pending, range, convert),
                    Planar => copy(&mut frame, &self.pending, range, convert),
                }
            }
            Sample::I16(order) => {
                let dither = &mut self.dither;
                let convert = |s| dither.quantize(s).to_ne_bytes();
                match order {
                    Packed => interleave(&mut frame, &self.pending, range, convert),
                    Planar => copy(&mut frame, &self.pending, range, convert),
                }
            }
            Sample::I32(Planar) => copy(&mut frame, &self.pending, range, upper_24_bits),
            _ => interleave(&mut frame, &self.pending, range, upper_24_bits),
        }
        self.encoder
            .send_frame(&frame)
            .map_err(|e| ff::failed(&self.path, "encode", e))?;
        self.drain(sink)
    }

    fn drain(&mut self, sink: &mut dyn FnMut(ffmpeg::Packet) -> Result<()>) -> Result<()> {
        loop {
            let mut packet = ffmpeg::Packet::empty();
            match self.encoder.receive_packet(&mut packet) {
                Ok(()) => {
                    self.packets += 1;
                    sink(packet)?;
                }
                Err(e) if ff::wants_more(&e) => return Ok(()),
                Err(ffmpeg::Error::Eof) => return Ok(()),
                Err(e) => return Err(ff::failed(&self.path, "encode", e)),
            }
        }
    }
}

fn finite(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 0.0 }
}

/// 24 bits, in the upper three bytes as FFmpeg wants them.
fn upper_24_bits(sample: f32) -> [u8; 4] {
    let scaled = (f64::from(finite(sample)) * 8_388_608.0).clamp(-8_388_608.0, 8_388_607.0);
    let whole = scaled as i32;
    let step = match f64::from(whole) == scaled {
        true => whole,
        false => scaled.round() as i32,
    };
    (step << 8).to_ne_bytes()
}

fn copy<const N: usize>(
    frame: &mut ffmpeg::frame::Audio,
    planes: &[Vec<f32>],
    range: std::ops::Range<usize>,
    mut convert: impl FnMut(f32) -> [u8; N],
) {
    for (channel, plane) in planes.iter().enumerate() {
        let bytes = ff::plane_bytes_mut(frame, channel);
        let (samples, _) = bytes.as_chunks_mut::<N>();
        for (to, &sample) in samples.iter_mut().zip(&plane[range.clone()]) {
            *to = convert(sample);
        }
    }
}

fn interleave<const N: usize>(
    frame: &mut ffmpeg::frame::Audio,
    planes: &[Vec<f32>],
    range: std::ops::Range<usize>,
    mut convert: impl FnMut(f32) -> [u8; N],
) {
    let bytes = ff::plane_bytes_mut(frame, 0);
    let (samples, _) = bytes.as_chunks_mut::<N>();
    for (index, to) in range.zip(samples.chunks_exact_mut(planes.len().max(1))) {
        for (to, plane) in to.iter_mut().zip(planes) {
            *to = convert(plane[index]);
        }
    }
}

fn check(path: &Utf8Path, format: AudioFormat, rate: SampleRate, channels: usize) -> Result<()> {
    let unsupported = |detail| {
        Err(MediaError::Unsupported {
            path: path.into(),
            detail,
        })
    };
    let name = format.container().extension();
    if channels == 0 || channels > format.max_channels() {
        return unsupported(format!(
            "{name} holds 1 to {} channels, not {channels}; mix down first",
            format.max_channels()
        ));
    }
    if let Some(rates) = format.rates_hz()
        && !rates.contains(&rate.get())
    {
        return unsupported(format!(
            "{name} does not know {rate}; resample to {} Hz first",
            format.fitting_rate_hz(rate.get())
        ));
    }
    if let AudioFormat::Flac(Bits::Float32) | AudioFormat::Alac(Bits::Float32) = format {
        return unsupported(format!("{name} holds whole numbers: ask for 16 or 24 bits"));
    }
    Ok(())
}

enum RateControl {
    None,
    /// Bits per second of all channels.
    BitRate(usize),
    /// The codec's own quality scale, in FFmpeg's lambda units.
    Scale(usize),
}

/// FFmpeg's quality units to a codec's own step (`libavutil/avutil.h`).
const FF_QP2LAMBDA: usize = 118;

struct Settings {
    codec: &'static str,
    sample: Sample,
    rate_control: RateControl,
    raw_bits: Option<i32>,
    options: &'static [(&'static str, &'static str)],
}

fn settings(format: AudioFormat, channels: usize) -> Settings {
    let plain = |codec, sample| Settings {
        codec,
        sample,
        rate_control: RateControl::None,
        raw_bits: None,
        options: &[],
    };
    let rated = |codec, sample, quality, [lossless, high, medium, voice]: [usize; 4]| Settings {
        // The table is for stereo; one channel takes two thirds, more take their share.
        rate_control: RateControl::BitRate(match channels {
            1 => pick(quality, [lossless, high, medium, voice]) * 2 / 3,
            2 => pick(quality, [lossless, high, medium, voice]),
            n => pick(quality, [lossless, high, medium, voice]) * n / 2,
        }),
        ..plain(codec, sample)
    };
    match format {
        AudioFormat::Wav(Bits::Int16) => plain("pcm_s16le", Sample::I16(Packed)),
        AudioFormat::Wav(Bits::Int24) => plain("pcm_s24le", Sample::I32(Packed)),
        AudioFormat::Wav(Bits::Float32) => plain("pcm_f32le", Sample::F32(Packed)),
        AudioFormat::Aiff(Bits::Int16) => plain("pcm_s16be", Sample::I16(Packed)),
        AudioFormat::Aiff(Bits::Int24) => plain("pcm_s24be", Sample::I32(Packed)),
        AudioFormat::Aiff(Bits::Float32) => plain("pcm_f32be", Sample::F32(Packed)),
        AudioFormat::Flac(Bits::Int16) => plain("flac", Sample::I16(Packed)),
        AudioFormat::Flac(_) => Settings {
            raw_bits: Some(24),
            ..plain("flac", Sample::I32(Packed))
        },
        // MPEG-1 layer III knows 192 and 128 kbit/s but not two thirds of 256: the table is mono-safe.
        AudioFormat::Mp3(quality) => Settings {
            rate_control: RateControl::BitRate(match channels {
                1 => pick(quality, [192_000, 128_000, 96_000, 48_000]),
                _ => pick(quality, [320_000, 256_000, 160_000, 64_000]),
            }),
            ..plain("libmp3lame", Sample::F32(Planar))
        },
        // LAME's own steps: V0 is taken for transparent, V2 for good (its manual).
        AudioFormat::Mp3Variable(quality) => Settings {
            rate_control: RateControl::Scale(pick(quality, [0, 0, 2, 7]) * FF_QP2LAMBDA),
            ..plain("libmp3lame", Sample::F32(Planar))
        },
        AudioFormat::Alac(Bits::Int16) => plain("alac", Sample::I16(Planar)),
        AudioFormat::Alac(_) => Settings {
            raw_bits: Some(24),
            ..plain("alac", Sample::I32(Planar))
        },
        AudioFormat::M4a(quality) => rated(
            "aac",
            Sample::F32(Planar),
            quality,
            [320_000, 256_000, 160_000, 72_000],
        ),
        AudioFormat::Ogg(quality) => Settings {
            // Vorbis quality −1 … 10.
            rate_control: RateControl::Scale(pick(quality, [10, 7, 4, 1]) * FF_QP2LAMBDA),
            ..plain("libvorbis", Sample::F32(Planar))
        },
        AudioFormat::Opus(quality) => Settings {
            options: match quality {
                Quality::Voice => &[("application", "voip")],
                _ => &[("application", "audio")],
            },
            ..rated(
                "libopus",
                Sample::F32(Packed),
                quality,
                [320_000, 192_000, 128_000, 40_000],
            )
        },
    }
}

fn pick<T>(quality: Quality, [lossless, high, medium, voice]: [T; 4]) -> T {
    match quality {
        Quality::Lossless => lossless,
        Quality::High => high,
        Quality::Medium => medium,
        Quality::Voice => voice,
    }
}
