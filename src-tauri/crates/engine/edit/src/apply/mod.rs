//! From one session to the next.

mod clips;
mod ranges;

use crate::edit::{Change, Edit};
use crate::error::{EditError, MOST_LETTERS};
use crate::session::{Clip, ClipId, Marker, MarkerId, Session, Track, TrackId, position, sort_key};

impl Session {
    /// The session after a change. It is as this one where the change is refused.
    pub fn apply(&self, change: &Change) -> Result<Session, EditError> {
        let mut next = self.clone();
        for (source, facts) in &change.sources {
            next.sources.entry(source.clone()).or_insert(*facts);
        }
        for edit in &change.edits {
            next.step(edit)?;
        }
        for track in &mut next.tracks {
            track.clips.sort_by_key(sort_key);
        }
        next.markers.sort_by_key(|marker| (marker.at, marker.id));
        next.check()?;
        Ok(next)
    }

    fn step(&mut self, edit: &Edit) -> Result<(), EditError> {
        match edit {
            Edit::Rename { name } => self.name = named(name)?,
            Edit::AddTrack { name, index } => self.add_track(name.as_deref(), *index)?,
            Edit::RemoveTrack { track } => {
                let at = self.track_index(*track)?;
                self.tracks.remove(at);
            }
            Edit::MoveTrack { track, index } => {
                let at = self.track_index(*track)?;
                let track = self.tracks.remove(at);
                self.tracks.insert((*index).min(self.tracks.len()), track);
            }
            Edit::SetTrack {
                track,
                name,
                gain_db,
                pan,
                muted,
                soloed,
            } => {
                let track = self.track_mut(*track)?;
                if let Some(name) = name {
                    track.name = named(name)?;
                }
                set(&mut track.gain_db, gain_db);
                set(&mut track.pan, pan);
                set(&mut track.muted, muted);
                set(&mut track.soloed, soloed);
            }
            Edit::SetEffects { track, effects } => match track {
                Some(track) => self.track_mut(*track)?.effects = effects.clone(),
                None => self.effects = effects.clone(),
            },
            Edit::SetAutomation { track, automation } => match track {
                Some(track) => self.track_mut(*track)?.automation = automation.clone(),
                None => self.automation = automation.clone(),
            },
            Edit::SetMix { gain_db } => self.gain_db = *gain_db,
            Edit::AddClips { clips } => self.add_clips(clips)?,
            Edit::RemoveClips { clips, ripple } => self.remove_clips(clips, *ripple)?,
            Edit::MoveClips {
                clips,
                by,
                tracks,
                copy,
            } => self.move_clips(clips, *by, *tracks, *copy)?,
            Edit::TrimClip { clip, start, end } => self.trim_clip(*clip, *start, *end)?,
            Edit::SlipClip { clip, by } => self.slip_clip(*clip, *by)?,
            Edit::Split { at, clips } => self.split(*at, clips)?,
            Edit::SetClip {
                clip,
                name,
                gain_db,
                fade_in,
                fade_out,
                envelope,
                muted,
            } => {
                let clip = self.clip_mut(*clip)?;
                if let Some(name) = name {
                    clip.name = named(name)?;
                }
                set(&mut clip.gain_db, gain_db);
                set(&mut clip.fade_in, fade_in);
                set(&mut clip.fade_out, fade_out);
                set(&mut clip.envelope, envelope);
                set(&mut clip.muted, muted);
            }
            Edit::CutRange {
                from,
                to,
                tracks,
                ripple,
            } => self.cut_range(*from..*to, tracks, *ripple)?,
            Edit::InsertSilence { at, length, tracks } => {
                self.insert_silence(*at, *length, tracks)?;
            }
            Edit::SetMarker {
                marker,
                name,
                at,
                length,
            } => self.set_marker(*marker, name, *at, *length)?,
            Edit::RemoveMarker { marker } => {
                let at = self.marker_index(*marker)?;
                self.markers.remove(at);
            }
        }
        Ok(())
    }

    fn add_track(&mut self, name: Option<&str>, index: Option<usize>) -> Result<(), EditError> {
        let name = match name {
            Some(name) => named(name)?,
            None => format!("Track {}", self.tracks.len() + 1),
        };
        let track = Track {
            id: TrackId(self.fresh_id()),
            name,
            gain_db: 0.0,
            pan: 0.0,
            muted: false,
            soloed: false,
            effects: Default::default(),
            automation: Vec::new(),
            clips: Vec::new(),
        };
        let index = index.unwrap_or(usize::MAX).min(self.tracks.len());
        self.tracks.insert(index, track);
        Ok(())
    }

    fn set_marker(
        &mut self,
        id: Option<MarkerId>,
        name: &str,
        at: u64,
        length: u64,
    ) -> Result<(), EditError> {
        position(at.saturating_add(length))?;
        let name = named(name)?;
        let (id, index) = match id {
            Some(id) => (id, Some(self.marker_index(id)?)),
            None => (MarkerId(self.fresh_id()), None),
        };
        let marker = Marker {
            id,
            name,
            at,
            length,
        };
        match index {
            Some(index) => self.markers[index] = marker,
            None => self.markers.push(marker),
        }
        Ok(())
    }

    fn fresh_id(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn track_index(&self, id: TrackId) -> Result<usize, EditError> {
        let found = self.tracks.iter().position(|track| track.id == id);
        found.ok_or(EditError::NoTrack(id))
    }

    fn track_mut(&mut self, id: TrackId) -> Result<&mut Track, EditError> {
        let found = self.tracks.iter_mut().find(|track| track.id == id);
        found.ok_or(EditError::NoTrack(id))
    }

    fn marker_index(&self, id: MarkerId) -> Result<usize, EditError> {
        let found = self.markers.iter().position(|marker| marker.id == id);
        found.ok_or(EditError::NoMarker(id))
    }

    /// The indices of a clip's track and of the clip in it.
    fn clip_index(&self, id: ClipId) -> Result<(usize, usize), EditError> {
        let on = |track: &Track| track.clips.iter().position(|clip| clip.id == id);
        let mut tracks = self.tracks.iter().enumerate();
        let found = tracks.find_map(|(at, track)| on(track).map(|clip| (at, clip)));
        found.ok_or(EditError::NoClip(id))
    }

    fn clip_mut(&mut self, id: ClipId) -> Result<&mut Clip, EditError> {
        let (track, clip) = self.clip_index(id)?;
        Ok(&mut self.tracks[track].clips[clip])
    }
}

fn set<T: Clone>(value: &mut T, wanted: &Option<T>) {
    if let Some(wanted) = wanted {
        value.clone_from(wanted);
    }
}

fn named(name: &str) -> Result<String, EditError> {
    let name = name.trim();
    match name.chars().count() {
        1..=MOST_LETTERS => Ok(name.to_owned()),
        _ => Err(EditError::Name),
    }
}

/// A position moved by a number of samples; not before the start.
fn moved(at: u64, by: i64) -> Result<u64, EditError> {
    let at = at.checked_add_signed(by).ok_or(EditError::Position)?;
    position(at)?;
    Ok(at)
}
