//! Pictures and sound of a film on their way through filters and encoders.

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;

use super::container::FilmFormat;
use super::film::Film;
use super::graph::PictureGraph;
use super::look::filters;
use super::pictures::signed;
use super::recode::{Recode, Recoded};
use super::sound::Sound;
use super::writer::{FilmWriter, Timing};
use crate::error::{MediaError, Result};

/// A picture that is shown for more frames than this before the asked time is cut itself.
const LONG_FRAMES: f64 = 2.0;

pub(crate) struct Run<'a> {
    pub(crate) film: Film,
    out: &'a Utf8Path,
    format: FilmFormat,
    work: &'a Recode,
    size: (u32, u32),
    graph: PictureGraph,
    writer: Option<FilmWriter>,
    sound: Option<Sound>,
    /// Ticks of the first picture that was pushed, and of the last one's end.
    span: Option<(i64, i64)>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        film: Film,
        out: &'a Utf8Path,
        format: FilmFormat,
        work: &'a Recode,
        size: (u32, u32),
    ) -> Run<'a> {
        let rate = film.rate();
        let fps = ffmpeg::Rational::new(signed(rate.num.get()), signed(rate.den.get()));
        let chain = filters(&film, work, size);
        let graph = PictureGraph::new(&film.path, chain, film.clock(), fps);
        Run {
            film,
            out,
            format,
            work,
            size,
            graph,
            writer: None,
            sound: None,
            span: None,
        }
    }

    /// Takes the picture that is shown at `from_secs` and began before. It begins the result as a whole, but
    /// where pictures stay for long, only as long as it is shown from then on.
    pub(crate) fn begin(&mut self, frame: ffmpeg::frame::Video, from_secs: f64) -> Result<()> {
        let (mut at, end) = (frame.pts().unwrap_or(0), self.film.end_of(&frame));
        let long = LONG_FRAMES * self.film.rate().secs_from_frames(1);
        if from_secs - self.film.secs(at) > long {
            at = (from_secs / f64::from(self.film.clock())).round() as i64;
        }
        self.add(frame, at, end)
    }

    pub(crate) fn push(&mut self, frame: ffmpeg::frame::Video) -> Result<()> {
        let (at, end) = (frame.pts().unwrap_or(0), self.film.end_of(&frame));
        self.add(frame, at, end)
    }

    fn add(&mut self, mut frame: ffmpeg::frame::Video, at: i64, end: i64) -> Result<()> {
        let start = match self.span {
            Some((start, last)) => {
                self.span = Some((start, last.max(end)));
                start
            }
            None => {
                self.sound = Sound::open(&self.film, self.film.secs(at), self.work.speed)?;
                self.span = Some((at, end));
                at
            }
        };
        frame.set_pts(Some(self.quicker(at - start)));
        self.graph.push(&frame)?;
        self.drain()?;
        self.hear(Some(self.film.secs(at)))
    }

    /// Ticks of the source as ticks of the result.
    fn quicker(&self, ticks: i64) -> i64 {
        (ticks as f64 / self.work.speed).round() as i64
    }

    fn drain(&mut self) -> Result<()> {
        while let Some(frame) = self.graph.pull()? {
            let writer = match &mut self.writer {
                Some(writer) => writer,
                None => {
                    let sound = self.sound.as_ref();
                    let sound = sound.map(|sound| (sound.rate(), sound.channels()));
                    let timing = Timing {
                        clock: self.graph.clock(),
                        rate: self.film.rate(),
                        // At another speed, pictures are left away or shown again.
                        is_even: self.film.is_even() || self.work.speed != 1.0,
                    };
                    self.writer.insert(FilmWriter::create(
                        self.out,
                        self.format,
                        &frame,
                        timing,
                        sound,
                        self.film.metadata(),
                    )?)
                }
            };
            writer.picture(frame)?;
        }
        Ok(())
    }

    /// Hands the sound before `secs` over, once there is a film to put it in.
    fn hear(&mut self, secs: Option<f64>) -> Result<()> {
        match (&mut self.sound, &mut self.writer) {
            (Some(sound), Some(writer)) => {
                sound.take_until(secs, &mut |planes| writer.sound(planes))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn finish(mut self, to: Option<f64>, broken_off: Option<f64>) -> Result<Recoded> {
        let nothing = || MediaError::Corrupt {
            path: self.film.path.clone(),
            detail: "no picture can be decoded in the asked range".to_owned(),
        };
        let (start, end) = self.span.ok_or_else(nothing)?;
        let natural = broken_off.unwrap_or_else(|| self.film.secs(end));
        let frame_secs = self.film.rate().secs_from_frames(1);
        // A picture that is cut short by less than a frame stays whole, and the sound with it.
        let end_secs = match to {
            Some(to) if natural - to >= frame_secs => to,
            _ => natural,
        };
        let length_secs = (end_secs - self.film.secs(start)).max(0.0) / self.work.speed;
        let length = (length_secs / f64::from(self.film.clock())).round() as i64;
        self.graph.finish(Some(length))?;
        self.drain()?;
        self.hear(to.map(|to| to.max(end_secs)))?;
        let Some(mut writer) = self.writer.take() else {
            return Err(MediaError::Corrupt {
                path: self.film.path.clone(),
                detail: "the filters gave no picture".to_owned(),
            });
        };
        if let Some(sound) = &mut self.sound {
            sound.finish(&mut |planes| writer.sound(planes))?;
        }
        let frames = writer.finish(length_secs)?;
        Ok(Recoded {
            start_secs: self.film.secs(start),
            end_secs,
            frames,
            width: self.size.0,
            height: self.size.1,
        })
    }
}
