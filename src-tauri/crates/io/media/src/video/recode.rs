//! A film decoded, cut to the frame, filtered, and encoded again.

use std::ops::ControlFlow;

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;

use super::film::{Film, FilmFormat};
use super::graph::PictureGraph;
use super::pictures::signed;
use super::sound::Sound;
use super::writer::FilmWriter;
use crate::error::{MediaError, Result};

/// What is to be done to a film. The default changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recode {
    /// The first picture is the one shown then, in seconds after the film's first.
    pub from_secs: f64,
    /// Pictures that appear then or later are left away.
    pub to_secs: Option<f64>,
    /// Added to the luma, −1 to 1.
    pub brightness: f64,
    /// Factor of the luma around its middle, 0 to 4.
    pub contrast: f64,
    /// Factor of the colours' strength, 0 to 3.
    pub saturation: f64,
    /// Exponent's inverse of the luma, 0.1 to 10.
    pub gamma: f64,
    /// How many times as fast, 0.25 to 4. Pictures are left away or shown again, so that the frame rate
    /// stays; the sound keeps its pitch.
    pub speed: f64,
    /// Pixels, even; without `height`, by the film's proportions.
    pub width: Option<u32>,
    /// Pixels, even; without `width`, by the film's proportions.
    pub height: Option<u32>,
    /// Take out the trembling of a hand (FFmpeg's `deshake`).
    pub stabilise: bool,
}

impl Default for Recode {
    fn default() -> Recode {
        Recode {
            from_secs: 0.0,
            to_secs: None,
            brightness: 0.0,
            contrast: 1.0,
            saturation: 1.0,
            gamma: 1.0,
            speed: 1.0,
            width: None,
            height: None,
            stabilise: false,
        }
    }
}

/// What [`recode`] wrote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recoded {
    /// Where the first picture was in the source, in seconds.
    pub start_secs: f64,
    /// Where the last picture ended in the source, in seconds.
    pub end_secs: f64,
    /// Pictures written.
    pub frames: u64,
    pub width: u32,
    pub height: u32,
}

/// How far a picture may move between two frames and still be brought back, in pixels: half of what
/// `deshake` searches at most, for its time grows with the square.
const SHAKE_PX: u32 = 32;

/// Writes `path` with its sound to `out`, as H.264 and AAC. `progress` is told the share done and may
/// stop the work.
pub fn recode(
    path: &Utf8Path,
    out: &Utf8Path,
    format: FilmFormat,
    work: &Recode,
    mut progress: impl FnMut(f64) -> ControlFlow<()>,
) -> Result<Recoded> {
    if !format.is_encoded() {
        return Err(MediaError::Unsupported {
            path: out.into(),
            detail: "films are encoded into mp4, mov or mkv".to_owned(),
        });
    }
    let film = Film::open(path)?;
    let (width, height) = size(work, film.size());
    let mut run = Run::new(film, out, format, work, (width, height));
    let half_tick = 0.5 * f64::from(run.film.clock());
    let whole = work
        .to_secs
        .unwrap_or_else(|| run.film.rate().secs_from_frames(run.film.frames()));
    if work.from_secs > 0.0 {
        run.film.seek(work.from_secs)?;
    }
    // The picture shown at `from` may have begun before.
    let mut before: Option<ffmpeg::frame::Video> = None;
    let mut broken_off = None;
    while let Some(frame) = run.film.next()? {
        let at = run.film.secs(frame.pts().unwrap_or(0));
        if progress((at - work.from_secs) / (whole - work.from_secs).max(1e-3)).is_break() {
            return Err(MediaError::Cancelled);
        }
        if work.to_secs.is_some_and(|to| at >= to - half_tick) {
            broken_off = Some(at);
            break;
        }
        if at < work.from_secs - half_tick {
            before = Some(frame);
            continue;
        }
        if at > work.from_secs + half_tick
            && let Some(before) = before.take()
        {
            run.push(before)?;
        }
        before = None;
        run.push(frame)?;
    }
    if let Some(last) = before.take() {
        let end = run
            .film
            .secs(last.pts().unwrap_or(0) + run.film.frame_ticks());
        if broken_off.is_some() || end > work.from_secs + half_tick {
            run.push(last)?;
        }
    }
    run.finish(work.to_secs, broken_off)
}

