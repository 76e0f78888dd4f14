//! Decoding by Symphonia: WAV, AIFF, FLAC, MP3, Ogg Vorbis, ALAC.
//!
//! AAC and everything else goes to FFmpeg (see `ffmpeg.rs`): Symphonia 0.6 ignores MP4 edit lists,
//! so AAC would start its 1024 or 2112 samples of encoder delay too early, and it decodes only half
//! of HE-AAC's band.

use std::fs::File;

use camino::Utf8Path;
use symphonia::core::audio::{Audio, GenericAudioBufferRef};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_ALAC, CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioDecoder, AudioDecoderOptions};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::{FORMAT_ID_ISOMP4, FORMAT_ID_MKV};
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::units::Timestamp;
use symphonia::default::{get_codecs, get_probe};

use super::{Chunk, SourceInfo};
use crate::error::{MediaError, Result};

/// The frames that a seek goes back further than asked, so that overlap-add and bit reservoir have
/// settled when the asked frame comes.
const PREROLL_FRAMES: u64 = 8 * 1152;

pub(crate) struct SymphoniaSource {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    /// Whether time stamps count samples, so that gaps can be seen.
    sample_clock: bool,
    /// Whether the codec needs decoding to begin before the asked sample.
    overlaps: bool,
    channels: usize,
}

impl SymphoniaSource {
    /// Opens `file`, or answers `None` when FFmpeg is the better or the only reader.
    pub(crate) fn open(
        path: &Utf8Path,
        file: File,
    ) -> Result<Option<(SymphoniaSource, SourceInfo)>> {
        let stream = MediaSourceStream::new(
            Box::new(file),
            MediaSourceStreamOptions {
                buffer_len: 256 * 1024,
            },
        );
        let mut hint = Hint::new();
        if let Some(extension) = path.extension() {
            hint.with_extension(extension);
        }
        // Tags are lofty's work: a picture of any size is skipped here.
        let meta = MetadataOptions::default()
            .limit_tag_bytes(Limit::Maximum(1 << 20))
            .limit_visual_bytes(Limit::Maximum(0));
        let Ok(format) = get_probe().probe(&hint, stream, FormatOptions::default(), meta) else {
            return Ok(None);
        };
        let container = format.format_info().format;
        let Some(track) = format.default_track(TrackType::Audio) else {
            return Ok(None);
        };
        let Some(CodecParameters::Audio(params)) = &track.codec_params else {
            return Ok(None);
        };
        if params.codec == CODEC_ID_AAC
            || container == FORMAT_ID_MKV
            || (container == FORMAT_ID_ISOMP4 && params.codec != CODEC_ID_ALAC)
        {
            return Ok(None);
        }
        let (Some(rate), Some(channels)) = (params.sample_rate, params.channels.as_ref()) else {
            return Ok(None);
        };
        // Without a LAME header the frame count of an MP3 is a guess from its bit rate, and gapless
        // decoding would cut the file there.
        let counted = params.codec != CODEC_ID_MP3 || track.delay.is_some();
        let options = AudioDecoderOptions::default().gapless(counted);
        let Ok(decoder) = get_codecs().make_audio_decoder(params, &options) else {
            return Ok(None);
        };
        let info = SourceInfo {
            codec: codec_name(params.codec, decoder.codec_info().short_name),
            container: format.format_info().short_name.into(),
            rate,
            channels: channels.count(),
            frames: track.num_frames.filter(|_| counted),
            bits_per_sample: params
                .bits_per_sample
                .filter(|_| params.codec != CODEC_ID_MP3 && params.codec != CODEC_ID_VORBIS),
        };
        let source = SymphoniaSource {
            track: track.id,
            sample_clock: track
                .time_base
                .is_some_and(|base| base.numer.get() == 1 && base.denom.get() == rate),
            overlaps: params.codec == CODEC_ID_MP3 || params.codec == CODEC_ID_VORBIS,
            channels: info.channels,
            decoder,
            format,
        };
        Ok(Some((source, info)))
    }

