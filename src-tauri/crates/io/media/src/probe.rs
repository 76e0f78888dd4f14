//! What a media file holds.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::media::Type;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::{FrameRate, SampleRate};
use studio_dsp::Audio;

use crate::chapters::{self, Chapter};
use crate::error::{MediaError, Result};
use crate::read::AudioReader;
use crate::tags::Tags;
use crate::video::Orientation;
use crate::{ff, input};

/// A media file as people and programs want it described.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MediaInfo {
    pub path: String,
    /// Short name of the container, such as `wave` or `mov`.
    pub container: String,
    /// Such as `audio/flac`.
    pub media_type: String,
    /// None for single pictures.
    pub duration_secs: Option<f64>,
    pub bytes: u64,
    pub audio: Option<AudioInfo>,
    pub video: Option<VideoInfo>,
    /// Whether it is a single picture.
    pub is_image: bool,
    /// Title, artist and so on, by the names of Vorbis comments in lower case.
    pub tags: BTreeMap<String, String>,
    pub cover_art: bool,
    /// In the order of time.
    pub chapters: Vec<Chapter>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AudioInfo {
    /// Such as `flac`.
    pub codec: String,
    /// Hz.
    pub sample_rate: SampleRate,
    pub channels: u32,
    /// Samples per channel, exact.
    pub frames: u64,
    pub bits_per_sample: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VideoInfo {
    /// Such as `h264`.
    pub codec: String,
    /// Pixels, as shown: turned as the camera was held.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    pub frame_rate: FrameRate,
    pub frames: u64,
}

/// Looks into a file. Where its header does not state the length of its sound, all of it is decoded.
pub fn probe(path: impl AsRef<Utf8Path>) -> Result<MediaInfo> {
    let path = path.as_ref();
    let (_, bytes) = input::open(path)?;
    let seen = picture(path);
    let (audio, container) = match sound(path) {
        Ok((audio, container)) => (Some(audio), Some(container)),
        Err(error) => match &seen {
            Ok(Some(_)) => (None, None),
            _ => return Err(error),
        },
    };
    let seen = seen.ok().flatten();
    let is_image = audio.is_none() && seen.as_ref().is_some_and(|seen| seen.is_image);
    let container = match (&seen, container) {
        (Some(seen), None) => seen.container.clone(),
        (_, Some(container)) => container,
        (None, None) => String::new(),
    };
    let begins_secs = seen
        .as_ref()
        .and_then(|seen| seen.sound_at_secs)
        .unwrap_or(0.0);
    let video = seen.map(|seen| seen.video);
    let sound_secs = audio
        .as_ref()
        .map(|audio| begins_secs + audio.sample_rate.secs_from_samples(audio.frames));
    let picture_secs = video
        .as_ref()
        .map(|video| video.frame_rate.secs_from_frames(video.frames));
    let tags = Tags::read(path);
    Ok(MediaInfo {
        path: path.to_string(),
        media_type: media_type(&container, audio.as_ref(), video.is_some(), is_image),
        container,
        duration_secs: match is_image {
            true => None,
            false => sound_secs.into_iter().chain(picture_secs).reduce(f64::max),
        },
        bytes,
        audio,
        video,
        is_image,
        tags: tags.items,
        cover_art: tags.cover_art,
        chapters: chapters::read(path),
    })
}

fn sound(path: &Utf8Path) -> Result<(AudioInfo, String)> {
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let stated = spec.frames.filter(|_| reader.warnings().is_empty());
    // A header may promise more than a cut file holds.
    let frames = match stated {
        Some(frames) if holds(path, frames)? => frames,
        _ => {
            let mut block = Audio::silence(spec.rate, spec.channels, 0);
            while reader.read(&mut block)? > 0 {}
            reader.position()
        }
    };
    let info = AudioInfo {
        codec: reader.codec().to_owned(),
        sample_rate: spec.rate,
        channels: spec.channels as u32,
        frames,
        bits_per_sample: reader.bits_per_sample(),
    };
    Ok((info, reader.container().to_owned()))
}

/// Whether the last of `frames` samples is really there.
fn holds(path: &Utf8Path, frames: u64) -> Result<bool> {
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let mut block = Audio::silence(spec.rate, spec.channels, 0);
    if frames == 0 || reader.seek(frames - 1).is_err() {
        return Ok(false);
    }
    let count = reader.read(&mut block).unwrap_or(0);
    Ok(count > 0 && reader.warnings().is_empty())
}

pub(crate) struct Seen {
    pub(crate) video: VideoInfo,
    /// Where the sound begins, in seconds after the first picture; `None` for a silent film.
    pub(crate) sound_at_secs: Option<f64>,
    container: String,
    is_image: bool,
}

/// The best video stream; cover art does not count.
pub(crate) fn picture(path: &Utf8Path) -> Result<Option<Seen>> {
    let input = ff::open_input(path)?;
    let container = input
        .format()
        .name()
        .split(',')
        .next()
        .unwrap_or_default()
        .to_owned();
    let Some(stream) = picture_stream(&input) else {
        return Ok(None);
    };
    let (width, height) = ff::picture_size(&stream.parameters());
    let (Ok(width @ 1..), Ok(height @ 1..)) = (u32::try_from(width), u32::try_from(height)) else {
        return Err(MediaError::Corrupt {
            path: path.into(),
            detail: format!("its header states pictures of {width} × {height} pixels"),
        });
    };
    let (width, height) = Orientation::of(&stream).applied((width, height));
    let is_image = container.ends_with("_pipe");
    let frame_rate = rate_of(&stream);
    let secs = stream.duration() as f64 * f64::from(stream.time_base());
    let frames = match stream.frames() {
        _ if is_image => 1,
        frames @ 1.. => frames as u64,
        _ if secs > 0.0 => (secs * frame_rate.fps()).round() as u64,
        _ => (input.duration().max(0) as f64 / 1e6 * frame_rate.fps()).round() as u64,
    };
    let codec = stream.parameters().id().name().to_owned();
    Ok(Some(Seen {
        video: VideoInfo {
            codec,
            width,
            height,
            frame_rate,
            frames,
        },
        sound_at_secs: sound_at_secs(&input, &stream),
        container,
        is_image,
    }))
}

fn sound_at_secs(
    input: &ffmpeg::format::context::Input,
    pictures: &ffmpeg::format::stream::Stream<'_>,
) -> Option<f64> {
    let begins_secs = |stream: &ffmpeg::format::stream::Stream<'_>| match stream.start_time() {
        i64::MIN => 0.0,
        // A negative start is the encoder's delay, which is not heard.
        at => (at as f64 * f64::from(stream.time_base())).max(0.0),
    };
    let sound = input.streams().best(Type::Audio)?;
    Some(begins_secs(&sound) - begins_secs(pictures))
}

