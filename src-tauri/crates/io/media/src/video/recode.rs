//! A film decoded, cut to the frame, filtered, and encoded again.

use std::ops::ControlFlow;

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;

use super::container::FilmFormat;
use super::film::Film;
use super::look::{Look, size};
use super::run::Run;
use crate::error::{MediaError, Result};

/// What is to be done to a film. The default changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recode {
    /// The first picture is the one shown then, in seconds after the film's first.
    pub from_secs: f64,
    /// Pictures that appear then or later are left away.
    pub to_secs: Option<f64>,
    pub look: Look,
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
            look: Look::default(),
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
            run.begin(before, work.from_secs)?;
        }
        before = None;
        run.push(frame)?;
    }
    if let Some(last) = before.take() {
        let end = run.film.secs(run.film.end_of(&last));
        if broken_off.is_some() || end > work.from_secs + half_tick {
            run.begin(last, work.from_secs)?;
        }
    }
    run.finish(work.to_secs, broken_off)
}
