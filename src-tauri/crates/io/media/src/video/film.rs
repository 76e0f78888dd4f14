//! A film opened for decoding: its pictures in order, with their times.

use camino::{Utf8Path, Utf8PathBuf};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::util::error::EAGAIN;
use studio_core::units::FrameRate;

use super::packets::{next_packet, secs_from_ticks};
use super::turn::Orientation;
use crate::error::{MediaError, Result};
use crate::{ff, probe};

/// Largest picture that is decoded, in pixels: 16384 × 16384.
const MOST_PIXELS: u64 = 1 << 28;
/// How far before the asked time a seek starts again when it landed too late, in seconds.
const STEPS_BACK_SECS: [f64; 3] = [0.0, 2.0, 20.0];

/// How far the mean frame rate may be from that of the closest pictures where the rate is even.
const EVEN_SHARE: f64 = 0.01;

pub(crate) struct Film {
    pub(crate) path: Utf8PathBuf,
    input: ffmpeg::format::context::Input,
    decoder: ffmpeg::decoder::Video,
    stream: usize,
    clock: ffmpeg::Rational,
    /// Time stamp of the first picture, in the stream's clock.
    start: i64,
    rate: FrameRate,
    is_even: bool,
    frames: u64,
    orientation: Orientation,
    /// Pixels as shown.
    size: (u32, u32),
    /// Where the sound begins, in seconds after the first picture; `None` for a silent film.
    sound_at_secs: Option<f64>,
    /// A decoded picture that was not given out yet.
    held: Option<ffmpeg::frame::Video>,
    /// Ticks after the start at which the next picture is expected.
    expected: i64,
    drained: bool,
}

impl Film {
    pub(crate) fn open(path: &Utf8Path) -> Result<Film> {
        let no_picture = || MediaError::NoStream {
            path: path.into(),
            wanted: "picture",
        };
        let seen = probe::picture(path)?.ok_or_else(no_picture)?;
        let input = ff::open_input(path)?;
        let stream = probe::picture_stream(&input).ok_or_else(no_picture)?;
        let (width, height) = (seen.video.width, seen.video.height);
        let pixels = u64::from(width) * u64::from(height);
        if pixels > MOST_PIXELS {
            return Err(MediaError::Limit {
                path: path.into(),
                what: "the number of pixels",
                found: pixels,
                limit: MOST_PIXELS,
            });
        }
        let orientation = Orientation::of(&stream);
        let finest = f64::from(stream.rate());
        let is_even = (finest / seen.video.frame_rate.fps() - 1.0).abs() < EVEN_SHARE;
        let clock = stream.time_base();
        let start = match stream.start_time() {
            i64::MIN => 0,
            start => start,
        };
        let index = stream.index();
        let mut context = ffmpeg::codec::Context::from_parameters(stream.parameters())
            .map_err(|error| ff::failed(path, "open the decoder", error))?;
        context.set_threading(ffmpeg::threading::Config {
            kind: ffmpeg::threading::Type::Frame,
            ..Default::default()
        });
        let decoder = context
            .decoder()
            .video()
            .map_err(|error| ff::failed(path, "open the decoder", error))?;
        Ok(Film {
            path: path.into(),
            decoder,
            stream: index,
            clock,
            start,
            rate: seen.video.frame_rate,
            is_even,
            frames: seen.video.frames,
            orientation,
            size: (width, height),
            sound_at_secs: seen.sound_at_secs,
            held: None,
            expected: 0,
            drained: false,
            input,
        })
    }

    pub(crate) fn rate(&self) -> FrameRate {
        self.rate
    }

    /// Whether all pictures are shown for the same time, as far as the film's first seconds tell.
    pub(crate) fn is_even(&self) -> bool {
        self.is_even
    }

