//! A film opened for copying: its packets, key frames, and what a copy has to keep.

use std::collections::VecDeque;

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::media::Type;

use super::container::FilmFormat;
use super::packets::{next_packet, secs_from_ticks, stamps};
use super::turn::{DisplayMatrix, Orientation};
use crate::error::{MediaError, Result};
use crate::mux::Muxer;
use crate::{ff, probe};

/// How far before the asked time the search for its key frame begins, in seconds: key frames are rarely
/// further apart.
const STEPS_BACK_SECS: [f64; 3] = [0.0, 10.0, 60.0];

/// Packets that are read ahead for a picture's times, at most: codecs decode 16 pictures ahead.
const MOST_WAITING: usize = 256;

/// How far after its last picture a film's stated end may lie and be believed, in frames: further, pictures are missing.
const MOST_LEFT_FRAMES: i64 = 2;

/// Place of the pictures among the copied streams.
pub(crate) const PICTURES: usize = 0;

pub(crate) struct Copy {
    index: usize,
    pub(crate) clock: ffmpeg::Rational,
    parameters: ffmpeg::codec::Parameters,
    language: Option<String>,
    rate: ffmpeg::Rational,
}

pub(crate) struct Source<'a> {
    path: &'a Utf8Path,
    input: ffmpeg::format::context::Input,
    /// Read ahead, and not given out yet.
    waiting: VecDeque<ffmpeg::Packet>,
    /// Time stamps of the pictures that were given out and are shown after others that were not.
    given: Vec<i64>,
    pub(crate) streams: Vec<Copy>,
    pub(crate) left_away: usize,
    /// How the camera was held, if the film says so.
    pub(crate) matrix: Option<DisplayMatrix>,
    /// Time stamp of the first picture.
    first: i64,
    /// Time stamp at which the last picture ends, if the header says so.
    end: Option<i64>,
    pub(crate) length_secs: f64,
    frame_secs: f64,
}

pub(crate) struct Key {
    /// Its time stamp.
    pub(crate) at: i64,
    /// Where a jump led to it, in seconds after the first picture.
    pub(crate) sought_secs: f64,
}

