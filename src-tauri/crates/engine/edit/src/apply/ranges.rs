//! Edits of stretches of time.

use std::ops::Range;

use crate::error::EditError;
use crate::session::{Session, TrackId, position};

impl Session {
    pub(super) fn cut_range(
        &mut self,
        range: Range<u64>,
        tracks: &[TrackId],
        ripple: bool,
    ) -> Result<(), EditError> {
        if range.is_empty() {
            return Err(EditError::EmptyRange {
                from: range.start,
                to: range.end,
            });
        }
        let length = range.end - range.start;
        for track in self.indices(tracks)? {
            self.split_track(track, range.start, |_| true);
            self.split_track(track, range.end, |_| true);
            let clips = &mut self.tracks[track].clips;
            clips.retain(|clip| !(range.start <= clip.start && clip.end() <= range.end));
            if ripple {
                for clip in clips.iter_mut().filter(|clip| clip.start >= range.end) {
                    clip.start -= length;
                }
            }
        }
        if ripple && tracks.is_empty() {
            let closed = |at: u64| match at {
                at if at >= range.end => at - length,
                at => at.min(range.start),
            };
            for marker in &mut self.markers {
                let end = closed(marker.at + marker.length);
                marker.at = closed(marker.at);
                marker.length = end - marker.at;
            }
        }
        Ok(())
    }

    pub(super) fn insert_silence(
        &mut self,
        at: u64,
        length: u64,
        tracks: &[TrackId],
    ) -> Result<(), EditError> {
        position(at.saturating_add(length))?;
        if length == 0 {
            return Err(EditError::EmptyRange { from: at, to: at });
        }
        for track in self.indices(tracks)? {
            self.split_track(track, at, |_| true);
            let after = self.tracks[track].clips.iter_mut();
            for clip in after.filter(|clip| clip.start >= at) {
                clip.start += length;
            }
        }
        if tracks.is_empty() {
            for marker in &mut self.markers {
                // A region across the gap grows by it.
                if marker.at >= at {
                    marker.at += length;
                } else if marker.at + marker.length > at {
                    marker.length += length;
                }
            }
        }
        Ok(())
    }

    /// The tracks named, or all where none is.
    fn indices(&self, tracks: &[TrackId]) -> Result<Vec<usize>, EditError> {
        match tracks {
            [] => Ok((0..self.tracks.len()).collect()),
            tracks => tracks.iter().map(|&id| self.track_index(id)).collect(),
        }
    }
}
