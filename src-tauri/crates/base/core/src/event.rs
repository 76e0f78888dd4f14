//! Facts that just became true, told to every face.
//!
//! An event names what changed, not who should redraw. A receiver that lags behind is told so and
//! reads the present state anew; nothing is ever lost but intermediate values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::job::Job;

/// Something that happened. The JSON field `type` tells which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum Event {
    #[serde(rename = "job.changed")]
    JobChanged { job: Box<Job> },
    /// A project was created, opened or renamed.
    #[serde(rename = "project.changed")]
    ProjectChanged { project: String },
    #[serde(rename = "asset.changed")]
    AssetChanged { project: String, asset: String },
    #[serde(rename = "film.changed")]
    FilmChanged { project: String, film: String },
    /// The live score started, stopped, or took a new setting, chord or bar.
    #[serde(rename = "ambient.changed")]
    AmbientChanged { status: Value },
    /// The player shows `frame` now.
    #[serde(rename = "player.clock")]
    PlayerClock {
        player: String,
        frame: u64,
        playing: bool,
    },
    /// How loud a player is, as far as it was heard.
    #[serde(rename = "player.loudness")]
    PlayerLoudness {
        player: String,
        loudness: HeardLoudness,
    },
    #[serde(rename = "player.ended")]
    PlayerEnded { player: String },
    /// A multitrack session was created, edited, undone or deleted.
    #[serde(rename = "session.changed")]
    SessionChanged { project: String, session: String },
    /// Where a session's playback is, and the highest levels since it was told last.
    #[serde(rename = "session.clock")]
    SessionClock {
        session: String,
        /// Sample that is heard now.
        at: u64,
        playing: bool,
        tracks: Vec<TrackLevel>,
        /// Left and right, as ratios to full scale.
        mix: [f32; 2],
        /// What comes from the microphone, where it is recorded.
        input: Option<[f32; 2]>,
    },
    /// How loud the mix of a session is, as far as it was heard.
    #[serde(rename = "session.loudness")]
    SessionLoudness {
        session: String,
        loudness: HeardLoudness,
    },
    /// A recording onto a session ended of itself: the microphone went away, or the take cannot be written.
    #[serde(rename = "session.recording_broke")]
    RecordingBroke { session: String },
    /// A recording that broke off with its process was found, and is an asset now.
    #[serde(rename = "session.take_recovered")]
    TakeRecovered {
        project: String,
        asset: String,
        /// The asset's.
        name: String,
    },
    /// A conversation was created, changed or deleted, or got a message.
    #[serde(rename = "chat.changed")]
    ChatChanged { conversation: String },
    /// A model says more: the answer in the making as far as it is.
    #[serde(rename = "chat.draft")]
    ChatDraft { conversation: String, draft: Value },
    /// Files of models came or went, or the lists of models are others now.
    #[serde(rename = "models.changed")]
    ModelsChanged {},
    #[serde(rename = "settings.changed")]
    SettingsChanged {},
    /// Another program's MCP server was added or removed, came up or ended.
    #[serde(rename = "mcp.changed")]
    McpChanged { server: String },
    /// This receiver fell behind and lost `count` events: it must read the present state anew.
    #[serde(rename = "events.missed")]
    EventsMissed { count: u64 },
}

/// How loud a track of a session is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrackLevel {
    pub track: u32,
    /// Left and right, as ratios to full scale, after effects, level and place.
    pub peak: [f32; 2],
}

/// What a loudness meter shows (EBU Tech 3341). `None` is silence, or where nothing passed the gate yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HeardLoudness {
    /// Loudness of the last 400 ms, in LUFS.
    pub momentary_lufs: Option<f64>,
    /// Loudness of the last 3 s, in LUFS.
    pub short_term_lufs: Option<f64>,
    /// Gated loudness since the meter was reset, in LUFS.
    pub integrated_lufs: Option<f64>,
    /// Loudness range since the meter was reset, in LU (EBU Tech 3342).
    pub range_lu: f64,
    /// Highest peak between the samples since the meter was reset, in dBTP.
    pub true_peak_dbtp: Option<f64>,
}

/// How many events a slow receiver may fall behind before it misses some.
const BACKLOG: usize = 1024;

/// The studio's event bus. Cloning gives another handle to the same bus.
#[derive(Clone, Debug)]
pub struct Events(broadcast::Sender<Event>);

impl Events {
    pub fn new() -> Events {
        Events(broadcast::Sender::new(BACKLOG))
    }

    /// Tells every present subscriber; without any, the event is dropped.
    pub fn emit(&self, event: Event) {
        // The only error is "nobody listens", which is fine.
        let _ = self.0.send(event);
    }

    pub fn subscribe(&self) -> Subscription {
        Subscription(self.0.subscribe())
    }
}

/// Receives every event from its creation on.
#[derive(Debug)]
pub struct Subscription(broadcast::Receiver<Event>);

impl Subscription {
    /// The next event, or [`Event::EventsMissed`] in place of those that were lost. None once the bus
    /// is gone. Safe to drop before it completes: no event is lost by it.
    pub async fn next(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(count)) => Some(Event::EventsMissed { count }),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Default for Events {
    fn default() -> Events {
        Events::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_receiver_that_falls_behind_is_told_how_far() {
        let events = Events::new();
        let mut subscription = events.subscribe();
        for _ in 0..BACKLOG + 5 {
            events.emit(Event::SettingsChanged {});
        }
        assert_eq!(
            subscription.next().await,
            Some(Event::EventsMissed { count: 5 })
        );
        assert_eq!(subscription.next().await, Some(Event::SettingsChanged {}));
        drop(events);
    }
}
