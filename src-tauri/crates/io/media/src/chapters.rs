//! Chapters: named stretches of a sound or a film.
//!
//! FFmpeg reads them from MP4, Matroska, MP3 (ID3v2 `CHAP`), FLAC and Ogg (comments `CHAPTERxxx`). They are written
//! with a file's header. Not here: chapters of WAV and AIFF, which know markers without an end that few players show.

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::Output;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Result, Warning};
use crate::ff;
use crate::format::Container;

/// A named stretch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chapter {
    pub start_ms: u64,
    pub end_ms: u64,
    pub title: String,
}

/// More are no chapters but an index, or damage.
const MOST: usize = 2000;
/// `CHAPTER001` to `CHAPTER999`: comments count with three digits.
const MOST_COMMENTS: usize = 999;

/// The chapters of a file in the order of time; none where FFmpeg finds none. One without a title is named by its
/// number.
pub(crate) fn read(path: &Utf8Path) -> Vec<Chapter> {
    let Ok(input) = ff::open_input(path) else {
        return Vec::new();
    };
    let stated = input.chapters().filter_map(|chapter| {
        let clock = chapter.time_base();
        let start_ms = ms(chapter.start(), clock)?;
        Some(Chapter {
            start_ms,
            end_ms: ms(chapter.end(), clock)?.max(start_ms),
            title: ff::chapter_title(&chapter).unwrap_or_default(),
        })
    });
    let mut chapters: Vec<Chapter> = stated.take(MOST).collect();
    chapters.sort_by_key(|chapter| chapter.start_ms);
    for (n, chapter) in chapters.iter_mut().enumerate() {
        if chapter.title.trim().is_empty() {
            chapter.title = format!("Chapter {}", n + 1);
        }
    }
    chapters
}

/// Adds chapters to a film or an M4A or MP3 file, before its header is written.
pub(crate) fn add(output: &mut Output, chapters: &[Chapter], path: &Utf8Path) -> Result<()> {
    const MS: ffmpeg::Rational = ffmpeg::Rational(1, 1000);
    let ticks = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    for (n, chapter) in chapters.iter().enumerate() {
        let (start, end) = (ticks(chapter.start_ms), ticks(chapter.end_ms));
        output
            .add_chapter(n as i64, MS, start, end, &chapter.title)
            .map_err(|error| ff::failed(path, "add a chapter", error))?;
    }
    Ok(())
}

/// Adds chapters in the way of the container, before its header is written; answers what it has no place for.
pub(crate) fn keep(
    output: &mut Output,
    container: Container,
    chapters: &[Chapter],
    path: &Utf8Path,
) -> Result<Vec<Warning>> {
    let kept = match container {
        Container::M4a | Container::Mp3 => {
            add(output, chapters, path)?;
            chapters.len()
        }
        Container::Flac | Container::Ogg | Container::Opus => {
            let kept = chapters.len().min(MOST_COMMENTS);
            output.set_metadata(comments(&chapters[..kept]));
            kept
        }
        Container::Wav | Container::Aiff => 0,
    };
    if kept == chapters.len() {
        return Ok(Vec::new());
    }
    Ok(vec![Warning::NotKept {
        what: match chapters.len() - kept {
            1 => "1 chapter".to_owned(),
            lost => format!("{lost} chapters"),
        },
        why: "the format has no place for more".into(),
    }])
}

/// As Xiph's "Chapter Extension" for Vorbis comments names them.
fn comments(chapters: &[Chapter]) -> ffmpeg::Dictionary<'static> {
    let mut comments = ffmpeg::Dictionary::new();
    for (n, chapter) in (1..).zip(chapters) {
        let (ms, secs) = (chapter.start_ms % 1000, chapter.start_ms / 1000);
        let (minutes, hours) = (secs / 60 % 60, secs / 3600);
        let start = format!("{hours:02}:{minutes:02}:{:02}.{ms:03}", secs % 60);
        comments.set(&format!("CHAPTER{n:03}"), &start);
        comments.set(&format!("CHAPTER{n:03}NAME"), &chapter.title);
    }
    comments
}

/// `None` where a damaged header leaves no time.
fn ms(ticks: i64, clock: ffmpeg::Rational) -> Option<u64> {
    let ticks = i128::from(ticks.max(0)) * 1000 * i128::from(clock.numerator());
    let denominator = i128::from(clock.denominator());
    let ms = (ticks + denominator / 2).checked_div(denominator)?;
    u64::try_from(ms).ok()
}