/// The first video stream that is no cover art.
pub(crate) fn picture_stream(
    input: &ffmpeg::format::context::Input,
) -> Option<ffmpeg::format::stream::Stream<'_>> {
    input.streams().find(|stream| {
        let attached = stream
            .disposition()
            .contains(ffmpeg::format::stream::Disposition::ATTACHED_PIC);
        stream.parameters().medium() == Type::Video && !attached
    })
}

/// The stream's frame rate; 25 where it states none.
pub(crate) fn rate_of(stream: &ffmpeg::format::stream::Stream<'_>) -> FrameRate {
    let usual = NonZeroU32::MIN.saturating_add(24);
    let positive = |n: i32| u32::try_from(n).ok().and_then(NonZeroU32::new);
    [stream.avg_frame_rate(), stream.rate()]
        .into_iter()
        .find_map(|rate| {
            Some(FrameRate {
                num: positive(rate.numerator())?,
                den: positive(rate.denominator())?,
            })
        })
        .unwrap_or(FrameRate {
            num: usual,
            den: NonZeroU32::MIN,
        })
}

fn media_type(container: &str, audio: Option<&AudioInfo>, video: bool, image: bool) -> String {
    let codec = audio.map_or("", |audio| audio.codec.as_str());
    let name = match container {
        _ if image => container.trim_end_matches("_pipe"),
        "mov" | "mp4" | "isomp4" | "m4a" => "mp4",
        "wave" | "wav" => "wav",
        "matroska" | "mkv" => "x-matroska",
        "mp3" | "mpa" => "mpeg",
        "ogg" if codec == "opus" => "opus",
        name => name,
    };
    let kind = match (image, video) {
        (true, _) => "image",
        (false, true) => "video",
        (false, false) => "audio",
    };
    format!("{kind}/{name}")
}
