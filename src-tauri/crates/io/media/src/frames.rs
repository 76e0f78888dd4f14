//! Frame-exact pictures of a film, in any order.

use std::collections::VecDeque;

use camino::{Utf8Path, Utf8PathBuf};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::media::Type;
use ffmpeg_next::software::scaling;
use studio_core::units::FrameRate;

use crate::error::{MediaError, Result};
use crate::{ff, probe};

/// One picture: RGBA8 rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub width: u32,
    pub height: u32,
    /// Its place in the film, from 0.
    pub index: u64,
    pub rgba: Vec<u8>,
}

/// Largest picture that is decoded, in pixels: 16384 × 16384.
const MOST_PIXELS: u64 = 1 << 28;
/// Pictures kept, so that stepping back need not decode again.
const KEPT: usize = 12;

/// Reads the pictures of one video stream. Reading on is fast; a jump decodes from the key frame
/// before.
pub struct FrameReader {
    path: Utf8PathBuf,
    input: ffmpeg::format::context::Input,
    decoder: ffmpeg::decoder::Video,
    stream: usize,
    clock: ffmpeg::Rational,
    /// Time stamp of frame 0, in the stream's clock.
    start: i64,
    frame_rate: FrameRate,
    frames: u64,
    size: (u32, u32),
    scaler: Option<(u32, ff::Scaler)>,
    kept: VecDeque<Frame>,
    /// The frame that decoding on gives next, if it is known.
    next: Option<u64>,
    drained: bool,
}

impl FrameReader {
    pub fn open(path: impl AsRef<Utf8Path>) -> Result<FrameReader> {
        let path = path.as_ref();
        let info = probe::probe(path)?;
        let video = info.video.ok_or_else(|| MediaError::NoStream {
            path: path.into(),
            wanted: "picture",
        })?;
        if u64::from(video.width) * u64::from(video.height) > MOST_PIXELS {
            return Err(MediaError::Limit {
                path: path.into(),
                what: "the number of pixels",
                found: u64::from(video.width) * u64::from(video.height),
                limit: MOST_PIXELS,
            });
        }
        let input = ff::open_input(path)?;
        let stream = input
            .streams()
            .find(|stream| stream.parameters().medium() == Type::Video)
            .ok_or_else(|| MediaError::NoStream {
                path: path.into(),
                wanted: "picture",
            })?;
        let (index, clock) = (stream.index(), stream.time_base());
        let start = match stream.start_time() {
            i64::MIN => 0,
            start => start,
        };
        let decoder = ffmpeg::codec::Context::from_parameters(stream.parameters())
            .and_then(|context| context.decoder().video())
            .map_err(|error| ff::failed(path, "open the decoder", error))?;
        Ok(FrameReader {
            path: path.into(),
            input,
            decoder,
            stream: index,
            clock,
            start,
            frame_rate: video.frame_rate,
            frames: video.frames,
            size: (video.width, video.height),
            scaler: None,
            kept: VecDeque::new(),
            next: Some(0),
            drained: false,
        })
    }

    pub fn frame_rate(&self) -> FrameRate {
        self.frame_rate
    }

    /// Frames of the film.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Pixels of the film's own pictures.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Frame `index`, scaled to `width` pixels (even, at most the film's own); the height follows.
    pub fn frame(&mut self, index: u64, width: u32) -> Result<Frame> {
        if index >= self.frames {
            return Err(MediaError::OutOfRange {
                what: "frame",
                asked: index,
                end: self.frames,
            });
        }
        let width = width.clamp(2, self.size.0.max(2)) & !1;
        let found = self
            .kept
            .iter()
            .find(|frame| frame.index == index && frame.width == width);
        if let Some(frame) = found {
            return Ok(frame.clone());
        }
        // Decoding on beats a jump as long as it is near.
        let near = self.frame_rate.fps().ceil() as u64 * 2;
        if !self
            .next
            .is_some_and(|next| (next..next.saturating_add(near)).contains(&index))
        {
            self.seek(index)?;
        }
        let mut last: Option<Frame> = None;
        loop {
            let mut decoded = ffmpeg::frame::Video::empty();
            if !self.decode(&mut decoded)? {
                // A film may end a frame earlier than its header says: its last picture stays.
                return last.ok_or(MediaError::OutOfRange {
                    what: "frame",
                    asked: index,
                    end: self.frames,
                });
            }
            let at = self.index_of(&decoded);
            self.next = Some(at.saturating_add(1));
            if at.saturating_add(1) < index && self.frames - index > 2 {
                continue;
            }
            let frame = self.scale(&decoded, at, width)?;
            self.keep(&frame);
            if at >= index {
                return Ok(Frame { index, ..frame });
            }
            last = Some(Frame { index, ..frame });
        }
    }

