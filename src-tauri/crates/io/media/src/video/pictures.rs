//! A film's pictures at full quality, one after the other or at given times.

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use studio_core::units::FrameRate;

use super::film::Film;
use super::graph::PictureGraph;
use super::look::Look;
use super::turn::Orientation;
use crate::error::{MediaError, Result};

/// Decoding on beats a jump as long as the time is no further away, in seconds.
const NEAR_SECS: f64 = 4.0;
/// The longest side of a picture that is asked for, in pixels.
const MOST_SIDE: u32 = 1 << 14;

/// A picture of a film.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Its place in the film, from 0, by its time and the film's frame rate.
    pub index: u64,
    /// When it appears.
    pub time_secs: f64,
    /// RGBA8 rows.
    pub rgba: Vec<u8>,
}

/// Reads pictures as they are shown: turned and mirrored as the camera was held, scaled, in RGB by the film's own
/// colour matrix. Only those that are asked for are converted.
pub struct PictureReader {
    film: Film,
    graph: PictureGraph,
    size: (u32, u32),
    /// The picture that was decoded last, not converted.
    current: Option<ffmpeg::frame::Video>,
    /// The one after it, which tells how long it is shown.
    ahead: Option<ffmpeg::frame::Video>,
    begun: bool,
}

impl PictureReader {
    /// `width` in pixels, the height follows; without it, the film's own size.
    pub fn open(path: impl AsRef<Utf8Path>, width: Option<u32>) -> Result<PictureReader> {
        PictureReader::open_as(path, width, Look::default())
    }

    /// As [`PictureReader::open`], with the brightness and colours that [`recode`](super::recode) would give.
    pub fn open_as(
        path: impl AsRef<Utf8Path>,
        width: Option<u32>,
        look: Look,
    ) -> Result<PictureReader> {
        let film = Film::open(path.as_ref())?;
        let (own_width, own_height) = film.size();
        let width = width.unwrap_or(own_width);
        let height = u64::from(width) * u64::from(own_height);
        let height = (height + u64::from(own_width) / 2) / u64::from(own_width.max(1));
        let height = u32::try_from(height.max(1)).unwrap_or(u32::MAX);
        if width == 0 || width > MOST_SIDE || height > MOST_SIDE {
            return Err(MediaError::Limit {
                path: film.path.clone(),
                what: "the side of a picture in pixels",
                found: width.max(height).into(),
                limit: MOST_SIDE.into(),
            });
        }
        let filters = format!(
            "{}{}scale=w={width}:h={height}:flags=bicubic+accurate_rnd+full_chroma_int,format=rgba",
            film.orientation().filters(),
            look.filters(),
        );
        Ok(PictureReader::with(film, filters, (width, height)))
    }

    /// For measuring: in whole size, converted by the fastest way.
    pub fn open_rough(path: impl AsRef<Utf8Path>) -> Result<PictureReader> {
        let film = Film::open(path.as_ref())?;
        let turned = format!("{}format=rgba", film.orientation().filters());
        let size = film.size();
        Ok(PictureReader::with(film, turned, size))
    }

    fn with(film: Film, filters: String, size: (u32, u32)) -> PictureReader {
        let rate = film.rate();
        let rate = ffmpeg::Rational::new(signed(rate.num.get()), signed(rate.den.get()));
        let graph = PictureGraph::new(&film.path, filters, film.clock(), rate);
        PictureReader {
            film,
            graph,
            size,
            current: None,
            ahead: None,
            begun: false,
        }
    }

    pub fn frame_rate(&self) -> FrameRate {
        self.film.rate()
    }

    /// Frames by the film's header.
    pub fn frames(&self) -> u64 {
        self.film.frames()
    }

    /// What is done to the pictures that the film keeps.
    pub fn orientation(&self) -> Orientation {
        self.film.orientation()
    }

    /// Width and height of the pictures that are answered.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Goes on to the next picture and answers its index and time in seconds, without converting it;
    /// `None` at the end.
    pub fn advance(&mut self) -> Result<Option<(u64, f64)>> {
        let next = match self.ahead.take() {
            Some(ahead) => Some(ahead),
            None => self.film.next()?,
        };
        self.begun = true;
        self.current = next;
        Ok(self.current.as_ref().map(|frame| self.place(frame)))
    }

    /// When the picture that [`PictureReader::advance`] came to ends, in seconds.
    pub fn end_secs(&self) -> f64 {
        let end = self
            .current
            .as_ref()
            .map_or(0, |frame| self.film.end_of(frame));
        self.film.secs(end)
    }

    /// The picture that [`PictureReader::advance`] came to.
    pub fn picture(&mut self) -> Result<Picture> {
        let frame = self
            .current
            .as_ref()
            .ok_or_else(|| self.nothing_decoded())?;
        let (index, time_secs) = self.place(frame);
        let (width, height, rgba) = self.graph.rgba(frame)?;
        Ok(Picture {
            width,
            height,
            index,
            time_secs,
            rgba,
        })
    }

    /// The picture that is shown at `secs`; past the end, the last one. Ascending times read fastest.
    pub fn at(&mut self, secs: f64) -> Result<Picture> {
        // Half a tick: stamps are rounded.
        let limit = secs + 0.5 * f64::from(self.film.clock());
        let now = match (&self.current, self.begun) {
            (Some(frame), _) => Some(self.place(frame).1),
            (None, false) => Some(0.0),
            (None, true) => None,
        };
        if now.is_none_or(|now| now > limit || secs - now > NEAR_SECS) {
            self.film.seek(secs)?;
            (self.current, self.ahead) = (None, None);
        }
        self.begun = true;
        loop {
            let next = match self.ahead.take() {
                Some(ahead) => Some(ahead),
                None => self.film.next()?,
            };
            let Some(next) = next else { break };
            if self.current.is_some() && self.place(&next).1 > limit {
                self.ahead = Some(next);
                break;
            }
            self.current = Some(next);
        }
        self.picture()
    }

    fn place(&self, frame: &ffmpeg::frame::Video) -> (u64, f64) {
        let secs = self.film.secs(frame.pts().unwrap_or(0)).max(0.0);
        ((secs * self.film.rate().fps()).round() as u64, secs)
    }

    fn nothing_decoded(&self) -> MediaError {
        MediaError::Corrupt {
            path: self.film.path.clone(),
            detail: "no picture can be decoded there".to_owned(),
        }
    }
}

pub(crate) fn signed(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
