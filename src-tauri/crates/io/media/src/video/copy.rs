//! A stretch of a film without encoding anything again.

use std::ops::ControlFlow;

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::media::Type;

use super::film::{FilmFormat, Turn, next_packet, secs_from_ticks};
use crate::error::{MediaError, Result};
use crate::mux::Muxer;
use crate::{ff, probe};

/// How far before the asked time the search for its key frame begins, in seconds: key frames are rarely
/// further apart.
const STEPS_BACK_SECS: [f64; 3] = [0.0, 10.0, 60.0];

/// What [`copy_range`] wrote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Copied {
    /// Where the copy begins in the source, in seconds after its first picture: at a key frame.
    pub start_secs: f64,
    /// Where its last picture ends in the source.
    pub end_secs: f64,
    /// Pictures copied.
    pub frames: u64,
    /// Streams that were left away: captions, data, cover art.
    pub left_away: usize,
}

/// Copies pictures and sound from the last key frame at or before `from_secs` until `to_secs`. Pictures
/// that others are built from may be shown a little longer.
pub fn copy_range(
    path: &Utf8Path,
    out: &Utf8Path,
    format: FilmFormat,
    from_secs: f64,
    to_secs: Option<f64>,
    mut progress: impl FnMut(f64) -> ControlFlow<()>,
) -> Result<Copied> {
    let mut source = Source::open(path)?;
    let key = source.key_frame_before(from_secs)?;
    let mut muxer = source.begin(out, format)?;
    source.jump(key.sought_secs)?;
    let whole = to_secs.unwrap_or(source.length_secs) - source.secs(key.at);
    let mut copied = Copied {
        start_secs: source.secs(key.at),
        end_secs: source.secs(key.at),
        frames: 0,
        left_away: source.left_away,
    };
    let mut last_dts = vec![None; source.streams.len()];
    let mut ended = vec![false; source.streams.len()];
    let mut begun = false;
    while ended.contains(&false) {
        let Some(mut packet) = source.next() else {
            break;
        };
        let Some(index) = source.place_of(&packet) else {
            continue;
        };
        let stream = &source.streams[index];
        let (Some(pts), Some(dts)) = (packet.pts().or(packet.dts()), packet.dts().or(packet.pts()))
        else {
            continue;
        };
        let start = (source.absolute_secs(key.at) / f64::from(stream.clock)).round() as i64;
        let in_film = |at: i64| secs_from_ticks(at - start, stream.clock) + copied.start_secs;
        begun |= index == PICTURES && packet.is_key() && pts == key.at;
        // Before the key frame, and what follows it but is shown before it.
        if pts < start || (index == PICTURES && !begun) {
            continue;
        }
        if to_secs.is_some_and(|to| in_film(dts) >= to - 0.5 * f64::from(stream.clock)) {
            ended[index] = true;
        }
        if ended[index] || last_dts[index].is_some_and(|last| dts <= last) {
            continue;
        }
        last_dts[index] = Some(dts);
        if index == PICTURES {
            copied.frames += 1;
            copied.end_secs = copied.end_secs.max(in_film(pts + packet.duration()));
            let share = (in_film(dts) - copied.start_secs) / whole.max(1e-3);
            if progress(share).is_break() {
                return Err(MediaError::Cancelled);
            }
        }
        packet.set_pts(Some(pts - start));
        packet.set_dts(Some(dts - start));
        muxer.interleave(packet, index)?;
    }
    if copied.frames == 0 {
        return Err(source.nothing_found());
    }
    muxer.finish(|_| Ok(()))?;
    Ok(copied)
}

/// Place of the pictures among the copied streams.
const PICTURES: usize = 0;

struct Copy {
    index: usize,
    clock: ffmpeg::Rational,
    parameters: ffmpeg::codec::Parameters,
    language: Option<String>,
    rate: ffmpeg::Rational,
}

struct Source<'a> {
    path: &'a Utf8Path,
    input: ffmpeg::format::context::Input,
    streams: Vec<Copy>,
    left_away: usize,
    /// Time stamp of the first picture.
    first: i64,
    length_secs: f64,
}

struct Key {
    /// Its time stamp.
    at: i64,
    /// Where a jump led to it, in seconds after the first picture.
    sought_secs: f64,
}

