//! Edits of stretches of time.

use std::ops::Range;

use studio_dsp::effects::{Automation, Chain};

use crate::automation;
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
                let rate = self.rate;
                self.for_curves(Some(track), |curve| automation::close(curve, &range, rate));
            }
        }
        if ripple && tracks.is_empty() {
            let rate = self.rate;
            self.for_curves(None, |curve| automation::close(curve, &range, rate));
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
            let rate = self.rate;
            self.for_curves(Some(track), |curve| {
                automation::open(curve, at, length, rate)
            });
        }
        if tracks.is_empty() {
            let rate = self.rate;
            self.for_curves(None, |curve| automation::open(curve, at, length, rate));
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

    /// All automation of the track at an index, or without one of the mix: its own and its effects'.
    fn for_curves(&mut self, track: Option<usize>, mut change: impl FnMut(&mut Automation)) {
        let (own, Chain { effects }) = match track {
            Some(track) => {
                let track = &mut self.tracks[track];
                (&mut track.automation, &mut track.effects)
            }
            None => (&mut self.automation, &mut self.effects),
        };
        let effects = effects.iter_mut().flat_map(|slot| &mut slot.automation);
        own.iter_mut().chain(effects).for_each(&mut change);
    }

    /// The tracks named, or all where none is.
    fn indices(&self, tracks: &[TrackId]) -> Result<Vec<usize>, EditError> {
        match tracks {
            [] => Ok((0..self.tracks.len()).collect()),
            tracks => tracks.iter().map(|&id| self.track_index(id)).collect(),
        }
    }
}