    fn seek(&mut self, index: u64) -> Result<()> {
        let secs = self.frame_rate.secs_from_frames(index);
        let start_secs = self.start as f64 * f64::from(self.clock);
        // FFmpeg's seek takes microseconds and lands on the key frame at or before.
        let target = ((start_secs + secs) * 1e6) as i64;
        self.input
            .seek(target, ..target.saturating_add(1))
            .or_else(|_| self.input.seek(0, ..))
            .map_err(|error| ff::failed(&self.path, "seek", error))?;
        self.decoder.flush();
        self.drained = false;
        self.next = None;
        Ok(())
    }

    /// The next picture in order of presentation; false at the end.
    fn decode(&mut self, frame: &mut ffmpeg::frame::Video) -> Result<bool> {
        loop {
            match self.decoder.receive_frame(frame) {
                Ok(()) => return Ok(true),
                Err(ffmpeg::Error::Eof) => return Ok(false),
                Err(error) if ff::wants_more(&error) => {}
                Err(error) => return Err(ff::failed(&self.path, "decode", error)),
            }
            if self.drained {
                return Ok(false);
            }
            let packet = self
                .input
                .packets()
                .find(|(stream, _)| stream.index() == self.stream);
            match packet {
                // A damaged packet costs its picture, not the film.
                Some((_, packet)) => {
                    let _ = self.decoder.send_packet(&packet);
                }
                None => {
                    self.drained = true;
                    let _ = self.decoder.send_eof();
                }
            }
        }
    }

    fn index_of(&self, frame: &ffmpeg::frame::Video) -> u64 {
        let Some(at) = frame.timestamp().or(frame.pts()) else {
            return self.next.unwrap_or(0);
        };
        let secs = at.saturating_sub(self.start) as f64 * f64::from(self.clock);
        (secs * self.frame_rate.fps()).round().max(0.0) as u64
    }

    fn scale(&mut self, frame: &ffmpeg::frame::Video, index: u64, width: u32) -> Result<Frame> {
        let (own_width, own_height) = (frame.width(), frame.height());
        let height = ((u64::from(width) * u64::from(own_height) / u64::from(own_width.max(1)))
            .max(1)) as u32;
        let failed = |path: &Utf8Path, error| ff::failed(path, "scale the picture", error);
        if self.scaler.as_ref().is_none_or(|(kept, _)| *kept != width) {
            let flags = scaling::Flags::BILINEAR | scaling::Flags::ACCURATE_RND;
            let scaler = scaling::Context::get(
                frame.format(),
                own_width,
                own_height,
                Pixel::RGBA,
                width,
                height,
                flags,
            )
            .map_err(|error| failed(&self.path, error))?;
            self.scaler = Some((width, ff::Scaler(scaler)));
        }
        let mut scaled = ffmpeg::frame::Video::empty();
        if let Some((_, ff::Scaler(scaler))) = &mut self.scaler {
            scaler
                .run(frame, &mut scaled)
                .map_err(|error| failed(&self.path, error))?;
        }
        let stride = scaled.stride(0);
        let row = width as usize * 4;
        let mut rgba = Vec::with_capacity(row * height as usize);
        for line in scaled.data(0).chunks(stride.max(1)).take(height as usize) {
            rgba.extend_from_slice(&line[..row.min(line.len())]);
        }
        Ok(Frame {
            width,
            height,
            index,
            rgba,
        })
    }

    fn keep(&mut self, frame: &Frame) {
        self.kept.push_back(frame.clone());
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }
}