impl<'a> Source<'a> {
    fn open(path: &'a Utf8Path) -> Result<Source<'a>> {
        let no_picture = || MediaError::NoStream {
            path: path.into(),
            wanted: "picture",
        };
        let seen = probe::picture(path)?.ok_or_else(no_picture)?;
        let input = ff::open_input(path)?;
        let pictures = probe::picture_stream(&input).ok_or_else(no_picture)?;
        if Turn::of(&pictures) != Turn::None {
            return Err(MediaError::Unsupported {
                path: path.into(),
                detail:
                    "was filmed with the camera turned, which a copy would lose; encode it again"
                        .to_owned(),
            });
        }
        let first = match pictures.start_time() {
            i64::MIN => 0,
            start => start,
        };
        let sounds = input
            .streams()
            .filter(|stream| stream.parameters().medium() == Type::Audio);
        let streams: Vec<Copy> = std::iter::once(pictures)
            .chain(sounds)
            .map(Copy::of)
            .collect();
        let left_away = (input.nb_streams() as usize).saturating_sub(streams.len());
        let rate = seen.video.frame_rate;
        Ok(Source {
            path,
            streams,
            left_away,
            first,
            length_secs: rate.secs_from_frames(seen.video.frames),
            input,
        })
    }

    fn begin(&self, out: &Utf8Path, format: FilmFormat) -> Result<Muxer> {
        let (name, options) = format.muxer();
        let mut muxer = Muxer::create(out, name)?;
        for stream in &self.streams {
            let mut parameters = stream.parameters.clone();
            ff::clear_codec_tag(&mut parameters);
            let language = stream.language.as_deref();
            let index = muxer.add_stream(parameters, stream.clock, language)?;
            if let Some(mut added) = muxer.output_mut().stream_mut(index) {
                added.set_avg_frame_rate(stream.rate);
            }
        }
        let tags = self.input.metadata();
        muxer.output_mut().set_metadata(tags.iter().collect());
        muxer.write_header(options).map_err(|error| match error {
            MediaError::Codec { path, detail, .. } => {
                let codecs: Vec<&str> = self.streams.iter().map(|s| s.parameters.id().name()).collect();
                let extension = format.extension();
                let codecs = codecs.join(" and ");
                MediaError::Unsupported {
                    path,
                    detail: format!("{extension} does not hold {codecs} ({detail}); copy into mkv, or encode again"),
                }
            }
            error => error,
        })?;
        Ok(muxer)
    }

    /// The last key frame that is shown at or before `secs`.
    fn key_frame_before(&mut self, secs: f64) -> Result<Key> {
        let limit = secs + 0.5 * f64::from(self.streams[PICTURES].clock);
        for back in STEPS_BACK_SECS.into_iter().chain([f64::INFINITY]) {
            let sought_secs = (secs - back).max(0.0);
            self.jump(sought_secs)?;
            if let Some(at) = self.last_key(limit) {
                return Ok(Key { at, sought_secs });
            }
        }
        Err(self.nothing_found())
    }

    /// The last key frame from here on that is shown until `limit` seconds.
    fn last_key(&mut self, limit: f64) -> Option<i64> {
        let mut found = None;
        while let Some(packet) = self.next() {
            if self.place_of(&packet) != Some(PICTURES) {
                continue;
            }
            let Some(at) = packet.pts().or(packet.dts()) else {
                continue;
            };
            if packet.is_key() && self.secs(at) <= limit {
                found = Some(at);
            }
            if self.secs(packet.dts().unwrap_or(at)) > limit {
                break;
            }
        }
        found
    }

    fn jump(&mut self, secs: f64) -> Result<()> {
        let target = ((self.absolute_secs(self.first) + secs) * 1e6) as i64;
        self.input
            .seek(target, ..target.saturating_add(1))
            .or_else(|_| self.input.seek(0, ..))
            .map_err(|error| ff::failed(self.path, "seek", error))
    }

    fn next(&mut self) -> Option<ffmpeg::Packet> {
        let streams = &self.streams;
        next_packet(&mut self.input, |index| {
            streams.iter().any(|stream| stream.index == index)
        })
    }

    fn place_of(&self, packet: &ffmpeg::Packet) -> Option<usize> {
        self.streams
            .iter()
            .position(|stream| stream.index == packet.stream())
    }

    /// A picture's time stamp in seconds, as the file counts.
    fn absolute_secs(&self, at: i64) -> f64 {
        secs_from_ticks(at, self.streams[PICTURES].clock)
    }

    /// A picture's time stamp in seconds after the first picture.
    fn secs(&self, at: i64) -> f64 {
        self.absolute_secs(at.saturating_sub(self.first))
    }

    fn nothing_found(&self) -> MediaError {
        MediaError::Corrupt {
            path: self.path.into(),
            detail: "no key frame can be found before the asked time".to_owned(),
        }
    }
}

impl Copy {
    fn of(stream: ffmpeg::format::stream::Stream<'_>) -> Copy {
        Copy {
            index: stream.index(),
            clock: stream.time_base(),
            parameters: stream.parameters(),
            language: stream.metadata().get("language").map(str::to_owned),
            rate: stream.avg_frame_rate(),
        }
    }
}
