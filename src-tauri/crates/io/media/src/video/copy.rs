//! A stretch of a film without encoding anything again.

use std::ops::ControlFlow;

use camino::Utf8Path;

use super::container::FilmFormat;
use super::packets::{secs_from_ticks, stamps};
use super::source::{PICTURES, Source};
use crate::error::{MediaError, Result};

/// Before a copy that may begin within a packet of sound, this much of it is read too, in seconds: a packet
/// is decoded with the one before.
const LEAD_SECS: f64 = 0.1;

/// What [`copy_range`] wrote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Copied {
    /// Where the copy begins in the source, in seconds after its first picture: at a key frame.
    pub start_secs: f64,
    /// Where its last picture ends in the source.
    pub end_secs: f64,
    /// Pictures copied.
    pub frames: u64,
    /// Streams that were left away: captions, data, cover art.
    pub left_away: usize,
}

/// Where a copy really begins and ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CopyPoints {
    /// At a key frame, in seconds after the source's first picture.
    pub start_secs: f64,
    /// Where the last picture ends in the source.
    pub end_secs: f64,
}

/// What [`copy_range`] of that range would write, found without copying it.
pub fn copy_points(path: &Utf8Path, from_secs: f64, to_secs: Option<f64>) -> Result<CopyPoints> {
    let mut source = Source::open(path)?;
    let key = source.key_frame_before(from_secs)?;
    let start_secs = source.secs(key.at);
    // What the last key frame before the end leads to ends last.
    let tick = f64::from(source.streams[PICTURES].clock);
    let until = to_secs.map_or(source.length_secs, |to| (to - tick).max(start_secs));
    let last = source.key_frame_before(until)?;
    source.jump(last.sought_secs)?;
    let first = key.at.max(last.at);
    let (mut end_secs, mut reached_secs) = (start_secs, start_secs);
    let mut begun = false;
    while let Some(packet) = source.next() {
        let (Some((pts, dts)), Some(PICTURES)) = (stamps(&packet), source.place_of(&packet)) else {
            continue;
        };
        begun |= packet.is_key() && pts == first;
        if !begun || pts < key.at {
            continue;
        }
        if source.is_past(source.secs(dts), to_secs, PICTURES) {
            break;
        }
        reached_secs = reached_secs.max(source.secs(pts + source.lasts(&packet)));
        if !source.is_past(source.secs(pts), to_secs, PICTURES) {
            end_secs = reached_secs;
        }
    }
    Ok(CopyPoints {
        start_secs,
        end_secs,
    })
}

/// Copies pictures and sound from the last key frame at or before `from_secs` until `to_secs`. Pictures after
/// the end come with it only where others before it are built from them. How the camera was held is kept, in containers
/// that have a place for it.
pub fn copy_range(
    path: &Utf8Path,
    out: &Utf8Path,
    format: FilmFormat,
    from_secs: f64,
    to_secs: Option<f64>,
    mut progress: impl FnMut(f64) -> ControlFlow<()>,
) -> Result<Copied> {
    let mut source = Source::open(path)?;
    let key = source.key_frame_before(from_secs)?;
    let mut muxer = source.begin(out, format)?;
    // An edit list hides what comes before the first picture.
    let may_lead = format.has_boxes();
    let lead_secs = if may_lead { LEAD_SECS } else { 0.0 };
    source.jump((key.sought_secs - lead_secs).max(0.0))?;
    let whole = to_secs.unwrap_or(source.length_secs) - source.secs(key.at);
    let mut copied = Copied {
        start_secs: source.secs(key.at),
        end_secs: source.secs(key.at),
        frames: 0,
        left_away: source.left_away,
    };
    let mut last_dts = vec![None; source.streams.len()];
    let mut ended = vec![false; source.streams.len()];
    let mut begun = false;
    let mut reached_secs = copied.start_secs;
    let mut later = Vec::new();
    while ended.contains(&false) {
        let Some(mut packet) = source.next() else {
            break;
        };
        let Some(index) = source.place_of(&packet) else {
            continue;
        };
        let stream = &source.streams[index];
        let Some((pts, dts)) = stamps(&packet) else {
            continue;
        };
        let start = (source.absolute_secs(key.at) / f64::from(stream.clock)).round() as i64;
        let in_film = |at: i64| secs_from_ticks(at - start, stream.clock) + copied.start_secs;
        begun |= index == PICTURES && packet.is_key() && pts == key.at;
        let leads = may_lead && index != PICTURES && pts + 2 * packet.duration() > start;
        // Before the key frame, and what follows it but is shown before it.
        if (pts < start && !leads) || (index == PICTURES && !begun) {
            continue;
        }
        if source.is_past(in_film(dts), to_secs, index) {
            ended[index] = true;
        }
        if ended[index] || last_dts[index].is_some_and(|last| dts <= last) {
            continue;
        }
        last_dts[index] = Some(dts);
        let share = (in_film(dts) - copied.start_secs) / whole.max(1e-3);
        if progress(share).is_break() {
            return Err(MediaError::Cancelled);
        }
        packet.set_pts(Some(pts - start));
        packet.set_dts(Some(dts - start));
        if index != PICTURES {
            muxer.interleave(packet, index)?;
            continue;
        }
        reached_secs = reached_secs.max(in_film(pts + source.lasts(&packet)));
        later.push(packet);
        // What is shown after the end is only kept for what is shown before it and decoded later.
        if !source.is_past(in_film(pts), to_secs, PICTURES) {
            copied.end_secs = reached_secs;
            copied.frames += later.len() as u64;
            for packet in later.drain(..) {
                muxer.interleave(packet, PICTURES)?;
            }
        }
    }
    if copied.frames == 0 {
        return Err(source.nothing_found());
    }
    muxer.finish(|file| match source.matrix {
        Some(matrix) if format.has_boxes() => matrix.write_into(file),
        _ => Ok(()),
    })?;
    Ok(copied)
}