    /// Frames by the header.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    pub(crate) fn size(&self) -> (u32, u32) {
        self.size
    }

    pub(crate) fn orientation(&self) -> Orientation {
        self.orientation
    }

    pub(crate) fn clock(&self) -> ffmpeg::Rational {
        self.clock
    }

    /// Width of a pixel by its height; 1 where the film does not say.
    pub(crate) fn pixel_aspect(&self) -> ffmpeg::Rational {
        let aspect = self.decoder.aspect_ratio();
        if aspect.numerator() > 0 && aspect.denominator() > 0 {
            aspect
        } else {
            ffmpeg::Rational::new(1, 1)
        }
    }

    pub(crate) fn sound_at_secs(&self) -> Option<f64> {
        self.sound_at_secs
    }

    pub(crate) fn metadata(&self) -> ffmpeg::Dictionary<'static> {
        // Copied as bytes: the wrapper takes every value for UTF-8, which tags need not be.
        self.input.metadata().to_owned()
    }

    pub(crate) fn secs(&self, ticks: i64) -> f64 {
        secs_from_ticks(ticks, self.clock)
    }

    /// The length of one frame in ticks, at least 1.
    pub(crate) fn frame_ticks(&self) -> i64 {
        let secs = self.rate.secs_from_frames(1);
        ((secs / f64::from(self.clock)).round() as i64).max(1)
    }

    /// When a picture of [`Film::next`] ends, as far as the film tells: else after one frame.
    pub(crate) fn end_of(&self, frame: &ffmpeg::frame::Video) -> i64 {
        let own = frame.packet().duration;
        let lasts = if own > 0 { own } else { self.frame_ticks() };
        frame.pts().unwrap_or(0).saturating_add(lasts)
    }

    /// The next picture in order of presentation, stamped in ticks of [`Film::clock`] after the first.
    /// `None` at the end. Damaged packets cost their picture, not the film.
    pub(crate) fn next(&mut self) -> Result<Option<ffmpeg::frame::Video>> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
        }
        let mut frame = ffmpeg::frame::Video::empty();
        if !self.decode(&mut frame)? {
            return Ok(None);
        }
        let at = frame.timestamp().or(frame.pts());
        let at = at.map_or(self.expected, |at| at.saturating_sub(self.start));
        frame.set_pts(Some(at));
        self.expected = self.end_of(&frame);
        Ok(Some(frame))
    }

    /// Makes the next picture one at or before `secs`; the film's first where there is none.
    pub(crate) fn seek(&mut self, secs: f64) -> Result<()> {
        for back in STEPS_BACK_SECS {
            let target = secs - back;
            if target <= 0.0 {
                break;
            }
            self.jump(target)?;
            let first = self.next()?;
            // Half a tick: stamps are rounded.
            let limit = secs + 0.5 * f64::from(self.clock);
            let at = first.as_ref().and_then(|frame| frame.pts());
            if at.is_some_and(|at| self.secs(at) <= limit) {
                self.held = first;
                return Ok(());
            }
        }
        self.jump(0.0)
    }

    fn jump(&mut self, secs: f64) -> Result<()> {
        // FFmpeg's seek takes microseconds and lands on a key frame at or before.
        let target = ((self.secs(self.start) + secs) * 1e6) as i64;
        self.input
            .seek(target, ..target.saturating_add(1))
            .or_else(|_| self.input.seek(0, ..))
            .map_err(|error| ff::failed(&self.path, "seek", error))?;
        self.decoder.flush();
        self.drained = false;
        self.held = None;
        self.expected = (secs / f64::from(self.clock)) as i64;
        Ok(())
    }

    fn decode(&mut self, frame: &mut ffmpeg::frame::Video) -> Result<bool> {
        loop {
            match self.decoder.receive_frame(frame) {
                Ok(()) => return Ok(true),
                Err(ffmpeg::Error::Eof) => return Ok(false),
                Err(ffmpeg::Error::Other { errno: EAGAIN }) => {}
                // What the damaged packet held is lost; the next may be whole.
                Err(ffmpeg::Error::InvalidData) => {}
                Err(error) => return Err(ff::failed(&self.path, "decode", error)),
            }
            if self.drained {
                return Ok(false);
            }
            match next_packet(&mut self.input, |index| index == self.stream) {
                Some(packet) => {
                    let _ = self.decoder.send_packet(&packet);
                }
                None => {
                    self.drained = true;
                    let _ = self.decoder.send_eof();
                }
            }
        }
    }
}