/// Width and height to write: even, since the colours of 4:2:0 have half the resolution.
fn size(work: &Recode, (own_width, own_height): (u32, u32)) -> (u32, u32) {
    let even = |n: u64| (u32::try_from(n).unwrap_or(u32::MAX) & !1).max(2);
    let (w, h) = (u64::from(own_width.max(1)), u64::from(own_height.max(1)));
    // To the nearest even number.
    let share = |side: u32, of: u64, by: u64| even((u64::from(side) * of + by / 2) / by + 1);
    match (work.width, work.height) {
        (None, None) => (even(w), even(h)),
        (Some(width), None) => (even(width.into()), share(width, h, w)),
        (None, Some(height)) => (share(height, w, h), even(height.into())),
        (Some(width), Some(height)) => (even(width.into()), even(height.into())),
    }
}

/// The chain of picture filters in FFmpeg's notation.
fn filters(film: &Film, work: &Recode, (width, height): (u32, u32)) -> String {
    let mut chain = film.turn().filters().to_owned();
    let look = [work.brightness, work.contrast, work.saturation, work.gamma];
    if look != [0.0, 1.0, 1.0, 1.0] {
        let [brightness, contrast, saturation, gamma] = look;
        chain += &format!(
            "eq=brightness={brightness}:contrast={contrast}:saturation={saturation}:gamma={gamma},"
        );
    }
    if work.stabilise {
        chain += &format!("deshake=rx={SHAKE_PX}:ry={SHAKE_PX},");
    }
    if work.speed != 1.0 {
        let rate = film.rate();
        chain += &format!("fps=fps={}/{}:start_time=0,", rate.num, rate.den);
    }
    if work.width.is_none() && work.height.is_none() {
        // An odd last row or column is left away.
        chain += "crop=w=trunc(iw/2)*2:h=trunc(ih/2)*2:x=0:y=0,";
    }
    chain += &format!("scale=w={width}:h={height}:flags=bicubic+accurate_rnd");
    match (work.width, work.height) {
        (None, None) => {}
        (Some(_), Some(_)) => chain += ",setsar=1",
        // The rounding to even sides shall not make the pixels oblong.
        _ => {
            let aspect = film.pixel_aspect();
            chain += &format!(",setsar={}/{}", aspect.numerator(), aspect.denominator());
        }
    }
    chain + ",format=yuv420p"
}

struct Run<'a> {
    film: Film,
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
    fn new(
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

    fn push(&mut self, mut frame: ffmpeg::frame::Video) -> Result<()> {
        let at = frame.pts().unwrap_or(0);
        let end = at + self.film.frame_ticks();
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
                    self.writer.insert(FilmWriter::create(
                        self.out,
                        self.format,
                        &frame,
                        self.graph.clock(),
                        self.film.rate(),
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

    fn finish(mut self, to: Option<f64>, broken_off: Option<f64>) -> Result<Recoded> {
        let nothing = || MediaError::Corrupt {
            path: self.film.path.clone(),
            detail: "no picture can be decoded in the asked range".to_owned(),
        };
        let (start, end) = self.span.ok_or_else(nothing)?;
        self.graph.finish(Some(self.quicker(end - start)))?;
        self.drain()?;
        let frame_secs = self.film.rate().secs_from_frames(1);
        // Where a picture is cut short in the middle of its time, the sound is too.
        let heard_until = match (to, broken_off) {
            (Some(to), Some(at)) if at - to < frame_secs => Some(at),
            (to, _) => to,
        };
        self.hear(heard_until)?;
        let Some(mut writer) = self.writer.take() else {
            return Err(MediaError::Corrupt {
                path: self.film.path.clone(),
                detail: "the filters gave no picture".to_owned(),
            });
        };
        if let Some(sound) = &mut self.sound {
            sound.finish(&mut |planes| writer.sound(planes))?;
        }
        let frames = writer.finish()?;
        Ok(Recoded {
            start_secs: self.film.secs(start),
            end_secs: broken_off.unwrap_or(self.film.secs(end)),
            frames,
            width: self.size.0,
            height: self.size.1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_even_and_in_proportion() {
        let check = |width, height, own, expected| {
            let work = Recode {
                width,
                height,
                ..Recode::default()
            };
            assert_eq!(size(&work, own), expected);
        };
        check(None, None, (853, 479), (852, 478));
        check(Some(640), None, (1920, 1080), (640, 360));
        check(Some(426), None, (1920, 1080), (426, 240));
        check(None, Some(480), (1280, 720), (854, 480));
        check(Some(100), Some(50), (1920, 1080), (100, 50));
        check(Some(2), None, (1920, 2), (2, 2));
    }
}
