//! Chapters and marks: named places and stretches of a sound or a film.
//!
//! FFmpeg reads chapters from MP4, Matroska, MP3 (ID3v2 `CHAP`), FLAC and Ogg (comments `CHAPTERxxx`). They are written
//! with a file's header. WAV has cue points, to the sample and with lengths ([`cue`]), AIFF markers without lengths
//! ([`marker`]): they are written when the sound is.

mod cue;
mod marker;

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::Output;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::SampleRate;

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

/// A named place, or a stretch where it has a length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: u64,
    /// 0 for a place.
    pub length: u64,
    pub name: String,
}

/// Marks in the order of time, counted by a clock of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Ticks per second.
    pub rate: SampleRate,
    /// Where the sound ends.
    pub end: u64,
    pub list: Vec<Mark>,
}

/// More are no chapters but an index, or damage.
const MOST: usize = 2000;
/// `CHAPTER001` to `CHAPTER999`: comments count with three digits.
const MOST_COMMENTS: usize = 999;

/// Ticks of chapters in a second.
const MS: u32 = 1000;

/// The chapters of a file in the order of time; none where there are none. One without a title is named by its number.
pub(crate) fn read(path: &Utf8Path) -> Vec<Chapter> {
    marks_of(path).map_or(Vec::new(), |marks| marks.chapters())
}

/// What is named in a file.
pub(crate) fn marks_of(path: &Utf8Path) -> Option<Marks> {
    cue::read(path)
        .or_else(|| marker::read(path))
        .or_else(|| by_ffmpeg(path))
}

fn by_ffmpeg(path: &Utf8Path) -> Option<Marks> {
    let input = ff::open_input(path).ok()?;
    let stated = input.chapters().filter_map(|chapter| {
        let clock = chapter.time_base();
        let at = ms(chapter.start(), clock)?;
        Some(Mark {
            at,
            length: ms(chapter.end(), clock)?.saturating_sub(at),
            name: ff::chapter_title(&chapter).unwrap_or_default(),
        })
    });
    let mut list: Vec<Mark> = stated.take(MOST).collect();
    list.sort_by_key(|mark| mark.at);
    let end = list.iter().map(|mark| mark.at + mark.length).max()?;
    Some(Marks {
        rate: SampleRate::new(MS)?,
        end,
        list,
    })
}

impl Marks {
    /// As chapters: a place lasts until the next one.
    fn chapters(&self) -> Vec<Chapter> {
        let rate = u128::from(self.rate.get());
        let ms = |ticks: u64| {
            let ms = (u128::from(ticks) * u128::from(MS) + rate / 2) / rate;
            u64::try_from(ms).unwrap_or(u64::MAX)
        };
        let ends = self.list.iter().skip(1).map(|mark| mark.at);
        let ends = ends.chain([self.end]);
        let chapters = (1..).zip(self.list.iter().zip(ends));
        chapters
            .map(|(n, (mark, next))| Chapter {
                start_ms: ms(mark.at),
                end_ms: ms(match mark.length {
                    0 => next.max(mark.at),
                    length => mark.at.saturating_add(length),
                }),
                title: match mark.name.trim() {
                    "" => format!("Chapter {n}"),
                    _ => mark.name.clone(),
                },
            })
            .collect()
    }

    /// The same by the clock of a file at another rate.
    pub(crate) fn at_rate(&self, rate: SampleRate) -> Marks {
        let (from, to) = (u128::from(self.rate.get()), u128::from(rate.get()));
        let scaled = |ticks: u64| {
            let ticks = (u128::from(ticks) * to + from / 2) / from;
            u64::try_from(ticks).unwrap_or(u64::MAX)
        };
        let list = self.list.iter().map(|mark| {
            let at = scaled(mark.at);
            Mark {
                at,
                length: scaled(mark.at.saturating_add(mark.length)) - at,
                name: mark.name.clone(),
            }
        });
        Marks {
            rate,
            end: scaled(self.end),
            list: list.collect(),
        }
    }
}

/// Adds chapters to a film or an M4A or MP3 file, before its header is written.
pub(crate) fn add(output: &mut Output, chapters: &[Chapter], path: &Utf8Path) -> Result<()> {
    const CLOCK: ffmpeg::Rational = ffmpeg::Rational(1, 1000);
    let ticks = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    for (n, chapter) in chapters.iter().enumerate() {
        let (start, end) = (ticks(chapter.start_ms), ticks(chapter.end_ms));
        output
            .add_chapter(n as i64, CLOCK, start, end, &chapter.title)
            .map_err(|error| ff::failed(path, "add a chapter", error))?;
    }
    Ok(())
}

/// Adds marks as chapters in the way of the container, before its header is written; answers what it has no place for.
/// WAV and AIFF take theirs when they are complete: see [`mark`].
pub(crate) fn keep(
    output: &mut Output,
    container: Container,
    marks: &Marks,
    path: &Utf8Path,
) -> Result<Vec<Warning>> {
    let mut chapters = marks.chapters();
    // Of what begins at once players would show the last.
    chapters.dedup_by(|later, first| {
        let same = later.start_ms == first.start_ms;
        if same {
            first.title = format!("{}, {}", first.title, later.title);
            first.end_ms = first.end_ms.max(later.end_ms);
        }
        same
    });
    let kept = match container {
        Container::M4a | Container::Mp3 => {
            let first = chapters.first().filter(|_| container == Container::M4a);
            let before = first.map(|first| first.start_ms).filter(|ms| *ms > 0);
            // The first chapter of an MP4 begins with its sound, wherever it is said to.
            let before = before.map(|end_ms| Chapter {
                start_ms: 0,
                end_ms,
                title: String::new(),
            });
            let all: Vec<Chapter> = before.into_iter().chain(chapters.clone()).collect();
            add(output, &all, path)?;
            chapters.len()
        }
        Container::Flac | Container::Ogg | Container::Opus => {
            let kept = chapters.len().min(MOST_COMMENTS);
            output.set_metadata(comments(&chapters[..kept]));
            kept
        }
        Container::Wav | Container::Aiff => chapters.len(),
    };
    Ok(lost(chapters.len() - kept, "chapter"))
}

/// Adds marks to a complete WAV or AIFF file; answers what it has no place for.
pub(crate) fn mark(file: &Utf8Path, container: Container, marks: &Marks) -> Result<Vec<Warning>> {
    let kept = match container {
        Container::Wav => cue::write(file, &marks.list)?,
        Container::Aiff => marker::write(file, &marks.list)?,
        _ => return Ok(Vec::new()),
    };
    Ok(lost(marks.list.len() - kept, "mark"))
}

fn lost(count: usize, what: &str) -> Vec<Warning> {
    let what = match count {
        0 => return Vec::new(),
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let why = "the format has no place for more".into();
    vec![Warning::NotKept { what, why }]
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