    /// Decodes the next packet into `planes`, replacing what they hold.
    pub(crate) fn next(&mut self, planes: &mut [Vec<f32>]) -> Chunk {
        loop {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Chunk::End,
                Err(Error::IoError(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Chunk::End;
                }
                Err(Error::IoError(e)) => return Chunk::Failed(e),
                Err(e) => return Chunk::Unreadable(e.to_string()),
            };
            if packet.track_id != self.track {
                continue;
            }
            // Where the packet's first kept sample lies.
            let at = packet.pts.saturating_add(packet.trim_start).get();
            let at = self.sample_clock.then_some(at);
            return match self.decoder.decode(&packet) {
                Ok(audio) if audio.num_planes() != self.channels => {
                    Chunk::Unreadable(format!("its channels change to {}", audio.num_planes()))
                }
                Ok(audio) if audio.frames() == 0 => continue,
                Ok(audio) => {
                    copy_planes(&audio, planes);
                    Chunk::Decoded { at }
                }
                Err(Error::DecodeError(e)) => Chunk::Damaged {
                    at,
                    frames: packet.dur.get(),
                    detail: e.into(),
                },
                Err(Error::IoError(e)) => Chunk::Damaged {
                    at,
                    frames: packet.dur.get(),
                    detail: e.to_string(),
                },
                Err(e) => Chunk::Unreadable(e.to_string()),
            };
        }
    }

    /// Goes to `frame` or before it; answers where the next packet starts.
    pub(crate) fn seek(&mut self, path: &Utf8Path, frame: u64) -> Result<u64> {
        let preroll = if self.overlaps { PREROLL_FRAMES } else { 0 };
        let to = frame.saturating_sub(preroll);
        let corrupt = |detail: String| MediaError::Corrupt {
            path: path.into(),
            detail,
        };
        let ts = i64::try_from(to).map_err(|e| corrupt(e.to_string()))?;
        let seeked = self
            .format
            .seek(
                SeekMode::Accurate,
                SeekTo::Timestamp {
                    ts: Timestamp::new(ts),
                    track_id: self.track,
                },
            )
            .map_err(|e| corrupt(format!("cannot seek to sample {frame}: {e}")))?;
        self.decoder.reset();
        Ok(u64::try_from(seeked.actual_ts.get()).unwrap_or(0))
    }

    /// Whether [`SymphoniaSource::seek`] reckons in samples.
    pub(crate) fn seeks_by_sample(&self) -> bool {
        self.sample_clock
    }
}

fn codec_name(codec: AudioCodecId, short: &str) -> String {
    match codec {
        CODEC_ID_FLAC => "flac".into(),
        CODEC_ID_MP3 => "mp3".into(),
        CODEC_ID_VORBIS => "vorbis".into(),
        CODEC_ID_ALAC => "alac".into(),
        _ => short.into(),
    }
}

fn copy_planes(audio: &GenericAudioBufferRef<'_>, planes: &mut [Vec<f32>]) {
    fn convert<S: Copy>(from: &[S], to: &mut Vec<f32>, f: impl Fn(S) -> f32) {
        to.clear();
        to.extend(from.iter().map(|&s| f(s)));
    }
    const FROM_I32: f32 = 1.0 / 2_147_483_648.0;
    const FROM_I16: f32 = 1.0 / 32_768.0;
    match audio {
        GenericAudioBufferRef::F32(buf) => {
            for (from, to) in buf.iter_planes().zip(planes) {
                convert(from, to, |s| s);
            }
        }
        GenericAudioBufferRef::S32(buf) => {
            for (from, to) in buf.iter_planes().zip(planes) {
                convert(from, to, |s| s as f32 * FROM_I32);
            }
        }
        GenericAudioBufferRef::S16(buf) => {
            for (from, to) in buf.iter_planes().zip(planes) {
                convert(from, to, |s| f32::from(s) * FROM_I16);
            }
        }
        other => {
            for plane in planes.iter_mut() {
                plane.resize(other.frames(), 0.0);
            }
            other.copy_to_slice_planar::<f32, _>(planes);
        }
    }
}
