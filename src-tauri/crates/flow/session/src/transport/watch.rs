//! What a transport tells of itself while it is open.

use std::sync::Weak;
use std::time::Duration;

use studio_core::{Event, Events, TrackLevel};
use studio_edit::TrackId;

use super::Transport;
use crate::recording::Recording;

/// How often clock and levels are told.
const WATCH: Duration = Duration::from_millis(40);

/// Tells clock and levels as long as it plays, and once when it stops or moves; and that a recording broke off.
pub(super) async fn watch(transport: Weak<Transport>, events: Events) {
    let (mut told, mut told_end) = (None, false);
    while let Some(open) = transport.upgrade() {
        let broke_off = open.broke_off();
        if broke_off && !told_end {
            open.output.pause();
            events.emit(Event::RecordingBroke {
                session: open.session.clone(),
            });
        }
        told_end = broke_off;
        let (at, playing, event) = open.clock();
        if open.output.state().ended && !open.output.state().paused {
            open.output.pause();
        }
        if let Some(loudness) = open.meter.due(&open.output) {
            events.emit(Event::SessionLoudness {
                session: open.session.clone(),
                loudness,
            });
        }
        drop(open);
        if playing || told != Some((at, playing)) {
            events.emit(event);
            told = Some((at, playing));
        }
        tokio::time::sleep(WATCH).await;
    }
}

impl Transport {
    fn clock(&self) -> (u64, bool, Event) {
        // Before the lock on what plays, which `record` takes after this one.
        let input = self.recording.lock().as_ref().map(Recording::level);
        let state = self.output.state();
        let playing = !state.paused && !state.ended;
        let mut source = self.playing.lock();
        let at = source.heard(state.position);
        let levels = source.levels(state.position).filter(|_| playing);
        let (tracks, mix) = levels.map_or((Vec::new(), [0.0; 2]), |levels| {
            let track = |(track, peak): (TrackId, _)| TrackLevel {
                track: track.0,
                peak,
            };
            (levels.tracks.into_iter().map(track).collect(), levels.mix)
        });
        let event = Event::SessionClock {
            session: self.session.clone(),
            at,
            playing,
            tracks,
            mix,
            input,
        };
        (at, playing, event)
    }
}
