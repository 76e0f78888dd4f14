//! Edits of clips.

use super::moved;
use crate::edit::NewClip;
use crate::error::EditError;
use crate::session::{Clip, ClipId, Fade, Session, position};

impl Session {
    pub(super) fn add_clips(&mut self, clips: &[NewClip]) -> Result<(), EditError> {
        for new in clips {
            let facts = self.sources.get(&new.source);
            let facts = facts.ok_or_else(|| EditError::NoSource {
                source_id: new.source.clone(),
            })?;
            let clip = Clip {
                name: new.name.clone().unwrap_or_else(|| new.source.clone()),
                source: new.source.clone(),
                start: new.start,
                from: new.from,
                length: new.length.unwrap_or(facts.frames.saturating_sub(new.from)),
                gain_db: new.gain_db,
                fade_in: new.fade_in,
                fade_out: new.fade_out,
                envelope: new.envelope.clone(),
                muted: new.muted,
                id: ClipId(self.fresh_id()),
            };
            self.track_mut(new.track)?.clips.push(clip);
        }
        Ok(())
    }

    pub(super) fn remove_clips(&mut self, ids: &[ClipId], ripple: bool) -> Result<(), EditError> {
        let mut gone = Vec::with_capacity(ids.len());
        for &id in ids {
            let (track, at) = self.clip_index(id)?;
            gone.push((track, self.tracks[track].clips.remove(at)));
        }
        if !ripple {
            return Ok(());
        }
        // From the last on, so that the places of the others still hold.
        gone.sort_by_key(|(_, clip)| std::cmp::Reverse(clip.start));
        for (track, gone) in gone {
            let after = self.tracks[track].clips.iter_mut();
            for clip in after.filter(|clip| clip.start >= gone.end()) {
                clip.start -= gone.length;
            }
        }
        Ok(())
    }

    pub(super) fn move_clips(
        &mut self,
        ids: &[ClipId],
        by: i64,
        tracks: i32,
        copy: bool,
    ) -> Result<(), EditError> {
        for &id in ids {
            let (from, at) = self.clip_index(id)?;
            let to = i64::try_from(from).unwrap_or(i64::MAX) + i64::from(tracks);
            let to = usize::try_from(to).map_err(|_| EditError::NoTrackThere)?;
            if to >= self.tracks.len() {
                return Err(EditError::NoTrackThere);
            }
            let mut clip = self.tracks[from].clips[at].clone();
            clip.start = moved(clip.start, by)?;
            match copy {
                true => clip.id = ClipId(self.fresh_id()),
                false => {
                    self.tracks[from].clips.remove(at);
                }
            }
            self.tracks[to].clips.push(clip);
        }
        Ok(())
    }

    pub(super) fn trim_clip(&mut self, id: ClipId, start: u64, end: u64) -> Result<(), EditError> {
        if start >= end {
            return Err(EditError::EmptyRange {
                from: start,
                to: end,
            });
        }
        position(end)?;
        let clip = self.clip_mut(id)?;
        let from = (clip.from + start).checked_sub(clip.start);
        clip.from = from.ok_or(EditError::Position)?;
        (clip.start, clip.length) = (start, end - start);
        Ok(())
    }

    pub(super) fn slip_clip(&mut self, id: ClipId, by: i64) -> Result<(), EditError> {
        let clip = self.clip_mut(id)?;
        // The sound comes later where the clip begins earlier in the source.
        clip.from = moved(clip.from, by.checked_neg().ok_or(EditError::Position)?)?;
        Ok(())
    }

    pub(super) fn split(&mut self, at: u64, ids: &[ClipId]) -> Result<(), EditError> {
        let mut any = false;
        for track in 0..self.tracks.len() {
            any |= self.split_track(track, at, |clip| ids.is_empty() || ids.contains(&clip.id));
        }
        for &id in ids {
            self.clip_index(id)?;
        }
        match any {
            true => Ok(()),
            false => Err(EditError::NothingToSplit { at }),
        }
    }

    /// Cuts the chosen clips that lie across `at` in two; says whether there were any.
    pub(super) fn split_track(
        &mut self,
        track: usize,
        at: u64,
        chosen: impl Fn(&Clip) -> bool,
    ) -> bool {
        let mut rests = Vec::new();
        for clip in &mut self.tracks[track].clips {
            if clip.start < at && at < clip.end() && chosen(clip) {
                rests.push(cut(clip, at));
            }
        }
        let any = !rests.is_empty();
        for mut rest in rests {
            rest.id = ClipId(self.fresh_id());
            self.tracks[track].clips.push(rest);
        }
        any
    }
}

/// Ends the clip at `at` and gives the rest, which still has its id.
fn cut(clip: &mut Clip, at: u64) -> Clip {
    let mut rest = clip.clone();
    clip.length = at - clip.start;
    clip.fade_out = Fade::default();
    rest.start = at;
    rest.from += clip.length;
    rest.length -= clip.length;
    rest.fade_in = Fade::default();
    rest
}
