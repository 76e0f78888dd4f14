//! Sessions: what edits do, and what is heard of them.

// Helpers outside of test functions may unwrap, as tests do.
#![allow(clippy::unwrap_used)]

mod automation;
mod edits;
mod laws;
mod mixing;

use studio_core::units::SampleRate;
use studio_edit::{Change, Edit, NewClip, Session, SourceFacts, TrackId};

/// A session with empty tracks 1 to `tracks`, which knows a source `ramp` of 100,000 samples.
fn session(tracks: usize) -> Session {
    let add = Edit::AddTrack {
        name: None,
        index: None,
    };
    let facts = SourceFacts {
        frames: 100_000,
        channels: 1,
    };
    let change = Change {
        sources: [("ramp".to_owned(), facts)].into(),
        edits: vec![add; tracks],
    };
    Session::new("Test", SampleRate::HZ_48000)
        .apply(&change)
        .unwrap()
}

fn clip(track: TrackId, start: u64, from: u64, length: u64) -> NewClip {
    NewClip {
        start,
        from,
        length: Some(length),
        ..NewClip::whole(track, "ramp")
    }
}

fn edited(session: &Session, edits: Vec<Edit>) -> Session {
    let change = Change {
        edits,
        ..Change::default()
    };
    session.apply(&change).unwrap()
}

/// One track with clips (start, from, length).
fn with_clips(clips: &[(u64, u64, u64)]) -> Session {
    let session = session(1);
    let track = session.tracks[0].id;
    let clips = clips
        .iter()
        .map(|&(start, from, length)| clip(track, start, from, length));
    let edit = Edit::AddClips {
        clips: clips.collect(),
    };
    edited(&session, vec![edit])
}

/// The clips of a track as (start, from, length).
fn places(session: &Session, track: usize) -> Vec<(u64, u64, u64)> {
    let clips = session.tracks[track].clips.iter();
    clips
        .map(|clip| (clip.start, clip.from, clip.length))
        .collect()
}
