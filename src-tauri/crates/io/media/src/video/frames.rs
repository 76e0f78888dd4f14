//! Frame-exact pictures of a film, in any order.

use std::collections::VecDeque;

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use studio_core::units::FrameRate;

use super::film::Film;
use super::graph::PictureGraph;
use super::pictures::signed;
use crate::error::{MediaError, Result};

/// One picture: RGBA8 rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub width: u32,
    pub height: u32,
    /// Its place in the film, from 0.
    pub index: u64,
    pub rgba: Vec<u8>,
}

/// Pictures kept, so that stepping back need not decode again.
const KEPT: usize = 12;

/// How much later than its frame a picture may be stamped, in frames: clocks round, Matroska's to a millisecond.
const ROUNDED_FRAMES: f64 = 0.15;

/// Reads the pictures of one video stream as they are shown. Reading on is fast; a jump decodes from the
/// key frame before. Frames are counted at the film's rate: where it varies, a picture is answered for each
/// of the frames during which it is shown.
pub struct FrameReader {
    film: Film,
    /// For one width.
    graph: Option<(u32, PictureGraph)>,
    kept: VecDeque<Frame>,
    /// The picture that was shown last, by its first frame; `None` before the first.
    current: Option<(u64, ffmpeg::frame::Video)>,
    /// The one after it, where it had to be decoded to know how long the current one is shown.
    ahead: Option<(u64, ffmpeg::frame::Video)>,
}

impl FrameReader {
    pub fn open(path: impl AsRef<Utf8Path>) -> Result<FrameReader> {
        Ok(FrameReader {
            film: Film::open(path.as_ref())?,
            graph: None,
            kept: VecDeque::new(),
            current: None,
            ahead: None,
        })
    }

    pub fn frame_rate(&self) -> FrameRate {
        self.film.rate()
    }

    /// Frames of the film.
    pub fn frames(&self) -> u64 {
        self.film.frames()
    }

    /// Pixels of the film's own pictures, as shown.
    pub fn size(&self) -> (u32, u32) {
        self.film.size()
    }

    /// Where the film's sound begins, in seconds after its first picture: negative before it. `None` for a silent film.
    pub fn sound_at_secs(&self) -> Option<f64> {
        self.film.sound_at_secs()
    }

    /// Frame `index`, scaled to `width` pixels (even, at most the film's own); the height follows.
    pub fn frame(&mut self, index: u64, width: u32) -> Result<Frame> {
        let past_end = MediaError::OutOfRange {
            what: "frame",
            asked: index,
            end: self.frames(),
        };
        if index >= self.frames() {
            return Err(past_end);
        }
        let width = width.clamp(2, self.size().0.max(2)) & !1;
        let found = self
            .kept
            .iter()
            .find(|frame| frame.index == index && frame.width == width);
        if let Some(frame) = found {
            return Ok(frame.clone());
        }
        self.go_to(index)?;
        let frame = self.convert(index, width)?.ok_or(past_end)?;
        self.kept.push_back(frame.clone());
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
        Ok(frame)
    }

    /// Makes the picture current that is shown at frame `index`.
    fn go_to(&mut self, index: u64) -> Result<()> {
        // Decoding on beats a jump as long as it is near.
        let near = self.film.rate().fps().ceil() as u64 * 2;
        let is_near = |at: u64| (at..at.saturating_add(near)).contains(&index);
        if !self.current.as_ref().is_some_and(|(at, _)| is_near(*at)) {
            self.film.seek(self.film.rate().secs_from_frames(index))?;
            (self.current, self.ahead) = (None, None);
        }
        while self.current.as_ref().is_none_or(|(at, _)| *at < index) {
            let next = match self.ahead.take() {
                Some(next) => next,
                None => match self.film.next()? {
                    Some(frame) => (self.index_of(&frame), frame),
                    // A film may end a frame earlier than its header says: its last picture stays.
                    None => break,
                },
            };
            if next.0 > index && self.current.is_some() {
                self.ahead = Some(next);
                break;
            }
            self.current = Some(next);
        }
        Ok(())
    }

    /// The first frame during which a picture is shown.
    fn index_of(&self, frame: &ffmpeg::frame::Video) -> u64 {
        let secs = self.film.secs(frame.pts().unwrap_or(0));
        let frames = secs * self.film.rate().fps();
        (frames - ROUNDED_FRAMES).ceil().max(0.0) as u64
    }

    fn convert(&mut self, index: u64, width: u32) -> Result<Option<Frame>> {
        let Some((_, current)) = &self.current else {
            return Ok(None);
        };
        if self.graph.as_ref().is_none_or(|(built, _)| *built != width) {
            self.graph = Some((width, graph(&self.film, width)));
        }
        let Some((_, graph)) = &mut self.graph else {
            return Ok(None);
        };
        let (width, height, rgba) = graph.rgba(current)?;
        Ok(Some(Frame {
            width,
            height,
            index,
            rgba,
        }))
    }
}

fn graph(film: &Film, width: u32) -> PictureGraph {
    let (own_width, own_height) = film.size();
    let height = u64::from(width) * u64::from(own_height) / u64::from(own_width.max(1));
    let filters = format!(
        "{}scale=w={width}:h={}:flags=bilinear+accurate_rnd,format=rgba",
        film.orientation().filters(),
        height.max(1),
    );
    let rate = film.rate();
    let rate = ffmpeg::Rational::new(signed(rate.num.get()), signed(rate.den.get()));
    PictureGraph::new(&film.path, filters, film.clock(), rate)
}