impl<'a> Source<'a> {
    pub(crate) fn open(path: &'a Utf8Path) -> Result<Source<'a>> {
        let no_picture = || MediaError::NoStream {
            path: path.into(),
            wanted: "picture",
        };
        let seen = probe::picture(path)?.ok_or_else(no_picture)?;
        let input = ff::open_input(path)?;
        let pictures = probe::picture_stream(&input).ok_or_else(no_picture)?;
        let matrix = DisplayMatrix::of(&pictures);
        let first = match pictures.start_time() {
            i64::MIN => 0,
            start => start,
        };
        let stated = pictures.duration();
        let end = (stated > 0).then(|| first.saturating_add(stated));
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
            waiting: VecDeque::new(),
            given: Vec::new(),
            streams,
            left_away,
            matrix,
            first,
            end,
            length_secs: rate.secs_from_frames(seen.video.frames),
            frame_secs: rate.secs_from_frames(1),
            input,
        })
    }

    pub(crate) fn begin(&self, out: &Utf8Path, format: FilmFormat) -> Result<Muxer> {
        let orientation = self.matrix.map(DisplayMatrix::orientation);
        if orientation.unwrap_or_default() != Orientation::default() && !format.has_boxes() {
            return Err(MediaError::Unsupported {
                path: self.path.into(),
                detail: format!(
                    "is turned or mirrored when it is shown, which a copy into {} would lose; copy into mp4 or mov, or \
                     encode it again",
                    format.extension()
                ),
            });
        }
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
        let timescale = self.sound_rate().to_string();
        let mut options = options.to_vec();
        if format.has_boxes() {
            // The edit list counts in the movie's clock: at the sample rate it is exact.
            options.push(("movie_timescale", &timescale));
        }
        muxer.write_header(&options).map_err(|error| match error {
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

    /// Samples a second of the first sound; the movie's usual clock for a silent film.
    fn sound_rate(&self) -> i32 {
        let sound = self.streams.get(PICTURES + 1);
        let rate = sound.map(|sound| ff::audio_params(&sound.parameters).rate);
        rate.filter(|rate| *rate > 0).unwrap_or(1000)
    }

    /// Whether what is decoded at `secs` comes at or after the end.
    pub(crate) fn is_past(&self, secs: f64, to_secs: Option<f64>, index: usize) -> bool {
        let half_tick = 0.5 * f64::from(self.streams[index].clock);
        to_secs.is_some_and(|to| secs >= to - half_tick)
    }

    /// The last key frame that is shown at or before `secs`.
    pub(crate) fn key_frame_before(&mut self, secs: f64) -> Result<Key> {
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

    pub(crate) fn jump(&mut self, secs: f64) -> Result<()> {
        let target = ((self.absolute_secs(self.first) + secs) * 1e6) as i64;
        self.input
            .seek(target, ..target.saturating_add(1))
            .or_else(|_| self.input.seek(0, ..))
            .map_err(|error| ff::failed(self.path, "seek", error))?;
        self.wait_for_times();
        Ok(())
    }

    /// After a jump, Matroska's demuxer tells no decoding times of as many pictures as are decoded ahead. They
    /// are decoded one frame apart, before the first that has such a time.
    fn wait_for_times(&mut self) {
        self.waiting.clear();
        self.given.clear();
        while self.waiting.len() < MOST_WAITING
            && let Some(packet) = self.read()
        {
            let is_picture = self.place_of(&packet) == Some(PICTURES);
            let told = packet.dts().filter(|_| is_picture);
            self.waiting.push_back(packet);
            let Some(mut dts) = told else { continue };
            let step = self.frame_ticks();
            let pictures = self.streams[PICTURES].index;
            let before = self.waiting.iter_mut().rev().skip(1);
            for earlier in before.filter(|packet| packet.stream() == pictures) {
                dts -= step;
                earlier.set_dts(Some(dts));
            }
            break;
        }
    }

    /// The next packet. That of a picture lasts until the next picture appears: containers tell of the time between
    /// decoding, or nothing.
    pub(crate) fn next(&mut self) -> Option<ffmpeg::Packet> {
        let mut packet = self.waiting.pop_front().or_else(|| self.read())?;
        if let (Some((at, decoded)), Some(PICTURES)) = (stamps(&packet), self.place_of(&packet)) {
            self.given.retain(|given| *given > decoded);
            if let Some(end) = self.end_of(at, &packet) {
                packet.set_duration(end - at);
            }
            self.given.push(at);
        }
        Some(packet)
    }

    /// When the next picture after `at` appears, which may have been decoded before or may be later; for the film's
    /// last one, the end that the header states.
    fn end_of(&mut self, at: i64, packet: &ffmpeg::Packet) -> Option<i64> {
        let after = |pts: &i64| *pts > at;
        let mut next = self.given.iter().copied().filter(after).min();
        for ahead in 0..MOST_WAITING {
            if ahead == self.waiting.len() {
                let Some(packet) = self.read() else { break };
                self.waiting.push_back(packet);
            }
            let picture = self.waiting.get(ahead);
            let picture = picture.filter(|packet| self.place_of(packet) == Some(PICTURES));
            let Some((pts, dts)) = picture.and_then(stamps) else {
                continue;
            };
            // No picture is shown before it is decoded.
            if next.is_some_and(|next| next <= dts) {
                break;
            }
            next = next.into_iter().chain(Some(pts).filter(after)).min();
        }
        let left = 1..=MOST_LEFT_FRAMES * self.frame_ticks();
        let stated = self.end.filter(|end| left.contains(&(end - at)));
        next.or(stated.filter(|_| packet.duration() <= 0))
    }

    fn read(&mut self) -> Option<ffmpeg::Packet> {
        let streams = &self.streams;
        next_packet(&mut self.input, |index| {
            streams.iter().any(|stream| stream.index == index)
        })
    }

    pub(crate) fn place_of(&self, packet: &ffmpeg::Packet) -> Option<usize> {
        self.streams
            .iter()
            .position(|stream| stream.index == packet.stream())
    }

    /// A picture's time stamp in seconds, as the file counts.
    pub(crate) fn absolute_secs(&self, at: i64) -> f64 {
        secs_from_ticks(at, self.streams[PICTURES].clock)
    }

    /// A picture's time stamp in seconds after the first picture.
    pub(crate) fn secs(&self, at: i64) -> f64 {
        self.absolute_secs(at.saturating_sub(self.first))
    }

    /// How long a packet's picture is shown, in its clock: a frame where the film does not say.
    pub(crate) fn lasts(&self, packet: &ffmpeg::Packet) -> i64 {
        match packet.duration() {
            told @ 1.. => told,
            _ => self.frame_ticks(),
        }
    }

    fn frame_ticks(&self) -> i64 {
        let ticks = self.frame_secs / f64::from(self.streams[PICTURES].clock);
        (ticks.round() as i64).max(1)
    }

    pub(crate) fn nothing_found(&self) -> MediaError {
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
